"""The oracle of the state machine: it knows AWS and the stacks, and which deletes are justified."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pulumi_fsx_dr import provider
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG, Ownership, ownership_of
from pulumi_fsx_dr.rules.retention import Keep

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from simulator.fsx.regions import ACCOUNT_ID
from tests.engine.process import Properties
from tests.engine.program_stack import Code, ProgramStack, is_dr, name_of
from tests.engine.stack import State
from tests.engine.wire import SharedClock, Wire

FAR = "us-east-1"
COPY_SECONDS = 4.0
FSX_SETTLES = 60.0  # seconds after which FSx shows all tags and deletions, with any of these settings

FSX_SETTINGS: tuple[Properties, ...] = (
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
class Simulation:
    """AWS, the stacks, and the knowledge of the oracle."""

    fsx_settings: Properties = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.service = FsxService(SharedClock(), copy_seconds=COPY_SECONDS)
        self.service.configure(**self.fsx_settings)
        self.wire = Wire(self.service)
        self.wire.deleting = self._is_deleted
        self.file_systems = [self.service.seed_file_system(HOME, kind) for kind in ("WINDOWS", "OPENZFS")]
        self.sources: dict[str, tuple[str, float]] = {}  # file system and time, by backup
        self.copies: dict[str, str] = {}  # source backup, by copy; includes deleted copies
        self.stacks = [ProgramStack(self.wire, name) for name in ("prod", "dev", "prod")]
        self.acting: tuple[ProgramStack, str] | None = None
        self.last: ProgramStack | None = None  # the last stack that ran a command
        self.removed: set[str] = set()  # copies deleted outside Pulumi, or with consent
        self.forged: set[str] = set()  # copies with a forged owner id of a stack
        self.adopters: dict[str, set[int]] = {}  # numbers of the stacks that adopt a copy, by copy
        self.is_unreachable = False  # whether the source Region is unreachable
        self.has_quota = False
        self.released: set[str] = set()  # copies that were removed from a state manually
        self.violations: list[str] = []

    def new_backup(self, file_system: int) -> str:
        """Make a backup of a file system; no two backups have the same second."""
        self.service.clock.sleep(2)
        made = self.service.seed_backup(HOME, self.file_systems[file_system])
        self.sources[made] = (self.file_systems[file_system], self.service.now())
        return made

    def set_quota(self, backups: int) -> None:
        """Set the quota of user-initiated backups in a Region."""
        self.service.configure(user_initiated_backups=backups)
        self.has_quota = True

    def alive(self) -> dict[str, Any]:
        """Return the existing copies with their Region."""
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
    def command(self, stack: ProgramStack, name: str) -> Iterator[None]:
        """Check one command: file systems in a state keep a copy unless the command removes it intentionally."""
        before = {id(s): self._kept(s) for s in self.stacks}
        former, self.acting = self.acting, (stack, name)
        if former is None and self.last is not stack:
            # If two states have one copy, its tag decides about the owner, and tags may be visible late.
            self.service.clock.sleep(self.fsx_settings.get("tags_shown_after_seconds", 0))
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
            # Only now is it known which copies another stack adopted, or resumed because of a forged tag.
            taken = set() if other is stack else self._taken_from(other)
            covered = [self._file_systems_of(copies - taken) for copies in (before[id(other)], self._kept(other))]
            if lost := covered[0] & _declared(other.code) - covered[1]:
                self.violations.append(f"(b) {name} of {title(stack)} left {title(other)} no copy of {lost}")

    def _kept(self, stack: ProgramStack) -> set[str]:
        """Return the AVAILABLE copies of DrRegions in the state of a stack."""
        return self.available() & {state.id for urn, state in stack.states.items() if is_dr(urn)}

    def _taken_from(self, stack: ProgramStack) -> set[str]:
        adopted = {id_ for id_, adopters in self.adopters.items() if adopters - {self.stacks.index(stack)}}
        return adopted | ids_moved_to(stack)

    def _file_systems_of(self, copies: set[str]) -> set[str]:
        return {self.file_system_of(self.copies[id_]) for id_ in copies}

    def is_adoptable(self, copy: Properties) -> bool:
        """Whether a backup is a copy of one of the sources, under a key of this account."""
        return copy["source_backup_id"] in self.sources and f":{ACCOUNT_ID}:" in copy["kms_key_arn"]

    def note_forged_tag(self, backup: Properties, tag: str | None) -> None:
        """Record a forged tag: a copy that otherwise matches may be resumed because of it."""
        own = Ownership.parse(tag)
        numbers = {number for number, stack in enumerate(self.stacks) if own and own.owner_id == stack.owner_id}
        if numbers:
            self.forged.add(backup["id"])
        if numbers and self.is_adoptable(backup):
            self.adopters.setdefault(backup["id"], set()).update(numbers)

    def _is_deleted(self, region: str, backup_id: str) -> None:
        if self.acting is None:  # the test checks deletes itself
            return
        stack, command = self.acting
        copy = self.alive().get(backup_id)
        if copy is None or backup_id in self.removed:
            return
        own = [*stack.states.values(), *(old for _, old in stack.replaced)]
        # An entry may have moved to two stacks, because its former stack resumed the copy in between.
        former = {stack.owner_id} | {owner_of(state) for state in own if state.id == backup_id}
        others = [s for s in self.stacks if s is not stack and backup_id in state_ids(s) - ids_moved_to(s, former)]
        sources = [state.outputs["source_backup_id"] for state in own if state.id == backup_id]
        if copy["source_backup_id"] not in sources:
            self.violations.append(f"(g) {command} of {title(stack)} deletes {backup_id}, which is not in its state")
        adopters = self.adopters.get(backup_id, set())
        # The adopter succeeded, or never started.
        took_it = self.stacks.index(stack) in adopters or (adopters and _is_tagged(copy, own))
        if others and not took_it:
            self.violations.append(f"(e) {command} of {title(stack)} deletes {backup_id}, which another state contains")
        if command == "destroy":
            return
        # Entries that are pending deletion or undeclared are about to be deleted too.
        if any(stack.states[urn].id == backup_id for urn in stack.registered & stack.states.keys()):
            self.violations.append(f"(e) {command} of {title(stack)} deletes {backup_id}, which another entry has")
        if command != "up" or not self._has_reason(stack, region, backup_id):
            self.violations.append(f"(a) {command} of {title(stack)} deletes {backup_id} in {region} without a reason")

    def _has_reason(self, stack: ProgramStack, region: str, backup_id: str) -> bool:
        source = self.copies[backup_id]
        ids = {urn: state.id for urn, state in stack.states.items()}
        there = self.available()
        others = {id_ for urn, id_ in ids.items() if is_dr(urn)} & there

        def may_be_deleted(urn: str) -> bool:
            if not is_dr(urn):
                return name_of(urn) not in stack.code.copies
            return self._may_be_deleted(stack, region, backup_id, others)

        replaced = [urn for urn, state in stack.replaced if state.id == backup_id]
        same = {id_ for urn, id_ in ids.items() if urn in replaced or self.copies[id_] == source}
        has_successor = bool(same & (there | self.removed) - {backup_id})
        entries = [urn for urn, id_ in ids.items() if id_ == backup_id]
        return bool(replaced or entries) and all(
            [has_successor or may_be_deleted(urn) for urn in replaced] + [may_be_deleted(urn) for urn in entries]
        )

    def _may_be_deleted(self, stack: ProgramStack, region: str, backup_id: str, others: set[str]) -> bool:
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
        here = {self.copies[id_]: self._latest_time(alive[id_]) for id_ in same if alive[id_]["region"] == region}
        newer = {other for other, time in here.items() if time > self.sources[source][1]}
        if self.has_quota and here:  # a newer copy needs room
            of_same = {other for other in self.sources if self.file_system_of(other) == file_system}
            newer = {other for other in of_same if self.sources[other][1] > self.sources[source][1]}
        return source in here or (len(newer) >= min(numbers) and not self.is_unreachable)

    def _latest_time(self, copy: Properties) -> float:
        """Return the time that a stack may assume for a copy: if its source has expired, that of the copy itself."""
        source = copy["source_backup_id"]
        is_expired = source not in {backup["id"] for backup in self.service.backups(HOME)}
        return max(self.sources[source][1], copy["created"] if is_expired else 0)


def state_ids(stack: ProgramStack) -> set[str]:
    return {state.id for state in stack.states.values()}


def owner_of(entry: State) -> str:
    own = Ownership.parse(entry.outputs.get("managed_by"))
    return own.owner_id if own else ""


def ids_moved_to(stack: ProgramStack, former: Collection[str] | None = None) -> set[str]:
    """Return copies of moved entries whose tags no `up` of this stack has written yet.

    Until then, tag and entry name the former stack, which resumes such a copy if it still declares it.

    Args:
        former: owner ids of former stacks; None for all.
    """
    owners = {state.id: owner_of(state) for state in stack.states.values()}
    foreign = {id_: owner for id_, owner in owners.items() if owner not in ("", stack.owner_id)}
    return {id_ for id_, owner in foreign.items() if former is None or owner in former}


def _is_tagged(copy: Properties, entries: Iterable[State]) -> bool:
    """Whether a copy has the tag of one of these entries."""
    tag = ownership_of(copy["tags"])
    return tag is not None and tag in {Ownership.parse(entry.outputs.get("managed_by")) for entry in entries}


def _least_newer(keep: Keep) -> int:
    """Return the minimum number of newer copies when a copy is deleted; rules by time keep at least one."""
    return keep if isinstance(keep, int) else keep.get("last", 1)


def _declared(code: Code) -> set[str]:
    sources = [source for args in code.regions.values() for source in args["sources"]]
    return {source["file_system_id"] for source in sources if "file_system_id" in source}


def texts(stack: ProgramStack) -> list[str]:
    entries = [*stack.states.items(), *((f"replaced {urn}", old) for urn, old in stack.replaced)]
    return [f"{urn}: {state.id} {state.outputs.get('managed_by')} {state.errors}" for urn, state in entries]


def title(stack: ProgramStack) -> str:
    return f"{stack.project}/{stack.name}"
