"""Which copies the DrRegions of a program declare: from the sources, from AWS, and above all from the state.

A copy that the state holds leaves the program for a reason, or not at all (`Going.reason`):

* `keep` newer copies, or those that each rule of a policy asks for, are AVAILABLE or are made in this run; if one of
  those fails, nothing of its file system is deleted (`session/ledger.py`);
* its source, or its DR Region, was taken out of the program, and what is still declared has a copy elsewhere;
* its file system is there and no longer has the tags that select it, while others have them;
* it is gone from AWS on a sure answer, and nothing is left to copy it from.

Names decide nothing: a copy is matched to what is declared by its Region and by what it is a copy of. One that is
found under another URN than its DrRegion would give it gets that URN as an alias.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any, Protocol

from pulumi_fsx_dr.copies.copy import BACKUP_COPY_TYPE, mark_of, source_creation_time
from pulumi_fsx_dr.copies.held import HeldCopy
from pulumi_fsx_dr.copies.ownership import Mark, Pending, Recorded, Token, name_of, stack_of
from pulumi_fsx_dr.copies.sentences import left_over
from pulumi_fsx_dr.copies.tags import too_many_tags
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.kms import KeyName, same_key

from .obstacles import obstacle
from .retention import UNKNOWN_TIME, Keep, RecoveryPoint, Selection, is_recovery_point, select
from .sources import FileSystems, as_file_system, selected_by, spoken

_OF_OUTPUT = re.compile(r"-source-\d+$")


class Outside(Protocol):
    """What a declaration asks AWS, and what it knows of this run; see `lookup.py`.

    Attributes:
        held: all copies that the state held when the run began.
        asked: the single copies that the program has asked for: the nonce that it offered for each, by name.
    """

    @property
    def held(self) -> Iterable[HeldCopy]: ...  # noqa: D102  # as above

    @property
    def asked(self) -> Mapping[str, str]: ...  # noqa: D102  # as above

    def backups_of(self, file_system_id: str, region: str) -> Sequence[Backup] | None:
        """Return a file system's backups; None if its Region does not answer."""

    def file_system_exists(self, file_system_id: str, region: str) -> bool:
        """Tell whether a file system exists."""

    def file_systems_in(self, region: str) -> FileSystems | None:
        """Return all file systems of a Region with their tags; None if it does not answer."""

    def copies_in(self, region: str) -> Sequence[Backup]:
        """Return the copies in a DR Region."""

    def copies_left_in(self, region: str) -> Sequence[Backup]:
        """Return the copies in a Region that is declared no more; none if it does not answer."""

    def unlisted(self, copy: HeldCopy) -> Backup | None:
        """Return a copy that is in no listing; None if it is not found or its Region does not answer."""

    def is_gone(self, copy: HeldCopy) -> bool:
        """Tell whether AWS surely has a copy no more."""

    def resolved_key(self, region: str, kms_key_id: str) -> str:
        """Return the ARN of a key in a DR Region, or the name as it is if KMS does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A copy that is to be declared.

    Attributes:
        name: the logical name of its resource.
        args: what differs from the arguments of its DrRegion: always the source and its Region, the key of the source
            and `add_tags` if it has its own, and for a copy whose source is out of reach the Region and key it has.
        held: the copy that the state holds, if it holds one.
        source: what it is, or will be, a copy of, where FSx was asked and tells.
    """

    name: str
    args: Mapping[str, Any]
    held: HeldCopy | None = None
    source: Backup | None = None


@dataclass(frozen=True, slots=True)
class Going:
    """A copy of the state that is declared no more, and why."""

    copy: HeldCopy
    reason: str

    def __str__(self) -> str:
        return f"{self.copy.id} in {self.copy.region}, a copy of {self.copy.source_backup_id}, goes: {self.reason}."


