"""`fsx-dr doctor` before the first update of a program that declares a DrRegion in Python."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from simulator.fsx import Control
from simulator.project import Project

from .engines import CLI
from .project import DR, SOURCE_REGION
from .test_dr_region import PROGRAM

pytestmark = pytest.mark.parametrize("project", [CLI], indirect=True)
COMMAND = [sys.executable, "-c", "from pulumi_fsx_dr.cli import main; main()", "doctor", "--stack", "dev", "--json"]


def doctor(project: Project) -> dict[str, Any]:
    environment = {**project.environment, "PATH": os.environ["PATH"]}
    done = subprocess.run(COMMAND, cwd=project.folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # our own interpreter
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def declare(project: Project, file_system: str) -> None:
    (project.folder / "__main__.py").write_text(PROGRAM)
    project.declare(region=DR, keep=1, sources=[{"file_system_id": file_system, "region": SOURCE_REGION}])


@pytest.mark.smoke
def test_doctor_checks_program_before_first_up(project: Project, aws: Control, file_system: str) -> None:
    backup = aws.seed_backup(SOURCE_REGION, file_system)
    declare(project, file_system)

    document = doctor(project)

    assert document["first_run"][0]["source_backup_ids"] == [backup]
    assert {each["level"] for each in document["findings"] if each["check"] in ("preview", "source")} == {"ok"}


def test_doctor_explains_why_preview_fails(project: Project, aws: Control, file_system: str) -> None:
    declare(project, file_system)
    aws.add_fault("access_denied", "DescribeBackups", region=DR)

    document = doctor(project)

    failed = [each["check"] for each in document["findings"] if each["level"] == "fails"]
    assert (document["exit_code"], failed[:2]) == (1, ["preview", "region"])
