"""What AWS answers before the first `up`: every Region of a configuration is asked at once, and nothing is changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TypeAlias, TypeVar

from pulumi_fsx_dr.errors import InvalidSettingsError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.diagnostics import CallerIdentity, KmsKey, PolicyDecision, RegionDiagnostics
from pulumi_fsx_dr.rules.dr_arguments import DrRegionArgs, Source
from pulumi_fsx_dr.rules.iam_policy import policy
from pulumi_fsx_dr.rules.sources import as_file_system, selected_by

from .permissions import Question, questions

_T = TypeVar("_T")
Answer: TypeAlias = _T | ServiceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What is to be examined: the sources, and by Region where they are copied to."""

    sources: Sequence[Source]
    regions: Mapping[str, DrRegionArgs]

    @property
    def names(self) -> list[str]:
        """All Regions in question."""
        return sorted({*self.regions, *(source["region"] for source in self.sources)})

    def key_of(self, source: Source, region: str) -> str | None:
        """Return how the key of a source's copies in a DR Region is named, if it is named."""
        named = source.get("kms_key_id", self.regions[region].get("kms_key_id"))
        return str(named) if named else None

    def keys_of(self, region: str) -> list[str | None]:
        """Return how the keys of the copies in a Region are named; None for the one that FSx manages."""
        if region not in self.regions:
            return []
        return list(dict.fromkeys(self.key_of(source, region) for source in self.sources))

    def sources_in(self, region: str) -> list[Source]:
        """Return the sources in a Region."""
        return [source for source in self.sources if source["region"] == region]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionAnswers:
    """What one Region answered; it was asked nothing more after it had not told whose the credentials are.

    Attributes:
        backups: all that are there.
        file_systems: whether the sources' file systems are there, by id.
        keys: the keys that copies are to have, and those of the sources' backups, by the name that was asked for.
        quotas: those in force, by name.
    """

    identity: Answer[CallerIdentity]
    backups: Answer[Sequence[Backup]] = ()
    file_systems: Mapping[str, Answer[bool]] = field(default_factory=dict)
    keys: Mapping[str, Answer[KmsKey]] = field(default_factory=dict)
    quotas: Answer[Mapping[str, int]] = field(default_factory=dict)

    @property
    def listed(self) -> Sequence[Backup]:
        """The backups; none if the Region did not tell."""
        return () if isinstance(self.backups, ServiceError) else self.backups


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What all Regions answered, by name, and what IAM says; None if nobody knows for whom to ask IAM."""

    answers: Mapping[str, RegionAnswers]
    decisions: Answer[Sequence[PolicyDecision]] | None = None


def survey(configuration: Configuration, region: Callable[[str], RegionDiagnostics]) -> Survey:
    """Ask all Regions at once. One that does not answer takes as long as one call's patience."""
    asked = {name: region(name) for name in configuration.names}
    with ThreadPoolExecutor(max_workers=len(asked) or 1) as pool:
        answers = dict(zip(asked, pool.map(lambda one: _ask(one, configuration), asked.values()), strict=True))
    return Survey(answers=answers, decisions=_ask_iam(configuration, asked, answers))


def with_selected(configuration: Configuration, region: Callable[[str], RegionDiagnostics]) -> Configuration:
    """Return the configuration with file systems in place of the tags that select them, where a Region tells them."""
    sources = [one for source in configuration.sources for one in _selected(source, region)]
    return replace(configuration, sources=sources)


def _selected(source: Source, region: Callable[[str], RegionDiagnostics]) -> list[Source]:
    if "tags" not in source:
        return [source]
    listed = _answer_of(region(source["region"]).file_systems)
    names = [] if isinstance(listed, ServiceError) else selected_by(source, listed)
    return [as_file_system(source, name) for name in names] or [source]


def of_source(source: Source, backups: Iterable[Backup]) -> list[Backup]:
    """Return the backups of a source: those of its file system, or that one backup."""
    if "file_system_id" in source:
        return [backup for backup in backups if backup.file_system_id == source["file_system_id"]]
    return [backup for backup in backups if backup.id == source.get("backup_id")]


def _ask(region: RegionDiagnostics, configuration: Configuration) -> RegionAnswers:
    identity = _answer_of(region.get_identity)
    if isinstance(identity, ServiceError):
        return RegionAnswers(identity=identity)
    backups = _answer_of(lambda: tuple(region.backups()))
    sources = configuration.sources_in(region.name)
    return RegionAnswers(
        identity=identity,
        backups=backups,
        file_systems=_ask_each(_file_systems(sources), region.file_system_exists),
        keys=_ask_each(
            _keys(region.name, configuration, () if isinstance(backups, ServiceError) else backups), region.describe_key
        ),
        quotas=_answer_of(region.list_quotas),
    )


def _answer_of(ask: Callable[[], _T]) -> Answer[_T]:
    try:
        return ask()
    except ServiceError as error:
        return error


def _ask_each(names: Iterable[str], ask: Callable[[str], _T]) -> dict[str, Answer[_T]]:
    def asked(name: str) -> Answer[_T]:
        return _answer_of(lambda: ask(name))

    return {name: asked(name) for name in dict.fromkeys(names)}


def _file_systems(sources: Iterable[Source]) -> list[str]:
    return [source["file_system_id"] for source in sources if "file_system_id" in source]


def _keys(region: str, configuration: Configuration, backups: Sequence[Backup]) -> list[str]:
    """Return the keys to look at: that of the copies, and those that the sources' newest backups have."""
    found = (of_source(source, backups) for source in configuration.sources_in(region))
    newest = [max(of, key=lambda backup: backup.creation_time) for of in found if of]
    return [key for key in (*configuration.keys_of(region), *(backup.kms_key_arn for backup in newest)) if key]


def _ask_iam(
    configuration: Configuration, asked: Mapping[str, RegionDiagnostics], answers: Mapping[str, RegionAnswers]
) -> Answer[Sequence[PolicyDecision]] | None:
    known = [(asked[name], one.identity) for name, one in answers.items() if isinstance(one.identity, CallerIdentity)]
    if not known:
        return None
    region, identity = known[0]
    try:
        needed = _questions(configuration, identity.account, answers)
    except InvalidSettingsError:  # the Regions are of several partitions
        return None

    def simulate(question: Question) -> list[PolicyDecision]:
        return region.simulate(identity.principal, question.actions, question.resources, question.context)

    return _answer_of(lambda: tuple(chain.from_iterable(map(simulate, needed))))


def _questions(configuration: Configuration, account: str, answers: Mapping[str, RegionAnswers]) -> list[Question]:
    sources = {source["region"] for source in configuration.sources}
    keys = {name: _own(one.keys.values()) for name, one in answers.items()}
    return questions(policy(account, source_regions=sources, dr_regions=list(configuration.regions), key_arns=keys))


def _own(keys: Iterable[Answer[KmsKey]]) -> list[str]:
    """Return the ARNs of the keys that need permissions: not of those that AWS manages."""
    return [key.arn for key in keys if isinstance(key, KmsKey) and not key.is_managed_by_aws]
