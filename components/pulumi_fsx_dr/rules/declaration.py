"""Which copies the DrRegions of a program declare: from the sources, from AWS, and above all from the state.

A copy in the state leaves the program for a reason, or not at all (`Removed.reason`):

* retention: `keep` newer copies, or those that the rules of a policy ask for, are AVAILABLE or are made in this run. If
  one of those fails, nothing of its file system is deleted (`session/ledger.py`).
* its source, or its DR Region, was removed from the program, and what is still declared has a copy elsewhere.
* its file system is listed in `exclude`.
* it is gone from AWS for sure, and cannot be made again.

Names alone decide nothing: a copy is matched to what is declared by its Region and its source backup. One that is found
under another URN than its DrRegion would give it gets that URN as an alias. Tags decide nothing at all.
"""

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pulumi_fsx_dr.copies.messages import owner_text
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.kms import same_key

from .copyable import obstacle
from .declared import Declaration, Declared, KnownCopy, Outside, Removed, known_copies
from .matching import SourceIndex, matched
from .retention import UNKNOWN_TIME, Keep, RecoveryPoint, Selection, is_recovery_point, select
from .specs import DrRegionSpec, SourceSpec
from .tag_selection import sources_of
from .unmanaged import Unmanaged

__all__ = ["Declaration", "Declared", "DrRegionSpec", "Outside", "Removed", "declare"]


def declare(regions: Sequence[DrRegionSpec], copies: Iterable[StateCopy], outside: Outside) -> dict[str, Declaration]:
    """Return what each DrRegion declares, by its URN.

    Args:
        regions: all DrRegions of the program.
        copies: those in the state that DrRegions declared.
        outside: answers what is in AWS.

    Raises:
        InvalidSettingsError: a file system does not exist; nothing is changed.
        ServiceError: a DR Region does not tell its copies; nothing is changed.
    """
    return _Declaring(regions, list(copies), outside).run()


@dataclass(slots=True, kw_only=True)
class _Candidate:
    """A recovery point that may get, or has, a copy.

    Attributes:
        source: the source backup's id.
        backup: the source backup, None if it does not exist any more or its Region does not tell.
        obstacle: why that cannot be copied, None if it can.
        known: the copy in the state.
        found: a copy that is not in the state, and that create resumes or adopts.
        is_adopted: whether it has to be adopted.
    """

    source: str
    backup: Backup | None = None
    obstacle: str | None = None
    known: KnownCopy | None = None
    found: Backup | None = None
    is_adopted: bool = False

    @property
    def can_be_copied(self) -> bool:
        return self.backup is not None and self.obstacle is None

    @property
    def subject(self) -> str:
        # By its source backup, if that is there: neither the state nor AWS need tell the volume of a copy.
        shown = self.backup or self.found
        return shown.subject if shown else self.known.subject if self.known else ""

    @property
    def point(self) -> RecoveryPoint:
        shown = self.backup or self.found
        time = self.known.time if self.known and not self.backup else shown.creation_time if shown else UNKNOWN_TIME
        return RecoveryPoint(
            source_backup_id=self.source,
            # In whole seconds, as the state has it: otherwise a backup and its own copy would be of two times.
            time=time.replace(microsecond=0),
            state_id=self.known.state.id if self.known else "",
            # A copy that is to be made counts: if it fails, delete lets no older one of its file system go.
            counts=self.known.counts if self.known else self.can_be_copied or self.found is not None,
        )


