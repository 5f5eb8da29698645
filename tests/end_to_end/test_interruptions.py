"""Runs that are interrupted or fail while copies are made, and the next `up`."""

import os
import signal

import pytest

from simulator.fsx import Control
from simulator.project import Project, eventually, interrupt

from .engines import ON_BOTH_HOSTS
from .native import NativeProject
from .project import DR, SOURCE_REGION, copies


@pytest.fixture
def sources(aws: Control) -> list[str]:
    """Return backups of three file systems, so that their copies run at the same time."""
    return [aws.seed_backup(SOURCE_REGION, aws.seed_file_system(SOURCE_REGION)) for _ in range(3)]


def declare_all(project: Project, sources: list[str]) -> None:
    project.declare(**{f"copy-{i}": {"source_backup_id": s, "region": DR} for i, s in enumerate(sources)})


def assert_declared_copies_only(project: Project, aws: Control, sources: list[str]) -> None:
    made = copies(aws)
    assert sorted(copy["source_backup_id"] for copy in made) == sorted(sources)
    assert sorted(project.ids().values()) == sorted(copy["id"] for copy in made)


def assert_no_traceback(output: str) -> None:
    assert "pulumi_fsx_dr/" not in output


@ON_BOTH_HOSTS
@pytest.mark.parametrize(
    "signals",
    [
        pytest.param([signal.SIGKILL], marks=pytest.mark.smoke, id="kill"),
        pytest.param([signal.SIGINT, signal.SIGTERM], marks=pytest.mark.slow, id="two signals"),
    ],
)
def test_killed_up_is_resumed(
    project: Project, aws: Control, sources: list[str], signals: list[signal.Signals]
) -> None:
    aws.set_copy_seconds(3600)
    declare_all(project, sources)
    interrupt(project.start_up(), lambda: len(copies(aws)) == len(sources), signals)
    eventually(lambda: not project.plugins())
    under_way = {copy["id"] for copy in copies(aws)}
    # A dynamic provider does not receive the first of two signals, and no process receives a kill.
    kept = under_way if isinstance(project, NativeProject) and len(signals) > 1 else set()
    assert set(project.ids().values()) == kept

    aws.finish_copies()
    project.run("cancel", "--yes")
    project.up()

    assert_declared_copies_only(project, aws, sources)
    assert set(project.ids().values()) == under_way
    assert len(aws.journal(DR, "CopyBackup")) == len(sources)


@ON_BOTH_HOSTS
def test_up_after_killed_provider_resumes(project: Project, aws: Control, sources: list[str]) -> None:
    aws.set_copy_seconds(3600)
    declare_all(project, sources)
    up = project.start_up()
    eventually(lambda: len(copies(aws)) == len(sources))
    for pid in project.plugins():
        os.kill(pid, signal.SIGKILL)
    assert up.wait(timeout=600) != 0
    aws.finish_copies()

    project.up()

    assert_declared_copies_only(project, aws, sources)
    assert len(aws.journal(DR, "CopyBackup")) == len(sources)


@ON_BOTH_HOSTS
def test_timed_out_copy_is_kept_and_resumed(project: Project, aws: Control, sources: list[str]) -> None:
    (source, *_) = sources
    aws.set_copy_seconds(60)
    project.declare(nightly={"source_backup_id": source, "region": DR, "timeouts": {"create": "1s"}})

    output = project.up(succeeds=False)

    (copy,) = copies(aws)
    assert copy["id"] in output
    assert_no_traceback(output)
    assert project.ids() == {"nightly": copy["id"]}
    aws.finish_copies()
    project.up()
    assert project.ids() == {"nightly": copy["id"]}
    assert len(aws.journal(DR, "CopyBackup")) == 1
    project.run("preview", "--expect-no-changes")


@ON_BOTH_HOSTS
def test_failed_copy_is_reported_and_deleted(project: Project, aws: Control, sources: list[str]) -> None:
    (source, *_) = sources
    aws.fail_copies("The KMS key is disabled.", source_backup_id=source)
    project.declare(nightly={"source_backup_id": source, "region": DR})

    output = project.up(succeeds=False)

    assert "The KMS key is disabled." in output
    assert_no_traceback(output)
    assert copies(aws) == []
    project.up()
    assert_declared_copies_only(project, aws, [source])


@ON_BOTH_HOSTS
@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param("backup-xyz", "source", marks=pytest.mark.slow),
        ("backup-0123456789abcdef0", f"backup-0123456789abcdef0 in {SOURCE_REGION}"),
    ],
)
def test_wrong_source_is_refused_without_traceback(project: Project, aws: Control, source: str, said: str) -> None:
    project.declare(nightly={"source_backup_id": source, "region": DR})

    output = project.up(succeeds=False)

    assert said in output
    assert_no_traceback(output)
    assert aws.counts(DR).get("CopyBackup") is None
