"""Whether a backup is the copy that a state or a program describes."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pulumi_fsx_dr.copies.verification import ANY_OWN_KEY, Facts, mismatch
from pulumi_fsx_dr.fsx.backup import Backup

SOURCE = "backup-0123456789abcdef0"
ACCOUNT, OTHER_ACCOUNT = "111122223333", "999999999999"
REGION, SOURCE_REGION = "eu-central-1", "eu-west-1"
KEY_ID = "0a1b2c3d-1111-4111-8111-0a1b2c3d4e5f"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"
FOREIGN_KEY = KEY.replace(ACCOUNT, OTHER_ACCOUNT)
OTHER_KEY = KEY.replace("0a1b", "1b0a")
MULTI_REGION = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mrk-{'0a' * 16}"

COPY = Backup(
    id="backup-1123456789abcdef0",
    arn=f"arn:aws:fsx:{REGION}:{ACCOUNT}:backup/backup-1123456789abcdef0",
    lifecycle="AVAILABLE",
    type="USER_INITIATED",
    creation_time=datetime(2027, 1, 15, 8, 0, tzinfo=UTC),
    owner_id=ACCOUNT,
    region=REGION,
    kms_key_arn=KEY,
    source_backup_id=SOURCE,
    source_region=SOURCE_REGION,
)
FACTS = Facts(source_backup_id=SOURCE, region=REGION, source_region=SOURCE_REGION, account=ACCOUNT, key=KEY)


def matches(backup: dict[str, Any], facts: dict[str, Any]) -> bool:
    return mismatch(replace(COPY, **backup), replace(FACTS, **facts)) is None


@pytest.mark.parametrize(
    "backup",
    [
        {"source_backup_id": None},
        {"source_backup_id": ""},
        {"source_backup_id": "backup-0fedcba9876543210"},
        {"type": "AWS_BACKUP"},
        {"type": "AUTOMATIC"},
        {"type": ""},
        {"region": "eu-north-1"},
        {"source_region": "eu-north-1"},
        {"owner_id": OTHER_ACCOUNT},
        {"kms_key_arn": OTHER_KEY},
        {"kms_key_arn": FOREIGN_KEY},
        {"kms_key_arn": None},
        {"kms_key_arn": "no key"},
    ],
)
def test_mismatch_for_any_wrong_fact(backup: dict[str, Any]) -> None:
    assert not matches(backup, {})


@pytest.mark.parametrize("lifecycle", ["CREATING", "COPYING", "AVAILABLE", "FAILED", "THAWING"])
@pytest.mark.parametrize("tags", [{}, {"fsx-dr:managed-by": "anybody"}])
def test_mismatch_ignores_lifecycle_and_tags(lifecycle: str, tags: dict[str, str]) -> None:
    assert matches({"lifecycle": lifecycle, "tags": tags, "id": "backup-2123456789abcdef0"}, {})


@pytest.mark.parametrize(
    ("backup", "facts"),
    [({"source_region": None}, {}), ({"owner_id": ""}, {}), ({}, {"source_region": None}), ({}, {"account": None})],
    ids=["no source region", "no account", "unknown source region", "unknown account"],
)
def test_mismatch_ignores_unknown_facts(backup: dict[str, Any], facts: dict[str, Any]) -> None:
    assert matches(backup, facts)


@pytest.mark.parametrize(
    ("actual", "expected", "is_match"),
    [
        # The key is unknown: the state entry has none.
        (KEY, None, True),
        (None, None, True),
        # The ARN, or the id alone, which belongs to the account of the copy.
        (KEY, KEY_ID, True),
        (KEY, KEY_ID.upper(), True),
        (OTHER_KEY, KEY_ID, False),
        (FOREIGN_KEY, KEY_ID, False),
        (FOREIGN_KEY, FOREIGN_KEY, True),
        (MULTI_REGION, MULTI_REGION, True),
        (MULTI_REGION, MULTI_REGION.rpartition("/")[2], True),
        # An alias that could not be resolved may belong to any key.
        (KEY, "alias/dr", False),
        (KEY, f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/dr", False),
        (KEY, "no key", False),
        # Any key of the copy's account and Region.
        (KEY, ANY_OWN_KEY, True),
        (None, ANY_OWN_KEY, True),
        (FOREIGN_KEY, ANY_OWN_KEY, False),
        (KEY.replace(REGION, SOURCE_REGION), ANY_OWN_KEY, False),
        ("no key", ANY_OWN_KEY, False),
    ],
)
def test_mismatch_compares_keys_by_kms_names(actual: str | None, expected: str | None, *, is_match: bool) -> None:
    assert matches({"kms_key_arn": actual}, {"key": expected}) is is_match


def test_mismatch_compares_key_without_account() -> None:
    assert matches({"owner_id": ""}, {"key": ANY_OWN_KEY})
    assert matches({"owner_id": ""}, {"key": KEY_ID})
    assert not matches({"owner_id": "", "kms_key_arn": KEY.replace(REGION, SOURCE_REGION)}, {"key": ANY_OWN_KEY})


@pytest.mark.parametrize("key", [OTHER_KEY, FOREIGN_KEY])
def test_mismatch_hides_keys(key: str) -> None:
    said = mismatch(replace(COPY, kms_key_arn=key), FACTS)

    assert said
    assert "0a1b2c3d4e5f" not in said