@dataclass(slots=True)
class Declaration:
    """What one DrRegion declares, and what a person should know of it.

    Attributes:
        sources: what is copied, with file systems in place of the tags that select them.
        explained: what only a preview says, as it is longer than most people want to read twice.
    """

    sources: list[Mapping[str, Any]] = field(default_factory=list)
    copies: list[Declared] = field(default_factory=list)
    going: list[Going] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    explained: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DrRegionSpec:
    """A DrRegion as the program has it.

    Attributes:
        name: its logical name.
        urn: as the engine has registered it.
        region: where its copies are.
        sources: with their ids as plain strings.
        keep: the default of the sources.
        kms_key_id: as given, an output perhaps.
        copy_tags: as given.
        tags: as given.
        has_outputs: whether further sources are given as outputs.
        adopts: whether copies that exist already, and that the state does not hold, are taken over.
        copy_type: of the resources that its copies are.
    """

    name: str
    urn: str
    region: str
    sources: Sequence[Mapping[str, Any]]
    keep: Keep
    kms_key_id: Any = None
    copy_tags: Any = True
    tags: Any = None
    has_outputs: bool = False
    adopts: bool = False
    copy_type: str = BACKUP_COPY_TYPE

    @property
    def types(self) -> str:
        """The types of the resources that its copies stand under."""
        return self.urn.split("::", 3)[2]

    def may_have_made(self, mark: Mark) -> bool:
        """Tell whether a mark names this stack, or this DrRegion where it does not see the rest of the program.

        It proves nothing.
        """
        stack, project = self.urn.removeprefix("urn:pulumi:").split("::", 3)[:2]
        if stack_of(mark.identity) != f"{project}/{stack}":
            return False
        return self.copy_type == BACKUP_COPY_TYPE or name_of(mark.identity).startswith(self.child_name(""))

    def child_name(self, source_backup_id: str) -> str:
        """Return the logical name of the copy of a backup."""
        return f"{self.name}-{source_backup_id}"

    def child_urn(self, child_name: str) -> str:
        """Return the URN of a copy."""
        stack_and_project = "::".join(self.urn.split("::", 3)[:2])
        return f"{stack_and_project}::{self.types}${self.copy_type}::{child_name}"


@dataclass(frozen=True, slots=True)
class _Wish:
    """A source of a DrRegion."""

    of: DrRegionSpec
    source: Mapping[str, Any]
    is_selected: bool = False  # by its tags, now or formerly

    @property
    def kms_key_id(self) -> Any:
        """The key of its copies, as given."""
        return self.source.get("kms_key_id", self.of.kms_key_id)

    @property
    def tags(self) -> Any:
        """The tags of its copies, as far as they are known."""
        own = self.source.get("add_tags")
        return {**(self.of.tags if isinstance(self.of.tags, Mapping) else {}), **own} if own else self.of.tags

    @property
    def own_args(self) -> dict[str, Any]:
        """The arguments of its copies that are not those of its DrRegion."""
        return {name: self.source[name] for name in ("kms_key_id", "add_tags") if name in self.source}

    @property
    def keep(self) -> Keep:
        keep: Keep = self.source.get("keep", self.of.keep)
        return keep

    @property
    def key(self) -> str:
        """The id of the source."""
        key: str = self.source["file_system_id"] if "file_system_id" in self.source else self.source["backup_id"]
        return key

    def wants(self, copy: "_Known") -> bool:
        """Tell whether a copy is of this source, wherever it is; of an unknown file system it may be."""
        if "file_system_id" in self.source:
            return copy.file_system_id in (self.key, "")
        return copy.held.source_backup_id == self.key

    def urn_of(self, source_backup_id: str) -> str:
        """Return the URN of the copy of a backup."""
        return self.of.child_urn(self.of.child_name(source_backup_id))


@dataclass(frozen=True, slots=True)
class _Known:
    """A copy of the state, with what AWS shows of it."""

    held: HeldCopy
    backup: Backup | None

    @property
    def file_system_id(self) -> str:
        return self.held.output("file_system_id") or (self.backup and self.backup.file_system_id) or ""

    @property
    def subject(self) -> str:
        """What retention counts by: the volume, else the file system."""
        return self.held.output("volume_id") or (self.backup and self.backup.subject) or self.file_system_id

    @property
    def source(self) -> str:
        return self.held.source_backup_id

    @property
    def counts(self) -> bool:
        """Whether it is AVAILABLE, or will be seen through in this run, and no other resource may delete it."""
        return self.backup is not None and not self.backup.is_dead and not self._is_anothers(self.backup)

    def _is_anothers(self, backup: Backup) -> bool:
        mark, own = mark_of(backup), self.held.ownership
        # An adopted copy bears its former owner's mark until it is recorded, so that mark does not make it another's.
        adopted_from = self.held.output("adopted_from")
        return isinstance(mark, Recorded) and own.nonce not in ("", mark.nonce) and str(mark) != adopted_from

    @property
    def is_safe(self) -> bool:
        """Whether it is AVAILABLE and no other resource's by now, which might delete it."""
        backup = self.backup
        return backup is not None and backup.is_available and self.held.ownership.covers(mark_of(backup))

    @property
    def time(self) -> datetime:
        # In whole seconds, as marks hold it: otherwise a backup and its own copy would be of two moments.
        known = self.held.source_creation_time or (self.backup and source_creation_time(self.backup))
        return (known or UNKNOWN_TIME).replace(microsecond=0)


