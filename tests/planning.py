"""A fake AWS, states and DrRegions for tests of plans."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi_fsx_dr.copies.copy import BACKUP_COPY_TYPE, DR_REGION_TYPE
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.rules.plan import plan_copies
from pulumi_fsx_dr.rules.reasons import Deleted, Kept
from pulumi_fsx_dr.rules.region_plan import RegionPlan
from pulumi_fsx_dr.rules.retention import Keep
from pulumi_fsx_dr.rules.specs import DrRegionSpec

from tests.backups import FILE_SYSTEM, OTHER_FILE_SYSTEM, OWNER_ID, copy, hours_ago, owned

HOME = "eu-central-1"
AWAY = "eu-west-1"
ELSEWHERE = "eu-north-1"
KEY = f"arn:aws:kms:{AWAY}:111122223333:key/11111111-2222-3333-4444-555555555555"
OTHER_KEY = f"arn:aws:kms:{AWAY}:111122223333:key/66666666-7777-8888-9999-000000000000"
CROWDED = {f"tag-{n}": "x" for n in range(50)}


def source(number: int) -> str:
    return f"backup-5{number:016x}"


def backup(number: int, **changes: Any) -> Backup:
    """Return backup `number` of the file system, made `number` hours ago."""
    described = {
        "id": source(number),
        "region": HOME,
        "source_backup_id": None,
        "source_region": None,
        "creation_time": hours_ago(number),
        "type": "AUTOMATIC",
    }
    return copy(number, **(described | changes))


def urn(name: str, *, stack: str = "prod", types: str = DR_REGION_TYPE) -> str:
    return f"urn:pulumi:{stack}::files::{types}${BACKUP_COPY_TYPE}::{name}"


def entry(number: int, name: str = "", *, number_of_copy: int | None = None, **changes: Any) -> StateCopy:
    """Return the state entry of the copy of backup `number` in DrRegion `dr`."""
    region = changes.get("region", AWAY)
    backup_id = f"backup-c{number if number_of_copy is None else number_of_copy:016x}"
    outputs = {
        "arn": f"arn:aws:fsx:{region}:111122223333:backup/{backup_id}",
        "region": region,
        "source_backup_id": source(number),
        "source_region": HOME,
        "source_creation_time": hours_ago(number).isoformat(),
        "file_system_id": FILE_SYSTEM,
    }
    address = changes.pop("urn", "") or urn(name or f"dr-{source(number)}")
    return StateCopy(address, backup_id, {k: v for k, v in (outputs | changes).items() if v is not None})


def dr(
    name: str = "dr",
    *file_systems: str,
    region: str = AWAY,
    keep: Keep = 2,
    types: str = DR_REGION_TYPE,
    sources: Sequence[Mapping[str, Any]] | None = None,
    **changes: Any,
) -> DrRegionSpec:
    default = [{"file_system_id": fs, "region": HOME} for fs in file_systems or (FILE_SYSTEM,)]
    address = f"urn:pulumi:prod::files::{types}::{name}"
    sources = default if sources is None else sources
    return DrRegionSpec(name=name, urn=address, region=region, sources=sources, keep=keep, **changes)


@dataclass
class World:
    """The answers of AWS.

    Attributes:
        backups: backups in `HOME`.
        copies: copies in all other Regions.
        unreachable: Regions that do not answer.
        gone: ids of copies that AWS no longer has.
        state: all copies in the state.
        owner_id: owner id of the stack.
        declared_names: names of single copies in the program.
        unlisted: copies that are found only by id.
        file_systems: ids of existing file systems.
        keys: ARNs of aliases, by Region and alias.
        tags: tags of listed file systems, by Region and id.
    """

    backups: Sequence[Backup] = ()
    copies: Sequence[Backup] = ()
    unreachable: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    state: Sequence[StateCopy] = ()
    owner_id: str = OWNER_ID
    declared_names: frozenset[str] = frozenset()
    unlisted: Sequence[Backup] = ()
    file_systems: frozenset[str] = field(default=frozenset({FILE_SYSTEM, OTHER_FILE_SYSTEM}))
    keys: Mapping[tuple[str, str], str] = field(default_factory=dict)
    tags: Mapping[str, Mapping[str, Mapping[str, str] | None]] = field(default_factory=dict)

    def backups_of(self, file_system_id: str, region: str) -> Sequence[Backup] | None:
        if region in self.unreachable:
            return None
        return [b for b in self.backups if (b.file_system_id, b.region) == (file_system_id, region)]

    def file_system_exists(self, file_system_id: str, region: str) -> bool:
        return region in self.unreachable or file_system_id in self.file_systems

    def file_systems_in(self, region: str) -> Mapping[str, Mapping[str, str] | None] | None:
        return None if region in self.unreachable else self.tags.get(region, {})

    def backups_in(self, region: str) -> Sequence[Backup]:
        return [b for b in (*self.backups, *self.copies) if b.region == region]

    def copies_in(self, region: str) -> Sequence[Backup]:
        return [b for b in self.copies if b.region == region]

    def copies_in_removed(self, region: str) -> Sequence[Backup]:
        return [] if region in self.unreachable else self.copies_in(region)

    def copy_by_id(self, copy: StateCopy) -> Backup | None:
        return next((b for b in self.unlisted if b.id == copy.id), None)

    def is_gone(self, copy: StateCopy) -> bool:
        return copy.id in self.gone

    def resolved_key(self, region: str, kms_key_id: str) -> str:
        return self.keys.get((region, kms_key_id), kms_key_id)


def shown(copies: Iterable[StateCopy], lifecycle: str = "AVAILABLE") -> list[Backup]:
    """Return copies in the state as AWS describes them."""
    return [
        copy(
            id=state.id,
            region=state.region,
            lifecycle=lifecycle,
            source_backup_id=state.source_backup_id,
            file_system_id=state.output("file_system_id") or None,
            volume_id=state.output("volume_id") or None,
            tags=owned(f"files/prod/{state.name}"),
        )
        for state in copies
    ]


def decide(regions: Sequence[DrRegionSpec], copies: Sequence[StateCopy], world: World) -> dict[str, RegionPlan]:
    """Return the plans of DrRegions; the state contains only these copies."""
    return plan_copies(regions, copies, replace(world, state=copies))


def one(regions: Sequence[DrRegionSpec], copies: Sequence[StateCopy], world: World) -> RegionPlan:
    """Return the plan of the only DrRegion."""
    (plan,) = decide(regions, copies, world).values()
    return plan


def names(plan: RegionPlan) -> list[str]:
    return [declared.name for declared in plan.copies]


def kept(plan: RegionPlan) -> list[str]:
    """Return the ids of copies in the state that stay declared."""
    return [declared.state.id for declared in plan.copies if declared.state]


def made(plan: RegionPlan) -> list[str]:
    """Return the source backups of new copies."""
    return [declared.args["source_backup_id"] for declared in plan.copies if declared.state is None]


def removed(plan: RegionPlan) -> dict[str, Deleted | Kept]:
    """Return the reasons to delete copies in the state, by id."""
    return {removal.copy.id: removal.decision.reason for removal in plan.removed}


def leftovers(plan: RegionPlan) -> list[str]:
    """Return the ids of copies that are reported as leftovers."""
    return [warning.partition(" ")[0] for warning in plan.warnings if "is a leftover" in warning]
