"""A replacement makes a new copy before the old one goes, and never hands back or deletes the state's own."""

from collections.abc import Sequence

import pytest
from pulumi_fsx_dr.copies.ownership import MARK_TAG, Recorded, Token, parse_mark
from pulumi_fsx_dr.errors import CopyError

from rehearsal.fsx import FsxService
from rehearsal.fsx.fixtures import AWAY, HOME
from tests.provider.deploying import Stack, copy_args, killed_up
from tests.provider.plugin_stack import ON_THE_DYNAMIC_HOST


def copies(service: FsxService) -> list[str]:
    return [copy["id"] for copy in service.backups(AWAY)]


def generation(stack: Stack) -> int:
    token = Token.parse(stack.states["monday"].outputs["token"])
    assert token is not None
    return token.generation


@ON_THE_DYNAMIC_HOST
def test_replace_makes_a_new_copy_and_then_deletes_the_old_one(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})
    first = stack.states["monday"].id
    service.clear_journal()

    stack.up({"monday": copy_args(source)}, replacing=["monday"])

    assert copies(service) == [stack.states["monday"].id] != [first]
    effects = [e["action"] for e in service.journal(AWAY) if e["action"] != "DescribeBackups" and not e["error"]]
    assert effects == ["CopyBackup", "TagResource", "TagResource", "DeleteBackup"], "claimed, then recorded"


def test_each_replacement_takes_the_next_generation_of_the_token(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.up({"monday": copy_args(source)})
    generations = [generation(stack)]
    for _ in range(2):
        stack.up({"monday": copy_args(source)}, replacing=["monday"])
        generations.append(generation(stack))

    assert generations == [0, 1, 2]
    assert copies(service) == [stack.states["monday"].id]


def test_replacing_with_other_tags_still_makes_a_new_copy(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source, tags={"team": "a"})})
    first = stack.states["monday"].id

    stack.up({"monday": copy_args(source, tags={"team": "b"})}, replacing=["monday"])

    assert copies(service) == [stack.states["monday"].id] != [first]
    assert service.backup(AWAY, stack.states["monday"].id)["tags"]["team"] == "b"


