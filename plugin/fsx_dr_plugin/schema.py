"""The schema of the package, made from the annotations, docstrings and arguments of the Python package."""

import inspect
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints, is_typeddict

import pulumi
from pulumi_fsx_dr.backup_copy import BackupCopy, BackupCopyArgs
from pulumi_fsx_dr.copies.arguments import ARGUMENTS, Change
from pulumi_fsx_dr.copies.copy import NATIVE_COPY_TYPE, NATIVE_DR_REGION_TYPE
from pulumi_fsx_dr.copies.names import camel_case
from pulumi_fsx_dr.dr_region import DrRegion, DrRegionArgs
from pulumi_fsx_dr.optional import repository_url

from .config import SETTINGS
from .names import for_all_languages

_SIMPLE = {str: "string", bool: "boolean", int: "integer", float: "number"}
_OF_INPUT = {"Output": pulumi.Output, "T": object}  # names that the SDK uses to define Input
_SECTION = re.compile(r"^(?:Args|Attributes):\n(?:    .*\n?)+", re.MULTILINE)
_ENTRY = re.compile(r"^    (\w+): (.*(?:\n {5,}.*)*)", re.MULTILINE)
_LANGUAGES: Mapping[str, Any] = {
    "nodejs": {
        "packageName": "pulumi-fsx-dr",
        "dependencies": {"@pulumi/pulumi": "^3.142.0"},
        "respectSchemaVersion": True,
    },
    "python": {
        "packageName": "pulumi_fsx_dr_sdk",  # pulumi_fsx_dr is the module of the dynamic provider
        "requires": {"pulumi": ">=3.142.0,<4.0.0"},
        "pyproject": {"enabled": True},
        "respectSchemaVersion": True,
    },
    "go": {
        "rootPackageName": "fsxdr",
        "generateResourceContainerTypes": True,
        "generateExtraInputTypes": True,  # otherwise Pulumi omits SourceArgs, because its list is plain
        "respectSchemaVersion": True,
    },
    "csharp": {
        "namespaces": {"fsx-dr": "FsxDr"},
        "packageReferences": {"Pulumi": "3.*"},
        "respectSchemaVersion": True,
    },
    "java": {"packages": {"fsx-dr": "fsxdr"}, "buildFiles": "gradle", "dependencies": {"com.pulumi:pulumi": "1.12.0"}},
}


def schema() -> dict[str, Any]:
    settings = {name: {**setting.type, "description": setting.description} for name, setting in SETTINGS.items()}
    resources = _Resources()
    return {
        "name": "fsx-dr",
        "displayName": "Amazon FSx DR",
        "version": version("pulumi-fsx-dr"),
        "description": "Amazon FSx backup copies for disaster recovery.",
        "homepage": repository_url(),
        "repository": repository_url(),
        "keywords": ["pulumi", "aws", "fsx", "backup", "disaster-recovery", "category/infrastructure"],
        "license": "Apache-2.0",
        "config": {"variables": settings},
        "provider": {"description": "The provider fsx-dr.", "inputProperties": settings},
        "resources": {
            NATIVE_COPY_TYPE: resources.of(BackupCopy, BackupCopyArgs),
            NATIVE_DR_REGION_TYPE: {**resources.of(DrRegion, DrRegionArgs), "isComponent": True},
        },
        "types": resources.types,
        "language": _LANGUAGES,
    }


class _Resources:
    """Schemas of resources.

    A `plain` value must be known when the program runs. A value is plain unless its annotation is an `Input`.

    Attributes:
        types: the object types that the resources use, by token.
    """

    def __init__(self) -> None:
        self.types: dict[str, Any] = {}

    def of(self, resource: Any, args: type) -> dict[str, Any]:
        outputs = {name: get_args(hint)[0] for name, hint in inspect.get_annotations(resource, eval_str=True).items()}
        argument_docs = _docs_of(resource.__init__)
        inputs = self._object(args, argument_docs)
        if resource is BackupCopy:
            for name, argument in ARGUMENTS.items():
                if argument.change is Change.REPLACES:
                    inputs["properties"][camel_case(name)]["willReplaceOnChanges"] = True
        return {
            "description": _description(resource),
            "properties": self._properties(outputs, argument_docs | _docs_of(resource), plain=False),
            "required": [camel_case(name) for name, hint in outputs.items() if NoneType not in get_args(hint)],
            "inputProperties": inputs["properties"],
            "requiredInputs": inputs["required"],
        }

    def _object(self, record: Any, docs: Mapping[str, str], *, plain: bool = True) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": self._properties(get_type_hints(record, localns=_OF_INPUT), docs, plain=plain),
            "required": [camel_case(name) for name in record.__annotations__ if name in record.__required_keys__],
        }

    def _properties(self, hints: Mapping[str, Any], docs: Mapping[str, str], *, plain: bool) -> dict[str, Any]:
        properties = {camel_case(name): self._type(hint, plain=plain) for name, hint in hints.items()}
        for name in hints.keys() & docs.keys():
            properties[camel_case(name)]["description"] = for_all_languages(docs[name])
        return properties

    def _type(self, hint: Any, *, plain: bool) -> dict[str, Any]:
        options = get_args(hint)
        if get_origin(hint) is Annotated:
            return self._type(options[1], plain=plain)
        if get_origin(hint) in (Union, UnionType):
            if any(get_origin(option) is pulumi.Output for option in options):
                return self._type(options[0], plain=False)
            given = [self._type(option, plain=plain) for option in options if option is not NoneType]
            return given[0] if len(given) == 1 else {"oneOf": given, **({"plain": True} if plain else {})}
        shape: dict[str, Any]
        if hint in _SIMPLE:
            shape = {"type": _SIMPLE[hint]}
        elif is_typeddict(hint):
            token = f"fsx-dr:index:{hint.__name__}"
            described = {"description": _description(hint)}
            self.types[token] = {**self._object(hint, _docs_of(hint), plain=plain), **described}
            shape = {"$ref": f"#/types/{token}"}
        elif get_origin(hint) in (list, Sequence):
            shape = {"type": "array", "items": self._type(options[0], plain=plain)}
        else:
            shape = {"type": "object", "additionalProperties": self._type(options[1], plain=plain)}
        return {**shape, "plain": True} if plain else shape


def _description(described: Any) -> str:
    return for_all_languages(_SECTION.split(inspect.getdoc(described) or "")[0].strip())


def _docs_of(described: Any) -> dict[str, str]:
    section = _SECTION.search(inspect.getdoc(described) or "")
    return {name: " ".join(text.split()) for name, text in _ENTRY.findall(section[0])} if section else {}