def declare(regions: Sequence[DrRegionSpec], held: Iterable[HeldCopy], outside: Outside) -> dict[str, Declaration]:
    """Return what each DrRegion declares, by its URN.

    Args:
        regions: all DrRegions of the program.
        held: the copies that DrRegions of the state hold.
        outside: answers what is in AWS.

    Raises:
        InvalidSettingsError: there is no such file system, or a source has too many tags; nothing is changed.
        ServiceError: a DR Region does not say which copies it holds; nothing is changed.
    """
    return _Declaring(regions, list(held), outside).run()


class _Declaring:
    def __init__(self, regions: Sequence[DrRegionSpec], held: list[HeldCopy], outside: Outside) -> None:
        self._regions = regions
        self._outside = outside
        self._known = _known(held, {region.region for region in regions}, outside)
        self._held_urns = {copy.held.urn for copy in self._known}
        self._made = {region.urn: Declaration() for region in regions}
        self._untagged: set[str] = set()  # file systems that are there and no longer selected
        self._wishes = self._wished()
        self._counting: dict[str, set[str]] = defaultdict(set)  # by file system or backup: Regions with a copy
        self._matches: dict[str, _Wish] = {}  # by URN of a copy of the state
        self._urns: set[str] = set()  # of what is declared so far

    def _wished(self) -> list[_Wish]:
        """Return the sources with the file systems that are selected by tags, and those that were and may still be."""
        wishes = self._named_or_selected()
        unasked = [copy for copy in self._known if not any(wish.wants(copy) for wish in wishes)]
        former = [wish for region, source in self._selecting() for wish in self._former(region, source, unasked)]
        wishes = _once([*wishes, *former])
        for wish in wishes:
            if wish.key:
                self._made[wish.of.urn].sources.append(wish.source)
        for region, source in self._selecting():
            if not self._selected_by(source) and not any(wish.of is region and wish.is_selected for wish in wishes):
                self._made[region.urn].sources.append(source)
        return wishes

    def _selecting(self) -> list[tuple[DrRegionSpec, Mapping[str, Any]]]:
        return [(region, source) for region in self._regions for source in region.sources if "tags" in source]

    def _selected_by(self, source: Mapping[str, Any]) -> list[str]:
        """Return the file systems that tags select now; none if their Region does not answer."""
        return selected_by(source, self._outside.file_systems_in(source["region"]) or {})

    def _named_or_selected(self) -> list[_Wish]:
        named = [_Wish(region, s) for region in self._regions for s in region.sources if "tags" not in s]
        selected = [
            _Wish(region, as_file_system(source, name), is_selected=True)
            for region, source in self._selecting()
            for name in self._selected_by(source)
        ]
        return _once([*named, *selected])

    def _former(self, region: DrRegionSpec, source: Mapping[str, Any], unasked: Iterable[_Known]) -> list[_Wish]:
        """Return the file systems that tags may have selected before, and that are not surely without them now.

        Raises:
            InvalidSettingsError: the tags select nothing any more, although what they selected is there.
        """
        there = self._outside.file_systems_in(source["region"])
        mine = {
            copy.file_system_id
            for copy in unasked
            if copy.held.output("source_region") in (source["region"], "")
            and copy.file_system_id not in source.get("without", ())
        }
        untagged = {name for name in mine if there is not None and there.get(name) is not None}
        if there is not None and not self._selected_by(source):
            self._refuse_or_warn(region, source, untagged)
        self._untagged |= untagged
        former = sorted(mine - untagged)
        for name in former if there is not None else ():
            self._warn(
                region,
                f"FSx of {source['region']} does not tell the tags of {name}, which is gone or has none, so its copies "
                f"stay: name it in the list without of that source of {region.name} to let them go.",
            )
        return [_Wish(region, as_file_system(source, name), is_selected=True) for name in former]

    def _refuse_or_warn(self, region: DrRegionSpec, source: Mapping[str, Any], untagged: Collection[str]) -> None:
        none = f"No file system in {source['region']} has the tags {spoken(source)}"
        if untagged:
            raise InvalidSettingsError(
                f"{none} any more, but the state holds copies of {', '.join(sorted(untagged))}, which are there: put "
                f"the tags back, or take this source of {region.name} out of the program to let its copies go; nothing "
                "was changed."
            )
        self._warn(region, f"{none}, so nothing of it is copied to {region.region}.")

    def run(self) -> dict[str, Declaration]:
        self._matches = matched = self._matched()
        # First what is asked for: a copy of a Region that was taken out may go only if another Region has one by then.
        for wish in self._wishes:
            self._declare(wish, [copy for copy in self._known if matched.get(copy.held.urn) is wish])
        for copy in self._known:
            if copy.held.urn not in matched:
                self._let_go_or_keep(copy)
        for region in self._regions:
            self._name_left_overs(region)
        return self._made

    def _matched(self) -> dict[str, _Wish]:
        """Return the wish that each copy of the state belongs to, by its URN.

        A copy under an unexpected URN goes to a DrRegion that has no copy of that source under the expected ones.
        """
        wishes = {copy.held.urn: [w for w in self._wishes if _is_there(w, copy)] for copy in self._known}
        exact = {c.held.urn: w for c in self._known for w in wishes[c.held.urn] if c.held.urn == w.urn_of(c.source)}
        # A DrRegion that has copies under its own URNs was not renamed, so the others are rather another one's.
        settled = {id(wish) for wish in exact.values()}
        found = dict(exact)
        for urn, candidates in wishes.items():
            unsettled = [wish for wish in candidates if id(wish) not in settled]
            if urn not in exact and candidates:
                found[urn] = [*unsettled, *candidates][0]
        return found

    def _declare(self, wish: _Wish, mine: list[_Known]) -> None:
        if "backup_id" in wish.source:
            self._declare_backup(wish, mine)
        else:
            self._declare_file_system(wish, mine)

    def _declare_backup(self, wish: _Wish, mine: list[_Known]) -> None:
        best, doubles = _best(mine, wish)
        known = best.get(wish.key)
        args = {"source_backup_id": wish.key, "source_region": wish.source["region"]}
        if known is None:
            args |= self._adopted_or_noted(wish, self._existing(wish, mine).get(wish.key))
        self._add(wish, Declared(name=wish.of.child_name(wish.key), args=args, held=known.held if known else None))
        self._counting[wish.key].add(wish.of.region)
        if known:
            self._counting[known.file_system_id].add(wish.of.region)
        self._let_doubles_go(wish, best, doubles)

    def _declare_file_system(self, wish: _Wish, mine: list[_Known]) -> None:
        backups = self._outside.backups_of(wish.key, wish.source["region"])
        there = {backup.id: backup for backup in backups or () if self._is_usable(wish, backup)}
        existing = self._existing(wish, mine)
        resumable = self._resumable(wish, there, mine) | {
            source: copy for source, copy in existing.items() if wish.of.adopts or source in there
        }

        # By its source, as long as that is there: neither the state nor AWS need tell what a copy is of.
        def subject_of(copy: _Known) -> str:
            return there[copy.source].subject if copy.source in there else copy.subject

        subjects = {b.subject for b in (*there.values(), *resumable.values())} | {subject_of(copy) for copy in mine}
        for subject in sorted(subjects):
            self._declare_subject(
                wish,
                [copy for copy in mine if subject_of(copy) == subject],
                {source: backup for source, backup in there.items() if backup.subject == subject},
                {source: copy for source, copy in resumable.items() if copy.subject == subject},
                # While the source Region does not answer, nothing goes. Copies of which nobody knows what they are of
                # may be of several file systems, so none of them pushes out another.
                may_go=backups is not None and subject != "",
            )
        # A file system may be new and have no backup yet. One that is not there at all is a mistake in the program.
        if subjects or wish.key == "":
            return
        is_there = wish.is_selected or self._outside.file_system_exists(wish.key, wish.source["region"])
        if not is_there:
            raise InvalidSettingsError(
                f"There is no file system {wish.key} in {wish.source['region']}, and neither backups nor copies of it: "
                f"correct the sources of {wish.of.name}."
            )
        if why := obstacle(backups) if backups is not None else None:
            self._warn(
                wish.of, f"{wish.key} in {wish.source['region']} has no copy in {wish.of.region}, because {why}."
            )

    def _is_usable(self, wish: _Wish, backup: Backup) -> bool:
        if is_recovery_point(backup) and backup.copy_obstacle:
            self._warn(wish.of, f"{backup.id} in {backup.region} has no copy, because {backup.copy_obstacle}.")
            return False
        return is_recovery_point(backup)

    def _declare_subject(
        self,
        wish: _Wish,
        mine: list[_Known],
        there: Mapping[str, Backup],
        resumable: Mapping[str, Backup],
        *,
        may_go: bool,
    ) -> None:
        gone = [copy for copy in mine if may_go and self._is_gone_for_good(copy, there)]
        for copy in gone:
            self._go(wish.of, copy, "it is gone from AWS, and nothing is left to copy it from")
        best, doubles = _best([copy for copy in mine if copy not in gone], wish)
        sources = {*there, *best, *resumable}
        points = [_point(source, there.get(source), best.get(source), resumable.get(source)) for source in sources]
        chosen = select(points, wish.keep, may_go=may_go)
        for point in chosen.kept:
            source = point.source_backup_id
            self._declare_point(wish, source, there.get(source), best.get(source), resumable.get(source))
            if point.counts and wish.key:
                self._counting[wish.key].add(wish.of.region)
            self._explain(wish, point, chosen)
        for point in chosen.going:
            known = best[point.source_backup_id]
            self._go(wish.of, known, _pushed_out(known.subject, point, chosen, wish.keep))
        self._let_doubles_go(wish, best, doubles)

    def _explain(self, wish: _Wish, point: RecoveryPoint, chosen: Selection) -> None:
        """Say which rules of a policy keep a copy; that of a number needs no words."""
        if isinstance(wish.keep, int):
            return
        source, where = point.source_backup_id, wish.of.region
        what = f"{point.held_id} in {where}, a copy of {source}," if point.held_id else f"A copy of {source} in {where}"
        self._made[wish.of.urn].explained.append(f"{what} is kept: {chosen.reasons[source]}.")

    def _is_gone_for_good(self, copy: _Known, there: Mapping[str, Backup]) -> bool:
        """Tell whether a copy is surely gone and cannot be made anew, so that to declare it would fail each run."""
        return not copy.counts and copy.source not in there and self._outside.is_gone(copy.held)

    def _declare_point(
        self, wish: _Wish, source: str, there: Backup | None, known: _Known | None, resumable: Backup | None
    ) -> None:
        args: dict[str, Any] = {"source_backup_id": source, "source_region": wish.source["region"]}
        existing = resumable if resumable and not known and not _is_startable(wish, resumable) else None
        args |= self._adopted_or_noted(wish, existing)
        if there is None and known:
            # Its source cannot be copied again, so it is declared as it is: a replacement would fail.
            args |= _as_it_is(known.held)
            self._warn_of_another_key(wish, known)
        elif there is None and resumable and not existing:
            # Another key means another token, by which create would not find what the killed run has started.
            args |= {"kms_key_id": _key_it_was_started_with(wish, resumable)}
        # Refused now, in the preview: FSx would refuse it in the middle of the run, and in each one after it.
        elif there and known is None and "adopt_backup_id" not in args:
            self._require_room_for_tags(wish, there)
        held = known.held if known else None
        self._add(wish, Declared(name=wish.of.child_name(source), args=args, held=held, source=there))

    def _require_room_for_tags(self, wish: _Wish, source: Backup) -> None:
        if wish.of.copy_tags is True and (why := too_many_tags(source, wish.tags)):
            raise InvalidSettingsError(why)

    def _warn_of_another_key(self, wish: _Wish, known: _Known) -> None:
        wanted, has = wish.kms_key_id, known.held.output("kms_key_id")
        if isinstance(wanted, str) and wanted != has and not same_key(known.held.output("kms_key_arn"), wanted):
            self._warn(
                wish.of,
                f"{known.held.id} in {known.held.region} keeps its KMS key, because its source {known.source} is out "
                "of reach; it goes when newer copies push it out.",
            )

    def _let_doubles_go(self, wish: _Wish, best: Mapping[str, _Known], doubles: list[_Known]) -> None:
        for double in doubles:
            stays = best[double.source]
            # The other one goes only if the one that stays is AVAILABLE and nobody else may delete it.
            if stays.is_safe and not self._is_dark(wish):
                self._go(wish.of, double, f"{stays.held.id} is a copy of the same backup in the same Region")
            else:
                self._keep_as_it_is(wish, double)

    def _let_go_or_keep(self, copy: _Known) -> None:
        """Decide on a copy of a Region, or of a source, that no DrRegion declares."""
        wishes = [wish for wish in self._wishes if wish.wants(copy)]
        elsewhere = self._counting.get(copy.file_system_id, set()) | self._counting.get(copy.source, set())
        if copy.backup is None and self._outside.is_gone(copy.held):
            self._go(self._regions[0], copy, "it is gone from AWS")
        # No DrRegion asks for it, so any of them may say that it goes; the first one does.
        elif not wishes and copy.file_system_id in self._untagged:
            self._go(self._regions[0], copy, f"{copy.file_system_id} no longer has the tags that select it")
        elif not wishes:
            self._go(self._regions[0], copy, "its source was taken out of the program")
        elif elsewhere and not (dark := [wish for wish in wishes if self._is_dark(wish)]):
            where = ", ".join(sorted(elsewhere))
            self._go(wishes[0].of, copy, f"its DR Region was taken out of the program, and {where} has copies")
        else:
            # It may be the last copy of what the program still names as a source, so it stays.
            why = f"no other Region has a copy of {copy.file_system_id or copy.source}, or can get one now"
            if elsewhere:
                why = f"its source Region {dark[0].source['region']} does not answer"
            self._keep_as_it_is(wishes[0], copy)
            self._warn(
                wishes[0].of,
                f"{copy.held.id} in {copy.held.region} stays, although the program declares nothing there any more: "
                f"{why}.",
            )

    def _is_dark(self, wish: _Wish) -> bool:
        """Tell whether the Region of a file system does not answer; then nothing of it goes."""
        is_listed = "file_system_id" in wish.source
        return is_listed and self._outside.backups_of(wish.key, wish.source["region"]) is None

    def _keep_as_it_is(self, wish: _Wish, copy: _Known) -> None:
        held = copy.held
        args = {"source_backup_id": copy.source, "region": held.region, **_as_it_is(held)}
        self._add(wish, Declared(name=wish.of.child_name(copy.source), args=args, held=held))

    def _resumable(self, wish: _Wish, there: Mapping[str, Backup], mine: list[_Known]) -> dict[str, Backup]:
        """Return, by source, what a killed run left pending for this DrRegion and this one can only go on with.

        Their sources are out of reach, so they cannot be copied anew.
        """
        held = {copy.held.id for copy in self._known} | {copy.source for copy in mine}
        return {
            copy.source_backup_id or "": copy
            for copy in self._outside.copies_in(wish.of.region)
            if copy.file_system_id == wish.key
            and not {copy.id, copy.source_backup_id} & held
            and copy.source_backup_id not in there
            and not copy.is_dead
            and _is_startable(wish, copy)
        }

    def _existing(self, wish: _Wish, mine: list[_Known]) -> dict[str, Backup]:
        """Return, by source, the copies that nothing in this state holds and that can be adopted as they are."""
        held = {copy.held.id for copy in self._known} | {copy.source for copy in mine}
        found = {
            copy.source_backup_id or "": copy
            for copy in sorted(self._outside.copies_in(wish.of.region), key=lambda copy: (copy.creation_time, copy.id))
            if wish.key in (copy.file_system_id, copy.source_backup_id)
            and not {copy.id, copy.source_backup_id} & held
            and copy.is_available
            and copy.type != "AWS_BACKUP"
            and not _is_startable(wish, copy)
        }
        if not wish.of.adopts:
            return found
        return {source: copy for source, copy in found.items() if self._has_wanted_key(wish, copy)}

    def _has_wanted_key(self, wish: _Wish, copy: Backup) -> bool:
        key = wish.kms_key_id
        if key is None:
            return True
        return isinstance(key, str) and same_key(copy.kms_key_arn, self._outside.resolved_key(wish.of.region, key))

    def _adopted_or_noted(self, wish: _Wish, copy: Backup | None) -> dict[str, Any]:
        """Return the argument that adopts a copy, if the DrRegion adopts; else say that it could."""
        if copy is None:
            return {}
        what = f"{copy.id} in {copy.region}, a copy of {copy.source_backup_id}"
        if wish.of.adopts:
            self._note(wish.of, f"{what}, is adopted.")
            return {"adopt_backup_id": copy.id}
        self._note(
            wish.of,
            f'{what}, is held by nothing in this state: with adopt="existing" it is not copied anew, if its key fits.',
        )
        return {}

    def _name_left_overs(self, region: DrRegionSpec) -> None:
        """Name the copies that speak of this stack, or were never finished, and that its state does not hold."""
        held = {copy.id for copy in self._outside.held}
        to_be_made = {c.args["source_backup_id"] for c in self._made[region.urn].copies if c.held is None}
        declared = {copy.args["source_backup_id"] for copy in self._made[region.urn].copies}
        held |= {copy.args.get("adopt_backup_id", "") for copy in self._made[region.urn].copies}
        for backup in self._outside.copies_in(region.region):
            mark, source = mark_of(backup), backup.source_backup_id
            if mark is None or backup.id in held or backup.is_dead:
                continue
            ours = region.may_have_made(mark)
            if ours and (self._is_asked_for(mark) or (isinstance(mark, Pending) and source in to_be_made)):
                continue  # its create goes on with it, or names it
            # Copies of other stacks are no business of this one, unless a killed run may have left them for it.
            if ours or (isinstance(mark, Pending) and source in declared):
                self._warn(
                    region,
                    left_over(backup, f"bears the mark of {mark.identity}, but no entry of the state is its own"),
                )

    def _is_asked_for(self, mark: Mark) -> bool:
        """Tell whether a copy is made, or gone on with, in this run for a resource that is no DrRegion's."""
        asked = self._outside.asked
        if isinstance(mark, Recorded):
            return mark.nonce in asked.values()
        return name_of(mark.identity) in asked

    def _add(self, wish: _Wish, declared: Declared) -> None:
        name = self._free_name(wish, declared)
        self._urns.add(wish.of.child_urn(name))
        self._made[wish.of.urn].copies.append(replace(declared, name=name, args={**wish.own_args, **declared.args}))

    def _free_name(self, wish: _Wish, declared: Declared) -> str:
        """Return the name under which a copy is declared: the one that it shall have, unless another copy has that one.

        The engine looks for a resource under its own URN before it looks under its aliases. A copy that got a URN that
        another copy of the state still has would be taken for that one; and the engine refuses a URN that is an alias
        of another resource. So a copy whose name is taken keeps the name that it has in the state until a later run
        finds the wanted one free. If that name is taken as well, Region and id make one that no other copy has.
        """
        held, name = declared.held, declared.name
        apart = f"{name}-{held.region}-{held.id}" if held else f"{name}-{wish.of.region}"
        names = (name, held.name if held else name)
        return next((n for n in names if not self._is_taken(wish.of.child_urn(n), held)), apart)

    def _is_taken(self, urn: str, held: HeldCopy | None) -> bool:
        """Tell whether a URN is that of another copy; a new copy may have that of one which no DrRegion asks for."""
        if held is None:
            return urn in self._urns or urn in self._matches
        return urn in self._urns or (urn in self._held_urns and urn != held.urn)

    def _go(self, region: DrRegionSpec, copy: _Known, reason: str) -> None:
        self._made[region.urn].going.append(Going(copy.held, reason))

    def _note(self, region: DrRegionSpec, sentence: str) -> None:
        self._made[region.urn].notes.append(sentence)

    def _warn(self, region: DrRegionSpec, sentence: str) -> None:
        # Several sources, or DrRegions, may come across the same copy; a person needs to read of it once.
        if all(sentence not in declaration.warnings for declaration in self._made.values()):
            self._made[region.urn].warnings.append(sentence)


