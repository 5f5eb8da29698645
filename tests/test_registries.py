"""The memory of a provider process: which entries have a copy, and which copies were not made."""

import json

import pytest
from pulumi_fsx_dr.copies.ownership import Ownership, RequestToken, new_owner_id
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.runtime.hints import HINTS, Hints
from pulumi_fsx_dr.runtime.registries import Creates, StateEntries

FILE_SYSTEM, OTHER = "fs-0123456789abcdef0", "fs-0fedcba9876543210"
VOLUME = "fsvol-0123456789abcdef0"
COPY = "backup-0123456789abcdef0"
SOURCE = "backup-5123456789abcdef0"
OWNER_ID = new_owner_id()
OLD, NEW = (Ownership(OWNER_ID, RequestToken("0" * 40, generation)) for generation in range(2))


def urn(name: str, stack: str = "prod") -> str:
    return f"urn:pulumi:{stack}::files::pulumi-python:dynamic/fsx:BackupCopy::{name}"


MONDAY, TUESDAY = urn("monday"), urn("tuesday")


@pytest.fixture
def entries() -> StateEntries:
    return StateEntries()


@pytest.fixture
def creates() -> Creates:
    return Creates()


# --- hints ---


@pytest.mark.parametrize(
    "sent",
    [None, 5, "of another version", "[]", "{}", '{"state": 5}', '{"state": [[1, 2]]}', '{"state": [["u", "i", 5]]}'],
)
def test_malformed_hints_are_ignored(sent: object) -> None:
    assert Hints.of({HINTS: sent}) is None
    assert Hints.of({}) is None


@pytest.mark.parametrize("owner_id", [None, "", 5, "no owner id"])
def test_hints_ignore_malformed_owner_id(owner_id: object) -> None:
    assert Hints.of({HINTS: json.dumps({"owner_id": owner_id, "state": [], "siblings": [], "expired": []})}) == Hints()


def test_hints_survive_serialization() -> None:
    outputs = {"region": "eu-west-1", "source_region": "eu-north-1", "source_backup_id": SOURCE, "managed_by": "m"}
    entry = StateCopy(MONDAY, COPY, {**outputs, "kms_key_id": "alias/secret", "kms_key_arn": "secret"})
    sibling = {
        **outputs,
        **dict.fromkeys(["creation_time", "lifecycle", "file_system_id", "volume_id", "owner_id"], ""),
    }
    sent = Hints(OWNER_ID, (entry,), (COPY,), (entry,))

    arrived = Hints(OWNER_ID, (StateCopy(MONDAY, COPY, outputs),), (COPY,), (StateCopy(MONDAY, COPY, sibling),))
    assert Hints.of({HINTS: sent.sent()}) == arrived


# --- entries of a copy ---


def entry(urn: str, ownership: Ownership = OLD, backup_id: str = COPY, source: str = SOURCE) -> StateCopy:
    return StateCopy(urn, backup_id, {"managed_by": str(ownership), "source_backup_id": source})


def test_copy_has_one_entry(entries: StateEntries) -> None:
    entries.note_declared(entry(MONDAY))

    assert entries.other_with(entry(MONDAY)) is None


def test_copy_may_have_two_entries(entries: StateEntries) -> None:
    entries.note_in_state(MONDAY, COPY)
    entries.note_finished(entry(TUESDAY, NEW))

    assert entries.other_with(entry(MONDAY)) == TUESDAY
    assert entries.other_with(entry(TUESDAY, NEW)) == MONDAY


@pytest.mark.parametrize("is_taken", [True, False])
def test_live_entry_keeps_its_copy(entries: StateEntries, *, is_taken: bool) -> None:
    """The entry pending deletion has the same URN, and deleting it must keep the copy."""
    if is_taken:
        entries.note_in_state(MONDAY, COPY)
        assert entries.take(COPY, MONDAY)
        entries.note_finished(entry(MONDAY, NEW))
    else:
        entries.note_declared(entry(MONDAY, NEW))

    assert entries.other_with(entry(MONDAY, OLD)) == MONDAY
    entries.note_removed(entry(MONDAY, OLD))
    assert entries.other_with(entry(MONDAY, OLD)) == MONDAY
    assert entries.other_with(entry(MONDAY, NEW)) is None
    assert entries.other_with(entry(TUESDAY, NEW)) == MONDAY


