"""The example many-accounts: one stack per account; a failure in one does not stop the others."""

import runpy
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi import automation
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.settings import Settings

from simulator.fsx import Control
from tests.recording import RecordingEngine

FOLDER = Path(__file__).parents[1] / "examples" / "many-accounts"
EXAMPLE = runpy.run_path(str(FOLDER / "fleet.py"))
BERLIN, MADRID = EXAMPLE["read_accounts"](FOLDER / "accounts.yaml")


class Stack:
    """A stack that records its commands and may fail."""

    def __init__(self, held: dict[str, str], *, fails: bool = False) -> None:
        self.config, self.ran, self._fails = dict(held), list[tuple[str, int | None]](), fails

    def get_all_config(self) -> dict[str, str]:
        return self.config

    def remove_all_config(self, names: list[str]) -> None:
        for name in names:
            del self.config[name]

    def set_all_config(self, config: dict[str, automation.ConfigValue]) -> None:
        self.config |= {name: value.value for name, value in config.items()}

    def up(self, *, on_output: Any, parallel: int | None = None, continue_on_error: bool = False) -> None:
        self.ran.append(("up", parallel if continue_on_error else None))
        on_output("Updating (files)\n")
        if self._fails:
            raise automation.CommandError(automation.CommandResult("", "error: no such role\n", 255))

    def refresh(self, *, on_output: Any) -> None:
        self.ran.append(("refresh", None))
        on_output("")


def test_accounts_have_common_and_own_settings() -> None:
    assert (BERLIN.stack, MADRID.stack) == ("files-berlin", "files-madrid")
    assert BERLIN.config["fsx-dr:sources"] == '[{"tags": {"dr": "yes"}, "region": "eu-central-1"}]'
    assert [account.config.get("fsx-dr:keep") for account in (BERLIN, MADRID)] == [None, "14"]
    assert MADRID.config["aws:assumeRoles"] == '[{"roleArn": "arn:aws:iam::444455556666:role/fsx-dr"}]'
    assert MADRID.config["aws:allowedAccountIds"] == '["444455556666"]'


def test_failure_in_one_account_does_not_stop_others() -> None:
    stacks = {"files-berlin": Stack({}, fails=True), "files-madrid": Stack({})}
    said: list[str] = []

    failed = EXAMPLE["run"]("up", [BERLIN, MADRID], stacks.__getitem__, said.append)

    assert failed == 1
    assert [stack.ran for stack in stacks.values()] == [[("up", 64)]] * 2
    assert [line.partition(":")[0] for line in said if "no such role" in line] == ["files-berlin"]


def test_removed_setting_is_removed_from_stack() -> None:
    stack = Stack({"fsx-dr:keep": "3", "aws:profile": "of-yesterday", "mine:colour": "blue"})

    EXAMPLE["run"]("refresh", [BERLIN], lambda _: stack, lambda _: None)

    assert stack.config == {**BERLIN.config, "mine:colour": "blue"}


def test_program_and_credentials_read_configuration() -> None:
    pulumi.runtime.set_all_config(dict(MADRID.config))

    settings = Settings.read()

    assert [args["keep"] for args in settings.regions.values()] == [14]
    stack = Credentials.of_stack().settings
    assert stack.allowed_account_ids == frozenset({"444455556666"})
    assert [role.arn for role in stack.assume_roles or ()] == ["arn:aws:iam::444455556666:role/fsx-dr"]


def test_program_copies_tagged_file_systems(aws: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = aws.seed_file_system("eu-central-1", tags={"dr": "yes"})
    aws.seed_file_system("eu-central-1")
    backup = aws.seed_backup("eu-central-1", ledger)
    own = {name: value for name, value in BERLIN.config.items() if name.startswith("fsx-dr:")}
    pulumi.runtime.set_all_config(own)  # roles need AWS
    monkeypatch.setattr(pulumi, "export", lambda *_: None)
    engine = RecordingEngine()

    def program() -> None:
        runpy.run_path(str(FOLDER / "__main__.py"), run_name="__main__")

    engine.run(program)

    assert engine.only("pulumi-python:dynamic/fsx:BackupCopy").inputs["source_backup_id"] == backup
