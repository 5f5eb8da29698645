"""Tags are untrusted: forged tags never cause the loss of a copy or the deletion of another backup."""

from collections.abc import Callable

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG, Ownership, RequestToken

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import copies, own_copy, write_tag
from tests.engine.stack import Stack, copy_args, killed_before_saving, monday

FOREIGN_KEY = f"arn:aws:kms:{AWAY}:999999999999:key/0a1b2c3d-1111-4111-8111-0a1b2c3d4e5f"
OTHER_OWNER = "0123456789abcdef" * 2
FOREIGN_TAGS = ["junk", "", f"{OTHER_OWNER}/{'0' * 40}-0/files/other/theirs", f"{OTHER_OWNER}/x"]
VICTIMS = ["USER_INITIATED", "AWS_BACKUP", "copy of another source", "copy under a foreign key"]
COMMANDS = ["create", "refresh", "up", "destroy"]


def seed_victim(stack: Stack, source: str, kind: str) -> str:
    """Return a backup in the DR Region that is not our copy of the source."""
    service = stack.wire.service
    if not kind.startswith("copy"):
        return service.seed_backup(AWAY, service.seed_file_system(AWAY), type=kind)
    if kind == "copy of another source":
        source = service.seed_backup(HOME, service.seed_file_system(HOME))
    copied = stack.wire.client("fsx", AWAY).copy_backup(SourceBackupId=source, SourceRegion=HOME)
    made: str = copied["Backup"]["BackupId"]
    service.finish_copies()
    if kind == "copy under a foreign key":
        service.set_key(AWAY, made, FOREIGN_KEY)
    return made


def own_tag(stack: Stack, source: str) -> str:
    """Return the tag of the copy `monday`; anyone who can read tags can compute it."""
    urn = stack.urn("monday")
    token = RequestToken.of(stack.owner_id, urn, AWAY, source, HOME, None)
    return Ownership(stack.owner_id, token).tag(urn)[OWNERSHIP_TAG]


def run_commands(stack: Stack, source: str, moment: str, forge: Callable[[], object]) -> None:
    """Create, refresh, update and destroy a copy, and forge tags before one of these commands."""
    commands: dict[str, Callable[[], object]] = {
        "create": lambda: stack.up(monday(source)),
        "refresh": stack.refresh,
        "up": lambda: stack.up(monday(source)),
        "destroy": stack.destroy,
    }
    for name, command in commands.items():
        if name == moment:
            forge()
        command()
        if name != "destroy":
            assert stack.states["monday"].id in copies(stack.wire.service)


@pytest.mark.parametrize("moment", COMMANDS)
@pytest.mark.parametrize("kind", VICTIMS)
def test_own_tag_on_other_backup_is_ignored(
    service: FsxService, stack: Stack, source: str, kind: str, moment: str
) -> None:
    victim = seed_victim(stack, source, kind)

    run_commands(stack, source, moment, lambda: write_tag(service, victim, own_tag(stack, source)))

    assert copies(service) == [victim]


@pytest.mark.parametrize("kind", VICTIMS)
def test_own_tag_on_other_backup_does_not_hide_copy(service: FsxService, stack: Stack, source: str, kind: str) -> None:
    victim = seed_victim(stack, source, kind)
    killed_before_saving(stack, monday(source))
    (made,) = set(copies(service)) - {victim}
    write_tag(service, victim, own_tag(stack, source))

    stack.up(monday(source))

    assert own_copy(stack) == made
    stack.destroy()
    assert copies(service) == [victim]


@pytest.mark.parametrize("moment", COMMANDS[1:])
def test_own_tag_on_copy_of_other_stack_is_ignored(
    service: FsxService, stack: Stack, source: str, theirs: str, moment: str
) -> None:
    run_commands(stack, source, moment, lambda: write_tag(service, theirs, own_tag(stack, source)))

    assert copies(service) == [theirs]


def test_own_tag_on_copy_of_other_stack_warns_that_stack(  # noqa: PLR0913, PLR0917  # fixtures
    service: FsxService, stack: Stack, other: Stack, source: str, theirs: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Before the own copy exists, the forged tag looks like the tag of an interrupted run."""
    write_tag(service, theirs, own_tag(stack, source))
    stack.up(monday(source))
    assert own_copy(stack) == theirs

    other.preview("theirs", copy_args(source))
    assert theirs in caplog.text
    other.destroy()

    assert copies(service) == [theirs]


@pytest.mark.parametrize("tag", FOREIGN_TAGS)
@pytest.mark.parametrize("moment", COMMANDS[1:])
def test_foreign_tag_on_own_copy_prevents_delete(  # noqa: PLR0913, PLR0917  # fixtures and parameters
    service: FsxService, stack: Stack, source: str, moment: str, tag: str, caplog: pytest.LogCaptureFixture
) -> None:
    run_commands(stack, source, moment, lambda: write_tag(service, stack.states["monday"].id, tag))

    (left,) = copies(service)
    assert left in caplog.text
    assert stack.states == {}


@pytest.mark.parametrize("tag", FOREIGN_TAGS)
def test_foreign_tag_is_replaced_once_removed(
    service: FsxService, stack: Stack, source: str, made: str, tag: str
) -> None:
    write_tag(service, made, tag)
    stack.up(monday(source))
    write_tag(service, made, None)
    service.clock.sleep(60)

    stack.up(monday(source))

    assert own_copy(stack) == made
    stack.destroy()
    assert copies(service) == []


@pytest.mark.parametrize("tag", [*FOREIGN_TAGS, None])
def test_foreign_tag_on_unsaved_copy_prevents_delete(
    service: FsxService, stack: Stack, source: str, tag: str | None
) -> None:
    killed_before_saving(stack, monday(source))
    (made,) = copies(service)
    write_tag(service, made, tag)

    stack.up(monday(source))

    assert {made, stack.states["monday"].id} == set(copies(service))
    stack.refresh()
    assert own_copy(stack)


@pytest.mark.parametrize("same_source", [True, False])
@pytest.mark.parametrize("command", ["refresh", "up", "destroy"])
def test_swapped_tags_delete_nothing(
    service: FsxService, stack: Stack, source: str, command: str, *, same_source: bool
) -> None:
    second = source if same_source else service.seed_backup(HOME, service.seed_file_system(HOME))
    program = {**monday(source), "tuesday": copy_args(second)}
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
def test_forged_generation_keeps_copy(
    service: FsxService, stack: Stack, source: str, made: str, generation: int
) -> None:
    assert copies(service) == [made]
    for _ in range(3):
        tag = own_tag(stack, source).replace("-0/", f"-{generation}/")
        write_tag(service, stack.states["monday"].id, tag)
        stack.register(stack.run(), "monday", copy_args(source), replacing=True)  # the engine is killed here
        next_run = stack.run()
        stack.delete_replaced(next_run)
        stack.up(monday(source), run=next_run)
        assert stack.states["monday"].id in copies(service)

    own_copy(stack)


def test_own_tag_on_copy_in_state_keeps_copy(service: FsxService, stack: Stack, source: str) -> None:
    """On the plugin, which does not know the ids in the state, both entries get the copy, and the run warns."""
    stack.up({"tuesday": copy_args(source)})
    copy = stack.states["tuesday"].id
    write_tag(service, copy, own_tag(stack, source))

    stack.up({**monday(source), "tuesday": copy_args(source)})
    assert (stack.states["monday"].id != copy) is stack.knows_state
    stack.up({"tuesday": copy_args(source)})

    assert copy in copies(service)
