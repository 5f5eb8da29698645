"""Stacks at the quota of user-initiated backups: create makes room by deleting expired copies early."""

import pytest

from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import refused
from tests.engine.program_stack import Code, FailedError, ProgramStack
from tests.engine.stack import copy_args
from tests.stacks.oracle import Simulation, state_ids

DAY = 86_400


def dr(sim: Simulation, keep: int = 2, file_systems: tuple[int, ...] = (0,), *, protection: bool = False) -> Code:
    sources = [{"file_system_id": sim.file_systems[number], "region": HOME} for number in file_systems]
    args = {"region": AWAY, "keep": keep, "sources": sources, "deletion_protection": protection}
    return Code(regions={"dr": args})


def up(sim: Simulation, stack: ProgramStack, *, continue_on_error: bool = False) -> None:
    """Run `up`, checked by the oracle."""
    with sim.command(stack, "up"):
        stack.deploy(continue_on_error=continue_on_error)
    assert sim.violations == []


def deployed(sim: Simulation, code: Code) -> ProgramStack:
    """Return the first stack after an `up` of this code."""
    stack = sim.stacks[0]
    stack.code = code
    up(sim, stack)
    return stack


def sources_of(sim: Simulation) -> list[str]:
    """Return the source backups with an AVAILABLE copy, oldest first."""
    sources = {sim.copies[copy] for copy in sim.available()}
    return [source for source in sim.sources if source in sources]


@pytest.mark.parametrize("protection", [False, True])
@pytest.mark.parametrize("newer", [1, 2, 3])
def test_create_makes_room_by_deleting_expired_copies(sim: Simulation, newer: int, *, protection: bool) -> None:
    stack = deployed(sim, dr(sim, protection=protection))
    sim.set_quota(2)
    for _ in range(newer):
        sim.new_backup(0)

    up(sim, stack)

    assert sources_of(sim) == list(sim.sources)[-2:]
    assert stack.changes() == []


def test_create_at_quota_keeps_only_copy(sim: Simulation) -> None:
    """A single copy cannot be deleted first; a higher quota solves it."""
    stack = deployed(sim, dr(sim, keep=1))
    before = sim.available()
    sim.set_quota(1)
    sim.new_backup(0)

    for continue_on_error in (False, True):
        with refused(FailedError, AWAY, "TOTAL_USER_INITIATED_BACKUPS", "Windows backups", "fsx-dr orphans"):
            up(sim, stack, continue_on_error=continue_on_error)
        assert sim.available() == before

    sim.set_quota(2)
    up(sim, stack)
    assert sources_of(sim) == list(sim.sources)[-1:]


def test_lower_keep_makes_room(sim: Simulation) -> None:
    stack = deployed(sim, dr(sim))
    sim.set_quota(2)
    sim.new_backup(0)
    stack.code = dr(sim, keep=1)

    up(sim, stack)

    assert sources_of(sim) == list(sim.sources)[-1:]


def test_lower_keep_makes_room_for_another_file_system(sim: Simulation) -> None:
    """Creating the new copy fails once; --continue-on-error deletes the expired copies."""
    other = sim.service.seed_file_system(HOME)
    sim.file_systems[1] = other
    stack = deployed(sim, dr(sim))
    sim.set_quota(2)
    newest = sim.new_backup(1)
    stack.code = dr(sim, 1, (0, 1))
    with refused(FailedError, "--continue-on-error"):
        up(sim, stack)
    assert len(sim.available()) == 2

    with refused(FailedError, newest):
        up(sim, stack, continue_on_error=True)
    up(sim, stack)

    assert sources_of(sim) == list(sim.sources)[-2:]


def test_single_copy_at_quota_deletes_nothing(sim: Simulation) -> None:
    stack = deployed(sim, Code(copies={"monday": copy_args(next(iter(sim.sources)))}))
    before = sim.available()
    sim.set_quota(1)
    stack.code = Code(copies={"tuesday": copy_args(list(sim.sources)[1])})

    with refused(FailedError, AWAY, "Windows backups"):
        up(sim, stack, continue_on_error=True)

    assert sim.available() == before


def test_failed_copies_at_quota_leave_one_copy(sim: Simulation) -> None:
    """If copies fail after room was made, the newest of the old copies stays."""
    stack = deployed(sim, dr(sim))
    sim.set_quota(2)
    sim.new_backup(0)
    sim.service.fail_copies("no luck", times=3)

    for _ in range(3):
        with refused(FailedError, "no luck"):
            up(sim, stack, continue_on_error=True)
        assert list(sim.sources)[1] in sources_of(sim)
    up(sim, stack)

    assert sources_of(sim) == list(sim.sources)[-2:]