class _Declaring:
    def __init__(self, regions: Sequence[DrRegionSpec], copies: list[StateCopy], outside: Outside) -> None:
        self._regions = regions
        self._outside = outside
        self._known = known_copies(copies, {dr.region for dr in regions}, outside)
        self._sources = sources_of(regions, self._known, outside)
        self._index = SourceIndex(self._sources.specs)
        self._matched = matched(self._known, self._index)
        self._unmanaged = Unmanaged(regions, outside)
        self._adoptable = functools.cache(self._unmanaged.adoptable)
        self._foreign = functools.cache(self._unmanaged.foreign)
        self._is_gone = functools.cache(lambda copy: not copy.counts and outside.is_gone(copy.state))
        self._made = {dr.urn: Declaration() for dr in regions}
        self._warned: set[str] = set()
        self._protected: dict[str, set[str]] = defaultdict(set)  # Regions with a copy, by file system or backup
        self._state_urns = {copy.state.urn for copy in self._known}
        self._urns: set[str] = set()  # of what is declared so far
        self._new: dict[str, tuple[SourceSpec, int]] = {}  # new copies among those: by URN, where they are declared
        self._taken: set[str] = set()  # ids of copies that creates are to resume or adopt: each one of them

    def run(self) -> dict[str, Declaration]:
        for spec in self._sources.specs:
            if spec.key:
                self._made[spec.dr.urn].sources.append(spec.source)
        for dr, source in self._sources.empty:
            self._made[dr.urn].sources.append(source)
        for dr, sentence in self._sources.warnings:
            self._warn(dr, sentence)
        # First what is asked for: a copy of a Region that was removed may go only if another Region has one by then.
        mine: dict[SourceSpec, list[KnownCopy]] = defaultdict(list)
        for copy in self._known:
            if owner := self._matched.get(copy.state.urn):
                mine[owner].append(copy)
        for spec in self._sources.specs:
            self._declare(spec, mine[spec])
        for copy in self._known:
            if copy.state.urn not in self._matched:
                self._remove_or_keep(copy)
        self._name_gone()
        self._name_leftovers()
        return self._made

    def _declare(self, spec: SourceSpec, mine: list[KnownCopy]) -> None:
        if not spec.is_file_system:
            self._declare_backup(spec, mine)
        elif spec.is_unselected:
            self._declare_unselected(spec, mine)
        else:
            self._declare_file_system(spec, mine)

    def _declare_backup(self, spec: SourceSpec, mine: list[KnownCopy]) -> None:
        best, doubles = _best(mine, spec)
        candidate = _Candidate(source=spec.key, known=best.get(spec.key))
        self._add_found(spec, {spec.key: candidate})
        self._declare_point(spec, candidate, is_looked_up=False)
        self._remove_doubles(spec, best, doubles)

    def _declare_unselected(self, spec: SourceSpec, mine: list[KnownCopy]) -> None:
        """Keep the copies of a file system that does not have its tags any more, and make none."""
        self._made[spec.dr.urn].obstacles[spec.key] = "it does not have the tags that select it"
        for copy in mine:
            if self._is_gone(copy):
                self._remove(spec.dr, copy, _fate(copy))
            else:
                self._keep_as_it_is(spec, copy)
                self._protected[spec.key] |= {spec.dr.region} if copy.counts else set()

    def _declare_file_system(self, spec: SourceSpec, mine: list[KnownCopy]) -> None:
        backups = self._outside.backups_of(spec.key, spec.region)
        candidates = {
            backup.id: _Candidate(source=backup.id, backup=backup, obstacle=spec.obstacle_of(backup))
            for backup in backups or ()
            if is_recovery_point(backup)
        }
        copyable = {source for source, candidate in candidates.items() if candidate.can_be_copied}
        # What cannot be made again would fail each run. While the source Region does not answer, nobody knows that.
        lost = [copy for copy in mine if backups is not None and copy.source not in copyable and self._is_gone(copy)]
        for copy in lost:
            self._remove(spec.dr, copy, f"{_fate(copy)}, and nothing is left to copy it from")
        best, doubles = _best(set(mine) - set(lost), spec)
        for source, known in best.items():
            candidates.setdefault(source, _Candidate(source=source)).known = known
        self._add_found(spec, candidates)
        if not (candidates or lost):
            self._require_file_system(spec)
        unfit = self._declare_candidates(spec, candidates, may_expire=backups is not None)
        self._remove_doubles(spec, best, doubles)
        self._say_obstacles(spec, backups, unfit)

    def _add_found(self, spec: SourceSpec, candidates: dict[str, _Candidate]) -> None:
        """Add the copies that are not in the state, and that create is to resume or adopt."""
        resumable = [(copy, False) for copy in self._unmanaged.resumable(spec, self._taken).values()]
        adoptable = [(copy, True) for copy in self._adoptable(spec).values() if spec.dr.adopts]
        for copy, is_adopted in (*resumable, *adoptable):
            source = copy.source_backup_id or ""
            candidate = candidates.get(source) or _Candidate(source=source)
            if candidate.known or candidate.found or copy.id in self._taken:
                continue
            # Where the source backup can be copied, or may be, create resumes only what has the wanted key.
            is_last = spec.is_file_system and not candidate.can_be_copied
            if is_last or self._unmanaged.has_wanted_key(spec, copy):
                candidate.found, candidate.is_adopted = copy, is_adopted
                candidates[source] = candidate

    def _require_file_system(self, spec: SourceSpec) -> None:
        # A file system may be new and have no backup yet. One that does not exist at all is a mistake in the program.
        is_named = spec.selector is None
        if is_named and not self._outside.file_system_exists(spec.key, spec.region):
            raise InvalidSettingsError(
                f"There is no file system {spec.key} in {spec.region}, and neither backups nor copies of it. Correct "
                f"the sources of {spec.dr.name}."
            )

    def _declare_candidates(
        self, spec: SourceSpec, candidates: Mapping[str, _Candidate], *, may_expire: bool
    ) -> list[_Candidate]:
        """Declare the recovery points that retention keeps, and return those of them that cannot be copied."""
        by_subject: dict[str, list[_Candidate]] = defaultdict(list)
        for candidate in candidates.values():
            by_subject[candidate.subject].append(candidate)
        unfit: list[_Candidate] = []
        for subject, points in sorted(by_subject.items()):
            # Copies of an unknown file system may be of several, so that none of them takes the place of another.
            chosen = select((c.point for c in points), spec.keep, may_expire=may_expire and subject != "")
            for point in chosen.kept:
                candidate = candidates[point.source_backup_id]
                if candidate.can_be_copied or candidate.known or candidate.found:
                    self._declare_point(spec, candidate)
                    self._explain(spec, point, chosen)
                else:
                    unfit += [candidate] if candidate.backup else []
            for point in chosen.expired:
                if known := candidates[point.source_backup_id].known:
                    self._remove(spec.dr, known, _expired(known.subject, point, chosen, spec.keep))
        return unfit

    def _say_obstacles(self, spec: SourceSpec, backups: Sequence[Backup] | None, unfit: Sequence[_Candidate]) -> None:
        """Say why recovery points get no copy: all of the file system together, or each that would have one."""
        made, where = self._made[spec.dr.urn], spec.dr.region
        if why := obstacle(backups, spec.obstacle_of):
            made.obstacles[spec.key] = why
            if backups is not None and (unfit or where not in self._protected[spec.key]):
                self._warn(spec.dr, f"{spec.key} in {spec.region} has no new copy in {where}, because {why}.")
            return
        for candidate in unfit:
            self._warn(spec.dr, f"{candidate.source} in {spec.region} has no copy in {where}: {candidate.obstacle}.")

    def _explain(self, spec: SourceSpec, point: RecoveryPoint, chosen: Selection) -> None:
        """Say which rules of a policy keep a copy; that of a number needs no words."""
        if isinstance(spec.keep, int):
            return
        source, where = point.source_backup_id, spec.dr.region
        what = (
            f"{point.state_id} in {where}, a copy of {source}," if point.state_id else f"A copy of {source} in {where}"
        )
        self._made[spec.dr.urn].explained.append(f"{what} is kept: {chosen.reasons[source]}.")

    def _declare_point(self, spec: SourceSpec, candidate: _Candidate, *, is_looked_up: bool = True) -> None:
        """Declare the copy of a recovery point.

        Args:
            spec: its source.
            candidate: the recovery point.
            is_looked_up: whether it is known if the source backup can be copied.
        """
        source, known, found = candidate.source, candidate.known, candidate.found
        args: dict[str, Any] = {"source_backup_id": source, "source_region": spec.region}
        if known and is_looked_up and not candidate.can_be_copied:
            # A replacement would fail, so it is declared as it is.
            args |= _as_it_is(known.state)
            self._warn_of_another_key(spec, known)
        elif known is None and candidate.is_adopted and found:
            args["adopt_backup_id"] = found.id
            self._note(spec, f"{found.id} in {found.region}, a copy of {source}, is adopted.")
        elif known is None and found and not self._unmanaged.has_wanted_key(spec, found):
            # Create resumes only what has the key that it asks for.
            args["kms_key_id"] = found.kms_key_arn
        elif known is None and found is None:
            self._note_existing(spec, source)
        self._taken |= {found.id} if found else set()
        state = known.state if known else None
        self._add(spec, Declared(name=spec.dr.child_name(source), args=args, state=state, source=candidate.backup))
        if known is None or known.counts:
            self._protected[spec.key].add(spec.dr.region)
        if known and known.counts:
            self._protected[known.file_system_id].add(spec.dr.region)

    def _note_existing(self, spec: SourceSpec, source: str) -> None:
        """Say that there is a copy of what is about to be copied."""
        if (copy := self._adoptable(spec).get(source)) and not spec.dr.adopts:
            self._note(
                spec,
                f"{copy.id} in {copy.region}, a copy of {source}, is not this DrRegion's. Set adopt_existing to adopt "
                "it instead of making a new copy.",
            )
        elif copy := self._foreign(spec).get(source):
            self._note(
                spec,
                f"{copy.id} in {copy.region}, a copy of {source}, has another owner, according to its tag: "
                f"{owner_text(copy)}. It is not adopted, and a new copy is made.",
            )

    def _warn_of_another_key(self, spec: SourceSpec, known: KnownCopy) -> None:
        wanted, has = spec.kms_key_id, known.state.output("kms_key_id")
        if isinstance(wanted, str) and wanted != has and not same_key(known.state.output("kms_key_arn"), wanted):
            self._warn(
                spec.dr,
                f"{known.state.id} in {known.state.region} keeps its KMS key, because its source {known.source} cannot "
                "be copied now. It is deleted when retention does not keep it any more.",
            )

    def _remove_doubles(self, spec: SourceSpec, best: Mapping[str, KnownCopy], doubles: Iterable[KnownCopy]) -> None:
        for double in doubles:
            stays = best[double.source]
            if stays.is_available and not self._is_unreachable(spec):
                self._remove(spec.dr, double, f"{stays.state.id} is a copy of the same backup in the same Region")
            else:
                self._keep_as_it_is(spec, double)

    def _remove_or_keep(self, copy: KnownCopy) -> None:
        """Decide on a copy of a Region, or of a source, that no DrRegion declares."""
        specs = self._index.of(copy)
        elsewhere = self._protected[copy.file_system_id] | self._protected[copy.source]
        # No DrRegion asks for it, so any of them may say that it is removed; the first one does.
        first = specs[0].dr if specs else self._regions[0]
        if self._is_gone(copy):
            self._remove(first, copy, _fate(copy))
        elif self._is_excluded(copy, anywhere=not specs):
            self._remove(first, copy, f"{copy.file_system_id} is listed in exclude")
        elif not specs:
            self._remove(first, copy, "its source was removed from the program")
        elif elsewhere and not (unreachable := [spec for spec in specs if self._is_unreachable(spec)]):
            where = ", ".join(sorted(elsewhere))
            self._remove(first, copy, f"its DR Region was removed from the program, and {where} has copies")
        else:
            # It may be the last copy of what the program still names as a source, so it stays.
            why = f"no other Region has a copy of {copy.file_system_id or copy.source}, or can get one now"
            if elsewhere:
                why = f"its source Region {unreachable[0].region} does not answer"
            self._keep_as_it_is(specs[0], copy)
            where = f"{copy.state.id} in {copy.state.region}"
            self._warn(first, f"{where} stays, although the program declares nothing there any more: {why}.")

    def _is_excluded(self, copy: KnownCopy, *, anywhere: bool) -> bool:
        """Whether a source by tags excludes the file system of a copy, in the copy's own DR Region or anywhere."""
        places = ("", copy.state.region) if anywhere else (copy.state.region,)
        return any((place, copy.state.source_region, copy.file_system_id) in self._excluded for place in places)

    @functools.cached_property
    def _excluded(self) -> set[tuple[str, str, str]]:
        """The file systems that sources exclude, by DR Region, or "" for any, and source Region."""
        return {
            (where, source["region"], name)
            for dr in self._regions
            for source in dr.sources
            for name in source.get("exclude", ())
            for where in (dr.region, "")
        }

    def _is_unreachable(self, spec: SourceSpec) -> bool:
        """Whether the Region of a file system does not answer; then nothing of it is removed."""
        return spec.is_file_system and self._outside.backups_of(spec.key, spec.region) is None

    def _keep_as_it_is(self, spec: SourceSpec, copy: KnownCopy) -> None:
        state = copy.state
        args = {"source_backup_id": copy.source, "region": state.region, **_as_it_is(state)}
        self._add(spec, Declared(name=spec.dr.child_name(copy.source), args=args, state=state))

    def _name_gone(self) -> None:
        """Name the copies that stay in the state and are gone from AWS."""
        removed = {removed.copy.urn for made in self._made.values() for removed in made.removed}
        for copy in self._known:
            if copy.state.is_finished and copy.state.urn not in removed and self._is_gone(copy):
                spec = self._matched.get(copy.state.urn)
                dr = spec.dr if spec else self._regions[0]
                self._made[dr.urn].gone.add(copy.state.id)
                self._warn(
                    dr,
                    f"{copy.state.id} in {copy.state.region}, the copy of {copy.source} in the state, is of no use: "
                    f"{_fate(copy)}. Run `pulumi refresh`, and then `pulumi up` to make a new one.",
                )

    def _name_leftovers(self) -> None:
        """Name the copies of this stack that are not in the state, and that this run does not resume."""
        by_region: dict[str, list[tuple[DrRegionSpec, Declaration]]] = defaultdict(list)
        for dr in self._regions:
            by_region[dr.region].append((dr, self._made[dr.urn]))
        for region, made in by_region.items():
            for sentence in self._unmanaged.leftovers(region, made):
                self._warn(made[0][0], sentence)

    def _add(self, spec: SourceSpec, declared: Declared) -> None:
        if declared.state:
            self._free(declared.state.urn)
        name, copies = self._free_name(spec, declared), self._made[spec.dr.urn].copies
        urn = spec.dr.child_urn(name)
        self._urns.add(urn)
        if declared.state is None:
            self._new[urn] = spec, len(copies)
        copies.append(replace(declared, name=name, args={**spec.own_args, **declared.args}))

    def _free(self, urn: str) -> None:
        """Give another name to a new copy that got the URN of one in the state, which stays after all."""
        if urn in self._new:
            spec, index = self._new.pop(urn)
            copies = self._made[spec.dr.urn].copies
            name = _name_apart(spec, copies[index])
            self._urns ^= {urn, spec.dr.child_urn(name)}
            copies[index] = replace(copies[index], name=name)

    def _free_name(self, spec: SourceSpec, declared: Declared) -> str:
        """Return the name under which a copy is declared: the one that it shall have, unless another copy has that one.

        The engine looks for a resource under its own URN before it looks under its aliases. A copy that got a URN that
        another copy of the state still has would be taken for that one; and the engine refuses a URN that is an alias
        of another resource. So a copy whose name is taken keeps the name that it has in the state until a later run
        finds the wanted one free. If that name is taken as well, Region and id make one that no other copy has.
        """
        state, name = declared.state, declared.name
        names = (name, state.name if state else name)
        free = (n for n in names if not self._is_taken(spec.dr.child_urn(n), state))
        return next(free, _name_apart(spec, declared))

    def _is_taken(self, urn: str, state: StateCopy | None) -> bool:
        """Whether a URN is that of another copy; a new copy may have that of one which no DrRegion asks for."""
        if state is None:
            return urn in self._urns or urn in self._matched
        return urn in self._urns or (urn in self._state_urns and urn != state.urn)

    def _remove(self, dr: DrRegionSpec, copy: KnownCopy, reason: str) -> None:
        self._made[dr.urn].removed.append(Removed(copy.state, reason))

    def _note(self, spec: SourceSpec, sentence: str) -> None:
        self._made[spec.dr.urn].notes.append(sentence)

    def _warn(self, dr: DrRegionSpec, sentence: str) -> None:
        # Several sources, or DrRegions, may come across the same copy; a person needs to read of it once.
        if sentence not in self._warned:
            self._warned.add(sentence)
            self._made[dr.urn].warnings.append(sentence)


