"""Messages of a DrRegion: warnings, reasons to delete copies, and the preview."""

import logging
from collections.abc import Callable
from typing import Any

from pulumi_fsx_dr import BackupCopy, BackupCopyArgs, DrRegion, Source
from pulumi_fsx_dr.copies.copy import BACKUP_COPY_TYPE, DR_REGION_TYPE, OWNER_TYPE
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG

from simulator.fsx import Control
from simulator.fsx.fixtures import AWAY, HOME
from tests.backups import OTHER_OWNER_ID, OWNER_ID, owned
from tests.messages.collecting import Cases, Messages, logged, simulated
from tests.recording import RecordingEngine

FILE_SYSTEM, OTHER_FILE_SYSTEM = "fs-0123456789abcdef0", "fs-0fedcba9876543210"
FURTHER = "eu-north-1"
_HOUR = 3600
_SOURCE: Source = {"file_system_id": FILE_SYSTEM, "region": HOME}
_CASES = Cases["_Program"]()


class _Program:
    """A program with DrRegions, its state, and an account with one file system."""

    def __init__(self, aws: Control) -> None:
        self.aws = aws
        owner = {"type": OWNER_TYPE, "outputs": {"owner_id": OWNER_ID}}
        self.state: dict[str, Any] = {f"urn:pulumi:prod::dr::{OWNER_TYPE}::fsx-dr-owner": owner}
        aws.seed_file_system(HOME, file_system_id=FILE_SYSTEM)

    def backup(self, number: int, **settings: Any) -> str:
        """Return a backup made this many hours ago."""
        described = {"backup_id": f"backup-{number}123456789abcdef0", "created": self.aws.now() - number * _HOUR}
        return self.aws.seed_backup(HOME, FILE_SYSTEM, **{**described, **settings})

    def says(self, *sources: Any, **args: Any) -> str:
        """Return the messages of a preview of one DrRegion."""
        declared: Any = {"region": AWAY, "sources": list(sources or [_SOURCE]), **args}
        engine = RecordingEngine(held=self.state)
        return logged(lambda: engine.run(lambda: DrRegion("dr", declared), preview=True), logging.INFO)

    def says_of_copy(self, args: BackupCopyArgs) -> str:
        """Return the messages of a preview of one BackupCopy."""
        engine = RecordingEngine(held=self.state)
        return logged(lambda: engine.run(lambda: BackupCopy("nightly", args), preview=True), logging.WARNING)

    def copy(self, source: str, *, in_state: bool = True, tags: dict[str, str] | None = None, **outputs: Any) -> str:
        """Return a copy of a backup; copies in the state have the ownership tag of this stack."""
        client = self.aws.client("fsx", outputs.get("region", AWAY))
        tagged = owned() if in_state else tags or {"made-by": "script"}
        made: Any = client.copy_backup(
            SourceBackupId=source, SourceRegion=HOME, Tags=[{"Key": k, "Value": v} for k, v in tagged.items()]
        )["Backup"]
        client.close()
        self.aws.finish_copies()
        if in_state:
            known = {
                "arn": made["ResourceARN"],
                "region": AWAY,
                "source_region": HOME,
                "source_backup_id": source,
                "file_system_id": FILE_SYSTEM,
                "lifecycle": "AVAILABLE",
                "managed_by": "/".join(owned()[OWNERSHIP_TAG].split("/")[:2]),
                "owner_id": made["OwnerId"],
            }
            urn = f"urn:pulumi:prod::dr::{DR_REGION_TYPE}${BACKUP_COPY_TYPE}::dr-{source}"
            self.state[urn] = {"type": BACKUP_COPY_TYPE, "outputs": {**known, **outputs}}
        return str(made["BackupId"])


def dr_region(set_variable: Callable[[str, str], Any]) -> Messages:
    for case, message in _CASES.items():
        with simulated(set_variable, copy_seconds=1) as aws:
            yield case, message(_Program(aws))


# --- sources ---


@_CASES.add("file system does not exist")
def _(program: _Program) -> str:
    return program.says({"file_system_id": OTHER_FILE_SYSTEM, "region": HOME})


@_CASES.add("source Region has only copies")
def _(program: _Program) -> str:
    program.copy(program.backup(1), in_state=False)
    return program.says({"file_system_id": FILE_SYSTEM, "region": AWAY}, region=HOME)


@_CASES.add("source Region does not answer")
def _(program: _Program) -> str:
    program.aws.make_unreachable(HOME)
    return program.says()


@_CASES.add("source Region refuses")
def _(program: _Program) -> str:
    program.aws.add_fault("access_denied", "DescribeBackups", region=HOME)
    return program.says()


@_CASES.add("DR Region does not answer")
def _(program: _Program) -> str:
    program.backup(1)
    program.aws.make_unreachable(AWAY)
    return program.says()


@_CASES.add("no backups yet")
def _(program: _Program) -> str:
    return program.says()


@_CASES.add("only backup is of AWS Backup")
def _(program: _Program) -> str:
    program.backup(1, type="AWS_BACKUP")
    return program.says()


@_CASES.add("all backups are of AWS Backup")
def _(program: _Program) -> str:
    for number in (1, 2):
        program.backup(number, type="AWS_BACKUP")
    return program.says()


@_CASES.add("only backup is not AVAILABLE")
def _(program: _Program) -> str:
    program.backup(1, lifecycle="CREATING")
    return program.says()


