"""Lost, old and duplicate states: no copy is made twice, and no copy of another state is deleted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from simulator.fsx import Control
from simulator.project import Project, eventually

from .engines import CLI, NATIVE
from .native import NativeProject, new_native_project
from .project import DR, SOURCE_REGION, copies, new_key, new_project

pytestmark = pytest.mark.parametrize("project", [CLI, NATIVE], indirect=True)


@pytest.fixture
def sources(aws: Control) -> list[str]:
    return [aws.seed_backup(SOURCE_REGION, aws.seed_file_system(SOURCE_REGION)) for _ in range(2)]


def wanted(sources: list[str], **args: Any) -> dict[str, Any]:
    """Return a program with one copy of each source."""
    return {f"copy-{n}": {"source_backup_id": source, "region": DR, **args} for n, source in enumerate(sources)}


def asked(aws: Control) -> list[str]:
    """Return the source of each copy ever made."""
    return [entry["parameters"]["SourceBackupId"] for entry in aws.journal(DR, "CopyBackup") if entry["made"]]


@contextmanager
def lost_backend(project: Project) -> Iterator[None]:
    """Make the backend unreadable and unwritable for a while."""
    backend = project.folder / "state"
    aside = backend.rename(project.folder / "aside")
    backend.write_text("no folder")
    try:
        yield
    finally:
        backend.unlink()
        aside.rename(backend)


def test_lost_backend_makes_no_second_copy(project: Project, aws: Control, sources: list[str]) -> None:
    aws.set_copy_seconds(3600)
    project.declare(**wanted(sources))
    up = project.start_up()
    eventually(lambda: len(copies(aws)) == len(sources))
    with lost_backend(project):
        aws.finish_copies()
        assert up.wait(timeout=300) != 0
    made = {copy["id"] for copy in copies(aws)}
    assert not made & set(project.ids().values())

    project.run("cancel", "--yes")
    project.up()

    assert set(project.ids().values()) == made == {copy["id"] for copy in copies(aws)}
    assert sorted(asked(aws)) == sorted(sources)
    project.run("preview", "--expect-no-changes")


def test_old_checkpoint_makes_no_second_copy(project: Project, aws: Control, sources: list[str]) -> None:
    project.declare(**wanted(sources[:1]))
    project.up()
    checkpoint = str(project.folder / "yesterday.json")
    project.run("stack", "export", "--file", checkpoint)
    project.declare(**wanted(sources))
    project.up()
    made = project.ids()

    project.run("stack", "import", "--file", checkpoint)
    project.up()

    assert project.ids() == made
    assert sorted(asked(aws)) == sorted(sources)
    project.run("preview", "--expect-no-changes")
    project.run("destroy", "--yes", "--skip-preview")
    assert copies(aws) == []


@pytest.mark.slow
def test_checkpoint_before_replace_makes_no_second_copy(project: Project, aws: Control, sources: list[str]) -> None:
    project.declare(**wanted(sources))
    project.up()
    checkpoint = str(project.folder / "yesterday.json")
    project.run("stack", "export", "--file", checkpoint)
    key = new_key(aws)
    project.declare(**wanted(sources, kms_key_id=key))
    project.up()
    replaced = project.ids()

    project.run("stack", "import", "--file", checkpoint)
    project.run("refresh", "--yes")
    project.up()

    assert project.ids() == replaced
    assert {copy["id"] for copy in copies(aws)} == set(replaced.values())
    assert len(asked(aws)) == 2 * len(sources)


@pytest.mark.slow
def test_stacks_with_same_name_keep_each_others_copies(
    project: Project, aws: Control, sources: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Their backends are independent."""
    twin = twin_of(project, aws, tmp_path_factory.mktemp("twin"))
    for stack in (project, twin):
        stack.declare(**wanted(sources))
    ups = [stack.start_up() for stack in (project, twin)]
    assert [up.wait(timeout=300) for up in ups] == [0, 0]
    own, others = (set(stack.ids().values()) for stack in (project, twin))
    assert own.isdisjoint(others)
    assert own | others == {copy["id"] for copy in copies(aws)}

    twin.run("refresh", "--yes")
    twin.run("destroy", "--yes", "--skip-preview")

    assert {copy["id"] for copy in copies(aws)} == own
    project.run("preview", "--expect-no-changes")


def twin_of(project: Project, aws: Control, folder: Path) -> Project:
    if isinstance(project, NativeProject):
        return new_native_project(folder, aws)
    return new_project(folder, project.engine, aws)
