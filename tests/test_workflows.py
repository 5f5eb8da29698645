"""The workflows, the action and the template: pinned, with no more rights than they need, and their commands exist."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from pulumi_fsx_dr.cli.commands import fsx_dr

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION, TEMPLATE = ROOT / "action.yml", ROOT / "templates" / "fsx-dr.gitlab-ci.yml"
WRITES = {
    "preview": {"id-token", "pull-requests"},
    "drift": {"id-token"},
    "up": {"id-token"},
    "release": {"id-token", "attestations", "contents"},
}
# Those that users copy.
EXAMPLES = {"preview": None, "drift": "drift", "up": "up"}
# Where a script puts the options of the user.
PLACEHOLDERS = {"${options[@]}", "$[[", "inputs.check", "]]"}
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def workflow(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    return document


def steps(path: Path) -> list[dict[str, Any]]:
    document = workflow(path)
    jobs = [document["runs"]] if path == ACTION else document["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_write_no_more_than_it_has_to(path: Path) -> None:
    document = workflow(path)

    assert set(document["permissions"].items()) <= {("contents", "read")}
    granted = {
        (name, access) for job in document["jobs"].values() for name, access in job.get("permissions", {}).items()
    }
    assert {name for name, access in granted if access == "write"} == WRITES.get(path.stem, set())


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.stem)
def test_every_action_is_pinned_to_a_commit_and_says_its_version(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text())

    assert [name for name in used if name != "./" and not PINNED.fullmatch(name)] == []


def test_an_action_is_pinned_to_the_same_commit_everywhere() -> None:
    used = {line for path in [*WORKFLOWS, ACTION] for line in PINNED.findall(path.read_text())}

    assert len({line.split("@")[0] for line in used}) == len(used)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_job_ends(path: Path) -> None:
    assert all(job["timeout-minutes"] for job in workflow(path)["jobs"].values())


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.stem)
def test_no_event_text_is_pasted_into_a_script(path: Path) -> None:
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", [ROOT / ".github" / "workflows" / f"{name}.yml" for name in EXAMPLES])
def test_the_workflows_for_users_are_the_action_with_inputs_that_it_has(path: Path) -> None:
    (gate,) = [step for step in steps(path) if step.get("uses") == "./"]

    inputs = workflow(ACTION)["inputs"]
    assert gate["with"].keys() - inputs.keys() == set()
    assert {name for name, of in inputs.items() if of["required"]} - gate["with"].keys() == set()
    assert gate["with"].get("command") == EXAMPLES[path.stem]


def test_the_commands_that_the_action_runs_exist() -> None:
    assert known_commands("\n".join(step.get("run", "") for step in steps(ACTION))) == ["check", "report", "report"]


def test_the_commands_that_the_template_runs_exist() -> None:
    _, document = yaml.safe_load_all(TEMPLATE.read_text())
    jobs = [job for name, job in document.items() if not name.startswith(".")]

    assert known_commands("\n".join(line for job in jobs for line in job["script"])) == ["check", "report", "report"]


def test_the_inputs_of_the_template_have_types_and_are_used() -> None:
    header, _ = yaml.safe_load_all(TEMPLATE.read_text())
    inputs = header["spec"]["inputs"]

    assert {each["type"] for each in inputs.values()} <= {"string", "number", "boolean", "array"}
    assert set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", TEMPLATE.read_text())) == set(inputs)


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({}, ""),
        ({"COMMAND": "destroy"}, "command is preview, drift or up, not 'destroy'."),
        ({"COMMENT": "yes"}, "comment is true or false, not 'yes'."),
        ({"FAIL_WHEN_LATE": "1"}, "fail-when-late is true or false, not '1'."),
        ({"ROLE_SECONDS": "6h"}, "role-seconds is a number, not '6h'."),
    ],
)
def test_the_action_refuses_inputs_of_another_type(given: dict[str, str], refused: str) -> None:
    usual = {"COMMAND": "preview", "COMMENT": "true", "FAIL_WHEN_LATE": "false", "ROLE_SECONDS": "3600"}
    script = steps(ACTION)[0]["run"]

    ended = subprocess.run(["bash", "-e", "-c", script], env=usual | given, capture_output=True, text=True, check=False)  # noqa: S603, S607  # our own

    assert (ended.returncode, ended.stdout) == ((1, f"::error::{refused}\n") if refused else (0, ""))


def test_a_release_needs_a_tag_and_addresses_that_agree_with_the_project() -> None:
    def release(*arguments: str) -> tuple[int, str, str]:
        ended = subprocess.run(  # noqa: S603  # our own
            [sys.executable, str(ROOT / ".ci" / "release.py"), *arguments], capture_output=True, text=True, check=False
        )
        return ended.returncode, ended.stdout, ended.stderr

    address = "https://github.com/OWNER/pulumi-fsx-dr"
    assert release("v0.1.0", address)[0] == 0
    assert "- `BackupCopy`: a copy of an FSx backup as a resource" in release("v0.1.0", address)[1]
    assert "make them agree" in release("v9.9.9", address)[2]
    assert "correct the addresses" in release("v0.1.0", "https://github.com/somebody/else")[2]


@pytest.mark.parametrize(
    "linter", [["zizmor", "--offline", "--quiet", "."], ["actionlint"]], ids=lambda words: words[0]
)
def test_the_linters_of_workflows_find_nothing(linter: list[str]) -> None:
    name, *options = linter
    found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if found is None:
        pytest.skip(f"there is no {name}")

    ended = subprocess.run([found, *options], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  # a linter

    assert ended.returncode == 0, ended.stdout + ended.stderr


def known_commands(script: str) -> list[str]:
    """Return the commands of `fsx-dr` that a script runs, each with options that it takes."""
    lines = re.findall(r"^ *(?:\.venv/bin/)fsx-dr ([^|\n]*)", script, re.MULTILINE)
    for name, *arguments in map(shlex.split, lines):
        words = [word for word in arguments if word not in PLACEHOLDERS]
        assert isinstance(fsx_dr.commands[name].make_context(name, words), click.Context)
    return [line.split()[0] for line in lines]
