"""Decide which recovery points of a source are copied, and which copies in the state are kept or deleted.

`decide_source` decides on the copies of the sources in the program, `decide_unmatched` on all others. `reasons.py`
lists the possible reasons.
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
    """A source with its existing copies.

    Attributes:
        in_state: the copies in the state.
        offers: the copies that are not in the state, by source backup.
    """

    source: SourceSpec
    in_state: Sequence[ObservedCopy]
    offers: Mapping[str, Offer]


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """The decisions on the recovery points of a source.

    Attributes:
        points: the recovery points with their decisions; each copy in the state belongs to one of them.
        obstacle: why the source gets no new copies; None if it does.
        is_reachable: whether the source Region is reachable.
    """

    source: SourceSpec
    points: Sequence[SourcePoint]
    obstacle: str | None = None
    is_reachable: bool = True


@dataclass(frozen=True, slots=True)
class Situation:
    """Facts about a copy in the state that belongs to no source of its DR Region.

    Attributes:
        sources: the sources of other DR Regions with the same file system or source backup.
        protected_in: the DR Regions with another copy of the same file system or source backup.
        excluded_in: the DR Regions with a source that excludes the file system.
    """

    sources: Sequence[SourceSpec]
    protected_in: Collection[str]
    excluded_in: Collection[str]


def decide_source(found: SourceCopies, aws: AwsView) -> SourcePlan:
    """Decide on the recovery points of a source."""
    if not found.source.is_file_system:
        return _decide_backup(found)
    if found.source.is_unselected:
        return _decide_unselected(found)
    return _decide_file_system(found, aws)


def decide_unmatched(copy: ObservedCopy, situation: Situation, aws: AwsView) -> Decision:
    """Decide on a copy that belongs to no source of its DR Region."""
    region, sources = copy.state.region, situation.sources
    if copy.is_gone:
        return gone(copy)
    if region in situation.excluded_in or (situation.excluded_in and not sources):
        return Decision(Deleted.EXCLUDED, copy.file_system_id)
    if not sources:
        return Decision(Deleted.SOURCE_REMOVED)
    # The program still has its source, and this may be the last copy of it.
    if not situation.protected_in:
        return Decision(Kept.ONLY_COPY, copy.file_system_id or copy.source_backup_id)
    if unreachable := [source.region for source in sources if _is_unreachable(source, aws)]:
        return Decision(Kept.SOURCE_UNREACHABLE, unreachable[0])
    return Decision(Deleted.DR_REGION_REMOVED, ", ".join(sorted(situation.protected_in)))


def _is_unreachable(source: SourceSpec, aws: AwsView) -> bool:
    """Whether the Region of a file system is unreachable."""
    return source.is_file_system and aws.backups_of(source.key, source.region) is None


def gone(copy: ObservedCopy) -> Decision:
    """Return the decision on a copy that FAILED or no longer exists in AWS."""
    return Decision(Deleted.FAILED if copy.has_failed else Deleted.GONE)


def _decide_backup(found: SourceCopies) -> SourcePlan:
    source, ranked = found.source, _best_first(found.source, found.in_state)
    best, offer = ranked[0] if ranked else None, found.offers.get(source.key, NO_OFFER)
    point = SourcePoint(source=source, source_backup_id=source.key, copy=best, offer=offer)
    duplicates = _decide_duplicates(source, ranked, is_reachable=True)
    return SourcePlan(source, [_declared(point, Decision(Kept.BACKUP_IS_SOURCE)), *duplicates])


def _decide_unselected(found: SourceCopies) -> SourcePlan:
    """Keep the copies of a file system that has lost its tags, and create none."""
    kept = Decision(Kept.TAGS_LOST)
    decisions = [(copy, gone(copy) if copy.is_gone else kept) for copy in found.in_state]
    points = [without_replacement(found.source, copy, decision) for copy, decision in decisions]
    return SourcePlan(found.source, points, "it does not have the tags that select it")


def _decide_file_system(found: SourceCopies, aws: AwsView) -> SourcePlan:
    source, copies = found.source, found.in_state
    backups = aws.backups_of(source.key, source.region)
    recovery_points = {backup.id: backup for backup in backups or () if is_recovery_point(backup)}
    copyable = {id_ for id_, backup in recovery_points.items() if not source.obstacle_of(backup)}
    # A copy that is gone and cannot be created again would fail every run, so it is no longer declared.
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
    """Yield the recovery points of a file system with a backup or a copy."""
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
        # Copies of unknown file systems may be of several file systems, so none of them expires.
        may_expire = is_reachable and volume_or_file_system != ""
        chosen = select([point.for_retention for point in group], source.keep, may_expire=may_expire)
        by_id = {point.source_backup_id: point for point in group}
        for point in (by_id[kept.source_backup_id] for kept in chosen.kept):
            yield _declared(point, Decision(Kept.RETENTION, chosen.reasons[point.source_backup_id]))
        for point in (by_id[expired.source_backup_id] for expired in chosen.expired):
            yield replace(point, action=Action.DELETE, decision=_expired(point, chosen))


def _declared(point: SourcePoint, decision: Decision) -> SourcePoint:
    """Return a recovery point with the action that declares its copy, if it exists or can be created."""
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
    """Return the recovery point of a copy that is deleted, or kept with the arguments in the state."""
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
    """Decide on the copies of a backup in the same Region, except the best one."""
    for copy in ranked[1:]:
        may_delete = ranked[0].is_available and is_reachable
        decision = Decision(Deleted.DUPLICATE, ranked[0].state.id) if may_delete else Decision(Kept.DUPLICATE)
        yield without_replacement(source, copy, decision)


def _best_first(source: SourceSpec, copies: Iterable[ObservedCopy]) -> list[ObservedCopy]:
    """Return copies of the same backup, the best one first."""

    def rank(copy: ObservedCopy) -> tuple[bool, bool, bool, str]:
        has_expected_urn = copy.state.urn == source.urn_of(copy.source_backup_id)
        return copy.is_available, copy.is_alive, has_expected_urn, copy.state.urn

    return sorted(copies, key=rank, reverse=True)


def _require_file_system(source: SourceSpec, backups: Sequence[Backup], aws: AwsView) -> None:
    # A new file system has no backups yet. A file system that does not exist is a mistake in the program.
    if source.selector is None and not aws.file_system_exists(source.key, source.region):
        if copies := [backup for backup in backups if backup.source_backup_id]:
            origins = sorted({copy.source_region for copy in copies if copy.source_region})
            raise InvalidSettingsError(
                f"File system {source.key} was not found in {source.region}. That Region has only copies of its "
                f"backups, from {', '.join(origins) or 'an unknown Region'}. In the sources of "
                f"{source.dr.name}, set region to the Region of the file system."
            )
        raise InvalidSettingsError(
            f"File system {source.key} was not found in {source.region}, and has no backups or copies there. Correct "
            f"the sources of {source.dr.name}."
        )


def _expired(point: SourcePoint, chosen: Selection) -> Decision:
    newer = sum(kept.has_copy and kept.time >= point.time for kept in chosen.kept)
    of = point.copy.volume_or_file_system if point.copy else point.volume_or_file_system
    text = f"{newer} newer copy of {of} is kept" if newer == 1 else f"{newer} newer copies of {of} are kept"
    if not isinstance(point.source.keep, int):
        text += f", and no retention rule keeps this one ({chosen.reasons[point.source_backup_id]})"
    return Decision(Deleted.EXPIRED, text)
