"""Whole stacks over their lives, and what must hold in each: the state machine, and its oracle beside it."""

import functools
import random
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from unittest.mock import patch

from hypothesis import event, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pulumi_fsx_dr import provider
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG, Ownership, ownership_of
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import CallCancelledError
from pulumi_fsx_dr.rules.retention import Keep

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from simulator.fsx.regions import ACCOUNT_ID
from tests.provider.deploying import Killed, Properties, SharedClock, State, copy_args, key_named
from tests.stacks.engine import Code, FailedError, WatchedWire, WholeStack

FAR = "us-east-1"
COPY_SECONDS = 4.0
FSX_SETTLES = 60.0  # seconds after which it shows all tags and deletions, whatever the knobs
REGION_NAMES = ("dr", "west")
COPY_NAMES = ("monday", "tuesday")
APP = "my:index:App"

KNOBS: tuple[Properties, ...] = (
    {},
    {"token_after_deletion": "forgotten"},
    {"token_after_deletion": "refused"},
    {"token_after_deletion": "incompatible", "copy_tells_tags": False},
    {"shown_after_seconds": 5.0},
    {"listed_after_seconds": 30.0},
    {"tags_shown_after_seconds": 3.0, "copy_tells_tags": False},
    {"delete_lag": 5.0, "shuffle_seed": 1},
    {"delete_lag": 5.0, "delete_lag_lifecycle": "AVAILABLE"},
)


