"""What AWS answers before the first `up`: every Region of a configuration is asked at once, and nothing is changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias, TypeVar

from pulumi_fsx_dr.errors import InvalidSettingsError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.examined import Decision, ExaminedRegion, Identity, Key
from pulumi_fsx_dr.rules.dr_arguments import DrRegionArgs, Source
from pulumi_fsx_dr.rules.iam_policy import policy

from .simulation import Question, questions

_T = TypeVar("_T")
Answer: TypeAlias = _T | ServiceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be examined: the sources, and by Region where they are copied to."""

    sources: Sequence[Source]
    regions: Mapping[str, DrRegionArgs]

    @property
    def names(self) -> list[str]:
        """All Regions in question."""
        return sorted({*self.regions, *(source["region"] for source in self.sources)})

    def key_of(self, region: str) -> str | None:
        """Return how the key of the copies in a Region is named, if it is named."""
        named = self.regions[region].get("kms_key_id") if region in self.regions else None
        return str(named) if named else None

    def sources_in(self, region: str) -> list[Source]:
        """Return the sources in a Region."""
        return [source for source in self.sources if source["region"] == region]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one Region told; it was asked nothing more after it had not told whose the credentials are.

    Attributes:
        backups: all that are there.
        file_systems: whether the sources' file systems are there, by id.
        keys: the keys that copies are to have, and those of the sources' backups, by the name that was asked for.
        quotas: those in force, by name.
    """

    identity: Answer[Identity]
    backups: Answer[Sequence[Backup]] = ()
    file_systems: Mapping[str, Answer[bool]] = field(default_factory=dict)
    keys: Mapping[str, Answer[Key]] = field(default_factory=dict)
    quotas: Answer[Mapping[str, int]] = field(default_factory=dict)

    @property
    def listed(self) -> Sequence[Backup]:
        """The backups; none if the Region did not tell."""
        return () if isinstance(self.backups, ServiceError) else self.backups


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What all Regions told, by name, and what IAM says; None if nobody knows for whom to ask IAM."""

    told: Mapping[str, Told]
    decisions: Answer[Sequence[Decision]] | None = None


def survey(wanted: Wanted, region: Callable[[str], ExaminedRegion]) -> Survey:
    """Ask all Regions at once. One that does not answer takes as long as one call's patience."""
    asked = {name: region(name) for name in wanted.names}
    with ThreadPoolExecutor(max_workers=len(asked) or 1) as pool:
        told = dict(zip(asked, pool.map(lambda one: _told(one, wanted), asked.values()), strict=True))
    return Survey(told=told, decisions=_decisions(wanted, asked, told))


def of_source(source: Source, backups: Iterable[Backup]) -> list[Backup]:
    """Return the backups of a source: those of its file system, or that one backup."""
    if "file_system_id" in source:
        return [backup for backup in backups if backup.file_system_id == source["file_system_id"]]
    return [backup for backup in backups if backup.id == source.get("backup_id")]


def _told(region: ExaminedRegion, wanted: Wanted) -> Told:
    identity = _answer(region.identity)
    if isinstance(identity, ServiceError):
        return Told(identity=identity)
    backups = _answer(lambda: tuple(region.backups()))
    sources = wanted.sources_in(region.name)
    return Told(
        identity=identity,
        backups=backups,
        file_systems=_each(_file_systems(sources), region.file_system_exists),
        keys=_each(_keys(region.name, wanted, () if isinstance(backups, ServiceError) else backups), region.key),
        quotas=_answer(region.quotas),
    )


def _answer(ask: Callable[[], _T]) -> Answer[_T]:
    try:
        return ask()
    except ServiceError as error:
        return error


def _each(names: Iterable[str], ask: Callable[[str], _T]) -> dict[str, Answer[_T]]:
    def asked(name: str) -> Answer[_T]:
        return _answer(lambda: ask(name))

    return {name: asked(name) for name in dict.fromkeys(names)}


def _file_systems(sources: Iterable[Source]) -> list[str]:
    return [source["file_system_id"] for source in sources if "file_system_id" in source]


def _keys(region: str, wanted: Wanted, backups: Sequence[Backup]) -> list[str]:
    """Return the keys to look at: that of the copies, and those that the sources' newest backups have."""
    named = wanted.key_of(region)
    found = (of_source(source, backups) for source in wanted.sources_in(region))
    newest = [max(of, key=lambda backup: backup.creation_time) for of in found if of]
    return [key for key in (named, *(backup.kms_key_arn for backup in newest)) if key]


def _decisions(
    wanted: Wanted, asked: Mapping[str, ExaminedRegion], told: Mapping[str, Told]
) -> Answer[Sequence[Decision]] | None:
    known = [(asked[name], one.identity) for name, one in told.items() if isinstance(one.identity, Identity)]
    if not known:
        return None
    region, identity = known[0]
    try:
        needed = _questions(wanted, identity.account, told)
    except InvalidSettingsError:  # the Regions are of several partitions
        return None

    def asked_of_iam(question: Question) -> list[Decision]:
        return region.decisions(identity.principal, question.actions, question.resources, question.context)

    return _answer(lambda: tuple(chain.from_iterable(map(asked_of_iam, needed))))


def _questions(wanted: Wanted, account: str, told: Mapping[str, Told]) -> list[Question]:
    sources = {source["region"] for source in wanted.sources}
    keys = {name: _own(one.keys.values()) for name, one in told.items()}
    return questions(policy(account, source_regions=sources, dr_regions=list(wanted.regions), key_arns=keys))


def _own(keys: Iterable[Answer[Key]]) -> list[str]:
    """Return the ARNs of the keys that need permissions: not of those that AWS manages."""
    return [key.arn for key in keys if isinstance(key, Key) and not key.is_managed_by_aws]
