"""The same scenarios on the real Pulumi CLI and on the engine double."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.fsx import Control, running

from .engines import ENGINES
from .native import NativeProject
from .project import Project, allow


@pytest.fixture(scope="session")
def service() -> Iterator[Control]:
    with running(copy_seconds=1) as control:
        allow(control)
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


@pytest.fixture(params=ENGINES)
def project(request: pytest.FixtureRequest, aws: Control, tmp_path: Path) -> Iterator[Project]:
    """Yield an empty project, with dynamic copies; some modules have those that take native ones, too."""
    native = request.param == "native"
    project = (
        NativeProject.create(tmp_path, ["pulumi"], aws) if native else Project.create(tmp_path, request.param, aws)
    )
    yield project
    project.end_processes()