def _known(held: Sequence[HeldCopy], declared: Collection[str], outside: Outside) -> list[_Known]:
    """Return the copies of the state with what AWS shows of them; of a declared Region, not listed is not gone."""
    # A Region that is declared must answer, or nothing can be decided. One that was taken out may never answer.
    listed = {
        region: {c.id: c for c in (outside.copies_in if region in declared else outside.copies_left_in)(region)}
        for region in {copy.region for copy in held}
    }

    def shown(copy: HeldCopy) -> Backup | None:
        found = listed[copy.region].get(copy.id)
        return found or (outside.unlisted(copy) if copy.region in declared else None)

    return [_Known(copy, shown(copy)) for copy in held]


def _once(wishes: Iterable[_Wish]) -> list[_Wish]:
    """Return the wishes without file systems that the same DrRegion names or selects before."""
    found: list[_Wish] = []
    asked: set[tuple[str, str]] = set()
    for wish in wishes:
        asked_for = (wish.of.urn, wish.key)
        if not wish.is_selected or asked_for not in asked:
            found.append(wish)
        asked.add(asked_for)
    return found


def _is_there(wish: _Wish, copy: _Known) -> bool:
    return wish.of.region == copy.held.region and wish.wants(copy)


def _point(source: str, there: Backup | None, known: _Known | None, resumable: Backup | None) -> RecoveryPoint:
    if there:
        time = there.creation_time
    elif known:
        time = known.time
    else:
        time = source_creation_time(resumable) if resumable else UNKNOWN_TIME
    return RecoveryPoint(
        source_backup_id=source,
        time=time.replace(microsecond=0),
        held_id=known.held.id if known else "",
        # A copy that is still to be made counts: if it fails, delete lets no older one of its file system go.
        counts=known.counts if known else True,
    )


