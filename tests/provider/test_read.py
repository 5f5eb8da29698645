"""A refresh tells what became of a copy, and says that it is gone only when that is sure."""

from typing import Any

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import CopyError, FsxDrError, ServiceError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.stack import Stack, change_outputs, copy_args


def test_a_refresh_of_an_unchanged_copy_changes_nothing(stack: Stack, source: str, key: str) -> None:
    stack.up({"monday": copy_args(source, kms_key_id=key, copy_tags=True, tags={"cost": "dr"})})
    before = stack.states["monday"]

    stack.refresh()

    known_to_the_engine = {"__provider": "pickled"}
    assert stack.states["monday"].outputs | known_to_the_engine == before.outputs
    assert stack.states["monday"].inputs | known_to_the_engine == before.inputs


@pytest.mark.parametrize("becomes", ["removed", "DELETED", "FAILED"])
def test_a_copy_that_is_no_more_is_gone(service: FsxService, stack: Stack, source: str, becomes: str) -> None:
    stack.up({"monday": copy_args(source)})
    copy = stack.states["monday"].id
    scenes: dict[str, Any] = {"removed": lambda: service.remove_backup(AWAY, copy)}
    scenes.get(becomes, lambda: service.set_lifecycle(AWAY, copy, becomes))()

    stack.refresh()

    assert stack.states == {}


def test_credentials_of_another_account_never_make_a_copy_gone(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})
    copy = stack.states["monday"].id
    change_outputs(stack, "monday", owner_id="999999999999")
    service.remove_backup(AWAY, copy)

    with pytest.raises(CopyError, match=f"{copy} in {AWAY} belongs to account 999999999999"):
        stack.refresh()

    assert stack.states["monday"].id == copy


@pytest.mark.parametrize("kind", ["access_denied", "not_enabled"])
@pytest.mark.parametrize("call", ["fsx:DescribeBackups", "sts:GetCallerIdentity"])
def test_a_refusal_never_makes_a_copy_gone(
    service: FsxService, stack: Stack, source: str, call: str, kind: Any
) -> None:
    asked, _, action = call.partition(":")
    stack.up({"monday": copy_args(source)})
    service.remove_backup(AWAY, stack.states["monday"].id)
    service.add_fault(kind, action, service=asked)

    with pytest.raises(ServiceError):
        stack.refresh()

    assert list(stack.states) == ["monday"]


@pytest.mark.parametrize("kind", ["refuse", "unavailable", "malformed", "hang"])
def test_a_region_that_stays_dark_never_makes_a_copy_gone(
    service: FsxService, stack: Stack, source: str, kind: Any
) -> None:
    stack.up({"monday": copy_args(source)})
    service.make_unreachable(AWAY, kind)

    with pytest.raises(FsxDrError):
        stack.refresh()

    assert list(stack.states) == ["monday"]


def test_what_was_gone_is_made_anew_by_the_next_run(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})
    service.remove_backup(AWAY, stack.states["monday"].id)
    stack.refresh()

    stack.up({"monday": copy_args(source)})

    assert [copy["id"] for copy in service.backups(AWAY)] == [stack.states["monday"].id]


@pytest.mark.parametrize("others", [{}, {"theirs": "y", "aws:backup:source": "z"}])
@pytest.mark.parametrize("ours", [{}, {"team": "changed"}])
def test_drift_of_our_tags_shows_in_the_next_preview_and_tags_of_others_do_not(
    service: FsxService, stack: Stack, source: str, ours: dict[str, str], others: dict[str, str]
) -> None:
    args = copy_args(source, tags={"team": "storage"})
    stack.up({"monday": args})
    copy = service.backup(AWAY, stack.states["monday"].id)
    service.set_tags(AWAY, copy["id"], {OWNERSHIP_TAG: copy["tags"][OWNERSHIP_TAG], **ours, **others})

    stack.refresh()

    assert stack.states["monday"].inputs["tags"] == ours
    assert stack.preview("monday", args).changes is True


def test_tags_that_others_added_are_no_drift(service: FsxService, stack: Stack, source: str) -> None:
    args = copy_args(source, tags={"team": "storage"})
    stack.up({"monday": args})
    copy = service.backup(AWAY, stack.states["monday"].id)
    service.set_tags(AWAY, copy["id"], {**copy["tags"], "theirs": "y", "aws:backup:source": "z"})

    stack.refresh()

    assert stack.preview("monday", args).changes is False
    assert stack.states["monday"].outputs["tags_all"] == {"team": "storage", "theirs": "y"}


def test_the_source_s_disappearance_never_matters(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})
    service.remove_backup(HOME, source)
    service.make_unreachable(HOME)

    stack.refresh()

    assert stack.preview("monday", copy_args(source)).changes is False
    assert service.journal(HOME, "DescribeBackups")[1:] == []


def test_the_region_is_the_recorded_one_whatever_the_environment_says(
    stack: Stack, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.up({"monday": copy_args(source)})
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    stack.refresh()

    assert stack.states["monday"].outputs["region"] == AWAY


def test_refresh_of_many_copies_takes_one_listing(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({f"copy-{number}": copy_args(source) for number in range(30)})
    service.clear_journal()

    stack.refresh()

    listed = service.journal(AWAY, "DescribeBackups")
    assert [entry["ids"] for entry in listed] == [[]] * len(listed)
    assert len(stack.states) == 30


def test_refresh_asks_by_id_for_what_the_listing_shows_otherwise(
    service: FsxService, stack: Stack, source: str
) -> None:
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


def test_refresh_keeps_a_copy_that_the_listing_does_not_show(service: FsxService, stack: Stack, source: str) -> None:
    service.configure(listed_after_seconds=1e9)
    stack.up({"monday": copy_args(source)})

    stack.refresh()

    assert list(stack.states) == ["monday"]
