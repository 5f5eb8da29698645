"""Which source each copy in the state belongs to. Names alone decide nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from .declared import KnownCopy
from .specs import SourceSpec


class SourceIndex:
    """The sources, found by the copies that may be theirs."""

    def __init__(self, specs: Iterable[SourceSpec]) -> None:
        self._found: dict[tuple[str, str], list[SourceSpec]] = defaultdict(list)
        for spec in specs:
            for place in ((where, key) for where in (spec.dr.region, "") for key in spec.keys):
                self._found[place].append(spec)

    def of(self, copy: KnownCopy, region: str = "") -> Sequence[SourceSpec]:
        """Return the sources of DrRegions in a Region, or in any, that a copy may be of."""
        return [*self._found.get((region, copy.file_system_id), ()), *self._found.get((region, copy.source), ())]


def matched(known: Iterable[KnownCopy], index: SourceIndex) -> Mapping[str, SourceSpec]:
    """Return the source that each copy in the state belongs to, by its URN.

    A copy under an unexpected URN goes to a DrRegion that does not have a copy of that source under the expected one.
    """
    candidates = {copy: specs for copy in known if (specs := index.of(copy, copy.state.region))}
    found = {
        copy.state.urn: spec
        for copy, specs in candidates.items()
        if (spec := next((s for s in specs if s.urn_of(copy.source) == copy.state.urn), None))
    }
    # A DrRegion that has copies under its own URNs was not renamed, so the others rather belong to another one.
    settled = set(found.values())
    for copy, specs in candidates.items():
        if copy.state.urn not in found:
            found[copy.state.urn] = next((spec for spec in specs if spec not in settled), specs[0])
    return found
