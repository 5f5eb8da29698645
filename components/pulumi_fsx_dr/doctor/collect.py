"""Facts about all Regions of a configuration, read in parallel."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

from pulumi_fsx_dr.errors import AwsConfigError, InvalidSettingsError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup, FileSystem
from pulumi_fsx_dr.fsx.diagnostics import CallerIdentity, KmsKey, PolicyDecision, RegionDiagnostics
from pulumi_fsx_dr.fsx.file_system import with_storage_types
from pulumi_fsx_dr.rules.dr_arguments import KEEP, DrRegionArgs, Source
from pulumi_fsx_dr.rules.iam_policy import policy
from pulumi_fsx_dr.rules.sources import as_file_system, selected_by, source_label

from .permissions import simulation_requests

_T = TypeVar("_T")
Result: TypeAlias = _T | ServiceError


@dataclass(frozen=True, slots=True)
class Configuration:
    """The sources that are copied into each DR Region. Each has its `keep`, and its `kms_key_id` if it has a key."""

    sources_of: Mapping[str, Sequence[Source]]

    @classmethod
    def of(cls, declared: Iterable[DrRegionArgs]) -> "Configuration":
        """Return the sources of some DrRegions. Several of them may copy into the same Region."""
        found: defaultdict[str, list[Source]] = defaultdict(list)
        for args in declared:
            defaults: Any = {name: args[name] for name in ("keep", "kms_key_id") if name in args}
            found[args["region"]] += [{"keep": KEEP, **defaults, **source} for source in args["sources"]]
        return cls(found)

    @property
    def sources(self) -> list[Source]:
        all_sources = [source for sources in self.sources_of.values() for source in sources]
        return list({(source["region"], source_label(source)): source for source in all_sources}.values())

    @property
    def region_names(self) -> list[str]:
        return sorted({*self.sources_of, *(source["region"] for source in self.sources)})

    def keys_in(self, region: str) -> list[str | None]:
        """Return the keys of the copies in a Region, as they are written; None is the key that FSx manages."""
        return list(dict.fromkeys(map(key_of, self.sources_of.get(region, ()))))


def key_of(source: Source) -> str | None:
    """Return the key of a source's copies, as it is written; None is the key that FSx manages."""
    named = source.get("kms_key_id")
    return str(named) if named else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionFacts:
    """The answers of one Region; only `identity` if it does not accept the credentials.

    Attributes:
        file_systems: whether the file systems of the sources exist, by id.
        keys: the keys of the copies and of the newest source backups, by their name in the call.
        quotas: the quotas in force, by name.
    """

    identity: Result[CallerIdentity]
    backups: Result[Sequence[Backup]] = ()
    file_systems: Mapping[str, Result[bool]] = field(default_factory=dict)
    keys: Mapping[str, Result[KmsKey]] = field(default_factory=dict)
    quotas: Result[Mapping[str, int]] = field(default_factory=dict)

    @property
    def answered(self) -> bool:
        return not isinstance(self.identity, ServiceError) and not isinstance(self.backups, ServiceError)

    @property
    def known_backups(self) -> Sequence[Backup]:
        """The backups; none if the Region did not answer."""
        return () if isinstance(self.backups, ServiceError) else self.backups


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The answers of all Regions.

    Attributes:
        configuration: file systems replace the tags that select them.
        decisions: the answer of IAM's policy simulator; None without a request.
    """

    configuration: Configuration
    regions: Mapping[str, RegionFacts]
    decisions: Result[Sequence[PolicyDecision]] | None = None

    def backups_of(self, source: Source) -> list[Backup]:
        """Return the backups of a source: all backups of its file system, or the one backup."""
        listed = self.regions[source["region"]].known_backups
        if "file_system_id" in source:
            return [backup for backup in listed if backup.file_system_id == source["file_system_id"]]
        return [backup for backup in listed if backup.id == source.get("backup_id")]


def collect(configuration: Configuration, region_of: Callable[[str], RegionDiagnostics]) -> Facts:
    configuration = _with_selected(configuration, region_of)
    asked = {name: region_of(name) for name in configuration.region_names}
    with ThreadPoolExecutor(max_workers=len(asked)) as pool:
        answers = pool.map(lambda region: _ask(region, configuration), asked.values())
        regions = dict(zip(asked, answers, strict=True))
    facts = Facts(configuration=configuration, regions=regions)
    known = ((asked[name], one.identity) for name, one in regions.items() if isinstance(one.identity, CallerIdentity))
    region, identity = next(known, (None, None))
    return replace(facts, decisions=_ask_iam(facts, region, identity)) if region and identity else facts


def _with_selected(configuration: Configuration, region_of: Callable[[str], RegionDiagnostics]) -> Configuration:
    """Replace the tags in sources with the file systems that they select."""
    regions = {source["region"] for source in configuration.sources if "tags" in source}
    listed = {name: _result(region_of(name).file_systems) for name in regions}

    def selected(source: Source) -> Iterable[Source]:
        found = listed.get(source["region"], {})
        if "tags" not in source or isinstance(found, ServiceError):
            return [source]
        names = selected_by(source, {name: each.tags for name, each in found.items()})
        return [as_file_system(source, name) for name in names] or [source]

    return Configuration(
        {
            region: [each for source in sources for each in selected(source)]
            for region, sources in configuration.sources_of.items()
        }
    )


def _ask(region: RegionDiagnostics, configuration: Configuration) -> RegionFacts:
    facts = RegionFacts(identity=_result(region.get_identity))
    if isinstance(facts.identity, ServiceError):
        return facts
    facts = replace(facts, backups=_result(lambda: _backups(region)), quotas=_result(region.list_quotas))
    sources = [source for source in configuration.sources if source["region"] == region.name]
    known = Facts(configuration=configuration, regions={region.name: facts})
    newest = [max(of, key=lambda backup: backup.creation_time) for of in map(known.backups_of, sources) if of]
    return replace(
        facts,
        file_systems=_results(region.file_system_exists, (source.get("file_system_id") for source in sources)),
        keys=_results(
            region.describe_key, [*configuration.keys_in(region.name), *(backup.kms_key_arn for backup in newest)]
        ),
    )


def _backups(region: RegionDiagnostics) -> tuple[Backup, ...]:
    def file_systems() -> Mapping[str, FileSystem]:
        described = _result(region.file_systems)
        return {} if isinstance(described, ServiceError) else described

    return tuple(with_storage_types(region.backups(), file_systems))


def _result(ask: Callable[[], _T]) -> Result[_T]:
    try:
        return ask()
    except AwsConfigError:  # no Region can be read
        raise
    except ServiceError as error:
        return error


def _results(ask: Callable[[str], _T], names: Iterable[str | None]) -> dict[str, Result[_T]]:
    def asked(name: str) -> Result[_T]:
        return _result(lambda: ask(name))

    return {name: asked(name) for name in dict.fromkeys(names) if name}


def _ask_iam(
    facts: Facts, region: RegionDiagnostics, identity: CallerIdentity
) -> Result[Sequence[PolicyDecision]] | None:
    try:
        needed = policy(
            identity.account,
            source_regions={source["region"] for source in facts.configuration.sources},
            dr_regions=list(facts.configuration.sources_of),
            key_arns={name: _key_arns(one) for name, one in facts.regions.items()},
        )
    except InvalidSettingsError:  # the Regions are in several partitions
        return None
    requests = simulation_requests(needed)
    return _result(lambda: [one for request in requests for one in region.simulate(identity.principal, *request)])


def _key_arns(facts: RegionFacts) -> list[str]:
    """Return the keys that need permissions. AWS managed keys do not."""
    return [key.arn for key in facts.keys.values() if isinstance(key, KmsKey) and not key.is_managed_by_aws]
