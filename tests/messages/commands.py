"""Messages of the command `fsx-dr` if something is wrong."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from click.testing import CliRunner
from pulumi_fsx_dr.cli.commands import fsx_dr
from rich.console import Console

from simulator.fsx import Control
from tests.backups import OTHER_OWNER_ID, OWNER_ID, owned
from tests.cli.world import World
from tests.messages.collecting import Messages, simulated

RECORDED = Path(__file__).parents[1] / "recorded"
HOME, AWAY = "eu-central-1", "eu-west-1"
FILE_SYSTEM = "fs-0123456789abcdef0"
OUTPUTS, STATE = str(RECORDED / "outputs.json"), str(RECORDED / "export.json")

_WRONG: Mapping[str, tuple[list[str], str]] = {
    "report: no output": (["report", "--outputs", "-"], "{}"),
    "report: other rows": (["report", "--outputs", "-"], '{"readiness": [{}]}'),
    "report: no JSON": (["report", "--outputs", "-"], "Outputs:"),
    "report: no JSON object": (["report", "--outputs", "-"], "[]"),
    "report: no file": (["report", "--outputs", "/nonexistent"], ""),
    "report: cannot be written": (["report", "--outputs", OUTPUTS, "--output", "/"], ""),
    "report: no directory": (["report", "--cwd", "/nonexistent"], ""),
    "report: no sources": (["report", "--outputs", "-"], '{"readiness": []}'),
    "report: no CLI": (["report"], ""),
    "watch: no Region": (["watch", "--outputs", "-"], '{"readiness": []}'),
    "watch: wrong Region": (["watch", "--region", "eu-west"], ""),
    "orphans: wrong Region": (["orphans", "--region", "eu-west", "--state", "-"], "{}"),
    "orphans: no state": (["orphans", "--region", AWAY], ""),
    "orphans: not a state": (["orphans", "--region", AWAY, "--state", "-"], "{}"),
    "orphans: damaged state": (["orphans", "--region", AWAY, "--state", "-"], '{"deployment": {"resources": {}}}'),
    "check: no sames": (["check", str(RECORDED / "preview_without_sames.json")], ""),
    "check: failed preview": (["check", str(RECORDED / "preview_failed.json")], ""),
    "check: key without Region": (["check", "-", "--require-key", "alias/dr"], "{}"),
    "policy: account": (["policy", "--account", "1", "--dr-region", AWAY], ""),
    "policy: no source Region": (["policy", "--account", "111122223333", "--dr-region", AWAY], ""),
    "policy: partitions": (
        ["policy", "--account", "111122223333", "--source-region", "cn-north-1", "--dr-region", AWAY],
        "",
    ),
    "policy: key": (
        [
            *["policy", "--account", "111122223333", "--source-region", HOME, "--dr-region", AWAY],
            *["--key", "alias/dr"],
        ],
        "",
    ),
    "policy: no DR Region": (["policy", "--account", "111122223333", "--source-region", HOME], ""),
    "policy: not a role": (["policy", "--account", "111122223333", "--dr-region", AWAY, "--protect", "fsx-dr"], ""),
    "doctor: nothing to copy": (["doctor", "--dr-region", AWAY], ""),
    "doctor: wrong source": (["doctor", "--source", f"ledger@{HOME}", "--dr-region", AWAY], ""),
    "doctor: wrong Region": (["doctor", "--source", f"{FILE_SYSTEM}@{HOME}", "--dr-region", "eu-west"], ""),
    "doctor: key of another Region": (
        [
            "doctor",
            "--source",
            f"{FILE_SYSTEM}@{HOME}",
            "--dr-region",
            f"{AWAY}=arn:aws:kms:{HOME}:111122223333:alias/dr",
        ],
        "",
    ),
    "doctor: no file": (["doctor", "--config", "/nonexistent"], ""),
    "doctor: not the file of a stack": (["doctor", "--config", "Makefile"], ""),
}
_CHECKED: Mapping[str, tuple[str, ...]] = {
    "last copy deleted": ("preview_delete_last.json",),
    "all copies deleted": ("preview_destroy.json",),
    "Region without a copy": ("preview_delete_last.json", "--require-region", "us-east-1"),
    "no copy with the key": ("preview_create.json", "--require-key", "eu-west-1=11111111-1111-4111-8111-111111111111"),
    "all is well": ("preview_create.json",),
}


_PULUMI = """#!/bin/sh
case "$*" in
  *"--stack dev") ;;
  *"--stack "*) echo "error: no stack named 'x' found" >&2; exit 6 ;;
esac
case "$*" in
  "stack output "*) echo '{}' ;;
  "stack history "*) echo '[]' ;;
  "stack ls "*) echo '[{"name": "dev"}, {"name": "prod"}]' ;;
  "preview "*) printf '%s' '{"diagnostics": [{"severity": "error", "message": "error: No such file.\\n"}]}'; exit 1 ;;
