"""Find copies in the DR Regions that are not in the state, and can be resumed or adopted.

Tags only select candidates. `verification` decides whether a copy matches the program.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from pulumi_fsx_dr.copies.copy import NATIVE_COPY_TYPE
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG, claimed_description, description_of, ownership_of
from pulumi_fsx_dr.copies.urns import stack_part
from pulumi_fsx_dr.copies.verification import ANY_OWN_KEY, Facts, mismatch
from pulumi_fsx_dr.fsx.backup import Backup

from .aws_view import AwsView
from .specs import DrRegionSpec, SourceSpec


class Claim(Enum):
    """The owner of a copy, according to its tag."""

    OURS = auto()
    OF_BACKUP_COPY = auto()
    """Also this stack, but for a BackupCopy of the program, which resumes the copy or warns about it."""
    NOBODY = auto()
    OTHER_OWNER = auto()


@dataclass(frozen=True, slots=True)
class ExistingCopy:
    """A copy that is not in the state, and neither FAILED nor DELETED."""

    backup: Backup
    claim: Claim


@dataclass(frozen=True, slots=True)
class Offer:
    """The existing copies of one source backup.

    Attributes:
        resumable: a copy that an earlier run of this stack started.
        has_wanted_key: whether `resumable` has the declared key.
        adoptable: a copy without an owner, with the declared key.
        of_other_owner: a copy of another owner, with the declared key.
    """

    resumable: Backup | None = None
    has_wanted_key: bool = False
    adoptable: Backup | None = None
    of_other_owner: Backup | None = None


NO_OFFER = Offer()


@dataclass(frozen=True, slots=True)
class ExistingCopies:
    """The existing copies, oldest first."""

    by_region: Mapping[str, Sequence[ExistingCopy]]
    by_place: Mapping[tuple[str, str], Sequence[ExistingCopy]]  # DR Region, and file system or source backup
    aws: AwsView

    def offers(self, source: SourceSpec, taken: Collection[str]) -> dict[str, Offer]:
        """Return the existing copies of a source, by source backup, without those that other sources have taken."""
        copies: dict[str, list[ExistingCopy]] = defaultdict(list)
        for copy in self.by_place.get((source.dr.region, source.key), ()):
            if copy.backup.id not in taken:
                copies[copy.backup.source_backup_id or ""].append(copy)
        return {source_backup_id: self._offer(source, found) for source_backup_id, found in copies.items()}

    def _offer(self, source: SourceSpec, copies: Sequence[ExistingCopy]) -> Offer:
        key = wanted_key(self.aws, source.dr.region, source.kms_key_id)
        fits = {copy.backup.id: _fits(source, copy.backup, key) for copy in copies}
        own = [c.backup for c in copies if c.claim is Claim.OURS]
        own = [backup for backup in own if fits[backup.id] or _fits(source, backup, ANY_OWN_KEY)]
        resumable = min(own, key=lambda backup: (not fits[backup.id], *resume_order(backup)), default=None)
        finished = [copy for copy in copies if copy.backup.is_available and fits[copy.backup.id]]
        newest = {copy.claim: copy.backup for copy in finished}
        return Offer(
            resumable=resumable,
            has_wanted_key=resumable is not None and fits[resumable.id],
            adoptable=newest.get(Claim.NOBODY),
            of_other_owner=newest.get(Claim.OTHER_OWNER),
        )


def find_existing(regions: Sequence[DrRegionSpec], aws: AwsView) -> ExistingCopies:
    # A stack that moves between dynamic provider and plugin adopts the copies of the other one.
    is_native = any(dr.copy_type == NATIVE_COPY_TYPE for dr in regions)
    of_other_provider = {c.id for c in aws.state if c.is_of_dr_region and c.is_native != is_native}
    in_state = {copy.id for copy in aws.state} - of_other_provider
    backup_copies = {name for dr in regions[:1] for name in _descriptions(dr, aws.declared_names)}

    def claim(copy: Backup) -> Claim:
        ownership = ownership_of(copy.tags)
        if ownership and ownership.owner_id == aws.owner_id:
            return Claim.OF_BACKUP_COPY if claimed_description(copy.tags) in backup_copies else Claim.OURS
        return Claim.NOBODY if OWNERSHIP_TAG not in copy.tags or copy.id in of_other_provider else Claim.OTHER_OWNER

    by_region = {
        region: [
            ExistingCopy(copy, claim(copy))
            for copy in sorted(aws.copies_in(region), key=lambda copy: (copy.creation_time, copy.id))
            if copy.id not in in_state and not copy.is_dead
        ]
        for region in {dr.region for dr in regions}
    }
    by_place: dict[tuple[str, str], list[ExistingCopy]] = defaultdict(list)
    for region, copies in by_region.items():
        for copy in copies:
            for key in filter(None, (copy.backup.file_system_id, copy.backup.source_backup_id)):
                by_place[region, key].append(copy)
    return ExistingCopies(by_region, by_place, aws)


def wanted_key(aws: AwsView, dr_region: str, kms_key_id: Any) -> str | None:
    """Return the expected key of a copy; None if it is not known yet."""
    if kms_key_id is None:
        return ANY_OWN_KEY
    return aws.resolved_key(dr_region, kms_key_id) if isinstance(kms_key_id, str) else None


def resume_order(copy: Backup) -> tuple[Any, ...]:
    """Return the sort key of copies to resume: AVAILABLE ones first, then the oldest."""
    return not copy.is_available, copy.creation_time, copy.id


def _fits(source: SourceSpec, copy: Backup, key: str | None) -> bool:
    """Whether a copy matches a source and a key; False if the key is not known yet."""
    # Any source backup matches, because the copies were found by their file system or source backup.
    own, region = copy.source_backup_id or "", source.dr.region
    facts = Facts(source_backup_id=own, region=region, source_region=source.region, key=key)
    return key is not None and mismatch(copy, facts) is None


def _descriptions(dr: DrRegionSpec, names: Iterable[str]) -> Iterator[str]:
    """Return the descriptions of the program's BackupCopies in ownership tags."""
    return (description_of(f"{stack_part(dr.urn)}::{dr.copy_type}::{name}") for name in names)
