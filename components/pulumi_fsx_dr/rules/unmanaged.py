"""Copies in the DR Regions that the state does not contain: what becomes of them.

A tag only narrows what is looked at. `verification` decides whether a copy is what the program asks for.
"""

import functools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from pulumi_fsx_dr.copies.copy import NATIVE_COPY_TYPE
from pulumi_fsx_dr.copies.messages import leftover, of_namesake
from pulumi_fsx_dr.copies.ownership import (
    OWNERSHIP_TAG,
    claimed_description,
    description_of,
    ownership_of,
    stack_of,
)
from pulumi_fsx_dr.copies.verification import ANY_OWN_KEY, Facts, mismatch
from pulumi_fsx_dr.fsx.backup import Backup

from .declared import Declaration, Outside
from .specs import DrRegionSpec, SourceSpec


class Unmanaged:
    """The living copies in the DR Regions that no DrRegion has in the state, oldest first."""

    def __init__(self, regions: Sequence[DrRegionSpec], outside: Outside) -> None:
        self._outside = outside
        self._by_source: dict[tuple[str, str], list[Backup]] = defaultdict(list)
        self._own: dict[str, list[Backup]] = defaultdict(list)  # by DR Region
        self._of_namesake: dict[str, list[Backup]] = defaultdict(list)  # by DR Region
        self._resolved = functools.cache(outside.resolved_key)
        # A single copy resumes, or names, its own. Components of the plugin do not know of any.
        self._singles = {name for dr in regions[:1] for name in _descriptions(dr, outside.declared)}
        # Those that the other host made: a stack that goes from one host to the other adopts them.
        is_native = any(dr.copy_type == NATIVE_COPY_TYPE for dr in regions)
        self._of_other_host = {c.id for c in outside.state if c.is_of_dr_region and c.is_native != is_native}
        in_state = {copy.id for copy in outside.state} - self._of_other_host
        for region in {dr.region for dr in regions}:
            found = (copy for copy in outside.copies_in(region) if copy.id not in in_state and not copy.is_dead)
            for copy in sorted(found, key=lambda copy: (copy.creation_time, copy.id)):
                for key in filter(None, (copy.file_system_id, copy.source_backup_id)):
                    self._by_source[region, key].append(copy)
                if self._is_own(copy):
                    self._own[region].append(copy)
                elif copy.id not in self._of_other_host and _names_stack(copy, regions[0]):
                    self._of_namesake[region].append(copy)

    def resumable(self, spec: SourceSpec, taken: Collection[str]) -> dict[str, Backup]:
        """Return the copies of an earlier run that a create can resume, by source backup.

        Args:
            spec: the source.
            taken: ids of copies that other creates are to resume.
        """
        free = (copy for copy in self._of(spec) if copy.id not in taken)
        own = (copy for copy in free if self._is_own(copy) and not self._is_of_single(copy))
        found = [copy for copy in own if self._is_fit(spec, copy)]
        # The one that create takes first is the last, and so the one that remains.
        found.sort(key=lambda copy: (not self.has_wanted_key(spec, copy), *_rank(copy)), reverse=True)
        return {copy.source_backup_id or "": copy for copy in found}

    def adoptable(self, spec: SourceSpec) -> dict[str, Backup]:
        """Return the copies without another owner that can be adopted, by source backup."""
        return {c.source_backup_id or "": c for c in self._finished(spec) if self._is_adoptable(c)}

    def foreign(self, spec: SourceSpec) -> dict[str, Backup]:
        """Return the copies whose tag names another owner, by source backup."""
        others = [copy for copy in self._finished(spec) if not self._is_adoptable(copy)]
        return {copy.source_backup_id or "": copy for copy in others if not self._is_own(copy)}

    def has_wanted_key(self, spec: SourceSpec, copy: Backup) -> bool:
        """Whether a copy has the key that the program asks for; not if that is not known yet."""
        key = self._key(spec.dr.region, spec.kms_key_id)
        return key is not None and mismatch(copy, _facts(spec, copy, key)) is None

    def leftovers(self, region: str, made: Sequence[tuple[DrRegionSpec, Declaration]]) -> Iterator[str]:
        """Yield a sentence for each copy with our owner id that no create of this run resumes.

        Args:
            region: the DR Region.
            made: what the DrRegions of that Region declare.
        """
        own = sorted(self._own.get(region, ()), key=_rank)
        creates = self._creates(region, made) if own else {}
        for copy in own:
            asked = creates.get(copy.source_backup_id or "", [])
            # One create resumes one copy.
            if resumed := next((facts for facts in asked if mismatch(copy, facts) is None), None):
                asked.remove(resumed)
            elif not self._is_of_single(copy) and _is_named_by_one(copy, [dr for dr, _ in made]):
                yield leftover(copy)
        # A destroy, or the loss of the state, ends an owner id; a run that was killed before may have left copies.
        if namesakes := self._of_namesake.get(region):
            yield of_namesake(namesakes)

    def _creates(self, region: str, made: Iterable[tuple[DrRegionSpec, Declaration]]) -> dict[str, list[Facts]]:
        """Return what the creates of this run ask for, by source backup."""
        found: dict[str, list[Facts]] = defaultdict(list)
        for dr, declaration in made:
            for new in declaration.copies:
                if new.state is None and "adopt_backup_id" not in new.args:
                    source, origin = new.args["source_backup_id"], new.args["source_region"]
                    key = self._key(region, new.args.get("kms_key_id", dr.kms_key_id))
                    found[source].append(Facts(source_backup_id=source, region=region, source_region=origin, key=key))
        return found

    def _of(self, spec: SourceSpec) -> Sequence[Backup]:
        return self._by_source.get((spec.dr.region, spec.key), ())

    def _is_own(self, copy: Backup) -> bool:
        own = ownership_of(copy.tags)
        return own is not None and own.owner_id == self._outside.owner_id

    def _is_adoptable(self, copy: Backup) -> bool:
        return OWNERSHIP_TAG not in copy.tags or copy.id in self._of_other_host

    def _is_of_single(self, copy: Backup) -> bool:
        return claimed_description(copy.tags) in self._singles

    def _finished(self, spec: SourceSpec) -> list[Backup]:
        """Return the copies that are AVAILABLE and what the program asks for."""
        return [copy for copy in self._of(spec) if copy.is_available and self.has_wanted_key(spec, copy)]

    def _is_fit(self, spec: SourceSpec, copy: Backup) -> bool:
        """Whether it is a copy of this source, under the key that the program asks for or any of its own account."""
        return self.has_wanted_key(spec, copy) or mismatch(copy, _facts(spec, copy, ANY_OWN_KEY)) is None

    def _key(self, region: str, kms_key_id: Any) -> str | None:
        """Return the key that a copy must have, None if it is not known yet."""
        if kms_key_id is None:
            return ANY_OWN_KEY
        return self._resolved(region, kms_key_id) if isinstance(kms_key_id, str) else None


