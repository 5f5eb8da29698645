"""Warnings of a preview about the choice of sources."""

from typing import Any

import pytest
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.rules.dr_arguments import require_valid
from pulumi_fsx_dr.rules.source_warnings import source_warnings
from pulumi_fsx_dr.rules.specs import DrRegionSpec, SourceSpec

HOME, AWAY, NORTH = "eu-central-1", "eu-west-1", "eu-north-1"
FIRST, SECOND = "fs-00000000000000001", "fs-00000000000000002"


def dr(name: str, region: str = AWAY, key: Any = None) -> DrRegionSpec:
    urn = f"urn:pulumi:prod::files::pulumi-fsx-dr:index:DrRegion::{name}"
    return DrRegionSpec(name=name, urn=urn, region=region, sources=(), keep=7, kms_key_id=key)


def of(region: DrRegionSpec, file_system: str = FIRST, **source: Any) -> SourceSpec:
    return SourceSpec(region, {"file_system_id": file_system, "region": HOME, **source})


def warned(*specs: SourceSpec) -> list[tuple[str, str]]:
    return [(region.name, message) for region, message in source_warnings(specs)]


def test_copies_within_source_region_warn_once() -> None:
    home = dr("home", HOME)

    [(name, message)] = warned(of(home), of(home, SECOND), of(dr("away")))

    assert name == "home"
    assert FIRST in message
    assert SECOND in message


def test_source_of_two_dr_regions_in_one_region_warns() -> None:
    [(name, message)] = warned(of(dr("one")), of(dr("two")), of(dr("two"), SECOND))

    assert name == "two"
    assert "one and two" in message
    assert SECOND not in message


def test_copies_in_two_regions_or_with_two_keys_do_not_warn() -> None:
    assert warned(of(dr("one")), of(dr("two", NORTH))) == []
    assert warned(of(dr("one", key="alias/a")), of(dr("two", key="alias/b"))) == []
    assert warned(of(dr("one")), of(dr("two"), kms_key_id="alias/b")) == []


@pytest.mark.parametrize(("key", "is_refused"), [(None, True), ("alias/common", True), ("alias/b", False)])
def test_source_may_be_repeated_with_other_key(key: str | None, *, is_refused: bool) -> None:
    first = {"file_system_id": FIRST, "region": HOME}
    args: Any = {"region": AWAY, "kms_key_id": "alias/common", "sources": [first, {**first, "kms_key_id": key}]}
    args["sources"][1] = {name: value for name, value in args["sources"][1].items() if value}

    if is_refused:
        with pytest.raises(InvalidSettingsError, match="are the same"):
            require_valid("dr", args)
    else:
        require_valid("dr", args)
