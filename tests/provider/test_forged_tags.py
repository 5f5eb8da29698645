"""Tags are untrusted input: whoever can write them loses us no copy, and has no other backup resumed or deleted."""

from collections.abc import Callable

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG, Ownership, RequestToken

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import copies, own_copy, write_tag
from tests.engine.stack import Stack, copy_args
from tests.engine.wire import Killed

FOREIGN_KEY = f"arn:aws:kms:{AWAY}:999999999999:key/0a1b2c3d-1111-4111-8111-0a1b2c3d4e5f"
OTHER_OWNER = "0123456789abcdef" * 2
MOMENTS = ["create", "refresh", "up", "destroy"]


def by_hand(stack: Stack, source: str, **more: str) -> str:
    """Return a copy that somebody made by hand."""
    made: str = stack.wire.client("fsx", AWAY).copy_backup(SourceBackupId=source, SourceRegion=HOME, **more)["Backup"][
        "BackupId"
    ]
    stack.wire.service.finish_copies()
    return made


def manual(stack: Stack, _source: str) -> str:
    service = stack.wire.service
    return service.seed_backup(AWAY, service.seed_file_system(AWAY), type="USER_INITIATED")


def of_aws_backup(stack: Stack, _source: str) -> str:
    service = stack.wire.service
    return service.seed_backup(AWAY, service.seed_file_system(AWAY), type="AWS_BACKUP")


def of_another_source(stack: Stack, _source: str) -> str:
    service = stack.wire.service
    return by_hand(stack, service.seed_backup(HOME, service.seed_file_system(HOME)))


def under_a_foreign_key(stack: Stack, source: str) -> str:
    copy = by_hand(stack, source)
    # FSx itself would need grants across accounts for this, which the simulator does not have.
    stack.wire.service.set_key(AWAY, copy, FOREIGN_KEY)
    return copy


VICTIMS = [manual, of_aws_backup, of_another_source, under_a_foreign_key]


def own_tag(stack: Stack, source: str) -> str:
    """Return the tag that the copy `monday` gets; whoever reads tags can compute it."""
    urn = stack.urn("monday")
    return Ownership(stack.owner_id, RequestToken.of(stack.owner_id, urn, AWAY, source, HOME, None)).tag(urn)[
        OWNERSHIP_TAG
    ]


def life(stack: Stack, source: str, moment: str, forge: Callable[[], object]) -> None:
    """Create, refresh, update and destroy a copy, and forge tags before one of these."""
    program = {"monday": copy_args(source)}
    steps: dict[str, Callable[[], object]] = {
        "create": lambda: stack.up(program),
        "refresh": stack.refresh,
        "up": lambda: stack.up(program),
        "destroy": stack.destroy,
    }
    for name, step in steps.items():
        if name == moment:
            forge()
        step()
        if name != "destroy":
            assert stack.states["monday"].id in copies(stack.wire.service)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("victim", VICTIMS)
def test_our_tag_on_another_backup_changes_nothing(
    service: FsxService, stack: Stack, source: str, victim: Callable[[Stack, str], str], moment: str
) -> None:
    other = victim(stack, source)

    life(stack, source, moment, lambda: write_tag(service, other, own_tag(stack, source)))

    assert copies(service) == [other]


@pytest.mark.parametrize("victim", VICTIMS)
def test_our_tag_on_another_backup_hides_no_copy_of_a_killed_run(
    service: FsxService, stack: Stack, source: str, victim: Callable[[Stack, str], str]
) -> None:
    other, run = victim(stack, source), stack.run()
    stack.before_writing = run.kill
    with pytest.raises(Killed):
        stack.up({"monday": copy_args(source)}, run=run)
    (made,) = set(copies(service)) - {other}
    write_tag(service, other, own_tag(stack, source))

    stack.up({"monday": copy_args(source)})

    assert own_copy(stack) == made
    stack.destroy()
    assert copies(service) == [other]


@pytest.mark.parametrize("moment", MOMENTS[1:])
def test_our_tag_on_a_true_copy_of_another_stack_changes_nothing_once_we_have_ours(
    service: FsxService, stack: Stack, source: str, moment: str
) -> None:
    other = Stack(stack.wire, name="other")
    other.up({"theirs": copy_args(source)})
    theirs = other.states["theirs"].id

    life(stack, source, moment, lambda: write_tag(service, theirs, own_tag(stack, source)))

    assert copies(service) == [theirs]


