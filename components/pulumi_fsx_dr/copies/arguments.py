"""The arguments of a BackupCopy: how each is validated, and what a changed value means for the copy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from inspect import isawaitable
from types import MappingProxyType
from typing import Any, NotRequired, TypedDict

from pulumi import Input, Output
from pulumi.output import Unknown

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID
from pulumi_fsx_dr.fsx.kms import KeyName
from pulumi_fsx_dr.fsx.partitions import partition_of, require_fsx_region

from . import tags
from .near_names import refuse_unknown


class BackupCopyArgs(TypedDict):
    """Arguments of a `BackupCopy`, which describes them."""

    source_backup_id: Input[str]
    region: NotRequired[Input[str]]
    source_region: NotRequired[Input[str]]
    kms_key_id: NotRequired[Input[str]]
    copy_tags: NotRequired[Input[bool]]
    tags: NotRequired[Input[Mapping[str, Input[str]]]]
    adopt_backup_id: NotRequired[Input[str]]
    deletion_protection: NotRequired[Input[bool]]


class Change(Enum):
    """The effect of a changed argument on the existing copy."""

    REPLACES = "replaced (create before delete)"
    REPLACES_IF_OTHER_KEY = "replaced unless it names the same key"
    UPDATES = "updated in place"
    NOTHING = "used only when the copy is created"


# Takes a value and all known arguments; returns the problems of the value.
Check = Callable[[Any, Mapping[str, Any]], list[str]]


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a BackupCopy.

    Attributes:
        required: whether it must have a value after defaults are filled in.
        hint: how to provide a required value, for the error message.
    """

    check: Check
    change: Change
    required: bool = False
    hint: str = ""


def with_defaults(
    given: Mapping[str, Any], former: Mapping[str, Any], region: Callable[[], str | None]
) -> dict[str, Any]:
    """Return the arguments with all defaults filled in; a default is chosen once and stays."""
    inputs = {name: value for name, value in given.items() if value is not None}
    if "region" not in inputs and (default := region()):
        inputs["region"] = default
    # A value in the state takes precedence over a default, so that another environment does not replace the copy.
    if source_region := former.get("source_region") or inputs.get("region"):
        inputs.setdefault("source_region", source_region)
    return {"copy_tags": False, "tags": {}, "deletion_protection": False} | inputs


def problems(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the problems of the arguments, as pairs of the argument's name and a message.

    Unknown values count as valid. No message repeats a value, because any value may be a secret. If the name of an
    argument is returned, the engine shows its value, even a secret one. So the name is "" unless the argument is
    missing.
    """
    known = {name: value for name, value in inputs.items() if not isinstance(value, Unknown)}
    unknown = refuse_unknown("Unknown argument", inputs, ARGUMENTS)
    found = [("", unknown)] if unknown else []
    for name, argument in ARGUMENTS.items():
        if argument.required and inputs.get(name) in (None, ""):
            found.append((name, f"{name} is required.{argument.hint}"))
    for name in ARGUMENTS:
        if known.get(name) not in (None, "") or not ARGUMENTS[name].required:
            found += [("", problem) for problem in problems_of(name, known.get(name), known)]
    return found


def problems_of(name: str, value: Any, known: Mapping[str, Any] = MappingProxyType({})) -> list[str]:
    """Return the problems of the value of one argument; None and outputs are not checked."""
    plain = without_outputs(value)
    return [] if plain is None or isinstance(plain, Unknown) else ARGUMENTS[name].check(plain, known)


def without_outputs(value: Any) -> Any:
    """Return a value with each output in it replaced by `Unknown`."""
    if isinstance(value, Output) or isawaitable(value):
        return Unknown()  # type: ignore[no-untyped-call]
    if isinstance(value, Mapping):
        return {key: without_outputs(item) for key, item in value.items()}
    return value


def require_valid(resource: str, args: Mapping[str, Any]) -> None:
    """Refuse arguments of a program that are not valid; outputs are not checked."""
    known = {name: without_outputs(value) for name, value in args.items() if value is not None}
    # Only the provider knows the default Region, so its check requires the Region.
    found = [problem for name, problem in problems(known) if name != "region" or "region" in known]
    if found:
        raise InvalidSettingsError(f"{resource}: {' '.join(found)}")


def _backup_id(argument: str) -> Check:
    def check(value: Any, _known: Mapping[str, Any]) -> list[str]:
        if isinstance(value, str) and BACKUP_ID.fullmatch(value):
            return []
        return [f"{argument} must be the id of an FSx backup, such as backup-0123456789abcdef0."]

    return check


def _adopt_backup_id(value: Any, known: Mapping[str, Any]) -> list[str]:
    if value == known.get("source_backup_id"):
        return ["adopt_backup_id is the source backup itself. Use the id of its copy."]
    return _backup_id("adopt_backup_id")(value, known)


def _region(value: Any, _known: Mapping[str, Any], argument: str = "region") -> list[str]:
    try:
        require_fsx_region(str(value), argument)
    except InvalidSettingsError as error:
        return [str(error)]
    return []


def _source_region(value: Any, known: Mapping[str, Any]) -> list[str]:
    if found := _region(value, known, "source_region"):
        return found
    region = known.get("region")
    if region and not _region(region, known) and partition_of(region) != partition_of(value):
        return ["source_region and region are in different AWS partitions. FSx copies only within a partition."]
    return []


def _kms_key_id(value: Any, known: Mapping[str, Any]) -> list[str]:
    key = KeyName.parse(value) if isinstance(value, str) else None
    if key is None:
        return ["kms_key_id must be a KMS key: a key id, a key ARN, alias/NAME or an alias ARN."]
    region = known.get("region")
    if key.region is None or not region or _region(region, known):
        return []
    if key.partition != partition_of(region) or key.region != region:
        return ["kms_key_id is a key in another Region. Use a key in the Region of the copy."]
    return []


def _boolean(argument: str) -> Check:
    def check(value: Any, _known: Mapping[str, Any]) -> list[str]:
        return [] if isinstance(value, bool) else [f"{argument} must be True or False (got {type(value).__name__})."]

    return check


def _tags(value: Any, _known: Mapping[str, Any]) -> list[str]:
    if not isinstance(value, Mapping):
        return [f"tags must be a map of strings (got {type(value).__name__})."]
    known = {key: text for key, text in value.items() if not isinstance(text, Unknown)}
    return [f"tags: {problem}" for problem in tags.problems(known)]


# States and previews list the arguments in this order.
ARGUMENTS: Mapping[str, Argument] = {
    "source_backup_id": Argument(_backup_id("source_backup_id"), Change.REPLACES, required=True),
    "region": Argument(
        _region,
        Change.REPLACES,
        required=True,
        hint=" Set it on the resource, or set aws:region for the stack or AWS_REGION in the environment.",
    ),
    "source_region": Argument(_source_region, Change.REPLACES),
    "kms_key_id": Argument(_kms_key_id, Change.REPLACES_IF_OTHER_KEY),
    "copy_tags": Argument(_boolean("copy_tags"), Change.UPDATES),
    "tags": Argument(_tags, Change.UPDATES),
    "adopt_backup_id": Argument(_adopt_backup_id, Change.NOTHING),
    "deletion_protection": Argument(_boolean("deletion_protection"), Change.UPDATES),
}
