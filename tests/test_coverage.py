"""What the states declare, compared with what FSx contains."""

from typing import Any

import pytest
from pulumi_fsx_dr.fsx.backup import FileSystem, Volume
from pulumi_fsx_dr.rules.coverage import CoverageRow, CoverageStatus, DeclaredCopies, RegionContents, coverage

from tests.native_documents import as_native

FS = "fs-0123456789abcdef0"
VOLUME = "fsvol-0123456789abcdef0"
COPY = "pulumi-python:dynamic/fsx:BackupCopy"


def copy_entry(region: str = "eu-west-1", subject: str = FS, **members: Any) -> dict[str, Any]:
    return {"type": COPY, "outputs": {"file_system_id": subject, "region": region}, **members}


def stack_entry(readiness: Any) -> dict[str, Any]:
    return {"type": "pulumi:pulumi:Stack", "outputs": {"readiness": readiness}}


def rows(
    *entries: dict[str, Any], file_system: FileSystem | None = None, volumes: tuple[Volume, ...] = ()
) -> list[CoverageRow]:
    found = file_system or FileSystem(id=FS, type="WINDOWS", lifecycle="AVAILABLE")
    return coverage([RegionContents("eu-central-1", [found], volumes)], DeclaredCopies.of(entries))


def statuses(*entries: dict[str, Any], **contents: Any) -> list[CoverageStatus]:
    return [row.status for row in rows(*entries, **contents)]


def test_coverage_counts_copy_in_another_region() -> None:
    [row] = rows(copy_entry("eu-west-1"), copy_entry("eu-north-1"))

    assert (row.status, row.dr_regions) == (CoverageStatus.COVERED, ("eu-north-1", "eu-west-1"))


def test_coverage_reads_states_of_plugin() -> None:
    native = as_native({"deployment": {"resources": [copy_entry()]}})["deployment"]["resources"]

    assert statuses(*native) == [CoverageStatus.COVERED]


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([], id="no copy"),
        pytest.param([copy_entry("eu-central-1")], id="copy in its own Region"),
        pytest.param([copy_entry(delete=True)], id="copy pending deletion"),
        pytest.param([copy_entry(subject="fs-0fedcba9876543210")], id="copy of another file system"),
        pytest.param([stack_entry([{"source": "fs-0fedcba9876543210"}])], id="other source"),
    ],
)
def test_coverage_is_missing_without_copy_in_another_region(entries: list[dict[str, Any]]) -> None:
    assert statuses(*entries) == [CoverageStatus.MISSING]


@pytest.mark.parametrize("readiness", [[{"source": FS}], [[{"source": FS}]]], ids=["rows", "lists of rows"])
def test_coverage_is_pending_before_first_copy(readiness: Any) -> None:
    assert statuses(stack_entry(readiness)) == [CoverageStatus.WAITING]


@pytest.mark.parametrize(
    "members",
    [
        {"type": "LUSTRE", "deployment_type": "SCRATCH_2"},
        {"type": "LUSTRE", "deployment_type": "PERSISTENT_1", "is_linked": True},
        {"type": "OPENZFS", "storage_type": "INTELLIGENT_TIERING"},
    ],
    ids=["scratch", "data repository", "Intelligent-Tiering"],
)
def test_coverage_is_not_possible_without_fsx_backups(members: dict[str, Any]) -> None:
    assert statuses(file_system=FileSystem(id=FS, **members)) == [CoverageStatus.NOT_POSSIBLE]


def test_coverage_of_ontap_counts_volumes() -> None:
    ontap = FileSystem(id=FS, type="ONTAP")
    volumes = (
        Volume(id=VOLUME, file_system_id=FS, name="covered", ontap_type="RW"),
        Volume(id="fsvol-1", file_system_id=FS, name="forgotten", ontap_type="RW"),
        Volume(id="fsvol-2", file_system_id=FS, name="mirror", ontap_type="DP"),
        Volume(id="fsvol-3", file_system_id=FS, name="large", ontap_type="RW", style="FLEXGROUP"),
        Volume(id="fsvol-4", file_system_id=FS, name="root", is_root=True),
        Volume(id="fsvol-5", file_system_id=FS, name="deleted", lifecycle="DELETING"),
        Volume(id="fsvol-6", file_system_id="fs-0fedcba9876543210", name="of another"),
    )
    entry = {"type": COPY, "outputs": {"file_system_id": FS, "volume_id": VOLUME, "region": "eu-west-1"}}

    assert [(row.name, row.status) for row in rows(entry, file_system=ontap, volumes=volumes)] == [
        ("forgotten", CoverageStatus.MISSING),
        ("mirror", CoverageStatus.NOT_POSSIBLE),
        ("large", CoverageStatus.NOT_POSSIBLE),
        ("covered", CoverageStatus.COVERED),
    ]


def test_coverage_ignores_deleted_file_system() -> None:
    assert rows(file_system=FileSystem(id=FS, type="WINDOWS", lifecycle="DELETING")) == []


def test_coverage_counts_copies_with_secret_file_system() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:…"}

    declared = DeclaredCopies.of([{"type": COPY, "outputs": {"file_system_id": secret, "region": "eu-west-1"}}])

    assert (declared.dr_regions, declared.unmatched) == ({}, 1)
