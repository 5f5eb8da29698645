"""DrRegions that a program declares later than others, for example in an `apply` or after an `await`.

The others were planned without them. Deletes of copies that no DrRegion declared are therefore decided again.
"""

from collections.abc import Collection, Iterable, Mapping

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.rules.naming import is_name_of
from pulumi_fsx_dr.rules.region_plan import RegionPlan, Undecided
from pulumi_fsx_dr.rules.specs import DrRegionSpec


def decided_for(
    later: Collection[DrRegionSpec], plans: Collection[RegionPlan], undecided: Iterable[Undecided]
) -> set[str]:
    """Return the URNs of the copies with a final decision, which later DrRegions cannot change."""
    leave = [(removal.copy, removal.decision) for plan in plans for removal in plan.removed]
    leave += [(one.copy.state, one.decision) for one in undecided]
    declared = {copy.state.urn for plan in plans for copy in plan.copies if copy.state}
    return declared | {copy.urn for copy, why in leave if not why.is_of_program and not _is_own(later, copy)}


def merge(later: Mapping[str, RegionPlan], plans: Iterable[RegionPlan], undecided: dict[str, list[Undecided]]) -> None:
    """Drop earlier decisions on copies that later DrRegions declare, and later decisions that repeat earlier ones."""
    stay = {copy.state.urn for plan in later.values() for copy in plan.copies if copy.state}
    left: set[str] = set()
    for plan in plans:
        plan.removed = [removal for removal in plan.removed if removal.copy.urn not in stay]
        left |= {removal.copy.urn for removal in plan.removed}
    for region, some in undecided.items():
        undecided[region] = [one for one in some if one.copy.state.urn not in stay]
        left |= {one.copy.state.urn for one in undecided[region]}
    for plan in later.values():
        plan.removed = [removal for removal in plan.removed if removal.copy.urn not in left]
        plan.undecided = [one for one in plan.undecided if one.copy.state.urn not in left]


def taken_back(later: RegionPlan, plans: Iterable[RegionPlan]) -> list[str]:
    """Return notes on the copies that a later DrRegion declares although their delete was announced."""
    announced = {removal.copy.urn for plan in plans for removal in plan.removed}
    return [
        f"{copy.state.id} in {copy.state.region} is not deleted, because this DrRegion declares it."
        for copy in later.copies
        if copy.state and copy.state.urn in announced
    ]


def _is_own(later: Iterable[DrRegionSpec], copy: StateCopy) -> bool:
    return any(dr.child_urn(copy.name) == copy.urn and is_name_of(dr.name, copy) for dr in later)