def _pushed_out(subject: str, point: RecoveryPoint, chosen: Selection, keep: Keep) -> str:
    newer = sum(kept.counts and kept.time >= point.time for kept in chosen.kept)
    what = f"{newer} newer copy of {subject} is" if newer == 1 else f"{newer} newer copies of {subject} are"
    by_rules = (
        "" if isinstance(keep, int) else f", and no rule keeps this one ({chosen.reasons[point.source_backup_id]})"
    )
    return f"{what} kept{by_rules}"


def _best(mine: list[_Known], wish: _Wish) -> tuple[dict[str, _Known], list[_Known]]:
    """Return the copy of each source that stays, an AVAILABLE one if there is one, and the other copies."""

    def rank(copy: _Known) -> tuple[bool, bool, bool]:
        is_available = copy.backup is not None and copy.backup.is_available
        return copy.is_safe, is_available, copy.held.urn == wish.urn_of(copy.source)

    # Sorted from worst to best, so that the last one of each source is the one that remains.
    best = {copy.source: copy for copy in sorted(mine, key=rank)}
    return best, [copy for copy in mine if copy is not best[copy.source]]


def _as_it_is(held: HeldCopy) -> dict[str, Any]:
    """Return source Region and key of a copy whose source is out of reach, so that nothing asks for another one."""
    return {"source_region": held.output("source_region"), "kms_key_id": held.output("kms_key_id") or None}


