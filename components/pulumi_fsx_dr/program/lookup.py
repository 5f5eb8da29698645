"""The lookups of a program: its state, the sources, and existing copies."""

import functools
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.engine.stack_state import StackState, stack_state
from pulumi_fsx_dr.errors import ServiceError, TransientError
from pulumi_fsx_dr.fsx.backup import Backup, Fsx
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.fsx.file_system import FileSystem, with_storage_types
from pulumi_fsx_dr.rules.sources import FileSystems
from pulumi_fsx_dr.runtime.provider_runtime import Connect, ProviderRuntime
from pulumi_fsx_dr.runtime.region import Region

from .per_run import begin_anew, once_a_run

_T = TypeVar("_T")


class Lookup:
    """State and FSx as one run of a program sees them; engine, Regions and file systems are queried once.

    Attributes:
        declared_names: names of the BackupCopies that the program has declared so far.
        warnings: for the user, about source Regions that did not answer.
    """

    def __init__(self, session: ProviderRuntime, owner_id: str | None = None) -> None:
        """Begin.

        Args:
            session: makes the Regions.
            owner_id: the owner id of the stack; by default the state has it.
        """
        self._session = session
        self._owner_id = owner_id
        self._unreachable: set[str] = set()
        self.declared_names: set[str] = set()
        self.warnings: list[str] = []
        self.backups_of = functools.cache(self._backups_of)
        self.file_systems_in = functools.cache(self._file_systems_in)
        self._described_in = functools.cache(lambda region: self._source_region(region).file_systems())
        self._known_file_systems_in = functools.cache(self._known_file_systems)
        self.copies_in_removed = functools.cache(self._copies_in_removed)
        self.resolved_key = functools.cache(self._resolved_key)
        self._listed_in = functools.cache(self._listed_in_region)

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

    @functools.cached_property
    def _index(self) -> tuple[dict[str, list[StateCopy]], dict[str, list[StateCopy]]]:
        # Once for all: to go through the whole state for each of 1,000 copies would take a million steps.
        by_name, by_source = defaultdict(list), defaultdict(list)
        for copy in self.state:
            by_name[copy.name].append(copy)
            by_source[copy.source_backup_id].append(copy)
        return by_name, by_source

    def fresh_copies_in(self, region: str) -> tuple[Backup, ...]:
        """Return all copies that are in a DR Region now, of any owner.

        Raises:
            ServiceError: the Region does not answer; without it nothing can be decided.
        """
        return self._copies(region, fresh=True)

    def copies_in(self, region: str) -> tuple[Backup, ...]:
        """Return the copies that were in a DR Region when this run first listed it.

        Raises:
            ServiceError: as above.
        """
        return self._copies(region, fresh=False)

    def _copies_in_removed(self, region: str) -> tuple[Backup, ...]:
        """Return the copies in a Region that was removed from the program; none if it does not answer."""
        try:
            return tuple(backup for backup in self._source_region(region).backups() if backup.source_backup_id)
        except ServiceError:
            # A copy is not deleted because a listing leaves it out: `is_gone` looks it up by its id.
            return ()

    def copy_by_id(self, copy: StateCopy) -> Backup | None:
        """Return a copy that is not listed: FSx may list it late, and a copy that is not listed is not gone."""
        try:
            return self._session.region(copy.region).find(copy.id)
        except ServiceError:
            # Such a copy does not count as AVAILABLE. `is_gone` decides whether it is gone.
            return None

    def is_gone(self, copy: StateCopy) -> bool:
        """Whether a copy is surely gone from AWS: looked up by its id, with credentials of its account."""
        region = self._source_region(copy.region)
        try:
            # FSx answers "not found" to another account too, which proves nothing.
            found = region.find([copy.id]).get(copy.id)
            return (found is None or found.is_dead) and region.account() == copy.account
        except ServiceError:
            return False

    def _resolved_key(self, region: str, kms_key_id: str) -> str:
        """Return the ARN of a key in a DR Region, or the name as it is if KMS does not answer."""
        return self.region(region).resolved_key(kms_key_id)

    def region(self, name: str) -> Region:
        """Return a DR Region, the same object each time."""
        return self._session.region(name)

    def _source_region(self, name: str) -> Fsx:
        return self._session.source_region(name).fsx

    def file_system_exists(self, file_system_id: str, region: str) -> bool:
        """Whether a file system exists; True if its Region does not answer."""
        source = self._source_region(region)
        return self._unless_unreachable(region, lambda: source.file_system_exists(file_system_id)) is not False

    def name_of(self, file_system_id: str, region: str) -> str | None:
        """Return the `Name` tag of a file system, None if it is missing or FSx does not answer."""
        tags = (self.file_systems_in(region) or {}).get(file_system_id)
        return (tags or {}).get("Name")

    def _file_systems_in(self, region: str) -> FileSystems | None:
        """Return all file systems of a source Region, or None, with a warning, if it does not answer."""
        described = self._unless_unreachable(region, lambda: self._described_in(region))
        return None if described is None else {name: found.tags for name, found in described.items()}

    def _known_file_systems(self, region: str) -> Mapping[str, FileSystem]:
        """Return all file systems of a source Region; none, without a warning, if it does not answer."""
        try:
            return self._described_in(region)
        except ServiceError:
            return {}

    def backup(self, backup_id: str, region: str) -> Backup | None:
        """Return a backup to copy from; None if it is not found, or its Region does not answer."""
        try:
            return self._session.source_region(region).source(backup_id)
        except ServiceError:
            return None

    def _copies(self, region: str, *, fresh: bool) -> tuple[Backup, ...]:
        return tuple(b for b in self.region(region).listing(fresh=fresh).backups if b.source_backup_id)

    def _backups_of(self, file_system_id: str, region: str) -> tuple[Backup, ...] | None:
        """Return a file system's backups in its own Region; None, with a warning, if that does not answer."""
        source = self._source_region(region)

        def ask() -> tuple[Backup, ...]:
            # FSx was seen to leave the backups of ONTAP volumes out of a filtered answer.
            found = tuple(b for b in source.backups(file_system_id) if b.file_system_id == file_system_id)
            found = found or self._listed_in(region).get(file_system_id, ())
            return tuple(with_storage_types(found, lambda: self._known_file_systems_in(region)))

        return self._unless_unreachable(region, ask)

    def _listed_in_region(self, region: str) -> Mapping[str, tuple[Backup, ...]]:
        """Return all backups of a source Region, by file system."""
        found = defaultdict(list)
        for backup in self._source_region(region).backups():
            found[backup.file_system_id or ""].append(backup)
        return {name: tuple(backups) for name, backups in found.items()}

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
            # One source that is refused must not keep the others from being copied.
            self._warn(f"Source Region {region} does not tell all, so copies stay as they are. (AWS said: {error})")
        return None

    def _warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)


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
