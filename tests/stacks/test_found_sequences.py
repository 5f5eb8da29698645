"""Sequences that the state machine found, each as short as it could be made."""

from dataclasses import replace
from typing import Any

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG, Ownership, RequestToken

from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.process import Properties
from tests.engine.program_stack import Code, FailedError, ProgramStack
from tests.engine.stack import copy_args
from tests.engine.wire import Killed, key_named
from tests.stacks.oracle import FAR, FSX_SETTLES, Simulation


def region(sim: Simulation, where: str = AWAY, keep: int = 1) -> Properties:
    """Return the arguments of a DrRegion for the first file system."""
    return {"region": where, "keep": keep, "sources": [{"file_system_id": sim.file_systems[0], "region": HOME}]}


def held(stack: ProgramStack) -> dict[str, str]:
    """Return the Region of each copy that a state holds."""
    return {state.id: state.outputs["region"] for state in stack.states.values()}


def copies_made(sim: Simulation) -> int:
    return sum(sim.service.counts(where).get("CopyBackup", 0) for where in (AWAY, FAR))


@pytest.mark.parametrize("answer", ["deleted", "forgotten", "refused", "incompatible"])
def test_a_copy_that_failed_again_and_again_is_made_at_last_whatever_fsx_answers_to_its_old_tokens(answer: str) -> None:
    sim = Simulation({"token_after_deletion": answer})
    sim.new_backup(0)
    stack = sim.stacks[0]
    stack.code = Code(regions={"dr": region(sim)})
    sim.service.fail_copies("an internal error", times=3)
    for _ in range(3):
        with pytest.raises(FailedError, match="an internal error"):
            stack.deploy()

    stack.deploy()

    assert held(stack) == dict.fromkeys(sim.available(), AWAY)
    assert len(held(stack)) == 1


def test_two_dr_regions_that_change_places_keep_their_copies_and_make_none() -> None:
    sim = Simulation()
    sim.new_backup(0)
    stack = sim.stacks[0]
    stack.deploy(code=Code(regions={"dr": region(sim, AWAY), "west": region(sim, FAR)}))
    before = held(stack)

    stack.deploy(code=Code(regions={"dr": region(sim, FAR), "west": region(sim, AWAY)}))

    assert held(stack) == before
    assert sorted(before.values()) == [AWAY, FAR]
    assert copies_made(sim) == 2
    assert stack.changes() == []


def test_a_new_dr_region_may_have_the_name_that_another_one_had_before() -> None:
    sim = Simulation()
    sim.new_backup(0)
    stack = sim.stacks[0]
    stack.deploy(code=Code(regions={"west": region(sim, AWAY)}))
    (copy,) = held(stack)

    stack.deploy(code=Code(regions={"dr": region(sim, AWAY), "west": region(sim, FAR)}))

    assert held(stack)[copy] == AWAY
    assert sorted(held(stack).values()) == [AWAY, FAR]
    assert stack.changes() == []


def test_a_single_copy_of_the_same_stack_and_region_is_not_named_as_left_over() -> None:
    sim = Simulation()
    source = sim.new_backup(0)
    stack = sim.stacks[0]
    stack.code = Code(regions={"dr": region(sim)}, copies={"monday": copy_args(source)})

    said: list[Any] = []
    for _ in range(2):
        stack.deploy()
        said += stack.said

    assert len(held(stack)) == 2
    assert said == []


def test_a_copy_that_is_listed_late_counts_so_that_no_older_backup_is_copied_in_its_place() -> None:
    sim = Simulation({"listed_after_seconds": 30.0})
    sim.new_backup(0)
    sim.new_backup(0)
    stack = sim.stacks[0]

    stack.deploy(code=Code(regions={"dr": region(sim, keep=1)}))

    assert len(held(stack)) == 1
    assert stack.changes() == []


def test_a_copy_that_somebody_deleted_after_its_source_expired_leaves_the_state_with_a_word() -> None:
    sim = Simulation()
    expired = sim.new_backup(0)
    stack = sim.stacks[0]
    stack.deploy(code=Code(regions={"dr": region(sim, keep=2)}))
    (copy,) = held(stack)
    sim.service.remove_backup(HOME, expired)
    sim.service.remove_backup(AWAY, copy)
    sim.new_backup(0)

    stack.deploy(code=Code(regions={"dr": region(sim, keep=2) | {"tags": {"team": "storage"}}}))

    assert held(stack) == dict.fromkeys(sim.available(), AWAY)
    assert [said for said in stack.said if copy in said and expired in said]


