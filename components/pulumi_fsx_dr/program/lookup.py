"""The lookups of a program: its state, the sources, and existing copies."""

import functools
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import pulumi

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.engine.stack_state import StackState, stack_state
from pulumi_fsx_dr.errors import ServiceError, TransientError
from pulumi_fsx_dr.fsx.backup import Backup, FileSystem, Fsx
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.fsx.file_system import with_storage_types
from pulumi_fsx_dr.rules.region_plan import PlannedCopy
from pulumi_fsx_dr.rules.sources import FileSystems
from pulumi_fsx_dr.runtime.hints import Hints
from pulumi_fsx_dr.runtime.listing import Listing, RegionCache
from pulumi_fsx_dr.runtime.provider_runtime import Connect, ProviderRuntime
from pulumi_fsx_dr.runtime.region import Region

from .per_run import begin_anew, once_a_run

_T = TypeVar("_T")


class Lookup:
    """State and FSx as one run of a program sees them; engine, Regions and file systems are queried once.

    Attributes:
        declared_names: names of the BackupCopies that the program has declared so far.
        planned: the copy of a DrRegion that is being declared, by name; taken out when its hints are made. Names alone
            do not tell the copies of DrRegions under two parents apart.
        warnings: for the user, about source Regions that did not answer.
    """

    def __init__(self, runtime: ProviderRuntime, owner_id: str | None = None) -> None:
        """Begin.

        Args:
            runtime: makes the Regions.
            owner_id: the owner id of the stack; by default the state has it.
        """
        self._runtime = runtime
        self._owner_id = owner_id
        self._is_preview = pulumi.runtime.is_dry_run()
        self._unreachable: set[str] = set()  # source Regions, named in a warning
        self._silent: set[str] = set()  # other Regions that did not answer
        self._dr_regions: set[str] = set()
        self.declared_names: set[str] = set()
        self.planned = dict[str, PlannedCopy]()
        self.warnings: list[str] = []
        self.backups_of = functools.cache(self._backups_of)
        self.file_systems_in = functools.cache(self._file_systems_in)
        self.resolved_key = functools.cache(self._resolved_key)
        self._listing = RegionCache(self._list)
        self._file_systems = RegionCache(lambda region: self._source_region(region).file_systems())
        self._by_file_system = functools.cache(self._backups_by_file_system)

    @property
    def state(self) -> tuple[StateCopy, ...]:
        """The copies that were in the state when it was first read.

        Raises:
            InvalidSettingsError: the engine does not return the state.
            InvalidStateError: an entry is damaged.
        """
        return self._stack.copies

    @property
    def owner_id(self) -> str:
        """The owner id of the stack that was in the state then; "" in its first run."""
        return self._stack.owner_id if self._owner_id is None else self._owner_id

    @functools.cached_property
    def _stack(self) -> StackState:
        return stack_state()

    @functools.cached_property
    def related(self) -> Callable[[str, Any], tuple[StateCopy, ...]]:
        """Return a function that finds the state entries with a logical name or of a source backup."""
        by_name, by_source = self._index

        def related(name: str, source_backup_id: Any) -> tuple[StateCopy, ...]:
            same = by_source.get(source_backup_id, ()) if isinstance(source_backup_id, str) else ()
            return (*by_name.get(name, ()), *(copy for copy in same if copy.name != name))

        return related

    def hints(self, owner_id: str, name: str, source_backup_id: Any, planned: PlannedCopy | None) -> Hints:
        """Return what the provider must know of a copy that the program declares; `planned` if a DrRegion does."""
        state = self.related(name, source_backup_id)
        return Hints(owner_id, state, planned.expired, planned.siblings) if planned else Hints(owner_id, state)

    @functools.cached_property
    def _index(self) -> tuple[dict[str, list[StateCopy]], dict[str, list[StateCopy]]]:
        # Once for all: to go through the whole state for each of 1,000 copies would take a million steps.
        by_name, by_source = defaultdict(list), defaultdict(list)
        for copy in self.state:
            by_name[copy.name].append(copy)
            by_source[copy.source_backup_id].append(copy)
        return by_name, by_source

    def ask_ahead(self, dr_regions: Iterable[str], sources: Iterable[Mapping[str, Any]]) -> None:
        """List all Regions in parallel, so that several unreachable ones take as long as one."""
        self._dr_regions.update(dr_regions)
        sources = [source for source in sources if "backup_id" not in source]
        of_sources = {source["region"] for source in sources}
        selecting = {source["region"] for source in sources if "tags" in source}
        names = {*self._dr_regions, *of_sources, *(copy.region for copy in self.state)}

        def ask(name: str) -> None:
            with suppress(ServiceError):  # the same error is raised where the answer is needed
                self._listing(name)
                if name in selecting:
                    self._file_systems(name)

        with ThreadPoolExecutor(max_workers=max(len(names), 1)) as pool:
            deque(pool.map(ask, names), maxlen=0)
        for name in sorted(of_sources - self._dr_regions):
            self._unless_unreachable(name, functools.partial(self._listing, name))

    def fresh_copies_in(self, region: str) -> tuple[Backup, ...]:
        """Return all copies that are in a DR Region now, of any owner.

        Raises:
            ServiceError: the Region does not answer; without it nothing can be decided.
        """
        return _copies(self.region(region).listing(fresh=True).backups)

    def backups_in(self, region: str) -> Sequence[Backup]:
        """Return all backups that were in a DR Region when this run first listed it.

        Raises:
            ServiceError: as above.
        """
        self._dr_regions.add(region)
        return self._listing(region).backups

    def copies_in(self, region: str) -> tuple[Backup, ...]:
        """Return the copies among them.

        Raises:
            ServiceError: as above.
        """
        return _copies(self.backups_in(region))

    def copies_in_removed(self, region: str) -> tuple[Backup, ...]:
        """Return the copies in a Region that was removed from the program; none if it does not answer."""
        try:
            return _copies(self._listing(region).backups)
        except ServiceError:
            # A copy is not deleted because a listing leaves it out: `is_gone` looks it up by its id.
            self._silent.add(region)
            return ()

    def copy_by_id(self, copy: StateCopy) -> Backup | None:
        """Return a copy that is not listed: FSx may list it late, and a copy that is not listed is not gone."""
        try:
            return self._runtime.region(copy.region).find(copy.id)
        except ServiceError:
            # Such a copy does not count as AVAILABLE. `is_gone` decides whether it is gone.
            return None

    def is_gone(self, copy: StateCopy) -> bool:
        """Whether a copy is surely gone from AWS: looked up by its id, with credentials of its account."""
        if copy.region in self._unreachable | self._silent:
            return False
        region = self._runtime.source_region(copy.region)
        try:
            # FSx answers "not found" to another account too, which proves nothing.
            found = region.find(copy.id)
            account = region.account
        except ServiceError:
            return False
        return (found is None or found.is_dead) and account == copy.account

    def _resolved_key(self, region: str, kms_key_id: str) -> str:
        """Return the ARN of a key in a DR Region, or the name as it is if KMS does not answer."""
        return self.region(region).resolved_key(kms_key_id)

    def region(self, name: str) -> Region:
        """Return a DR Region, the same object each time."""
        return self._runtime.region(name)

    def _source_region(self, name: str) -> Fsx:
        return self._runtime.source_region(name).fsx

    def file_system_exists(self, file_system_id: str, region: str) -> bool:
        """Whether a file system exists; True if its Region does not answer."""
        source = self._source_region(region)
        return self._unless_unreachable(region, lambda: source.file_system_exists(file_system_id)) is not False

    def name_of(self, file_system_id: str, region: str) -> str | None:
        """Return the `Name` tag of a file system, None if it is missing or FSx does not answer."""
        tags = (self.file_systems_in(region) or {}).get(file_system_id)
        return (tags or {}).get("Name")

    def _file_systems_in(self, region: str) -> FileSystems | None:
        """Return all file systems of a source Region; None, with a warning, if it does not answer."""
        described = self._unless_unreachable(region, lambda: self._file_systems(region))
        return None if described is None else {name: found.tags for name, found in described.items()}

    def backup(self, backup_id: str, region: str) -> Backup | None:
        """Return a backup to copy from; None if it is not found, or its Region does not answer."""
        if region in self._unreachable | self._silent:
            return None
        try:
            return self._runtime.source_region(region).source(backup_id)
        except ServiceError as error:
            if isinstance(error, TransientError):
                self._silent.add(region)
            return None

    def _backups_of(self, file_system_id: str, region: str) -> tuple[Backup, ...] | None:
        """Return a file system's backups in its own Region; None, with a warning, if that does not answer."""
        return self._unless_unreachable(region, lambda: self._by_file_system(region).get(file_system_id, ()))

    def _known_file_systems(self, region: str) -> Mapping[str, FileSystem]:
        """Return all file systems of a source Region; none, without a warning, if it does not answer."""
        try:
            return self._file_systems(region)
        except ServiceError:
            return {}

    def _backups_by_file_system(self, region: str) -> Mapping[str, tuple[Backup, ...]]:
        # Not one listing for each file system: FSx was seen to leave the backups of ONTAP volumes out of a filtered
        # answer.
        found = defaultdict(list)
        listed = self._listing(region).backups
        for backup in with_storage_types(listed, lambda: self._known_file_systems(region)):
            found[backup.file_system_id or ""].append(backup)
        return {name: tuple(backups) for name, backups in found.items()}

    def _list(self, region: str) -> Listing:
        # Nothing can be decided without the DR Region. `up` retries it for longer, because a failure costs a whole run.
        is_patient = region in self._dr_regions and not self._is_preview
        return (self._runtime.region if is_patient else self._runtime.source_region)(region).listing()

    def _unless_unreachable(self, region: str, ask: Callable[[], _T]) -> _T | None:
        # Each call to an unreachable Region takes seconds. With one call, a preview ends within a minute.
        if region in self._unreachable:
            return None
        try:
            return ask()
        except TransientError as error:
            self._unreachable.add(region)
            self._warn(f"Source Region {region} does not answer, so its copies stay as they are. (AWS said: {error})")
        except ServiceError as error:
            # One refused source must not keep the others from being copied.
            self._warn(f"Source Region {region} refuses a call, so its copies stay as they are. (AWS said: {error})")
        return None

    def _warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)


def _copies(backups: Iterable[Backup]) -> tuple[Backup, ...]:
    return tuple(backup for backup in backups if backup.source_backup_id)


_connect: Connect | None = None


def connect_by(connect: Connect | None) -> Connect | None:
    """Have programs find FSx another way from now on, None for AWS; returns the former way. For unit tests."""
    global _connect  # the SDK's own mocks are as global
    _connect, former = connect, _connect
    begin_anew()
    return former


@once_a_run
def of_this_run() -> Lookup:
    """Return the look-up of the program that runs now, with its stack's AWS settings."""
    return Lookup(ProviderRuntime(_connect or functools.partial(FsxRegion, credentials=Credentials.of_stack())))
