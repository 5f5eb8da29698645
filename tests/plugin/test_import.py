"""A copy that exists already comes into the state as it is; the first update makes it the state's own."""

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2
from pulumi_fsx_dr.copies.ownership import MARK_TAG, Recorded, parse_mark
from pulumi_fsx_dr.errors import CopyError, FsxDrError

from rehearsal.fsx import FsxService
from rehearsal.fsx.fixtures import AWAY, HOME
from tests.provider.deploying import State, Wire, copy_args
from tests.provider.plugin_stack import PluginContext, PluginStack, received


@pytest.fixture
def theirs(wire: Wire, source: str, key: str) -> str:
    """Return a copy that another stack has made and recorded."""
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


def mark(service: FsxService, backup_id: str) -> str:
    return str(service.backup(AWAY, backup_id)["tags"][MARK_TAG])


def test_it_comes_with_the_arguments_that_would_make_it(stack: PluginStack, source: str, key: str, theirs: str) -> None:
    imported(stack, f"{AWAY}/{theirs}")

    state = stack.states["monday"]
    assert state.id == theirs
    assert state.inputs == {
        "source_backup_id": source,
        "source_region": HOME,
        "region": AWAY,
        "kms_key_id": key,
        "copy_tags": False,
        "tags": {"a": "1"},
    }
    assert state.outputs["lifecycle"] == "AVAILABLE"


def test_the_provider_s_region_is_where_an_id_alone_is_looked_for(stack: PluginStack, theirs: str) -> None:
    stack.region = AWAY

    assert read(stack, theirs).id == theirs


def test_importing_previewing_and_refreshing_write_nothing(
    service: FsxService, stack: PluginStack, theirs: str
) -> None:
    before = mark(service, theirs)

    imported(stack, f"{AWAY}/{theirs}")
    run = stack.run()
    stack.diff(run, "monday", stack.check(run, "monday", stack.states["monday"].inputs, stack.states["monday"].inputs))
    stack.end(run)
    stack.refresh()

    assert mark(service, theirs) == before


def test_the_next_update_makes_it_the_state_s_own(service: FsxService, stack: PluginStack, theirs: str) -> None:
    imported(stack, f"{AWAY}/{theirs}")
    args = stack.states["monday"].inputs

    stack.up({"monday": args})

    own = parse_mark(mark(service, theirs))
    assert isinstance(own, Recorded)
    assert (own.nonce, own.identity) == (stack.states["monday"].outputs["nonce"], "files/prod/monday")
    assert stack.preview("monday", args).changes is False
    stack.destroy()
    assert service.backups(AWAY) == []


def test_before_that_destroy_leaves_it_to_whose_it_is(
    service: FsxService, stack: PluginStack, theirs: str, caplog: pytest.LogCaptureFixture
) -> None:
    imported(stack, f"{AWAY}/{theirs}")

    stack.destroy()

    assert [copy["id"] for copy in service.backups(AWAY)] == [theirs]
    assert f"{theirs} in {AWAY} now belongs to files/other/theirs, so it was not deleted." in caplog.text


def test_a_copy_that_is_only_read_stays_whose_it_is(service: FsxService, stack: PluginStack, theirs: str) -> None:
    """`BackupCopy.get`: the engine reads it again in each refresh, and shows what it was told."""
    before = mark(service, theirs)
    got = read(stack, f"{AWAY}/{theirs}")

    again = read(stack, got.id, got.properties)

    assert again.properties == got.properties
    assert mark(service, theirs) == before


@pytest.mark.parametrize("given", ["monday", "eu-central-1/", f"nowhere/{'backup-0123456789abcdef0'}"])
def test_what_cannot_be_an_id_is_refused(stack: PluginStack, given: str) -> None:
    with pytest.raises(FsxDrError, match=r"is not what to import|nowhere"):
        read(stack, given)


def test_a_backup_that_is_no_copy_is_refused(stack: PluginStack, source: str) -> None:
    with pytest.raises(CopyError, match=f"{source} in {HOME} is a copy of nothing"):
        read(stack, f"{HOME}/{source}")


def test_what_is_not_there_does_not_exist(stack: PluginStack) -> None:
    assert read(stack, f"{AWAY}/backup-0fedcba9876543210").id == ""
