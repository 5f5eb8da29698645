"""A KMS alias that does not exist ends a preview, and is named."""

from typing import Any

import pulumi
import pytest
from pulumi_fsx_dr import BackupCopy, DrRegion
from pulumi_fsx_dr.errors import InvalidSettingsError

from simulator.fsx import Control
from tests.recording import RecordingEngine

HOME, AWAY = "eu-central-1", "eu-west-1"


def program(aws: Control, **args: Any) -> Any:
    """Return a program with a DrRegion, or with a BackupCopy of the same backup."""
    file_system = aws.seed_file_system(HOME)
    backup = aws.seed_backup(HOME, file_system)
    if args.pop("single"):
        given = {"source_backup_id": backup, "source_region": HOME, "region": AWAY, **args}
        return lambda **options: BackupCopy("one", **given, **options)
    return lambda: DrRegion("dr", region=AWAY, sources=[{"file_system_id": file_system, "region": HOME}], **args)


@pytest.mark.parametrize("single", [True, False])
def test_preview_refuses_missing_alias_by_name(aws: Control, *, single: bool) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        RecordingEngine().run(program(aws, single=single, kms_key_id="alias/missing"), preview=True)

    assert f"alias/missing, which does not exist in {AWAY}" in str(refused.value)


@pytest.mark.parametrize("single", [True, False])
def test_preview_accepts_alias_that_is_an_output(aws: Control, *, single: bool) -> None:
    """The program may create the alias in the same run."""
    engine = RecordingEngine()

    engine.run(program(aws, single=single, kms_key_id=pulumi.Output.from_input("alias/new")), preview=True)

    assert len(engine.of_type("pulumi-python:dynamic/fsx:BackupCopy")) == 1


def test_preview_accepts_alias_of_copy_with_dependencies(aws: Control) -> None:
    """The copy may depend on the resource that creates the alias."""
    engine, copy = RecordingEngine(), program(aws, single=True, kms_key_id="alias/new")

    def depends() -> None:
        alias = pulumi.CustomResource("aws:kms/alias:Alias", "new", {"name": "alias/new"})
        copy(opts=pulumi.ResourceOptions(depends_on=[alias]))

    engine.run(depends, preview=True)

    assert len(engine.of_type("pulumi-python:dynamic/fsx:BackupCopy")) == 1


def test_preview_asks_kms_once_for_each_alias(aws: Control) -> None:
    """Each call to an unreachable Region takes seconds."""
    aws.add_fault("access_denied", "DescribeKey", service="kms")
    file_system = aws.seed_file_system(HOME)
    backups = [aws.seed_backup(HOME, file_system) for _ in range(5)]

    def copies() -> None:
        for number, backup in enumerate(backups):
            BackupCopy(str(number), source_backup_id=backup, source_region=HOME, region=AWAY, kms_key_id="alias/dr")

    RecordingEngine().run(copies, preview=True)

    asked = [entry["action"] for entry in aws.journal() if entry["action"] == "DescribeKey"]
    assert len(asked) <= 2, "one call for the check, and one for the forecast"


@pytest.mark.parametrize("single", [True, False])
def test_preview_passes_without_permission_for_kms(aws: Control, *, single: bool) -> None:
    aws.add_fault("access_denied", "DescribeKey", service="kms", seconds=600)
    engine = RecordingEngine()

    engine.run(program(aws, single=single, kms_key_id="alias/missing"), preview=True)

    assert len(engine.of_type("pulumi-python:dynamic/fsx:BackupCopy")) == 1


def test_update_only_warns_of_missing_alias(aws: Control, caplog: pytest.LogCaptureFixture) -> None:
    """One wrong alias must not keep the copies of other DR Regions from being created."""
    engine = RecordingEngine()

    engine.run(program(aws, single=False, kms_key_id="alias/missing"))

    assert len(engine.of_type("pulumi-python:dynamic/fsx:BackupCopy")) == 1
    assert "alias/missing" in caplog.text
