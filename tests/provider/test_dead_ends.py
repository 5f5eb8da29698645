"""No state of AWS and stack makes each later `up` fail when something reasonable can be done (R22).

Stripped marks are in test_delete.py and test_update.py, copies of others in test_update.py.
"""

import re
from collections.abc import Callable

import pytest
from pulumi_fsx_dr.copies.ownership import MARK_TAG, Recorded, Token, parse_mark
from pulumi_fsx_dr.errors import CopyError, ServiceError

from rehearsal.fsx import FsxService
from rehearsal.fsx.fixtures import AWAY, HOME
from tests.provider.deploying import Killed, Stack, Wire, copy_args, key_named, killed_up
from tests.provider.plugin_stack import ON_THE_DYNAMIC_HOST

FULL = {f"tag-{number}": "x" for number in range(49)}  # FSx permits 50, and one is ours


@pytest.fixture
def other(wire: Wire) -> Stack:
    """Return another stack."""
    return Stack(wire, name="other", confirms=True)


@pytest.fixture
def other_key() -> str:
    """Return the ARN of another key in `AWAY`."""
    return key_named("other")


def copies(service: FsxService) -> list[str]:
    return [copy["id"] for copy in service.backups(AWAY)]


def nonce(service: FsxService, backup_id: str) -> str:
    """Return the nonce under which a copy is recorded."""
    mark = parse_mark(service.backup(AWAY, backup_id)["tags"].get(MARK_TAG))
    assert isinstance(mark, Recorded)
    return mark.nonce


def tags(service: FsxService, stack: Stack) -> dict[str, str]:
    found = service.backup(AWAY, stack.states["monday"].id)["tags"]
    return {key: value for key, value in found.items() if key != MARK_TAG}


def out_of_time(service: FsxService, stack: Stack, **args: str) -> str:
    """Run `pulumi up` until the copy runs out of time, and return the copy that the state keeps."""
    service.set_copy_seconds(10_000)
    stack.timeouts["create"] = 20.0
    with pytest.raises(CopyError):
        stack.up({"monday": copy_args(**args)})
    stack.timeouts.clear()
    service.finish_copies()
    return stack.states["monday"].id


# --- adoptions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("confirms", [True, False])
def test_an_adoption_that_was_cut_off_and_taken_back_leaves_the_copy_whose_it_was(
    service: FsxService, stack: Stack, other: Stack, source: str, *, confirms: bool
) -> None:
    other.up({"theirs": copy_args(source)})
    copy, run = other.states["theirs"].id, stack.run()
    stack.confirms, stack.before_writing = confirms, run.kill
    with pytest.raises(Killed):
        stack.up({"monday": copy_args(source, adopt_backup_id=copy)}, run=run)

    stack.up({"monday": copy_args(source)})
    other.up({"theirs": copy_args(source)})

    assert set(copies(service)) == {copy, stack.states["monday"].id}
    if confirms and not stack.marks_adopted_at_once:
        assert nonce(service, copy) == other.states["theirs"].outputs["nonce"]
        assert other.warnings == []
        other.destroy()
        assert copies(service) == [stack.states["monday"].id]


def test_a_running_copy_that_is_adopted_and_runs_out_of_time_is_finished_by_the_next_run(
    service: FsxService, stack: Stack, other: Stack, source: str
) -> None:
    service.set_copy_seconds(10_000)
    killed_up(other, {"theirs": copy_args(source)}, "CopyBackup", "after")
    (copy,) = copies(service)
    assert out_of_time(service, stack, source=source, adopt_backup_id=copy) == copy

    stack.up({"monday": copy_args(source, adopt_backup_id=copy)})

    assert stack.states["monday"].outputs["lifecycle"] == "AVAILABLE"
    assert nonce(service, copy) == stack.states["monday"].outputs["nonce"]
    stack.destroy()
    assert copies(service) == []


