"""Sequences of the state machine that once failed, reduced to the shortest form."""

from dataclasses import replace
from typing import Any

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG, Ownership, RequestToken

from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import refused
from tests.engine.process import Properties
from tests.engine.program_stack import Code, FailedError, ProgramStack
from tests.engine.stack import copy_args
from tests.engine.wire import Killed, key_named
from tests.stacks.oracle import FAR, FSX_SETTLES, Simulation


@pytest.fixture
def sim() -> Simulation:
    """Return a simulation in which the first file system has one backup."""
    sim = Simulation()
    sim.new_backup(0)
    return sim


@pytest.fixture
def source(sim: Simulation) -> str:
    (source,) = sim.sources
    return source


@pytest.fixture
def stack(sim: Simulation) -> ProgramStack:
    return sim.stacks[0]


def region(sim: Simulation, where: str = AWAY, keep: int = 1, **args: Any) -> Properties:
    """Return the arguments of a DrRegion for the first file system."""
    wishes = [{"file_system_id": sim.file_systems[0], "region": HOME}]
    return {"region": where, "keep": keep, "sources": wishes, **args}


def dr(sim: Simulation, where: str = AWAY, keep: int = 1, **args: Any) -> Code:
    """Return a program with one DrRegion."""
    return Code(regions={"dr": region(sim, where, keep, **args)})


def entries(stack: ProgramStack) -> dict[str, str]:
    """Return the Region of each copy in a state."""
    return {state.id: state.outputs["region"] for state in stack.states.values()}


def require_settled(sim: Simulation, stack: ProgramStack, made: int) -> None:
    """Require that the state has all copies, that `made` copies were ever made, and that the next preview is empty."""
    assert entries(stack) == dict.fromkeys(sim.available(), AWAY)
    assert sum(sim.service.counts(where).get("CopyBackup", 0) for where in (AWAY, FAR)) == made
    assert stack.changes() == []


@pytest.mark.parametrize("answer", ["deleted", "forgotten", "refused", "incompatible"])
def test_copy_that_failed_three_times_is_made(sim: Simulation, stack: ProgramStack, answer: str) -> None:
    sim.service.configure(token_after_deletion=answer)
    stack.code = dr(sim)
    sim.service.fail_copies("an internal error", times=3)
    for _ in range(3):
        with refused(FailedError, "an internal error"):
            stack.deploy()

    stack.deploy()

    assert entries(stack) == dict.fromkeys(sim.available(), AWAY)
    assert len(entries(stack)) == 1


def test_dr_regions_that_swap_names_keep_copies(sim: Simulation, stack: ProgramStack) -> None:
    stack.deploy(code=Code(regions={"dr": region(sim, AWAY), "west": region(sim, FAR)}))
    before = entries(stack)

    stack.deploy(code=Code(regions={"dr": region(sim, FAR), "west": region(sim, AWAY)}))

    assert entries(stack) == before
    assert sorted(before.values()) == [AWAY, FAR]
    assert sum(sim.service.counts(where)["CopyBackup"] for where in (AWAY, FAR)) == 2
    assert stack.changes() == []


def test_dr_region_may_take_former_name_of_another(sim: Simulation, stack: ProgramStack) -> None:
    stack.deploy(code=Code(regions={"west": region(sim, AWAY)}))
    (copy,) = entries(stack)

    stack.deploy(code=Code(regions={"dr": region(sim, AWAY), "west": region(sim, FAR)}))

    assert entries(stack)[copy] == AWAY
    assert sorted(entries(stack).values()) == [AWAY, FAR]
    assert stack.changes() == []


def test_single_copy_next_to_dr_region_is_not_a_leftover(sim: Simulation, stack: ProgramStack, source: str) -> None:
    stack.code = replace(dr(sim), copies={"monday": copy_args(source)})

    said: list[Any] = []
    for _ in range(2):
        stack.deploy()
        said += stack.said

    assert len(entries(stack)) == 2
    assert said == []


def test_copy_listed_late_counts_for_retention(sim: Simulation, stack: ProgramStack) -> None:
    sim.service.configure(listed_after_seconds=30.0)
    sim.new_backup(0)

    stack.deploy(code=dr(sim))

    assert len(entries(stack)) == 1
    assert stack.changes() == []


