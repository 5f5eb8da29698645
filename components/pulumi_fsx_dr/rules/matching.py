"""Match the copies in the state with the sources of the program, by Region and source backup or file system."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .naming import is_name_of
from .observed import ObservedCopy
from .specs import SourceSpec

_Place: TypeAlias = tuple[str, str]  # DR Region, or "" for any; file system or backup


@dataclass(frozen=True, slots=True)
class Matches:
    """The sources of the program with their copies in the state."""

    by_place: Mapping[_Place, list[SourceSpec]]
    by_source: Mapping[SourceSpec, Sequence[ObservedCopy]]
    unmatched: Sequence[ObservedCopy]

    @property
    def matched_urns(self) -> set[str]:
        return {copy.state.urn for copies in self.by_source.values() for copy in copies}

    def possible_sources(self, copy: ObservedCopy) -> list[SourceSpec]:
        """Return the sources, in all DR Regions, with the file system or source backup of a copy."""
        return _possible(self.by_place, copy, "")


def match(copies: Sequence[ObservedCopy], sources: Iterable[SourceSpec]) -> Matches:
    """Match copies in the state with sources.

    If several DrRegions declare a source, a copy belongs to the one with the copy's URN. If no URN matches, a DrRegion
    was renamed. The copy then belongs to a DrRegion without any matching URN, preferably to one with a matching name,
    because only its parent may have been renamed.
    """
    by_place: dict[_Place, list[SourceSpec]] = defaultdict(list)
    for source in sources:
        for key in source.keys:
            by_place[source.dr.region, key].append(source)
            by_place["", key].append(source)
    candidates = {copy: found for copy in copies if (found := _possible(by_place, copy, copy.state.region))}
    expected = {
        copy: own
        for copy, found in candidates.items()
        if (own := next((s for s in found if s.urn_of(copy.source_backup_id) == copy.state.urn), None))
    }
    settled = set(expected.values())
    by_source: dict[SourceSpec, list[ObservedCopy]] = defaultdict(list)
    for copy, found in candidates.items():
        by_source[expected.get(copy) or _likely_owner(copy, found, settled)].append(copy)
    return Matches(by_place, by_source, [copy for copy in copies if copy not in candidates])


def _likely_owner(copy: ObservedCopy, found: Sequence[SourceSpec], settled: Collection[SourceSpec]) -> SourceSpec:
    renamed = [source for source in found if source not in settled]
    named = (source for source in renamed if is_name_of(source.dr.name, copy.state))
    return next(named, next(iter(renamed), found[0]))


def _possible(by_place: Mapping[_Place, list[SourceSpec]], copy: ObservedCopy, dr_region: str) -> list[SourceSpec]:
    of_file_system = by_place.get((dr_region, copy.file_system_id), [])
    return of_file_system + by_place.get((dr_region, copy.source_backup_id), [])
