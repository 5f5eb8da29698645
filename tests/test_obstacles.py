"""Why a file system has nothing that can be copied, in words that end a sentence."""

import pytest
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.rules.copyable import obstacle

from tests.planning import backup

OF_AWS_BACKUP = {"type": "AWS_BACKUP"}
TIERED = {"file_system": {"StorageType": "INTELLIGENT_TIERING"}}


@pytest.mark.parametrize(
    ("backups", "said"),
    [
        (None, "its Region does not answer"),
        ([], "it has no backup: turn on its automatic backups"),
        ([backup(1)], None),
        ([backup(1), backup(2, **OF_AWS_BACKUP)], None),
        (
            [backup(n, **OF_AWS_BACKUP) for n in range(3)],
            (
                "all its 3 backups were made by AWS Backup, which alone copies those: copy there, or turn on its "
                "automatic backups"
            ),
        ),
        ([backup(1, lifecycle="CREATING")], "its only backup cannot be copied: FSx copies none that is CREATING"),
        (
            [backup(1, **OF_AWS_BACKUP), backup(2, **TIERED), backup(3, **TIERED)],
            (
                "none of its 3 backups can be copied: 1: AWS Backup alone copies its own; 2: FSx copies no backups of "
                "file systems with Intelligent-Tiering storage"
            ),
        ),
    ],
)
def test_an_obstacle_is_told_and_one_backup_that_can_be_copied_is_none(
    backups: list[Backup] | None, said: str | None
) -> None:
    assert obstacle(backups) == said