def _is_startable(wish: _Wish, copy: Backup) -> bool:
    mark = mark_of(copy)
    # By the token alone, because create goes on with nothing else.
    return isinstance(mark, Pending) and any(mark.token.same_request(token) for token in _tokens(wish, copy))


def _key_it_was_started_with(wish: _Wish, copy: Backup) -> str | None:
    mark, with_key = mark_of(copy), _tokens(wish, copy)[1]
    return copy.kms_key_arn if isinstance(mark, Pending) and mark.token.same_request(with_key) else None


def _tokens(wish: _Wish, copy: Backup) -> tuple[Token, Token]:
    """Return the tokens that our create derives without a key, and with the one that the copy has."""
    source = copy.source_backup_id or ""
    key = KeyName.parse(copy.kms_key_arn or "")
    request = (wish.urn_of(source), wish.of.region, source, wish.source["region"])
    return Token.of(*request, None), Token.of(*request, key.resource if key else None)


def is_of_output(copy: HeldCopy, regions: Iterable[DrRegionSpec]) -> bool:
    """Tell whether a copy may be of a source that was given as an output, which is known later than the others."""
    return bool(_OF_OUTPUT.search(copy.name)) and any(r.has_outputs and r.region == copy.region for r in regions)


def _is_named(copy: HeldCopy, region: DrRegionSpec) -> bool:
    """Tell whether a copy of an output has a name that a DrRegion gives."""
    return _OF_OUTPUT.sub("", copy.name) == region.name and copy.urn == region.child_urn(copy.name)


