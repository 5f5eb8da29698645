"""The names of a DrRegion's copies; the plugin recognizes its copies by them."""

import pytest
from pulumi_fsx_dr.copies.copy import NATIVE_COPY_TYPE
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.rules.naming import distinct_name, is_name_of, output_name, regional_name

SOURCE = "backup-5123456789abcdef0"


def entry(name: str) -> StateCopy:
    urn = f"urn:pulumi:prod::files::{NATIVE_COPY_TYPE}::{name}"
    return StateCopy(urn, "backup-0123456789abcdef0", {"region": "eu-west-1", "source_backup_id": SOURCE})


NAMES = [
    f"dr-{SOURCE}",
    regional_name(f"dr-{SOURCE}", "eu-west-1"),
    distinct_name(f"dr-{SOURCE}", entry("")),
    output_name("dr", 3),
]


@pytest.mark.parametrize("name", NAMES)
def test_name_given_by_dr_region_belongs_to_it(name: str) -> None:
    assert is_name_of("dr", entry(name))
    assert not is_name_of("west", entry(name))


@pytest.mark.parametrize("name", ["dr", "dr-monday", f"dr-{SOURCE}-eu-north-1"])
def test_other_name_does_not_belong_to_dr_region(name: str) -> None:
    assert not is_name_of("dr", entry(name))
