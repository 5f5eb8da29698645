"""Rules for whole stacks after each command, and after recovery."""

import random
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar
from unittest.mock import patch

from hypothesis import event, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pulumi_fsx_dr import provider
from pulumi_fsx_dr.copies.ownership import ownership_of
from pulumi_fsx_dr.errors import CallCancelledError

from simulator.fsx.fixtures import HOME
from simulator.fsx.regions import ACCOUNT_ID
from tests.engine.process import Properties
from tests.engine.program_stack import FailedError, ProgramStack, name_of
from tests.engine.wire import Killed
from tests.stacks.oracle import FSX_SETTINGS, FSX_SETTLES, Simulation, state_ids, texts, title


class CheckedMachine(RuleBasedStateMachine):
    """Runs commands of stacks, and checks them with the oracle."""

    fsx_settings: ClassVar[tuple[Properties, ...]] = FSX_SETTINGS

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        self.former = provider.current()
        # FSx sorts by id, so repeated examples need the same ids.
        numbers = random.Random(0)  # noqa: S311  # ids of a simulator
        self.uuids = patch("simulator.fsx.regions.uuid4", lambda: uuid.UUID(int=numbers.getrandbits(128)))
        self.uuids.start()
        self.sim = Simulation(data.draw(st.sampled_from(self.fsx_settings), label="fsx_settings"))
        self.shown: list[str] = []  # messages of all runs that were not killed
        self.failures = 0  # the maximum number of copies that will fail

    def teardown(self) -> None:
        self.uuids.stop()
        provider.start(self.former)

    @rule()
    def lift_all_faults(self) -> None:
        self.sim.is_unreachable = False
        self.sim.service.lift_fault()

    @rule()
    def recover_and_converge(self) -> None:
        """Lift all faults, and run each stack until its `up` succeeds, at the latest in the second run."""
        sim = self.sim
        self.lift_all_faults()
        sim.service.clock.sleep(1000)
        refused = set()
        for stack in sim.stacks:
            self._remove_impossible_copies(stack)
            converges_late = self._needs_second_run(stack)
            errors: list[str] = []
            for _ in range(2 + self.failures):
                failed = self._try(stack, "up", stack.deploy)
                if not failed:
                    break
                errors.append(failed)
                sim.service.clock.sleep(FSX_SETTLES)
            else:
                refusal = self._try(stack, "preview", stack.changes)
                refused.add(id(stack))
                if not refusal:
                    sim.violations.append(f"(d) up of {title(stack)} fails permanently: {errors[-2:]}")
            if converges_late and id(stack) not in refused:
                self._try(stack, "up", stack.deploy)

        sim.service.clock.sleep(FSX_SETTLES)
        for stack in sim.stacks:
            if id(stack) not in refused and (changes := self._changes_of(stack)):
                sim.violations.append(f"(f) the preview of {title(stack)} after a good run shows {changes}")
        self._require_known_or_reported()
        for stack in sim.stacks:
            if id(stack) not in refused:
                self._refresh_missing_copies(stack)
                self._require_newest(stack)

    def _needs_second_run(self, stack: ProgramStack) -> bool:
        """Whether a successful run leaves work for the next one."""
        ids = [state.id for state in stack.states.values()]
        # A missing copy does not count for retention, but a new key makes it again: one copy too many. If two
        # entries have one copy, the remaining entry writes its tag after the other one has left the state.
        return self._has_missing_copies(stack) or len(set(ids)) < len(ids)

    def _has_missing_copies(self, stack: ProgramStack) -> bool:
        return bool(state_ids(stack) - self.sim.alive().keys())

    def _refresh_missing_copies(self, stack: ProgramStack) -> None:
        """Refresh a state with copies that AWS no longer has."""
        if self._has_missing_copies(stack):
            self._try(stack, "refresh", stack.refresh)
            # A copy made only now may be one of those that fail.
            any(not self._try(stack, "up", stack.deploy) for _ in range(1 + self.failures))

    def _require_newest(self, stack: ProgramStack) -> None:
        """Require that each DrRegion has a copy of the newest recovery point; `latest` depends on it."""
        sim, there, alive = self.sim, self.sim.available(), self.sim.alive()
        present = {backup["id"] for backup in sim.service.backups(HOME)} & sim.sources.keys()
        for args in stack.code.regions.values():
            entries = [s for s in stack.states.values() if s.id in there and s.outputs["region"] == args["region"]]
            # The copy of an expired backup is a recovery point too, but its key cannot change.
            points = present | {entry.outputs["source_backup_id"] for entry in entries}
            for file_system in (source["file_system_id"] for source in args["sources"]):
                of_it = [source for source in points if sim.file_system_of(source) == file_system]
                newest = max(of_it, key=lambda source: sim.sources[source][1], default=None)
                keys = {alive[s.id]["kms_key_arn"] for s in entries if s.outputs["source_backup_id"] == newest}
                if newest and not keys:
                    sim.violations.append(f"(h) {title(stack)} has no copy of {newest} in {args['region']}")
                if newest in present and keys and args.get("kms_key_id") not in {None, *keys}:
                    sim.violations.append(f"(h) {title(stack)} has copied {newest} under another key: {keys}")

    def _require_known_or_reported(self) -> None:
        """Require that every copy with an owner id of a stack is in a state or was reported."""
        sim, text = self.sim, "\n".join(self.shown)
        entries = {state.id for stack in sim.stacks for state in stack.states.values()}
        entries |= {state.id for stack in sim.stacks for _, state in stack.replaced}
        for id_, copy in sim.alive().items():
            tag = ownership_of(copy["tags"])
            owner = next((stack for stack in sim.stacks if tag and stack.owner_id == tag.owner_id), None)
            if copy["source_backup_id"] is None or owner is None or id_ in entries:
                continue
            # A stack that declares nothing in a Region does not search it for copies that were removed from the
            # state or have a forged owner id.
            is_looked_for = copy["region"] in {args["region"] for args in owner.code.regions.values()}
            known = set() if is_looked_for else sim.released | sim.adopters.keys() | sim.forged
            if id_ not in known and id_ not in text:
                sim.violations.append(f"(c) {id_} in {copy['region']} ({tag}) is in no state, and no run names it")

    def _remove_impossible_copies(self, stack: ProgramStack) -> None:
        """Remove single copies from the program that cannot be made or adopted."""
        there, alive = {backup["id"] for backup in self.sim.service.backups(HOME)}, self.sim.available()
        present = [(name_of(u), self.sim.copies[s.id]) for u, s in stack.states.items() if s.id in alive]

        def can_be(name: str, args: Properties) -> bool:
            if (name, args["source_backup_id"]) in present:
                return True
            adopted = args.get("adopt_backup_id")
            return args["source_backup_id"] in there if not adopted else adopted in alive and "kms_key_id" not in args

        stack.code = replace(stack.code, copies={n: args for n, args in stack.code.copies.items() if can_be(n, args)})

    @invariant()
    def no_rule_is_violated(self) -> None:
        note(f"sources {self.sim.sources}; copies {self.sim.copies}")
        assert not self.sim.violations, "\n".join(self.sim.violations)

    @invariant()
    def copies_in_states_use_own_keys(self) -> None:
        keys = {id_: copy["kms_key_arn"] for id_, copy in self.sim.alive().items()}
        present = set().union(*map(state_ids, self.sim.stacks)) & keys.keys()
        assert not [id_ for id_ in present if f":{ACCOUNT_ID}:" not in keys[id_]]

    @invariant()
    def at_most_five_copies_run_per_region(self) -> None:
        assert max(self.sim.service.max_running().values(), default=0) <= 5

    def _changes_of(self, stack: ProgramStack) -> list[str]:
        with self.sim.command(stack, "preview"):
            return stack.changes()

    def _try(self, stack: ProgramStack, command: str, act: Callable[[], object]) -> str:
        """Run a command, and return its errors."""
        failed = ""
        with self.sim.command(stack, command):
            try:
                act()
            except FailedError as error:
                failed = str(error)
            except (Killed, CallCancelledError):
                failed = "killed"
        if failed != "killed":
            self.shown += [*stack.said, failed]
        note(f"{command} of {title(stack)}: {failed or 'good'}; said {stack.said}")
        note(f"    {stack.code}; {texts(stack)}; {self.sim}")
        event(f"{command} {'ends well' if not failed else 'is killed' if failed == 'killed' else 'fails'}")
        return failed
