"""Arguments as Pulumi users write them, and what `help`, mypy and pyright say of them."""

import os
import pydoc
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi_fsx_dr import BackupCopy, BackupCopyArgs, DrKey, DrRegion, RestoredFileSystem
from pulumi_fsx_dr.errors import InvalidSettingsError

from simulator.fsx import Control
from tests.recording import RecordingEngine

ROOT = Path(__file__).parents[1]
COPY = "pulumi-python:dynamic/fsx:BackupCopy"
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
"""
MISTAKES = """
from pulumi_fsx_dr import BackupCopy, DrRegion

BackupCopy("a", region="eu-west-1")
BackupCopy("b", source_backup_id="backup-0123456789abcdef0", sorce_region="eu-west-1")
BackupCopy("c", None)
DrRegion("d", region="eu-west-1", sources=[{"filesystem_id": "fs-0123456789abcdef0", "region": "eu-central-1"}])
"""


def declared(declare: Callable[[], Any]) -> dict[str, Any]:
    engine = RecordingEngine()
    engine.run(declare)
    return {name: value for name, value in engine.only(COPY).inputs.items() if not name.startswith("__")}


def test_keywords_declare_what_a_dict_does() -> None:
    args: BackupCopyArgs = {"source_backup_id": BACKUP, "region": "eu-west-1", "tags": {"team": "storage"}}

    from_keywords = declared(
        lambda: BackupCopy("one", source_backup_id=BACKUP, region="eu-west-1", tags={"team": "storage"})
    )

    assert from_keywords == declared(lambda: BackupCopy("one", args)) == dict(args)


def test_options_go_with_keywords(aws: Control) -> None:
    backup = aws.seed_backup("eu-central-1", aws.seed_file_system("eu-central-1"))

    def program() -> None:
        opts = pulumi.ResourceOptions(protect=True)
        DrRegion("dr", region="eu-west-1", sources=[{"backup_id": backup, "region": "eu-central-1"}], opts=opts)

    engine = RecordingEngine()
    engine.run(program)

    assert engine.only("pulumi-fsx-dr:index:DrRegion").protected
    assert engine.only(COPY).inputs["source_backup_id"] == backup


@pytest.mark.parametrize(
    ("declare", "sentence"),
    [
        (
            lambda: BackupCopy("one", {"source_backup_id": BACKUP}, region="eu-west-1"),  # type: ignore[call-overload]
            "BackupCopy one got arguments in a dict and, as keywords, region: give all in one of the ways.",
        ),
        (
            lambda: BackupCopy("one", None),  # type: ignore[call-overload]
            "BackupCopy one needs its arguments: give them in a dict or as keywords.",
        ),
        (
            lambda: BackupCopy("one", pulumi.ResourceOptions()),  # type: ignore[call-overload]
            "BackupCopy one needs its arguments in a dict or as keywords, not as ResourceOptions.",
        ),
        (
            lambda: DrRegion("dr", None),  # type: ignore[call-overload]
            "DrRegion dr needs its arguments: give them in a dict or as keywords.",
        ),
        (
            lambda: DrRegion("dr", region="eu-west-1", sources=[None]),  # type: ignore[list-item]
            "A source of DrRegion dr is not a dict: give one of region and file_system_id or backup_id.",
        ),
        (
            lambda: DrKey("keys"),  # type: ignore[call-overload]
            "DrKey keys needs its arguments: give them in a dict or as keywords.",
        ),
        (
            lambda: DrKey("keys", replica_regions=["eu-west-1"]),  # type: ignore[call-overload]
            "DrKey keys needs its region: add what is missing.",
        ),
        (
            lambda: DrKey("keys", region="eu-central-1"),  # type: ignore[call-overload]
            "DrKey keys needs its replica_regions: add what is missing.",
        ),
        (
            lambda: DrKey("keys", region="eu-central-1", replica_regions="eu-west-1"),
            "DrKey keys needs its replica_regions as a list, which may be empty.",
        ),
        (
            lambda: DrKey("keys", region="eu-central-1", replica_regions=[], aliases="x"),  # type: ignore[call-overload]
            "DrKey keys has no argument aliases.",
        ),
        (
            lambda: RestoredFileSystem("files", kind="WINDOWS", region="eu-west-1"),  # type: ignore[call-overload]
            "RestoredFileSystem files needs its backup_id and subnet_ids: add what is missing.",
        ),
    ],
)  # fmt: skip
def test_what_is_no_set_of_arguments_is_refused_in_a_sentence(declare: Callable[[], Any], sentence: str) -> None:
    engine = RecordingEngine()

    with pytest.raises(InvalidSettingsError) as refused:
        engine.run(declare)

    assert str(refused.value) == sentence
    assert engine.registered == []


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        (BackupCopy, "source_backup_id: The backup to copy, e.g. `backup-0123456789abcdef0`"),
        (BackupCopy, "adopt_backup_id: An existing copy of the source to take over"),
        (DrRegion, "sources: What is copied. If one is removed, its copies are deleted."),
        (DrKey, "replica_regions: The Regions of its replicas."),
        (RestoredFileSystem, "kind: WINDOWS, LUSTRE or OPENZFS"),
    ],
)
def test_help_lists_the_arguments_in_the_words_of_their_class(resource: type, words: str) -> None:
    assert words in " ".join(pydoc.plain(pydoc.render_doc(resource)).replace("|", " ").split())


def test_without_docstrings_the_package_works_as_well() -> None:
    command = [sys.executable, "-OO", "-c", "from pulumi_fsx_dr import BackupCopy; print(BackupCopy.__init__.__doc__)"]

    ended = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=True)  # noqa: S603  # our own interpreter

    assert ended.stdout == "None\n"


def test_mypy_takes_programs_as_users_write_them_and_finds_their_mistakes(tmp_path: Path) -> None:
    command = ["-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]

    right, wrong = _checked(tmp_path, command, PROGRAM), _checked(tmp_path, command, MISTAKES)

    assert right == (0, "Success: no issues found in 1 source file\n")
    assert [f"main.py:{line}: error" in wrong[1] for line in (3, 4, 5, 6)] == [True] * 4, wrong[1]


def test_pyright_does_so_too(tmp_path: Path) -> None:
    pytest.importorskip("basedpyright", reason="basedpyright, pyright with its own node, is not installed")
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "reportUnusedExpression": false}')
    command = ["-m", "basedpyright", "--pythonpath", sys.executable, "--project", str(tmp_path)]

    right, wrong = _checked(tmp_path, command, PROGRAM), _checked(tmp_path, command, MISTAKES)

    assert right == (0, "0 errors, 0 warnings, 0 notes\n")
    assert [f"main.py:{line}:" in wrong[1] for line in (3, 4, 5, 6)] == [True] * 4, wrong[1]


def _checked(folder: Path, command: list[str], program: str) -> tuple[int, str]:
    (folder / "main.py").write_text(textwrap.dedent(program).lstrip())
    target = [] if "--project" in command else ["main.py"]
    ended = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, *command, *target], cwd=folder, env=_environment(), capture_output=True, text=True, check=False
    )
    return ended.returncode, ended.stdout


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "components"), "MYPYPATH": str(ROOT / "components")}
