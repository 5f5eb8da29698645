"""The example many-accounts on the Pulumi CLI, with two simulated accounts."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from pulumi_fsx_dr.cli.commands import fsx_dr

from simulator import pipeline_role
from simulator.fsx import running
from simulator.project import ROOT, Project

HOME, DR = "eu-central-1", "eu-west-1"
ACCOUNT, OTHER_ACCOUNT = "123456789012", "444455556666"

pytestmark = pytest.mark.pulumi_cli


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """Return a copy of the example for two accounts: one without our file systems, one with them."""
    folder = tmp_path / "many-accounts"
    shutil.copytree(ROOT / "examples" / "many-accounts", folder)
    document = yaml.safe_load((folder / "accounts.yaml").read_text())
    document["settings"]["fsx-dr:regions"] = [{"region": DR}]
    document["accounts"] = {
        "files-berlin": {"role": f"arn:aws:iam::{ACCOUNT}:role/fsx-dr"},
        "files-madrid": {"role": f"arn:aws:iam::{OTHER_ACCOUNT}:role/fsx-dr"},
    }
    (folder / "accounts.yaml").write_text(yaml.safe_dump(document))
    return folder


@pytest.mark.timeout(300)
def test_accounts_copy_tagged_file_systems_and_share_report(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(copy_seconds=1) as aws:
        ledger = aws.seed_file_system(HOME, tags={"dr": "yes", "Name": "ledger"})
        aws.seed_file_system(HOME, tags={"Name": "scratch"})
        source = aws.seed_backup(HOME, ledger)
        variables = {"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "false", **pipeline_role.environment(aws, HOME)}
        project = Project.create(example, ["pulumi"], variables)

        done = subprocess.run(  # our own interpreter
            [sys.executable, "fleet.py", "up"],
            cwd=example,
            env=project.environment,
            capture_output=True,
            text=True,
            check=False,
        )

        assert (done.returncode, done.stderr) == (0, "")
        assert [copy["source_backup_id"] for copy in aws.backups(DR)] == [source]
        for name, value in project.environment.items():
            monkeypatch.setenv(name, value)
        stacks = ["--stack", "files-berlin", "--stack", "files-madrid", "--cwd", str(example)]
        report = CliRunner().invoke(fsx_dr, ["report", *stacks, "--format", "json"])

    rows = json.loads(report.stdout)["rows"]
    assert report.exit_code == 1
    assert [(row["stack"], row["name"], row["verdict"]) for row in rows] == [
        ("files-madrid", None, "missing"),
        ("files-berlin", "ledger", "ready"),
    ]
