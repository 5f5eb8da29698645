"""Refused arguments of a DrRegion are not shown, because they may be misplaced secrets."""

from typing import Any

import pytest
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.rules.dr_arguments import DrRegionArgs, Source, require_valid

SECRET = "hunter22"
SOURCE = {"file_system_id": "fs-0123456789abcdef0", "region": "eu-central-1"}
BACKUP = {"backup_id": "backup-0123456789abcdef0", "region": "eu-central-1"}
SELECTED = {"tags": {"dr": "yes"}, "region": "eu-central-1"}
VALUES = [SECRET, f"{SECRET}\n::error::x", [SECRET], {"within": SECRET}, {1: SECRET, "a": SECRET}]
# These may be unknown to the program, so the provider checks them.
INPUTS = {"tags", "kms_key_id", "copy_tags", "deletion_protection"}


def refused(args: Any) -> str:
    with pytest.raises(InvalidSettingsError) as refusal:
        require_valid("dr", args)
    return str(refusal.value)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("argument", sorted(DrRegionArgs.__annotations__.keys() - INPUTS))
def test_refusal_of_argument_hides_value(argument: str, value: Any) -> None:
    said = refused({"region": "eu-west-1", "sources": [SOURCE], argument: value})

    assert argument in said or "source" in said
    assert SECRET not in said


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("argument", sorted(Source.__annotations__.keys() - {"kms_key_id"}))
@pytest.mark.parametrize("source", [SOURCE, BACKUP, SELECTED])
def test_refusal_of_source_hides_value(source: dict[str, Any], argument: str, value: Any) -> None:
    wrong = {"keep": 0, **source, argument: value}  # keep is wrong even if the argument is valid

    said = refused({"region": "eu-west-1", "sources": [SOURCE, wrong]})

    assert "DrRegion dr" in said
    assert SECRET not in said


@pytest.mark.parametrize("source", [SECRET, None, [SECRET], {SECRET: SECRET, 1: 2}, {"region": {"a": SECRET}}])
def test_refusal_of_source_type_hides_value(source: Any) -> None:
    assert "DrRegion dr" in refused({"region": "eu-west-1", "sources": [source]})
