"""Lookups of a program: the state, the sources, and existing copies."""

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

from .given_settings import misspelled_aws_settings
from .per_run import forget_all, once_a_run

_T = TypeVar("_T")


class Lookup:
    """The state and FSx in one run of a program: an `AwsView` and more. Each query is made once.

    Attributes:
        declared_names: names of all BackupCopies declared so far.
        planned: the copy that a DrRegion is declaring, by name. It is removed when its hints are created, because
            DrRegions under two parents may use the same name.
        not_found: id and Region of each source backup that FSx does not find.
        warnings: warnings about unreachable source Regions.
    """

    def __init__(self, runtime: ProviderRuntime, owner_id: str | None = None) -> None:
        """Create it. The default owner id is the one in the state."""
        self._runtime = runtime
        self._owner_id = owner_id
        self._is_preview = pulumi.runtime.is_dry_run()
        self._unreachable: set[str] = set()  # source Regions that a warning names
        self._silent: set[str] = set()  # other Regions that did not answer
        self._dr_regions: set[str] = set()
        self.declared_names: set[str] = set()
        self.planned = dict[str, PlannedCopy]()
        self.not_found: set[tuple[str, str]] = set()
        self.warnings: list[str] = []
        self.backups_of = functools.cache(self._backups_of)
        self.file_systems_in = functools.cache(self._file_systems_in)
        self.resolved_key = functools.cache(self._resolved_key)
        self._listing = RegionCache(self._list)
        self._file_systems = RegionCache(lambda region: self._source_region(region).file_systems())
        self._by_file_system = functools.cache(self._backups_by_file_system)

    @property
    def state(self) -> tuple[StateCopy, ...]:
        return self._stack.copies

    @property
    def owner_id(self) -> str:
        return self._stack.owner_id if self._owner_id is None else self._owner_id

    @functools.cached_property
    def _stack(self) -> StackState:
        return stack_state()

    @functools.cached_property
    def related(self) -> Callable[[str, Any], tuple[StateCopy, ...]]:
        """Return a function that finds the state entries with a logical name or a source backup."""
        # Built once: searching the whole state for each of 1,000 copies would take a million steps.
        by_name, by_source = defaultdict[str, list[StateCopy]](list), defaultdict[str, list[StateCopy]](list)
        for copy in self.state:
            by_name[copy.name].append(copy)
            by_source[copy.source_backup_id].append(copy)

        def related(name: str, source_backup_id: Any) -> tuple[StateCopy, ...]:
            same = by_source.get(source_backup_id, ()) if isinstance(source_backup_id, str) else ()
            return (*by_name.get(name, ()), *(copy for copy in same if copy.name != name))

        return related

    def hints(self, owner_id: str, name: str, source_backup_id: Any, planned: PlannedCopy | None) -> Hints:
        """Return the hints for a copy; `planned` if a DrRegion declares it."""
        state = self.related(name, source_backup_id)
        return Hints(owner_id, state, planned.expired, planned.siblings) if planned else Hints(owner_id, state)

    def ask_ahead(self, dr_regions: Iterable[str], sources: Iterable[Mapping[str, Any]]) -> None:
        """List all Regions in parallel, so that several unreachable Regions take no longer than one."""
        self._dr_regions.update(dr_regions)
        sources = [source for source in sources if "backup_id" not in source]
        of_sources = {source["region"] for source in sources}
        selecting = {source["region"] for source in sources if "tags" in source}
        names = {*self._dr_regions, *of_sources, *(copy.region for copy in self.state)}

        def ask(name: str) -> None:
            with suppress(ServiceError):  # raised again when the answer is needed
                self._listing(name)
                if name in selecting:
                    self._file_systems(name)

        with ThreadPoolExecutor(max_workers=max(len(names), 1)) as pool:
            deque(pool.map(ask, names), maxlen=0)
        for name in sorted(of_sources - self._dr_regions):
            self._unless_unreachable(name, functools.partial(self._listing, name))

    def fresh_copies_in(self, region: str) -> tuple[Backup, ...]:
        """Return all copies that are in a DR Region now, of any owner."""
        return _copies(self.region(region).listing(fresh=True).backups)

    def backups_in(self, region: str) -> Sequence[Backup]:
        self._dr_regions.add(region)
        return self._listing(region).backups

    def copies_in(self, region: str) -> tuple[Backup, ...]:
        return _copies(self.backups_in(region))

    def claimed_as(self, region: str, description: str) -> Sequence[Backup]:
        """Return the copies whose tags have the owner id of this stack and a description."""
        self._dr_regions.add(region)
        return self._listing(region).claimed_as(self.owner_id, description)

    def copies_in_removed(self, region: str) -> tuple[Backup, ...]:
        try:
            return _copies(self._listing(region).backups)
        except ServiceError:
            # This deletes nothing: `is_gone` looks up each missing copy by its id.
            self._silent.add(region)
            return ()

    def copy_by_id(self, copy: StateCopy) -> Backup | None:
        try:
            return self._runtime.region(copy.region).find(copy.id)
        except ServiceError:
            # The copy does not count as AVAILABLE. `is_gone` decides whether it is gone.
            return None

    def is_gone(self, copy: StateCopy) -> bool:
        """Whether a copy is confirmed gone: looked up by its id, with credentials of its account."""
        if copy.region in self._unreachable | self._silent:
            return False
        region = self._runtime.source_region(copy.region)
        try:
            # FSx also returns "not found" to other accounts.
            found = region.find(copy.id)
            account = region.account
        except ServiceError:
            return False
        return (found is None or found.is_dead) and account == copy.account

    def _resolved_key(self, region: str, kms_key_id: str) -> str:
        """Return the ARN of a key in a DR Region, or the given name if KMS does not return it."""
        return self.region(region).resolved_key(kms_key_id)

    def region(self, name: str) -> Region:
        return self._runtime.region(name)

    def _source_region(self, name: str) -> Fsx:
        return self._runtime.source_region(name).fsx

    def file_system_exists(self, file_system_id: str, region: str) -> bool:
        source = self._source_region(region)
        return self._unless_unreachable(region, lambda: source.file_system_exists(file_system_id)) is not False

    def name_of(self, file_system_id: str, region: str) -> str | None:
        """Return the `Name` tag of a file system; None if it is missing or FSx does not return it."""
        tags = (self.file_systems_in(region) or {}).get(file_system_id)
        return (tags or {}).get("Name")

    def _file_systems_in(self, region: str) -> FileSystems | None:
        """Return all file systems of a source Region; None, with a warning, if it is unreachable."""
        described = self._unless_unreachable(region, lambda: self._file_systems(region))
        return None if described is None else {name: found.tags for name, found in described.items()}

    def backup(self, backup_id: str, region: str) -> Backup | None:
        """Return a source backup; None if it does not exist, or its Region is unreachable."""
        if region in self._unreachable | self._silent:
            return None
        try:
            found = self._runtime.source_region(region).source(backup_id)
        except ServiceError as error:
            if isinstance(error, TransientError):
                self._silent.add(region)
            return None
        if found is None:
            self.not_found.add((backup_id, region))
        return found

    def _backups_of(self, file_system_id: str, region: str) -> tuple[Backup, ...] | None:
        """Return the backups of a file system; None, with a warning, if its Region is unreachable."""
        return self._unless_unreachable(region, lambda: self._by_file_system(region).get(file_system_id, ()))

    def _known_file_systems(self, region: str) -> Mapping[str, FileSystem]:
        """Return all file systems of a source Region; none, without a warning, if it is unreachable."""
        try:
            return self._file_systems(region)
        except ServiceError:
            return {}

    def _backups_by_file_system(self, region: str) -> Mapping[str, tuple[Backup, ...]]:
        # One listing for all file systems: FSx has omitted backups of ONTAP volumes from filtered answers.
        found = defaultdict(list)
        listed = self._listing(region).backups
        for backup in with_storage_types(listed, lambda: self._known_file_systems(region)):
            found[backup.file_system_id or ""].append(backup)
        return {name: tuple(backups) for name, backups in found.items()}

    def _list(self, region: str) -> Listing:
        # If a DR Region cannot be listed, the run fails. So `up` retries it for longer than a source Region.
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
            self._warn(f"Source Region {region} is unreachable. Its copies stay unchanged. (AWS said: {error})")
        except ServiceError as error:
            # If one source Region refuses calls, the other sources must still be copied.
            self._warn(f"Source Region {region} refused a call. Its copies stay unchanged. (AWS said: {error})")
        return None

    def _warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)


def _copies(backups: Iterable[Backup]) -> tuple[Backup, ...]:
    return tuple(backup for backup in backups if backup.source_backup_id)


_connect: Connect | None = None


def connect_by(connect: Connect | None) -> Connect | None:
    """Set how programs connect to FSx (None: to AWS), and return the former setting. For unit tests."""
    global _connect  # the mocks of the SDK are global as well
    _connect, former = connect, _connect
    forget_all()
    return former


@once_a_run
def of_this_run() -> Lookup:
    """Return the lookups of the current run, with the `aws:` settings of its stack."""
    seen = Lookup(ProviderRuntime(_connect or functools.partial(FsxRegion, credentials=Credentials.of_stack())))
    seen.warnings += misspelled_aws_settings()
    return seen
