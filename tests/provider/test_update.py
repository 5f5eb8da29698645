"""An update changes tags in place and leaves alone those that are not the program's."""

from typing import Any

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import AccessDeniedError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.stack import Stack, change_outputs, copy_args


def tags(service: FsxService, stack: Stack) -> dict[str, str]:
    """Return the copy's tags without the ownership mark."""
    found = service.backup(AWAY, stack.states["monday"].id)["tags"]
    return {key: value for key, value in found.items() if key != OWNERSHIP_TAG}


def test_tags_are_added_before_others_are_removed(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source, tags={"old": "x", "kept": "y"})})
    service.clear_journal()

    stack.up({"monday": copy_args(source, tags={"new": "z", "kept": "y2"})})

    assert tags(service, stack) == {"new": "z", "kept": "y2"}
    effects = [e for e in service.journal(AWAY) if e["action"] in ("TagResource", "UntagResource")]
    assert [effect["action"] for effect in effects] == ["TagResource", "UntagResource"]
    assert effects[1]["parameters"]["TagKeys"] == ["old"]


def test_tags_of_others_are_never_touched(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source, tags={"mine": "x"})})
    copy = service.backup(AWAY, stack.states["monday"].id)
    service.set_tags(AWAY, copy["id"], {**copy["tags"], "theirs": "y", "aws:backup:source": "z"})

    stack.up({"monday": copy_args(source, tags={})})

    assert tags(service, stack) == {"theirs": "y", "aws:backup:source": "z"}
    assert stack.states["monday"].outputs["tags_all"] == {"theirs": "y"}


def test_tags_that_came_with_copy_tags_are_neither_drift_nor_removed(
    service: FsxService, stack: Stack, source: str
) -> None:
    program = {"monday": copy_args(source, copy_tags=True, tags={"mine": "x"})}
    stack.up(program)
    stack.refresh()
    service.clear_journal()

    stack.up(program)
    assert not {"TagResource", "UntagResource"} & service.counts(AWAY).keys()
    stack.up({"monday": copy_args(source, copy_tags=True)})

    assert tags(service, stack) == {"team": "storage"}


def test_a_tag_that_is_there_already_is_not_set_again(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})
    copy = service.backup(AWAY, stack.states["monday"].id)
    service.set_tags(AWAY, copy["id"], {**copy["tags"], "team": "storage"})
    service.clear_journal()

    stack.up({"monday": copy_args(source, tags={"team": "storage"})})

    assert "TagResource" not in service.counts(AWAY)
    assert stack.states["monday"].outputs["tags"] == {"team": "storage"}


def test_a_tag_that_somebody_removed_comes_back(service: FsxService, stack: Stack, source: str) -> None:
    program = {"monday": copy_args(source, tags={"team": "storage"})}
    stack.up(program)
    copy = service.backup(AWAY, stack.states["monday"].id)
    service.set_tags(AWAY, copy["id"], {OWNERSHIP_TAG: copy["tags"][OWNERSHIP_TAG]})
    stack.refresh()

    stack.up(program)

    assert tags(service, stack) == {"team": "storage"}


def test_every_output_outlives_an_update(stack: Stack, source: str, key: str) -> None:
    stack.up({"monday": copy_args(source, kms_key_id=key)})
    before = stack.states["monday"].outputs

    stack.up({"monday": copy_args(source, kms_key_id=key, tags={"team": "storage"})})

    changed = {"tags": {"team": "storage"}, "tags_all": {"team": "storage"}}
    assert stack.states["monday"].outputs == before | changed


def test_the_ownership_tag_survives_a_change_of_tags(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})
    before = service.backup(AWAY, stack.states["monday"].id)["tags"][OWNERSHIP_TAG]

    stack.up({"monday": copy_args(source, tags={"team": "storage"})})

    assert service.backup(AWAY, stack.states["monday"].id)["tags"][OWNERSHIP_TAG] == before


def test_copy_tags_changed_later_touches_nothing(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})
    service.clear_journal()

    stack.up({"monday": copy_args(source, copy_tags=True)})

    assert set(service.counts(AWAY)) == {"DescribeBackups"}
    assert stack.states["monday"].outputs["copy_tags"] is True


def test_a_copy_stays_where_it_is_when_only_the_environment_changes(
    stack: Stack, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", AWAY)
    stack.up({"monday": {"source_backup_id": source, "source_region": HOME}})
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    stack.up({"monday": {"source_backup_id": source, "source_region": HOME, "tags": {"team": "storage"}}})

    assert stack.states["monday"].outputs["region"] == AWAY


@pytest.mark.parametrize(("action", "new"), [("TagResource", {"a": "2", "b": "x"}), ("UntagResource", {})])
def test_a_missing_permission_is_named_and_the_next_run_tries_again(
    service: FsxService, stack: Stack, source: str, action: str, new: dict[str, str]
) -> None:
    stack.up({"monday": copy_args(source, tags={"a": "1"})})
    fault = service.add_fault("access_denied", action)
    with pytest.raises(AccessDeniedError, match=f"lack permission for fsx:{action} in {AWAY}"):
        stack.up({"monday": copy_args(source, tags=new)})
    service.lift_fault(fault)

    stack.up({"monday": copy_args(source, tags=new)})

    assert tags(service, stack) == new


@pytest.mark.parametrize("kind", ["throttled", "lost", "expired", "internal"])
@pytest.mark.parametrize("action", ["TagResource", "UntagResource", "DescribeBackups"])
def test_trouble_that_passes_fails_no_update(
    service: FsxService, stack: Stack, source: str, action: str, kind: Any
) -> None:
    stack.up({"monday": copy_args(source, tags={"old": "x"})})
    service.add_fault(kind, action, times=2)

    stack.up({"monday": copy_args(source, tags={"new": "x"})})

    assert tags(service, stack) == {"new": "x"}


def test_a_state_that_lost_its_optional_outputs_can_still_be_updated(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.up({"monday": copy_args(source)})
    change_outputs(stack, "monday", size_in_bytes=None, source_creation_time=None, owner_id=None)

    stack.up({"monday": copy_args(source, tags={"team": "storage"})})

    assert tags(service, stack) == {"team": "storage"}
    assert stack.states["monday"].outputs["owner_id"] == "123456789012"
