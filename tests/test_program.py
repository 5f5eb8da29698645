"""The bundled program: its resources for a configuration."""

import json
import re
import runpy
from datetime import datetime
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.readiness import RPO_HOURS
from pulumi_fsx_dr.rules.dr_arguments import KEEP
from pulumi_fsx_dr.settings import SETTINGS, Settings

from simulator.demo import account
from simulator.fsx import Control
from tests.recording import RecordingEngine

ROOT = Path(__file__).parents[1]
BACKUP = "backup-0123456789abcdef0"
WEST, NORTH = "eu-west-1", "eu-north-1"


def _run(config: dict[str, Any]) -> tuple[RecordingEngine, dict[str, Any]]:
    """Run the program as the CLI does, and return its registrations and outputs."""
    engine = RecordingEngine()
    written = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    pulumi.runtime.set_all_config({key if ":" in key else f"fsx-dr:{key}": value for key, value in written.items()})
    exported: dict[str, Any] = {}

    def program() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pulumi, "export", exported.__setitem__)
            runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    engine.run(program)
    return engine, exported


def test_program_copies_each_source_to_each_region(aws: Control) -> None:
    config = {
        "sources": [{"backupId": BACKUP, "region": "eu-central-1"}],
        "regions": [{"region": WEST, "kmsKeyId": "alias/west"}, {"region": NORTH}],
        "tags": {"team": "storage"},
    }

    engine, exported = _run(config)

    copies = {copy.inputs["region"]: copy for copy in engine.of_type("pulumi-python:dynamic/fsx:BackupCopy")}
    assert [copies[region].inputs.get("kms_key_id") for region in (WEST, NORTH)] == ["alias/west", None]
    assert {copy.inputs["source_backup_id"] for copy in copies.values()} == {BACKUP}
    assert [copy.inputs["tags"] for copy in copies.values()] == [{"team": "storage"}] * 2
    assert {name: list(value) for name, value in exported.items() if name != "readiness"} == {
        "copies": [WEST, NORTH],
        "latest": [WEST, NORTH],
    }
    assert aws.counts().get("CopyBackup") is None


def test_names_do_not_depend_on_region_order(aws: Control) -> None:
    source = {"backupId": BACKUP, "region": "eu-central-1"}
    regions = [{"region": WEST}, {"region": NORTH}]

    names = [
        sorted(registration.name for registration in _run({"sources": [source], "regions": order})[0].registered)
        for order in (regions, regions[::-1])
    ]

    assert names[0] == names[1]
    assert f"dr-{WEST}-{BACKUP}" in names[0]
    assert set(aws.counts()) == {"DescribeBackups"}


def test_second_run_in_process_lists_backups_again(aws: Control) -> None:
    """With an old listing, retention could delete copies that are still needed."""
    file_system = aws.seed_file_system("eu-central-1")
    config = {
        "sources": [{"fileSystemId": file_system, "region": "eu-central-1"}],
        "regions": [{"region": WEST}],
    }
    declared = []
    for _ in range(2):
        aws.seed_backup("eu-central-1", file_system)
        declared.append(len(_run(config)[0].of_type("pulumi-python:dynamic/fsx:BackupCopy")))

    assert declared == [1, 2]


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        ({"keep": {"daily": 2}}, ["18 evening", "17 noon"]),
        ({"keep": {"daily": 2}, "sources": {"keep": 1}}, ["18 evening"]),
        ({"keep": 1, "sources": {"keep": {"last": 2}}}, ["18 evening", "18 morning"]),
        ({"keep": 2}, ["18 evening", "18 morning"]),
    ],
)
def test_keep_may_be_number_or_policy_per_source(aws: Control, config: dict[str, Any], kept: list[str]) -> None:
    file_system = aws.seed_file_system("eu-central-1")
    made = {
        "18 evening": aws.seed_backup(
            "eu-central-1", file_system, created=datetime.fromisoformat("2026-11-18T20:00Z").timestamp()
        ),
        "18 morning": aws.seed_backup(
            "eu-central-1", file_system, created=datetime.fromisoformat("2026-11-18T08:00Z").timestamp()
        ),
        "17 noon": aws.seed_backup(
            "eu-central-1", file_system, created=datetime.fromisoformat("2026-11-17T12:00Z").timestamp()
        ),
    }
    source = {"fileSystemId": file_system, "region": "eu-central-1", **config.get("sources", {})}

    engine, _ = _run({**config, "sources": [source], "regions": [{"region": WEST}]})

    copies = engine.of_type("pulumi-python:dynamic/fsx:BackupCopy")
    assert {copy.inputs["source_backup_id"] for copy in copies} == {made[when] for when in kept}


