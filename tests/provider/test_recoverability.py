"""No state of AWS and stack makes `up` fail permanently: the fix in the message works."""

from typing import Any

import pytest
from pulumi_fsx_dr.errors import AccessDeniedError, CopyError, ServiceError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import copies, only_copy, other_tags, refused, write_tag
from tests.engine.stack import Stack, copy_args, killed_up, monday
from tests.engine.wire import key_named

FULL = {f"tag-{number}": "x" for number in range(49)}  # FSx permits 50, including the ownership tag


@pytest.mark.parametrize("is_expired", [True, False])
def test_up_keeps_key_if_source_cannot_be_copied(  # noqa: PLR0913  # fixtures and parameters
    service: FsxService, stack: Stack, source: str, key: str, caplog: pytest.LogCaptureFixture, *, is_expired: bool
) -> None:
    stack.up(monday(source, kms_key_id=key))
    copy = only_copy(stack)
    if is_expired:
        service.remove_backup(HOME, source)
    else:
        service.make_unreachable(HOME)

    for team in ("a", "b"):
        stack.up(monday(source, kms_key_id=key_named("other"), tags={"team": team}))
        assert only_copy(stack) == copy
        assert other_tags(stack) == {"team": team}

    assert all(fact in caplog.text for fact in (copy, AWAY, source, HOME))


def test_up_replaces_for_region_without_source(service: FsxService, stack: Stack, source: str, made: str) -> None:
    """Only a key may differ from the program; a copy in another Region is not a substitute."""
    service.remove_backup(HOME, source)

    assert stack.preview("monday", copy_args(source, region="eu-north-1")).replaces == ["region"]
    assert copies(service) == [made]


def test_update_renames_one_of_49_tags(service: FsxService, stack: Stack, source: str) -> None:
    stack.up(monday(source, tags=FULL))
    renamed = {**FULL, "renamed": "x"}
    del renamed["tag-0"]
    service.clear_journal()

    stack.up(monday(source, tags=renamed))

    assert other_tags(stack) == renamed
    actions = [entry["action"] for entry in service.journal(AWAY)]
    assert actions.index("UntagResource") < actions.index("TagResource"), "tags are removed first to make room"


def test_resume_skips_tags_beyond_limit(stack: Stack, source: str) -> None:
    """The ownership tag takes precedence; the next change of tags reports the missing ones."""
    killed_up(stack, monday(source, tags=FULL), "CopyBackup", "after")

    stack.up(monday(source, tags={"another": "x"}))

    only_copy(stack)


def test_create_suggests_copy_tags_if_source_has_too_many_tags(service: FsxService, stack: Stack, source: str) -> None:
    service.set_tags(HOME, source, {f"tag-{number}": "x" for number in range(50)})

    with refused(CopyError, source, HOME, "copy_tags"):
        stack.up(monday(source, copy_tags=True))

    assert "CopyBackup" not in service.counts(AWAY)
    stack.up(monday(source, copy_tags=False))
    only_copy(stack)


def test_resume_without_tag_permission_is_finished_later(service: FsxService, stack: Stack, source: str) -> None:
    killed_up(stack, monday(source), "CopyBackup", "after")
    (copy,) = copies(service)
    service.add_fault("access_denied", "TagResource")
    with refused(AccessDeniedError, "fsx:TagResource", AWAY):
        stack.up(monday(source))
    service.lift_fault()

    stack.up(monday(source))

    assert only_copy(stack) == copy


def test_refresh_without_tag_permission_warns(
    service: FsxService, stack: Stack, made: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_tag(service, made, None)
    service.add_fault("access_denied", "TagResource")

    stack.refresh()

    assert made in caplog.text
    service.lift_fault()
    stack.refresh()
    assert only_copy(stack) == made


@pytest.mark.parametrize("command", ["destroy", "by hand"])
@pytest.mark.parametrize("answer", ["deleted", "forgotten", "refused", "incompatible"])
def test_create_succeeds_after_deleted_copy(
    service: FsxService, stack: Stack, source: str, answer: str, command: str
) -> None:
    service.configure(token_after_deletion=answer)
    stack.up(monday(source))
    first = stack.states["monday"].id
    if command == "destroy":
        stack.destroy()
    else:
        service.remove_backup(AWAY, stack.states.pop("monday").id)

    stack.up(monday(source))

    assert only_copy(stack) != first


def test_create_tries_second_token_after_refusal(service: FsxService, stack: Stack, source: str) -> None:
    with refused(ServiceError, "InvalidDestinationKmsKey"):
        stack.up(monday(source, kms_key_id="alias/none"))

    (request, first), (again, second) = (str(e["token"]).split("-") for e in service.journal(AWAY, "CopyBackup"))
    assert request == again
    assert int(second) > int(first) == 0


@pytest.mark.parametrize("kind", ["access_denied", "expired"])
def test_create_without_permission_tries_one_token(service: FsxService, stack: Stack, source: str, kind: Any) -> None:
    service.add_fault(kind, "CopyBackup")

    with pytest.raises(ServiceError):
        stack.up(monday(source))

    assert len({entry["token"] for entry in service.journal(AWAY, "CopyBackup")}) == 1