def _facts(spec: SourceSpec, copy: Backup, key: str) -> Facts:
    # The source backup may be any of the file system, which the copies were found by.
    source = copy.source_backup_id or ""
    return Facts(source_backup_id=source, region=spec.dr.region, source_region=spec.region, key=key)


def _names_stack(copy: Backup, dr: DrRegionSpec) -> bool:
    """Whether a tag of another owner names the stack of a DrRegion."""
    is_owned = ownership_of(copy.tags) is not None
    return is_owned and stack_of(claimed_description(copy.tags)) == stack_of(description_of(dr.urn))


def _rank(copy: Backup) -> tuple[Any, ...]:
    """Return in which order a create takes copies: AVAILABLE ones first, then the oldest."""
    return not copy.is_available, copy.creation_time, copy.id


def _is_named_by_one(copy: Backup, regions: Sequence[DrRegionSpec]) -> bool:
    """Whether one of these DrRegions is to name a leftover."""
    description, source = claimed_description(copy.tags), copy.source_backup_id or ""
    # What the creates for outputs will ask for is not known yet.
    if any(dr.has_outputs and description.startswith(dr.child_description("source-")) for dr in regions):
        return False
    return any(dr.sees_program or description.startswith(dr.child_description(source)) for dr in regions)


def _descriptions(dr: DrRegionSpec, names: Iterable[str]) -> Iterator[str]:
    """Yield the descriptions of single copies in ownership tags."""
    stack, project, _ = dr.urn.split("::", 2)
    return (description_of(f"{stack}::{project}::{dr.copy_type}::{name}") for name in names)