def test_a_stranger_s_running_copy_that_is_adopted_and_fails_is_not_deleted(
    service: FsxService, stack: Stack, wire: Wire, source: str
) -> None:
    request = {"SourceBackupId": source, "SourceRegion": HOME}
    theirs = wire.client("fsx", AWAY).copy_backup(**request)["Backup"]["BackupId"]
    wire.at_call["DescribeBackups", "after"] = lambda: service.finish_copies(failure="no luck")

    with pytest.raises(CopyError, match="the failed copy is left to who started it"):
        stack.up({"monday": copy_args(source, adopt_backup_id=theirs)})

    assert copies(service) == [theirs]
    assert stack.states == {}


# --- another key, and no source to copy with it -----------------------------------------------------------------------


def expire(service: FsxService, source: str) -> None:
    service.remove_backup(HOME, source)


def darken(service: FsxService, _source: str) -> None:
    service.darken(HOME)


@pytest.mark.parametrize(
    ("happens", "why"), [(expire, "is there no more."), (darken, "could not be looked up: fsx:DescribeBackups")]
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


def test_the_wanted_tags_are_left_out_of_a_record_that_has_no_room_for_them(
    service: FsxService, stack: Stack, source: str
) -> None:
    """Whose the copy is matters more; the next change of tags says what does not fit."""
    killed_up(stack, {"monday": copy_args(source, tags=FULL)}, "CopyBackup", "after")

    stack.up({"monday": copy_args(source, tags={"another": "x"})})

    assert nonce(service, stack.states["monday"].id) == stack.states["monday"].outputs["nonce"]


def test_a_source_with_too_many_tags_is_an_error_that_names_the_way_out(
    service: FsxService, stack: Stack, source: str
) -> None:
    service.set_tags(HOME, source, {f"tag-{number}": "x" for number in range(50)})

    with pytest.raises(CopyError, match=re.escape("while FSx permits 50: set copy_tags to False, or remove tags")):
        stack.up({"monday": copy_args(source, copy_tags=True)})

    assert "CopyBackup" not in service.counts(AWAY)
    stack.up({"monday": copy_args(source, copy_tags=False)})
    assert copies(service) == [stack.states["monday"].id]


@ON_THE_DYNAMIC_HOST
@pytest.mark.parametrize("confirms", [True, False])
def test_without_permission_to_tag_a_killed_run_is_gone_on_with_and_recorded_once_there_is_one(
    service: FsxService, stack: Stack, source: str, *, confirms: bool
) -> None:
    stack.confirms = confirms
    program = {"monday": copy_args(source)}
    killed_up(stack, program, "CopyBackup", "after")
    (copy,) = copies(service)
    fault = service.add_fault("access_denied", "TagResource")
    if confirms:
        stack.up(program)
    else:
        with pytest.raises(CopyError, match="is AVAILABLE but not recorded yet"):
            stack.up(program)
        stack.up(program)  # the state holds it, so that is a warning from now on
    assert stack.states["monday"].id == copy
    service.lift_fault(fault)

    stack.refresh()

    assert copies(service) == [copy]
    assert nonce(service, copy) == stack.states["monday"].outputs["nonce"]


def test_without_permission_to_tag_a_copy_that_ran_out_of_time_is_finished_with_a_warning(
    service: FsxService, stack: Stack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    fault = service.add_fault("access_denied", "TagResource")
    copy = out_of_time(service, stack, source=source)

    stack.up({"monday": copy_args(source)})

    assert stack.states["monday"].errors == ()
    assert stack.states["monday"].outputs["lifecycle"] == "AVAILABLE"
    assert f"{copy} in {AWAY} is in the state, but its mark could not be written" in caplog.text
    service.lift_fault(fault)
    stack.refresh()
    assert nonce(service, copy) == stack.states["monday"].outputs["nonce"]


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

    first, second = (Token.parse(str(entry["token"])) for entry in service.journal(AWAY, "CopyBackup"))
    assert first is not None
    assert second is not None
    assert second.generation > first.generation == 0


@pytest.mark.parametrize("kind", ["access_denied", "expired"])
def test_what_no_token_helps_against_is_not_asked_again_with_another(
    service: FsxService, stack: Stack, source: str, kind: str
) -> None:
    service.add_fault(kind, "CopyBackup")  # type: ignore[arg-type]  # two of its kinds

    with pytest.raises(ServiceError):
        stack.up({"monday": copy_args(source)})

    assert len({entry["token"] for entry in service.journal(AWAY, "CopyBackup")}) == 1