@dataclass
class World:
    """AWS, the stacks, and what the oracle knows of them."""

    knobs: Properties = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.service = FsxService(SharedClock(), copy_seconds=COPY_SECONDS)
        self.service.configure(**self.knobs)
        self.wire = WatchedWire(self.service)
        self.wire.deleting = self._is_deleted
        self.file_systems = [self.service.seed_file_system(HOME, kind) for kind in ("WINDOWS", "OPENZFS")]
        self.sources: dict[str, tuple[str, float]] = {}  # file system and time by backup
        self.copies: dict[str, str] = {}  # sources by copy, also of those that are gone
        self.stacks = [WholeStack(self.wire, name) for name in ("prod", "dev", "prod")]
        self.acting: tuple[WholeStack, str] | None = None
        self.last: WholeStack | None = None  # that ran a command
        self.removed: set[str] = set()  # by a person, or with the person's consent
        self.forged: set[str] = set()  # copies on which an attacker wrote the owner id of a stack
        self.adopters: dict[str, set[int]] = {}  # by copy: stacks with a `BackupCopy` that says so
        self.is_dark = False  # the sources' Region
        self.released: set[str] = set()  # a person had a state forget them
        self.violations: list[str] = []

    def new_backup(self, file_system: int) -> str:
        """Have a file system backed up; no two backups are of the same second."""
        self.service.clock.sleep(2)
        made = self.service.seed_backup(HOME, self.file_systems[file_system])
        self.sources[made] = (self.file_systems[file_system], self.service.now())
        return made

    def alive(self) -> dict[str, Any]:
        """Return the copies of ours that are there, with their Region."""
        found = {}
        for region in (AWAY, FAR):
            for copy in self.service.backups(region):
                self.copies[copy["id"]] = str(copy["source_backup_id"])
                if copy["lifecycle"] not in ("DELETED", "FAILED"):
                    found[copy["id"]] = {**copy, "region": region}
        return found

    def available(self) -> set[str]:
        return {id_ for id_, copy in self.alive().items() if copy["lifecycle"] == "AVAILABLE"}

    def __repr__(self) -> str:
        there = self.alive().items()
        return str([(id_, copy["lifecycle"], copy["tags"].get(OWNERSHIP_TAG)) for id_, copy in there])

    def file_system_of(self, source: str) -> str:
        return self.sources[source][0]

    @contextmanager
    def command(self, stack: WholeStack, name: str) -> Iterator[None]:
        """Watch one command: the copies that file systems have in states stay, unless it is what the command is for."""
        before = {id(s): self._kept(s) for s in self.stacks}
        former, self.acting = self.acting, (stack, name)
        if former is None and self.last is not stack:
            # Where two states have one copy, its tag says whose it is, and nobody can act on a tag that is not shown.
            self.service.clock.sleep(self.knobs.get("tags_shown_after_seconds", 0))
        self.last = stack
        running = provider.current()
        try:
            yield
        finally:
            self.acting = former
            provider.start(running)
        for other in self.stacks:
            if other is stack and name == "destroy":
                continue
            # Only now is it known which of them another stack may have adopted, or resumed for a forged tag, meanwhile.
            taken = set() if other is stack else self._taken_from(other)
            covered = [self._file_systems_of(copies - taken) for copies in (before[id(other)], self._kept(other))]
            if lost := covered[0] & _declared(other.code) - covered[1]:
                self.violations.append(f"(b) {name} of {_title(stack)} left {_title(other)} no copy of {lost}")

    def _kept(self, stack: WholeStack) -> set[str]:
        """Return the AVAILABLE copies that DrRegions of a stack have in its state."""
        return self.available() & {state.id for urn, state in stack.states.items() if _is_dr(urn)}

    def _taken_from(self, stack: WholeStack) -> set[str]:
        adopted = {id_ for id_, adopters in self.adopters.items() if adopters - {self.stacks.index(stack)}}
        return adopted | _ids_moved_to(stack)

    def _file_systems_of(self, copies: set[str]) -> set[str]:
        return {self.file_system_of(self.copies[id_]) for id_ in copies}

    def is_adoptable(self, copy: Properties) -> bool:
        """Tell whether a backup is a copy of one of the sources, under a key of this account."""
        return copy["source_backup_id"] in self.sources and f":{ACCOUNT_ID}:" in copy["kms_key_arn"]

    def is_tagged(self, backup: Properties, tag: str | None) -> None:
        """Note that an attacker has written a tag: a copy that matches in all facts, too, may be resumed for it."""
        own = Ownership.parse(tag)
        numbers = {number for number, stack in enumerate(self.stacks) if own and own.owner_id == stack.owner_id}
        if numbers:
            self.forged.add(backup["id"])
        if numbers and self.is_adoptable(backup):
            self.adopters.setdefault(backup["id"], set()).update(numbers)

    def _is_deleted(self, region: str, backup_id: str) -> None:
        if self.acting is None:  # a test that judges for itself
            return
        stack, command = self.acting
        copy = self.alive().get(backup_id)
        if copy is None or backup_id in self.removed:
            return
        others = [s for s in self.stacks if s is not stack and backup_id in _ids(s) - _ids_moved_to(s, stack)]
        own = [*stack.states.values(), *(old for _, old in stack.replaced)]
        sources = [state.outputs["source_backup_id"] for state in own if state.id == backup_id]
        if copy["source_backup_id"] not in sources:
            self.violations.append(f"(g) {command} of {_title(stack)} deletes {backup_id}, which its state has not")
        adopters = self.adopters.get(backup_id, set())
        entries = [*stack.states.values(), *(old for _, old in stack.replaced)]
        # Its adopter said so, or never got to it.
        took_it = self.stacks.index(stack) in adopters or (adopters and _is_tagged(copy, entries))
        if others and not took_it:
            self.violations.append(f"(e) {command} of {_title(stack)} deletes {backup_id}, which another stack holds")
        if command == "destroy":
            return
        # What is pending deletion, or not declared any more, is about to be deleted, too.
        if any(stack.states[urn].id == backup_id for urn in stack.registered & stack.states.keys()):
            self.violations.append(f"(e) {command} of {_title(stack)} deletes {backup_id}, which another entry holds")
        if command != "up" or not self._has_reason(stack, region, backup_id):
            self.violations.append(f"(a) {command} of {_title(stack)} deletes {backup_id} in {region} for no reason")

    def _has_reason(self, stack: WholeStack, region: str, backup_id: str) -> bool:
        source = self.copies[backup_id]
        held = {urn: state.id for urn, state in stack.states.items()}
        there = self.available()
        others = {id_ for urn, id_ in held.items() if _is_dr(urn)} & there

        def may_leave(urn: str) -> bool:
            if not _is_dr(urn):
                return StateCopy(urn, "", {}).name not in stack.code.copies
            return self._may_leave(stack, region, backup_id, others)

        replaced = [urn for urn, state in stack.replaced if state.id == backup_id]
        same = {id_ for urn, id_ in held.items() if urn in replaced or self.copies[id_] == source}
        has_successor = bool(same & (there | self.removed) - {backup_id})
        entries = [urn for urn, id_ in held.items() if id_ == backup_id]
        return bool(replaced or entries) and all(
            [has_successor or may_leave(urn) for urn in replaced] + [may_leave(urn) for urn in entries]
        )

    def _may_leave(self, stack: WholeStack, region: str, backup_id: str, others: set[str]) -> bool:
        source = self.copies[backup_id]
        file_system = self.file_system_of(source)
        wishes = [
            (args["region"], args.get("keep", 7))
            for args in stack.code.regions.values()
            if any(wish.get("file_system_id") == file_system for wish in args["sources"])
        ]
        if not wishes:
            return True
        alive = self.alive()
        same = {id_ for id_ in others - {backup_id} if self.file_system_of(self.copies[id_]) == file_system}
        numbers = [_least_newer(keep) for where, keep in wishes if where == region]
        if not numbers:
            return any(alive[id_]["region"] in {where for where, _ in wishes} for id_ in same)
        here = {self.copies[id_] for id_ in same if alive[id_]["region"] == region}
        newer = {other for other in here if self.sources[other][1] > self.sources[source][1]}
        return source in here or (len(newer) >= min(numbers) and not self.is_dark)


