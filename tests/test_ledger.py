"""What one provider process knows beyond what a call is told: who has a copy, and what could not be made."""

import json

import pytest
from pulumi_fsx_dr.copies.ownership import Ownership, RequestToken, new_owner_id
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import TransientError
from pulumi_fsx_dr.runtime.hints import HINTS, Hints
from pulumi_fsx_dr.runtime.ledger import Ledger

FILE_SYSTEM, OTHER = "fs-0123456789abcdef0", "fs-0fedcba9876543210"
VOLUME = "fsvol-0123456789abcdef0"
COPY = "backup-0123456789abcdef0"
SOURCE = "backup-5123456789abcdef0"
OWNER_ID = new_owner_id()
OLD, NEW = (Ownership(OWNER_ID, RequestToken("0" * 40, generation)) for generation in range(2))
OLDS = {"region": "eu-west-1"}


def urn(name: str, stack: str = "prod") -> str:
    return f"urn:pulumi:{stack}::files::pulumi-python:dynamic/fsx:BackupCopy::{name}"


MONDAY, TUESDAY = urn("monday"), urn("tuesday")


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


# --- what the program tells -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [None, 5, "of another version", "[]", "{}", '{"state": 5}', '{"state": [[1, 2]]}', '{"state": [["u", "i", 5]]}'],
)
def test_hints_of_another_form_are_none(sent: object) -> None:
    assert Hints.of({HINTS: sent}) is None
    assert Hints.of({}) is None


@pytest.mark.parametrize("owner_id", [None, "", 5, "no owner id"])
def test_hints_take_no_malformed_owner_id(owner_id: object) -> None:
    assert Hints.of({HINTS: json.dumps({"owner_id": owner_id, "state": []})}) == Hints()


def test_hints_arrive_as_they_were_sent() -> None:
    outputs = {"region": "eu-west-1", "source_region": "eu-north-1", "source_backup_id": SOURCE, "managed_by": "m"}
    sent = Hints(OWNER_ID, (StateCopy(MONDAY, COPY, {**outputs, "kms_key_id": "alias/secret"}),))

    assert Hints.of({HINTS: sent.sent()}) == Hints(OWNER_ID, (StateCopy(MONDAY, COPY, outputs),))


def test_former_inputs_that_one_check_saw_are_known_to_the_next(ledger: Ledger) -> None:
    """Of a replacement the engine asks check twice, and shows the state only the first time."""
    ledger.set_hints(MONDAY, Hints(OWNER_ID))
    ledger.check_seen(MONDAY, OLDS)
    ledger.check_seen(MONDAY, {})

    assert (ledger.olds(MONDAY), ledger.hints(MONDAY)) == (OLDS, Hints(OWNER_ID))
    assert (ledger.olds(TUESDAY), ledger.hints(TUESDAY)) == ({}, None)


# --- which entry has a copy -------------------------------------------------------------------------------------------


def test_copy_of_one_entry_has_no_other_entry(ledger: Ledger) -> None:
    ledger.entry_seen(MONDAY, COPY)

    assert ledger.other_entry(MONDAY, COPY, OLD) is None


def test_entry_that_was_seen_or_made_has_the_copy_too(ledger: Ledger) -> None:
    ledger.entry_seen(MONDAY, COPY)
    ledger.create_succeeded(TUESDAY, COPY, NEW)

    assert ledger.other_entry(MONDAY, COPY, OLD) == TUESDAY
    assert ledger.other_entry(TUESDAY, COPY, OLD) == MONDAY


def test_new_entry_of_a_resource_keeps_the_copy_that_its_create_took(ledger: Ledger) -> None:
    """The entry that is replaced has the same URN, and its delete must leave the copy."""
    ledger.entry_seen(MONDAY, COPY)
    assert ledger.take(COPY, MONDAY)
    ledger.create_succeeded(MONDAY, COPY, NEW)

    assert ledger.other_entry(MONDAY, COPY, OLD) == MONDAY
    assert ledger.other_entry(MONDAY, COPY, NEW) is None
    assert ledger.other_entry(TUESDAY, COPY, NEW) == MONDAY


def test_of_two_entries_that_are_deleted_the_last_one_deletes_the_copy(ledger: Ledger) -> None:
    ledger.entry_seen(MONDAY, COPY)
    ledger.entry_seen(TUESDAY, COPY)

    assert ledger.other_entry(MONDAY, COPY, OLD) is not None
    ledger.entry_removed(MONDAY, COPY)
    assert ledger.other_entry(TUESDAY, COPY, OLD) is None


def test_entry_that_nobody_saw_can_be_removed(ledger: Ledger) -> None:
    ledger.entry_removed(MONDAY, COPY)


