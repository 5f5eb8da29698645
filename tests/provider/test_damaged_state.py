"""A damaged state is one sentence that says how to get out; nothing is deleted, and nothing waits."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pulumi_fsx_dr.errors import FsxDrError, InvalidStateError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import copies, only_copy, write_tag
from tests.engine.stack import Stack, change_outputs, copy_args

OUTPUTS = [
    "source_backup_id",
    "source_region",
    "region",
    "tags",
    "arn",
    "lifecycle",
    "kms_key_arn",
    "creation_time",
    "source_creation_time",
    "size_in_bytes",
    "owner_id",
    "backup_type",
    "file_system_id",
    "file_system_type",
    "tags_all",
    "managed_by",
]
COMMANDS: dict[str, Callable[[Stack, str], object]] = {
    "preview": lambda stack, source: stack.preview("monday", copy_args(source)),
    "up": lambda stack, source: stack.up({"monday": copy_args(source)}),
    "refresh": lambda stack, _: stack.refresh(),
    "destroy": lambda stack, _: stack.destroy(),
}


@pytest.fixture
def made(stack: Stack, source: str) -> str:
    """Return the id of the stack's one copy, `monday`."""
    stack.up({"monday": copy_args(source, tags={"team": "storage"})})
    return stack.states["monday"].id


def refused(stack: Stack, source: str, command: str) -> str:
    """Return why a command fails at once, and changes nothing."""
    service = stack.wire.service
    before, began = service.backups(AWAY), service.now()
    with pytest.raises(InvalidStateError) as refusal:
        COMMANDS[command](stack, source)
    assert service.backups(AWAY) == before
    assert service.now() - began < 5
    assert list(stack.states) == ["monday"]
    return str(refusal.value)


@pytest.mark.parametrize("value", [5, {"a": ["b"]}, "no such thing"])
@pytest.mark.parametrize("output", OUTPUTS)
def test_a_wrong_output_is_refused_or_does_no_harm(  # noqa: PLR0913, PLR0917  # fixtures, and the cases
    service: FsxService, stack: Stack, source: str, made: str, output: str, value: Any
) -> None:
    change_outputs(stack, "monday", **{output: value})
    damaged, began = stack.states, service.now()
    for command in COMMANDS.values():
        stack.states = dict(damaged)
        try:
            command(stack, source)
        except FsxDrError:
            assert made in copies(service)
            assert stack.states == damaged
        assert stack.states == {} or stack.states["monday"].id in copies(service)
    assert service.now() - began < 60


@pytest.mark.parametrize(
    "changes",
    [
        {"region": "nowhere"},
        {"region": ""},
        {"region": "EU-CENTRAL-1"},
        {"region": "eu-nowhere-9"},
        {"region": HOME},
        {"region": None},
        {"source_backup_id": None},
        {"source_backup_id": "backup-0fedcba9876543210"},
        {"tags": "team"},
        {"source_region": "::error::"},
        {"owner_id": "::error::"},
    ],
)
@pytest.mark.parametrize("command", ["refresh", "destroy"])
def test_a_damaged_entry_is_refused_and_its_removal_is_the_way_out(
    stack: Stack, source: str, made: str, changes: dict[str, Any], command: str
) -> None:
    change_outputs(stack, "monday", **changes)

    said = refused(stack, source, command)

    assert f"pulumi state delete '{stack.urn('monday')}'" in said
    del stack.states["monday"]
    stack.up({"monday": copy_args(source, tags={"team": "storage"})})
    assert only_copy(stack) == made


@pytest.mark.parametrize("backup", ["a backup", "another copy"])
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("has_arn", [True, False])
def test_the_id_of_another_backup_is_refused(  # noqa: PLR0913, PLR0917  # fixtures, and the cases
    service: FsxService, stack: Stack, source: str, made: str, backup: str, command: str, *, has_arn: bool
) -> None:
    (file_system,) = service.file_systems(HOME)
    if backup == "a backup":
        other = service.seed_backup(AWAY, service.seed_file_system(AWAY), type="USER_INITIATED")
    else:
        theirs = Stack(stack.wire, name="other")
        theirs.up({"tuesday": copy_args(service.seed_backup(HOME, file_system["FileSystemId"]))})
        other = theirs.states["tuesday"].id
    write_tag(service, other, service.backup(AWAY, made)["tags"]["fsx-dr:managed-by"])
    stack.states["monday"] = replace(stack.states["monday"], id=other)
    if not has_arn:
        change_outputs(stack, "monday", arn=None)

    assert f"pulumi state delete '{stack.urn('monday')}'" in refused(stack, source, command)

    del stack.states["monday"]
    stack.up({"monday": copy_args(source, tags={"team": "storage"})})
    stack.destroy()
    assert copies(service) == [other]


def test_a_lost_managed_by_is_written_by_the_next_up(service: FsxService, stack: Stack, source: str, made: str) -> None:
    change_outputs(stack, "monday", managed_by=None)
    assert "pulumi up" in refused(stack, source, "destroy")
    stack.refresh()
    assert "pulumi up" in refused(stack, source, "destroy")

    stack.up({"monday": copy_args(source)})

    assert only_copy(stack) == made
    stack.destroy()
    assert copies(service) == []


def test_a_lost_owner_id_says_nothing_of_a_copy_that_is_not_found(
    service: FsxService, stack: Stack, source: str, made: str
) -> None:
    change_outputs(stack, "monday", owner_id=None)
    service.remove_backup(AWAY, made)

    for command in ("refresh", "destroy"):
        assert f"pulumi state delete '{stack.urn('monday')}'" in refused(stack, source, command)

    del stack.states["monday"]
    stack.up({"monday": copy_args(source)})
    only_copy(stack)


def test_a_lost_owner_id_is_read_anew(service: FsxService, stack: Stack, made: str) -> None:
    change_outputs(stack, "monday", owner_id=None)

    stack.refresh()

    assert stack.states["monday"].outputs["owner_id"]
    assert only_copy(stack) == made
    stack.destroy()
    assert copies(service) == []
