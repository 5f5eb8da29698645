"""The messages of preview and up about a plan."""

from collections.abc import Iterator

from pulumi_fsx_dr.copies.messages import gone_text, owner_text
from pulumi_fsx_dr.fsx.kms import same_key

from .decide import SourcePlan, gone
from .observed import ObservedCopy
from .points import Action, SourcePoint
from .reasons import Decision, Kept


def notes(plan: SourcePlan) -> Iterator[str]:
    """Yield notes on existing copies of the source backups that are copied or adopted."""
    for point in plan.points:
        offer = point.offer
        if point.action is Action.ADOPT and (copy := point.adopted):
            yield f"{copy.id} in {copy.region}, a copy of {point.source_backup_id}, is adopted."
        elif point.action is Action.CREATE and (copy := offer.adoptable):
            yield (
                f"{copy.id} in {copy.region}, a copy of {point.source_backup_id}, is not this DrRegion's. Set "
                "adopt_existing to adopt it instead of making a new copy."
            )
        elif point.action is Action.CREATE and (copy := offer.of_other_owner):
            yield (
                f"{copy.id} in {copy.region}, a copy of {point.source_backup_id}, has another owner, according to its "
                f"tag: {owner_text(copy)}. It is not adopted, and a new copy is made."
            )


def explanations(plan: SourcePlan) -> Iterator[str]:
    """Yield which rules of a policy keep each copy; a number needs no explanation."""
    if isinstance(plan.source.keep, int):
        return
    where = plan.source.dr.region
    for point in plan.points:
        if point.is_declared and point.decision and point.decision.reason is Kept.RETENTION:
            source, state = point.source_backup_id, point.state
            what = f"{state.id} in {where}, a copy of {source}," if state else f"A copy of {source} in {where}"
            yield f"{what} is kept: {point.decision}."


def warnings(plan: SourcePlan) -> Iterator[str]:
    """Yield why recovery points get no copy, or keep their copy unchanged."""
    source, where = plan.source, plan.source.dr.region
    yield from filter(None, map(_key_is_kept, plan.points))
    skipped = [point for point in plan.points if point.action is Action.SKIP]
    if plan.obstacle is None:
        for point in skipped:
            yield f"{point.source_backup_id} in {source.region} has no copy in {where}: {point.obstacle}."
        return
    is_unprotected = bool(skipped) or not any(point.is_protected for point in plan.points)
    if is_unprotected and plan.is_reachable and not source.is_unselected:
        yield f"{source.key} in {source.region} has no new copy in {where}, because {plan.obstacle}."


def warnings_of_kept(copy: ObservedCopy, decision: Decision) -> Iterator[str]:
    """Yield warnings about a copy in the state that stays declared."""
    where = f"{copy.state.id} in {copy.state.region}"
    if decision.reason in (Kept.ONLY_COPY, Kept.SOURCE_UNREACHABLE):
        yield f"{where} stays, although the program declares nothing there any more: {decision}."
    if copy.is_lost:
        yield gone_text(copy.state, str(gone(copy)))


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
        f"{state.id} in {state.region} keeps its KMS key, because its source {point.source_backup_id} cannot be copied "
        "now. It is deleted when retention does not keep it any more."
    )
