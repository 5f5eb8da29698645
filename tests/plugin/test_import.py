"""Import reads a copy unchanged; the first update writes the owner id of the stack."""

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import CopyError, FsxDrError, InvalidStateError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.plugin_stack import PluginContext, PluginStack, received
from tests.engine.stack import State, copy_args
from tests.engine.wire import Wire


@pytest.fixture
def theirs(wire: Wire, source: str, key: str) -> str:
    """Return a copy of another stack."""
    other = PluginStack(wire, name="other")
    other.up({"theirs": copy_args(source, kms_key_id=key, tags={"a": "1"})})
    return other.states["theirs"].id


def read(stack: PluginStack, given: str, outputs: Struct | None = None) -> Any:
    run = stack.run()
    request = provider_pb2.ReadRequest(id=given, urn=stack.urn("monday"), properties=outputs)
    return stack.provider_of(run).Read(request, PluginContext())


def imported(stack: PluginStack, given: str) -> None:
    """Do what `pulumi import` does."""
    answer = read(stack, given)
    stack.states["monday"] = State(answer.id, received(answer.inputs), received(answer.properties))


def tag(service: FsxService, backup_id: str) -> str:
    return str(service.backup(AWAY, backup_id)["tags"][OWNERSHIP_TAG])


def test_import_reads_arguments_of_copy(stack: PluginStack, source: str, key: str, theirs: str) -> None:
    imported(stack, f"{AWAY}/{theirs}")

    state = stack.states["monday"]
    assert state.id == theirs
    assert state.inputs == {
        "source_backup_id": source,
        "source_region": HOME,
        "region": AWAY,
        "kms_key_id": key,
        "copy_tags": False,
        "deletion_protection": False,
        "tags": {"a": "1"},
    }
    assert state.outputs["lifecycle"] == "AVAILABLE"
    assert "managed_by" not in state.outputs


def test_import_of_bare_id_uses_provider_region(stack: PluginStack, theirs: str) -> None:
    stack.region = AWAY

    assert read(stack, theirs).id == theirs


def test_import_preview_and_refresh_write_nothing(service: FsxService, stack: PluginStack, theirs: str) -> None:
    before = tag(service, theirs)

    imported(stack, f"{AWAY}/{theirs}")
    stack.preview("monday", stack.states["monday"].inputs)
    stack.refresh()

    assert tag(service, theirs) == before


def test_update_takes_ownership_of_imported_copy(service: FsxService, stack: PluginStack, theirs: str) -> None:
    imported(stack, f"{AWAY}/{theirs}")
    args = stack.states["monday"].inputs

    stack.up({"monday": args})

    managed_by = stack.states["monday"].outputs["managed_by"]
    assert managed_by.startswith(f"{stack.owner_id}/")
    assert tag(service, theirs) == f"{managed_by}/files/prod/monday"
    assert stack.preview("monday", args).changes is False
    stack.destroy()
    assert service.backups(AWAY) == []


def test_diff_names_owner_of_imported_copy(stack: PluginStack, theirs: str, caplog: pytest.LogCaptureFixture) -> None:
    imported(stack, f"{AWAY}/{theirs}")

    assert stack.preview("monday", stack.states["monday"].inputs).changes

    assert theirs in caplog.text
    assert "files/other/theirs" in caplog.text


def test_diff_is_silent_for_imported_copy_of_same_stack(
    stack: PluginStack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    stack.up({"monday": copy_args(source)})
    imported(stack, f"{AWAY}/{stack.states['monday'].id}")

    assert stack.preview("monday", stack.states["monday"].inputs).changes
    assert caplog.text == ""


def test_destroy_refuses_imported_copy_without_own_tag(service: FsxService, stack: PluginStack, theirs: str) -> None:
    imported(stack, f"{AWAY}/{theirs}")

    with pytest.raises(InvalidStateError, match=r"pulumi up.*pulumi state delete"):
        stack.destroy()

    assert [copy["id"] for copy in service.backups(AWAY)] == [theirs]


def test_read_keeps_tag_of_owner(service: FsxService, stack: PluginStack, theirs: str) -> None:
    """`BackupCopy.get`: the engine reads the copy again in each refresh."""
    before = tag(service, theirs)
    got = read(stack, f"{AWAY}/{theirs}")

    again = read(stack, got.id, got.properties)

    assert again.properties == got.properties
    assert tag(service, theirs) == before


@pytest.mark.parametrize("given", ["monday", "eu-central-1/", "nowhere/backup-0123456789abcdef0"])
def test_import_refuses_malformed_id(stack: PluginStack, given: str) -> None:
    with pytest.raises(FsxDrError, match=r"import|AWS Region"):
        read(stack, given)


def test_import_refuses_backup_that_is_not_a_copy(stack: PluginStack, source: str) -> None:
    with pytest.raises(CopyError, match=f"{source} in {HOME}"):
        read(stack, f"{HOME}/{source}")
    assert read(stack, f"{AWAY}/backup-0fedcba9876543210").id == ""
