"""A state machine for whole stacks, checked by an oracle."""

import functools
from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from pulumi_fsx_dr.rules.retention import Keep

from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.moments import Moment, at_moment, moments
from tests.engine.process import Properties
from tests.engine.program_stack import Code, ProgramStack, name_of
from tests.engine.stack import State, copy_args
from tests.engine.wire import key_named
from tests.stacks.checked_machine import CheckedMachine
from tests.stacks.oracle import FAR

REGION_NAMES = ("dr", "west")
COPY_NAMES = ("monday", "tuesday")
APP = "my:index:App"

stacks = st.sampled_from([0, 0, 0, 0, 1, 2])
keeps: st.SearchStrategy[Keep] = st.sampled_from([1, 2, {"daily": 1}, {"last": 2, "within": "1h"}])


class StackMachine(CheckedMachine):
    """Three stacks with two names in two backends, under any sequence of events."""

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        super().begin(data)
        self.checkpoints: list[tuple[int, dict[str, State], list[tuple[str, State]], str]] = []
        self.keys = [None, key_named("dr")]
        for file_system in (0, 1):
            self.sim.new_backup(file_system)
        self.declare_region(0, "dr", AWAY, data.draw(keeps, label="keep"), {0})

    # --- changes of the program ---

    @rule(
        number=stacks,
        name=st.sampled_from(REGION_NAMES),
        region=st.sampled_from([AWAY, AWAY, FAR]),
        keep=keeps,
        sources=st.sets(st.sampled_from([0, 1]), min_size=1),
    )
    def declare_region(self, number: int, name: str, region: str, keep: Keep, sources: set[int]) -> None:
        wishes = [{"file_system_id": self.sim.file_systems[n], "region": HOME} for n in sorted(sources)]
        args = {"region": region, "keep": keep, "sources": wishes}
        code = self.sim.stacks[number].code
        self._write(number, replace(code, regions={**code.regions, name: args}))

    @rule(number=stacks, name=st.sampled_from(REGION_NAMES))
    def remove_region(self, number: int, name: str) -> None:
        code = self.sim.stacks[number].code
        self._write(number, replace(code, regions={n: args for n, args in code.regions.items() if n != name}))

    @rule(number=stacks, put_under_another_parent=st.booleans())
    def rename_regions(self, number: int, put_under_another_parent: bool) -> None:  # noqa: FBT001  # Hypothesis passes it by name
        code = self.sim.stacks[number].code
        if put_under_another_parent:
            self._write(number, replace(code, under="" if code.under else APP))
            return
        other = dict(zip(REGION_NAMES, reversed(REGION_NAMES), strict=True))
        self._write(number, replace(code, regions={other[n]: args for n, args in code.regions.items()}))

    @rule(number=stacks, key=st.sampled_from([0, 1]))
    def change_key(self, number: int, key: int) -> None:
        """Change the key where possible: an adopted copy keeps its key."""

        def change(args: Properties) -> Properties:
            can_be = args["region"] == AWAY and "adopt_backup_id" not in args
            return args | ({"kms_key_id": self.keys[key]} if can_be else {})

        self._change(number, change)

    @rule(number=stacks, team=st.sampled_from("ab"))
    def change_tags(self, number: int, team: str) -> None:
        self._change(number, lambda args: args | {"tags": {"team": team}})

    @rule(number=stacks, name=st.sampled_from(COPY_NAMES), data=st.data())
    def declare_copy(self, number: int, name: str, data: st.DataObject) -> None:
        code = self.sim.stacks[number].code
        source = data.draw(st.sampled_from(sorted(self.sim.sources, key=lambda s: self.sim.sources[s][1])))
        self._write(number, replace(code, copies={**code.copies, name: copy_args(source)}))

    @rule(number=stacks, name=st.sampled_from(COPY_NAMES))
    def remove_copy(self, number: int, name: str) -> None:
        code = self.sim.stacks[number].code
        self._write(number, replace(code, copies={n: args for n, args in code.copies.items() if n != name}))

    @precondition(lambda self: self.sim.alive())
    @rule(number=stacks, name=st.sampled_from(COPY_NAMES), data=st.data())
    def adopt_a_copy(self, number: int, name: str, data: st.DataObject) -> None:
        sim, code = self.sim, self.sim.stacks[number].code
        there = {id_: copy for id_, copy in sim.alive().items() if sim.is_adoptable(copy)}
        if not there:
            return
        copy = data.draw(st.sampled_from(list(there)))
        source = self.sim.copies[copy]
        args = copy_args(source, region=there[copy]["region"], adopt_backup_id=copy)
        if all(other.get("adopt_backup_id") != copy for other in code.copies.values()):
            self.sim.adopters.setdefault(copy, set()).add(number)
            self._write(number, replace(code, copies={**code.copies, name: args}))
            self._try(self.sim.stacks[number], "up", self.sim.stacks[number].deploy)

    # --- events in AWS ---

    @rule(file_system=st.sampled_from([0, 0, 1]))
    def new_backup(self, file_system: int) -> None:
        self.sim.new_backup(file_system)

    @rule(data=st.data())
    def source_expires(self, data: st.DataObject) -> None:
        there = {backup["id"] for backup in self.sim.service.backups(HOME)} & self.sim.sources.keys()
        if there:
            oldest_first = sorted(there, key=lambda s: self.sim.sources[s][1])
            self.sim.service.remove_backup(HOME, data.draw(st.sampled_from(oldest_first)))

    @rule(data=st.data())
    def copy_is_deleted_outside_pulumi(self, data: st.DataObject) -> None:
        if there := self.sim.alive():
            copy = data.draw(st.sampled_from(sorted(there, key=list(there).index)))
            self.sim.service.remove_backup(there[copy]["region"], copy)
            self.sim.removed.add(copy)

    @rule(seconds=st.sampled_from([3.0, 100.0]))
    def time_passes(self, seconds: float) -> None:
        self.sim.service.clock.sleep(seconds)

    @rule(trouble=st.sampled_from([HOME, HOME, AWAY, "CopyBackup", "TagResource", "DeleteBackup"]))
    def region_becomes_unreachable_or_action_is_denied(self, trouble: str) -> None:
        if trouble in (HOME, AWAY):
            self.sim.is_unreachable |= trouble == HOME
            self.sim.service.make_unreachable(trouble, "unavailable")
        else:
            self.sim.service.add_fault("access_denied", trouble)

    @precondition(lambda self: self.failures < 3)
    @rule()
    def next_copy_will_fail(self) -> None:
        self.sim.service.fail_copies("an internal error")
        self.failures += 1

    # --- manual changes of states ---

    @rule(number=stacks, data=st.data())
    def forget_an_entry(self, number: int, data: st.DataObject) -> None:
        stack = self.sim.stacks[number]
        if stack.states:
            urn = data.draw(st.sampled_from(list(stack.states)))
            self.sim.released.add(stack.states.pop(urn).id)

    @rule(number=stacks, data=st.data())
    def rename_an_entry(self, number: int, data: st.DataObject) -> None:
        stack = self.sim.stacks[number]
        if stack.states:
            urn = data.draw(st.sampled_from(list(stack.states)))
            name = data.draw(st.sampled_from(["dr-x", *COPY_NAMES, *(f"dr-{source}" for source in self.sim.sources)]))
            self._move(stack, urn, stack, f"{urn.rpartition('::')[0]}::{name}")

    @rule(number=stacks, other=stacks, data=st.data())
    def move_an_entry(self, number: int, other: int, data: st.DataObject) -> None:
        stack, to = self.sim.stacks[number], self.sim.stacks[other]
        if stack.states and number != other:
            urn = data.draw(st.sampled_from(list(stack.states)))
            types, name = urn.split("::", 3)[2:]
            self._move(stack, urn, to, to.urn_of(name, types))

    @rule(number=stacks, name=st.sampled_from(["prod", "other"]), project=st.sampled_from(["files", "shares"]))
    def rename_stack_and_project(self, number: int, name: str, project: str) -> None:
        stack = self.sim.stacks[number]
        if number == 1:
            name = f"{name}-dev"
        stack.name, stack.project = name, project

        def renamed(urn: str) -> str:
            types, resource = urn.split("::", 3)[2:]
            return stack.urn_of(resource, types)

        stack.states = {renamed(urn): state for urn, state in stack.states.items()}
        stack.replaced = [(renamed(urn), state) for urn, state in stack.replaced]

    @rule(number=stacks)
    def keep_a_checkpoint(self, number: int) -> None:
        stack = self.sim.stacks[number]
        self.checkpoints.append((number, dict(stack.states), list(stack.replaced), f"{stack.name}::{stack.project}"))

    @precondition(lambda self: self.checkpoints)
    @rule(data=st.data())
    def import_a_checkpoint(self, data: st.DataObject) -> None:
        kept = data.draw(st.sampled_from(range(len(self.checkpoints))))
        number, states, replaced, names = self.checkpoints[kept]
        stack = self.sim.stacks[number]
        elsewhere = {state.id for s in self.sim.stacks if s is not stack for state in s.states.values()}
        ids = {state.id for state in [*states.values(), *(old for _, old in replaced)]}
        if names != f"{stack.name}::{stack.project}" or ids & elsewhere:
            return
        self.sim.released |= {state.id for state in stack.states.values()} - ids
        stack.states, stack.replaced = dict(states), list(replaced)

    # --- commands ---

    @rule(number=stacks, continue_on_error=st.booleans(), data=st.data())
    def up(self, number: int, continue_on_error: bool, data: st.DataObject) -> None:  # noqa: FBT001  # Hypothesis passes it by name
        stack = self.sim.stacks[number]
        replacing = data.draw(self._names(stack), label="--replace")
        self._try(stack, "up", lambda: stack.deploy(continue_on_error=continue_on_error, replacing=replacing))

    @rule(number=stacks, fails=st.booleans(), continue_on_error=st.booleans())
    def up_for_a_new_backup(self, number: int, fails: bool, continue_on_error: bool) -> None:  # noqa: FBT001  # Hypothesis passes it by name
        self.sim.new_backup(0)
        if fails and self.failures < 3:
            self.next_copy_will_fail()
        stack = self.sim.stacks[number]
        self._try(stack, "up", lambda: stack.deploy(continue_on_error=continue_on_error))

    @rule(number=stacks, region=st.sampled_from([AWAY, AWAY, FAR]), keep=keeps)
    def up_with_other_arguments_while_unreachable(self, number: int, region: str, keep: Keep) -> None:
        self.region_becomes_unreachable_or_action_is_denied(HOME)
        self._change(
            number, lambda args: args if "source_backup_id" in args else args | {"region": region, "keep": keep}
        )
        stack = self.sim.stacks[number]
        self._try(stack, "up", stack.deploy)
        self.lift_all_faults()

    @rule(number=stacks, moment=moments, command=st.sampled_from(["up", "up", "up", "refresh", "destroy"]))
    def killed(self, number: int, moment: Moment, command: str) -> None:
        stack = self.sim.stacks[number]
        run = stack.run()
        commands = {
            "up": lambda: stack.deploy(run=run),
            "refresh": stack.refresh,
            "destroy": lambda: stack.destroy(run=run),
        }
        with at_moment(stack, moment, run.kill):
            self._try(stack, command, commands[command])

    @rule(number=stacks, at=st.integers(0, 2))
    def up_with_ctrl_c(self, number: int, at: int) -> None:
        stack = self.sim.stacks[number]
        self._try(stack, "up", lambda: stack.deploy(interrupted_at=at))

    @rule(number=stacks, other=stacks, moment=moments)
    def up_during_up_of_other_stack(self, number: int, other: int, moment: Moment) -> None:
        stack, beside = self.sim.stacks[number], self.sim.stacks[other]
        if stack is not beside:
            with at_moment(stack, moment, functools.partial(self._try, beside, "up", beside.deploy)):
                self._try(stack, "up", stack.deploy)

    @rule(number=stacks)
    def preview(self, number: int) -> None:
        stack = self.sim.stacks[number]
        before = dict(stack.states)
        self._try(stack, "preview", stack.changes)
        assert stack.states == before

    @rule(number=stacks)
    def refresh(self, number: int) -> None:
        stack = self.sim.stacks[number]
        self._try(stack, "refresh", stack.refresh)

    @rule(number=stacks)
    def destroy(self, number: int) -> None:
        stack = self.sim.stacks[number]
        self._try(stack, "destroy", stack.destroy)

    def _write(self, number: int, code: Code) -> None:
        self.sim.stacks[number].code = code

    def _change(self, number: int, change: Callable[[Properties], Properties]) -> None:
        code = self.sim.stacks[number].code
        regions = {n: change(dict(args)) for n, args in code.regions.items()}
        self._write(number, replace(code, regions=regions, copies={n: change(dict(a)) for n, a in code.copies.items()}))

    def _names(self, stack: ProgramStack) -> st.SearchStrategy[set[str]]:
        names = sorted({name_of(urn) for urn in stack.states})
        return st.just(set()) | (st.sets(st.sampled_from(names), max_size=1) if names else st.nothing())

    def _move(self, stack: ProgramStack, urn: str, to: ProgramStack, new: str) -> None:
        if new not in to.states:
            to.states[new] = stack.states.pop(urn)
