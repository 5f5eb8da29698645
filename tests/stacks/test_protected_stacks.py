"""DrRegions with `deletion_protection`: only retention and finished replacements delete copies."""

from typing import Any

import pytest

from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import refused
from tests.engine.program_stack import Code, FailedError, ProgramStack
from tests.engine.wire import key_named
from tests.stacks.oracle import Simulation


def dr(sim: Simulation, file_systems: tuple[int, ...] = (0,), **args: Any) -> Code:
    """Return a program with one DrRegion and protected copies."""
    sources = [{"file_system_id": sim.file_systems[number], "region": HOME} for number in file_systems]
    return Code(regions={"dr": {"region": AWAY, "keep": 2, "sources": sources, "deletion_protection": True, **args}})


@pytest.fixture
def stack(sim: Simulation) -> ProgramStack:
    """Return a stack with two protected copies."""
    stack = sim.stacks[0]
    stack.deploy(code=dr(sim))
    assert len(sim.available()) == 2
    return stack


def test_retention_deletes_protected_copies(sim: Simulation, stack: ProgramStack) -> None:
    before = sim.available()
    sim.new_backup(0)

    stack.deploy()

    assert len(sim.available()) == 2
    assert len(sim.available() & before) == 1
    assert stack.changes() == []


def test_retention_keeps_protected_copy_if_others_are_gone(sim: Simulation, stack: ProgramStack) -> None:
    """One of the copies that retention keeps must be AVAILABLE when the old one is deleted."""
    copies = {copy["source_backup_id"]: copy["id"] for copy in sim.service.backups(AWAY)}
    old, newer = (copies[source] for source in sim.sources)
    stack.code = dr(sim, keep=1)
    sim.wire.at_call["DescribeBackups", "after"] = lambda: sim.service.remove_backup(AWAY, newer)

    with refused(FailedError, old, AWAY, "deletion_protection"):
        stack.deploy()

    assert sim.available() == {old}


@pytest.mark.parametrize("continue_on_error", [False, True])
@pytest.mark.parametrize("removal", ["source", "exclude", "DR Region"])
def test_removed_source_keeps_protected_copies(
    sim: Simulation, stack: ProgramStack, removal: str, *, continue_on_error: bool
) -> None:
    before = sim.available()
    other = sim.service.seed_file_system(HOME, tags={"backup": "yes"})
    sim.service.seed_backup(HOME, other)
    args = stack.code.regions["dr"]
    tagged = {"tags": {"backup": "yes"}, "region": HOME}
    excluding = {**tagged, "exclude": [sim.file_systems[0]]}
    code = {
        "source": dr(sim, (1,)),
        "exclude": Code(regions={"dr": {**args, "sources": [excluding]}}),
        "DR Region": Code(),
    }[removal]

    for _ in range(2):
        with refused(FailedError, "deletion_protection"):
            stack.deploy(code=code, continue_on_error=continue_on_error)
        assert before <= sim.available()

    unprotected = {**args, "sources": [*args["sources"], tagged], "deletion_protection": False}
    stack.deploy(code=Code(regions={"dr": unprotected}))
    stack.deploy(code=code)
    assert not before & sim.available()


def test_destroy_keeps_protected_copies(sim: Simulation, stack: ProgramStack) -> None:
    before = sim.available()
    with refused(FailedError, "deletion_protection"):
        stack.destroy()
    assert sim.available() == before

    stack.deploy(code=dr(sim, deletion_protection=False))
    stack.destroy()
    assert sim.available() == set()


def test_new_key_replaces_protected_copies(sim: Simulation, stack: ProgramStack) -> None:
    before = sim.available()

    stack.deploy(code=dr(sim, kms_key_id=key_named("dr")))

    assert len(sim.available()) == 2
    assert not before & sim.available()


def test_new_key_keeps_protected_copies_until_new_ones_exist(sim: Simulation, stack: ProgramStack) -> None:
    before = sim.available()
    sim.service.fail_copies("no luck", times=2)

    with refused(FailedError, "no luck"):
        stack.deploy(code=dr(sim, kms_key_id=key_named("dr")), continue_on_error=True)

    assert before <= sim.available()
