"""A preview names the source backup of a BackupCopy that does not exist, and does not fail."""

from typing import Any

import pulumi
import pytest
from pulumi_fsx_dr import BackupCopy

from simulator.fsx import Control
from tests.recording import RecordingEngine

HOME, AWAY = "eu-central-1", "eu-west-1"
MISSING = "backup-0fedcba9876543210"


def warnings_of_preview(caplog: pytest.LogCaptureFixture, **args: Any) -> list[str]:
    engine = RecordingEngine()
    engine.run(lambda: BackupCopy("one", region=AWAY, **args), preview=True)
    assert len(engine.of_type("pulumi-python:dynamic/fsx:BackupCopy")) == 1
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


@pytest.fixture
def source(aws: Control) -> str:
    return aws.seed_backup(HOME, aws.seed_file_system(HOME))


def test_preview_warns_of_missing_source(aws: Control, source: str, caplog: pytest.LogCaptureFixture) -> None:
    [warning] = warnings_of_preview(caplog, source_backup_id=MISSING, source_region=HOME)

    assert f"{MISSING} of BackupCopy one was not found in {HOME}" in warning
    assert {backup["id"] for backup in aws.backups(HOME)} == {source}


def test_preview_warns_if_source_region_is_not_set(source: str, caplog: pytest.LogCaptureFixture) -> None:
    [warning] = warnings_of_preview(caplog, source_backup_id=source)

    assert f"{source} of BackupCopy one was not found in {AWAY}. Set source_region" in warning


def test_preview_accepts_source_that_is_an_output(source: str, caplog: pytest.LogCaptureFixture) -> None:
    """The program may create the source backup in the same run."""
    assert warnings_of_preview(caplog, source_backup_id=pulumi.Output.from_input(source)) == []


@pytest.mark.parametrize("fault", ["access_denied", "outage"])
def test_preview_ignores_source_in_unanswering_region(
    aws: Control, source: str, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    if fault == "outage":
        aws.make_unreachable(HOME)
    else:
        aws.add_fault("access_denied", "DescribeBackups", region=HOME)

    assert warnings_of_preview(caplog, source_backup_id=source, source_region=HOME) == []
