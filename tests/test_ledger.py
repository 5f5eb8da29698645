"""What one provider process knows beyond what a call is told: whose a copy is, and what could not be made."""

import json
import socket
from typing import Any

import pytest
from pulumi_fsx_dr.errors import TransientError
from pulumi_fsx_dr.session.call import Call, StateEntry
from pulumi_fsx_dr.session.ledger import Ledger
from pulumi_fsx_dr.session.told import TOLD, Told

FILE_SYSTEM, OTHER = "fs-0123456789abcdef0", "fs-0fedcba9876543210"
VOLUME = "fsvol-0123456789abcdef0"
COPY = "backup-0123456789abcdef0"
SOURCE = "backup-5123456789abcdef0"
OLDS = {"region": "eu-west-1"}


def urn(name: str, stack: str = "prod") -> str:
    return f"urn:pulumi:{stack}::files::pulumi-python:dynamic/fsx:BackupCopy::{name}"


MONDAY, TUESDAY = urn("monday"), urn("tuesday")


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


# --- what the program tells -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("properties", [{}, {TOLD: None}, {TOLD: "of another version"}])
def test_properties_without_a_word_of_the_program_tell_nothing(properties: dict[str, Any]) -> None:
    assert Told.of(properties) == Told()


def test_what_the_program_tells_is_read_as_it_comes() -> None:
    held = {"urn": MONDAY, "id": COPY, "region": "eu-west-1", "unheard": "of", "token": None}

    told = Told.of({TOLD: json.dumps({"nonce": "n", "program": "127.0.0.1:1", "held": [held]})})

    assert told == Told("n", "127.0.0.1:1", (StateEntry(MONDAY, COPY, "eu-west-1"),))


def test_a_program_that_answers_no_more_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as ended:
        address = f"127.0.0.1:{ended.getsockname()[1]}"

    assert not Told("n", address).is_taken_over
    assert Told("n", "").is_taken_over, "nobody can tell, so it is taken to be there"
    assert not Told("", "").is_taken_over, "it will not record the copy"


def test_the_entry_of_a_resource_is_its_own_and_none_of_the_same_source() -> None:
    own, of_same_source = StateEntry(MONDAY, COPY), StateEntry(TUESDAY, SOURCE)

    assert Call(held=(of_same_source, own)).held_as(MONDAY) == own
    assert Call(held=(of_same_source, own)).held_ids == {COPY, SOURCE}
    assert Call(held=(of_same_source,)).held_as(MONDAY) is None, "another copy of the same source may be anywhere"
    assert Call().held_as(MONDAY) is None


def test_the_former_inputs_that_one_check_saw_are_known_to_the_next(ledger: Ledger) -> None:
    """Of a replacement the engine asks check twice, and shows the state only the first time."""
    ledger.tell(MONDAY, Told("n"))
    ledger.checked(MONDAY, OLDS)
    ledger.checked(MONDAY, {})

    assert ledger.olds(MONDAY) == OLDS
    assert ledger.told(MONDAY) == Told("n")
    assert (ledger.olds(TUESDAY), ledger.told(TUESDAY)) == ({}, Told())


# --- which entry holds a copy -----------------------------------------------------------------------------------------


def test_a_copy_that_one_entry_holds_has_no_other_holder(ledger: Ledger) -> None:
    ledger.shown(MONDAY, COPY, "n1")

    assert ledger.holder_beside(MONDAY, COPY, "n1") is None


def test_an_entry_that_was_shown_or_made_holds_the_copy_too(ledger: Ledger) -> None:
    ledger.shown(MONDAY, COPY, "n1")
    ledger.made(TUESDAY, COPY, "n2")

    assert ledger.holder_beside(MONDAY, COPY, "n1") == (TUESDAY, "n2")
    assert ledger.holder_beside(TUESDAY, COPY, "n2") == (MONDAY, "n1")


def test_the_new_entry_of_one_resource_is_another_than_the_replaced_one(ledger: Ledger) -> None:
    """Both have one URN; only the nonce tells them apart."""
    ledger.shown(MONDAY, COPY, "old")
    ledger.made(MONDAY, COPY, "new")

    assert ledger.holder_beside(MONDAY, COPY, "old") == (MONDAY, "new")
    assert ledger.holder_beside(MONDAY, COPY, "new") is None


