"""The notes and warnings of preview and up about a plan."""

from collections.abc import Iterator

from pulumi_fsx_dr.copies.messages import owner_text, resuming, unusable
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.fsx.kms import same_key

from .decide import SourcePlan, gone
from .observed import ObservedCopy
from .points import Action, SourcePoint
from .reasons import Decision, Kept


def notes(plan: SourcePlan) -> Iterator[str]:
    """Yield notes on existing copies that are resumed, adopted, or not used."""
    for point in plan.points:
        offer = point.offer
        if point.action is Action.RESUME and (copy := point.resumed):
            yield resuming(copy)
        elif point.action is Action.ADOPT and (copy := point.adopted):
            yield f"Adopting {copy.id} in {copy.region}, a copy of {point.source_backup_id}."
        elif point.action is Action.CREATE and (copy := offer.adoptable):
            yield (
                f"{copy.id} in {copy.region}, a copy of {point.source_backup_id}, is not managed by this DrRegion. Set "
                "adopt_existing to adopt it instead of creating a new copy."
            )
        elif point.action is Action.CREATE and (copy := offer.of_other_owner):
            yield (
                f"{copy.id} in {copy.region}, a copy of {point.source_backup_id}, has the ownership tag of "
                f"{owner_text(copy)}. This DrRegion does not adopt it, and creates a new copy. If the owner no longer "
                f"exists, remove the tag {OWNERSHIP_TAG} from the backup, or adopt it with adopt_backup_id of a "
                "BackupCopy."
            )


def explanations(plan: SourcePlan) -> Iterator[str]:
    """Yield which rules of a retention policy keep each copy."""
    if isinstance(plan.source.keep, int):
        return
    where = plan.source.dr.region
    for point in plan.points:
        if point.is_declared and point.decision and point.decision.reason is Kept.RETENTION:
            source, state = point.source_backup_id, point.state
            what = f"{state.id} in {where}, a copy of {source}" if state else f"a copy of {source} in {where}"
            yield f"Keeping {what}: {point.decision}."


def warnings(plan: SourcePlan) -> Iterator[str]:
    """Yield why recovery points get no copy, or keep their copy unchanged."""
    source, where = plan.source, plan.source.dr.region
    yield from filter(None, map(_key_is_kept, plan.points))
    skipped = [point for point in plan.points if point.action is Action.SKIP]
    if plan.obstacle is None:
        for point in skipped:
            yield f"{point.source_backup_id} in {source.region} is not copied to {where}: {point.obstacle}."
        return
    is_unprotected = bool(skipped) or not any(point.is_protected for point in plan.points)
    if is_unprotected and plan.is_reachable and not source.is_unselected:
        yield f"{source.key} in {source.region} gets no new copy in {where}: {plan.obstacle}."


def warnings_of_kept(copy: ObservedCopy, decision: Decision) -> Iterator[str]:
    """Yield warnings about a copy in the state that is kept."""
    where = f"{copy.state.id} in {copy.state.region}"
    if decision.reason in (Kept.ONLY_COPY, Kept.SOURCE_UNREACHABLE):
        yield f"Keeping {where}, although the program no longer copies its source to this Region: {decision}."
    if copy.is_lost:
        yield unusable(copy.state, str(gone(copy)))


def _key_is_kept(point: SourcePoint) -> str | None:
    is_retained = point.decision is not None and point.decision.reason is Kept.RETENTION
    if point.action is not Action.KEEP_UNCHANGED or not point.state or not is_retained:
        return None
    state, wanted = point.state, point.source.kms_key_id
    if not isinstance(wanted, str) or wanted == state.output("kms_key_id"):
        return None
    if same_key(state.output("kms_key_arn"), wanted):
        return None
    return (
        f"{state.id} in {state.region} keeps its KMS key: its source {point.source_backup_id} cannot be copied now. "
        "The copy stays until retention deletes it."
    )