def test_an_entry_that_was_given_the_name_of_a_copy_to_come_stays_and_the_new_copy_is_made() -> None:
    sim = Simulation()
    sim.new_backup(0)
    stack = sim.stacks[0]
    stack.deploy(code=Code(regions={"dr": region(sim, keep=2)}))
    ((urn, first),) = stack.states.items()
    newer = sim.new_backup(0)
    stack.states = {f"{urn.rpartition('::')[0]}::dr-{newer}": first}  # as `pulumi state rename` does

    stack.deploy()

    assert held(stack) == dict.fromkeys(sim.available(), AWAY)
    assert copies_made(sim) == 2
    assert stack.changes() == []


def test_the_key_of_an_adopted_copy_can_be_changed() -> None:
    sim = Simulation()
    source = sim.new_backup(0)
    stack, other = sim.stacks[0], sim.stacks[1]
    other.deploy(code=Code(copies={"monday": copy_args(source)}))
    (copy,) = held(other)
    stack.deploy(code=Code(copies={"taken": copy_args(source, adopt_backup_id=copy)}))
    stack.code = Code(copies={"taken": copy_args(source, adopt_backup_id=copy, kms_key_id=key_named("dr"))})
    assert len(stack.changes()) == 1

    stack.deploy()


def test_a_copy_that_the_same_stack_adopted_and_removed_again_stays_with_its_dr_region() -> None:
    sim = Simulation()
    sim.new_backup(0)
    stack = sim.stacks[0]
    stack.deploy(code=Code(regions={"dr": region(sim, keep=2)}))
    (older,) = held(stack)
    source = sim.new_backup(0)
    stack.deploy()
    (newer,) = held(stack).keys() - {older}
    stack.deploy(code=replace(stack.code, copies={"taken": copy_args(source, adopt_backup_id=newer)}))

    stack.deploy(code=Code(regions={"dr": region(sim, keep=1)}))

    assert sim.available() == {newer}
    assert stack.changes() == []


def test_tag_that_no_entry_of_the_state_has_is_written_again_in_the_same_run() -> None:
    sim = Simulation()
    source = sim.new_backup(0)
    stack = sim.stacks[0]
    stack.deploy(code=Code(copies={"monday": copy_args(source)}))
    (copy,) = held(stack)
    adopted = {"tuesday": copy_args(source, adopt_backup_id=copy)}
    stack.deploy(code=replace(stack.code, copies={**stack.code.copies, **adopted}))
    forged = Ownership(stack.owner_id, RequestToken("c" * 40))
    sim.service.set_tags(AWAY, copy, {OWNERSHIP_TAG: f"{forged}/files/prod/monday"})
    sim.service.clock.sleep(FSX_SETTLES)

    stack.deploy(code=Code(copies=adopted))

    assert held(stack) == dict.fromkeys(sim.available(), AWAY) == {copy: AWAY}
    assert stack.changes() == []


def test_copy_of_former_region_stays_while_one_for_the_new_region_is_resumed() -> None:
    sim = Simulation()
    sim.new_backup(0)
    stack = sim.stacks[0]
    stack.deploy(code=Code(regions={"dr": region(sim, FAR)}))
    run = stack.run()
    sim.wire.at_call["CopyBackup", "after"] = run.kill
    with pytest.raises(Killed):
        stack.deploy(code=Code(regions={"dr": region(sim, AWAY)}), run=run)
    sim.service.clock.sleep(FSX_SETTLES)
    fault = sim.service.make_unreachable(HOME, "unavailable")

    stack.deploy()

    assert held(stack) == {copy["id"]: where for where in (AWAY, FAR) for copy in sim.service.backups(where)}
    assert sorted(held(stack).values()) == [AWAY, FAR]
    sim.service.lift_fault(fault)
    stack.deploy()
    assert held(stack) == dict.fromkeys(sim.available(), AWAY)
    assert copies_made(sim) == 2
    assert stack.changes() == []


def test_copies_stay_if_check_refuses_to_replace_one_and_the_run_continues() -> None:
    sim = Simulation()
    stack = sim.stacks[0]
    for _ in range(2):
        sim.new_backup(0)
    stack.deploy(code=Code(regions={"dr": region(sim, AWAY, keep=2)}))
    before = held(stack)

    with pytest.raises(FailedError, match="names a key of another Region"):
        stack.deploy(
            code=Code(regions={"dr": region(sim, FAR) | {"kms_key_id": key_named("dr")}}), continue_on_error=True
        )

    assert len(before) == 2
    assert held(stack) == before == dict.fromkeys(sim.available(), AWAY)


def test_two_dr_regions_of_one_region_each_resume_a_copy_of_an_expired_backup() -> None:
    sim = Simulation()
    source = sim.new_backup(0)
    stack = sim.stacks[0]
    stack.deploy(code=Code(regions={"dr": region(sim), "west": region(sim)}))
    before = held(stack)
    sim.service.remove_backup(HOME, source)
    stack.states = {}

    stack.deploy()

    assert len(before) == 2
    assert held(stack) == before
    assert stack.changes() == []
