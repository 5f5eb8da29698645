"""A copy is recorded by the program once the state holds it, so that a kill at any moment leaves one that is found."""

from typing import Any

import pytest
from pulumi_fsx_dr.errors import CallCancelledError, CopyError
from pulumi_fsx_dr.ownership import MARK_TAG, OFFERED_NONCE, Pending, Recorded, parse_mark

from rehearsal.fsx import FsxService
from rehearsal.fsx.fixtures import AWAY
from tests.provider.deploying import Killed, Stack, Wire, copy_args


@pytest.fixture
def stack(wire: Wire) -> Stack:
    """Return an empty stack with a program that records its copies."""
    return Stack(wire, confirms=True)


def copies(service: FsxService) -> list[str]:
    return [copy["id"] for copy in service.backups(AWAY)]


def mark(service: FsxService, backup_id: str) -> Pending | Recorded | None:
    return parse_mark(service.backup(AWAY, backup_id)["tags"].get(MARK_TAG))


def killed_before_the_program_records(stack: Stack, program: dict[str, Any], *, replacing: tuple[str, ...] = ()) -> str:
    """End a run right after the engine has written its copy down, and return the copy."""
    run = stack.run()
    stack.wire.at_call["TagResource", "before"] = run.kill
    with pytest.raises((Killed, CallCancelledError)):
        stack.up(program, run=run, replacing=replacing)
    stack.wire.at_call.clear()
    return stack.states["monday"].id


def killed_while_copying(stack: Stack, program: dict[str, Any]) -> None:
    run = stack.run()
    stack.wire.at_call["CopyBackup", "after"] = run.kill
    with pytest.raises((Killed, CallCancelledError)):
        stack.up(program, run=run)
    stack.wire.at_call.clear()


def test_the_mark_says_recorded_under_the_nonce_in_the_state(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})

    made = stack.states["monday"]
    recorded = mark(service, made.id)
    assert isinstance(recorded, Recorded)
    assert (recorded.nonce, recorded.identity) == (made.outputs["nonce"], "files/prod/monday")
    assert [e["action"] for e in service.journal(AWAY) if e["action"] != "DescribeBackups"] == [
        "CopyBackup",
        "TagResource",
    ]


