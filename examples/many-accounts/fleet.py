"""Runs the program here in many accounts at once: a stack for each, which knows no other's role and state."""

# ruff: noqa: INP001  # a program, not a package

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation

HERE = Path(__file__).parent
ACCOUNTS_AT_ONCE = 8
COPIES_AT_ONCE = 64  # what waits takes no CPU; FSx runs five copies at once into a Region of an account
COMMANDS = ("preview", "up", "refresh")

Open = Callable[[str], Any]
"""Returns the stack of a name, made if there is none."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Account:
    """An account's stack and its configuration, each value as Pulumi keeps it: a text, or JSON."""

    stack: str
    config: Mapping[str, str]


def read_accounts(file: Path) -> list[Account]:
    """Return the accounts of a file such as accounts.yaml."""
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    common = document.get("settings") or {}
    return [
        Account(stack, _texts({**common, **(account.get("settings") or {}), **_credentials(account["role"])}))
        for stack, account in document["accounts"].items()
    ]


def run(command: str, accounts: Iterable[Account], open_stack: Open, say: Say = print) -> int:
    """Run a command in all accounts, and return how many it failed in; one account's trouble is no other's."""
    with ThreadPoolExecutor(max_workers=ACCOUNTS_AT_ONCE) as pool:
        return sum(pool.map(partial(_failed, command, open_stack, say), accounts))


def open_stack(name: str) -> automation.Stack:
    """Return a stack of the program here."""
    return automation.create_or_select_stack(name, work_dir=str(HERE))


def _failed(command: str, open_stack: Open, say: Say, account: Account) -> bool:
    def tell(line: str) -> None:
        say(f"{account.stack}: {line.rstrip()}")

    try:
        stack = open_stack(account.stack)
        _forget_others(stack, account)
        stack.set_all_config({name: automation.ConfigValue(value) for name, value in account.config.items()})
        options: dict[str, Any] = {} if command == "refresh" else {"parallel": COPIES_AT_ONCE}
        if command == "up":
            # One copy that fails must not keep the others from being copied, or from expiring.
            options["continue_on_error"] = True
        getattr(stack, command)(on_output=tell, **options)
    except automation.CommandError as error:
        # What Pulumi said stands above; of the whole output that the error repeats, the last line is enough.
        last = str(error).strip().splitlines()[-1]
        tell(f"{command} failed: {last.strip().removeprefix('stderr: ')}")
        return True
    return False


def _forget_others(stack: Any, account: Account) -> None:
    """Take out the settings that the stack's file still holds and the accounts' file no longer does."""
    held = [name for name in stack.get_all_config() if name.startswith(("fsx-dr:", "aws:"))]
    if stale := [name for name in held if name not in account.config]:
        stack.remove_all_config(stale)


def _credentials(role: str) -> dict[str, Any]:
    """Return the settings that assume a role, and that let the stack touch no account but that role's."""
    return {"aws:assumeRoles": [{"roleArn": role}], "aws:allowedAccountIds": [role.split(":")[4]]}


def _texts(settings: Mapping[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in settings.items()}


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:  # noqa: PLR2004  # the script and its command
        sys.exit(f"Usage: python fleet.py {'|'.join(COMMANDS)}")
    sys.exit(int(run(sys.argv[1], read_accounts(HERE / "accounts.yaml"), open_stack) > 0))
