"""A copy that is still needed is not deleted, and the command that the error names gets out."""

import pytest

from simulator.fsx import Control
from simulator.project import NO_PROMPT, Project

from .engines import ON_BOTH_HOSTS
from .project import DR, SOURCE_REGION, copies, new_key

pytestmark = ON_BOTH_HOSTS


@pytest.fixture
def source(aws: Control, file_system: str) -> str:
    return aws.seed_backup(SOURCE_REGION, file_system)


@pytest.fixture
def made(project: Project, aws: Control, source: str) -> str:
    """Return the id of the project's one copy, `monday`."""
    project.declare(monday={"source_backup_id": source, "region": DR})
    project.up()
    return str(copies(aws)[0]["id"])


def ways(project: Project) -> list[list[str]]:
    """Return the options with which an `up` must refuse; the fake engine ends at the first error."""
    return [[], ["--continue-on-error"]] if project.has_cli else [[]]


def test_pending_delete_without_successor_is_refused(project: Project, aws: Control, source: str, made: str) -> None:
    project.declare(monday={"source_backup_id": source, "region": DR, "kms_key_id": new_key(aws)})
    aws.add_fault("access_denied", "DeleteBackup")
    project.up(succeeds=False)
    aws.lift_fault()
    (new,) = project.ids().values()
    aws.remove_backup(DR, new)

    for options in ways(project):
        shown = project.up(*options, succeeds=False)
        assert f"{made} in {DR}" in shown
        assert "pulumi up --refresh" in shown
        assert [copy["id"] for copy in copies(aws)] == [made]

    if project.has_cli:
        project.up("--refresh")
    else:
        project.run("refresh", *NO_PROMPT)
        project.up()
    assert [copy["id"] for copy in copies(aws)] == list(project.ids().values())
    assert made not in project.ids().values()


def test_delete_before_replace_is_refused(project: Project, aws: Control, source: str, made: str) -> None:
    args = {"source_backup_id": source, "region": DR, "kms_key_id": new_key(aws)}
    project.declare(monday={**args, "options": {"delete_before_replace": True}})

    for options in ways(project):
        shown = project.up(*options, succeeds=False)
        assert f"{made} in {DR}" in shown
        assert "delete_before_replace" in shown
        assert [copy["id"] for copy in copies(aws)] == [made]
        assert project.ids() == {"monday": made}

    project.declare(monday=args)
    project.up()
    assert [copy["id"] for copy in copies(aws)] == list(project.ids().values()) != [made]
