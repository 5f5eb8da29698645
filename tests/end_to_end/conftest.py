"""The same scenarios on the real Pulumi CLI and on the engine double."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.fsx import Control, running

from .engines import ENGINES, NATIVE
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


@pytest.fixture(params=[*ENGINES, NATIVE])
def project(request: pytest.FixtureRequest, aws: Control, tmp_path: Path) -> Iterator[Project]:
    kind = NativeProject if request.param == NATIVE.values[0] else Project
    project = kind.create(tmp_path, ["pulumi"] if kind is NativeProject else request.param, aws)
    yield project
    project.end_processes()
