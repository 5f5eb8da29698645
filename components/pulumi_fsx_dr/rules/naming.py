"""The logical names of the copies of a DrRegion.

`<DrRegion>-<source backup>`, or `<DrRegion>-source-<n>` if the source backup is an output.
"""

import re
from collections.abc import Collection, Sequence

from pulumi_fsx_dr.copies.state_copy import StateCopy

from .points import SourcePoint


def output_name(dr_name: str, number: int) -> str:
    return f"{dr_name}-source-{number}"


def is_name_of(dr_name: str, copy: StateCopy) -> bool:
    """Whether the name of a copy is one that a DrRegion with this name would choose."""
    own = f"{dr_name}-{copy.source_backup_id}"
    is_of_output = re.fullmatch(rf"{re.escape(dr_name)}-source-\d+", copy.name) is not None
    return is_of_output or copy.name in (own, regional_name(own, copy.region), distinct_name(own, copy))


def regional_name(name: str, region: str) -> str:
    """Return the name for a new copy if its usual name is taken."""
    return f"{name}-{region}"


def distinct_name(name: str, copy: StateCopy) -> str:
    """Return a unique name for a copy in the state."""
    return f"{name}-{copy.region}-{copy.id}"


def assign_names(points: Sequence[SourcePoint], state_urns: Collection[str], reserved: Collection[str]) -> list[str]:
    """Return the name of each declared copy: the usual name, unless it is taken.

    The engine looks for a resource by its URN before its aliases, and refuses a URN that is the alias of another
    resource. So a copy keeps its name in the state as long as its usual name is taken. If its name in the state is
    taken, too, or is the usual name for another DrRegion, the copy gets a unique name from its Region and id.
    """
    names: dict[int, str] = {}
    urns: set[str] = set()
    dr_names = {point.source.dr.name for point in points}

    def is_free(urn: str, state: StateCopy | None) -> bool:
        if state is None:
            return urn not in urns and urn not in reserved
        return urn not in urns and (urn == state.urn or urn not in state_urns)

    # Copies in the state first, so that no new copy gets the URN of one of them.
    for number, point in sorted(enumerate(points), key=lambda numbered: not numbered[1].is_in_state):
        dr, state = point.source.dr, point.state
        usual = dr.child_name(point.source_backup_id)
        is_of_another = state and any(is_name_of(other, state) for other in dr_names - {dr.name})
        names_to_try = (usual, state.name if state and not is_of_another else usual)
        free = (name for name in names_to_try if is_free(dr.child_urn(name), state))
        names[number] = next(free, distinct_name(usual, state) if state else regional_name(usual, dr.region))
        urns.add(dr.child_urn(names[number]))
    return [names[number] for number in range(len(points))]
