"""In any sequence of events, no copy is lost and every copy is known."""

from collections import Counter
from contextlib import suppress
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pulumi_fsx_dr import provider
from pulumi_fsx_dr.copies.ownership import ownership_of
from pulumi_fsx_dr.errors import CallCancelledError, CopyError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.moments import Moment, at_moment, moments
from tests.engine.plugin_stack import PluginStack
from tests.engine.stack import Stack, copy_args
from tests.engine.wire import Killed, SharedClock, Wire, key_named

resources = st.sampled_from(["monday", "tuesday"])


class StackMachine(RuleBasedStateMachine):
    """One stack with up to two copies, in runs that succeed, fail, time out or are killed."""

    host: ClassVar[type[Stack]] = Stack
    fsx: ClassVar[dict[str, Any]] = {}  # settings of the simulator

    @initialize()
    def begin(self) -> None:
        self.former = provider.current()
        self.service = FsxService(SharedClock(), copy_seconds=4.0)
        self.service.configure(**self.fsx)
        self.wire = Wire(self.service)
        self.stack = self.host(self.wire)
        self.program: dict[str, dict[str, Any]] = {}
        self.source = self.service.seed_backup(HOME, self.service.seed_file_system(HOME))
        self.keys = [None, key_named("dr")]
        self.removed: set[str] = set()

    def teardown(self) -> None:
        provider.start(self.former)

    @rule(resource=resources)
    def declare(self, resource: str) -> None:
        self.program.setdefault(resource, copy_args(self.source))

    @rule(resource=resources)
    def remove_from_program(self, resource: str) -> None:
        """Remove a resource; an interrupted delete may already have deleted its copy."""
        self.program.pop(resource, None)
        if state := self.stack.states.get(resource):
            self.removed.add(state.id)

    @precondition(lambda self: self.program)
    @rule(resource=resources, team=st.sampled_from("abc"))
    def tag(self, resource: str, team: str) -> None:
        self._change(resource, tags={"team": team})

    @precondition(lambda self: self.program)
    @rule(resource=resources, key=st.sampled_from([0, 1]))
    def change_key(self, resource: str, key: int) -> None:
        self._change(resource, kms_key_id=self.keys[key])

    @rule(replacing=st.sets(resources))
    def up(self, replacing: set[str]) -> None:
        self._settle(replacing)

    @precondition(lambda self: self.program)
    @rule(replacing=st.sets(resources), moment=moments)
    def up_that_is_killed(self, replacing: set[str], moment: Moment) -> None:
        run = self.stack.run()
        with at_moment(self.stack, moment, run.kill), suppress(Killed, CallCancelledError, CopyError):
            self.stack.up(self.program, replacing=replacing & self.program.keys(), run=run)

    @precondition(lambda self: self.program)
    @rule(replacing=st.sets(resources))
    def up_that_runs_out_of_time(self, replacing: set[str]) -> None:
        self.service.set_copy_seconds(10_000)
        self.stack.timeouts = {"create": 3.0, "update": 3.0}
        with suppress(CopyError):
            self.stack.up(self.program, replacing=replacing & self.program.keys())
        self.stack.timeouts = {}
        self.service.set_copy_seconds(4)
        self.service.finish_copies()

    @rule()
    def refresh(self) -> None:
        """An unfinished copy that was deleted may be visible late; refresh then asks to be run again."""
        with suppress(CopyError):
            self.stack.refresh()

    @precondition(lambda self: self.stack.states)
    @rule(data=st.data())
    def copy_is_deleted_outside_pulumi(self, data: st.DataObject) -> None:
        copy = data.draw(st.sampled_from([state.id for state in self.stack.states.values()]))
        with suppress(ValueError):
            self.service.remove_backup(AWAY, copy)
        self.removed.add(copy)

    @rule()
    def destroy(self) -> None:
        self.stack.destroy()

    @invariant()
    def ids_in_state_exist(self) -> None:
        present = {copy["id"] for copy in self.service.backups(AWAY)}
        assert {state.id for state in self.stack.states.values()} - self.removed <= present

    @invariant()
    def every_copy_is_in_state_or_has_own_tag(self) -> None:
        entries = {state.id for state in self.stack.states.values()} | {state.id for _, state in self.stack.replaced}
        for copy in self.service.backups(AWAY):
            own = ownership_of(copy["tags"])
            assert copy["id"] in entries or (own and own.owner_id == self.stack.owner_id)

    @invariant()
    def at_most_five_copies_run_per_region(self) -> None:
        assert self.service.max_running().get(AWAY, 0) <= 5

    def _change(self, resource: str, **changes: object) -> None:
        if resource in self.program:
            self.program[resource] = {**self.program[resource], **changes}

    def _settle(self, replacing: set[str]) -> None:
        """Run until a run succeeds; then each resource has one copy."""
        for _ in range(3):
            with suppress(CopyError):
                self.stack.up(self.program, replacing=replacing & self.program.keys())
                break
        self._require_settled()

    def _require_settled(self) -> None:
        entries = Counter(state.id for state in self.stack.states.values())
        assert self.stack.states.keys() == self.program.keys()
        assert set(entries.values()) <= {1}


class PluginStackMachine(StackMachine):
    """The same on the plugin, which does not know the ids in the state."""

    host = PluginStack

    def _require_settled(self) -> None:
        """After `--replace` two entries may have one copy, which the live entry keeps."""
        assert self.stack.states.keys() == self.program.keys()


class LateTagsStackMachine(StackMachine):
    """The same if FSx shows tags late."""

    fsx: ClassVar[dict[str, Any]] = {"tags_shown_after_seconds": 3, "copy_tells_tags": False}

    @rule()
    def time_passes(self) -> None:
        self.service.clock.sleep(100)

    def _require_settled(self) -> None:
        """Two entries may have one copy, as on the plugin."""
        assert self.stack.states.keys() == self.program.keys()


@pytest.mark.parametrize("machine", [StackMachine, PluginStackMachine, LateTagsStackMachine])
def test_stack_machine_keeps_every_copy_known(machine: type[StackMachine]) -> None:
    few = settings(max_examples=25, stateful_step_count=15, deadline=None)
    run_state_machine_as_test(machine, settings=few)