def test_of_two_entries_that_are_deleted_the_last_one_deletes_the_copy(ledger: Ledger) -> None:
    ledger.shown(MONDAY, COPY, "n1")
    ledger.shown(TUESDAY, COPY, "n2")

    assert ledger.holder_beside(MONDAY, COPY, "n1") is not None
    ledger.released(MONDAY, COPY)
    assert ledger.holder_beside(TUESDAY, COPY, "n2") is None


def test_releasing_what_nobody_holds_is_nothing(ledger: Ledger) -> None:
    ledger.released(MONDAY, COPY)


# --- what could not be made (R20) -------------------------------------------------------------------------------------


def test_a_process_that_has_checked_nothing_deletes(ledger: Ledger) -> None:
    assert ledger.unmade(MONDAY, [FILE_SYSTEM]) is None


def test_a_copy_that_is_to_be_made_stands_in_the_way_until_it_is_made(ledger: Ledger) -> None:
    ledger.checked(TUESDAY, {})
    ledger.making(TUESDAY, FILE_SYSTEM)
    assert ledger.unmade(MONDAY, [FILE_SYSTEM]) == "tuesday"

    ledger.made(TUESDAY, COPY, "n")

    assert ledger.unmade(MONDAY, [FILE_SYSTEM]) is None


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
    ledger.making(TUESDAY, FILE_SYSTEM)
    ledger.not_made(TUESDAY)

    assert (ledger.unmade(MONDAY, subjects) == "tuesday") is is_in_the_way


def test_a_copy_that_failed_before_anybody_knew_what_it_is_of_stands_in_the_way_of_all(ledger: Ledger) -> None:
    ledger.not_made(TUESDAY)

    assert ledger.unmade(MONDAY, [OTHER]) == "tuesday"


def test_what_failed_once_is_out_of_the_way_when_it_was_made_after_all(ledger: Ledger) -> None:
    ledger.not_made(TUESDAY, FILE_SYSTEM)
    ledger.made(TUESDAY, COPY, "n")

    assert ledger.unmade(MONDAY, [FILE_SYSTEM]) is None


def test_another_stack_s_failure_is_none_of_ours(ledger: Ledger) -> None:
    """One process may serve several stacks."""
    ledger.not_made(urn("tuesday", stack="test"), FILE_SYSTEM)

    assert ledger.unmade(MONDAY, [FILE_SYSTEM]) is None


def test_a_copy_that_goes_before_it_is_made_anew_waits_for_no_copy_under_way(ledger: Ledger) -> None:
    """With delete_before_replace the delete comes first, and the creates of others may be under way."""
    for name in (MONDAY, TUESDAY):
        ledger.checked(name, OLDS)
        ledger.checked(name, {})

    assert ledger.unmade(MONDAY, [FILE_SYSTEM]) is None


def test_but_it_waits_for_what_has_failed_already(ledger: Ledger) -> None:
    ledger.checked(MONDAY, {})
    ledger.not_made(TUESDAY, FILE_SYSTEM)

    assert ledger.unmade(MONDAY, [FILE_SYSTEM]) == "tuesday"


def test_a_copy_whose_replacement_failed_is_not_deleted_itself(ledger: Ledger) -> None:
    ledger.not_made(MONDAY, FILE_SYSTEM)

    assert ledger.unmade(MONDAY, [FILE_SYSTEM]) == "monday"


def test_a_name_with_colons_is_told_whole(ledger: Ledger) -> None:
    ledger.not_made(urn("a::b"), FILE_SYSTEM)

    assert ledger.unmade(MONDAY, [FILE_SYSTEM]) == "a::b"


# --- further notes ----------------------------------------------------------------------------------------------------


def test_a_copy_is_adopted_by_one_resource_of_a_run(ledger: Ledger) -> None:
    assert ledger.claim(COPY, MONDAY)
    assert ledger.claim(COPY, MONDAY), "create may be asked again"
    assert not ledger.claim(COPY, TUESDAY)


def test_a_dark_source_region_is_asked_once_a_run(ledger: Ledger) -> None:
    error = TransientError("eu-west-1 does not answer.")
    ledger.darkened("eu-west-1", error)

    with pytest.raises(TransientError) as again:
        ledger.require_light("eu-west-1")

    assert again.value is error
    ledger.require_light("eu-north-1")
