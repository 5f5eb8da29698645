"""Decide on each recovery point of a source, and on each copy in the state without a source.

If you wonder why a copy was not deleted: `decide_source` decides on the copies of the sources that the program has,
`decide_unmatched` on all others, and `reasons.py` lists the reasons.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import Backup

from .aws_view import AwsView
from .copyable import obstacle
from .existing import NO_OFFER, Offer
from .observed import ObservedCopy
from .points import Action, SourcePoint
from .reasons import Decision, Deleted, Kept
from .retention import Selection, is_recovery_point, select
from .specs import SourceSpec


@dataclass(frozen=True, slots=True)
class SourceCopies:
    """A source with its copies.

    Attributes:
        in_state: copies in the state.
        offers: copies that are not in the state, by source backup.
    """

    source: SourceSpec
    in_state: Sequence[ObservedCopy]
    offers: Mapping[str, Offer]


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """The decisions on the recovery points of a source.

    Attributes:
        points: the recovery points with a decision; each copy in the state is in one of them.
        obstacle: why it gets no new copies at all.
        is_reachable: whether its Region answers.
    """

    source: SourceSpec
    points: Sequence[SourcePoint]
    obstacle: str | None = None
    is_reachable: bool = True


@dataclass(frozen=True, slots=True)
class Situation:
    """The situation of a copy without a source in its Region, by its file system or source backup.

    Attributes:
        sources: the sources of other DR Regions that the copy may be of.
        protected_in: the DR Regions that have another copy of it.
        excluded_in: the DR Regions of the sources that exclude it.
    """

    sources: Sequence[SourceSpec]
    protected_in: Collection[str]
    excluded_in: Collection[str]


def decide_source(found: SourceCopies, aws: AwsView) -> SourcePlan:
    """Decide on the recovery points of a source.

    Raises:
        InvalidSettingsError: the file system does not exist.
    """
    if not found.source.is_file_system:
        return _decide_backup(found)
    if found.source.is_unselected:
        return _decide_unselected(found)
    return _decide_file_system(found, aws)


def decide_unmatched(copy: ObservedCopy, situation: Situation, aws: AwsView) -> Decision:
    """Decide on a copy without a source in its Region."""
    region, sources = copy.state.region, situation.sources
    if copy.is_gone:
        return gone(copy)
    if region in situation.excluded_in or (situation.excluded_in and not sources):
        return Decision(Deleted.EXCLUDED, copy.file_system_id)
    if not sources:
        return Decision(Deleted.SOURCE_REMOVED)
    # It may be the last copy of a source that the program still has.
    if not situation.protected_in:
        return Decision(Kept.ONLY_COPY, copy.file_system_id or copy.source_backup_id)
    if unreachable := [source.region for source in sources if _is_unreachable(source, aws)]:
        return Decision(Kept.SOURCE_UNREACHABLE, unreachable[0])
    return Decision(Deleted.DR_REGION_REMOVED, ", ".join(sorted(situation.protected_in)))


def _is_unreachable(source: SourceSpec, aws: AwsView) -> bool:
    """Whether the Region of a file system does not answer; then nothing of it is deleted."""
    return source.is_file_system and aws.backups_of(source.key, source.region) is None


def gone(copy: ObservedCopy) -> Decision:
    """Return the decision on a copy that is gone from AWS, or FAILED."""
    return Decision(Deleted.FAILED if copy.has_failed else Deleted.GONE)


def _decide_backup(found: SourceCopies) -> SourcePlan:
    source, ranked = found.source, _best_first(found.source, found.in_state)
    best, offer = ranked[0] if ranked else None, found.offers.get(source.key, NO_OFFER)
    point = SourcePoint(source=source, source_backup_id=source.key, copy=best, offer=offer)
    duplicates = _decide_duplicates(source, ranked, is_reachable=True)
    return SourcePlan(source, [_declared(point, Decision(Kept.BACKUP_IS_SOURCE)), *duplicates])


def _decide_unselected(found: SourceCopies) -> SourcePlan:
    """Keep the copies of a file system that lost its tags, and make none."""
    kept = Decision(Kept.TAGS_LOST)
    decisions = [(copy, gone(copy) if copy.is_gone else kept) for copy in found.in_state]
    points = [without_replacement(found.source, copy, decision) for copy, decision in decisions]
    return SourcePlan(found.source, points, "it does not have the tags that select it")


def _decide_file_system(found: SourceCopies, aws: AwsView) -> SourcePlan:
    source, copies = found.source, found.in_state
    backups = aws.backups_of(source.key, source.region)
    recovery_points = {backup.id: backup for backup in backups or () if is_recovery_point(backup)}
    copyable = {id_ for id_, backup in recovery_points.items() if not source.obstacle_of(backup)}
    # A copy that cannot be made again would fail each run. That is unknown while the source Region does not answer.
    lost = [c for c in copies if backups is not None and c.source_backup_id not in copyable and c.is_gone]
    by_source_backup: dict[str, list[ObservedCopy]] = defaultdict(list)
    for copy in _best_first(source, set(copies) - set(lost)):
        by_source_backup[copy.source_backup_id].append(copy)
    points = list(_points(found, recovery_points, by_source_backup))
    if not (points or lost):
        _require_file_system(source, backups or (), aws)
    decided = [without_replacement(source, copy, Decision(Deleted.LOST, str(gone(copy)))) for copy in lost]
    decided += _decide_by_retention(source, points, is_reachable=backups is not None)
    for ranked in by_source_backup.values():
        decided += _decide_duplicates(source, ranked, is_reachable=backups is not None)
    return SourcePlan(source, decided, obstacle(backups, source.obstacle_of), is_reachable=backups is not None)


def _points(
    found: SourceCopies, backups: Mapping[str, Backup], copies: Mapping[str, Sequence[ObservedCopy]]
) -> Iterator[SourcePoint]:
    """Yield the recovery points of a file system that have a backup or a copy."""
    source = found.source
    for source_backup_id in dict.fromkeys([*backups, *copies, *found.offers]):
        backup = backups.get(source_backup_id)
        point = SourcePoint(
            source=source,
            source_backup_id=source_backup_id,
            backup=backup,
            obstacle=source.obstacle_of(backup) if backup else None,
            copy=next(iter(copies.get(source_backup_id, ())), None),
            offer=found.offers.get(source_backup_id, NO_OFFER),
        )
        if point.backup or point.copy or point.resumed or point.adopted:
            yield point


def _decide_by_retention(
    source: SourceSpec, points: Iterable[SourcePoint], *, is_reachable: bool
) -> Iterator[SourcePoint]:
    groups: dict[str, list[SourcePoint]] = defaultdict(list)
    for point in points:
        groups[point.volume_or_file_system].append(point)
    for volume_or_file_system, group in sorted(groups.items()):
        # Copies of an unknown file system may be of several, so that none of them takes the place of another.
        chosen = select(group, source.keep, may_expire=is_reachable and volume_or_file_system != "")
        for point in chosen.kept:
            yield _declared(point, Decision(Kept.RETENTION, chosen.reasons[point.source_backup_id]))
        for point in chosen.expired:
            yield replace(point, action=Action.DELETE, decision=_expired(point, chosen))


def _declared(point: SourcePoint, decision: Decision) -> SourcePoint:
    """Declare the copy of a recovery point, if it exists or can be made."""
    if point.copy:
        action = Action.KEEP if point.can_be_copied else Action.KEEP_UNCHANGED
    elif point.resumed:
        action = Action.RESUME
    elif point.adopted:
        action = Action.ADOPT
    else:
        action = Action.CREATE if point.can_be_copied else Action.SKIP
    return replace(point, action=action, decision=decision)


def without_replacement(source: SourceSpec, copy: ObservedCopy, decision: Decision) -> SourcePoint:
    """Return the point of a copy that is deleted, or declared with the arguments in the state."""
    return SourcePoint(
        source=source,
        source_backup_id=copy.source_backup_id,
        copy=copy,
        action=Action.DELETE if decision.deletes else Action.KEEP_UNCHANGED,
        decision=decision,
    )


def _decide_duplicates(
    source: SourceSpec, ranked: Sequence[ObservedCopy], *, is_reachable: bool
) -> Iterator[SourcePoint]:
    """Decide on all copies of a backup in the same Region except the first."""
    for copy in ranked[1:]:
        is_spare = ranked[0].is_available and is_reachable
        decision = Decision(Deleted.DUPLICATE, ranked[0].state.id) if is_spare else Decision(Kept.DUPLICATE)
        yield without_replacement(source, copy, decision)


def _best_first(source: SourceSpec, copies: Iterable[ObservedCopy]) -> list[ObservedCopy]:
    """Return copies, the best one to keep first."""

    def rank(copy: ObservedCopy) -> tuple[bool, bool, bool, str]:
        has_expected_urn = copy.state.urn == source.urn_of(copy.source_backup_id)
        return copy.is_available, copy.is_alive, has_expected_urn, copy.state.urn

    return sorted(copies, key=rank, reverse=True)


def _require_file_system(source: SourceSpec, backups: Sequence[Backup], aws: AwsView) -> None:
    # A file system may be new and have no backup yet. If it does not exist, the program has a mistake.
    if source.selector is None and not aws.file_system_exists(source.key, source.region):
        if copies := [backup for backup in backups if backup.source_backup_id]:
            origins = sorted({copy.source_region for copy in copies if copy.source_region})
            raise InvalidSettingsError(
                f"There is no file system {source.key} in {source.region}, only copies of its backups, and those are "
                f"not copied again. Name the file system's own Region in the sources of {source.dr.name}; the copies "
                f"are from {', '.join(origins) or 'an unknown Region'}."
            )
        raise InvalidSettingsError(
            f"There is no file system {source.key} in {source.region}, and neither backups nor copies of it. Correct "
            f"the sources of {source.dr.name}."
        )


def _expired(point: SourcePoint, chosen: Selection[SourcePoint]) -> Decision:
    newer = sum(kept.has_copy and kept.time >= point.time for kept in chosen.kept)
    of = point.copy.volume_or_file_system if point.copy else point.volume_or_file_system
    text = f"{newer} newer copy of {of} is kept" if newer == 1 else f"{newer} newer copies of {of} are kept"
    if not isinstance(point.source.keep, int):
        text += f", and no rule keeps this one ({chosen.reasons[point.source_backup_id]})"
    return Decision(Deleted.EXPIRED, text)