def test_deleted_copy_of_expired_backup_is_reported(sim: Simulation, stack: ProgramStack, source: str) -> None:
    stack.deploy(code=dr(sim, keep=2))
    (copy,) = entries(stack)
    sim.service.remove_backup(HOME, source)
    sim.service.remove_backup(AWAY, copy)
    sim.new_backup(0)

    stack.deploy(code=dr(sim, keep=2, tags={"team": "storage"}))

    assert entries(stack) == dict.fromkeys(sim.available(), AWAY)
    assert [said for said in stack.said if copy in said and source in said]


def test_renamed_entry_with_name_of_future_copy_is_kept(sim: Simulation, stack: ProgramStack) -> None:
    stack.deploy(code=dr(sim, keep=2))
    ((urn, first),) = stack.states.items()
    newer = sim.new_backup(0)
    stack.states = {f"{urn.rpartition('::')[0]}::dr-{newer}": first}  # as `pulumi state rename` does

    stack.deploy()

    require_settled(sim, stack, made=2)


def test_key_of_adopted_copy_can_be_changed(sim: Simulation, stack: ProgramStack, source: str) -> None:
    other = sim.stacks[1]
    other.deploy(code=Code(copies={"monday": copy_args(source)}))
    (copy,) = entries(other)
    stack.deploy(code=Code(copies={"taken": copy_args(source, adopt_backup_id=copy)}))
    stack.code = Code(copies={"taken": copy_args(source, adopt_backup_id=copy, kms_key_id=key_named("dr"))})
    assert len(stack.changes()) == 1

    stack.deploy()

    assert entries(stack).keys() == sim.available() - {copy}


def test_copy_adopted_and_released_stays_with_dr_region(sim: Simulation, stack: ProgramStack) -> None:
    stack.deploy(code=dr(sim, keep=2))
    (older,) = entries(stack)
    second = sim.new_backup(0)
    stack.deploy()
    (newer,) = entries(stack).keys() - {older}
    stack.deploy(code=replace(stack.code, copies={"taken": copy_args(second, adopt_backup_id=newer)}))

    stack.deploy(code=dr(sim))

    assert sim.available() == {newer}
    assert stack.changes() == []


def test_forged_tag_of_removed_entry_is_repaired(sim: Simulation, stack: ProgramStack, source: str) -> None:
    stack.deploy(code=Code(copies={"monday": copy_args(source)}))
    (copy,) = entries(stack)
    adopted = {"tuesday": copy_args(source, adopt_backup_id=copy)}
    stack.deploy(code=replace(stack.code, copies={**stack.code.copies, **adopted}))
    forged = Ownership(stack.owner_id, RequestToken("c" * 40))
    sim.service.set_tags(AWAY, copy, {OWNERSHIP_TAG: f"{forged}/files/prod/monday"})
    sim.service.clock.sleep(FSX_SETTLES)

    stack.deploy(code=Code(copies=adopted))

    require_settled(sim, stack, made=1)
    assert entries(stack) == {copy: AWAY}


def test_copy_in_former_region_stays_during_resume(sim: Simulation, stack: ProgramStack) -> None:
    stack.deploy(code=dr(sim, FAR))
    run = stack.run()
    sim.wire.at_call["CopyBackup", "after"] = run.kill
    with pytest.raises(Killed):
        stack.deploy(code=dr(sim), run=run)
    sim.service.clock.sleep(FSX_SETTLES)
    fault = sim.service.make_unreachable(HOME, "unavailable")

    stack.deploy()

    assert entries(stack) == {copy["id"]: where for where in (AWAY, FAR) for copy in sim.service.backups(where)}
    assert sorted(entries(stack).values()) == [AWAY, FAR]
    sim.service.lift_fault(fault)
    stack.deploy()
    require_settled(sim, stack, made=2)


def test_copies_stay_if_check_refuses_replacement(sim: Simulation, stack: ProgramStack) -> None:
    sim.new_backup(0)
    stack.deploy(code=dr(sim, keep=2))
    before = entries(stack)

    with refused(FailedError, "kms_key_id"):
        stack.deploy(code=dr(sim, FAR, kms_key_id=key_named("dr")), continue_on_error=True)

    assert len(before) == 2
    assert entries(stack) == before == dict.fromkeys(sim.available(), AWAY)


def test_two_dr_regions_resume_copies_of_expired_backup(sim: Simulation, stack: ProgramStack, source: str) -> None:
    stack.deploy(code=Code(regions={"dr": region(sim), "west": region(sim)}))
    before = entries(stack)
    sim.service.remove_backup(HOME, source)
    stack.states = {}

    stack.deploy()

    assert len(before) == 2
    assert entries(stack) == before
    assert stack.changes() == []
