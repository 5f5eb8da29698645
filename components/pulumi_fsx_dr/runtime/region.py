"""One Region, as one process works in it."""

import functools

from pulumi_fsx_dr.copies.copy import Wanted
from pulumi_fsx_dr.copies.verification import ANY_OWN_KEY, Facts
from pulumi_fsx_dr.errors import ServiceError
from pulumi_fsx_dr.fsx.backup import Backup, Fsx
from pulumi_fsx_dr.fsx.kms import KeyName

from .call import Call
from .clock import Clock
from .listing import Listing
from .reads import Lull, SharedReads
from .retry import Work
from .single_flight import Shared
from .slots import Slots

LISTED_WITHIN = 60.0  # seconds after which FSx surely lists what was done before, with its tags


class Region:
    """The client of a Region, with what the calls of this process share of it.

    Attributes:
        poll_seconds: between two looks at running copies.
    """

    def __init__(self, fsx: Fsx, clock: Clock, poll_seconds: float, lull: Lull) -> None:
        self.fsx = fsx
        self.name = fsx.name
        self.clock = clock
        self.poll_seconds = poll_seconds
        self.reads = SharedReads(fsx.look_up, lull)
        self.slots = Slots(fsx.name, fsx.look_up, clock, poll_seconds)
        self._sources: dict[str, Backup] = {}
        self._key_arns: dict[str, str] = {}
        self._listing = Shared(self._list)

    @functools.cached_property
    def account(self) -> str:
        """The account of the credentials in use."""
        return self.fsx.account()

    def facts(self, wanted: Wanted) -> Facts:
        """Return what must be true of the copy that the program asks for.

        Raises:
            ServiceError: STS does not tell the account.
        """
        return Facts(
            source_backup_id=wanted.source_backup_id,
            region=self.name,
            source_region=wanted.source_region,
            account=self.account,
            key=self.resolved_key(wanted.kms_key_id) if wanted.kms_key_id else ANY_OWN_KEY,
        )

    def work(self, call: Call, seconds: float) -> Work:
        """Return what a call does here, riding out trouble for so many seconds."""
        return Work(
            call=call,
            fsx=self.fsx,
            look=self.reads.find,
            clock=self.clock,
            poll_seconds=self.poll_seconds,
            deadline=self.clock.now() + seconds,
        )

    def key_arn(self, kms_key_id: str) -> str:
        """Return the ARN behind an alias, which KMS is asked for once, or the name as it is if it is not an alias.

        Raises:
            ServiceError: KMS does not tell.
        """
        name = KeyName.parse(kms_key_id)
        if name is None or not name.is_alias:
            return kms_key_id
        if kms_key_id not in self._key_arns:
            self._key_arns[kms_key_id] = self.fsx.key_arn(kms_key_id)
        return self._key_arns[kms_key_id]

    def resolved_key(self, kms_key_id: str) -> str:
        """Return the ARN behind an alias, or the name as it is if KMS does not tell."""
        try:
            return self.key_arn(kms_key_id)
        except ServiceError:
            # Without permission for KMS the work goes on: if the key is wrong, CopyBackup will say so.
            return kms_key_id

    def key_text(self, kms_key_id: str | None) -> str | None:
        """Return a key in a form that is the same however it was written."""
        if not kms_key_id:
            return None
        resolved = self.resolved_key(kms_key_id)
        name = KeyName.parse(resolved)
        return name.resource if name else resolved

    def source(self, backup_id: str) -> Backup | None:
        """Return a backup to copy from; an AVAILABLE one is asked for once, however many Regions it is copied to."""
        if known := self._sources.get(backup_id):
            return known
        found = self.reads.find(backup_id)
        # A backup that is not AVAILABLE yet may be so at the next look, so it is not kept.
        if found and found.is_available:
            self._sources[backup_id] = found
        return found

    def listing(self, *, fresh: bool = False) -> Listing:
        """Return all backups that are here.

        The Region is listed once per process: whoever looks for what earlier runs left finds it there.

        Args:
            fresh: list the Region again.
        """
        return self._listing.get(fresh=fresh)

    def _list(self) -> Listing:
        listing = Listing.of(self.fsx.backups())
        # Copies of other stacks and tools take slots, too, and only a listing shows them.
        self.slots.occupied_by(listing.running)
        return listing
