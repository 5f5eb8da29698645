"""What the calls of one provider process share: credentials, the clock, and per Region one client and one poll."""

import math
import os
import threading
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from pulumi_fsx_dr.copies.copy import mark_of
from pulumi_fsx_dr.copies.ownership import Pending, Token, speeches_of
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials

from .clock import Clock, SystemClock
from .ledger import Ledger
from .reads import Lull, SharedReads
from .slots import RegionCopies

POLL_SECONDS = 15.0
POLL_SECONDS_VARIABLE = "PULUMI_FSX_DR_POLL_SECONDS"


@dataclass(frozen=True, slots=True)
class PendingCopy:
    """A copy that an earlier run started and left pending."""

    backup: Backup
    mark: Pending

    def is_of(self, token: Token) -> bool:
        """Tell whether it was started for the resource of a token."""
        return self.mark.token.resource == token.resource


@dataclass(frozen=True, slots=True)
class _Listing:
    backups: list[Backup]
    pending: list[PendingCopy]
    by_id: Mapping[str, Backup]
    by_speech: Mapping[str, list[Backup]]  # by what a mark says of its resource


class Region:
    """One Region, as this process works in it."""

    def __init__(self, fsx: FsxRegion, clock: Clock, poll_seconds: float, lull: Lull) -> None:
        self.fsx = fsx
        self.name = fsx.name
        self.clock = clock
        self.reads = SharedReads(fsx, lull)
        self.copies = RegionCopies(fsx, clock, poll_seconds)
        self.is_contested = False  # whether another engine makes the same copies at the same time
        self._is_claimed = False
        self._sources: dict[str, Backup] = {}
        self._listing: Future[_Listing] | None = None
        self._lock = threading.Lock()

    def source(self, backup_id: str) -> Backup | None:
        """Return a backup to copy from; an AVAILABLE one is asked for once, however many Regions it is copied to."""
        if known := self._sources.get(backup_id):
            return known
        found = self.reads.find(backup_id)
        if found and found.is_available:
            self._sources[backup_id] = found
        return found

    def is_first_claim(self) -> bool:
        """Tell once that no copy here is claimed yet: one claim shows another engine that there is this one."""
        with self._lock:
            first, self._is_claimed = not self._is_claimed, True
            return first

    def backups(self, *, fresh: bool = False) -> list[Backup]:
        """Return all backups that are here.

        The Region is listed once per process: whoever looks for what earlier runs left finds it there.

        Args:
            fresh: list the Region again.
        """
        return self._listed(fresh=fresh).backups

    def pending_copies(self, *, fresh: bool = False) -> list[PendingCopy]:
        """Return the copies among them that are marked as pending.

        Args:
            fresh: list the Region again.
        """
        return self._listed(fresh=fresh).pending

    def listed(self, backup_id: str) -> Backup | None:
        """Return a backup as the listing shows it."""
        return self._listed(fresh=False).by_id.get(backup_id)

    def speaking_of(self, urn: str) -> list[Backup]:
        """Return the copies whose marks name a resource."""
        by_speech = self._listed(fresh=False).by_speech
        return [copy for speech in speeches_of(urn) for copy in by_speech.get(speech, ())]

    def _listed(self, *, fresh: bool) -> _Listing:
        listing, leads = self._listing_to_use(fresh=fresh)
        if leads:
            self._answer(listing)
        return listing.result()

    def _listing_to_use(self, *, fresh: bool) -> tuple["Future[_Listing]", bool]:
        """Return the listing, and whether it is ours to make; those who come meanwhile share it, or its failure."""
        with self._lock:
            if self._listing is None or (fresh and self._listing.done()):
                self._listing = Future()
                return self._listing, True
            return self._listing, False

    def _answer(self, listing: "Future[_Listing]") -> None:
        try:
            listing.set_result(self._list())
        except BaseException as error:  # noqa: BLE001  # whatever it is, every asker must get it
            with self._lock:
                self._listing = None
            listing.set_exception(error)

    def _list(self) -> _Listing:
        backups = list(self.fsx.backups())
        self.copies.occupied_by({backup.id: backup.quota_group for backup in backups if backup.is_running_copy})
        marked = [(backup, mark) for backup in backups if (mark := mark_of(backup))]
        by_speech = defaultdict(list)
        for backup, mark in marked:
            by_speech[mark.speech].append(backup)
        return _Listing(
            backups,
            [PendingCopy(backup, mark) for backup, mark in marked if isinstance(mark, Pending)],
            {backup.id: backup for backup in backups},
            by_speech,
        )


class Process:
    """The collaborators of all calls; tests put in their own."""

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        stack_region: str | None = None,
        clock: Clock | None = None,
        poll_seconds: float | None = None,
        lull_seconds: float = 0.01,
    ) -> None:
        self.credentials = credentials or Credentials()
        self.stack_region = stack_region  # `aws:region`
        self.clock = clock or SystemClock()
        self._poll_seconds = poll_seconds
        self._lull = Lull(lull_seconds)
        self.ledger = Ledger()
        self._regions: dict[str, Region] = {}
        self._source_regions: dict[str, Region] = {}
        self._lock = threading.Lock()

    def region(self, name: str) -> Region:
        """Return what this process knows of a Region, the same object each time."""
        with self._lock:
            if name not in self._regions:
                seconds = self._poll_seconds or poll_seconds()
                self._regions[name] = Region(self.connect(name), self.clock, seconds, self._lull)
            return self._regions[name]

    def source_region(self, name: str) -> Region:
        """Return a Region to ask for sources in a preview, which has no time for one that is dark."""
        with self._lock:
            if name not in self._source_regions:
                connected = self.connect(name, impatient=True)
                seconds = self._poll_seconds or poll_seconds()
                self._source_regions[name] = Region(connected, self.clock, seconds, self._lull)
            return self._source_regions[name]

    def connect(self, name: str, *, impatient: bool = False) -> FsxRegion:
        """Return a new client of a Region."""
        return FsxRegion(name, self.credentials, impatient=impatient)


def poll_seconds() -> float:
    """Return the seconds between two looks at running copies, from the environment.

    Raises:
        InvalidSettingsError: the variable holds no positive number.
    """
    text = os.environ.get(POLL_SECONDS_VARIABLE, str(POLL_SECONDS))
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise InvalidSettingsError(f"{POLL_SECONDS_VARIABLE} is {text!r}: set it to a number of seconds, such as 15.")
    return seconds


_current = Process()


def current() -> Process:
    """Return the collaborators of this process."""
    return _current


def start(process: Process) -> Process:
    """Make these the collaborators of this process; returns the former ones."""
    global _current  # the host pickles providers, so they cannot hold their collaborators
    _current, former = process, _current
    return former
