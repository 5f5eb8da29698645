"""Find out which file systems and ONTAP volumes have a copy in the states of some stacks."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from pulumi_fsx_dr.copies.copy import COPY_TYPES
from pulumi_fsx_dr.copies.names import by_core_names
from pulumi_fsx_dr.fsx.backup import FileSystem, Volume, copy_obstacle

# FSx API, CreateBackup: Lustre must have a persistent deployment type, and not be linked to a data repository.
_SCRATCH = ("SCRATCH_1", "SCRATCH_2")
_DELETED = "DELETING"
_STACK_TYPE = "pulumi:pulumi:Stack"


class CoverageStatus(StrEnum):
    """Whether something has a copy.

    Attributes:
        MISSING: no given stack declares a copy in another Region.
        WAITING: a given stack declares it as a source, and has no copy of it yet.
        NOT_POSSIBLE: FSx does not make or copy such backups.
        COVERED: a given state contains a copy in another Region.
    """

    MISSING = "missing"
    WAITING = "waiting"
    NOT_POSSIBLE = "not_possible"
    COVERED = "covered"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """A file system or an ONTAP volume, and the DR Regions that have a copy of it.

    Attributes:
        id: id of the file system or volume.
        name: the `Name` tag of the file system, or the name of the volume; "" without one.
        type: `FileSystemType`.
        reason: reason for the status, as a sentence.
    """

    id: str
    file_system_id: str
    name: str
    type: str
    region: str
    dr_regions: tuple[str, ...]
    status: CoverageStatus
    reason: str

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "name": self.name or None, "dr_regions": list(self.dr_regions)}


@dataclass(frozen=True, slots=True)
class RegionContents:
    """What one Region contains."""

    region: str
    file_systems: Collection[FileSystem]
    volumes: Collection[Volume] = ()


@dataclass(frozen=True, slots=True)
class DeclaredCopies:
    """What the given stacks declare.

    Attributes:
        dr_regions: those with a copy, by file system id and by volume id.
        sources: what the stack outputs `readiness` name as sources, whether they have copies or not.
        unmatched: the number of copies whose file system the states do not show.
    """

    dr_regions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sources: frozenset[str] = frozenset()
    unmatched: int = 0

    @classmethod
    def of(cls, resources: Iterable[Mapping[str, Any]]) -> "DeclaredCopies":
        """Read the resources of the given states; a copy that is pending deletion does not count."""
        found: dict[str, set[str]] = {}
        sources: set[str] = set()
        unmatched = 0
        for resource in resources:
            outputs = by_core_names(resource.get("outputs") or {})
            if resource["type"] == _STACK_TYPE:
                sources |= set(_sources(outputs.get("readiness")))
            if resource["type"] not in COPY_TYPES or resource.get("delete"):
                continue
            subject, region = outputs.get("volume_id") or outputs.get("file_system_id"), outputs.get("region")
            if isinstance(subject, str) and isinstance(region, str):
                found.setdefault(subject, set()).add(region)
            else:
                unmatched += 1
        return cls({key: frozenset(regions) for key, regions in found.items()}, frozenset(sources), unmatched)

    @property
    def a_region(self) -> str | None:
        """One of the DR Regions; None without copies."""
        return next((region for regions in self.dr_regions.values() for region in sorted(regions)), None)


def _sources(readiness: object) -> Iterator[str]:
    """Yield the sources in the output `readiness`: a list of rows, or one list for each DrRegion."""
    if isinstance(readiness, Mapping):
        yield str(readiness.get("source"))
    elif isinstance(readiness, list):
        for each in readiness:
            yield from _sources(each)


def coverage(contents: Iterable[RegionContents], declared: DeclaredCopies) -> list[CoverageRow]:
    """Return a row for each file system or ONTAP volume; those without a copy come first."""
    rows = [row for region in contents for row in _rows(region, declared)]
    order = list(CoverageStatus)
    return sorted(rows, key=lambda row: (order.index(row.status), row.region, row.file_system_id, row.id))


def _rows(contents: RegionContents, declared: DeclaredCopies) -> Iterable[CoverageRow]:
    for file_system in contents.file_systems:
        # FSx backs up the volumes of ONTAP, and not its file systems. A root volume contains no user data.
        volumes = [each for each in contents.volumes if each.file_system_id == file_system.id and not each.is_root]
        subjects = volumes if file_system.type == "ONTAP" else [file_system]
        for subject in subjects:
            if _DELETED not in (subject.lifecycle, file_system.lifecycle):
                yield _row(subject, file_system, contents.region, declared)


def _row(subject: FileSystem | Volume, file_system: FileSystem, region: str, declared: DeclaredCopies) -> CoverageRow:
    dr_regions = declared.dr_regions.get(subject.id, frozenset())
    status, reason = _status(subject, file_system, region, declared)
    return CoverageRow(
        id=subject.id,
        file_system_id=file_system.id,
        name=subject.name if isinstance(subject, Volume) else (subject.tags or {}).get("Name", ""),
        type=file_system.type,
        region=region,
        dr_regions=tuple(sorted(dr_regions)),
        status=status,
        reason=reason,
    )


def _status(
    subject: FileSystem | Volume, file_system: FileSystem, region: str, declared: DeclaredCopies
) -> tuple[CoverageStatus, str]:
    dr_regions = declared.dr_regions.get(subject.id, frozenset())
    if dr_regions - {region}:
        return CoverageStatus.COVERED, f"It has a copy in {', '.join(sorted(dr_regions - {region}))}."
    if obstacle := _obstacle(subject, file_system):
        return CoverageStatus.NOT_POSSIBLE, f"{obstacle}."
    if dr_regions:
        return CoverageStatus.MISSING, "Its only copies are in its own Region."
    if file_system.id in declared.sources:
        return CoverageStatus.WAITING, "It is a source, and has no copy yet."
    return CoverageStatus.MISSING, "No stack declares a copy."


def _obstacle(subject: FileSystem | Volume, file_system: FileSystem) -> str | None:
    """Return why it cannot have a copy (FSx user guides, Working with backups and Copying backups); else None."""
    if isinstance(subject, Volume):
        if subject.ontap_type in ("DP", "LS"):
            return f"FSx does not back up volumes of type {subject.ontap_type}"
        return copy_obstacle(subject.style, None)
    if file_system.deployment_type in _SCRATCH:
        return "FSx does not back up scratch file systems"
    if file_system.is_linked:
        return "FSx does not back up Lustre file systems that are linked to a data repository"
    return copy_obstacle(None, file_system.storage_type)
