"""Messages about backups and arguments that cannot be restored."""

import sys
from collections.abc import Mapping
from functools import partial
from typing import Any
from unittest import mock

from pulumi_fsx_dr.optional import import_pulumi_aws
from pulumi_fsx_dr.restore import RestoredFileSystem
from pulumi_fsx_dr.restore.kinds import KINDS
from pulumi_fsx_dr.restore.validation import require_restorable

from tests.backups import copy
from tests.messages.collecting import Messages, refusal
from tests.recording import RecordingEngine

_DIRECTORY = "self_managed_active_directory"
_ARGUMENTS: Mapping[str, dict[str, Any]] = {
    "unknown kind": {"kind": "NTFS"},
    "ONTAP": {"kind": "ONTAP"},
    "unknown setting": {"settings": {"trhoughput": 8}},
    "scratch file system": {"kind": "LUSTRE", "settings": {"deployment_type": "SCRATCH_2"}},
    "directory is not a dict": {"settings": {_DIRECTORY: "corp"}},
    "directory without a password": {"settings": {_DIRECTORY: {"dns_ips": ["10.0.0.1"]}}},
    "password without its version": {"settings": {_DIRECTORY: {"password_wo": "x"}}},
}
_COMMON = {
    "kind": "WINDOWS",
    "backup_id": "backup-0123456789abcdef0",
    "region": "eu-west-1",
    "subnet_ids": ["subnet-0aaaaaaaaaaaaaaaa"],
}


def file_systems() -> Messages:
    yield "no arguments", _refused({})
    for case, args in _ARGUMENTS.items():
        yield case, _refused({**_COMMON, **args})
    # Called directly: in a program, asyncio would print these failures after the tests.
    for case, backup in {
        "backup is not AVAILABLE": copy(lifecycle="CREATING"),
        "backup of a volume": copy(file_system_type="ONTAP"),
        "backup is of another kind": copy(file_system_type="LUSTRE", file_system={"StorageCapacity": 1200}),
    }.items():
        yield case, refusal(partial(require_restorable, backup, KINDS["WINDOWS"]))
    with mock.patch.dict(sys.modules, pulumi_aws=None):
        yield "pulumi-aws is not installed", refusal(import_pulumi_aws)


def _refused(args: dict[str, Any]) -> str:
    declared: Any = args
    return refusal(lambda: RecordingEngine().run(lambda: RestoredFileSystem("files", declared)))