@_CASES.add("one backup has too many tags")
def _(program: _Program) -> str:
    program.backup(1, tags={f"tag-{n}": "x" for n in range(50)})
    program.backup(2)
    return program.says()


@_CASES.add("tags select nothing")
def _(program: _Program) -> str:
    return program.says({"tags": {"dr": "yes"}, "region": HOME})


@_CASES.add("file system has lost its tags")
def _(program: _Program) -> str:
    program.copy(program.backup(1))
    return program.says({"tags": {"dr": "yes"}, "region": HOME})


# --- messages of a preview ---


@_CASES.add("preview: first copy, and the next")
def _(program: _Program) -> str:
    for number in (1, 2):
        program.backup(number)
    return program.says()


@_CASES.add("preview: backups come every hour")
def _(program: _Program) -> str:
    for number in (1, 2, 3):
        program.copy(program.backup(number))
    return program.says(keep=3)


@_CASES.add("preview: source of a BackupCopy is not found")
def _(program: _Program) -> str:
    args: BackupCopyArgs = {"source_backup_id": "backup-0fedcba9876543210", "region": AWAY, "source_region": HOME}
    return program.says_of_copy(args)


@_CASES.add("preview: source of a BackupCopy is not in its Region, and source_region is not set")
def _(program: _Program) -> str:
    return program.says_of_copy({"source_backup_id": program.backup(1), "region": AWAY})


@_CASES.add("preview: quota is reached")
def _(program: _Program) -> str:
    program.copy(program.backup(2))
    program.backup(1)
    other = program.aws.seed_file_system(AWAY)
    for _ in range(499):
        program.aws.seed_backup(AWAY, other, type="USER_INITIATED")
    return program.says(keep=1)


@_CASES.add("preview: retention policy")
def _(program: _Program) -> str:
    program.copy(program.backup(1))
    program.backup(2)
    program.copy(program.backup(9))
    return program.says(keep={"last": 1, "within": "3h"})


@_CASES.add("copy of others, not adopted")
def _(program: _Program) -> str:
    program.copy(program.backup(1), in_state=False)
    return program.says()


@_CASES.add("copy of others, adopted")
def _(program: _Program) -> str:
    program.copy(program.backup(1), in_state=False)
    return program.says(adopt_existing=True)


@_CASES.add("copy of another stack")
def _(program: _Program) -> str:
    program.copy(program.backup(1), in_state=False, tags=owned("files/other/dr", OTHER_OWNER_ID))
    return program.says(adopt_existing=True)


@_CASES.add("copy of this stack under another owner id")
def _(program: _Program) -> str:
    program.copy(program.backup(1), in_state=False, tags=owned("dr/prod/dr", OTHER_OWNER_ID))
    return program.says()


@_CASES.add("leftover of an interrupted run")
def _(program: _Program) -> str:
    source = program.backup(1)
    program.copy(source)
    program.copy(source, in_state=False, tags=owned("dr/prod/dr"))
    return program.says()


# --- reasons to delete or keep copies ---


@_CASES.add("deleted: newer copies are kept")
def _(program: _Program) -> str:
    for number in (1, 2, 3):
        program.copy(program.backup(number))
    return program.says(keep=1)


@_CASES.add("deleted: no rule keeps it")
def _(program: _Program) -> str:
    for number in (1, 2):
        program.copy(program.backup(number))
    return program.says(keep={"daily": 1})


@_CASES.add("deleted: source removed")
def _(program: _Program) -> str:
    program.copy(program.backup(1))
    program.aws.seed_file_system(HOME, file_system_id=OTHER_FILE_SYSTEM)
    return program.says({"file_system_id": OTHER_FILE_SYSTEM, "region": HOME})


@_CASES.add("deleted: listed in exclude")
def _(program: _Program) -> str:
    program.copy(program.backup(1))
    return program.says({"tags": {"dr": "yes"}, "region": HOME, "exclude": [FILE_SYSTEM]})


@_CASES.add("deleted: DR Region moved")
def _(program: _Program) -> str:
    program.copy(program.backup(1))
    return program.says(region=FURTHER)


@_CASES.add("stays: DR Region moved while the source is unreachable")
def _(program: _Program) -> str:
    program.copy(program.backup(1))
    program.aws.make_unreachable(HOME)
    return program.says(region=FURTHER)


@_CASES.add("stays: another key, and the source is gone")
def _(program: _Program) -> str:
    source = program.backup(1)
    program.copy(source)
    program.aws.remove_backup(HOME, source)
    return program.says(kms_key_id="alias/dr")


@_CASES.add("copy is gone from AWS")
def _(program: _Program) -> str:
    program.aws.remove_backup(AWAY, program.copy(program.backup(1)))
    return program.says()


@_CASES.add("copy is gone from AWS, and its source too")
def _(program: _Program) -> str:
    source = program.backup(1)
    program.aws.remove_backup(AWAY, program.copy(source))
    program.aws.remove_backup(HOME, source)
    return program.says()


@_CASES.add("state is damaged")
def _(program: _Program) -> str:
    program.copy(program.backup(1), managed_by="x")
    urn = next(urn for urn in program.state if BACKUP_COPY_TYPE in urn)
    program.state[urn]["outputs"]["region"] = "nowhere"
    return program.says()
