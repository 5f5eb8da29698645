"""Checks of requests and answers against botocore's model of FSx; botocore itself ignores enums and patterns."""

import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

HTTP_ERROR = 300
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "timestamp": (int, float, datetime),
    "list": (list,),
    "structure": (dict,),
}


@dataclass(frozen=True)
class Violation:
    """A value that breaks the model: its path, the value, the broken rule, the shape, and whether its type is wrong."""

    path: str
    value: object
    rule: str
    shape: str
    is_mistyped: bool = False

    def __str__(self) -> str:
        return f"Value {self.value!r} at {self.path!r} failed to satisfy constraint: {self.rule}"


@cache
def service_model() -> ServiceModel:
    """Return botocore's FSx model."""
    return botocore.session.Session().get_service_model("fsx")


def operation(action: str) -> OperationModel:
    """Return the model of one action, such as `CopyBackup`."""
    return service_model().operation_model(action)


def violations(shape: Shape, value: object, path: str = "", *, closed: bool = False) -> Iterator[Violation]:
    """Yield everything in `value` that `shape` does not allow; if `closed`, also unknown members.

    Paths are as AWS writes them: `tags.1.member.key`.
    """
    if not _has_type(shape.type_name, value):
        yield Violation(path, value, f"Member must be a {shape.type_name}", shape.name, is_mistyped=True)
        return
    yield from _own_violations(shape, value, path)
    if isinstance(shape, StructureShape):
        yield from _member_violations(shape, value, path, closed=closed)
    elif isinstance(shape, ListShape):
        items: Any = value
        for position, item in enumerate(items, start=1):
            yield from violations(shape.member, item, f"{path}.{position}.member", closed=closed)


def _has_type(type_name: str, value: object) -> bool:
    # A bool is an int in Python, but not a number in JSON.
    return isinstance(value, _TYPES[type_name]) and isinstance(value, bool) == (type_name == "boolean")


def _own_violations(shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    rules: dict[str, Any] = shape.metadata
    length = len(value) if isinstance(value, str | list) else 0
    size, noun = (value, "value") if isinstance(value, int | float) else (length, "length")
    if "min" in rules and size < rules["min"]:
        yield Violation(path, value, f"Member must have {noun} greater than or equal to {rules['min']}", shape.name)
    if "max" in rules and size > rules["max"]:
        yield Violation(path, value, f"Member must have {noun} less than or equal to {rules['max']}", shape.name)
    if "enum" in rules and value not in rules["enum"]:
        yield Violation(path, value, f"Member must satisfy enum value set: {rules['enum']}", shape.name)
    if "pattern" in rules and not compiled(rules["pattern"]).fullmatch(value):
        yield Violation(path, value, f"Member must satisfy regular expression pattern: {rules['pattern']}", shape.name)


def _member_violations(shape: StructureShape, value: Any, path: str, *, closed: bool) -> Iterator[Violation]:
    for name in shape.required_members:
        if name not in value:
            yield Violation(_join(path, name), None, "Member must not be null", shape.name)
    for name, member in value.items():
        if name in shape.members:
            yield from violations(shape.members[name], member, _join(path, name), closed=closed)
        elif closed:
            yield Violation(_join(path, name), member, "Member is not part of the model", shape.name)


def _join(path: str, name: str) -> str:
    return f"{path}.{name[0].lower()}{name[1:]}".lstrip(".")


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    r"""Return a pattern of the model for Python, which does not have Java's `\p{L}`."""
    return re.compile(re.sub(r"\\p\{(\w)\}", lambda match: _category(match[1]), pattern), re.ASCII)


@cache
def _category(major: str) -> str:
    """Return the ranges of a Unicode category for a character class."""
    spans: list[list[int]] = []
    for point in (p for p in range(sys.maxunicode + 1) if unicodedata.category(chr(p))[0] == major):
        if spans and spans[-1][1] == point - 1:
            spans[-1][1] = point
        else:
            spans.append([point, point])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in spans)


def watch(session: boto3.Session) -> None:
    """Check each answer to FSx clients that `session` makes from now on.

    Calls raise an AssertionError if the answer breaks the model.
    """
    session.events.register("before-parse.fsx", _check_answer)


def _check_answer(operation_model: OperationModel, response_dict: dict[str, Any], **_: Any) -> None:
    try:
        body = json.loads(response_dict["body"])
    except ValueError:
        return  # botocore reports this error
    found = list(answer_violations(operation_model, response_dict["status_code"], body))
    if found:
        raise AssertionError("; ".join(map(str, found)))


def request_violations(action: str, parameters: dict[str, Any]) -> Iterator[Violation]:
    """Yield everything in a request that the model of `action` does not allow."""
    shape = operation(action).input_shape
    return violations(shape, parameters) if shape else iter(())


def answer_violations(action: OperationModel, status: int, body: dict[str, Any]) -> Iterator[Violation]:
    """Yield everything in an answer, a success or an error, that the model of `action` does not allow."""
    members = {name: value for name, value in body.items() if name != "__type"}
    if status < HTTP_ERROR and action.output_shape:
        found = violations(action.output_shape, members, closed=True)
        yield from (violation for violation in found if not _is_recorded(violation))
    for shape in (s for s in action.error_shapes if s.name == body.get("__type")):
        yield from violations(shape, members, closed=True)


def _is_recorded(violation: Violation) -> bool:
    """Whether recorded answers (tests/recorded/aws) break the model in the same way."""
    match violation.shape:
        case "Tags":
            return violation.value == []
        case "Backup":  # a backup of a volume
            return violation.path.endswith(".fileSystem") and violation.value is None
        case "VolumeLifecycle":  # the volume in a backup
            return violation.value in {"ACTIVE", "DELETED"}
        case "DNSName":
            return ".endpoints." in violation.path
    return False
