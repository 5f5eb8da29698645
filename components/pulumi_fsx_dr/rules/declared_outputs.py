"""Which copies a DrRegion declares for sources that are outputs, and so known later than the others."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import count

from pulumi_fsx_dr.copies.state_copy import StateCopy

from .declared import Declaration, Declared, Removed
from .specs import DrRegionSpec

_OF_OUTPUT = re.compile(r"-source-\d+$")


def is_of_output(copy: StateCopy, regions: Iterable[DrRegionSpec]) -> bool:
    """Whether a copy may be of a source that was given as an output."""
    return bool(_OF_OUTPUT.search(copy.name)) and any(r.has_outputs and r.region == copy.region for r in regions)


def declare_outputs(
    region: DrRegionSpec, sources: Mapping[int, tuple[str | None, str]], copies: Sequence[StateCopy]
) -> Declaration:
    """Return what a DrRegion declares for the sources that were given as outputs.

    Their copies are named by position, but a copy stays with its source whatever becomes of the other sources.

    Args:
        region: the DrRegion.
        sources: by position the backup id, None as long as it is not known, and the Region.
        copies: those in the state that may be of such a source.
    """
    made = Declaration()
    left = {copy.source_backup_id: copy for copy in copies}
    # By source backup, so that the removal of the first source does not move all others by one.
    found = {position: left.pop(id_) for position, (id_, _) in sources.items() if id_ and id_ in left}
    names = {position: copy.name for position, copy in found.items() if _is_named(copy, region)}
    free = (name for n in count() if (name := f"{region.name}-source-{n}") not in names.values())
    for position in sorted(sources):
        preferred = f"{region.name}-source-{position}"
        if position not in names:
            names[position] = preferred if preferred not in names.values() else next(free)
    for position, (_, source_region) in sources.items():
        args = {"position": position, "source_region": source_region}
        made.copies.append(Declared(name=names[position], args=args, state=found.get(position)))
    declared = {region.child_urn(name) for name in names.values()}
    # A name that is declared may be that of a source which is not known yet, and the copy be its own.
    unasked = [copy for copy in left.values() if copy.urn not in declared]
    made.removed += [Removed(copy, "its source was removed from the program") for copy in unasked]
    return made


def _is_named(copy: StateCopy, region: DrRegionSpec) -> bool:
    """Whether a copy of an output has a name that a DrRegion gives."""
    return _OF_OUTPUT.sub("", copy.name) == region.name and copy.urn == region.child_urn(copy.name)