def test_create_at_quota_names_missing_delete_permission(sim: Simulation) -> None:
    stack = deployed(sim, dr(sim))
    before = sim.available()
    sim.set_quota(2)
    sim.new_backup(0)
    sim.service.add_fault("access_denied", "DeleteBackup")

    with refused(FailedError, "DeleteBackup"):
        up(sim, stack)

    assert sim.available() == before


def test_create_at_quota_keeps_copies_of_other_owner(sim: Simulation, caplog: pytest.LogCaptureFixture) -> None:
    stack = deployed(sim, dr(sim))
    before = sim.available()
    assert len(before) == 2
    sim.set_quota(2)
    sim.new_backup(0)
    for copy in before:
        sim.service.set_tags(AWAY, copy, {"fsx-dr:managed-by": f"{'0' * 32}/{'0' * 40}-0/files/other/monday"})

    with refused(FailedError, "Windows backups"):
        up(sim, stack)

    assert sim.available() == before
    assert before <= state_ids(stack)
    assert "state entry is removed" not in caplog.text


@pytest.mark.parametrize("number", [0, 1])
def test_create_at_quota_deletes_only_own_copy(sim: Simulation, number: int) -> None:
    stack = deployed(sim, dr(sim))
    source = list(sim.sources)[number]
    (foreign,) = (copy for copy in sim.available() if sim.copies[copy] == source)
    sim.set_quota(3)
    newer = {sim.new_backup(0), sim.new_backup(0)}
    sim.service.set_tags(AWAY, foreign, {"fsx-dr:managed-by": f"{'0' * 32}/{'0' * 40}-0/files/other/monday"})

    up(sim, stack)

    assert set(sources_of(sim)) == {source, *newer}
    assert foreign not in state_ids(stack)


@pytest.mark.parametrize(
    ("tag", "is_imported"), [(f"{'0' * 32}/{'0' * 40}-0/files/other/monday", False), ("another tool", True)]
)
def test_create_at_quota_keeps_only_own_copy(sim: Simulation, tag: str, *, is_imported: bool) -> None:
    """The newest copy belongs to another owner, who may delete it."""
    stack = deployed(sim, dr(sim))
    before = sim.available()
    newest = list(sim.sources)[-1]
    sim.set_quota(2)
    sim.new_backup(0)
    (foreign,) = (copy for copy in before if sim.copies[copy] == newest)
    sim.service.set_tags(AWAY, foreign, {"fsx-dr:managed-by": tag})
    (urn,) = (urn for urn, state in stack.states.items() if state.id == foreign)
    if is_imported:
        stack.states[urn].outputs.pop("managed_by")

    with refused(FailedError, "Windows backups"):
        up(sim, stack)

    assert sim.available() == before


@pytest.mark.parametrize(
    ("days", "protection"), [(15, False), (15, True), pytest.param(365, True, marks=pytest.mark.slow)]
)
def test_daily_runs_at_quota_keep_newest_copies(days: int, *, protection: bool) -> None:
    """Two file systems with daily backups and keep 3, and a quota of six: each day ends with the newest three."""
    sim = Simulation()
    stack = sim.stacks[0]
    sim.file_systems[1] = sim.service.seed_file_system(HOME)
    stack.code = dr(sim, 3, (0, 1), protection=protection)
    for day in range(days):
        sim.service.clock.sleep(DAY)
        newest = [sim.new_backup(number) for number in (0, 1)]
        if day == 3:
            sim.set_quota(6)
        if day % 30 == 7:  # a copy fails
            sim.service.fail_copies("no luck")
            with refused(FailedError, "no luck"):
                up(sim, stack, continue_on_error=True)
            for number in (0, 1):
                held = [source for source in sources_of(sim) if sim.sources[source][0] == sim.file_systems[number]]
                assert len(held) >= 2
        up(sim, stack)
        if day >= 3:
            expected = list(sim.sources)[-6:]
            assert sources_of(sim) == expected
            assert set(newest) <= set(expected)
        _forget_old_backups(sim)
    assert stack.changes() == []


def _forget_old_backups(sim: Simulation) -> None:
    """Let source backups expire after four days, as automatic backups do."""
    for source in list(sim.sources)[:-8]:
        if not sim.service.backup(HOME, source)["deleted"]:
            sim.service.remove_backup(HOME, source)
