"""The token a copy is started with, and the mark that says whose it is."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.copies.ownership import (
    MAX_TAG_VALUE,
    Ownership,
    Pending,
    Recorded,
    Token,
    identity_of,
    new_nonce,
    parse_mark,
)

from rehearsal.fsx import model

URN = "urn:pulumi:prod::files::pulumi-python:dynamic/fsx:BackupCopy::monday"
MADE = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
TOKEN = Token.of(URN, "eu-central-1", "backup-0123456789abcdef0", "eu-west-1", None)
names = st.text(min_size=1, max_size=300)


def test_the_same_resource_and_request_arrive_at_the_same_token() -> None:
    assert Token.of(URN, "eu-central-1", "backup-0123456789abcdef0", "eu-west-1", None) == TOKEN


@pytest.mark.parametrize(
    "parameters",
    [
        ("us-east-1", "backup-0123456789abcdef0", "eu-west-1", None),
        ("eu-central-1", "backup-0fedcba9876543210", "eu-west-1", None),
        ("eu-central-1", "backup-0123456789abcdef0", "eu-north-1", None),
        ("eu-central-1", "backup-0123456789abcdef0", "eu-west-1", "key/1"),
    ],
)
def test_another_immutable_parameter_is_another_request_of_the_same_resource(
    parameters: tuple[str | None, ...],
) -> None:
    other = Token.of(URN, *parameters)

    assert other.resource == TOKEN.resource
    assert not other.same_request(TOKEN)


def test_another_resource_never_shares_a_token() -> None:
    other = Token.of(URN.replace("prod", "test"), "eu-central-1", "backup-0123456789abcdef0", "eu-west-1", None)

    assert other.resource != TOKEN.resource
    assert not other.same_request(TOKEN)


def test_the_next_generation_is_another_token_for_the_same_request() -> None:
    later = TOKEN.next().next()

    assert str(later) != str(TOKEN)
    assert later.same_request(TOKEN)


@given(urn=names, parameters=st.lists(names | st.none()), generations=st.integers(0, 10**6))
def test_every_token_is_a_valid_client_request_token(urn: str, parameters: list[str | None], generations: int) -> None:
    token = Token(Token.of(urn, *parameters).resource, Token.of(urn, *parameters).request, generations)
    request = {"ClientRequestToken": str(token), "SourceBackupId": "backup-0123456789abcdef0"}

    assert list(model.request_violations("CopyBackup", request)) == []
    assert Token.parse(str(token)) == token


@given(project=names, stack=names, name=names, made=st.none() | st.just(MADE))
def test_every_mark_is_a_valid_tag_value_and_can_be_read_back(
    project: str, stack: str, name: str, made: datetime | None
) -> None:
    identity = identity_of(f"urn:pulumi:{stack}::{project}::type::{name}")
    pending, recorded = Pending(TOKEN, made, identity), Recorded(new_nonce(), made, identity)

    for mark in (pending, recorded):
        request = {"ResourceARN": "arn:aws:fsx:::x", "Tags": [{"Key": "k", "Value": str(mark)}]}
        values = [v for v in model.request_violations("TagResource", request) if "value" in v.path]
        read = parse_mark(str(mark))
        assert values == []
        assert len(str(mark)) <= MAX_TAG_VALUE
        assert read is not None
        assert (read.source_creation_time, type(read)) == (made, type(mark))


def test_the_identity_is_project_stack_and_name() -> None:
    assert identity_of(URN) == "files/prod/monday"


def test_a_name_with_colons_and_other_odd_characters_keeps_the_mark_readable() -> None:
    identity = identity_of("urn:pulumi:prod::files::t::a::b,c")

    mark = parse_mark(str(Pending(TOKEN, MADE, identity)))

    assert identity == "files/prod/a::b_c"
    assert mark == Pending(TOKEN, MADE, identity)


@pytest.mark.parametrize(
    "value", [None, "", "terraform", "pending:", "pending:x:y:z", "recorded:only", "pending:a-b-0::"]
)
def test_what_others_write_into_the_tag_is_no_mark(value: str | None) -> None:
    assert parse_mark(value) is None


def test_a_mark_says_so_when_nobody_knows_when_the_source_was_made() -> None:
    text = str(Recorded("n", None, "files/prod/monday"))

    assert text == "recorded:n:unknown:files/prod/monday"
    assert parse_mark(text) == Recorded("n", None, "files/prod/monday")


@pytest.mark.parametrize(
    ("ownership", "mark", "owned"),
    [
        (Ownership("n", str(TOKEN)), Recorded("n", None, "i"), True),
        (Ownership("n", str(TOKEN)), Recorded("other", None, "i"), False),
        (Ownership("n", str(TOKEN)), Pending(TOKEN, None, "i"), True),
        (Ownership("n", str(TOKEN)), Pending(TOKEN.next(), None, "i"), False),
        (Ownership("n", str(TOKEN)), None, False),
        (Ownership(""), Recorded("", None, "i"), False),
        (Ownership(""), None, False),
    ],
)
def test_a_state_owns_a_copy_only_by_its_nonce_or_its_very_token(
    ownership: Ownership, mark: Recorded | Pending | None, *, owned: bool
) -> None:
    assert ownership.covers(mark) is owned


def test_no_two_nonces_are_alike_and_each_fits_between_the_colons() -> None:
    nonces = {new_nonce() for _ in range(100)}

    assert len(nonces) == 100
    assert all(re.fullmatch(r"[0-9a-f]{32}", nonce) for nonce in nonces)
