"""Arguments of all resources in programs: refused ones, and the results of `help`, mypy and pyright."""

import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi_fsx_dr import (
    BackupCopy,
    BackupCopyArgs,
    DrKey,
    DrKeyArgs,
    DrRegion,
    DrRegionArgs,
    RestoredFileSystem,
    RestoredFileSystemArgs,
)

from tests.recording import RecordingEngine

ROOT = Path(__file__).parents[1]
BACKUP = "backup-0123456789abcdef0"
PROGRAM = """
from collections.abc import Sequence

import pulumi
from pulumi_fsx_dr import BackupCopy, BackupCopyArgs, DrKey, DrRegion, DrRegionArgs, Source

key = DrKey("keys", region="eu-central-1", replica_regions=["eu-west-1"])
sources: list[Source] = [{"file_system_id": "fs-0123456789abcdef0", "region": "eu-central-1"}]
fixed: Sequence[Source] = tuple(sources)
args: DrRegionArgs = {"region": "eu-west-1", "sources": sources, "kms_key_id": key.arns["eu-west-1"]}
dr = DrRegion("dr", args)
north = DrRegion("north", region="eu-north-1", sources=fixed, keep=3, opts=pulumi.ResourceOptions(protect=True))
copy_args: BackupCopyArgs = {"source_backup_id": "backup-0123456789abcdef0", "tags": {"team": "storage"}}
one = BackupCopy("one", copy_args, pulumi.ResourceOptions(parent=dr))
two = BackupCopy("two", source_backup_id=one.source_backup_id, region="eu-north-1", kms_key_id="alias/dr")

BackupCopy("a", region="eu-west-1")  # wrong
BackupCopy("b", source_backup_id="backup-0123456789abcdef0", sorce_region="eu-west-1")  # wrong
BackupCopy("c", None)  # wrong
DrRegion("d", region="eu-west-1", sources=[{"filesystem_id": "fs-1", "region": "eu-central-1"}])  # wrong
""".lstrip()


def test_keywords_and_dict_are_equivalent() -> None:
    args: BackupCopyArgs = {"source_backup_id": BACKUP, "region": "eu-west-1", "tags": {"team": "storage"}}
    engine = RecordingEngine()

    def program() -> None:
        BackupCopy("one", args, pulumi.ResourceOptions(protect=True))
        BackupCopy("two", **args, opts=pulumi.ResourceOptions(protect=True))

    engine.run(program)

    copies = {made.name: made for made in engine.registered if made.name in ("one", "two")}
    given = [{name: value for name, value in made.inputs.items() if name in args} for made in copies.values()]
    assert given == [dict(args), dict(args)]
    assert [made.protected for made in copies.values()] == [True, True]


@pytest.mark.parametrize(
    ("resource", "args"),
    [
        (BackupCopy, BackupCopyArgs),
        (DrRegion, DrRegionArgs),
        (DrKey, DrKeyArgs),
        (RestoredFileSystem, RestoredFileSystemArgs),
    ],
)
def test_help_describes_each_argument(resource: Any, args: Any) -> None:
    described = inspect.getdoc(resource.__init__) or ""

    assert [name for name in args.__annotations__ if f"\n    {name}: " not in described] == []


def test_mypy_reports_exactly_the_mistakes(tmp_path: Path) -> None:
    # A persistent cache: without it, mypy reads all of pulumi each time.
    cache = ROOT / ".mypy_cache" / "programs"

    assert _lines_with_errors(tmp_path, ["-m", "mypy", "--strict", "--cache-dir", str(cache), "main.py"]) == MISTAKES


def test_pyright_reports_exactly_the_mistakes(tmp_path: Path) -> None:
    pytest.importorskip("basedpyright", reason="basedpyright, pyright with its own node, is not installed")
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "reportUnusedExpression": false}')
    command = ["-m", "basedpyright", "--pythonpath", sys.executable, "--project", str(tmp_path)]

    assert _lines_with_errors(tmp_path, command) == MISTAKES


MISTAKES = {number for number, line in enumerate(PROGRAM.splitlines(), 1) if line.endswith("# wrong")}


def _lines_with_errors(folder: Path, command: list[str]) -> set[int]:
    (folder / "main.py").write_text(PROGRAM)
    path = str(ROOT / "components")
    ended = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "MYPYPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    places = [line.partition("main.py:")[2] for line in ended.stdout.splitlines() if " error" in line]
    return {int(place.partition(":")[0]) for place in places if place}
