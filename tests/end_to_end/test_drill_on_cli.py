"""The failover drill on the Pulumi CLI, with a fake pulumi-aws plugin."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.fsx import Control
from simulator.project import ROOT, Project, copy_project, eventually

from .project import new_project

pytestmark = pytest.mark.pulumi_cli

DR = "eu-west-1"
COPIES = "import json, pulumi\npulumi.export('latest', json.load(open('latest.json')))\n"


class Site:
    """A stack with copies, a stack for drills, and the folder with restored file systems."""

    def __init__(self, folder: Path, aws: Control) -> None:
        self.cloud = folder / "cloud"
        self.drills = folder / "drill"
        for made in (self.cloud, self.drills, copies := folder / "copies"):
            made.mkdir()
        self._aws = aws
        file_system = aws.seed_file_system(DR, "OPENZFS", deployment="SINGLE_AZ_HA_2")
        self.backup = aws.seed_backup(DR, file_system)
        (copies / "latest.json").write_text(json.dumps({DR: {file_system: self.backup}}))
        self._copies = new_project(copies, ["pulumi"], aws, COPIES)
        self._copies.up()
        self._drill = self._project(file_system)

    def _project(self, file_system: str) -> Project:
        plugin = self.cloud / "pulumi-resource-aws"
        plugin.write_text(
            f'#!/bin/sh\nexec {sys.executable} -u {ROOT / "tests" / "end_to_end" / "aws_plugin.py"} "$@"\n'
        )
        plugin.chmod(0o755)
        environment = {
            **self._copies.environment,
            "PATH": f"{self.cloud}:{os.environ['PATH']}",
            "FAKE_CLOUD": str(self.cloud),
            "FAKE_SECONDS": "2",
        }
        copy_project(self.drills, ROOT / "examples" / "failover-drill")
        project = Project.create(self.drills, ["pulumi"], environment, stack="drill")
        settings = {
            "copiesStack": "organization/copies/dev",
            "fileSystemId": file_system,
            "kind": "OPENZFS",
            "region": DR,
            "subnetIds[0]": "subnet-0aaaaaaaaaaaaaaaa",
            "checkCommand": "echo checked $FSX_DNS_NAME",
        }
        pairs = [option for pair in settings.items() for option in ("--plaintext", "=".join(pair))]
        project.run("config", "set-all", "--path", *pairs)
        return project

    def configure(self, name: str, value: str) -> None:
        self._drill.run("config", "set", "--path", name, value)

    def up(self, *, succeeds: bool = True) -> str:
        return self._drill.up(succeeds=succeeds)

    def start_drill(self) -> "subprocess.Popen[str]":
        """Start a drill in a separate process group, as a shell does."""
        return subprocess.Popen(
            [sys.executable, "drill.py"],
            cwd=self.drills,
            env=self._drill.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )

    def remove_backup(self) -> None:
        self._aws.remove_backup(DR, self.backup)

    @property
    def journal(self) -> list[str]:
        path = self.cloud / "journal"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def file_systems(self) -> list[str]:
        return [file.name for file in self.cloud.glob("fs-*")]

    @property
    def is_empty(self) -> bool:
        """Whether the folder, the state and the pending operations are empty."""
        deployment = self._drill.deployment()
        return not (self.file_systems or deployment.get("resources") or deployment.get("pending_operations"))

    def end_processes(self) -> None:
        self._drill.end_processes()


@pytest.fixture
def site(tmp_path: Path, aws: Control) -> Iterator[Site]:
    site = Site(tmp_path, aws)
    yield site
    site.end_processes()


def test_drill_restores_latest_copy_and_removes_it(site: Site) -> None:
    drill = site.start_drill()
    said, _ = drill.communicate(timeout=120)

    assert drill.returncode == 0, said
    assert site.journal == ["restoring", "restored", "removing"]
    assert ".example.com\nThe check succeeded." in said
    assert site.is_empty


@pytest.mark.parametrize("moment", ["restoring", "restored", "removing"])
def test_interrupted_drill_removes_file_system(moment: str, site: Site) -> None:
    drill = site.start_drill()
    eventually(lambda: moment in site.journal)

    os.killpg(drill.pid, signal.SIGINT)
    os.killpg(drill.pid, signal.SIGINT)
    said, _ = drill.communicate(timeout=120)

    assert site.is_empty, said
    assert site.journal[-1] == "removing"


def test_restored_file_system_outlives_its_backup(site: Site) -> None:
    site.configure("keep", "true")
    site.up()
    (live,) = site.file_systems
    site.remove_backup()

    assert site.backup in site.up()
    site.configure("settings.throughput_capacity", "320")
    site.up()
    site.configure("securityGroupIds[0]", "sg-0aaaaaaaaaaaaaaaa")
    refused = site.up(succeeds=False)

    assert "currently marked for protection" in refused
    assert site.journal == ["restoring", "restored", "updated"]
    assert site.file_systems == [live]
