"""What a change of a BackupCopy's arguments means for the copy."""

from collections.abc import Callable, Mapping
from typing import Any

from pulumi.output import Unknown, contains_unknowns

from pulumi_fsx_dr.engine.host import PROVIDER_KEY
from pulumi_fsx_dr.fsx.kms import KeyName, same_key

_IMMUTABLE = ("region", "source_backup_id", "source_region")
# The provider's own place in the state is refreshed like an argument, so that a rename would reach every state.
_MUTABLE = ("tags", "copy_tags", PROVIDER_KEY)


def replacements(olds: Mapping[str, Any], news: Mapping[str, Any], key_arn: Callable[[str], str | None]) -> list[str]:
    """Return the names of what makes a new copy necessary.

    Args:
        olds: the outputs in the state.
        news: the checked arguments; what Pulumi does not know yet replaces nothing.
        key_arn: looks up the ARN of a key behind an alias; None if KMS does not tell.
    """
    names = [name for name in _IMMUTABLE if name in olds and _is_other(olds[name], news.get(name))]
    if _is_other_key(olds, news.get("kms_key_id"), key_arn):
        names.append("kms_key_id")
    if olds.get("lifecycle") in ("FAILED", "DELETED"):
        names.append("lifecycle")
    return names


def updates(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Tell whether anything changes that can change in place, or may turn out to when it is known.

    A copy that is not AVAILABLE yet does change: a refresh makes the engine forget that its create did not end.
    """
    if any(contains_unknowns(news.get(name)) for name in (*_IMMUTABLE, *_MUTABLE, "kms_key_id")):
        return True
    if olds.get("lifecycle", "AVAILABLE") != "AVAILABLE":
        return True
    return any(name in olds and (olds[name] or None) != (news.get(name) or None) for name in _MUTABLE)


def _is_other(old: Any, new: Any) -> bool:
    return new is not None and not isinstance(new, Unknown) and new != old


def _is_other_key(olds: Mapping[str, Any], new: Any, key_arn: Callable[[str], str | None]) -> bool:
    if not _is_other(olds.get("kms_key_id"), new) or same_key(olds.get("kms_key_arn"), new):
        return False
    name = KeyName.parse(new)
    if name is None or not name.is_alias:
        return True
    arn = key_arn(new)
    return arn is not None and not same_key(olds.get("kms_key_arn"), arn)