def _ids(stack: WholeStack) -> set[str]:
    return {state.id for state in stack.states.values()}


def _ids_moved_to(stack: WholeStack, former: WholeStack | None = None) -> set[str]:
    """Return the copies whose entries came from another stack, and whose tags no `up` here has written since.

    Until then tag and entry name the former stack. If that one still declares such a copy, it resumes it.
    """
    owners = {state.id: Ownership.parse(state.outputs.get("managed_by")) for state in stack.states.values()}
    foreign = {id_: own.owner_id for id_, own in owners.items() if own and own.owner_id != stack.owner_id}
    return {id_ for id_, owner_id in foreign.items() if former is None or owner_id == former.owner_id}


def _is_tagged(copy: Properties, entries: Iterable[State]) -> bool:
    """Tell whether a copy's tag is that of one of some entries."""
    tag = ownership_of(copy["tags"])
    return tag is not None and tag in {Ownership.parse(entry.outputs.get("managed_by")) for entry in entries}


def _least_newer(keep: Keep) -> int:
    """Return how many newer ones there are at least when a copy goes; each rule by time leaves one, or more."""
    return keep if isinstance(keep, int) else keep.get("last", 1)


def _is_dr(urn: str) -> bool:
    return StateCopy(urn, "", {}).is_of_dr_region


def _declared(code: Code) -> set[str]:
    sources = [source for args in code.regions.values() for source in args["sources"]]
    return {source["file_system_id"] for source in sources if "file_system_id" in source}


def _texts(stack: WholeStack) -> list[str]:
    entries = [*stack.states.items(), *((f"replaced {urn}", old) for urn, old in stack.replaced)]
    return [f"{urn}: {state.id} {state.outputs.get('managed_by')} {state.errors}" for urn, state in entries]


def _title(stack: WholeStack) -> str:
    return f"{stack.project}/{stack.name}"


stacks = st.sampled_from([0, 0, 0, 0, 1, 2])
keeps: st.SearchStrategy[Keep] = st.sampled_from([1, 2, {"daily": 1}, {"last": 2, "within": "1h"}])
moments = st.tuples(
    st.sampled_from(
        ["CopyBackup", "DescribeBackups", "TagResource", "DeleteBackup", "UntagResource", "the engine's write"]
    ),
    st.sampled_from(["before", "after"]),
    st.integers(0, 3),
)


