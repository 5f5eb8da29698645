"""Behavior that all commands share."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from pulumi_fsx_dr.cli import main
from pulumi_fsx_dr.cli.commands import fsx_dr
from pulumi_fsx_dr.optional import install_command

from simulator.fsx import running as simulator
from tests.cli.world import STATE, World, error_of

COMMANDS = pytest.mark.parametrize("command", sorted(fsx_dr.commands))


@COMMANDS
def test_help_shows_examples_and_exit_codes(world: World, command: str) -> None:
    text = world.run(command, "--help").stdout

    assert f"fsx-dr {command} " in text
    assert "Exit codes:\n    0  " in text


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


@pytest.fixture(params=["unknown profile", "malformed file"])
def _unusable_aws_configuration(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if request.param == "unknown profile":
        monkeypatch.setenv("AWS_PROFILE", "nobody")
        return
    (tmp_path / "config").write_text("[profile x\nregion")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


@pytest.mark.usefixtures("_unusable_aws_configuration")
@pytest.mark.parametrize(
    "arguments",
    [
        ("doctor", "--source", "fs-0123456789abcdef0@eu-central-1", "--dr-region", "eu-west-1"),
        ("watch", "--region", "eu-west-1"),
        ("orphans", "--region", "eu-west-1", "--state", STATE),
        ("coverage", "--state", STATE),
    ],
    ids=lambda arguments: arguments[0],
)
def test_unusable_aws_configuration_is_one_sentence(arguments: tuple[str, ...]) -> None:
    assert "AWS" in error_of(CliRunner().invoke(fsx_dr, arguments))


@pytest.mark.parametrize(("region", "near"), [("eu-west-12", "eu-west-1"), ("bananas", "eu-central-1")])
@pytest.mark.parametrize(
    ("option", "command"),
    [
        ("--region", ("orphans", "--state", STATE)),
        ("--region", ("watch", "--once")),
        ("--require-region", ("check",)),
        ("--region", ("coverage", "--state", STATE)),
        ("--dr-region", ("policy", "--account", "111122223333", "--source-region", "eu-central-1")),
        ("--source-region", ("policy", "--account", "111122223333", "--dr-region", "eu-west-1")),
    ],
)
def test_region_without_fsx_is_refused(
    world: World, option: str, command: tuple[str, ...], region: str, near: str
) -> None:
    refusal = error_of(world.run(*command, option, region))

    assert refusal.startswith(f"Error: {option} '{region}' is not ")
    assert near in refusal


@pytest.mark.parametrize(
    ("arguments", "range_in_words"),
    [
        (("watch", "--region", "eu-west-1", "--every", "0"), "'0' is not a number greater than 0."),
        (("watch", "--region", "eu-west-1", "--every", "inf"), "'inf' is not a number greater than 0."),
        (("check", "--max-full-copies", "-1"), "'-1' is not a whole number of at least 0."),
        (("doctor", "--keep", "seven"), "'seven' is not a whole number of at least 1."),
    ],
)
def test_number_out_of_range_is_refused_in_words(world: World, arguments: tuple[str, ...], range_in_words: str) -> None:
    result = world.run(*arguments)

    assert result.exit_code == 2
    assert range_in_words in result.stderr


@pytest.mark.usefixtures("_unusable_aws_configuration")
def test_policy_needs_no_aws_configuration() -> None:
    where = ("--account", "111122223333", "--source-region", "eu-central-1", "--dr-region", "eu-west-1")

    assert CliRunner().invoke(fsx_dr, ["policy", *where]).exit_code == 0


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
