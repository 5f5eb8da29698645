"""A Pulumi stack, as the Pulumi CLI reads it."""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.text import clean

from .documents import json_object, json_value

# Pulumi CLI, pkg/backend/backenderr: StackNotFoundError. Pulumi's automation API matches the same text.
_NOT_FOUND = re.compile("no stack named .* found")


class NotDeployedError(InvalidSettingsError):
    """The stack was never updated, so it has no outputs yet."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack; without a name it is the selected stack of the program in `cwd`."""

    name: str | None = None
    cwd: Path | None = None

    @property
    def settings_file(self) -> Path:
        return (self.cwd or Path()) / f"Pulumi.{_short(self.name or '')}.yaml"

    def read_outputs(self) -> Mapping[str, Any]:
        """Return its outputs.

        Raises:
            NotDeployedError: it was never updated.
            InvalidSettingsError: it does not exist, its update did not finish, or the Pulumi CLI failed.
        """
        outputs = json_object(self.run("stack", "output", "--json"), "pulumi stack output")
        if "readiness" in outputs:
            return outputs
        last = self._last_update()
        if not outputs and last is None:
            named = f"Stack {self.name}" if self.name else "The stack"
            raise NotDeployedError(f"{named} was never deployed, so it has no data yet. Run `pulumi up`.")
        if last and last.get("kind") == "update" and last.get("result") != "succeeded":
            named = f"stack {self.name}" if self.name else "the stack"
            raise InvalidSettingsError(f"The last update of {named} did not finish. Run `pulumi up`.")
        return outputs

    def export(self) -> Mapping[str, Any]:
        return json_object(self.run("stack", "export"), "pulumi stack export")

    def preview(self, environment: Mapping[str, str]) -> CompletedProcess[bytes]:
        """Run a preview. It may fail."""
        return self._run(["preview", "--json"], environment)

    def run(self, *arguments: str) -> bytes:
        """Return the output of a Pulumi command for this stack."""
        done = self._run(arguments)
        if done.returncode == 0:
            return done.stdout
        command = " ".join(argument for argument in arguments if not argument.startswith("--"))
        raise InvalidSettingsError(f"`pulumi {command}` failed: {reason_of(done)}")

    def _run(self, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> CompletedProcess[bytes]:
        named = ["--stack", self.name] if self.name else []
        done = run_pulumi([*arguments, "--non-interactive", *named], self.cwd, environment)
        if done.returncode and self.name and _NOT_FOUND.search(done.stderr.decode(errors="replace")):
            raise self._not_found()
        return done

    def _last_update(self) -> Mapping[str, Any] | None:
        history = json_value(self.run("stack", "history", "--json", "--page-size=1"), "pulumi stack history")
        return history[0] if history else None

    def _not_found(self) -> InvalidSettingsError:
        if self.settings_file.is_file():
            return NotDeployedError(
                f"Stack {self.name} has not been created yet, so it has no data. Run `pulumi stack init` and "
                "`pulumi up`."
            )
        near = get_close_matches(_short(self.name or ""), self._names(), n=1)
        advice = f"Did you mean {near[0]}?" if near else "List the stacks with `pulumi stack ls`."
        return InvalidSettingsError(f"Stack {self.name} does not exist. {advice}")

    def _names(self) -> list[str]:
        """Return the names of the project's stacks; none if they cannot be listed."""
        with suppress(InvalidSettingsError, ValueError, TypeError, KeyError):
            done = run_pulumi(["stack", "ls", "--json", "--non-interactive"], self.cwd)
            return [_short(clean(stack["name"])) for stack in json.loads(done.stdout)]
        return []


def run_pulumi(
    arguments: list[str], cwd: Path | None, environment: Mapping[str, str] | None = None
) -> CompletedProcess[bytes]:
    """Run the Pulumi CLI, and return its output and exit code."""
    try:
        return subprocess.run(["pulumi", *arguments], cwd=cwd, env=environment, capture_output=True, check=False)  # noqa: S603, S607  # an argument list, no shell
    except FileNotFoundError:
        raise InvalidSettingsError("The Pulumi CLI was not found. Install it, or give a file (see --help).") from None
    except OSError as error:
        raise InvalidSettingsError(f"The Pulumi CLI could not be started: {error.strerror}.") from None


def reason_of(done: CompletedProcess[bytes]) -> str:
    return clean(done.stderr.decode(errors="replace")) or f"exit code {done.returncode}"


def _short(name: str) -> str:
    return name.rpartition("/")[2]
