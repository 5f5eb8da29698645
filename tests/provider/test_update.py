"""Update changes tags in place and keeps tags that the program does not declare."""

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import AccessDeniedError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY
from tests.engine.checks import other_tags, own_copy, refused
from tests.engine.stack import Stack, change_outputs, monday


def set_other_tags(service: FsxService, copy: str, tags: dict[str, str]) -> None:
    """Write all tags except the ownership tag."""
    service.set_tags(AWAY, copy, {OWNERSHIP_TAG: service.backup(AWAY, copy)["tags"][OWNERSHIP_TAG], **tags})


def test_update_adds_tags_before_it_removes_others(service: FsxService, stack: Stack, source: str) -> None:
    stack.up(monday(source, tags={"old": "x", "kept": "y"}))
    service.clear_journal()

    stack.up(monday(source, tags={"new": "z", "kept": "y2"}))

    own_copy(stack)
    assert other_tags(stack) == {"new": "z", "kept": "y2"}
    effects = [e for e in service.journal(AWAY) if e["action"] in ("TagResource", "UntagResource")]
    assert [effect["action"] for effect in effects] == ["TagResource", "UntagResource"]
    assert effects[1]["parameters"]["TagKeys"] == ["old"]


def test_update_keeps_tags_of_others(service: FsxService, stack: Stack, source: str) -> None:
    stack.up(monday(source, tags={"mine": "x"}))
    set_other_tags(service, own_copy(stack), {"mine": "x", "theirs": "y", "aws:backup:source": "z"})

    stack.up(monday(source, tags={}))

    assert other_tags(stack) == {"theirs": "y", "aws:backup:source": "z"}
    assert stack.states["monday"].outputs["tags_all"] == {"theirs": "y"}


def test_update_keeps_tags_copied_from_source(service: FsxService, stack: Stack, source: str) -> None:
    program = monday(source, copy_tags=True, tags={"mine": "x"})
    stack.up(program)
    stack.refresh()
    service.clear_journal()

    stack.up(program)
    assert not {"TagResource", "UntagResource"} & service.counts(AWAY).keys()
    stack.up(monday(source, copy_tags=True))

    assert other_tags(stack) == {"team": "storage"}


def test_update_skips_existing_tags(service: FsxService, stack: Stack, source: str, made: str) -> None:
    set_other_tags(service, made, {"team": "storage"})
    service.clear_journal()

    stack.up(monday(source, tags={"team": "storage"}, copy_tags=True))

    assert set(service.counts(AWAY)) == {"DescribeBackups"}
    outputs = stack.states["monday"].outputs
    assert (outputs["tags"], outputs["copy_tags"]) == ({"team": "storage"}, True)


def test_update_restores_removed_tag(service: FsxService, stack: Stack, source: str) -> None:
    program = monday(source, tags={"team": "storage"})
    stack.up(program)
    set_other_tags(service, own_copy(stack), {})
    stack.refresh()

    stack.up(program)

    assert other_tags(stack) == {"team": "storage"}


def test_update_keeps_all_outputs(stack: Stack, source: str, key: str) -> None:
    stack.up(monday(source, kms_key_id=key))
    before = stack.states["monday"].outputs

    stack.up(monday(source, kms_key_id=key, tags={"team": "storage"}))

    changed = {"tags": {"team": "storage"}, "tags_all": {"team": "storage"}}
    assert stack.states["monday"].outputs == before | changed


@pytest.mark.parametrize(("action", "new"), [("TagResource", {"a": "2", "b": "x"}), ("UntagResource", {})])
def test_update_without_permission_is_finished_later(
    service: FsxService, stack: Stack, source: str, action: str, new: dict[str, str]
) -> None:
    stack.up(monday(source, tags={"a": "1"}))
    service.add_fault("access_denied", action)
    with refused(AccessDeniedError, f"fsx:{action}", AWAY):
        stack.up(monday(source, tags=new))
    service.lift_fault()

    stack.up(monday(source, tags=new))

    assert other_tags(stack) == new


@pytest.mark.usefixtures("made")
def test_update_works_without_optional_outputs(stack: Stack, source: str) -> None:
    change_outputs(stack, "monday", size_in_bytes=None, source_creation_time=None, owner_id=None)

    stack.up(monday(source, tags={"team": "storage"}))

    assert other_tags(stack) == {"team": "storage"}
    assert stack.states["monday"].outputs["owner_id"] == "123456789012"
