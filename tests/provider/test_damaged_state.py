"""A damaged state is an error that names the fix; no copy is deleted, and no command waits."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pulumi_fsx_dr.errors import FsxDrError, InvalidStateError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import copies, only_copy, refused, write_tag
from tests.engine.stack import Stack, change_outputs, copy_args, monday

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
    "up": lambda stack, source: stack.up(monday(source)),
    "refresh": lambda stack, _: stack.refresh(),
    "destroy": lambda stack, _: stack.destroy(),
}


@pytest.fixture
def made(stack: Stack, source: str) -> str:
    """Return the id of the stack's only copy, `monday`."""
    stack.up(monday(source, tags={"team": "storage"}))
    return stack.states["monday"].id


def require_refused(stack: Stack, source: str, command: str, way_out: str = "") -> None:
    """Require that a command fails quickly, changes nothing, and names the fix."""
    service = stack.wire.service
    before, began = service.backups(AWAY), service.now()
    with refused(InvalidStateError, way_out or f"pulumi state delete '{stack.urn('monday')}'"):
        COMMANDS[command](stack, source)
    assert service.backups(AWAY) == before
    assert service.now() - began < 5
    assert list(stack.states) == ["monday"]


@pytest.mark.parametrize("value", [5, {"a": ["b"]}, "no such thing"])
@pytest.mark.parametrize("output", OUTPUTS)
def test_commands_refuse_wrong_output_or_keep_copy(  # noqa: PLR0913, PLR0917  # fixtures and parameters
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
        *({"region": region} for region in ("nowhere", "", "EU-CENTRAL-1", "eu-nowhere-9", HOME, None)),
        {"source_backup_id": None},
        {"source_backup_id": "backup-0fedcba9876543210"},
        {"tags": "team"},
        {"source_region": "::error::"},
        {"owner_id": "::error::"},
    ],
)
@pytest.mark.parametrize("command", ["refresh", "destroy"])
def test_commands_suggest_state_delete(
    stack: Stack, source: str, made: str, changes: dict[str, Any], command: str
) -> None:
    change_outputs(stack, "monday", **changes)

    require_refused(stack, source, command)

    del stack.states["monday"]
    stack.up(monday(source, tags={"team": "storage"}))
    assert only_copy(stack) == made


@pytest.mark.parametrize("is_copy", [True, False])
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("has_arn", [True, False])
def test_commands_refuse_id_of_another_backup(  # noqa: PLR0913, PLR0917  # fixtures and parameters
    service: FsxService, stack: Stack, source: str, made: str, newer: str, command: str, *, is_copy: bool, has_arn: bool
) -> None:
    if is_copy:
        theirs = Stack(stack.wire, name="other")
        theirs.up({"tuesday": copy_args(newer)})
        another = theirs.states["tuesday"].id
    else:
        another = service.seed_backup(AWAY, service.seed_file_system(AWAY), type="USER_INITIATED")
    write_tag(service, another, service.backup(AWAY, made)["tags"]["fsx-dr:managed-by"])
    stack.states["monday"] = replace(stack.states["monday"], id=another)
    if not has_arn:
        change_outputs(stack, "monday", arn=None)

    require_refused(stack, source, command)

    del stack.states["monday"]
    stack.up(monday(source, tags={"team": "storage"}))
    stack.destroy()
    assert copies(service) == [another]


def test_up_restores_missing_managed_by(service: FsxService, stack: Stack, source: str, made: str) -> None:
    change_outputs(stack, "monday", managed_by=None)
    require_refused(stack, source, "destroy", "pulumi up")
    stack.refresh()
    require_refused(stack, source, "destroy", "pulumi up")

    stack.up(monday(source))

    assert only_copy(stack) == made
    stack.destroy()
    assert copies(service) == []


@pytest.mark.parametrize("command", ["refresh", "destroy"])
def test_commands_without_account_keep_entry_of_missing_copy(
    service: FsxService, stack: Stack, source: str, made: str, command: str
) -> None:
    change_outputs(stack, "monday", owner_id=None)
    service.remove_backup(AWAY, made)

    require_refused(stack, source, command)

    del stack.states["monday"]
    stack.up(monday(source))
    only_copy(stack)


def test_refresh_restores_missing_account(service: FsxService, stack: Stack, made: str) -> None:
    change_outputs(stack, "monday", owner_id=None)

    stack.refresh()

    assert stack.states["monday"].outputs["owner_id"]
    assert only_copy(stack) == made
    stack.destroy()
    assert copies(service) == []
