"""The same scenarios on the real Pulumi CLI and on the fake engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.fsx import Control, running
from simulator.project import Project

from .engines import ENGINES
from .native import new_native_project
from .project import SOURCE_REGION, allow, new_project


@pytest.fixture(scope="session")
def service() -> Iterator[Control]:
    with running(copy_seconds=1) as control:
        yield control


@pytest.fixture
def aws(service: Control) -> Iterator[Control]:
    allow(service)
    yield service
    service.lift_fault()
    service.finish_copies()
    for region in service.running_copies():
        for backup in service.backups(region):
            service.remove_backup(region, backup["id"])
    service.clear_journal()
    service.set_copy_seconds(1)


@pytest.fixture
def file_system(aws: Control) -> str:
    return aws.seed_file_system(SOURCE_REGION)


@pytest.fixture(params=ENGINES)
def project(request: pytest.FixtureRequest, aws: Control, tmp_path: Path) -> Iterator[Project]:
    """Yield an empty project with dynamic copies, or with native copies where a module asks for them."""
    native = request.param == "native"
    project = new_native_project(tmp_path, aws) if native else new_project(tmp_path, request.param, aws)
    yield project
    project.end_processes()