def test_a_killed_replacement_leaves_the_old_copy_and_is_resumed(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.up({"monday": copy_args(source)})
    first = stack.states["monday"].id
    killed_up(stack, {"monday": copy_args(source)}, "TagResource", "before", replacing=["monday"])
    assert stack.states["monday"].id == first
    assert len(copies(service)) == 2

    stack.up({"monday": copy_args(source)}, replacing=["monday"])

    assert copies(service) == [stack.states["monday"].id] != [first]


def out_of_time(stack: Stack, source: str, *, replacing: Sequence[str] = ()) -> str:
    """Run `pulumi up` until its copy has run out of time, and return the copy that the state keeps."""
    stack.wire.service.set_copy_seconds(10_000)
    stack.timeouts["create"] = 30.0
    with pytest.raises(CopyError, match="it was left running"):
        stack.up({"monday": copy_args(source)}, replacing=replacing)
    stack.timeouts.clear()
    stack.wire.service.set_copy_seconds(10)
    return stack.states["monday"].id


def test_replacing_an_unfinished_copy_never_hands_it_out_again(service: FsxService, stack: Stack, source: str) -> None:
    """Two entries of the state would hold it, and the engine would delete it with the older one."""
    unfinished = out_of_time(stack, source)
    service.finish_copies()

    stack.up({"monday": copy_args(source)}, replacing=["monday"])

    assert copies(service) == [stack.states["monday"].id] != [unfinished]
    assert stack.replaced == []


def test_when_the_replacement_of_an_unfinished_copy_runs_out_of_time_too_both_stay_until_one_is_done(
    service: FsxService, stack: Stack, source: str
) -> None:
    first = out_of_time(stack, source)
    second = out_of_time(stack, source, replacing=["monday"])
    assert set(copies(service)) == {first, second}
    service.finish_copies()

    stack.up({"monday": copy_args(source)})

    assert copies(service) == [second] == [stack.states["monday"].id]


def test_an_unfinished_copy_whose_replacement_was_killed_is_finished_by_the_next_up(
    service: FsxService, stack: Stack, source: str
) -> None:
    unfinished = out_of_time(stack, source)
    killed_up(stack, {"monday": copy_args(source)}, "CopyBackup", "after", replacing=["monday"])
    service.finish_copies()

    stack.up({"monday": copy_args(source)})

    assert stack.states["monday"].id == unfinished
    assert stack.states["monday"].outputs["lifecycle"] == "AVAILABLE"


@ON_THE_DYNAMIC_HOST
def test_a_new_key_is_copied_with_before_the_old_copy_goes(
    service: FsxService, stack: Stack, source: str, key: str
) -> None:
    stack.up({"monday": copy_args(source)})
    first = stack.states["monday"].id
    service.clear_journal()

    stack.up({"monday": copy_args(source, kms_key_id=key)})

    assert copies(service) == [stack.states["monday"].id] != [first]
    assert service.backup(AWAY, stack.states["monday"].id)["kms_key_arn"] == key
    effects = [e["action"] for e in service.journal(AWAY) if e["action"] != "DescribeBackups"]
    assert effects == ["CopyBackup", "TagResource", "TagResource", "DeleteBackup"], "claimed, then recorded"


def test_another_region_gets_its_copy_before_the_old_region_loses_its_own(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.up({"monday": copy_args(source)})

    stack.up({"monday": copy_args(source, region="eu-north-1")})

    assert copies(service) == []
    assert [copy["id"] for copy in service.backups("eu-north-1")] == [stack.states["monday"].id]
    assert [backup["id"] for backup in service.backups(HOME)] == [source]


def test_when_the_new_copy_fails_the_old_one_stays(service: FsxService, stack: Stack, source: str, key: str) -> None:
    stack.up({"monday": copy_args(source)})
    first = stack.states["monday"].id
    service.fail_copies("no luck")

    with pytest.raises(CopyError):
        stack.up({"monday": copy_args(source, kms_key_id=key)})

    assert copies(service) == [first] == [stack.states["monday"].id]


def test_when_the_new_copy_runs_out_of_time_the_old_one_goes_only_after_it_is_finished(
    service: FsxService, stack: Stack, source: str, key: str
) -> None:
    stack.up({"monday": copy_args(source)})
    first = stack.states["monday"].id
    service.set_copy_seconds(10_000)
    stack.timeouts["create"] = 30.0
    with pytest.raises(CopyError):
        stack.up({"monday": copy_args(source, kms_key_id=key)})
    assert first in copies(service)
    service.finish_copies()

    stack.up({"monday": copy_args(source, kms_key_id=key)})

    assert copies(service) == [stack.states["monday"].id] != [first]


def test_a_renamed_resource_gets_a_copy_of_its_own_before_the_old_one_goes(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.up({"monday": copy_args(source)})
    first = stack.states["monday"].id

    stack.up({"first-of-week": copy_args(source)})

    assert copies(service) == [stack.states["first-of-week"].id] != [first]


def test_two_state_entries_of_one_copy_delete_it_only_with_the_one_that_owns_it(
    service: FsxService, stack: Stack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    stack.up({"monday": copy_args(source)})
    stack.up({"monday": copy_args(source), "again": copy_args(source, adopt_backup_id=stack.states["monday"].id)})

    stack.up({"again": copy_args(source)})

    (copy,) = service.backups(AWAY)
    mark = parse_mark(copy["tags"][MARK_TAG])
    assert isinstance(mark, Recorded)
    assert (copy["id"], mark.nonce) == (stack.states["again"].id, stack.states["again"].outputs["nonce"])
    assert f"{copy['id']} in {AWAY} is held by again too, so it was not deleted." in caplog.text


def test_a_renamed_resource_that_adopts_its_copy_keeps_it(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})
    first = stack.states["monday"].id

    stack.up({"renamed": copy_args(source, adopt_backup_id=first)})

    assert copies(service) == [first] == [stack.states["renamed"].id]


def test_replacing_an_adopted_copy_that_is_still_to_be_adopted_keeps_it(
    service: FsxService, stack: Stack, source: str
) -> None:
    other = Stack(stack.wire, name="other")
    other.up({"theirs": copy_args(source)})
    adopted = other.states["theirs"].id
    program = {"monday": copy_args(source, adopt_backup_id=adopted)}
    stack.up(program)

    stack.up(program, replacing=["monday"])

    assert copies(service) == [adopted] == [stack.states["monday"].id]


# FSx may show a change of tags late, and CopyBackup need not tell them: no old state entry may take the new one's copy.


@pytest.mark.parametrize("seconds", [1, 1000])
def test_tags_that_show_late_let_no_former_owner_delete_an_adopted_copy(
    service: FsxService, stack: Stack, source: str, seconds: float, caplog: pytest.LogCaptureFixture
) -> None:
    stack.up({"monday": copy_args(source)})
    first = stack.states["monday"].id
    service.configure(tags_shown_after_seconds=seconds)

    stack.up({"renamed": copy_args(source, adopt_backup_id=first)})

    assert copies(service) == [first] == [stack.states["renamed"].id]
    assert f"{first} in {AWAY} is held by renamed too, so it was not deleted." in caplog.text


@pytest.mark.parametrize("confirms", [True, False])
def test_tags_that_show_late_never_make_a_replacement_delete_the_copy_it_hands_on(
    service: FsxService, stack: Stack, source: str, *, confirms: bool
) -> None:
    stack.confirms = confirms
    service.configure(tags_shown_after_seconds=1000)
    stack.up({"monday": copy_args(source)})

    stack.up({"monday": copy_args(source)}, replacing=["monday"])

    assert stack.states["monday"].id in copies(service)


@pytest.mark.parametrize("seconds", [0, 1000])
def test_an_answer_without_tags_never_makes_a_replacement_lose_the_copy(
    service: FsxService, stack: Stack, source: str, seconds: float
) -> None:
    service.configure(copy_tells_tags=False, tags_shown_after_seconds=seconds)
    stack.up({"monday": copy_args(source)})

    stack.up({"monday": copy_args(source)}, replacing=["monday"])

    assert stack.states["monday"].id in copies(service)


def test_an_answer_without_tags_is_not_believed_to_be_of_a_new_copy(
    service: FsxService, stack: Stack, source: str
) -> None:
    service.configure(copy_tells_tags=False)
    stack.up({"monday": copy_args(source)})
    first = stack.states["monday"].id

    stack.up({"monday": copy_args(source)}, replacing=["monday"])

    assert copies(service) == [stack.states["monday"].id] != [first]
