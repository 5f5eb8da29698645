"""One Region: its client, and the objects that the calls of a process share."""

import functools
from collections.abc import Callable
from typing import TypeVar

from pulumi_fsx_dr.copies.copy import CopySpec
from pulumi_fsx_dr.copies.verification import ANY_OWN_KEY, Facts
from pulumi_fsx_dr.errors import KeyNotFoundError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup, Fsx
from pulumi_fsx_dr.fsx.kms import KeyName

from .clock import Clock
from .copy_order import QueuedCopy
from .copy_queue import CopyQueue
from .listing import Listing, SharedListing
from .poller import Poller

_MANAGED_KEY = "alias/aws/fsx"  # FSx user guides, Encryption at rest
_T = TypeVar("_T")


class Region:
    """A Region, as the calls of this process share it.

    Attributes:
        queue: for its copy slots.
        poll_seconds: between two looks at running copies.
    """

    def __init__(self, fsx: Fsx, clock: Clock, poll_seconds: float) -> None:
        self.fsx = fsx
        self.name = fsx.name
        self.poll_seconds = poll_seconds
        self.queue = CopyQueue(Poller(fsx.name, fsx.find_or_error, clock, poll_seconds), clock)
        self._sources: dict[str, Backup] = {}
        self._key_arns: dict[str, str] = {}
        self._listing = SharedListing(self._list)
        self._error: ServiceError | None = None

    @functools.cached_property
    def account(self) -> str:
        """The account of the credentials in use."""
        return self.fsx.account()

    def facts(self, spec: CopySpec) -> Facts:
        """Return the facts of the copy that the program declares."""
        return Facts(
            source_backup_id=spec.source_backup_id,
            region=self.name,
            source_region=spec.source_region,
            account=self.account,
            key=self.resolved_key(spec.kms_key_id) if spec.kms_key_id else ANY_OWN_KEY,
        )

    def key_arn(self, kms_key_id: str) -> str:
        """Return the ARN behind an alias, looked up once, or the name as it is if it is not an alias."""
        name = KeyName.parse(kms_key_id)
        if name is None or not name.is_alias:
            return kms_key_id
        if kms_key_id not in self._key_arns:
            self._key_arns[kms_key_id] = self.fsx.key_arn(kms_key_id)
        return self._key_arns[kms_key_id]

    def resolved_key(self, kms_key_id: str) -> str:
        """Return the ARN behind an alias, or the name as it is if KMS gives none."""
        try:
            return self.key_arn(kms_key_id)
        except ServiceError:
            # Create continues without permission for KMS: if the key is wrong, CopyBackup refuses it.
            return kms_key_id

    def lacks_alias(self, kms_key_id: object) -> bool:
        """Whether a value is an alias that does not exist; False if KMS does not answer or denies the call."""
        try:
            return isinstance(kms_key_id, str) and not self.key_arn(kms_key_id)
        except KeyNotFoundError:
            return True
        except ServiceError:
            return False

    def key_text(self, kms_key_id: str | None) -> str | None:
        """Return a key in a form that is the same however it was written."""
        if not kms_key_id:
            return None
        resolved = self.resolved_key(kms_key_id)
        name = KeyName.parse(resolved)
        return name.resource if name else resolved

    def queued_copy(self, source: Backup, kms_key_id: str | None) -> QueuedCopy:
        """Describe a copy of a source backup for the queue."""
        key = self.key_text(kms_key_id)
        # Without copies of the file system it makes no difference which key that is, except with ONTAP, whose copies
        # count by key. If KMS does not return the key, running copies do not count, and FSx refuses if necessary.
        if key is None and (source.volume_id or source.subject in self.listing().copied):
            key = self._managed_key
        return QueuedCopy.of(source, key)

    def find(self, backup_id: str) -> Backup | None:
        """Return a backup as it is now; None if FSx does not know it."""
        return self.fsx.find([backup_id]).get(backup_id)

    def source(self, backup_id: str) -> Backup | None:
        """Return a backup to copy from; an AVAILABLE one is looked up once, also if several Regions get a copy."""
        if known := self._sources.get(backup_id):
            return known
        found = self.find(backup_id)
        # A backup that is not AVAILABLE yet may be so at the next look, so it is not kept.
        if found and found.is_available:
            self._sources[backup_id] = found
        return found

    def listing(self, *, fresh: bool = False) -> Listing:
        """Return all backups of the Region, which is listed once per process unless a fresh listing is wanted."""
        return self._listing.get(fresh=fresh)

    def listing_by(self, fsx: Fsx) -> Listing:
        """Return the same listing; if it is not there yet, another client makes it."""
        return self._listing.get(list_region=lambda: self._list(fsx))

    def unless_unreachable(self, ask: Callable[[], _T]) -> _T:
        """Call AWS; a Region that has failed before fails immediately, because each try takes seconds."""
        if self._error:
            raise self._error
        try:
            return ask()
        except ServiceError as error:
            self._error = error
            raise

    @functools.cached_property
    def _managed_key(self) -> str | None:
        """The key that FSx manages; None if KMS does not return it. Looked up once."""
        name = KeyName.parse(self.resolved_key(_MANAGED_KEY))
        return name.resource if name and not name.is_alias else None

    def _list(self, fsx: Fsx | None = None) -> Listing:
        listing = Listing.of((fsx or self.fsx).backups())
        # Copies of other stacks and tools take slots, too, and FSx copies incrementally after them. Only a listing
        # shows them.
        self.queue.count_existing(listing.running, listing.available)
        return listing
