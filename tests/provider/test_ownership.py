"""The ownership tag of a copy, and the request token that it contains."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.copies.ownership import (
    MAX_TAG_VALUE,
    OWNERSHIP_TAG,
    Ownership,
    RequestToken,
    claimed_description,
    description_of,
    is_owner_id,
    new_owner_id,
    ownership_of,
    stack_of,
)

from simulator.fsx import model

TYPE = "pulumi-python:dynamic/fsx:BackupCopy"
URN = f"urn:pulumi:prod::files::{TYPE}::monday"
OWNER = "0123456789abcdef" * 2
PARAMETERS = ("eu-central-1", "backup-0123456789abcdef0", "eu-west-1", None)
TOKEN = RequestToken.of(OWNER, URN, *PARAMETERS)
OWN = Ownership(OWNER, TOKEN)
texts = st.text(max_size=300)
names = texts.filter(lambda text: "::" not in text)
tokens = st.builds(
    lambda parts, generation: RequestToken(RequestToken.of(OWNER, URN, *parts).request, generation),
    st.lists(texts | st.none()),
    st.integers(0, 10**12 - 1),
)


def test_token_is_equal_for_same_request() -> None:
    assert RequestToken.of(OWNER, URN, *PARAMETERS) == TOKEN


@pytest.mark.parametrize(
    "other",
    [
        (new_owner_id(), URN, *PARAMETERS),
        (OWNER, URN.replace("prod", "test"), *PARAMETERS),
        (OWNER, URN, "us-east-1", *PARAMETERS[1:]),
        (OWNER, URN, PARAMETERS[0], "backup-0fedcba9876543210", *PARAMETERS[2:]),
        (OWNER, URN, *PARAMETERS[:2], "eu-north-1", None),
        (OWNER, URN, *PARAMETERS[:3], "key/1"),
        (OWNER, URN, *PARAMETERS[:2], None, "eu-west-1"),
    ],
    ids=["owner", "stack", "region", "source", "source region", "key", "order"],
)
def test_token_differs_for_other_request(other: tuple[str, ...]) -> None:
    assert RequestToken.of(*other).request != TOKEN.request


@given(token=tokens)
def test_token_is_a_valid_client_request_token(token: RequestToken) -> None:
    request = {"ClientRequestToken": str(token), "SourceBackupId": "backup-0123456789abcdef0"}

    assert list(model.request_violations("CopyBackup", request)) == []


def test_generations_have_different_tokens() -> None:
    later = TOKEN.next().next()

    assert len({str(TOKEN), str(TOKEN.next()), str(later)}) == 3
    assert Ownership(OWNER, later).is_same_request(OWN)
    assert not Ownership(new_owner_id(), TOKEN).is_same_request(OWN)
    assert not OWN.is_same_request(None)
    assert Ownership(OWNER, TOKEN.unused()).is_same_request(OWN)
    assert len({TOKEN.unused() for _ in range(100)}) == 100


def test_generation_after_last_is_readable() -> None:
    last = Ownership.parse(f"{OWNER}/{TOKEN.request}-{10**12 - 1}")

    assert last
    assert last.token.next() == TOKEN


@given(owner=st.uuids().map(lambda uuid: uuid.hex), token=tokens, project=names, stack=names, name=texts)
def test_tag_is_valid_and_parses_back(owner: str, token: RequestToken, project: str, stack: str, name: str) -> None:
    own = Ownership(owner, token)

    tag = own.tag(f"urn:pulumi:{stack}::{project}::{TYPE}::{name}")

    request = {"ResourceARN": "arn:aws:fsx:::x", "Tags": [{"Key": OWNERSHIP_TAG, "Value": tag[OWNERSHIP_TAG]}]}
    assert [v for v in model.request_violations("TagResource", request) if "value" in v.path] == []
    assert len(tag[OWNERSHIP_TAG]) <= MAX_TAG_VALUE
    assert ownership_of(tag) == own == Ownership.parse(str(own))


def test_tag_is_cut_at_256_characters() -> None:
    tag = OWN.tag(f"urn:pulumi:prod::files::{TYPE}::{'n' * 300}")

    assert len(tag[OWNERSHIP_TAG]) == MAX_TAG_VALUE
    assert claimed_description(tag).startswith("files/prod/nnn")


@pytest.mark.parametrize(
    ("name", "description"),
    [("monday", "files/prod/monday"), ("a::b,c", "files/prod/a::b_c"), ("a/b/c", "files/prod/a/b/c")],
)
def test_description_has_project_stack_and_name(name: str, description: str) -> None:
    urn = f"urn:pulumi:prod::files::{TYPE}::{name}"

    assert description_of(urn) == description == claimed_description(OWN.tag(urn))
    assert stack_of(description) == "files/prod"


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        "",
        "terraform",
        OWNER,
        f"{OWNER}/",
        f"{OWN}x/files/prod/monday",
        f" {OWN}/files",
        str(OWN).upper(),
        f"{OWNER}/{TOKEN.request}-",
        f"{OWNER}/{TOKEN.request}--1",
        f"{OWNER}/{TOKEN.request}-\u0661",
        f"{OWNER}/{TOKEN.request}-{10**12}",
    ],
)
def test_parse_refuses_foreign_tags(value: object) -> None:
    assert Ownership.parse(value) is None


def test_description_of_foreign_tag_is_its_text() -> None:
    assert claimed_description({OWNERSHIP_TAG: "terraform/x"}) == "terraform/x"
    assert claimed_description({}) == ""
    assert claimed_description({OWNERSHIP_TAG: str(OWN)}) == ""


@pytest.mark.parametrize("text", [None, 5, "", "0" * 31, "0" * 33, "g" * 32, "A" * 32, "\u0660" * 32])
def test_is_owner_id_requires_32_hexadecimal_digits(text: object) -> None:
    assert not is_owner_id(text)


def test_owner_ids_are_random() -> None:
    assert len({new_owner_id() for _ in range(100)}) == 100
    assert is_owner_id(new_owner_id())
