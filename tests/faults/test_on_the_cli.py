"""A part of the fault matrix on the real Pulumi CLI: in one `up` each fault meets a copy in a Region of its own."""

import os
import signal
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from rehearsal.fsx import Control, running
from tests.end_to_end.engines import HAS_CLI
from tests.end_to_end.project import Project
from tests.faults.cells import KINDS
from tests.faults.playing import DR_REGIONS, HOME, eventually, quiet_up

pytestmark = [
    pytest.mark.pulumi_cli,
    pytest.mark.skipif(not HAS_CLI, reason="there is no Pulumi CLI on PATH"),
]
PASSING = [kind for kind in KINDS if kind not in ("access_denied", "hang")]
ACTIONS = ("CopyBackup", "TagResource", "DescribeBackups")


@pytest.fixture
def aws() -> Iterator[Control]:
    with running(copy_seconds=1) as control:
        yield control


@pytest.fixture
def project(aws: Control, tmp_path: Path) -> Iterator[Project]:
    project = Project.create(tmp_path, ["pulumi"], aws)
    project.environment["PULUMI_PARALLEL"] = "64"
    yield project
    project.end_processes()


@pytest.fixture
def source(aws: Control) -> str:
    return aws.seed_backup(HOME, aws.seed_file_system(HOME))


def declare(project: Project, source: str, regions: list[str]) -> None:
    project.declare(**{region: {"source_backup_id": source, "region": region} for region in regions})


def assert_one_each(project: Project, aws: Control, regions: list[str]) -> None:
    made = {region: [copy["id"] for copy in aws.backups(region)] for region in regions}
    assert {region: [copy_id] for region, copy_id in project.ids().items()} == made


def test_one_up_rides_out_a_fault_of_each_kind_at_each_action(project: Project, aws: Control, source: str) -> None:
    faults = dict(zip(DR_REGIONS, product(PASSING, ACTIONS), strict=False))
    for region, (kind, action) in faults.items():
        aws.add_fault(kind, action, region=region, times=1)
    declare(project, source, list(faults))

    project.up()

    assert_one_each(project, aws, list(faults))


@pytest.mark.slow
def test_what_is_denied_is_said_in_a_sentence_and_the_next_up_goes_on(
    project: Project, aws: Control, source: str
) -> None:
    denied = dict(zip(DR_REGIONS, (*ACTIONS, "DeleteBackup"), strict=False))
    leaving, *staying = reversed(denied)
    declare(project, source, [leaving])
    project.up()
    for region, action in denied.items():
        aws.add_fault("access_denied", action, region=region)
    declare(project, source, staying)

    output = project.up(succeeds=False)
    aws.lift_fault()
    project.up()

    assert "lack permission for fsx:CopyBackup" in output
    assert "pulumi_fsx_dr/" not in output
    assert_one_each(project, aws, staying)
    assert aws.backups(leaving) == []


@pytest.mark.slow
def test_a_run_killed_before_it_could_record_or_delete_is_finished_by_the_next_up(
    project: Project, aws: Control, source: str
) -> None:
    leaving, staying = DR_REGIONS[:2]
    declare(project, source, [leaving])
    project.up()
    hangs = [
        aws.add_fault("hang", "TagResource", region=staying),
        aws.add_fault("hang", "DeleteBackup", region=leaving),
    ]
    declare(project, source, [staying])
    for action, region in (("TagResource", staying), ("DeleteBackup", leaving)):
        killed_up(project, aws, action, region)
        aws.lift_fault(hangs.pop(0))
        project.run("cancel", "--yes")

    project.up()

    assert_one_each(project, aws, [staying])
    assert aws.backups(leaving) == []


def killed_up(project: Project, aws: Control, action: str, region: str) -> None:
    """Kill the CLI once it has called an action, and wait until its plugin host has ended by itself."""
    up = quiet_up(project)
    eventually(lambda: bool(aws.journal(region, action)), f"{action} in {region}")
    os.kill(up.pid, signal.SIGKILL)
    up.wait(timeout=30)
    eventually(
        lambda: not any("pulumi.dynamic" in line for _, line in project.processes()), "the end of the plugin host"
    )
