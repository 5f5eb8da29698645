"""One Region: its client, copy queue and caches, which all calls of a process share."""

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
from .listing import Listing, ListingCache
from .poller import Poller

_MANAGED_KEY = "alias/aws/fsx"  # FSx user guides, Encryption at rest
_T = TypeVar("_T")


class Region:
    """A Region with its client, copy queue and caches.

    Attributes:
        queue: the queue for its copy slots.
        poll_seconds: the poll interval.
    """

    def __init__(self, fsx: Fsx, clock: Clock, poll_seconds: float) -> None:
        self.fsx = fsx
        self.name = fsx.name
        self.poll_seconds = poll_seconds
        self.queue = CopyQueue(Poller(fsx.name, fsx.find_or_error, clock, poll_seconds), clock)
        self._sources: dict[str, Backup] = {}
        self._key_arns: dict[str, str] = {}
        self._missing_aliases: dict[str, bool] = {}
        self._listing = ListingCache(self._list)
        self._error: ServiceError | None = None

    @functools.cached_property
    def account(self) -> str:
        """The account of the credentials in use."""
        return self.fsx.account()

    def facts(self, spec: CopySpec) -> Facts:
        """Return the expected facts of the declared copy."""
        return Facts(
            source_backup_id=spec.source_backup_id,
            region=self.name,
            source_region=spec.source_region,
            account=self.account,
            key=self.resolved_key(spec.kms_key_id) if spec.kms_key_id else ANY_OWN_KEY,
        )

    def key_arn(self, kms_key_id: str) -> str:
        """Return the key ARN of an alias, which is looked up once; anything else is returned unchanged."""
        name = KeyName.parse(kms_key_id)
        if name is None or not name.is_alias:
            return kms_key_id
        if kms_key_id not in self._key_arns:
            self._key_arns[kms_key_id] = self.fsx.key_arn(kms_key_id)
        return self._key_arns[kms_key_id]

    def resolved_key(self, kms_key_id: str) -> str:
        """Return the key ARN of an alias; the alias itself if KMS does not return the ARN."""
        try:
            return self.key_arn(kms_key_id)
        except ServiceError:
            # A create works without permission for KMS. If the key is wrong, CopyBackup refuses it.
            return kms_key_id

    def lacks_alias(self, kms_key_id: object) -> bool:
        """Whether a value is an alias that does not exist; False if KMS does not answer or denies the call.

        The answer is cached, because each call to an unreachable Region takes seconds.
        """
        if not isinstance(kms_key_id, str):
            return False
        if kms_key_id not in self._missing_aliases:
            self._missing_aliases[kms_key_id] = self._is_missing(kms_key_id)
        return self._missing_aliases[kms_key_id]

    def _is_missing(self, kms_key_id: str) -> bool:
        try:
            return not self.key_arn(kms_key_id)
        except KeyNotFoundError:
            return True
        except ServiceError:
            return False

    def key_text(self, kms_key_id: str | None) -> str | None:
        """Return a key in the same form for all its notations; None without a key."""
        if not kms_key_id:
            return None
        resolved = self.resolved_key(kms_key_id)
        name = KeyName.parse(resolved)
        return name.resource if name else resolved

    def queued_copy(self, source: Backup, kms_key_id: str | None) -> QueuedCopy:
        """Describe a copy of a source backup for the queue."""
        key = self.key_text(kms_key_id)
        # Without a key, FSx uses its own. The id of that key is needed only if the copy can follow another one, and for
        # ONTAP, where the quota counts by key. If KMS does not return it, a slot may be granted too early, and FSx
        # refuses the copy.
        if key is None and (source.volume_id or source.subject in self.listing().copied):
            key = self._managed_key
        return QueuedCopy.of(source, key)

    def find(self, backup_id: str) -> Backup | None:
        """Return a backup as it is now; None if FSx does not find it."""
        return self.fsx.find([backup_id]).get(backup_id)

    def source(self, backup_id: str) -> Backup | None:
        """Return a source backup; an AVAILABLE one is looked up once."""
        if known := self._sources.get(backup_id):
            return known
        found = self.find(backup_id)
        # Another one may become AVAILABLE, so it is looked up again the next time.
        if found and found.is_available:
            self._sources[backup_id] = found
        return found

    def listing(self, *, fresh: bool = False) -> Listing:
        """Return all backups of the Region; the listing is cached, unless it must be fresh."""
        return self._listing.get(fresh=fresh)

    def listing_by(self, fsx: Fsx) -> Listing:
        """Return the cached listing; if it is missing, make it with another client."""
        return self._listing.get(list_region=lambda: self._list(fsx))

    def unless_unreachable(self, call: Callable[[], _T]) -> _T:
        """Call AWS; if an earlier call has failed, raise its error immediately, because each try takes seconds."""
        if self._error:
            raise self._error
        try:
            return call()
        except ServiceError as error:
            self._error = error
            raise

    @functools.cached_property
    def _managed_key(self) -> str | None:
        """The key that FSx manages; None if KMS does not return it."""
        name = KeyName.parse(self.resolved_key(_MANAGED_KEY))
        return name.resource if name and not name.is_alias else None

    def _list(self, fsx: Fsx | None = None) -> Listing:
        listing = Listing.of((fsx or self.fsx).backups())
        # Copies of other stacks and tools use slots, too, and FSx makes incremental copies after them.
        self.queue.count_existing(listing.running, listing.available)
        return listing