def test_copy_is_taken_by_one_create_until_that_fails(ledger: Ledger) -> None:
    assert ledger.take(COPY, MONDAY)
    assert ledger.take(COPY, MONDAY), "create may be asked again"
    assert not ledger.take(COPY, TUESDAY)
    ledger.create_failed(MONDAY, kept=True)
    assert not ledger.take(COPY, TUESDAY), "it is in the state, unfinished"
    ledger.create_failed(MONDAY)
    assert ledger.take(COPY, TUESDAY)


# --- what could not be made -------------------------------------------------------------------------------------


def test_a_process_that_has_checked_nothing_deletes(ledger: Ledger) -> None:
    assert ledger.missing_sibling(MONDAY, [FILE_SYSTEM]) is None


def test_a_copy_that_is_to_be_made_stands_in_the_way_until_it_is_made(ledger: Ledger) -> None:
    ledger.check_seen(TUESDAY, {})
    ledger.create_started(TUESDAY, FILE_SYSTEM)
    assert ledger.missing_sibling(MONDAY, [FILE_SYSTEM]) == "tuesday"

    ledger.create_succeeded(TUESDAY, COPY, NEW)

    assert ledger.missing_sibling(MONDAY, [FILE_SYSTEM]) is None


@pytest.mark.parametrize(
    ("subjects", "is_in_the_way"),
    [
        ([FILE_SYSTEM], True),
        (["", FILE_SYSTEM], True),
        ([VOLUME, FILE_SYSTEM], True),
        ([OTHER], False),
        (["", ""], True),
    ],
    ids=["the same", "no volume", "a volume of it", "another", "unknown"],
)
def test_a_copy_that_failed_stands_in_the_way_of_its_own_file_system(
    ledger: Ledger, subjects: list[str], *, is_in_the_way: bool
) -> None:
    ledger.create_started(TUESDAY, FILE_SYSTEM)
    ledger.create_failed(TUESDAY)

    assert (ledger.missing_sibling(MONDAY, subjects) == "tuesday") is is_in_the_way


def test_a_copy_that_failed_before_anybody_knew_what_it_is_of_stands_in_the_way_of_all(ledger: Ledger) -> None:
    ledger.create_failed(TUESDAY)

    assert ledger.missing_sibling(MONDAY, [OTHER]) == "tuesday"


def test_what_failed_once_is_out_of_the_way_when_it_was_made_after_all(ledger: Ledger) -> None:
    ledger.create_failed(TUESDAY, FILE_SYSTEM)
    ledger.create_succeeded(TUESDAY, COPY, NEW)

    assert ledger.missing_sibling(MONDAY, [FILE_SYSTEM]) is None


def test_another_stack_s_failure_is_none_of_ours(ledger: Ledger) -> None:
    """One process may serve several stacks."""
    ledger.create_failed(urn("tuesday", stack="test"), FILE_SYSTEM)

    assert ledger.missing_sibling(MONDAY, [FILE_SYSTEM]) is None


def test_a_copy_that_goes_before_it_is_made_anew_waits_for_no_copy_under_way(ledger: Ledger) -> None:
    """With delete_before_replace the delete comes first, and the creates of others may be under way."""
    for name in (MONDAY, TUESDAY):
        ledger.check_seen(name, OLDS)
        ledger.check_seen(name, {})

    assert ledger.missing_sibling(MONDAY, [FILE_SYSTEM]) is None


def test_but_it_waits_for_what_has_failed_already(ledger: Ledger) -> None:
    ledger.check_seen(MONDAY, {})
    ledger.create_failed(TUESDAY, FILE_SYSTEM)

    assert ledger.missing_sibling(MONDAY, [FILE_SYSTEM]) == "tuesday"


def test_a_copy_whose_replacement_failed_is_not_deleted_itself(ledger: Ledger) -> None:
    ledger.create_failed(MONDAY, FILE_SYSTEM)

    assert ledger.missing_sibling(MONDAY, [FILE_SYSTEM]) == "monday"


def test_a_name_with_colons_is_told_whole(ledger: Ledger) -> None:
    ledger.create_failed(urn("a::b"), FILE_SYSTEM)

    assert ledger.missing_sibling(MONDAY, [FILE_SYSTEM]) == "a::b"


# --- further notes ----------------------------------------------------------------------------------------------------


def test_an_unreachable_region_is_asked_once_a_run(ledger: Ledger) -> None:
    error = TransientError("eu-west-1 does not answer.")
    ledger.mark_unreachable("eu-west-1", error)

    with pytest.raises(TransientError) as again:
        ledger.raise_if_unreachable("eu-west-1")

    assert again.value is error
    ledger.raise_if_unreachable("eu-north-1")
