"""What is left, and what the next `up` makes of it, when a run is interrupted in the middle of copies."""

import os
import signal

import pytest

from simulator.fsx import Control
from simulator.project import Project, eventually, interrupt

from .engines import ON_BOTH_HOSTS
from .native import NativeProject
from .project import DR, SOURCE_REGION, copies, new_key


@pytest.fixture
def sources(aws: Control, file_system: str) -> list[str]:
    return [aws.seed_backup(SOURCE_REGION, file_system) for _ in range(3)]


def declare_all(project: Project, sources: list[str]) -> None:
    project.declare(**{f"copy-{i}": {"source_backup_id": s, "region": DR} for i, s in enumerate(sources)})


def assert_exactly_as_asked(project: Project, aws: Control, sources: list[str]) -> None:
    made = copies(aws)
    assert sorted(copy["source_backup_id"] for copy in made) == sorted(sources)
    assert sorted(project.ids().values()) == sorted(copy["id"] for copy in made)


@ON_BOTH_HOSTS
@pytest.mark.parametrize(
    "signals", [pytest.param([signal.SIGKILL], marks=pytest.mark.smoke), [signal.SIGINT, signal.SIGTERM]]
)
def test_a_killed_up_is_resumed_by_the_next_one(
    project: Project, aws: Control, sources: list[str], signals: list[signal.Signals]
) -> None:
    aws.set_copy_seconds(3600)
    declare_all(project, sources)
    interrupt(project.start_up(), lambda: len(copies(aws)) == len(sources), signals)
    eventually(lambda: not project.plugins())
    under_way = {copy["id"] for copy in copies(aws)}
    # A dynamic provider does not hear of the first of two signals, and nobody hears of a kill.
    kept = under_way if isinstance(project, NativeProject) and len(signals) > 1 else set()
    assert set(project.ids().values()) == kept

    aws.finish_copies()
    project.run("cancel", "--yes")
    project.up()

    assert_exactly_as_asked(project, aws, sources)
    assert set(project.ids().values()) == under_way
    assert len(aws.journal(DR, "CopyBackup")) == len(sources)


@ON_BOTH_HOSTS
def test_a_killed_provider_is_resumed_by_the_next_up(project: Project, aws: Control, sources: list[str]) -> None:
    aws.set_copy_seconds(3600)
    declare_all(project, sources)
    up = project.start_up()
    eventually(lambda: len(copies(aws)) == len(sources))
    for pid in project.plugins():
        os.kill(pid, signal.SIGKILL)
    assert up.wait(timeout=600) != 0
    aws.finish_copies()

    project.up()

    assert_exactly_as_asked(project, aws, sources)
    assert len(aws.journal(DR, "CopyBackup")) == len(sources)


@ON_BOTH_HOSTS
def test_copies_finished_while_nobody_looked_are_picked_up(project: Project, aws: Control, sources: list[str]) -> None:
    aws.set_copy_seconds(60)
    declare_all(project, sources)
    interrupt(project.start_up(), lambda: len(copies(aws)) == len(sources), [signal.SIGKILL])
    aws.finish_copies()
    under_way = {copy["id"] for copy in copies(aws)}

    project.run("cancel", "--yes")
    project.up()

    assert_exactly_as_asked(project, aws, sources)
    assert set(project.ids().values()) == under_way


@ON_BOTH_HOSTS
def test_settings_may_change_between_a_kill_and_the_next_up(project: Project, aws: Control, sources: list[str]) -> None:
    (source, *_) = sources
    key = new_key(aws)
    aws.set_copy_seconds(3600)
    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"a": "1"}})
    interrupt(project.start_up(), lambda: len(copies(aws)) == 1, [signal.SIGKILL])
    aws.set_copy_seconds(1)
    aws.finish_copies()

    project.run("cancel", "--yes")
    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"a": "2"}, "kms_key_id": key})
    shown = project.up()

    copy = next(copy for copy in copies(aws) if copy["id"] == project.ids()["nightly"])
    assert (copy["kms_key_arn"], copy["tags"]["a"]) == (key, "2")
    (left,) = [other["id"] for other in copies(aws) if other != copy]
    if not isinstance(project, NativeProject):  # whose plugin does not know whether it is in the state
        assert f"{left} in {DR}, a copy of {source}" in shown


@ON_BOTH_HOSTS
def test_an_answer_lost_after_the_work_was_done_makes_no_second_copy(
    project: Project, aws: Control, sources: list[str]
) -> None:
    aws.add_fault("lost", "CopyBackup", region=DR, times=2)
    declare_all(project, sources)

    project.up()

    assert_exactly_as_asked(project, aws, sources)


@ON_BOTH_HOSTS
def test_a_copy_that_takes_too_long_is_kept_and_resumed(project: Project, aws: Control, sources: list[str]) -> None:
    (source, *_) = sources
    aws.set_copy_seconds(60)
    project.declare(nightly={"source_backup_id": source, "region": DR, "timeouts": {"create": "1s"}})

    output = project.up(succeeds=False)

    (copy,) = copies(aws)
    assert "resumes it" in output
    assert "pulumi_fsx_dr/" not in output, "an error is a sentence and no traceback"
    assert project.ids() == {"nightly": copy["id"]}
    aws.finish_copies()
    project.up()
    assert project.ids() == {"nightly": copy["id"]}
    assert len(aws.journal(DR, "CopyBackup")) == 1
    project.run("preview", "--expect-no-changes")


@ON_BOTH_HOSTS
def test_destroy_removes_what_was_kept_unfinished(project: Project, aws: Control, sources: list[str]) -> None:
    (source, *_) = sources
    aws.set_copy_seconds(3)
    project.declare(nightly={"source_backup_id": source, "region": DR, "timeouts": {"create": "1s"}})
    project.up(succeeds=False)

    project.run("destroy", "--yes")

    assert copies(aws) == []


@ON_BOTH_HOSTS
def test_a_failed_copy_is_explained_and_cleared_away(project: Project, aws: Control, sources: list[str]) -> None:
    (source, *_) = sources
    aws.fail_copies("The KMS key is disabled.", source_backup_id=source)
    project.declare(nightly={"source_backup_id": source, "region": DR})

    output = project.up(succeeds=False)

    assert "The KMS key is disabled." in output
    assert "pulumi_fsx_dr/" not in output, "an error is a sentence and no traceback"
    assert copies(aws) == []
    project.up()
    assert_exactly_as_asked(project, aws, [source])


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"source_backup_id": "backup-xyz"}, "is not the id of an FSx backup"),
        ({"source_backup_id": "backup-0123456789abcdef0"}, "There is no backup backup-0123456789abcdef0 in us-east-1"),
    ],
)
@ON_BOTH_HOSTS
def test_wrong_input_is_one_clear_line_and_changes_nothing(
    project: Project, aws: Control, sources: list[str], args: dict[str, object], sentence: str
) -> None:
    project.declare(nightly={"source_backup_id": sources[0], "region": DR, **args})

    output = project.up(succeeds=False)

    assert sentence in output
    assert "pulumi_fsx_dr/" not in output, "an error is a sentence and no traceback"
    assert aws.counts(DR).get("CopyBackup") is None


@ON_BOTH_HOSTS
def test_a_missing_permission_is_named(project: Project, aws: Control, sources: list[str]) -> None:
    aws.add_fault("access_denied", "CopyBackup", region=DR)
    project.declare(nightly={"source_backup_id": sources[0], "region": DR})

    output = project.up(succeeds=False)

    assert "lack permission for fsx:CopyBackup" in output
    assert "pulumi_fsx_dr/" not in output, "an error is a sentence and no traceback"
