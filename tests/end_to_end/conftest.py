"""The same scenarios on the real Pulumi CLI and on the engine double."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.fsx import Control, running

from .project import Project

HAS_CLI = shutil.which("pulumi") is not None


@pytest.fixture(scope="session")
def service() -> Iterator[Control]:
    with running(copy_seconds=1) as control:
        yield control


@pytest.fixture
def aws(service: Control) -> Iterator[Control]:
    yield service
    service.lift_fault()
    service.finish_copies()
    for region in service.state():
        for backup in service.backups(region):
            service.remove_backup(region, backup["id"])
    service.clear_journal()
    service.set_copy_seconds(1)


@pytest.fixture(
    params=[
        pytest.param(
            ["pulumi"],
            id="pulumi",
            marks=[pytest.mark.pulumi_cli, pytest.mark.skipif(not HAS_CLI, reason="there is no Pulumi CLI on PATH")],
        ),
        # Where there is the real engine, the double is left to those who ask for the slow tests.
        pytest.param(
            [sys.executable, "-m", "rehearsal.engine"], id="double", marks=[pytest.mark.slow] if HAS_CLI else []
        ),
    ]
)
def project(request: pytest.FixtureRequest, aws: Control, tmp_path: Path) -> Iterator[Project]:
    project = Project.create(tmp_path, request.param, aws)
    yield project
    project.end_processes()
