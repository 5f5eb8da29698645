"""The generated sections of docs/reference/: arguments, outputs and settings."""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints, is_typeddict

import pulumi
import yaml
from pulumi_fsx_dr import (
    BackupCopy,
    BackupCopyArgs,
    DrKey,
    DrKeyArgs,
    DrRegion,
    DrRegionArgs,
    RestoredFileSystem,
    RestoredFileSystemArgs,
    Source,
)
from pulumi_fsx_dr.copies.names import camel_case
from pulumi_fsx_dr.dr_region import CopyRow
from pulumi_fsx_dr.fsx.aws_settings import IGNORED, REFUSED, AwsSettings

from simulator.project import ROOT

PAGES = ROOT / "docs" / "reference"
_RESOURCES = (
    ("backup-copy", BackupCopy, BackupCopyArgs),
    ("dr-region", DrRegion, DrRegionArgs),
    ("dr-key", DrKey, DrKeyArgs),
    ("restored-file-system", RestoredFileSystem, RestoredFileSystemArgs),
)

_KINDS = {str: "string", bool: "boolean", int: "number", float: "number", Any: "any value"}
_IN_INPUT = {"Output": pulumi.Output, "T": object}  # names that the annotation of Input contains
_SECTION = re.compile(r"^(?:Args|Attributes):\n(?:(?: {4}.*)?\n?)+", re.MULTILINE)
_ENTRY = re.compile(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", re.MULTILINE)
_LITERAL = re.compile(r"^(True|False|\d+)$")
_DEFAULT = re.compile(r" ?Default: (.*?)\.(?= |$)")


def sections() -> Iterator[tuple[Path, str, str]]:
    """Yield page, name and text of each generated section."""
    for name, resource, args in _RESOURCES:
        page, described = PAGES / f"{name}.md", docs_of(resource.__init__)
        yield page, "arguments", "\n".join(_arguments(args, described))
        yield page, "outputs", "\n".join(_outputs(resource))
    page = PAGES / "dr-region.md"
    yield page, "sources", "\n".join(_arguments(Source, docs_of(Source)))
    yield page, "rows of copies", "\n".join(_fields(CopyRow))
    page = PAGES / "configuration.md"
    yield page, "settings", "\n".join(_settings())
    yield page, "followed", "\n".join(_followed())
    yield page, "refused", "\n".join(f"- `aws:{name}`: {instead}" for name, instead in REFUSED.items())
    yield page, "ignored", ", ".join(f"`aws:{name}`" for name in IGNORED) + "."


def aws_settings() -> Iterator[tuple[str, str, str]]:
    """Yield name, type and description of each setting of pulumi-aws."""
    for row in fields(AwsSettings):
        yield f"aws:{camel_case(row.name)}", row.metadata["type"].description, row.metadata["description"]
    for kind, others in (("refused", REFUSED), ("ignored", IGNORED)):
        yield from ((f"aws:{name}", kind, reason) for name, reason in others.items())


def docs_of(described: Any) -> dict[str, str]:
    """Return what a docstring says of each argument or attribute."""
    section = _SECTION.search(inspect.getdoc(described) or "")
    return {name: " ".join(text.split()) for name, text in _ENTRY.findall(section[0])} if section else {}


def _arguments(args: Any, docs: Mapping[str, str]) -> Iterator[str]:
    for name, hint in get_type_hints(args, localns=_IN_INPUT).items():
        text, default = docs[name], _DEFAULT.search(docs[name])
        if name in args.__required_keys__:
            need = "required"
        elif default:
            need, text = "default: " + _LITERAL.sub(r"`\1`", default[1]), _DEFAULT.sub("", text).strip()
        else:
            need = "optional"
        yield f"- **`{name}`** ({_kind(hint)}; {need}): {text}"


def _outputs(resource: Any) -> Iterator[str]:
    hints = inspect.get_annotations(resource, eval_str=True)
    for name, text in docs_of(resource).items():
        kind = f" ({_kind_of(get_args(hints[name])[0])})" if name in hints else ""
        yield f"- **`{name}`**{kind}: {text}"


def _fields(record: Any) -> Iterator[str]:
    docs = docs_of(record)
    for name, hint in get_type_hints(record).items():
        yield f"- **`{name}`** ({_kind_of(hint)}): {docs[name]}"


def _settings() -> Iterator[str]:
    for name, setting in yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"].items():
        default = yaml.safe_dump(setting["default"], default_flow_style=True).removesuffix("\n...\n").strip()
        kind = setting.get("type", "number or object")
        yield f"- `{name}` ({kind}; default: `{default}`): {setting['description'].strip()}"


def _followed() -> Iterator[str]:
    for name, kind, text in aws_settings():
        if kind not in ("refused", "ignored"):
            yield f"- `{name}`: {text}" if kind == "a string" else f"- `{name}` ({kind}): {text}"


def _kind(hint: Any) -> str:
    """Return the type of an argument in words; it is plain if it does not accept outputs of resources."""
    accepts_outputs = any(get_origin(option) is pulumi.Output for option in get_args(hint))
    return _kind_of(hint) + ("" if accepts_outputs else ", plain")


def _kind_of(hint: Any) -> str:
    options = [option for option in get_args(hint) if option is not NoneType]
    if get_origin(hint) is Annotated:
        return _kind_of(options[1])
    if get_origin(hint) in (Union, UnionType):
        accepts_outputs = any(get_origin(option) is pulumi.Output for option in options)
        return _kind_of(options[0]) if accepts_outputs else " or ".join(map(_kind_of, options))
    if get_origin(hint) in (list, Sequence):
        return f"list of {_plural(_kind_of(options[0]))}"
    if get_origin(hint) in (dict, Mapping):
        return f"map of {_plural(_kind_of(options[1]))}"
    if is_typeddict(hint):
        return {"Source": "[source](#sources)", "RetentionPolicy": "[policy](../retention.md)"}.get(
            hint.__name__, "object"
        )
    return _KINDS.get(hint, "resource")


def _plural(kind: str) -> str:
    return "[sources](#sources)" if kind == "[source](#sources)" else f"{kind}s"