def _best(mine: Iterable[KnownCopy], spec: SourceSpec) -> tuple[dict[str, KnownCopy], list[KnownCopy]]:
    """Return the copy of each source that stays, an AVAILABLE one if there is one, and the other copies."""

    def rank(copy: KnownCopy) -> tuple[bool, bool, bool, str]:
        is_named = copy.state.urn == spec.urn_of(copy.source)
        return copy.is_available, copy.counts, is_named, copy.state.urn

    # Sorted from worst to best, so that the last one of each source is the one that remains.
    ranked = sorted(mine, key=rank)
    best = {copy.source: copy for copy in ranked}
    return best, [copy for copy in ranked if copy is not best[copy.source]]


def _name_apart(spec: SourceSpec, declared: Declared) -> str:
    state, name = declared.state, declared.name
    return f"{name}-{state.region}-{state.id}" if state else f"{name}-{spec.dr.region}"


def _expired(subject: str, point: RecoveryPoint, chosen: Selection, keep: Keep) -> str:
    newer = sum(kept.counts and kept.time >= point.time for kept in chosen.kept)
    what = f"{newer} newer copy of {subject} is" if newer == 1 else f"{newer} newer copies of {subject} are"
    by_rules = (
        "" if isinstance(keep, int) else f", and no rule keeps this one ({chosen.reasons[point.source_backup_id]})"
    )
    return f"{what} kept{by_rules}"


def _fate(copy: KnownCopy) -> str:
    return "it FAILED" if copy.backup and copy.backup.lifecycle == "FAILED" else "it is gone from AWS"


def _as_it_is(state: StateCopy) -> dict[str, Any]:
    """Return source Region and key of a copy that cannot be made again, so that nothing asks for another one."""
    return {"source_region": state.output("source_region"), "kms_key_id": state.output("kms_key_id") or None}
