"""Run the program of this folder in many accounts in parallel, with one stack for each account."""

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
PARALLEL_ACCOUNTS = 8
PARALLEL_COPIES = 64  # a waiting copy uses no CPU; FSx runs five copies per Region and account
COMMANDS = ("preview", "up", "refresh")

Open = Callable[[str], Any]
"""Returns the stack with this name, and creates it if it does not exist."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Account:
    """The stack of an account and its configuration. Pulumi stores each value as text or JSON."""

    stack: str
    config: Mapping[str, str]


def read_accounts(file: Path) -> list[Account]:
    """Return the accounts in a file such as accounts.yaml."""
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    common = document.get("settings") or {}
    return [
        Account(stack, _texts({**common, **(account.get("settings") or {}), **_credentials(account["role"])}))
        for stack, account in document["accounts"].items()
    ]


def run(command: str, accounts: Iterable[Account], open_stack: Open, say: Say = print) -> int:
    """Run a command in all accounts, and return the number of accounts in which it failed."""
    with ThreadPoolExecutor(max_workers=PARALLEL_ACCOUNTS) as pool:
        return sum(pool.map(partial(_failed, command, open_stack, say), accounts))


def open_stack(name: str) -> automation.Stack:
    """Return a stack of the program in this folder."""
    return automation.create_or_select_stack(name, work_dir=str(HERE))


def _failed(command: str, open_stack: Open, say: Say, account: Account) -> bool:
    def report(line: str) -> None:
        say(f"{account.stack}: {line.rstrip()}")

    try:
        stack = open_stack(account.stack)
        _remove_stale_settings(stack, account)
        stack.set_all_config({name: automation.ConfigValue(value) for name, value in account.config.items()})
        options: dict[str, Any] = {} if command == "refresh" else {"parallel": PARALLEL_COPIES}
        if command == "up":
            # One failed copy must not stop the other copies or their retention.
            options["continue_on_error"] = True
        getattr(stack, command)(on_output=report, **options)
    except automation.CommandError as error:
        # The error repeats the whole output, which was printed above.
        last = str(error).strip().splitlines()[-1]
        report(f"{command} failed: {last.strip().removeprefix('stderr: ')}")
        return True
    return False


def _remove_stale_settings(stack: Any, account: Account) -> None:
    """Remove settings from the stack that are no longer in the file of accounts."""
    present = [name for name in stack.get_all_config() if name.startswith(("fsx-dr:", "aws:"))]
    if stale := [name for name in present if name not in account.config]:
        stack.remove_all_config(stale)


def _credentials(role: str) -> dict[str, Any]:
    """Return the settings that assume a role and refuse every other account."""
    return {"aws:assumeRoles": [{"roleArn": role}], "aws:allowedAccountIds": [role.split(":")[4]]}


def _texts(settings: Mapping[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in settings.items()}


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:  # noqa: PLR2004  # the script and its command
        sys.exit(f"Usage: python fleet.py {'|'.join(COMMANDS)}")
    sys.exit(int(run(sys.argv[1], read_accounts(HERE / "accounts.yaml"), open_stack) > 0))
