"""Refresh reads a copy, and drops it from the state only if FSx says that it is gone."""

from typing import Any

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import CopyError, FsxDrError, ServiceError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import only_copy, own_copy, refused
from tests.engine.stack import Stack, change_outputs, copy_args, monday


def test_refresh_of_unchanged_copy_changes_nothing(stack: Stack, source: str, key: str) -> None:
    stack.up(monday(source, kms_key_id=key, copy_tags=True, tags={"cost": "dr"}))
    before = stack.states["monday"]

    stack.refresh()

    known_to_the_engine = {"__provider": "pickled"}
    assert stack.states["monday"].outputs | known_to_the_engine == before.outputs
    assert stack.states["monday"].inputs | known_to_the_engine == before.inputs


@pytest.mark.parametrize("becomes", ["removed", "DELETED", "FAILED"])
def test_refresh_drops_copy_that_is_gone(
    service: FsxService, stack: Stack, source: str, made: str, becomes: str
) -> None:
    if becomes == "removed":
        service.remove_backup(AWAY, made)
    else:
        service.set_lifecycle(AWAY, made, becomes)
    began = service.now()

    stack.refresh()

    assert stack.states == {}
    assert service.now() - began < 60
    stack.up(monday(source))
    assert own_copy(stack) != made


def test_refresh_with_other_account_keeps_entry(service: FsxService, stack: Stack, made: str) -> None:
    change_outputs(stack, "monday", owner_id="999999999999")
    service.remove_backup(AWAY, made)

    with refused(CopyError, made, AWAY, "999999999999"):
        stack.refresh()

    assert stack.states["monday"].id == made


@pytest.mark.parametrize("kind", ["access_denied", "not_enabled"])
@pytest.mark.parametrize("call", ["fsx:DescribeBackups", "sts:GetCallerIdentity"])
def test_refused_refresh_keeps_entry(service: FsxService, stack: Stack, made: str, call: str, kind: Any) -> None:
    name, _, action = call.partition(":")
    service.remove_backup(AWAY, made)
    service.add_fault(kind, action, service=name)

    with pytest.raises(ServiceError):
        stack.refresh()

    assert list(stack.states) == ["monday"]


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("kind", ["refuse", "unavailable", "malformed", "hang"])
def test_refresh_of_unreachable_region_keeps_entry(service: FsxService, stack: Stack, kind: Any) -> None:
    service.make_unreachable(AWAY, kind)

    with pytest.raises(FsxDrError):
        stack.refresh()

    assert list(stack.states) == ["monday"]


@pytest.mark.parametrize("ours", [{"team": "storage"}, {}, {"team": "changed"}])
@pytest.mark.parametrize("others", [{}, {"theirs": "y", "aws:backup:source": "z"}])
def test_refresh_shows_drift_of_declared_tags_only(
    service: FsxService, stack: Stack, source: str, ours: dict[str, str], others: dict[str, str]
) -> None:
    args = copy_args(source, tags={"team": "storage"})
    stack.up({"monday": args})
    copy = service.backup(AWAY, only_copy(stack))
    service.set_tags(AWAY, copy["id"], {OWNERSHIP_TAG: copy["tags"][OWNERSHIP_TAG], **ours, **others})

    stack.refresh()

    assert stack.states["monday"].inputs["tags"] == ours
    assert stack.preview("monday", args).changes is (ours != {"team": "storage"})
    assert stack.states["monday"].outputs["tags_all"] == ours | ({"theirs": "y"} if others else {})


def test_refresh_needs_neither_source_nor_environment(
    service: FsxService, stack: Stack, source: str, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.remove_backup(HOME, source)
    service.make_unreachable(HOME)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    stack.refresh()

    assert only_copy(stack) == made
    assert stack.states["monday"].outputs["region"] == AWAY
    assert stack.preview("monday", copy_args(source)).changes is False
    assert service.journal(HOME, "DescribeBackups") == []


def test_refresh_of_many_copies_needs_one_listing(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({f"copy-{number}": copy_args(source) for number in range(30)})
    service.clear_journal()

    stack.refresh()

    listed = service.journal(AWAY, "DescribeBackups")
    assert [entry["ids"] for entry in listed] == [[]] * len(listed)
    assert len(stack.states) == 30


def test_refresh_looks_up_changed_copies_by_id(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({name: copy_args(source, tags={"app": "a"}) for name in ("monday", "tuesday", "wednesday")})
    ids = {name: state.id for name, state in stack.states.items()}
    service.set_tags(AWAY, ids["tuesday"], {"app": "b"})
    service.remove_backup(AWAY, ids["wednesday"])
    service.clear_journal()

    stack.refresh()

    asked = [id_ for entry in service.journal(AWAY, "DescribeBackups") for id_ in entry["ids"]]
    assert sorted(asked) == sorted([ids["tuesday"], ids["wednesday"]])
    assert stack.states["tuesday"].outputs["tags_all"]["app"] == "b"
    assert list(stack.states) == ["monday", "tuesday"]


def test_refresh_keeps_unlisted_copy(service: FsxService, stack: Stack, source: str) -> None:
    service.configure(listed_after_seconds=1e9)
    stack.up({"monday": copy_args(source)})

    stack.refresh()

    assert list(stack.states) == ["monday"]