def test_what_the_program_offers_is_no_argument_and_never_in_the_state(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.up({"monday": copy_args(source)})

    assert OFFERED_NONCE not in stack.states["monday"].inputs
    assert OFFERED_NONCE not in stack.states["monday"].outputs
    assert stack.preview("monday", copy_args(source)).changes is False
    assert len(copies(service)) == 1


def test_a_run_killed_before_the_engine_has_written_is_resumed(service: FsxService, stack: Stack, source: str) -> None:
    run = stack.run()
    stack.before_writing = run.kill
    with pytest.raises(Killed):
        stack.up({"monday": copy_args(source)}, run=run)
    (made,) = copies(service)

    stack.up({"monday": copy_args(source)})

    assert copies(service) == [made] == [stack.states["monday"].id]
    assert isinstance(mark(service, made), Recorded)


def test_a_replacement_killed_before_the_engine_has_written_is_resumed_and_keeps_the_old_copy_till_then(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.up({"monday": copy_args(source)})
    first = stack.states["monday"].id
    run = stack.run()
    stack.before_writing = run.kill
    with pytest.raises(Killed):
        stack.up({"monday": copy_args(source)}, replacing=["monday"], run=run)
    (second,) = set(copies(service)) - {first}

    stack.up({"monday": copy_args(source)}, replacing=["monday"])

    assert copies(service) == [second] == [stack.states["monday"].id]


def test_a_copy_that_was_written_but_not_recorded_is_no_change_and_is_deleted_by_its_state(
    service: FsxService, stack: Stack, source: str
) -> None:
    made = killed_before_the_program_records(stack, {"monday": copy_args(source)})

    assert isinstance(mark(service, made), Pending)
    stack.up({"monday": copy_args(source)})
    assert copies(service) == [made] == [stack.states["monday"].id]
    stack.destroy()
    assert copies(service) == []


@pytest.mark.parametrize("heal", ["refresh", "update"])
def test_a_copy_that_was_written_but_not_recorded_is_recorded_by_whatever_looks_at_it_next(
    service: FsxService, stack: Stack, source: str, heal: str
) -> None:
    made = killed_before_the_program_records(stack, {"monday": copy_args(source)})

    if heal == "refresh":
        stack.refresh()
    else:
        stack.up({"monday": copy_args(source, tags={"team": "b"})})

    recorded = mark(service, made)
    assert isinstance(recorded, Recorded)
    assert recorded.nonce == stack.states["monday"].outputs["nonce"]


def test_refresh_without_permission_to_tag_still_reads(service: FsxService, stack: Stack, source: str) -> None:
    made = killed_before_the_program_records(stack, {"monday": copy_args(source)})
    service.add_fault("access_denied", "TagResource")

    stack.refresh()

    assert stack.states["monday"].id == made


def test_replacing_a_copy_that_was_not_recorded_hands_it_on_and_its_former_entry_cannot_delete_it(
    service: FsxService, stack: Stack, source: str
) -> None:
    made = killed_before_the_program_records(stack, {"monday": copy_args(source)})

    stack.up({"monday": copy_args(source)}, replacing=["monday"])

    assert copies(service) == [made] == [stack.states["monday"].id]
    stack.up({"monday": copy_args(source)}, replacing=["monday"])
    assert copies(service) == [stack.states["monday"].id] != [made]


def test_a_copy_whose_new_token_is_refused_is_recorded_before_its_former_entry_may_delete(
    service: FsxService, stack: Stack, source: str
) -> None:
    made = killed_before_the_program_records(stack, {"monday": copy_args(source)})
    service.add_fault("access_denied", "TagResource", times=1)

    stack.up({"monday": copy_args(source)}, replacing=["monday"])

    assert copies(service) == [made] == [stack.states["monday"].id]


@pytest.mark.parametrize("replacing", [(), ("monday",)])
def test_a_copy_for_another_key_never_costs_the_one_in_the_state_before_it_is_written_itself(
    service: FsxService, stack: Stack, source: str, key: str, replacing: tuple[str, ...]
) -> None:
    """With --replace the create is told of no state, so what it finds pending may be what the state points to."""
    first = killed_before_the_program_records(stack, {"monday": copy_args(source)})
    run = stack.run()
    stack.before_writing = run.kill
    with pytest.raises(Killed):
        stack.up({"monday": copy_args(source, kms_key_id=key)}, replacing=replacing, run=run)
    assert first in copies(service)

    stack.up({"monday": copy_args(source, kms_key_id=key)}, replacing=replacing)

    assert copies(service) == [stack.states["monday"].id] != [first]


def test_what_another_key_supersedes_goes_once_the_new_copy_is_written(
    service: FsxService, stack: Stack, source: str, key: str
) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    service.clear_journal()

    stack.up({"monday": copy_args(source, kms_key_id=key)})

    assert copies(service) == [stack.states["monday"].id]
    effects = [e["action"] for e in service.journal(AWAY) if e["action"] != "DescribeBackups"]
    assert effects == ["CopyBackup", "TagResource", "DeleteBackup"]


@pytest.mark.parametrize("last", ["up", "destroy"])
def test_what_could_not_be_removed_then_is_remembered_in_the_state_and_removed_later(
    service: FsxService, stack: Stack, source: str, key: str, last: str
) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    program = {"monday": copy_args(source, kms_key_id=key)}
    service.add_fault("access_denied", "DeleteBackup")
    stack.up(program)
    service.lift_fault()
    assert len(copies(service)) == 2

    if last == "up":
        stack.up(program)
        assert copies(service) == [stack.states["monday"].id]
    else:
        stack.destroy()
        assert copies(service) == []


def test_what_was_superseded_and_then_adopted_is_left_to_its_new_owner(
    service: FsxService, stack: Stack, source: str, key: str
) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    (begun,) = copies(service)
    program = {"monday": copy_args(source, kms_key_id=key)}
    service.add_fault("access_denied", "DeleteBackup")
    stack.up(program)
    service.lift_fault()

    stack.up({"tuesday": copy_args(source, adopt_backup_id=begun), **program})

    assert set(copies(service)) == {begun, stack.states["monday"].id}
    assert stack.states["tuesday"].id == begun


def test_an_adopted_copy_is_recorded_by_its_create(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})
    made = stack.states["monday"].id

    stack.up({"tuesday": copy_args(source, adopt_backup_id=made)})

    recorded = mark(service, made)
    assert isinstance(recorded, Recorded)
    assert recorded.nonce == stack.states["tuesday"].outputs["nonce"]


def test_an_offer_holds_for_one_create(service: FsxService, stack: Stack, source: str) -> None:
    """The engine may ask for a failed create again without a check in between."""
    run = stack.run()
    inputs = stack.check(run, "monday", {}, copy_args(source))
    service.fail_copies("no luck")
    with pytest.raises(CopyError):
        stack.create(run, "monday", inputs)

    stack.create(run, "monday", inputs)

    assert isinstance(mark(service, stack.states["monday"].id), Recorded)


def test_resumed_copies_get_the_tags_that_are_wanted_now(service: FsxService, stack: Stack, source: str) -> None:
    killed_while_copying(stack, {"monday": copy_args(source, tags={"team": "a"})})

    stack.up({"monday": copy_args(source, tags={"team": "b"})})

    assert stack.states["monday"].outputs["tags_all"] == {"team": "b"}
    assert service.backup(AWAY, stack.states["monday"].id)["tags"]["team"] == "b"
