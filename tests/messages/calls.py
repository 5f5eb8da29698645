"""Status lines of single copies, and errors that need a call made by hand: cancellation, delays, full queues."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pulumi_fsx_dr.copies.copy import CopySpec
from pulumi_fsx_dr.copies.messages import progress
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.copies.verification import mismatch
from pulumi_fsx_dr.engine import stack_state
from pulumi_fsx_dr.engine.host import entry_point
from pulumi_fsx_dr.errors import UnreachableError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.lifecycle.check import check
from pulumi_fsx_dr.lifecycle.create import create
from pulumi_fsx_dr.lifecycle.delete import delete
from pulumi_fsx_dr.lifecycle.diff import diff
from pulumi_fsx_dr.lifecycle.import_copy import import_copy
from pulumi_fsx_dr.lifecycle.read import read
from pulumi_fsx_dr.lifecycle.source import require_copyable
from pulumi_fsx_dr.lifecycle.start import start_copy
from pulumi_fsx_dr.lifecycle.update import update
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.copy_queue import Wait
from pulumi_fsx_dr.runtime.work import Work

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.process import Run
from tests.engine.stack import copy_args
from tests.engine.wire import SharedClock, Wire, poll_only_while_waiting
from tests.messages.collecting import Cases, Messages, refusal

_URN = "urn:pulumi:prod::files::pulumi-python:dynamic/fsx:BackupCopy::nightly"
_CASES = Cases["_Process"]()


@dataclass(slots=True)
class _Call(Call):
    """A call that records its messages."""

    urn: str = _URN
    owner_id: str = "0123456789abcdef" * 2
    cancelled: bool = False
    messages: list[str] = field(default_factory=list)
    saved: list[StateCopy] = field(default_factory=list)

    @property
    def is_deployment_cancelled(self) -> bool:
        return self.cancelled

    def status(self, message: str, seconds: float = 2) -> None:  # noqa: ARG002  # as the lifecycle passes it
        self.messages.append(message)

    def warn(self, message: str) -> None:
        self.messages.append(message)

    def save_partially(self, backup_id: str, outputs: Mapping[str, Any], reason: str) -> None:  # noqa: ARG002  # as above
        self.saved.append(StateCopy.read(self.urn, backup_id, outputs))


class _Process:
    """A provider process, and an account with one source backup."""

    def __init__(self) -> None:
        self.service = FsxService(SharedClock(), copy_seconds=10)
        self.wire = Wire(self.service)
        self.runtime = Run(self.wire)
        self.call = _Call()
        self.file_system = self.service.seed_file_system(HOME, file_system_id="fs-0123456789abcdef0")
        self.source = self.service.seed_backup(HOME, self.file_system, backup_id="backup-0123456789abcdef0")

    def inputs(self, **args: Any) -> dict[str, Any]:
        return check(self.call, self.runtime, {}, copy_args(self.source, **args)).inputs

    def create(self, **args: Any) -> StateCopy:
        made = create(self.call, self.runtime, self.inputs(**args))
        return StateCopy.read(_URN, made.id, made.outputs)

    def unfinished_create(self) -> StateCopy:
        """Create a copy that FSx does not show before the create times out, and begin another run."""
        self.service.configure(shown_after_seconds=40)
        self.call.timeout = 5
        self.refused_create()
        (state,) = self.call.saved
        self.restart()
        return state

    def refused_create(self, **args: Any) -> str:
        return refusal(lambda: self.create(**args))

    def work(self, **settings: Any) -> Work:
        return Work(call=self.call, runtime=self.runtime, region=self.runtime.region(AWAY), **settings)

    def spec(self, timeout: float = 60.0) -> CopySpec:
        return CopySpec.of(self.inputs(), timeout)

    def copies_by_others(self, number: int) -> None:
        """Start copies outside of the stack, each of another file system."""
        client = self.wire.client("fsx", AWAY)
        for _ in range(number):
            source = self.service.seed_backup(HOME, self.service.seed_file_system(HOME))
            client.copy_backup(SourceBackupId=source, SourceRegion=HOME)

    def found_source(self) -> Backup:
        found = self.runtime.region(HOME).find(self.source)
        assert found
        return found

    def tag_all(self, owner_id: str = "f" * 32) -> None:
        """Give all copies the ownership tag of another owner, or of another resource."""
        for backup in self.service.backups(AWAY):
            value = f"{owner_id}/{'0123456789' * 4}-7/files/other/nightly"
            self.service.set_tags(AWAY, backup["id"], {OWNERSHIP_TAG: value})

    def restart(self) -> None:
        """Begin another run, without the messages of the last one."""
        self.runtime, self.call = Run(self.wire), _Call()

    def statuses(self) -> str:
        return _lines(dict.fromkeys(self.call.messages))


def calls() -> Messages:
    with pytest.MonkeyPatch.context() as patch:
        poll_only_while_waiting(patch)
        for case, message in _CASES.items():
            yield case, _without_progress(message(_Process()))


def _without_progress(text: str) -> str:
    """Replace what depends on the speed of this machine."""
    text = re.sub(r"\d+% copying, [^(\n]+(?= \(status\))", "N% copying, TIME", text)
    text = re.sub(
        r"(?<=for )\d+ (?:s|min|h)(?: \d+ min)?(?=\. Run)|(?<=for )\d+ (?:s|min)|(?<=\()\d+%(?=\))", "N", text
    )
    return "\n".join(dict.fromkeys(text.split("\n")))


def _lines(messages: Iterable[str]) -> str:
    """Return the messages as lines, and mark status lines, which have no full stop."""
    return "\n    ".join(text if text.endswith((".", ")")) else f"{text} (status)" for text in messages)


def _changed(state: StateCopy, **outputs: Any) -> StateCopy:
    changed = {**state.outputs, **outputs}
    return replace(state, outputs={name: value for name, value in changed.items() if value is not None})


# status lines


@_CASES.add("status: a copy from start to end")
def _(process: _Process) -> str:
    process.service.set_copy_seconds(300)  # long enough for a slow machine to see it copying
    process.create()
    return process.statuses()


@_CASES.add("status: FSx has an outage")
def _(process: _Process) -> str:
    process.service.set_copy_seconds(300)
    process.service.add_fault("throttled", "CopyBackup", times=1, region=AWAY)
    process.create()
    return process.statuses()


@_CASES.add("status: a poll fails")
def _(process: _Process) -> str:
    return _lines([progress(process.found_source(), 725, UnreachableError("no response"))])


@_CASES.add("status: in the queue")
def _(_process: _Process) -> str:
    waits = [Wait(2, "", is_for_unawaited=False), Wait(1, "", is_for_unawaited=False)]
    waits += [Wait(0, "", is_for_unawaited=False), Wait(0, "fs-0123456789abcdef0", is_for_unawaited=False)]
    return _lines(map(str, waits))


@_CASES.add("status: FSx refuses copies because of other copies")
def _(process: _Process) -> str:
    spec = process.spec()
    process.copies_by_others(5)
    start_copy(process.work(), spec, process.found_source())
    return process.statuses()


@_CASES.add("status: FSx shows the copy of an earlier run late")
def _(process: _Process) -> str:
    process.service.configure(listed_after_seconds=30)
    process.call.timeout = 2
    process.refused_create()
    process.restart()
    process.create(tags={"team": "storage"})
    return process.statuses()


@_CASES.add("status: the copy to delete is in use")
def _(process: _Process) -> str:
    made = process.create()
    process.restart()
    client = process.wire.client("fsx", "eu-north-1")
    client.copy_backup(SourceBackupId=made.id, SourceRegion=AWAY)
    delete(process.call, process.runtime, made)
    return process.statuses()


@_CASES.add("status: FSx shows a new copy late")
def _(process: _Process) -> str:
    state = process.unfinished_create()
    read(process.call, process.runtime, state)
    return process.statuses()


# create


@_CASES.add("create: the deployment is cancelled before the copy starts")
def _(process: _Process) -> str:
    inputs = process.inputs()
    process.call.cancelled = True
    return refusal(lambda: create(process.call, process.runtime, inputs))


@_CASES.add("create: the deployment is cancelled while the copy runs")
def _(process: _Process) -> str:
    process.wire.at_call["CopyBackup", "after"] = lambda: setattr(process.call, "cancelled", True)
    return process.refused_create()


@_CASES.add("create: other copies use all slots")
def _(process: _Process) -> str:
    process.service.set_copy_seconds(1e9)  # longer than any wait of this test
    process.copies_by_others(5)
    process.call.timeout = 60
    return process.refused_create()


@_CASES.add("create: FSx does not copy such backups")
def _(process: _Process) -> str:
    found = replace(process.found_source(), file_system={"StorageType": "INTELLIGENT_TIERING"})
    return refusal(lambda: require_copyable(found, process.spec()))


@_CASES.add("create: the FAILED copy has another owner")
def _(process: _Process) -> str:
    process.service.fail_copies("The KMS key is disabled.")
    process.wire.at_call["CopyBackup", "after"] = process.tag_all
    return process.refused_create()


@_CASES.add("create: an expired copy makes room for a new one")
def _(process: _Process) -> str:
    entries = []
    for name in ("monday", "tuesday"):
        process.call.urn = f"urn:pulumi:prod::files::pulumi-python:dynamic/fsx:BackupCopy::{name}"
        made = process.create()
        entries.append(replace(made, urn=process.call.urn))
        process.source = process.service.seed_backup(HOME, process.file_system)
    process.restart()
    process.call.siblings, process.call.expired = entries, [entries[0].id]
    process.service.configure(user_initiated_backups=2)
    process.create()
    return next(message for message in process.call.messages if message.startswith("Deleted"))


@_CASES.add("create: no URN")
def _(process: _Process) -> str:
    inputs = process.inputs()
    process.call.urn = "nightly"
    return refusal(lambda: create(process.call, process.runtime, inputs))


@_CASES.add("create: the process is interrupted")
def _(_process: _Process) -> str:
    def create() -> None:
        raise KeyboardInterrupt

    return refusal(entry_point(create))


@_CASES.add("check: the poll interval is not a number")
def _(process: _Process) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULUMI_FSX_DR_POLL_SECONDS", "soon")
        ((_, problem),) = check(process.call, process.runtime, {}, copy_args(process.source)).problems
    return problem


# adopt and import


@_CASES.add("adopt: the copy FAILED")
def _(process: _Process) -> str:
    process.copies_by_others(1)
    process.service.finish_copies(failure="The KMS key is disabled.")
    (made,) = process.service.backups(AWAY)
    ((_, problem),) = check(
        process.call, process.runtime, {}, copy_args(process.source, adopt_backup_id=made["id"])
    ).problems
    return problem


@_CASES.add("import: not a copy")
def _(process: _Process) -> str:
    return refusal(lambda: import_copy(process.call, process.runtime, HOME, process.source))


@_CASES.add("update: an adoption without owner id")
def _(process: _Process) -> str:
    made = process.create()
    process.restart()
    process.call.owner_id = ""
    return refusal(lambda: update(process.call, process.runtime, _changed(made, managed_by=None), made.outputs))


# delete and read


@_CASES.add("delete: the delete takes longer than its timeout")
def _(process: _Process) -> str:
    made = process.create()
    process.restart()
    process.call.timeout = 30
    process.service.configure(delete_lag=600, delete_lag_lifecycle="AVAILABLE")
    return refusal(lambda: delete(process.call, process.runtime, made))


@_CASES.add("delete: another resource of this stack has the tag")
def _(process: _Process) -> str:
    made = process.create()
    process.restart()
    process.tag_all(str(made.outputs["managed_by"])[:32])
    delete(process.call, process.runtime, made)
    return process.statuses()


@_CASES.add("read: the state entry has no owner_id")
def _(process: _Process) -> str:
    made = process.create()
    process.restart()
    process.service.remove_backup(AWAY, made.id)
    return refusal(lambda: read(process.call, process.runtime, _changed(made, owner_id=None)))


@_CASES.add("read: FSx does not show the copy yet")
def _(process: _Process) -> str:
    state = process.unfinished_create()
    process.call.timeout = 5
    return refusal(lambda: read(process.call, process.runtime, state))


@_CASES.add("diff: the copy is gone")
def _(process: _Process) -> str:
    made = process.create()
    process.restart()
    process.service.remove_backup(AWAY, made.id)
    diff(process.call, process.runtime, made, made.outputs)
    return process.statuses()


@_CASES.add("state: other damaged entries")
def _(process: _Process) -> str:
    made = process.create()
    damages: tuple[dict[str, Any], ...] = (
        {"region": 1},
        {"source_backup_id": "mine"},
        {"source_region": "nowhere"},
        {"owner_id": "me"},
        {"arn": f"arn:aws:fsx:eu-north-1:123456789012:backup/{made.id}"},
        {"tags": "none"},
        {"creation_time": "soon"},
        {"deletion_protection": "yes"},
    )
    texts = [
        refusal(lambda damage=damage: StateCopy.read(_URN, made.id, {**made.outputs, **damage}))  # type: ignore[misc]
        for damage in damages
    ]
    texts.append(refusal(lambda: StateCopy.read(_URN, "mine", made.outputs)))
    return "\n    ".join(f"{text.partition('. ')[0]}." for text in texts)


@_CASES.add("state: other mismatches")
def _(process: _Process) -> str:
    made = process.create()
    backup = process.runtime.region(AWAY).find(made.id)
    assert backup
    others = (
        replace(backup, type="AWS_BACKUP"),
        replace(backup, region="eu-north-1"),
        replace(backup, source_region="eu-north-1"),
        replace(backup, owner_id="999999999999"),
    )
    return "\n    ".join(f"... it {mismatch(other, made.facts)}." for other in others)


@_CASES.add("state: the engine cannot read it")
def _(_process: _Process) -> str:
    class Monitor:
        def Invoke(self, _request: object) -> None:  # noqa: N802  # Pulumi's name
            raise RuntimeError("unexpected end of JSON input")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stack_state, "_PAUSE", 0)
        patch.setattr("pulumi.runtime.settings.get_monitor", Monitor)
        for part, name in (("organization", "organization"), ("project", "dr"), ("stack", "prod")):
            patch.setattr(f"pulumi.get_{part}", lambda name=name: name)
        return refusal(stack_state.stack_state)
