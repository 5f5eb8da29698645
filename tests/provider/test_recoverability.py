"""No state of AWS and stack makes each later `up` fail: what the message names gets out."""

import re
from collections.abc import Callable

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import AccessDeniedError, CopyError, ServiceError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import copies, only_copy, write_tag
from tests.engine.stack import Stack, copy_args, killed_up
from tests.engine.wire import key_named

FULL = {f"tag-{number}": "x" for number in range(49)}  # FSx permits 50, and one is ours


@pytest.fixture
def other_key() -> str:
    """Return the ARN of another key in `AWAY`."""
    return key_named("other")


def tags(service: FsxService, stack: Stack) -> dict[str, str]:
    found = service.backup(AWAY, stack.states["monday"].id)["tags"]
    return {key: value for key, value in found.items() if key != OWNERSHIP_TAG}


# --- another key, and no source to copy with it -----------------------------------------------------------------------


def expire(service: FsxService, source: str) -> None:
    service.remove_backup(HOME, source)


def make_unreachable(service: FsxService, _source: str) -> None:
    service.make_unreachable(HOME)


@pytest.mark.parametrize(
    ("happens", "why"),
    [(expire, "does not exist any more."), (make_unreachable, "could not be looked up: fsx:DescribeBackups")],
)
def test_a_copy_whose_source_is_out_of_reach_keeps_its_key(  # noqa: PLR0913, PLR0917  # fixtures, and two cases
    service: FsxService,
    stack: Stack,
    source: str,
    key: str,
    other_key: str,
    happens: Callable[[FsxService, str], None],
    why: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stack.up({"monday": copy_args(source, kms_key_id=key)})
    copy = stack.states["monday"].id
    happens(service, source)

    for _ in range(2):
        stack.up({"monday": copy_args(source, kms_key_id=other_key)})

    assert copies(service) == [copy] == [stack.states["monday"].id]
    assert f"{copy} in {AWAY} keeps its KMS key, because its source {source} in {HOME} {why}" in caplog.text


def test_its_tags_change_all_the_same(service: FsxService, stack: Stack, source: str, key: str, other_key: str) -> None:
    stack.up({"monday": copy_args(source, kms_key_id=key)})
    expire(service, source)

    stack.up({"monday": copy_args(source, kms_key_id=other_key, tags={"team": "a"})})

    assert tags(service, stack) == {"team": "a"}


def test_another_region_is_asked_for_whatever_became_of_the_source(
    service: FsxService, stack: Stack, source: str
) -> None:
    """Only a key may be left as it is: a copy elsewhere is not what the program asks for."""
    stack.up({"monday": copy_args(source)})
    expire(service, source)

    assert stack.preview("monday", copy_args(source, region="eu-north-1")).replaces == ["region"]


# --- tags -------------------------------------------------------------------------------------------------------------


def test_of_49_tags_one_key_can_be_renamed(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source, tags=FULL)})
    renamed = {**FULL, "renamed": "x"}
    del renamed["tag-0"]
    service.clear_journal()

    stack.up({"monday": copy_args(source, tags=renamed)})

    assert tags(service, stack) == renamed
    effects = [entry["action"] for entry in service.journal(AWAY)]
    assert effects.index("UntagResource") < effects.index("TagResource"), "room is made first"


def test_resume_leaves_out_wanted_tags_that_have_no_room(stack: Stack, source: str) -> None:
    """Whose the copy is matters more; the next change of tags says what does not fit."""
    killed_up(stack, {"monday": copy_args(source, tags=FULL)}, "CopyBackup", "after")

    stack.up({"monday": copy_args(source, tags={"another": "x"})})

    only_copy(stack)


def test_a_source_with_too_many_tags_is_an_error_that_names_the_way_out(
    service: FsxService, stack: Stack, source: str
) -> None:
    service.set_tags(HOME, source, {f"tag-{number}": "x" for number in range(50)})

    with pytest.raises(CopyError, match=re.escape("while FSx permits 50: set copy_tags to False, or remove tags")):
        stack.up({"monday": copy_args(source, copy_tags=True)})

    assert "CopyBackup" not in service.counts(AWAY)
    stack.up({"monday": copy_args(source, copy_tags=False)})
    assert copies(service) == [stack.states["monday"].id]


def test_without_permission_to_tag_a_killed_run_is_resumed_once_there_is_one(
    service: FsxService, stack: Stack, source: str
) -> None:
    program = {"monday": copy_args(source)}
    killed_up(stack, program, "CopyBackup", "after")
    (copy,) = copies(service)
    fault = service.add_fault("access_denied", "TagResource")
    with pytest.raises(AccessDeniedError, match="lack permission for fsx:TagResource"):
        stack.up(program)
    service.lift_fault(fault)

    stack.up(program)

    assert only_copy(stack) == copy


def test_without_permission_to_tag_a_missing_ownership_tag_is_a_warning(
    service: FsxService, stack: Stack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    stack.up({"monday": copy_args(source)})
    write_tag(service, stack.states["monday"].id, None)
    fault = service.add_fault("access_denied", "TagResource")

    stack.refresh()

    assert stack.states["monday"].id in caplog.text
    service.lift_fault(fault)
    stack.refresh()
    only_copy(stack)


# --- tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["deleted", "forgotten", "refused", "incompatible"])
def test_a_token_whose_copy_was_deleted_gives_way_to_the_next_whatever_fsx_answers(
    service: FsxService, stack: Stack, source: str, answer: str
) -> None:
    service.configure(token_after_deletion=answer)
    stack.up({"monday": copy_args(source)})
    service.remove_backup(AWAY, stack.states.pop("monday").id)

    stack.up({"monday": copy_args(source)})

    assert copies(service) == [stack.states["monday"].id]


def test_a_refusal_that_another_token_does_not_help_against_is_reported_after_one_more(
    service: FsxService, stack: Stack, source: str
) -> None:
    service.configure(user_initiated_backups=0)

    with pytest.raises(ServiceError, match="TOTAL_USER_INITIATED_BACKUPS"):
        stack.up({"monday": copy_args(source)})

    (request, first), (again, second) = (str(e["token"]).split("-") for e in service.journal(AWAY, "CopyBackup"))
    assert request == again
    assert int(second) > int(first) == 0


@pytest.mark.parametrize("kind", ["access_denied", "expired"])
def test_what_no_token_helps_against_is_not_asked_again_with_another(
    service: FsxService, stack: Stack, source: str, kind: str
) -> None:
    service.add_fault(kind, "CopyBackup")  # type: ignore[arg-type]  # two of its kinds

    with pytest.raises(ServiceError):
        stack.up({"monday": copy_args(source)})

    assert len({entry["token"] for entry in service.journal(AWAY, "CopyBackup")}) == 1
