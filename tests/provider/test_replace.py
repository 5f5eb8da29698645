"""A replacement makes the new copy before it deletes the old one, and never deletes the live copy."""

import pytest
from pulumi_fsx_dr.errors import AccessDeniedError, CopyError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import copies, effects, only_copy, own_copy, tag_of, timed_out_up
from tests.engine.stack import Stack, copy_args, killed_before_saving, killed_up, monday


def generation(stack: Stack) -> int:
    own = tag_of(stack.wire.service, stack.states["monday"].id)
    assert own
    return own.token.generation


# --- --replace ---


def test_replace_makes_new_copy_if_ids_in_state_are_known(
    service: FsxService, stack: Stack, source: str, made: str
) -> None:
    """On the plugin, which does not know the ids, the copy stays under another generation."""
    generations = {generation(stack)}
    stack.up(monday(source), replacing=["monday"])
    assert (only_copy(stack) != made) is stack.knows_state
    assert effects(service) == (["CopyBackup", "DeleteBackup"] if stack.knows_state else ["TagResource"])
    generations.add(generation(stack))

    stack.up(monday(source, tags={"team": "b"}), replacing=["monday"])

    assert service.backup(AWAY, only_copy(stack))["tags"]["team"] == "b"
    assert len(generations | {generation(stack)}) == 3


@pytest.mark.parametrize("killed", ["before create is saved", "before delete begins", "before delete is saved"])
def test_killed_replace_keeps_live_copy(stack: Stack, source: str, made: str, killed: str) -> None:
    """The next run first deletes the entry pending deletion."""
    run = stack.run()
    if killed == "before create is saved":
        killed_before_saving(stack, monday(source), replacing=["monday"])
    else:
        stack.register(run, "monday", copy_args(source), replacing=True)
    if killed == "before delete is saved":
        pending = list(stack.replaced)
        stack.delete_replaced(run)
        stack.replaced = pending

    stack.wire.clock.sleep(60)  # until FSx shows all tags
    next_run = stack.run()
    stack.delete_replaced(next_run)
    stack.up(monday(source), run=next_run)

    assert own_copy(stack) in copies(stack.wire.service)
    if killed == "before create is saved":
        assert stack.states["monday"].id == made
        stack.up(monday(source), replacing=["monday"])
    only_copy(stack)
    assert stack.preview("monday", copy_args(source)).changes is False


def test_replace_of_unfinished_copy_keeps_live_copy(service: FsxService, stack: Stack, source: str) -> None:
    unfinished = timed_out_up(stack, monday(source))
    service.finish_copies()

    stack.up(monday(source), replacing=["monday"])

    assert (only_copy(stack) != unfinished) is stack.knows_state
    assert stack.replaced == []


def test_replace_of_unfinished_copy_may_time_out(service: FsxService, stack: Stack, source: str) -> None:
    timed_out_up(stack, monday(source))
    second = timed_out_up(stack, monday(source), replacing=("monday",))
    assert len(copies(service)) == (2 if stack.knows_state else 1)
    service.finish_copies()

    stack.up(monday(source))

    assert only_copy(stack) == second


def test_replace_of_unfinished_copy_may_be_killed(service: FsxService, stack: Stack, source: str) -> None:
    unfinished = timed_out_up(stack, monday(source))
    killed_up(stack, monday(source), "DescribeBackups", "after", replacing=["monday"])
    service.finish_copies()

    stack.up(monday(source))

    assert only_copy(stack) == unfinished


@pytest.mark.parametrize("end", ["in the same run", "killed", "may not tag"])
def test_replace_keeps_adopted_copy(service: FsxService, stack: Stack, source: str, theirs: str, end: str) -> None:
    program = monday(source, adopt_backup_id=theirs)
    stack.up(program)
    run = stack.run()
    if end == "may not tag":
        service.add_fault("access_denied", "TagResource")
        with pytest.raises(AccessDeniedError):
            stack.register(run, "monday", program["monday"], replacing=True)
        service.lift_fault()
    else:
        stack.register(run, "monday", program["monday"], replacing=True)

    stack.delete_replaced(run if end == "in the same run" else stack.run())
    stack.up(program)

    assert only_copy(stack) == theirs


# --- another key, Region or name ---


@pytest.mark.parametrize("name", ["monday", "renamed"])
def test_new_key_copies_before_it_deletes(  # noqa: PLR0913, PLR0917  # fixtures and parameters
    service: FsxService, stack: Stack, source: str, made: str, key: str, name: str
) -> None:
    stack.up({name: copy_args(source, kms_key_id=key)})

    assert only_copy(stack, name) != made
    assert stack.states[name].outputs["kms_key_arn"] == key
    assert effects(service) == ["CopyBackup", "DeleteBackup"]
    assert stack.preview(name, copy_args(source, kms_key_id=key)).changes is False
    stack.destroy()
    assert copies(service) == []


def test_new_region_copies_before_it_deletes(service: FsxService, stack: Stack, source: str, made: str) -> None:
    stack.up(monday(source, region="eu-north-1"))

    assert service.backup(AWAY, made)["deleted"]
    assert [copy["id"] for copy in service.backups("eu-north-1")] == [stack.states["monday"].id]
    assert [backup["id"] for backup in service.backups(HOME)] == [source]


def test_new_key_keeps_old_copy_until_new_one_is_available(
    service: FsxService, stack: Stack, source: str, made: str, key: str
) -> None:
    program = monday(source, kms_key_id=key)
    service.fail_copies("no luck")
    with pytest.raises(CopyError):
        stack.up(program)
    assert only_copy(stack) == made
    timed_out_up(stack, program)
    assert made in copies(service)
    service.finish_copies()

    stack.up(program)

    assert only_copy(stack) != made


def test_new_name_copies_before_it_deletes(service: FsxService, stack: Stack, source: str, made: str) -> None:
    stack.up({"renamed": copy_args(source)})

    assert only_copy(stack, "renamed") != made
    assert effects(service) == ["CopyBackup", "DeleteBackup"]


@pytest.mark.parametrize("seconds", [0, 1, 1000])
def test_new_name_with_adoption_keeps_copy(
    service: FsxService, stack: Stack, source: str, made: str, seconds: float
) -> None:
    service.configure(tags_shown_after_seconds=seconds)

    stack.up({"renamed": copy_args(source, adopt_backup_id=made)})

    assert copies(service) == [made] == [stack.states["renamed"].id]


def test_shared_copy_is_deleted_by_its_owner_only(
    service: FsxService, stack: Stack, source: str, made: str, caplog: pytest.LogCaptureFixture
) -> None:
    stack.up({**monday(source), "again": copy_args(source, adopt_backup_id=made)})

    stack.up({"again": copy_args(source, adopt_backup_id=made)})

    assert only_copy(stack, "again") == made
    assert f"{made} in {AWAY}" in caplog.text
    stack.destroy()
    assert copies(service) == []


@pytest.mark.parametrize("seconds", [0, 1000])
@pytest.mark.parametrize("tells_tags", [True, False])
def test_replace_with_late_tags_keeps_live_copy(
    service: FsxService, stack: Stack, source: str, seconds: float, *, tells_tags: bool
) -> None:
    service.configure(copy_tells_tags=tells_tags, tags_shown_after_seconds=seconds)
    stack.up(monday(source))

    stack.up(monday(source), replacing=["monday"])

    assert stack.states["monday"].id in copies(service)
