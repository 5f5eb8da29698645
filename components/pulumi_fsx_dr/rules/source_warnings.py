"""Warnings of a preview about the choice of sources: copies in the source Region, and copies that are made twice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from pulumi_fsx_dr.copies.urns import name_of

from .specs import DrRegionSpec, SourceSpec


def source_warnings(specs: Iterable[SourceSpec]) -> Iterator[tuple[DrRegionSpec, str]]:
    sources = list(specs)
    yield from _in_source_region(sources)
    yield from _copied_twice(sources)


def _in_source_region(specs: Iterable[SourceSpec]) -> Iterator[tuple[DrRegionSpec, str]]:
    found: dict[str, list[SourceSpec]] = defaultdict(list)
    for spec in specs:
        if spec.region == spec.dr.region:
            found[spec.dr.urn].append(spec)
    for sources in found.values():
        dr, keys = sources[0].dr, _some([spec.key for spec in sources])
        warning = (
            f"{dr.name} copies {keys} within {dr.region}. These copies do not survive the loss of the Region. "
            "Use another DR Region, unless this is intended."
        )
        yield dr, warning


def _copied_twice(specs: Iterable[SourceSpec]) -> Iterator[tuple[DrRegionSpec, str]]:
    """Yield the sources that two DrRegions copy to one DR Region with the same key."""
    first: dict[tuple[str, str, str], SourceSpec] = {}
    found: dict[tuple[str, str], list[SourceSpec]] = defaultdict(list)
    for spec in specs:
        other = first.setdefault((spec.dr.region, spec.region, spec.key), spec)
        # Two keys are a reason for two copies. An output is equal only to itself.
        if other.dr.urn != spec.dr.urn and other.kms_key_id == spec.kms_key_id:
            found[other.dr.urn, spec.dr.urn].append(spec)
    for (urn, _), sources in found.items():
        dr, keys = sources[0].dr, _some([spec.key for spec in sources])
        warning = (
            f"{name_of(urn)} and {dr.name} both copy {keys} to {dr.region}. You pay for each copy. Remove the "
            "source from one of them."
        )
        yield dr, warning


def _some(keys: list[str], shown: int = 3) -> str:
    more = f" and {len(keys) - shown} more" if len(keys) > shown else ""
    return ", ".join(keys[:shown]) + more
