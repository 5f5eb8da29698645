"""Two engines with one token, as with one stack name in two backends: one has the copy, the other says so (R18)."""

from collections.abc import Callable

import pytest
from pulumi_fsx_dr import provider
from pulumi_fsx_dr.copies.ownership import MARK_TAG, Pending, Recorded, parse_mark
from pulumi_fsx_dr.errors import CopyError, LostCopyError

from rehearsal.fsx import FsxService
from rehearsal.fsx.fixtures import AWAY
from tests.provider.deploying import Killed, Program, Run, Stack, Wire, copy_args, killed_up


@pytest.fixture
def stack(wire: Wire) -> Stack:
    """Return a stack that is still empty, with a program that records its copies."""
    return Stack(wire, confirms=True)


@pytest.fixture
def twin(wire: Wire) -> Stack:
    """Return the stack of the same name in another backend."""
    return Stack(wire, confirms=True)


@pytest.fixture
def program(source: str) -> Program:
    """Return what both deploy."""
    return {"monday": copy_args(source)}


def copies(service: FsxService) -> list[str]:
    return [copy["id"] for copy in service.backups(AWAY)]


def mark(service: FsxService, backup_id: str) -> Pending | Recorded | None:
    return parse_mark(service.backup(AWAY, backup_id)["tags"].get(MARK_TAG))


def nonce(service: FsxService, backup_id: str) -> str:
    """Return the nonce under which a copy is recorded."""
    found = mark(service, backup_id)
    assert isinstance(found, Recorded)
    return found.nonce


def overtaking(twin: Stack, program: Program, run: Run) -> Callable[[], None]:
    """Return what a twin does in the middle of another engine's run."""

    def overtake() -> None:
        twin.up(program)
        provider.start(run)

    return overtake


def test_who_goes_on_with_a_copy_has_it_and_the_engine_that_is_still_at_it_says_that_it_lost_it(
    service: FsxService, stack: Stack, twin: Stack, program: Program
) -> None:
    run = stack.run()
    stack.wire.at_call["TagResource", "after"] = overtaking(twin, program, run)  # the first has just claimed its copy

    with pytest.raises(LostCopyError, match="was taken over by another run of the same resource"):
        stack.up(program, run=run)

    (copy,) = copies(service)
    assert (stack.states, twin.states["monday"].id) == ({}, copy)
    assert nonce(service, copy) == twin.states["monday"].outputs["nonce"]


def test_who_comes_first_to_record_a_copy_has_it_and_the_one_that_goes_on_says_that_it_lost_it(
    service: FsxService, stack: Stack, twin: Stack, program: Program
) -> None:
    """The other order: the one that goes on has only looked when the first is done."""
    run, late = stack.run(), twin.run()
    provider.start(run)

    def the_first_ends() -> None:
        provider.start(run)
        stack.up(program, run=run)
        provider.start(late)

    twin.wire.at_call["CopyBackup", "before"] = the_first_ends
    provider.start(late)

    twin.up(program, run=late)

    first, second = stack.states["monday"].id, twin.states["monday"].id
    assert first != second, "FSx answers the token with a copy that is recorded, which is nobody's to resume"
    assert nonce(service, first) == stack.states["monday"].outputs["nonce"]
    assert nonce(service, second) == twin.states["monday"].outputs["nonce"]


def test_when_both_states_hold_one_copy_after_all_one_of_them_deletes_it_and_the_other_says_so(
    service: FsxService, stack: Stack, twin: Stack, program: Program
) -> None:
    """The second goes on with it between the first one's create and its record."""
    run = stack.run()
    stack.before_writing = overtaking(twin, program, run)
    stack.up(program, run=run)
    (copy,) = copies(service)
    assert stack.states["monday"].id == twin.states["monday"].id == copy

    for each in (stack, twin):
        each.up(program)
    (loser,) = [each for each in (stack, twin) if each.warnings]
    (winner,) = [each for each in (stack, twin) if each is not loser]

    assert loser.warnings[0].startswith(f"{copy} in {AWAY} bears the mark of another resource or run")
    loser.destroy()
    assert copies(service) == [copy]
    winner.destroy()
    assert copies(service) == []


def test_a_claim_says_who_goes_on_with_a_copy(service: FsxService, stack: Stack, twin: Stack, program: Program) -> None:
    killed_up(twin, program, "CopyBackup", "after")
    (copy,) = copies(service)
    killed_up(stack, program, "TagResource", "after")

    claimed = mark(service, copy)

    assert isinstance(claimed, Pending)
    assert claimed.nonce == stack.nonce != ""


def test_a_claimed_copy_is_gone_on_with_by_the_next_run_too(
    service: FsxService, stack: Stack, program: Program
) -> None:
    for _ in range(3):
        killed_up(stack, program, "TagResource", "after")

    stack.up(program)

    (copy,) = copies(service)
    assert stack.states["monday"].id == copy
    assert nonce(service, copy) == stack.states["monday"].outputs["nonce"]


def test_a_claim_that_may_not_be_written_is_no_reason_not_to_go_on(
    service: FsxService, stack: Stack, program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    killed_up(stack, program, "CopyBackup", "after")
    (copy,) = copies(service)
    fault = service.add_fault("access_denied", "TagResource")

    stack.up(program)

    assert stack.states["monday"].id == copy
    assert f"{copy} in {AWAY} could not be marked as taken over; it is gone on with" in caplog.text
    service.lift_fault(fault)
    stack.up(program)
    assert nonce(service, copy) == stack.states["monday"].outputs["nonce"]


def test_a_copy_that_was_moved_to_another_stack_before_it_was_recorded_is_never_deleted_by_its_former_one(  # noqa: PLR0913, PLR0917  # fixtures
    service: FsxService, stack: Stack, wire: Wire, program: Program, source: str, key: str
) -> None:
    run = stack.run()
    stack.before_writing = lambda: wire.at_call.update({("TagResource", "before"): run.kill})
    with pytest.raises(Killed):
        stack.up(program, run=run)
    other = Stack(wire, name="other", confirms=True, states={"monday": stack.states.pop("monday")})

    stack.up({"monday": copy_args(source, kms_key_id=key)})

    assert set(copies(service)) == {other.states["monday"].id, stack.states["monday"].id}
    other.up(program)
    assert nonce(service, other.states["monday"].id) == other.states["monday"].outputs["nonce"]
    stack.destroy()
    assert copies(service) == [other.states["monday"].id]


def test_another_s_recorded_mark_is_not_replaced_by_who_resumes(
    service: FsxService, stack: Stack, wire: Wire, program: Program, source: str
) -> None:
    """The copy was adopted by another stack after this run listed the Region."""
    killed_up(stack, program, "CopyBackup", "after")
    service.finish_copies()
    (copy,) = copies(service)
    other, run = Stack(wire, name="other"), stack.run()
    run.region(AWAY).listing()
    other.up({"theirs": copy_args(source, adopt_backup_id=copy)})
    provider.start(run)

    with pytest.raises(CopyError, match=f"{copy} in {AWAY} was taken over"):
        stack.up(program, run=run)
    stack.up(program)

    assert nonce(service, copy) == other.states["theirs"].outputs["nonce"]
    assert stack.states["monday"].id != copy