class Life(RuleBasedStateMachine):
    """Stacks of two names and two backends over whatever happens to them."""

    knobs: ClassVar[tuple[Properties, ...]] = KNOBS

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        self.former = provider.current()
        # FSx sorts by id, so a life that is lived again needs the same ones.
        numbers = random.Random(0)  # noqa: S311  # ids of a simulator
        self.ids = patch("simulator.fsx.regions.uuid4", lambda: uuid.UUID(int=numbers.getrandbits(128)))
        self.ids.start()
        self.world = World(data.draw(st.sampled_from(self.knobs), label="knobs"))
        self.shown: list[str] = []  # by all runs that were not killed
        self.failures = 0  # how many copies are to FAIL at most
        self.checkpoints: list[tuple[int, dict[str, State], list[tuple[str, State]], str]] = []
        self.keys = [None, key_named("dr")]
        for file_system in (0, 1):
            self.world.new_backup(file_system)
        self.declare_region(0, "dr", AWAY, data.draw(keeps, label="keep"), {0})

    def teardown(self) -> None:
        self.ids.stop()
        provider.start(self.former)

    # What the program says.

    @rule(
        number=stacks,
        name=st.sampled_from(REGION_NAMES),
        region=st.sampled_from([AWAY, AWAY, FAR]),
        keep=keeps,
        sources=st.sets(st.sampled_from([0, 1]), min_size=1),
    )
    def declare_region(self, number: int, name: str, region: str, keep: Keep, sources: set[int]) -> None:
        wishes = [{"file_system_id": self.world.file_systems[n], "region": HOME} for n in sorted(sources)]
        args = {"region": region, "keep": keep, "sources": wishes}
        code = self.world.stacks[number].code
        self._write(number, replace(code, regions={**code.regions, name: args}))

    @rule(number=stacks, name=st.sampled_from(REGION_NAMES))
    def take_region_out(self, number: int, name: str) -> None:
        code = self.world.stacks[number].code
        self._write(number, replace(code, regions={n: args for n, args in code.regions.items() if n != name}))

    @rule(number=stacks, put_under_another_parent=st.booleans())
    def rename_regions(self, number: int, put_under_another_parent: bool) -> None:  # noqa: FBT001  # Hypothesis names it
        code = self.world.stacks[number].code
        if put_under_another_parent:
            self._write(number, replace(code, under="" if code.under else APP))
            return
        other = dict(zip(REGION_NAMES, reversed(REGION_NAMES), strict=True))
        self._write(number, replace(code, regions={other[n]: args for n, args in code.regions.items()}))

    @rule(number=stacks, key=st.sampled_from([0, 1]))
    def change_key(self, number: int, key: int) -> None:
        """Change it where that can be done: a copy is adopted with the key that it has."""

        def change(args: Properties) -> Properties:
            can_be = args["region"] == AWAY and "adopt_backup_id" not in args
            return args | ({"kms_key_id": self.keys[key]} if can_be else {})

        self._change(number, change)

    @rule(number=stacks, team=st.sampled_from("ab"))
    def change_tags(self, number: int, team: str) -> None:
        self._change(number, lambda args: args | {"tags": {"team": team}})

    @rule(number=stacks, name=st.sampled_from(COPY_NAMES), data=st.data())
    def declare_copy(self, number: int, name: str, data: st.DataObject) -> None:
        code = self.world.stacks[number].code
        source = data.draw(st.sampled_from(sorted(self.world.sources, key=lambda s: self.world.sources[s][1])))
        self._write(number, replace(code, copies={**code.copies, name: copy_args(source)}))

    @rule(number=stacks, name=st.sampled_from(COPY_NAMES))
    def take_copy_out(self, number: int, name: str) -> None:
        code = self.world.stacks[number].code
        self._write(number, replace(code, copies={n: args for n, args in code.copies.items() if n != name}))

    @precondition(lambda self: self.world.alive())
    @rule(number=stacks, name=st.sampled_from(COPY_NAMES), data=st.data())
    def adopt_a_copy(self, number: int, name: str, data: st.DataObject) -> None:
        world, code = self.world, self.world.stacks[number].code
        there = {id_: copy for id_, copy in world.alive().items() if world.is_adoptable(copy)}
        if not there:
            return
        copy = data.draw(st.sampled_from(list(there)))
        source = self.world.copies[copy]
        args = copy_args(source, region=there[copy]["region"], adopt_backup_id=copy)
        if all(other.get("adopt_backup_id") != copy for other in code.copies.values()):
            self.world.adopters.setdefault(copy, set()).add(number)
            self._write(number, replace(code, copies={**code.copies, name: args}))
            self._try(self.world.stacks[number], "up", self.world.stacks[number].deploy)

    # What happens in AWS.

    @rule(file_system=st.sampled_from([0, 0, 1]))
    def new_backup(self, file_system: int) -> None:
        self.world.new_backup(file_system)

    @rule(data=st.data())
    def a_source_expires(self, data: st.DataObject) -> None:
        there = {backup["id"] for backup in self.world.service.backups(HOME)} & self.world.sources.keys()
        if there:
            oldest_first = sorted(there, key=lambda s: self.world.sources[s][1])
            self.world.service.remove_backup(HOME, data.draw(st.sampled_from(oldest_first)))

    @rule(data=st.data())
    def somebody_deletes_a_copy(self, data: st.DataObject) -> None:
        if there := self.world.alive():
            copy = data.draw(st.sampled_from(sorted(there, key=list(there).index)))
            self.world.service.remove_backup(there[copy]["region"], copy)
            self.world.removed.add(copy)

    @rule(seconds=st.sampled_from([3.0, 100.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.service.clock.sleep(seconds)

    @rule(trouble=st.sampled_from([HOME, HOME, AWAY, "CopyBackup", "TagResource", "DeleteBackup"]))
    def a_region_goes_dark_or_an_action_is_denied(self, trouble: str) -> None:
        if trouble in (HOME, AWAY):
            self.world.is_dark |= trouble == HOME
            self.world.service.make_unreachable(trouble, "unavailable")
        else:
            self.world.service.add_fault("access_denied", trouble)

    @precondition(lambda self: self.failures < 3)
    @rule()
    def a_copy_is_going_to_fail(self) -> None:
        self.world.service.fail_copies("an internal error")
        self.failures += 1

    @rule()
    def all_faults_are_lifted(self) -> None:
        self.world.is_dark = False
        self.world.service.lift_fault()

    # What people do to states.

    @rule(number=stacks, data=st.data())
    def forget_an_entry(self, number: int, data: st.DataObject) -> None:
        stack = self.world.stacks[number]
        if stack.states:
            urn = data.draw(st.sampled_from(list(stack.states)))
            self.world.released.add(stack.states.pop(urn).id)

    @rule(number=stacks, data=st.data())
    def rename_an_entry(self, number: int, data: st.DataObject) -> None:
        stack = self.world.stacks[number]
        if stack.states:
            urn = data.draw(st.sampled_from(list(stack.states)))
            name = data.draw(st.sampled_from(["dr-x", *COPY_NAMES, *(f"dr-{source}" for source in self.world.sources)]))
            self._move(stack, urn, stack, f"{urn.rpartition('::')[0]}::{name}")

    @rule(number=stacks, other=stacks, data=st.data())
    def move_an_entry(self, number: int, other: int, data: st.DataObject) -> None:
        stack, to = self.world.stacks[number], self.world.stacks[other]
        if stack.states and number != other:
            urn = data.draw(st.sampled_from(list(stack.states)))
            types, name = urn.split("::", 3)[2:]
            self._move(stack, urn, to, to.urn_of(name, types))

    @rule(number=stacks, name=st.sampled_from(["prod", "other"]), project=st.sampled_from(["files", "shares"]))
    def rename_stack_and_project(self, number: int, name: str, project: str) -> None:
        stack = self.world.stacks[number]
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
        stack = self.world.stacks[number]
        self.checkpoints.append((number, dict(stack.states), list(stack.replaced), f"{stack.name}::{stack.project}"))

    @precondition(lambda self: self.checkpoints)
    @rule(data=st.data())
    def import_a_checkpoint(self, data: st.DataObject) -> None:
        kept = data.draw(st.sampled_from(range(len(self.checkpoints))))
        number, states, replaced, names = self.checkpoints[kept]
        stack = self.world.stacks[number]
        elsewhere = {state.id for s in self.world.stacks if s is not stack for state in s.states.values()}
        ids = {state.id for state in [*states.values(), *(old for _, old in replaced)]}
        if names != f"{stack.name}::{stack.project}" or ids & elsewhere:
            return
        self.world.released |= {state.id for state in stack.states.values()} - ids
        stack.states, stack.replaced = dict(states), list(replaced)

    # Commands.

    @rule(number=stacks, continue_on_error=st.booleans(), data=st.data())
    def up(self, number: int, continue_on_error: bool, data: st.DataObject) -> None:  # noqa: FBT001  # Hypothesis names it
        stack = self.world.stacks[number]
        replacing = data.draw(self._names(stack), label="--replace")
        self._try(stack, "up", lambda: stack.deploy(continue_on_error=continue_on_error, replacing=replacing))

    @rule(number=stacks, fails=st.booleans(), continue_on_error=st.booleans())
    def up_for_a_new_backup(self, number: int, fails: bool, continue_on_error: bool) -> None:  # noqa: FBT001  # as above
        self.world.new_backup(0)
        if fails and self.failures < 3:
            self.a_copy_is_going_to_fail()
        stack = self.world.stacks[number]
        self._try(stack, "up", lambda: stack.deploy(continue_on_error=continue_on_error))

    @rule(number=stacks, region=st.sampled_from([AWAY, AWAY, FAR]), keep=keeps)
    def up_in_the_dark_with_other_arguments(self, number: int, region: str, keep: Keep) -> None:
        self.a_region_goes_dark_or_an_action_is_denied(HOME)
        self._change(
            number, lambda args: args if "source_backup_id" in args else args | {"region": region, "keep": keep}
        )
        stack = self.world.stacks[number]
        self._try(stack, "up", stack.deploy)
        self.all_faults_are_lifted()

    @rule(number=stacks, moment=moments, command=st.sampled_from(["up", "up", "up", "refresh", "destroy"]))
    def killed(self, number: int, moment: tuple[str, str, int], command: str) -> None:
        stack = self.world.stacks[number]
        action, when, count = moment
        run = stack.run()
        if action == "the engine's write":
            stack.before_writing = run.kill
        else:
            self.world.wire.after_calls(count, action, when, run.kill)
        commands = {
            "up": lambda: stack.deploy(run=run),
            "refresh": stack.refresh,
            "destroy": lambda: stack.destroy(run=run),
        }
        self._try(stack, command, commands[command])
        stack.before_writing = None
        self.world.wire.at_call.clear()

    @rule(number=stacks, at=st.integers(0, 2))
    def up_with_ctrl_c(self, number: int, at: int) -> None:
        stack = self.world.stacks[number]
        self._try(stack, "up", lambda: stack.deploy(interrupted_at=at))

    @rule(number=stacks, other=stacks, moment=moments)
    def up_while_another_stack_ups(self, number: int, other: int, moment: tuple[str, str, int]) -> None:
        stack, beside = self.world.stacks[number], self.world.stacks[other]
        action, when, count = moment
        if stack is beside:
            return
        happens = functools.partial(self._try, beside, "up", beside.deploy)
        if action == "the engine's write":
            stack.before_writing = happens
        else:
            self.world.wire.after_calls(count, action, when, happens)
        self._try(stack, "up", stack.deploy)
        stack.before_writing = None
        self.world.wire.at_call.clear()

    @rule(number=stacks)
    def preview(self, number: int) -> None:
        stack = self.world.stacks[number]
        before = dict(stack.states)
        self._try(stack, "preview", stack.changes)
        assert stack.states == before

    @rule(number=stacks)
    def refresh(self, number: int) -> None:
        stack = self.world.stacks[number]
        self._try(stack, "refresh", stack.refresh)

    @rule(number=stacks)
    def destroy(self, number: int) -> None:
        stack = self.world.stacks[number]
        self._try(stack, "destroy", stack.destroy)

    @rule()
    def all_is_well_again(self) -> None:
        """Lift all faults and run each stack until its `up` goes through, which it does at the second try."""
        world = self.world
        self.all_faults_are_lifted()
        world.service.clock.sleep(1000)
        refused = set()
        for stack in world.stacks:
            self._take_out_what_cannot_be(stack)
            converges_late = self._converges_late(stack)
            errors: list[str] = []
            for _ in range(2 + self.failures):
                failed = self._try(stack, "up", stack.deploy)
                if not failed:
                    break
                errors.append(failed)
                world.service.clock.sleep(FSX_SETTLES)
            else:
                refusal = self._try(stack, "preview", stack.changes)
                refused.add(id(stack))
                if not refusal:
                    world.violations.append(f"(d) up of {_title(stack)} fails for ever: {errors[-2:]}")
            if converges_late and id(stack) not in refused:
                self._try(stack, "up", stack.deploy)

        world.service.clock.sleep(FSX_SETTLES)
        for stack in world.stacks:
            if id(stack) not in refused and (changes := self._changes_of(stack)):
                world.violations.append(f"(f) the preview of {_title(stack)} after a good run shows {changes}")
        self._require_all_held_or_named()
        for stack in world.stacks:
            if id(stack) not in refused:
                self._do_as_warned(stack)
                self._require_newest(stack)

    def _converges_late(self, stack: WholeStack) -> bool:
        """Tell whether a good run leaves something to the next one."""
        ids = [state.id for state in stack.states.values()]
        # What is gone from AWS does not count, and yet a change of the key makes it anew: one copy more than asked. Of
        # two entries with one copy, the one that stays writes its tag once the other has left the state.
        return self._holds_what_is_gone(stack) or len(set(ids)) < len(ids)

    def _holds_what_is_gone(self, stack: WholeStack) -> bool:
        return bool(_ids(stack) - self.world.alive().keys())

    def _do_as_warned(self, stack: WholeStack) -> None:
        """Refresh a state with copies that are gone from AWS."""
        if self._holds_what_is_gone(stack):
            self._try(stack, "refresh", stack.refresh)
            self._try(stack, "up", stack.deploy)

    def _require_newest(self, stack: WholeStack) -> None:
        """Require that each DrRegion has the newest recovery point, from which `latest` and readiness follow."""
        world, there, alive = self.world, self.world.available(), self.world.alive()
        present = {backup["id"] for backup in world.service.backups(HOME)} & world.sources.keys()
        for args in stack.code.regions.values():
            entries = [s for s in stack.states.values() if s.id in there and s.outputs["region"] == args["region"]]
            # The copy of a backup that has expired is a recovery point, too, but its key cannot be changed any more.
            points = present | {entry.outputs["source_backup_id"] for entry in entries}
            for file_system in (source["file_system_id"] for source in args["sources"]):
                of_it = [source for source in points if world.file_system_of(source) == file_system]
                newest = max(of_it, key=lambda source: world.sources[source][1], default=None)
                keys = {alive[s.id]["kms_key_arn"] for s in entries if s.outputs["source_backup_id"] == newest}
                if newest and not keys:
                    world.violations.append(f"(h) {_title(stack)} has no copy of {newest} in {args['region']}")
                if newest in present and keys and args.get("kms_key_id") not in {None, *keys}:
                    world.violations.append(f"(h) {_title(stack)} has a copy of {newest} under another key: {keys}")

    def _require_all_held_or_named(self) -> None:
        """Require of each copy that is in no state that a run has named it, if a stack has its owner id."""
        world, text = self.world, "\n".join(self.shown)
        entries = {state.id for stack in world.stacks for state in stack.states.values()}
        entries |= {state.id for stack in world.stacks for _, state in stack.replaced}
        for id_, copy in world.alive().items():
            tag = ownership_of(copy["tags"])
            owner = next((stack for stack in world.stacks if tag and stack.owner_id == tag.owner_id), None)
            if copy["source_backup_id"] is None or owner is None or id_ in entries:
                continue
            # Where its program declares nothing, a stack does not look for copies that people made its state forget, or
            # on which an attacker wrote its owner id.
            is_looked_for = copy["region"] in {args["region"] for args in owner.code.regions.values()}
            known = set() if is_looked_for else world.released | world.adopters.keys() | world.forged
            if id_ not in known and id_ not in text:
                world.violations.append(f"(c) {id_} in {copy['region']} ({tag}) is in no state, and no run names it")

    def _take_out_what_cannot_be(self, stack: WholeStack) -> None:
        """Do what a person does whose single copy cannot be made, or adopted, any more."""
        there, alive = {backup["id"] for backup in self.world.service.backups(HOME)}, self.world.available()
        held = [(StateCopy(u, "", {}).name, self.world.copies[s.id]) for u, s in stack.states.items() if s.id in alive]

        def can_be(name: str, args: Properties) -> bool:
            if (name, args["source_backup_id"]) in held:
                return True
            adopted = args.get("adopt_backup_id")
            return args["source_backup_id"] in there if not adopted else adopted in alive and "kms_key_id" not in args

        stack.code = replace(stack.code, copies={n: args for n, args in stack.code.copies.items() if can_be(n, args)})

    @invariant()
    def nothing_is_violated(self) -> None:
        note(f"sources {self.world.sources}; copies {self.world.copies}")
        assert not self.world.violations, "\n".join(self.world.violations)

    @invariant()
    def every_copy_in_a_state_is_under_a_key_of_this_account(self) -> None:
        keys = {id_: copy["kms_key_arn"] for id_, copy in self.world.alive().items()}
        held = set().union(*map(_ids, self.world.stacks)) & keys.keys()
        assert not [id_ for id_ in held if f":{ACCOUNT_ID}:" not in keys[id_]]

    @invariant()
    def never_more_than_five_run_in_a_region(self) -> None:
        assert max(self.world.service.max_running().values(), default=0) <= 5

    def _write(self, number: int, code: Code) -> None:
        self.world.stacks[number].code = code

    def _change(self, number: int, change: Callable[[Properties], Properties]) -> None:
        code = self.world.stacks[number].code
        regions = {n: change(dict(args)) for n, args in code.regions.items()}
        self._write(number, replace(code, regions=regions, copies={n: change(dict(a)) for n, a in code.copies.items()}))

    def _names(self, stack: WholeStack) -> st.SearchStrategy[set[str]]:
        names = sorted({StateCopy(urn, "", {}).name for urn in stack.states})
        return st.just(set()) | (st.sets(st.sampled_from(names), max_size=1) if names else st.nothing())

    def _move(self, stack: WholeStack, urn: str, to: WholeStack, new: str) -> None:
        if new not in to.states:
            to.states[new] = stack.states.pop(urn)

    def _changes_of(self, stack: WholeStack) -> list[str]:
        with self.world.command(stack, "preview"):
            return stack.changes()

    def _try(self, stack: WholeStack, command: str, act: Callable[[], object]) -> str:
        """Run a command, and return the errors that it ends with."""
        failed = ""
        with self.world.command(stack, command):
            try:
                act()
            except FailedError as error:
                failed = str(error)
            except (Killed, CallCancelledError):
                failed = "killed"
        if failed != "killed":
            self.shown += [*stack.said, failed]
        note(f"{command} of {_title(stack)}: {failed or 'good'}; said {stack.said}")
        note(f"    {stack.code}; {_texts(stack)}; {self.world}")
        event(f"{command} {'ends well' if not failed else 'is killed' if failed == 'killed' else 'fails'}")
        return failed