def test_program_without_configuration_declares_nothing() -> None:
    engine, exported = _run({})

    assert engine.registered == []
    assert set(exported) == {"copies", "latest", "readiness"}


@pytest.mark.parametrize(
    ("setting", "instead"),
    [
        ("keeep", "keep"),
        ("rpohours", "rpoHours"),
        ("source", "sources"),
        ("adopt", "adoptExisting"),
        ("xyz", "sources"),
    ],
)
def test_unknown_setting_is_refused_with_suggestion(setting: str, instead: str) -> None:
    with pytest.raises(InvalidSettingsError, match=rf"\b{setting}\b.*\b{instead}\b"):
        _run({setting: 3})


def test_settings_of_other_namespaces_are_ignored() -> None:
    pulumi.runtime.set_all_config({"aws:region": WEST, "fsx-dr-mine:keeep": "3"})

    assert Settings.read().sources == []


@pytest.mark.parametrize(("field", "instead"), [("filesystemid", "fileSystemId"), ("without", "fileSystemId")])
def test_unknown_field_of_source_is_refused(field: str, instead: str) -> None:
    with pytest.raises(InvalidSettingsError, match=rf"\b{field}\b.*\b{instead}\b"):
        _run({"sources": [{field: [], "region": "eu-central-1"}]})


def test_tag_selector_has_own_keep_key_and_tags(aws: Control) -> None:
    gold = aws.seed_file_system("eu-central-1", tags={"dr": "gold"})
    aws.seed_file_system("eu-central-1")
    backups = [aws.seed_backup("eu-central-1", gold) for _ in range(2)]
    source = {
        "tags": {"dr": "gold"},
        "region": "eu-central-1",
        "keep": 1,
        "kmsKeyId": "alias/gold",
        "addTags": {"tier": "1"},
    }

    engine, _ = _run({"sources": [source], "regions": [{"region": WEST}], "tags": {"team": "a"}})

    (copy,) = engine.of_type("pulumi-python:dynamic/fsx:BackupCopy")
    assert copy.inputs["source_backup_id"] in backups
    assert (copy.inputs["kms_key_id"], copy.inputs["tags"]) == ("alias/gold", {"team": "a", "tier": "1"})


def test_existing_copies_are_adopted_if_configured(aws: Control) -> None:
    source = aws.seed_backup("eu-central-1", aws.seed_file_system("eu-central-1"))
    client = aws.client("fsx", WEST)
    made = client.copy_backup(SourceBackupId=source, SourceRegion="eu-central-1")["Backup"]["BackupId"]
    client.close()
    aws.finish_copies()
    config = {"sources": [{"backupId": source, "region": "eu-central-1"}], "regions": [{"region": WEST}]}

    adopted = [
        _run({**config, "adoptExisting": adopt})[0]
        .only("pulumi-python:dynamic/fsx:BackupCopy")
        .inputs.get("adopt_backup_id")
        for adopt in ("false", "true")
    ]

    assert adopted == [None, made]


def test_non_boolean_setting_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match="fsx-dr:adoptExisting"):
        _run({"adoptExisting": "existing"})


def test_pulumi_yaml_declares_defaults_of_package() -> None:
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]

    assert {key.removeprefix("fsx-dr:") for key in declared} == set(SETTINGS)
    assert {key.removeprefix("fsx-dr:"): setting["default"] for key, setting in declared.items()} == {
        "sources": [],
        "regions": [],
        "copyTags": True,
        "tags": {},
        "keep": KEEP,
        "adoptExisting": False,
        "previewCopies": False,
        "deletionProtection": False,
        "rpoHours": str(RPO_HOURS),
    }


def test_rpo_hours_may_be_fraction() -> None:
    """Settings have the types string, integer, boolean, array and object (pulumi/pulumi, project.json, configTypes)."""
    assert yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]["fsx-dr:rpoHours"]["type"] == "string"

    pulumi.runtime.set_all_config({"fsx-dr:rpoHours": "1.5"})

    assert Settings.read().rpo_hours == 1.5


@pytest.mark.parametrize("hours", ["0", "-3", "nan", "inf", "a day"])
def test_wrong_rpo_hours_are_refused(hours: str) -> None:
    pulumi.runtime.set_all_config({"fsx-dr:rpoHours": hours})

    with pytest.raises(InvalidSettingsError, match="fsx-dr:rpoHours") as refusal:
        Settings.read()

    assert hours not in str(refusal.value)


