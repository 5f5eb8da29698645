"""Compare the state of a BackupCopy with its arguments: which differences replace or update the copy."""

from collections.abc import Callable, Mapping
from typing import Any

from pulumi.output import Unknown, contains_unknowns

from pulumi_fsx_dr.fsx.kms import KeyName, same_key

from .arguments import ARGUMENTS, Change


def replacements(olds: Mapping[str, Any], news: Mapping[str, Any], key_arn: Callable[[str], str | None]) -> list[str]:
    """Return the names of the properties that require a new copy.

    Args:
        news: the checked arguments. An unknown value never requires a new copy.
        key_arn: returns the key ARN of an alias; None if KMS does not return it.
    """
    # A value that is missing in the state cannot be compared, so it does not replace the copy.
    names = [name for name in _with(Change.REPLACES) if name in olds and _is_other(olds[name], news.get(name))]
    names += [name for name in _with(Change.REPLACES_IF_OTHER_KEY) if _is_other_key(name, olds, news, key_arn)]
    # A copy that is FAILED or DELETED cannot be used or changed.
    if olds.get("lifecycle") in ("FAILED", "DELETED"):
        names.append("lifecycle")
    return names


def updates(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """Return the names of the properties that change in place, or may change once they are known.

    An unfinished copy counts as changed, so that the next update finishes it. After a refresh, the engine no
    longer knows that the create has failed.
    """
    names = [name for name, argument in ARGUMENTS.items() if _is_unknown(argument.change, news.get(name))]
    names += [name for name in _with(Change.UPDATES) if _changes(name, olds, news) and name not in names]
    if olds.get("lifecycle", "AVAILABLE") != "AVAILABLE":
        names.append("lifecycle")
    return names


def _with(change: Change) -> list[str]:
    return [name for name, argument in ARGUMENTS.items() if argument.change is change]


def _is_unknown(change: Change, new: Any) -> bool:
    return change is not Change.NOTHING and contains_unknowns(new)


def _changes(name: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    return name in olds and (olds[name] or None) != (news.get(name) or None)


def _is_other(old: Any, new: Any) -> bool:
    # Without a known new value, the old one stays.
    return new is not None and not isinstance(new, Unknown) and new != old


def _is_other_key(
    argument: str, olds: Mapping[str, Any], news: Mapping[str, Any], key_arn: Callable[[str], str | None]
) -> bool:
    new: Any = news.get(argument)
    old_arn = olds.get("kms_key_arn")
    if not _is_other(olds.get(argument), new) or same_key(old_arn, new):
        return False
    name = KeyName.parse(new)
    if name is None or not name.is_alias:
        return True
    arn = key_arn(new)
    # Without an ARN, the key counts as the same: a failed lookup must not replace a copy.
    return arn is not None and not same_key(old_arn, arn)
