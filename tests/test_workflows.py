import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from pulumi_fsx_dr.cli.commands import fsx_dr

WORKFLOWS = sorted((Path(__file__).parents[1] / ".github" / "workflows").glob("*.yml"))
WRITES = {"preview": {"id-token", "pull-requests"}, "drift": {"id-token"}}


def workflow(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    return document


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in workflow(path)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_write_no_more_than_it_has_to(path: Path) -> None:
    document = workflow(path)

    assert set(document["permissions"].items()) <= {("contents", "read")}
    granted = {
        (name, access) for job in document["jobs"].values() for name, access in job.get("permissions", {}).items()
    }
    assert {name for name, access in granted if access == "write"} == WRITES.get(path.stem, set())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_and_every_job_ends(path: Path) -> None:
    used = [step["uses"] for step in steps(path) if "uses" in step]

    assert [name for name in used if not re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|[0-9a-f]{40})", name)] == []
    assert all(job["timeout-minutes"] for job in workflow(path)["jobs"].values())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_event_text_is_pasted_into_a_script(path: Path) -> None:
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


def test_the_commands_that_the_workflows_run_exist() -> None:
    scripts = "\n".join(step.get("run", "") for path in WORKFLOWS for step in steps(path))
    lines = re.findall(r"^ *fsx-dr ([^|\n]*)", scripts, re.MULTILINE)

    assert len(lines) == 4
    for name, *arguments in map(shlex.split, lines):
        assert isinstance(fsx_dr.commands[name].make_context(name, arguments), click.Context)
