"""The schema says what the tables of the core say, in names that every language makes its own of."""

from collections.abc import Mapping
from typing import Any

from fsx_dr_plugin.config import SETTINGS
from fsx_dr_plugin.names import spoken
from fsx_dr_plugin.schema import schema
from pulumi_fsx_dr.copies.arguments import ARGUMENTS, Change
from pulumi_fsx_dr.copies.names import camel_case, snake_case
from pulumi_fsx_dr.copies.outputs import OUTPUTS
from pulumi_fsx_dr.dr_region import CopyRow
from pulumi_fsx_dr.rules.dr_arguments import DrRegionArgs, Source

SCHEMA = schema()
COPY: Mapping[str, Any] = SCHEMA["resources"]["fsx-dr:index:BackupCopy"]
DR_REGION: Mapping[str, Any] = SCHEMA["resources"]["fsx-dr:index:DrRegion"]


def camel(names: Any) -> list[str]:
    return [camel_case(name) for name in names]


def test_a_copy_has_the_arguments_and_outputs_of_the_tables() -> None:
    assert list(COPY["inputProperties"]) == camel(ARGUMENTS)
    assert list(COPY["properties"]) == camel([*ARGUMENTS, *OUTPUTS])


def test_what_replaces_a_copy_is_what_the_table_says() -> None:
    replacing = {name for name, shape in COPY["inputProperties"].items() if shape.get("willReplaceOnChanges")}

    assert replacing == {camel_case(name) for name, argument in ARGUMENTS.items() if argument.change is Change.REPLACES}
    assert replacing == {"sourceBackupId", "region", "sourceRegion"}


def test_only_what_has_no_default_is_required() -> None:
    assert COPY["requiredInputs"] == ["sourceBackupId"]
    assert DR_REGION["requiredInputs"] == ["region", "sources"]


def test_the_ownership_is_an_output_alone() -> None:
    assert "managedBy" in COPY["properties"]
    assert "managedBy" not in COPY["inputProperties"]


def test_outputs_that_fsx_may_not_give_are_optional() -> None:
    optional = set(COPY["properties"]) - set(COPY["required"])

    assert optional == {
        "kmsKeyId",
        "adoptBackupId",
        "kmsKeyArn",
        "sourceCreationTime",
        "sizeInBytes",
        "fileSystemId",
        "fileSystemType",
        "volumeId",
        "managedBy",
    }


def test_types_are_those_of_the_annotations() -> None:
    assert COPY["inputProperties"]["copyTags"]["type"] == "boolean"
    assert COPY["inputProperties"]["tags"] == {
        "type": "object",
        "additionalProperties": {"type": "string"},
        "description": "Tags of the copy, at most 49 (`Tags`); they change in place.",
    }
    assert COPY["properties"]["sizeInBytes"]["type"] == "integer"
    assert DR_REGION["properties"]["copies"]["items"] == {"$ref": "#/types/fsx-dr:index:CopyRow"}


def test_a_dr_region_has_the_names_of_its_arguments_and_says_which_must_be_known() -> None:
    types = SCHEMA["types"]

    assert list(DR_REGION["inputProperties"]) == camel(DrRegionArgs.__annotations__)
    assert list(types["fsx-dr:index:Source"]["properties"]) == camel(Source.__annotations__)
    assert list(types["fsx-dr:index:CopyRow"]["properties"]) == camel(CopyRow.__annotations__)
    assert DR_REGION["isComponent"]
    known = {name for name, shape in DR_REGION["inputProperties"].items() if shape.get("plain")}
    assert known == {"region", "sources", "keep", "adoptExisting"}
    assert "plain" not in types["fsx-dr:index:Source"]["properties"]["backupId"]


def test_everything_is_described() -> None:
    inputs_and_outputs = [*COPY["properties"].items(), *DR_REGION["inputProperties"].items()]

    assert [name for name, shape in inputs_and_outputs if not shape.get("description")] == []


def test_the_python_sdk_is_no_package_of_the_same_name() -> None:
    """Made for a Python program it stands beside the package of the dynamic provider."""
    assert SCHEMA["language"]["python"]["packageName"] == "pulumi_fsx_dr_sdk"


def test_the_provider_takes_its_settings_as_arguments_too() -> None:
    assert list(SCHEMA["config"]["variables"]) == list(SETTINGS) == list(SCHEMA["provider"]["inputProperties"])


def test_names_go_out_and_come_back() -> None:
    assert camel_case("source_backup_id") == "sourceBackupId"
    assert [snake_case(camel_case(name)) for name in [*ARGUMENTS, *OUTPUTS]] == [*ARGUMENTS, *OUTPUTS]


def test_sentences_name_what_their_reader_has_written() -> None:
    assert spoken("check source_backup_id, or set aws:region") == "check sourceBackupId, or set fsx-dr:region"