def test_our_tag_on_a_true_copy_of_another_stack_is_said_in_that_stack_s_runs(
    service: FsxService, stack: Stack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Before ours is made, nothing in AWS tells such a copy from one of an interrupted run."""
    other = Stack(stack.wire, name="other")
    other.up({"theirs": copy_args(source)})
    theirs = other.states["theirs"].id
    write_tag(service, theirs, own_tag(stack, source))
    stack.up({"monday": copy_args(source)})
    assert own_copy(stack) == theirs

    other.preview("theirs", copy_args(source))
    assert theirs in caplog.text
    other.destroy()

    assert copies(service) == [theirs]


FOREIGN_TAGS = ["junk", "", f"{OTHER_OWNER}/{'0' * 40}-0/files/other/theirs", f"{OTHER_OWNER}/x"]


@pytest.mark.parametrize("tag", FOREIGN_TAGS)
@pytest.mark.parametrize("moment", MOMENTS[1:])
def test_a_foreign_tag_on_our_copy_keeps_it_until_the_tag_is_removed(  # noqa: PLR0913, PLR0917  # fixtures, and cases
    service: FsxService, stack: Stack, source: str, moment: str, tag: str, caplog: pytest.LogCaptureFixture
) -> None:
    life(stack, source, moment, lambda: write_tag(service, stack.states["monday"].id, tag))

    (left,) = copies(service)
    assert left in caplog.text
    assert stack.states == {}


@pytest.mark.parametrize("tag", FOREIGN_TAGS)
def test_a_foreign_tag_that_is_removed_is_replaced_by_ours(
    service: FsxService, stack: Stack, source: str, tag: str
) -> None:
    stack.up({"monday": copy_args(source)})
    copy = stack.states["monday"].id
    write_tag(service, copy, tag)
    stack.up({"monday": copy_args(source)})
    write_tag(service, copy, None)
    service.clock.sleep(60)

    stack.up({"monday": copy_args(source)})

    assert own_copy(stack) == copy
    stack.destroy()
    assert copies(service) == []


@pytest.mark.parametrize("tag", [*FOREIGN_TAGS, None])
def test_a_foreign_tag_on_the_copy_of_a_killed_run_deletes_nothing(
    service: FsxService, stack: Stack, source: str, tag: str | None
) -> None:
    run = stack.run()
    stack.before_writing = run.kill
    with pytest.raises(Killed):
        stack.up({"monday": copy_args(source)}, run=run)
    (made,) = copies(service)
    write_tag(service, made, tag)

    stack.up({"monday": copy_args(source)})

    assert {made, stack.states["monday"].id} == set(copies(service))
    stack.refresh()
    assert own_copy(stack)


@pytest.mark.parametrize("same_source", [True, False])
@pytest.mark.parametrize("command", ["refresh", "up", "destroy"])
def test_own_tags_that_are_swapped_delete_nothing(
    service: FsxService, stack: Stack, source: str, command: str, *, same_source: bool
) -> None:
    other = source if same_source else service.seed_backup(HOME, service.seed_file_system(HOME))
    program = {"monday": copy_args(source), "tuesday": copy_args(other)}
    stack.up(program)
    ids = [stack.states[name].id for name in program]
    tags = [service.backup(AWAY, copy)["tags"][OWNERSHIP_TAG] for copy in ids]
    for copy, tag in zip(ids, reversed(tags), strict=True):
        write_tag(service, copy, tag)

    commands: dict[str, Callable[[], object]] = {
        "refresh": stack.refresh,
        "up": lambda: stack.up(program),
        "destroy": stack.destroy,
    }
    commands[command]()

    assert copies(service) == ids
    for copy in ids:
        write_tag(service, copy, None)
    service.clock.sleep(60)
    stack.up(program)
    assert ids == [own_copy(stack, name) for name in program] or (same_source and command == "destroy")


@pytest.mark.parametrize("generation", [5, 10**12 - 1])
def test_a_forged_generation_deletes_no_live_copy(
    service: FsxService, stack: Stack, source: str, generation: int
) -> None:
    program = {"monday": copy_args(source)}
    stack.up(program)
    for _ in range(3):
        tag = own_tag(stack, source).replace("-0/", f"-{generation}/")
        write_tag(service, stack.states["monday"].id, tag)
        run = stack.run()
        stack.register(run, "monday", program["monday"], replacing=True)  # and the engine is killed
        next_run = stack.run()
        stack.delete_replaced(next_run)
        stack.up(program, run=next_run)
        assert stack.states["monday"].id in copies(service)

    own_copy(stack)


def test_a_tag_has_a_new_resource_take_no_copy_that_is_in_the_state(
    service: FsxService, stack: Stack, source: str
) -> None:
    """Where the ids in the state are not known, both have it, and the run says so; neither loses it."""
    stack.up({"tuesday": copy_args(source)})
    copy = stack.states["tuesday"].id
    write_tag(service, copy, own_tag(stack, source))
    program = {"monday": copy_args(source), "tuesday": copy_args(source)}

    stack.up(program)
    assert (stack.states["monday"].id != copy) is stack.knows_state
    stack.up({"tuesday": program["tuesday"]})

    assert copy in copies(service)
