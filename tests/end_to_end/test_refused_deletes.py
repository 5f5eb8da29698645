"""Copies that are still needed are not deleted, and the command in the error message solves the problem."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi_fsx_dr.copies.names import camel_case

from simulator.fsx import Control
from simulator.project import NO_PROMPT, Project

from .engines import ON_BOTH_HOSTS
from .native import NativeProject
from .project import DR, SOURCE_REGION, copies, new_key

pytestmark = ON_BOTH_HOSTS
PROGRAM = """
import json
import pulumi
from pulumi_fsx_dr import DrRegion

for name, args in json.load(open("declared.json")).items():
    pulumi.export(name, DrRegion(name, args).latest)
"""


@pytest.fixture
def source(aws: Control, file_system: str) -> str:
    return aws.seed_backup(SOURCE_REGION, file_system)


@pytest.fixture
def made(project: Project, aws: Control, source: str) -> str:
    """Return the id of the only copy, `monday`."""
    project.declare(monday={"source_backup_id": source, "region": DR})
    project.up()
    return str(copies(aws)[0]["id"])


def up_options(project: Project) -> list[list[str]]:
    """Return the options under which `up` must refuse; the fake engine always stops at the first error."""
    return [[], ["--continue-on-error"]] if project.has_cli else [[]]


def test_pending_delete_without_successor_is_refused(project: Project, aws: Control, source: str, made: str) -> None:
    project.declare(monday={"source_backup_id": source, "region": DR, "kms_key_id": new_key(aws)})
    aws.add_fault("access_denied", "DeleteBackup")
    project.up(succeeds=False)
    aws.lift_fault()
    (new,) = project.ids().values()
    aws.remove_backup(DR, new)

    for options in up_options(project):
        shown = project.up(*options, succeeds=False)
        assert f"{made} in {DR}" in shown
        assert "pulumi up --refresh" in shown
        assert [copy["id"] for copy in copies(aws)] == [made]

    project.up("--refresh")
    assert [copy["id"] for copy in copies(aws)] == list(project.ids().values())
    assert made not in project.ids().values()


def test_delete_before_replace_is_refused(project: Project, aws: Control, source: str, made: str) -> None:
    args = {"source_backup_id": source, "region": DR, "kms_key_id": new_key(aws)}
    project.declare(monday={**args, "options": {"delete_before_replace": True}})

    for options in up_options(project):
        shown = project.up(*options, succeeds=False)
        assert f"{made} in {DR}" in shown
        assert "delete_before_replace" in shown or "deleteBeforeReplace" in shown
        assert [copy["id"] for copy in copies(aws)] == [made]
        assert project.ids() == {"monday": made}

    project.declare(monday=args)
    project.up()
    assert [copy["id"] for copy in copies(aws)] == list(project.ids().values()) != [made]


# --- deletion_protection and quotas ---


@pytest.fixture
def no_quota(aws: Control) -> Iterator[None]:
    yield
    aws.configure(user_initiated_backups=None)


def declare(project: Project, **regions: dict[str, Any]) -> None:
    if not isinstance(project, NativeProject):
        (project.folder / "__main__.py").write_text(PROGRAM)
        project.declare(**regions)
        return
    file = project.folder / "Pulumi.yaml"
    resources = {name: {"type": "fsx-dr:DrRegion", "properties": _camel(args)} for name, args in regions.items()}
    file.write_text(json.dumps({**json.loads(file.read_text()), "resources": resources, "outputs": {}}))


def _camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {camel_case(name): _camel(item) for name, item in value.items()}
    return [_camel(item) for item in value] if isinstance(value, list) else value


def region(*file_systems: str, **args: Any) -> dict[str, Any]:
    sources = [{"file_system_id": name, "region": SOURCE_REGION} for name in file_systems]
    return {"region": DR, "keep": 2, "sources": sources, "deletion_protection": True, **args}


def sources_of(aws: Control, file_system: str) -> set[str]:
    """Return the source backups of a file system that have an AVAILABLE copy."""
    found = [copy for copy in copies(aws) if copy["file_system_id"] == file_system]
    return {str(copy["source_backup_id"]) for copy in found if copy["lifecycle"] == "AVAILABLE"}


def backup(aws: Control, file_system: str, age: float = 0) -> str:
    return aws.seed_backup(SOURCE_REGION, file_system, created=aws.now() - age)


def test_protected_copy_is_deleted_only_after_protection_is_off(
    project: Project, aws: Control, source: str, file_system: str
) -> None:
    args = {"source_backup_id": source, "region": DR, "deletion_protection": True}
    project.declare(monday=args)
    project.up()
    shown = project.run("destroy", *NO_PROMPT, succeeds=False)
    assert "eletion" in shown
    project.declare()
    project.up(succeeds=False)
    assert sources_of(aws, file_system) == {source}

    project.declare(monday={**args, "deletion_protection": False})
    project.up()
    project.run("destroy", *NO_PROMPT)
    assert sources_of(aws, file_system) == set()


def test_retention_and_new_key_delete_protected_copies(project: Project, aws: Control, file_system: str) -> None:
    first, second = (backup(aws, file_system, age) for age in (7200, 3600))
    declare(project, dr=region(file_system))
    project.up()
    assert sources_of(aws, file_system) == {first, second}
    third = backup(aws, file_system)
    project.up()
    assert sources_of(aws, file_system) == {second, third}
    before = {copy["id"] for copy in copies(aws) if copy["file_system_id"] == file_system}

    declare(project, dr=region(file_system, kms_key_id=new_key(aws)))
    project.up()

    assert sources_of(aws, file_system) == {second, third}
    assert not before & {copy["id"] for copy in copies(aws)}


def test_removed_source_keeps_protected_copies(project: Project, aws: Control, file_system: str) -> None:
    kept = backup(aws, file_system)
    other = aws.seed_file_system(SOURCE_REGION)
    backup(aws, other)
    declare(project, dr=region(file_system, other))
    project.up()

    declare(project, dr=region(other))
    for options in up_options(project):
        assert "pulumi up" in project.up(*options, succeeds=False)
        assert sources_of(aws, file_system) == {kept}

    declare(project, dr=region(file_system, other, deletion_protection=False))
    project.up()
    declare(project, dr=region(other))
    project.up()
    assert sources_of(aws, file_system) == set()


@pytest.mark.usefixtures("no_quota")
@pytest.mark.parametrize("protection", [True, False])
def test_up_makes_room_at_quota(project: Project, aws: Control, file_system: str, *, protection: bool) -> None:
    _, second = (backup(aws, file_system, age) for age in (7200, 3600))
    declare(project, dr=region(file_system, deletion_protection=protection))
    project.up()
    aws.configure(user_initiated_backups=sum(copy["type"] != "AUTOMATIC" for copy in aws.backups(DR)))
    third = backup(aws, file_system)

    project.up()

    assert sources_of(aws, file_system) == {second, third}
    # With keep 1, nothing is deleted before the new copy exists.
    declare(project, dr=region(file_system, keep=1, deletion_protection=protection))
    project.up()
    aws.configure(user_initiated_backups=sum(copy["type"] != "AUTOMATIC" for copy in aws.backups(DR)))
    backup(aws, file_system)
    for options in up_options(project):
        assert "Windows backups" in project.up(*options, succeeds=False)
        assert sources_of(aws, file_system) == {third}


@pytest.mark.parametrize("expired", [False, True])
def test_pending_delete_of_dr_region_needs_successor(
    project: Project, aws: Control, file_system: str, *, expired: bool
) -> None:
    source = backup(aws, file_system)
    declare(project, dr=region(file_system, deletion_protection=False))
    project.up()
    (old,) = (copy["id"] for copy in copies(aws) if copy["file_system_id"] == file_system)
    declare(project, dr=region(file_system, deletion_protection=False, kms_key_id=new_key(aws)))
    aws.add_fault("access_denied", "DeleteBackup")
    project.up(succeeds=False)
    aws.lift_fault()
    (new,) = {copy["id"] for copy in copies(aws) if copy["file_system_id"] == file_system} - {old}
    aws.remove_backup(DR, new)
    if expired:
        aws.remove_backup(SOURCE_REGION, source)

    if not expired:
        for options in up_options(project):
            assert "pulumi up --refresh" in project.up(*options, succeeds=False)
            assert sources_of(aws, file_system) == {source}
    project.up("--refresh")
    assert sources_of(aws, file_system) == {source}
    project.up()
    assert sources_of(aws, file_system) == {source}
