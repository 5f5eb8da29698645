"""Verify that a backup is the copy that a state entry or a program describes. Tags are ignored."""

from dataclasses import dataclass

from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.kms import KeyName

ANY_OWN_KEY = ""
"""Any key in the account and Region of the copy; expected if neither program nor state names a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The expected facts of a copy. None means unknown, and is not compared.

    Attributes:
        account: the account of the copy.
        key: the id or ARN of the KMS key, or `ANY_OWN_KEY`. An alias never matches.
    """

    source_backup_id: str
    region: str
    source_region: str | None = None
    account: str | None = None
    key: str | None = None


def mismatch(backup: Backup, facts: Facts) -> str | None:
    """Return how a backup differs from the expected copy, as the end of a sentence; None if it matches.

    Called before a copy is resumed, adopted or deleted, and before a missing ownership tag is written again.
    """
    differences = {
        "is not a copy": not backup.source_backup_id,
        f"is of type {backup.type}": backup.type != "USER_INITIATED",
        f"is a copy of {backup.source_backup_id}, not of {facts.source_backup_id}": (
            backup.source_backup_id != facts.source_backup_id
        ),
        f"is in {backup.region}, not in {facts.region}": backup.region != facts.region,
        # Some descriptions lack the next two. The id of the source backup is unique without them.
        f"was copied from {backup.source_region}, not from {facts.source_region}": (
            _differs(backup.source_region, facts.source_region)
        ),
        f"belongs to account {backup.owner_id}, not to {facts.account}": _differs(backup.owner_id, facts.account),
        "is encrypted with another KMS key": not has_key(backup, facts),
    }
    return next((text for text, is_so in differences.items() if is_so), None)


def _differs(actual: str | None, expected: str | None) -> bool:
    return bool(actual and expected and actual != expected)


def has_key(backup: Backup, facts: Facts) -> bool:
    if facts.key is None:
        return True
    actual = KeyName.parse(backup.kms_key_arn or "")
    if actual is None:
        return not backup.kms_key_arn and facts.key == ANY_OWN_KEY
    if facts.key == ANY_OWN_KEY:
        return _is_own(actual, backup)
    expected = KeyName.parse(facts.key)
    if expected is None or expected.resource != actual.resource:
        return False
    # A key id is in the account of the copy. Only an ARN can name a key of another account.
    return _is_own(actual, backup) if expected.account is None else expected.account == actual.account


def _is_own(key: KeyName, backup: Backup) -> bool:
    return key.region == backup.region and (not backup.owner_id or key.account == backup.owner_id)
