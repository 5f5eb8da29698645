"""What a program looks up while it runs: its state, the sources, and the copies that are already there."""

import functools
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from pulumi_fsx_dr.copies.held import HeldCopy
from pulumi_fsx_dr.engine.stack_state import held_copies
from pulumi_fsx_dr.errors import ServiceError, TransientError
from pulumi_fsx_dr.fsx.backup import Backup, Fsx
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.rules.sources import FileSystems
from pulumi_fsx_dr.session.call import StateEntry
from pulumi_fsx_dr.session.region import Region
from pulumi_fsx_dr.session.session import Connect, Session

from .once import begin_anew, once_a_run

_T = TypeVar("_T")


class Lookup:
    """State and FSx as one run of a program sees them: the engine, each Region and file system is asked once.

    Attributes:
        held: the copies that the state held when the run began.
        asked: the single copies that the program has asked for: the nonce that it offered for each, by name.
        warnings: what a person should know of Regions that do not answer.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._dark: set[str] = set()
        self.asked: dict[str, str] = {}
        self.warnings: list[str] = []
        self.backups_of = functools.cache(self._backups_of)
        self.file_systems_in = functools.cache(self._file_systems_in)
        self.copies_left_in = functools.cache(self._copies_left_in)

    @functools.cached_property
    def held(self) -> tuple[HeldCopy, ...]:
        """Return the copies that the state held when this was first asked.

        Raises:
            InvalidSettingsError: the engine does not tell.
        """
        return tuple(held_copies())

    @functools.cached_property
    def entries_related(self) -> Callable[[str, Any], tuple[StateEntry, ...]]:
        """Return what tells the entries of the state under a logical name, or of a source."""
        by_name, by_source = self._index

        def related(name: str, source_backup_id: Any) -> tuple[StateEntry, ...]:
            same = by_source.get(source_backup_id, ()) if isinstance(source_backup_id, str) else ()
            found = [*by_name.get(name, ()), *(copy for copy in same if copy.name != name)]
            return tuple(_entry(copy) for copy in found)

        return related

    @functools.cached_property
    def _index(self) -> tuple[dict[str, list[HeldCopy]], dict[str, list[HeldCopy]]]:
        # Once for all: to go through the whole state for each of 1,000 copies would take a million steps.
        by_name, by_source = defaultdict(list), defaultdict(list)
        for copy in self.held:
            by_name[copy.name].append(copy)
            by_source[copy.source_backup_id].append(copy)
        return by_name, by_source

    def fresh_copies_in(self, region: str) -> tuple[Backup, ...]:
        """Return the copies that are in a DR Region now, whoever made them.

        Raises:
            ServiceError: the Region does not say; without it nothing can be decided.
        """
        return self._copies(region, fresh=True)

    def copies_in(self, region: str) -> tuple[Backup, ...]:
        """Return the copies that were in a DR Region when this run first asked.

        Raises:
            ServiceError: as above.
        """
        return self._copies(region, fresh=False)

    def _copies_left_in(self, region: str) -> tuple[Backup, ...]:
        """Return the copies in a Region that is declared no more; none if it does not say."""
        try:
            return tuple(backup for backup in self._source_region(region).backups() if backup.source_backup_id)
        except ServiceError:
            # Nothing goes for being in no listing: whether a copy is gone is asked by its id (`is_gone`).
            return ()

    def unlisted(self, copy: HeldCopy) -> Backup | None:
        """Return a copy that no listing shows; FSx may list late what it describes, and not listed is not gone."""
        try:
            return self._session.region(copy.region).reads.find(copy.id)
        except ServiceError:
            # Such a copy does not count as AVAILABLE, and that is all: whether it is gone is asked by `is_gone`.
            return None

    def is_gone(self, copy: HeldCopy) -> bool:
        """Tell whether AWS surely has a copy no more: asked for by its id, with credentials of its account."""
        region = self._source_region(copy.region)
        try:
            # To another account FSx answers that it knows no such backup, which says nothing.
            found = region.find([copy.id]).get(copy.id)
            return (found is None or found.is_dead) and region.account() == copy.output("owner_id")
        except ServiceError:
            return False

    def resolved_key(self, region: str, kms_key_id: str) -> str:
        """Return the ARN of a key in a DR Region, or the name as it is if KMS does not tell."""
        return self.region(region).resolved_key(kms_key_id)

    def region(self, name: str) -> Region:
        """Return a DR Region, the same object each time."""
        return self._session.region(name)

    def _source_region(self, name: str) -> Fsx:
        return self._session.source_region(name).fsx

    def file_system_exists(self, file_system_id: str, region: str) -> bool:
        """Tell whether a file system exists; one whose Region is dark is taken to."""
        source = self._source_region(region)
        return self._unless_dark(region, lambda: source.file_system_exists(file_system_id)) is not False

    def name_of(self, file_system_id: str, region: str) -> str | None:
        """Return the `Name` tag of a file system, None if it has none or FSx does not tell."""
        try:
            tags = (self.file_systems_in(region) or {}).get(file_system_id)
        except ServiceError:
            return None  # a name is for people, and nothing fails for want of it
        return (tags or {}).get("Name")

    def _file_systems_in(self, region: str) -> FileSystems | None:
        """Return all file systems of a source Region, or None, with a warning, if it is dark.

        Raises:
            ServiceError: the Region answers, but not what was asked.
        """
        return self._unless_dark(region, self._source_region(region).file_systems)

    def _copies(self, region: str, *, fresh: bool) -> tuple[Backup, ...]:
        return tuple(b for b in self.region(region).listing(fresh=fresh).backups if b.source_backup_id)

    def _backups_of(self, file_system_id: str, region: str) -> tuple[Backup, ...] | None:
        """Return a file system's backups in its own Region, or None, with a warning, if that Region is dark.

        Raises:
            ServiceError: the Region answers, but not what was asked.
        """
        source = self._source_region(region)

        def ask() -> tuple[Backup, ...]:
            # FSx was seen to leave the backups of ONTAP volumes out of a filtered answer.
            every = source.backups(file_system_id), source.backups()
            listed = (tuple(b for b in backups if b.file_system_id == file_system_id) for backups in every)
            return next(filter(None, listed), ())

        return self._unless_dark(region, ask)

    def _unless_dark(self, region: str, ask: Callable[[], _T]) -> _T | None:
        # A Region that does not answer costs seconds for each call. Asked once, it lets a preview end within a minute.
        if region in self._dark:
            return None
        try:
            return ask()
        except TransientError as error:
            self._dark.add(region)
            self.warnings.append(
                f"Source Region {region} does not answer, so its copies stay as they are and none is retired: {error}"
            )
            return None


def _entry(copy: HeldCopy) -> StateEntry:
    return StateEntry(
        urn=copy.urn,
        id=copy.id,
        region=copy.region,
        source_region=copy.output("source_region"),
        token=copy.output("token"),
    )


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
    return Lookup(Session(_connect or functools.partial(FsxRegion, credentials=Credentials.of_stack())))
