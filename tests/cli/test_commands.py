"""Behaviour that all commands share."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pulumi_fsx_dr.cli import main
from pulumi_fsx_dr.cli.commands import fsx_dr
from pulumi_fsx_dr.optional import install_command

from simulator.fsx import ManualClock
from simulator.fsx import running as simulator
from tests.backups import NOW
from tests.cli.world import World, error_of

COMMANDS = pytest.mark.parametrize("command", sorted(fsx_dr.commands))


@COMMANDS
def test_help_shows_examples_and_exit_codes(world: World, command: str) -> None:
    text = world.run(command, "--help").stdout

    assert f"fsx-dr {command} " in text
    assert "Exit codes: 0" in text


@COMMANDS
def test_commands_page_documents_every_option(command: str) -> None:
    chapter = (Path(__file__).parents[2] / "docs" / "commands.md").read_text().partition(f"## {command}")[2]
    options = [name for parameter in fsx_dr.commands[command].params for name in parameter.opts if name[0] == "-"]

    assert [name for name in options if f"`{name}" not in chapter.partition("\n## ")[0]] == []


def test_command_without_click_names_extra_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "pulumi_fsx_dr.cli.commands")
    monkeypatch.setitem(sys.modules, "click", None)

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert install_command("cli") in capsys.readouterr().err


def test_command_uses_endpoint_and_credentials_of_environment() -> None:
    program = "from pulumi_fsx_dr.cli import main; main()"
    with simulator(copy_seconds=3600) as service:
        source = service.seed_backup("eu-central-1", service.seed_file_system("eu-central-1"))
        client = service.client("fsx", "eu-west-1")
        copy = client.copy_backup(SourceBackupId=source, SourceRegion="eu-central-1")["Backup"]["BackupId"]

        done = subprocess.run(  # noqa: S603  # our own interpreter
            [sys.executable, "-c", program, "watch", "--region", "eu-west-1", "--once"],
            env={**os.environ, **service.environment()},
            capture_output=True,
            text=True,
            check=False,
        )

    assert (done.returncode, done.stderr) == (0, "")
    assert copy in done.stdout


@pytest.mark.smoke
@pytest.mark.pulumi_cli
def test_commands_read_stacks_through_real_pulumi_cli(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: files\nruntime: python\n")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    subprocess.run(["pulumi", "stack", "init", "dev"], cwd=tmp_path, check=True, capture_output=True)  # noqa: S607  # the CLI on PATH
    where = ("--cwd", str(tmp_path), "--stack", "dev")

    assert world.run("report", *where).exit_code == 0
    assert "dev" in error_of(world.run("report", "--cwd", str(tmp_path), "--stack", "dve"))
    (tmp_path / "Pulumi.later.yaml").write_text("config: {}")
    assert world.run("report", "--cwd", str(tmp_path), "--stack", "later").exit_code == 0
    assert world.run("orphans", "--region", "eu-west-1", *where).exit_code == 0


def test_recorded_outputs_match_simulator_clock() -> None:
    assert NOW.timestamp() == ManualClock().now()
