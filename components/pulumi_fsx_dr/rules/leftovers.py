"""Find leftovers: copies with the tag of this stack that are not in the state and not resumed by this run."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pulumi_fsx_dr.copies.messages import leftover, of_stack_with_same_name
from pulumi_fsx_dr.copies.ownership import claimed_description, description_of, ownership_of, stack_of
from pulumi_fsx_dr.copies.verification import Facts, mismatch
from pulumi_fsx_dr.fsx.backup import Backup

from .existing import Claim, ExistingCopies, resume_order, wanted_key
from .matching import Matches
from .region_plan import RegionPlan
from .specs import DrRegionSpec


def leftovers(
    regions: Sequence[DrRegionSpec], plans: Mapping[str, RegionPlan], existing: ExistingCopies, matches: Matches
) -> Iterator[tuple[DrRegionSpec, str]]:
    """Yield a message for each leftover, with the DrRegion that logs it."""
    by_region: dict[str, list[DrRegionSpec]] = defaultdict(list)
    for dr in regions:
        by_region[dr.region].append(dr)
    for region, drs in by_region.items():
        copies = existing.by_region[region]
        own = [copy.backup for copy in copies if copy.claim in (Claim.OURS, Claim.OF_BACKUP_COPY)]
        resumed = _resumed(own, _creates(drs, plans, existing))
        of_backup_copies = {copy.backup.id for copy in copies if copy.claim is Claim.OF_BACKUP_COPY}
        for backup in sorted(own, key=resume_order):
            if backup.id not in resumed | of_backup_copies and _is_known_leftover(backup, drs, matches):
                yield drs[0], leftover(backup)
        # After a destroy or the loss of its state, a stack has a new owner id. Its older copies have the former one.
        if namesakes := [c.backup for c in copies if c.claim is Claim.OTHER_OWNER and _names_stack(c.backup, drs[0])]:
            yield drs[0], of_stack_with_same_name(namesakes)


def _creates(drs: Iterable[DrRegionSpec], plans: Mapping[str, RegionPlan], existing: ExistingCopies) -> list[Facts]:
    return [
        Facts(
            source_backup_id=new.args["source_backup_id"],
            region=dr.region,
            source_region=new.args["source_region"],
            key=wanted_key(existing.aws, dr.region, new.args.get("kms_key_id", dr.kms_key_id)),
        )
        for dr in drs
        for new in plans[dr.urn].copies
        if new.state is None and "adopt_backup_id" not in new.args
    ]


def _resumed(own: Iterable[Backup], creates: Iterable[Facts]) -> set[str]:
    """Return the ids of the copies that creates resume; each create resumes one copy."""
    by_source: dict[str, list[Facts]] = defaultdict(list)
    for facts in creates:
        by_source[facts.source_backup_id].append(facts)
    resumed = set()
    for copy in sorted(own, key=resume_order):
        wanted = by_source[copy.source_backup_id or ""]
        if create := next((facts for facts in wanted if mismatch(copy, facts) is None), None):
            wanted.remove(create)
            resumed.add(copy.id)
    return resumed


def _is_known_leftover(copy: Backup, drs: Iterable[DrRegionSpec], matches: Matches) -> bool:
    """Whether a copy is surely a leftover of one of these DrRegions."""
    description, source_backup_id = claimed_description(copy.tags), copy.source_backup_id or ""
    # A source backup that is an output is not known yet, and may be the source of the copy.
    keys = (copy.file_system_id or "", source_backup_id)
    if any(dr.has_outputs for dr in drs) and not any((copy.region, key) in matches.by_place for key in keys):
        return False
    return any(dr.sees_program or description.startswith(dr.child_description(source_backup_id)) for dr in drs)


def _names_stack(copy: Backup, dr: DrRegionSpec) -> bool:
    is_owned = ownership_of(copy.tags) is not None
    return is_owned and stack_of(claimed_description(copy.tags)) == stack_of(description_of(dr.urn))
