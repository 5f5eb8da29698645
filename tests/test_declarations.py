import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi_fsx_dr import DrRegion, declarations

from simulator.fsx import Control
from simulator.fsx.fixtures import AWAY, HOME
from tests.backups import FILE_SYSTEM
from tests.recording import RecordingEngine


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "declarations"
    monkeypatch.setenv(declarations.VARIABLE, str(file))
    return file


def test_program_records_its_dr_regions(aws: Control, file: Path) -> None:
    aws.seed_backup(HOME, aws.seed_file_system(HOME, file_system_id=FILE_SYSTEM))
    source: Any = {"file_system_id": FILE_SYSTEM, "region": HOME, "keep": {"daily": 2}}

    RecordingEngine().run(lambda: DrRegion("dr", {"region": AWAY, "sources": [source], "kms_key_id": "alias/dr"}))

    assert declarations.recorded(file) == [{"region": AWAY, "kms_key_id": "alias/dr", "sources": [source]}]


def test_dr_region_is_recorded_even_if_its_plan_fails(aws: Control, file: Path) -> None:
    aws.add_fault("access_denied", "DescribeBackups")
    source: Any = {"file_system_id": FILE_SYSTEM, "region": HOME}

    with pytest.raises(Exception, match="DescribeBackups"):
        RecordingEngine().run(lambda: DrRegion("dr", {"region": AWAY, "sources": [source]}))

    assert [declared["region"] for declared in declarations.recorded(file)] == [AWAY]


def test_outputs_are_not_recorded(file: Path) -> None:
    secret = pulumi.Output.secret("alias/secret")
    sources: Any = [
        {"backup_id": pulumi.Output.from_input("backup-0123456789abcdef0"), "region": HOME},
        {"file_system_id": FILE_SYSTEM, "region": HOME, "kms_key_id": secret, "add_tags": {"tier": "1"}},
    ]

    declarations.record({"region": AWAY, "sources": sources, "kms_key_id": secret, "tags": {"team": "a"}})

    assert json.loads(file.read_text()) == {
        "region": AWAY,
        "sources": [{"file_system_id": FILE_SYSTEM, "region": HOME}],
    }


def test_nothing_is_recorded_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(declarations.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)

    declarations.record({"region": AWAY, "sources": []})

    assert list(tmp_path.iterdir()) == []