esac
"""


def help_texts() -> Messages:
    for command in ("", *fsx_dr.commands):
        shown = CliRunner().invoke(fsx_dr, [*filter(None, [command]), "--help"], prog_name="fsx-dr", terminal_width=80)
        yield f"fsx-dr {command} --help".replace("  ", " "), _indented(shown.stdout)


def failures(set_variable: Callable[[str, str], Any]) -> Messages:
    set_variable("PATH", "")
    for case, (arguments, text) in _WRONG.items():
        result = CliRunner().invoke(fsx_dr, arguments, input=text)
        assert result.exit_code == (1 if case == "report: no sources" else 2), case
        yield case, _lines(result.stderr)


def stacks(set_variable: Callable[[str, str], Any]) -> Messages:
    """Yield the messages about stacks that do not exist or were never deployed."""
    with TemporaryDirectory() as folder:
        pulumi = Path(folder) / "pulumi"
        pulumi.write_text(_PULUMI)
        pulumi.chmod(0o755)
        (Path(folder) / "Pulumi.later.yaml").write_text("config: {}")
        set_variable("PATH", f"{folder}:/usr/bin:/bin")
        for case, name in {
            "never deployed": "dev",
            "not created yet": "later",
            "misspelled": "prd",
            "unknown": "x",
        }.items():
            yield case, CliRunner().invoke(fsx_dr, ["report", "--stack", name, "--cwd", folder]).stderr
        yield (
            "doctor: preview fails",
            _lines(CliRunner().invoke(fsx_dr, ["doctor", "--stack", "dev", "--cwd", folder]).stderr),
        )


def outputs(set_variable: Callable[[str, str], Any]) -> Messages:
    """Yield what the commands print at 80 columns, and in a log."""
    for columns in ("80", "160"):
        set_variable("COLUMNS", columns)
        with patch.object(Console, "is_terminal", columns == "80"):
            yield f"report at {columns} columns", _indented(World().run("report", "--outputs", OUTPUTS).stdout)
    for case, owner_id, lifecycle in (
        ("resumable", OWNER_ID, "AVAILABLE"),
        ("failed", OWNER_ID, "FAILED"),
        ("unknown", OTHER_OWNER_ID, "AVAILABLE"),
    ):
        world = World()
        orphan = world.copy(owned(owner_id=owner_id))
        world.service.set_lifecycle(AWAY, orphan, lifecycle)
        yield (
            f"orphans: {case}",
            _indented(world.run("orphans", "--region", AWAY, "--state", STATE, "--all-states").stdout),
        )


def checks() -> Messages:
    for case, (name, *options) in _CHECKED.items():
        yield case, _lines(CliRunner().invoke(fsx_dr, ["check", str(RECORDED / name), *options]).stdout)


def diagnoses(set_variable: Callable[[str, str], Any]) -> Messages:
    accounts: Mapping[str, Callable[[Control], object]] = {
        "no backup": lambda _: None,
        "backups": lambda aws: [_backup(aws, number) for number in (1, 2)],
        "only AWS Backup": lambda aws: _backup(aws, 1, type="AWS_BACKUP"),
        "source Region does not answer": lambda aws: aws.make_unreachable(HOME),
        "DR Region does not answer": lambda aws: aws.make_unreachable(AWAY),
        "no permission to read": lambda aws: aws.add_fault("access_denied", "DescribeBackups", region=HOME),
        "expired credentials": lambda aws: aws.add_fault("expired", "DescribeBackups", region=HOME),
    }
    for case, prepare in accounts.items():
        with simulated(set_variable, copy_seconds=1) as aws:
            aws.seed_file_system(HOME, file_system_id=FILE_SYSTEM)
            prepare(aws)
            yield case, _diagnosis(ok=case == "backups")
    with simulated(set_variable, copy_seconds=1):
        yield "no file system", _diagnosis()
        yield "key does not exist", _diagnosis(f"{AWAY}=alias/unknown")


def _diagnosis(region: str = AWAY, *, ok: bool = False) -> str:
    command = ["doctor", "--source", f"{FILE_SYSTEM}@{HOME}", "--dr-region", region, "--json"]
    found = json.loads(CliRunner().invoke(fsx_dr, command).stdout or '{"findings": []}')["findings"]
    shown = [each for each in found if ok or each["level"] != "ok"]
    return "\n    ".join(f"{each['level']}: {each['about']}: {each['message']}" for each in shown)


def _backup(aws: Control, number: int, **settings: Any) -> str:
    created = aws.now() - number * 3600
    return aws.seed_backup(HOME, FILE_SYSTEM, backup_id=f"backup-{number:017x}", created=created, **settings)


def _indented(printed: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in printed.splitlines())


def _lines(printed: str) -> str:
    """Return the printed lines without Click's usage lines."""
    return "\n    ".join(line for line in printed.splitlines() if line and not line.startswith(("Usage: ", "Try ")))