def test_copy_of_removed_entry_has_one_entry_left(entries: StateEntries) -> None:
    entries.note_in_state(MONDAY, COPY)
    entries.note_in_state(TUESDAY, COPY)

    assert entries.other_with(entry(MONDAY)) is not None
    entries.note_removed(entry(MONDAY))
    assert entries.other_with(entry(TUESDAY)) is None


def test_removed_unseen_entry_keeps_entry_with_same_copy(entries: StateEntries) -> None:
    entries.note_declared(entry(TUESDAY))

    entries.note_removed(entry(MONDAY))

    assert entries.other_with(entry(MONDAY)) == TUESDAY
    assert entries.entry_of(TUESDAY) == entry(TUESDAY)


def test_successors_have_same_resource_or_source(entries: StateEntries) -> None:
    other_stack = entry(urn("monday", "dev"), backup_id="backup-3123456789abcdef0")
    own = entry(MONDAY, backup_id="backup-1123456789abcdef0", source="backup-6123456789abcdef0")
    same_source = entry(TUESDAY, backup_id="backup-2123456789abcdef0")
    for one in (other_stack, same_source, own, entry(urn("other"), backup_id=SOURCE, source=COPY)):
        entries.note_declared(one)

    assert entries.successors(entry(MONDAY)) == [own, same_source]


def test_copy_is_reserved_by_one_create(entries: StateEntries) -> None:
    assert entries.take(COPY, MONDAY)
    assert entries.take(COPY, MONDAY), "create may reserve it again"
    assert not entries.take(COPY, TUESDAY)
    entries.release(MONDAY)
    assert entries.take(COPY, TUESDAY)


# --- copies that were not made ---


def test_no_copy_is_missing_without_creates(creates: Creates) -> None:
    assert creates.missing(MONDAY, [FILE_SYSTEM]) is None


def test_started_copy_is_missing_until_it_succeeds(creates: Creates) -> None:
    creates.started(TUESDAY)
    creates.started(TUESDAY, FILE_SYSTEM)
    assert creates.missing(MONDAY, [FILE_SYSTEM]) == "tuesday"

    creates.succeeded(TUESDAY)

    assert creates.missing(MONDAY, [FILE_SYSTEM]) is None


@pytest.mark.parametrize(
    ("subjects", "is_missing"),
    [
        ([FILE_SYSTEM], True),
        (["", FILE_SYSTEM], True),
        ([VOLUME, FILE_SYSTEM], True),
        ([OTHER], False),
        (["", ""], True),
    ],
    ids=["same file system", "no volume", "volume of file system", "other file system", "unknown"],
)
def test_failed_copy_is_missing_for_its_file_system(creates: Creates, subjects: list[str], *, is_missing: bool) -> None:
    creates.started(TUESDAY, FILE_SYSTEM)
    creates.failed(TUESDAY)

    assert (creates.missing(MONDAY, subjects) == "tuesday") is is_missing


def test_failed_copy_of_unknown_file_system_is_missing_for_all(creates: Creates) -> None:
    creates.failed(TUESDAY)

    assert creates.missing(MONDAY, [OTHER]) == "tuesday"


def test_failed_copy_that_succeeds_later_is_not_missing(creates: Creates) -> None:
    creates.failed(TUESDAY, FILE_SYSTEM)
    creates.succeeded(TUESDAY)

    assert creates.missing(MONDAY, [FILE_SYSTEM]) is None


def test_failed_copy_of_other_stack_is_not_missing(creates: Creates) -> None:
    """One process may serve several stacks."""
    creates.failed(urn("tuesday", stack="test"), FILE_SYSTEM)

    assert creates.missing(MONDAY, [FILE_SYSTEM]) is None


def test_delete_before_replace_waits_only_for_failed_copies(creates: Creates) -> None:
    """The delete comes before other creates, which may be running."""
    creates.started(MONDAY)
    creates.started(TUESDAY)
    assert creates.missing(MONDAY, [FILE_SYSTEM]) is None

    creates.failed(TUESDAY, FILE_SYSTEM)

    assert creates.missing(MONDAY, [FILE_SYSTEM]) == "tuesday"


def test_failed_replacement_is_missing_for_its_delete(creates: Creates) -> None:
    creates.failed(MONDAY, FILE_SYSTEM)

    assert creates.missing(MONDAY, [FILE_SYSTEM]) == "monday"


def test_missing_copy_has_whole_name(creates: Creates) -> None:
    creates.failed(urn("a::b"), FILE_SYSTEM)

    assert creates.missing(MONDAY, [FILE_SYSTEM]) == "a::b"
