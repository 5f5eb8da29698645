"""URNs: their parts, and the URNs of children."""

import pytest
from pulumi_fsx_dr.copies.urns import child_urn, is_urn, name_of, parent_type_of, stack_part, type_of, types_of

PARENT = "urn:pulumi:prod::files::my:index:App$my:index:Dr::a::b"
NOT_URNS = ["", "monday", "urn:pulumi:prod::files", "urn:pulumi:prod::files::my:index:App"]


def test_urn_has_stack_types_and_name() -> None:
    assert is_urn(PARENT)
    assert stack_part(PARENT) == "urn:pulumi:prod::files"
    assert types_of(PARENT) == "my:index:App$my:index:Dr"
    assert (parent_type_of(PARENT), type_of(PARENT)) == ("my:index:App", "my:index:Dr")
    assert name_of(PARENT) == "a::b"


def test_child_urn_adds_its_type_to_those_of_the_parent() -> None:
    child = child_urn(PARENT, "my:index:Copy", "c::d")

    assert child == "urn:pulumi:prod::files::my:index:App$my:index:Dr$my:index:Copy::c::d"
    assert (parent_type_of(child), type_of(child), name_of(child)) == ("my:index:Dr", "my:index:Copy", "c::d")


@pytest.mark.parametrize("text", NOT_URNS)
def test_other_text_has_no_types(text: str) -> None:
    assert not is_urn(text)
    assert (types_of(text), type_of(text), parent_type_of(text)) == ("", "", "")
