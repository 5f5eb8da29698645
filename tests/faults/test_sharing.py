"""Two stacks and another tool share the five copy slots of a Region."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Thread

import pytest
from botocore.exceptions import ClientError

from simulator.fsx import Control, running
from simulator.project import Project, eventually
from tests.end_to_end.engines import ENGINES
from tests.end_to_end.project import new_project
from tests.faults.harness import HOME

DR = "eu-west-1"
EACH = 12  # copies for each of the three; more than five slots


class OtherTool(Thread):
    """Another tool that calls CopyBackup in a loop."""

    def __init__(self, aws: Control, sources: list[str]) -> None:
        super().__init__(daemon=True)
        self._aws, self._sources = aws, sources
        self.made: list[str] = []

    def run(self) -> None:
        with closing(self._aws.client("fsx", DR)) as client:
            for source in self._sources:
                while not self._copied(client, source):
                    time.sleep(0.1)

    def _copied(self, client: object, source: str) -> bool:
        try:
            answer = client.copy_backup(SourceBackupId=source, SourceRegion=HOME)  # type: ignore[attr-defined]  # boto3 makes its methods at run time
        except ClientError:
            return False
        self.made.append(answer["Backup"]["BackupId"])
        return True


@pytest.fixture
def aws() -> Iterator[Control]:
    with running(copy_seconds=1) as control:
        yield control


@pytest.fixture(params=ENGINES)
def stacks(request: pytest.FixtureRequest, aws: Control, tmp_path: Path) -> Iterator[list[Project]]:
    """Yield two projects with different copies."""
    with ExitStack() as ends:
        made = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            project = new_project(tmp_path / name, request.param, aws)
            ends.callback(project.end_processes)
            project.declare(
                **{f"{name}-{i}": {"source_backup_id": s, "region": DR} for i, s in enumerate(backups(aws))}
            )
            made.append(project)
        yield made


def backups(aws: Control) -> list[str]:
    file_system = aws.seed_file_system(HOME)
    return [aws.seed_backup(HOME, file_system) for _ in range(EACH)]


def owners(aws: Control, stacks: list[Project]) -> list[int]:
    """Return who made each copy, in order: 0 and 1 for the stacks, 2 for the other tool."""
    wanted = [json.loads((stack.folder / "declared.json").read_text()).values() for stack in stacks]
    owner = {copy["source_backup_id"]: number for number, copies in enumerate(wanted) for copy in copies}
    calls = aws.journal(DR, "CopyBackup")
    return [owner.get(entry["parameters"]["SourceBackupId"], 2) for entry in calls if entry["made"]]


def test_stacks_and_another_tool_share_the_copy_slots(aws: Control, stacks: list[Project]) -> None:
    other_tool = OtherTool(aws, backups(aws))
    aws.set_copy_seconds(1e9)  # no copy ends before all slots are in use
    ups = [stack.start_up() for stack in stacks]
    eventually(lambda: set(owners(aws, stacks)) == {0, 1}, "a copy of each stack", 120)
    other_tool.start()
    eventually(lambda: aws.running_copies()[DR] == 5, "five running copies", 120)
    aws.set_copy_seconds(1)
    aws.finish_copies()
    exits = [up.wait(timeout=300) for up in ups]
    other_tool.join(timeout=300)

    order = owners(aws, stacks)
    assert exits == [0, 0]
    assert [order.count(owner) for owner in range(3)] == [EACH] * 3, "each has all its copies, and none twice"
    assert set(order[:5]) == {0, 1, 2}, "each starts before others have ended"
    assert len(aws.backups(DR)) == 3 * EACH
    assert aws.max_running() == {DR: 5}
    held = {copy_id for stack in stacks for copy_id in stack.ids().values()}
    assert held | set(other_tool.made) == {copy["id"] for copy in aws.backups(DR)}
