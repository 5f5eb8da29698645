"""Diff tells a change in place from one that needs a new copy."""

from typing import Any

import pytest
from pulumi.dynamic import DiffResult
from pulumi.output import Unknown

from simulator.fsx import FsxService
from tests.engine.plugin_stack import ON_THE_DYNAMIC_HOST
from tests.engine.process import Context as HostContext
from tests.engine.process import Host, HostRequest
from tests.engine.stack import Stack, State, change_outputs, copy_args
from tests.engine.wire import key_named


def unknown() -> Any:
    return Unknown()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped


def diff(old: State, news: dict[str, Any]) -> DiffResult:
    result: DiffResult = Host().Diff(
        HostRequest("urn:pulumi:prod::files::t::monday"), HostContext(), old.id, old.outputs, news
    )
    return result


@pytest.fixture
def encrypted(stack: Stack, source: str, key: str) -> Stack:
    """Return a stack with the copy `monday`, encrypted with `key`."""
    stack.up({"monday": copy_args(source, kms_key_id=key, tags={"team": "storage"})})
    return stack


def test_nothing_changed_is_no_diff(encrypted: Stack, source: str, key: str) -> None:
    result = encrypted.preview("monday", copy_args(source, kms_key_id=key, tags={"team": "storage"}))

    assert (result.changes, result.replaces) == (False, [])


def test_tags_change_in_place(encrypted: Stack, source: str, key: str) -> None:
    result = encrypted.preview("monday", copy_args(source, kms_key_id=key, tags={"team": "other"}))

    assert (result.changes, result.replaces) == (True, [])


def test_copy_tags_changed_later_is_shown_but_copies_nothing_again(encrypted: Stack, source: str, key: str) -> None:
    args = copy_args(source, kms_key_id=key, tags={"team": "storage"}, copy_tags=True)

    result = encrypted.preview("monday", args)

    assert (result.changes, result.replaces) == (True, [])


@pytest.mark.parametrize(
    ("argument", "value"),
    [("region", "eu-north-1"), ("source_region", "eu-north-1"), ("source_backup_id", "backup-0fedcba9876543210")],
)
def test_another_place_or_source_needs_a_new_copy_before_the_old_one_goes(
    stack: Stack, source: str, argument: str, value: str
) -> None:
    stack.up({"monday": copy_args(source)})

    result = stack.preview("monday", copy_args(source, **{argument: value}))

    assert (result.changes, result.replaces, result.delete_before_replace) == (True, [argument], False)


def test_the_same_key_written_in_four_ways_is_no_diff(encrypted: Stack, source: str, key: str) -> None:
    alias = "alias/dr"
    spellings = [key, key.rpartition("/")[2], alias, key.rpartition(":")[0] + f":{alias}"]

    results = [
        encrypted.preview("monday", copy_args(source, kms_key_id=spelling, tags={"team": "storage"}))
        for spelling in spellings
    ]

    assert [(result.changes, result.replaces) for result in results] == [(False, [])] * 4


def test_no_key_given_is_no_diff(encrypted: Stack, source: str) -> None:
    assert encrypted.preview("monday", copy_args(source, tags={"team": "storage"})).changes is False


@pytest.mark.parametrize("spelling", ["id", "arn", "alias"])
def test_another_key_needs_a_new_copy(encrypted: Stack, source: str, spelling: str) -> None:
    other = key_named("other")
    written = {"id": other.rpartition("/")[2], "arn": other, "alias": "alias/other"}[spelling]

    result = encrypted.preview("monday", copy_args(source, kms_key_id=written, tags={"team": "storage"}))

    assert (result.changes, result.replaces) == (True, ["kms_key_id"])


def test_a_customer_s_key_in_place_of_fsx_s_own_needs_a_new_copy(stack: Stack, source: str, key: str) -> None:
    stack.up({"monday": copy_args(source)})

    assert stack.preview("monday", copy_args(source, kms_key_id=key)).replaces == ["kms_key_id"]


@pytest.mark.parametrize("trouble", ["access_denied", "refuse", "throttled", "malformed"])
def test_an_alias_that_cannot_be_looked_up_never_fails_a_preview(
    encrypted: Stack, service: FsxService, source: str, trouble: Any, caplog: pytest.LogCaptureFixture
) -> None:
    service.add_fault(trouble, "DescribeKey", service="kms")

    result = encrypted.preview("monday", copy_args(source, kms_key_id="alias/other", tags={"team": "storage"}))

    assert (result.changes, result.replaces) == (False, [])
    assert "so the copy keeps its key" in caplog.text
    assert "alias/other" not in caplog.text


@pytest.mark.parametrize("name", ["source_backup_id", "source_region", "region", "kms_key_id", "tags", "copy_tags"])
def test_what_is_not_known_yet_may_change_the_copy_but_replaces_nothing(
    encrypted: Stack, source: str, key: str, name: str
) -> None:
    args = copy_args(source, kms_key_id=key, tags={"team": "storage"}, copy_tags=False)

    result = diff(encrypted.states["monday"], {"__provider": "pickled", **args, name: unknown()})

    assert (result.changes, result.replaces) == (True, [])


def test_an_unknown_deep_inside_the_tags_is_a_change(encrypted: Stack, source: str, key: str) -> None:
    args = copy_args(source, kms_key_id=key, tags={"team": unknown()})

    assert diff(encrypted.states["monday"], args).changes is True


@pytest.mark.parametrize("lifecycle", ["FAILED", "DELETED"])
def test_a_copy_known_to_be_dead_is_made_anew(stack: Stack, source: str, lifecycle: str) -> None:
    stack.up({"monday": copy_args(source)})
    change_outputs(stack, "monday", lifecycle=lifecycle)

    assert stack.preview("monday", copy_args(source)).replaces == ["lifecycle"]


@ON_THE_DYNAMIC_HOST
def test_a_provider_that_moved_reaches_every_state(stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})
    change_outputs(stack, "monday", __provider="elsewhere")

    result = stack.preview("monday", copy_args(source))

    assert (result.changes, result.replaces) == (True, [])


def test_adoption_matters_only_to_a_create(stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})

    assert stack.preview("monday", copy_args(source, adopt_backup_id="backup-0fedcba9876543210")).changes is False
