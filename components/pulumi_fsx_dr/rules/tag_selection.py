"""Find the file systems that tag selectors select now, and those that they selected before.

A file system that has lost its tags keeps its copies until it is listed in `exclude` or the source is removed. So
permission to remove tags is not enough to have copies deleted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeAlias

from .aws_view import AwsView
from .observed import ObservedCopy
from .sources import as_file_system, selected_by, source_label
from .specs import DrRegionSpec, SourceSpec

_Selector: TypeAlias = tuple[DrRegionSpec, Mapping[str, Any]]


@dataclass(slots=True)
class SourceSelection:
    """The sources, with file systems instead of tag selectors, and the selectors that select nothing."""

    specs: list[SourceSpec] = field(default_factory=list)
    empty: list[_Selector] = field(default_factory=list)
    warnings: list[tuple[DrRegionSpec, str]] = field(default_factory=list)


def select_sources(regions: Sequence[DrRegionSpec], copies: Iterable[ObservedCopy], aws: AwsView) -> SourceSelection:
    named = [SourceSpec(dr, source) for dr in regions for source in dr.sources if "tags" not in source]
    selectors = [(dr, source) for dr in regions for source in dr.sources if "tags" in source]
    selected = [_selected(dr, source, aws) for dr, source in selectors]
    current = _without_repeated([*named, *chain(*selected)])
    without_source = _without_source(regions, current, copies)
    former = [_selected_before(dr, source, without_source, aws) for dr, source in selectors]
    selection = SourceSelection(_without_repeated([*current, *chain(*former)]))
    for (dr, source), now, before in zip(selectors, selected, former, strict=True):
        if not (now or before):
            selection.empty.append((dr, source))
        if aws.file_systems_in(source["region"]) is not None:
            selection.warnings += [(dr, message) for message in _warnings(dr, source, now, before)]
    return selection


def _selected(dr: DrRegionSpec, source: Mapping[str, Any], aws: AwsView) -> list[SourceSpec]:
    """Return the file systems that a tag selector selects now; none if their Region is unreachable."""
    names = selected_by(source, aws.file_systems_in(source["region"]) or {})
    return [SourceSpec(dr, as_file_system(source, name), source) for name in names]


def _without_source(
    regions: Iterable[DrRegionSpec], current: Iterable[SourceSpec], copies: Iterable[ObservedCopy]
) -> Mapping[tuple[str, str], set[str]]:
    """Return the file systems with copies but without a source, by DR Region and source Region.

    The key is "" for a DR Region that was removed from the program, and for an unknown source Region.
    """
    declared = {dr.region for dr in regions}
    with_source = {(where, key) for spec in current for where in (spec.dr.region, "") for key in spec.keys}
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for copy in copies:
        where = copy.state.region if copy.state.region in declared else ""
        if with_source.isdisjoint({(where, copy.file_system_id), (where, copy.source_backup_id)}):
            found[where, copy.state.source_region].add(copy.file_system_id)
    return found


def _selected_before(
    dr: DrRegionSpec, source: Mapping[str, Any], without_source: Mapping[tuple[str, str], set[str]], aws: AwsView
) -> list[SourceSpec]:
    """Return the file systems without a source that a tag selector may have selected before."""
    tags = aws.file_systems_in(source["region"]) or {}
    places = [(where, origin) for where in (dr.region, "") for origin in (source["region"], "")]
    names = {name for place in places for name in without_source.get(place, ())} - set(source.get("exclude", ()))
    return [
        SourceSpec(dr, as_file_system(source, name), source, is_unselected=tags.get(name) is not None)
        for name in sorted(names)
    ]


def _warnings(
    dr: DrRegionSpec, source: Mapping[str, Any], selected: Iterable[SourceSpec], former: Iterable[SourceSpec]
) -> Iterator[str]:
    where, tags = source["region"], source_label(source)
    if not selected:
        yield f"Source {tags} of {dr.name} copies nothing to {dr.region}: no file system in {where} has these tags."
    for spec in former:
        why = f"does not have the tags {tags}" if spec.is_unselected else "is gone, or FSx does not return its tags"
        more = ", and no new ones are created" if spec.is_unselected else ""
        how = f"add {spec.key} to `exclude` of the source {tags}" if spec.key else f"remove the source {tags}"
        yield (
            f"{spec.key or 'An unknown file system'} in {where} {why}. Its copies in {dr.region} are kept{more}. To "
            f"delete them, {how} of {dr.name}."
        )


def _without_repeated(specs: Iterable[SourceSpec]) -> list[SourceSpec]:
    """Return the sources without file systems that the same DrRegion has already."""
    found: list[SourceSpec] = []
    known: set[tuple[str, str]] = set()
    for spec in specs:
        if spec.selector is None or (spec.dr.urn, spec.key) not in known:
            found.append(spec)
        known.add((spec.dr.urn, spec.key))
    return found
