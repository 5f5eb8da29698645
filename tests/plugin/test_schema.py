"""The schema: arguments, outputs and types of the package in camelCase."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi_fsx_dr
import pytest
from fsx_dr_plugin.config import SETTINGS
from fsx_dr_plugin.names import for_all_languages
from fsx_dr_plugin.schema import schema
from pulumi_fsx_dr.copies.arguments import ARGUMENTS
from pulumi_fsx_dr.copies.names import camel_case, snake_case
from pulumi_fsx_dr.copies.outputs import OUTPUTS
from pulumi_fsx_dr.dr_region import CopyRow
from pulumi_fsx_dr.rules.dr_arguments import DrRegionArgs, Source

SCHEMA = schema()
PACKAGES = [
    Path(pulumi_fsx_dr.__path__[0]) / name for name in ("copies", "fsx", "lifecycle", "program", "rules", "runtime")
]
COPY = SCHEMA["resources"]["fsx-dr:index:BackupCopy"]
DR_REGION = SCHEMA["resources"]["fsx-dr:index:DrRegion"]
TYPES = {token.rpartition(":")[2]: type_ for token, type_ in SCHEMA["types"].items()}


def camel(names: Any) -> list[str]:
    return [camel_case(name) for name in names]


def test_schema_has_properties_of_package() -> None:
    assert list(COPY["inputProperties"]) == camel(ARGUMENTS)
    assert list(COPY["properties"]) == camel([*ARGUMENTS, *OUTPUTS])
    assert list(DR_REGION["inputProperties"]) == camel(DrRegionArgs.__annotations__)
    assert list(TYPES["Source"]["properties"]) == camel(Source.__annotations__)
    assert list(TYPES["CopyRow"]["properties"]) == camel(CopyRow.__annotations__)
    assert DR_REGION["isComponent"]


def test_schema_marks_arguments_that_replace() -> None:
    replacing = {name for name, shape in COPY["inputProperties"].items() if shape.get("willReplaceOnChanges")}

    assert replacing == {"sourceBackupId", "region", "sourceRegion"}


def test_schema_requires_arguments_without_default() -> None:
    assert COPY["requiredInputs"] == ["sourceBackupId"]
    assert DR_REGION["requiredInputs"] == ["region", "sources"]


def test_schema_makes_uncertain_outputs_optional() -> None:
    assert set(COPY["properties"]) - set(COPY["required"]) == {
        *("kmsKeyId", "adoptBackupId", "kmsKeyArn", "sourceCreationTime", "sizeInBytes"),
        *("fileSystemId", "fileSystemType", "volumeId", "managedBy"),
    }


def test_schema_types_match_annotations() -> None:
    assert COPY["inputProperties"]["copyTags"]["type"] == "boolean"
    tags = COPY["inputProperties"]["tags"]
    assert (tags["type"], tags["additionalProperties"]) == ("object", {"type": "string"})
    assert COPY["properties"]["sizeInBytes"]["type"] == "integer"
    assert DR_REGION["properties"]["copies"]["items"] == {"$ref": "#/types/fsx-dr:index:CopyRow"}


def test_schema_marks_plain_arguments_of_dr_region() -> None:
    plain = {name for name, shape in DR_REGION["inputProperties"].items() if shape.get("plain")}

    assert plain == {"region", "sources", "keep", "adoptExisting"}
    assert "plain" not in TYPES["Source"]["properties"]["backupId"]


def test_schema_allows_number_or_policy_for_keep() -> None:
    """Pulumi's metaschema requires `oneOf` for a union, and `plain` for values known before the program runs."""
    for keep in (DR_REGION["inputProperties"]["keep"], TYPES["Source"]["properties"]["keep"]):
        policy = {"$ref": "#/types/fsx-dr:index:RetentionPolicy", "plain": True}
        assert (keep["oneOf"], keep["plain"]) == ([{"type": "integer", "plain": True}, policy], True)
    rules = TYPES["RetentionPolicy"]
    assert {name: rule["type"] for name, rule in rules["properties"].items()} == {
        **dict.fromkeys(("last", "daily", "weekly", "monthly", "yearly"), "integer"),
        "within": "string",
    }
    assert rules["required"] == []


def test_schema_describes_everything() -> None:
    properties = [COPY["properties"], DR_REGION["inputProperties"], DR_REGION["properties"]]
    properties += [type_["properties"] for type_ in TYPES.values()]

    assert [name for each in properties for name, shape in each.items() if not shape.get("description")] == []
    assert all(described["description"] for described in (COPY, DR_REGION, *TYPES.values()))
    assert "Attributes" not in COPY["description"]


def test_schema_names_python_sdk_differently() -> None:
    """A generated Python SDK and the package can be installed together."""
    assert SCHEMA["language"]["python"]["packageName"] == "pulumi_fsx_dr_sdk"


def test_schema_has_provider_settings_as_inputs() -> None:
    assert list(SCHEMA["config"]["variables"]) == list(SETTINGS) == list(SCHEMA["provider"]["inputProperties"])


def test_names_convert_between_snake_and_camel_case() -> None:
    assert camel_case("source_backup_id") == "sourceBackupId"
    assert [snake_case(camel_case(name)) for name in [*ARGUMENTS, *OUTPUTS]] == [*ARGUMENTS, *OUTPUTS]


PYTHON_WORDS = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b|\b(?:True|False|dict|int|str)\b|ResourceOptions|`aws:")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Check source_backup_id, or set aws:region.", "Check sourceBackupId, or set fsx-dr:region."),
        ("Correct the `aws:` settings of the stack.", "Correct the `fsx-dr:` settings of the stack."),
        ("copy_tags must be True or False (got str).", "copyTags must be true or false (got string)."),
        ("keep must be a dict of rules such as {'daily': 7}.", "keep must be an object of rules such as {daily: 7}."),
        ("Remove `ignore_changes` from it.", "Remove `ignoreChanges` from it."),
        ("Run `pulumi state delete 'urn:pulumi:a::b::c::my-copy_tags'`.",) * 2,
        ("my-int-copy failed.",) * 2,
    ],
)
def test_texts_are_rewritten_for_all_languages(text: str, expected: str) -> None:
    assert for_all_languages(text) == expected


def test_texts_of_plugin_have_no_words_of_python() -> None:
    descriptions = re.findall(r'"description": "((?:[^"\\]|\\.)*)"', json.dumps(SCHEMA))
    messages = [text for package in PACKAGES for file in package.glob("*.py") for text in texts_in(file)]

    assert len(messages) > 100
    assert [text for text in [*descriptions, *messages] if PYTHON_WORDS.search(for_all_languages(text))] == []


def texts_in(file: Path) -> Iterator[str]:
    """Yield the texts in the code of a file that can be messages, without docstrings and annotations."""
    tree = ast.parse(file.read_text())
    nodes = list(ast.walk(tree))
    ignored = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    annotated = [node for node in nodes if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation]
    ignored |= {id(part) for node in annotated for part in ast.walk(node.annotation)}  # type: ignore[arg-type]
    ignored |= {
        id(part)
        for node in nodes
        if isinstance(node, ast.FunctionDef) and node.returns
        for part in ast.walk(node.returns)
    }
    for node in nodes:
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in ignored
            and " " in node.value
        ):
            yield node.value