def test_demo_stack_matches_demo_account() -> None:
    config = yaml.safe_load((ROOT / "simulator" / "Pulumi.demo.yaml").read_text())["config"]

    assert config["fsx-dr:sources"] == [{"fileSystemId": account.FILE_SYSTEM, "region": account.SOURCE_REGION}]
    assert [entry["region"] for entry in config["fsx-dr:regions"]] == list(account.DR_REGIONS)
    assert {entry["kmsKeyId"] for entry in config["fsx-dr:regions"]} == {account.ALIAS}
    assert config["fsx-dr:keep"] == account.KEEP


@pytest.mark.parametrize(
    "setting", ["sources", "regions", "tags", "keep", "copyTags", "adoptExisting", "previewCopies"]
)
def test_setting_of_another_type_is_refused_by_name(setting: str) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        _run({setting: "hunter22"})

    assert f"fsx-dr:{setting} must be" in str(refused.value)
    assert "hunter22" not in str(refused.value)


@pytest.mark.parametrize(("name", "meant"), [("profle", "aws:profile"), ("asumeRoles", "aws:assumeRoles")])
def test_misspelled_aws_setting_warns_once(
    name: str, meant: str, caplog: pytest.LogCaptureFixture, aws: Control
) -> None:
    backup = aws.seed_backup("eu-central-1", aws.seed_file_system("eu-central-1"))
    source = {"backupId": backup, "region": "eu-central-1"}

    regions = [{"region": WEST}, {"region": NORTH}]
    _run({"sources": [source], "regions": regions, f"aws:{name}": "dr", "aws:zzzzzzzz": "new setting"})

    [warning] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert f"aws:{name}" in warning
    assert f"{meant}?" in warning


@pytest.mark.parametrize(
    ("wrong", "setting"),
    [
        ({"keep": 0}, "fsx-dr:keep"),
        ({"keep": {"daily": 0}}, "fsx-dr:keep"),
        ({"tags": {"team": 7}}, "fsx-dr:tags"),
        ({"regions": [{"region": "us-east-1"}, {"region": WEST, "kmsKeyId": "key"}]}, "fsx-dr:regions[1].kmsKeyId"),
        ({"regions": [{"region": "eu-west"}]}, "fsx-dr:regions[0].region"),
        ({"sources": [{"fileSystemId": BACKUP, "region": "eu-central-1"}]}, "fsx-dr:sources[0].fileSystemId"),
        ({"sources": [{"backupId": BACKUP, "region": "eu-central-1", "keep": 0}]}, "fsx-dr:sources[0].keep"),
        ({"sources": [{"backupId": BACKUP, "region": "eu-central-1"}] * 2}, "fsx-dr:sources[0] and sources[1]"),
        ({"sources": [{"backupId": BACKUP}], "regions": []}, "fsx-dr:sources[0]"),
        (
            {"regions": [{"region": WEST}, {"region": NORTH}, {"region": WEST}]},
            "fsx-dr:regions[0] and fsx-dr:regions[2]",
        ),
        ({"regions": [{"region": "eu-wst-1"}]}, "fsx-dr:regions[0].region (eu-wst-1)"),
        ({"tags": {"aws:team": "storage"}}, "fsx-dr:tags: A tag key"),
    ],
)
def test_wrong_value_is_named_as_in_the_configuration(wrong: dict[str, Any], setting: str) -> None:
    config = {"sources": [], "regions": [{"region": WEST}]}

    with pytest.raises(InvalidSettingsError) as refused:
        _run(config | wrong)

    assert re.search(rf"{re.escape(setting)}[ :]", str(refused.value))
    assert "DrRegion dr" not in str(refused.value)
    assert "_" not in str(refused.value)


@pytest.mark.parametrize(
    ("config", "missing"),
    [
        ({}, ["fsx-dr:sources", "fsx-dr:regions"]),
        ({"sources": [{"backupId": BACKUP, "region": "eu-central-1"}]}, ["fsx-dr:regions"]),
        ({"regions": [{"region": WEST}]}, ["fsx-dr:sources"]),
    ],
)
def test_program_that_copies_nothing_warns(
    config: dict[str, Any], missing: list[str], caplog: pytest.LogCaptureFixture, aws: Control
) -> None:
    aws.seed_file_system("eu-central-1")

    _run(config)

    [warning] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [setting for setting in ("fsx-dr:sources", "fsx-dr:regions") if f"{setting} " in warning] == missing
    commands = warning.splitlines()[1:]
    assert commands
    assert all(command.startswith("Run `pulumi config set --path ") for command in commands)