def declare_outputs(
    region: DrRegionSpec, sources: Mapping[int, tuple[str | None, str]], held: Sequence[HeldCopy]
) -> Declaration:
    """Return what a DrRegion declares for the sources that were given as outputs.

    Their copies are named by position, but a copy stays with its source whatever becomes of the other sources.

    Args:
        region: the DrRegion.
        sources: by position the backup id, None as long as it is not known, and the Region.
        held: the copies of the state that may be of such a source.
    """
    made = Declaration()
    left = {copy.source_backup_id: copy for copy in held}
    # By what they are copies of, so that taking out the first source does not move all others by one.
    matched = {position: left.pop(id_) for position, (id_, _) in sources.items() if id_ and id_ in left}
    names = {position: copy.name for position, copy in matched.items() if _is_named(copy, region)}
    free = (name for n in count() if (name := f"{region.name}-source-{n}") not in names.values())
    for position in sorted(sources):
        preferred = f"{region.name}-source-{position}"
        if position not in names:
            names[position] = preferred if preferred not in names.values() else next(free)
    for position, (_, source_region) in sources.items():
        args = {"position": position, "source_region": source_region}
        made.copies.append(Declared(name=names[position], args=args, held=matched.get(position)))
    for copy in left.values():
        # A name that is declared may be that of a source which is not known yet, and the copy be its own.
        if copy.urn not in {region.child_urn(name) for name in names.values()}:
            made.going.append(Going(copy, "its source was taken out of the program"))
    return made
