"""Diff distinguishes updates in place from replacements."""

from typing import Any

import pytest
from pulumi.dynamic import DiffResult
from pulumi.output import Unknown

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY
from tests.engine.plugin_stack import ONLY_DYNAMIC
from tests.engine.process import Context, Host, HostRequest
from tests.engine.stack import Stack, State, change_outputs, copy_args, monday
from tests.engine.wire import key_named

OTHER_ID = "backup-0fedcba9876543210"
TEAM = {"tags": {"team": "storage"}}


def unknown() -> Any:
    return Unknown()  # type: ignore[no-untyped-call]  # the SDK has no types


def diff(old: State, news: dict[str, Any]) -> DiffResult:
    request = HostRequest("urn:pulumi:prod::files::t::monday")
    result: DiffResult = Host().Diff(request, Context(), old.id, old.outputs, news)
    return result


def preview(stack: Stack, source: str, **args: Any) -> tuple[bool | None, list[str] | None]:
    result = stack.preview("monday", copy_args(source, **args))
    return result.changes, result.replaces


@pytest.fixture
def encrypted(stack: Stack, source: str, key: str) -> Stack:
    """Return a stack with the copy `monday`, encrypted with `key`."""
    stack.up(monday(source, kms_key_id=key, **TEAM))
    return stack


@pytest.mark.parametrize(
    ("args", "changes"),
    [
        ({}, False),
        ({"adopt_backup_id": OTHER_ID}, False),  # used only by create
        ({"tags": {"team": "other"}}, True),
        ({"copy_tags": True}, True),  # shown, but copies nothing
    ],
)
def test_diff_updates_in_place(encrypted: Stack, source: str, key: str, args: dict[str, Any], *, changes: bool) -> None:
    assert preview(encrypted, source, **{"kms_key_id": key, **TEAM, **args}) == (changes, [])


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(
    ("argument", "value"),
    [("region", "eu-north-1"), ("source_region", "eu-north-1"), ("source_backup_id", OTHER_ID)],
)
def test_diff_replaces_before_delete(stack: Stack, source: str, argument: str, value: str) -> None:
    result = stack.preview("monday", copy_args(source, **{argument: value}))

    assert (result.changes, result.replaces, result.delete_before_replace) == (True, [argument], False)


def test_diff_recognizes_key_by_any_name(encrypted: Stack, source: str, key: str) -> None:
    names = [key, key.rpartition("/")[2], "alias/dr", key.rpartition(":")[0] + ":alias/dr", None]

    found = [preview(encrypted, source, kms_key_id=name, **TEAM) for name in names]

    assert found == [(False, [])] * 5


def test_diff_replaces_for_other_key(encrypted: Stack, source: str) -> None:
    other = key_named("other")

    found = [preview(encrypted, source, kms_key_id=name) for name in (other.rpartition("/")[2], other, "alias/other")]

    assert found == [(True, ["kms_key_id"])] * 3


@pytest.mark.usefixtures("made")
def test_diff_replaces_for_key_instead_of_fsx_default(stack: Stack, source: str, key: str) -> None:
    assert preview(stack, source, kms_key_id=key) == (True, ["kms_key_id"])


@pytest.mark.parametrize("fault", ["access_denied", "refuse", "throttled", "malformed"])
def test_diff_keeps_key_if_kms_does_not_answer(
    encrypted: Stack, service: FsxService, source: str, fault: Any, caplog: pytest.LogCaptureFixture
) -> None:
    service.add_fault(fault, "DescribeKey", service="kms")

    assert preview(encrypted, source, kms_key_id="alias/other", **TEAM) == (False, [])
    assert "kms:DescribeKey" in caplog.text
    assert "alias/other" not in caplog.text


@pytest.mark.parametrize("name", ["source_backup_id", "source_region", "region", "kms_key_id", "tags", "copy_tags"])
def test_diff_does_not_replace_for_unknown_value(encrypted: Stack, source: str, key: str, name: str) -> None:
    args = copy_args(source, kms_key_id=key, copy_tags=False, **TEAM)

    result = diff(encrypted.states["monday"], {"__provider": "pickled", **args, name: unknown()})

    assert (result.changes, result.replaces) == (True, [])


def test_diff_treats_unknown_tag_as_change(encrypted: Stack, source: str, key: str) -> None:
    args = copy_args(source, kms_key_id=key, tags={"team": unknown()})

    assert diff(encrypted.states["monday"], args).changes is True


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("lifecycle", ["FAILED", "DELETED"])
def test_diff_replaces_failed_or_deleted_copy(stack: Stack, source: str, lifecycle: str) -> None:
    change_outputs(stack, "monday", lifecycle=lifecycle)

    assert preview(stack, source) == (True, ["lifecycle"])


@ONLY_DYNAMIC
@pytest.mark.usefixtures("made")
def test_diff_updates_entry_with_former_provider(stack: Stack, source: str) -> None:
    change_outputs(stack, "monday", __provider="elsewhere")

    assert preview(stack, source) == (True, [])


@pytest.mark.parametrize("is_gone", [True, False])
def test_diff_warns_if_copy_is_gone(
    stack: Stack, source: str, made: str, caplog: pytest.LogCaptureFixture, *, is_gone: bool
) -> None:
    if is_gone:
        stack.wire.service.remove_backup(AWAY, made)

    preview(stack, source)

    assert [made in text for text in caplog.messages if "--refresh" in text] == ([True] if is_gone else [])
