"""The example failover-drill: what it restores, and that it always tears down."""

import json
import runpy
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi_fsx_dr import restore
from pulumi_fsx_dr.errors import InvalidSettingsError

from tests.recording import RecordingEngine
from tests.test_restore import BACKUP_ID, OPENZFS, REGION, SUBNETS, backup_of

DRILL = Path(__file__).parents[1] / "examples" / "failover-drill"
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
        **codes: exit codes other than 0: of `up`, `destroy`, or `check`.
    """

    def __init__(self, *, resources: list[Any] | None = None, **codes: int | BaseException) -> None:
        self.ran: list[str] = []
        self.environment: dict[str, str] = {}
        self.said: list[str] = []
        self._codes = codes
        self._printed = {
            "config": "test -e /mnt/data\n",
            "stack output": json.dumps(OUTPUTS),
            "stack export": json.dumps({"deployment": {"resources": resources or []}}),
        }

    def run(
        self, command: list[str], *, env: dict[str, str] | None = None, **_: Any
    ) -> "subprocess.CompletedProcess[str]":
        name = "check" if command[0] == "/bin/sh" else " ".join(command[1 : 3 if command[1] == "stack" else 2])
        self.ran.append(name)
        self.environment = env or self.environment
        code = self._codes.get(name, 0)
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

    assert {name: value for name, value in commands.environment.items() if name.startswith("FSX_")} == {
        "FSX_DNS_NAME": "fs-1.fsx.example.com",
        "FSX_FILE_SYSTEM_ID": "fs-1",
        "FSX_BACKUP_ID": BACKUP_ID,
    }
    assert "PATH" in commands.environment


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


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), SystemExit(143)])
def test_an_interrupted_drill_is_torn_down(drill: Callable[[Commands], int], interruption: BaseException) -> None:
    commands = Commands(check=interruption)

    with pytest.raises(type(interruption)):
        drill(commands)

    assert commands.ran[-2:] == ["check", "destroy"]


def test_a_stack_that_holds_something_is_left_alone(drill: Callable[[Commands], int]) -> None:
    commands = Commands(resources=[{"urn": "urn:pulumi:prod::fsx-dr::pulumi:pulumi:Stack::fsx-dr-prod"}])

    assert drill(commands) == 1

    assert commands.ran == ["stack export"]
    assert "Stack drill is not empty" in commands.said[-1]


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


def test_what_the_program_restores_leaves_no_backups_behind(engine: RecordingEngine) -> None:
    run_program(engine)

    inputs = engine.only(OPENZFS).inputs
    assert (inputs["skipFinalBackup"], inputs["automaticBackupRetentionDays"]) == (True, 0)


def test_the_settings_of_the_stack_win(engine: RecordingEngine) -> None:
    run_program(engine, settings={"skip_final_backup": False, "throughput_capacity": 320}, securityGroupIds=["sg-1"])

    inputs = engine.only(OPENZFS).inputs
    assert (inputs["skipFinalBackup"], inputs["throughputCapacity"]) == (False, 320)
    assert inputs["securityGroupIds"] == ["sg-1"]


def test_the_stack_holds_nothing_but_the_restored_file_system(engine: RecordingEngine) -> None:
    run_program(engine)

    assert [made.type for made in engine.registered] == ["pulumi-fsx-dr:index:RestoredFileSystem", OPENZFS]


def test_a_kind_that_does_not_exist_is_refused(engine: RecordingEngine) -> None:
    with pytest.raises(InvalidSettingsError, match="kind is 'NFS'"):
        run_program(engine, kind="NFS")


def test_every_setting_the_program_reads_is_declared() -> None:
    declared = (DRILL / "Pulumi.yaml").read_text()
    read = {*CONFIG, "securityGroupIds", "settings", "checkCommand"}

    assert {name for name in read if f"  {name}:" not in declared} == set()
