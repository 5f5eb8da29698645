from typing import Any

import pytest
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.rules.copyable import obstacle

from tests.planning import backup

OF_AWS_BACKUP: dict[str, Any] = {"type": "AWS_BACKUP"}
TIERED: dict[str, Any] = {"file_system": {"StorageType": "INTELLIGENT_TIERING"}}


@pytest.mark.parametrize(
    ("backups", "named"),
    [
        pytest.param(None, ["Region"], id="unreachable"),
        pytest.param([], ["no backup"], id="no backup"),
        pytest.param([backup(n, **OF_AWS_BACKUP) for n in range(3)], ["all its 3", "AWS Backup"], id="AWS Backup"),
        pytest.param([backup(1, lifecycle="CREATING")], ["CREATING"], id="not AVAILABLE"),
        pytest.param([backup(1, source_backup_id="backup-0123456789abcdef0")], ["a copy"], id="a copy"),
        pytest.param(
            [backup(1, **OF_AWS_BACKUP), backup(2, **TIERED), backup(3, **TIERED)],
            ["none of its 3", "1: ", "AWS Backup", "2: ", "Intelligent-Tiering"],
            id="several reasons",
        ),
    ],
)
def test_obstacle_names_every_reason(backups: list[Backup] | None, named: list[str]) -> None:
    found = obstacle(backups) or ""

    assert [text for text in named if text not in found] == []


@pytest.mark.parametrize("others", [[], [backup(2, **OF_AWS_BACKUP)]])
def test_obstacle_is_absent_with_one_copyable_backup(others: list[Backup]) -> None:
    assert obstacle([backup(1), *others]) is None
