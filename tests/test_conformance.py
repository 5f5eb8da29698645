"""`make conformance` against the stand-in: what it writes is what the stand-in was set to do."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.fsx import Control, running

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "conformance.md"
HOME, AWAY = "eu-central-1", "eu-west-1"
TAG = "fsx-dr:conformance"


def run(control: Control, page: Path, source: str, **changes: str) -> subprocess.CompletedProcess[str]:
    asked = {"HOME": HOME, "AWAY": AWAY, "BACKUP": source, "PREFIX": "test", "POLL": "0.1", "PAGE": str(page)} | changes
    environment = os.environ | control.environment() | {f"FSX_DR_CONFORMANCE_{name}": asked[name] for name in asked}
    command = [sys.executable, "-m", "pytest", "tests/conformance", "-m", "conformance", "-p", "no:cacheprovider"]
    return subprocess.run(  # noqa: S603  # our own
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=590
    )


def seeded(control: Control, kind: str = "WINDOWS", **changes: Any) -> str:
    return control.seed_backup(HOME, control.seed_file_system(HOME, kind), **changes)


def blank(folder: Path) -> Path:
    page = folder / "conformance.md"
    page.write_text(PAGE.read_text())
    return page


def observed(page: Path) -> dict[str, str]:
    """The column "Observed" of the page."""
    rows = re.findall(r"^\| `(.+)` \| .* \| (.*) \|$", page.read_text(), re.MULTILINE)
    return dict(rows)


def page_of(folder: Path, **settings: Any) -> Path:
    """Return the page of a run on a stand-in of these settings, which leaves the source as all that is there."""
    page = blank(folder)
    with running(copy_seconds=1.5, **settings) as aws:
        source = seeded(aws)

        done = run(aws, page, source)

        assert done.returncode == 0, done.stdout
        assert [backup["id"] for backup in aws.backups(HOME)] == [source]
        assert aws.backups(AWAY) == []
    return page


@pytest.mark.timeout(600)
def test_the_page_says_what_the_stand_in_does_unless_told_otherwise(tmp_path: Path) -> None:
    page = page_of(tmp_path)

    seen = observed(page)
    assert seen["copy_tells_tags"] == "True"
    assert seen["token_after_deletion"] == "deleted"
    assert seen["being_copied_error"] == "BackupBeingCopied"
    assert seen["delete_lag_lifecycle"] == "not shown"
    assert seen["short_pages"] == "False"
    assert seen["error of deleting a copy that is being made"] == "BackupInProgress"
    assert 1.0 < float(seen["copy_seconds"]) < 10.0
    assert float(seen["tags_shown_after_seconds"]) < 1.0
    assert " UTC of a stand-in for AWS" in page.read_text()
    assert "a backup of type WINDOWS from eu-central-1 to eu-west-1." in page.read_text()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_page_says_what_a_stand_in_with_other_settings_does(tmp_path: Path) -> None:
    page = page_of(
        tmp_path,
        copy_tells_tags=False,
        token_after_deletion="forgotten",
        being_copied_error="BadRequest",
        listed_after_seconds=1.2,
        tags_shown_after_seconds=1.2,
        delete_lag=1.2,
        delete_lag_lifecycle="AVAILABLE",
        source_busy_seconds=1.2,
    )

    seen = observed(page)
    assert seen["copy_tells_tags"] == "False"
    assert seen["token_after_deletion"] == "forgotten"
    assert seen["being_copied_error"] == "BadRequest"
    assert seen["delete_lag_lifecycle"] == "AVAILABLE"
    for name in ("listed_after_seconds", "tags_shown_after_seconds", "delete_lag", "source_busy_seconds"):
        assert 0.8 <= float(seen[name]) < 5.0, name


@pytest.mark.timeout(600)
def test_it_says_first_what_it_costs_and_last_what_it_left(aws: Control, tmp_path: Path) -> None:
    aws.configure(copy_seconds=0.5)

    done = run(aws, blank(tmp_path), seeded(aws), AWAY="us-east-1")

    lines = [line for line in done.stdout.splitlines() if line]
    [announced] = [line for line in lines if "4 copies of 10.0 GiB" in line]
    assert lines.index(announced) < lines.index("Left behind: nothing.")


@pytest.mark.timeout(600)
def test_it_deletes_nothing_that_is_not_of_this_run_even_after_a_failure(aws: Control, tmp_path: Path) -> None:
    aws.configure(copy_seconds=0.5)
    stranger = aws.seed_backup(
        AWAY, aws.seed_file_system(AWAY), type="USER_INITIATED", tags={TAG: "test-of-another-run"}
    )
    aws.fail_copies("The key is gone.", region=AWAY)

    done = run(aws, blank(tmp_path), seeded(aws))

    assert done.returncode == 1
    assert [backup["id"] for backup in aws.backups(AWAY)] == [stranger]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"PREFIX": ""}, "to allow it, set FSX_DR_CONFORMANCE_PREFIX."),
        ({"BACKUP": "ledger"}, "FSX_DR_CONFORMANCE_BACKUP is 'ledger', which is no backup id."),
        ({"AWAY": HOME}, "FSX_DR_CONFORMANCE_HOME and _AWAY must be two Regions of one partition."),
        ({"AWAY": "cn-north-1"}, "FSX_DR_CONFORMANCE_HOME and _AWAY must be two Regions of one partition."),
    ],
)
@pytest.mark.timeout(600)
def test_it_refuses_in_one_line(aws: Control, tmp_path: Path, changes: dict[str, str], said: str) -> None:
    done = run(aws, blank(tmp_path), seeded(aws), **changes)

    assert done.returncode == 2
    assert said in done.stdout + done.stderr
    assert aws.counts() == {}


@pytest.mark.timeout(600)
def test_it_refuses_a_backup_that_is_not_small(aws: Control, tmp_path: Path) -> None:
    source = seeded(aws, size_in_bytes=65 << 30)

    done = run(aws, blank(tmp_path), source)

    assert done.returncode == 2
    assert f"{source} is larger than 64 GiB: name a smaller one." in done.stdout + done.stderr
    assert aws.counts() == {"DescribeBackups": 1}


def test_the_committed_page_says_that_nobody_has_run_it_on_a_real_account() -> None:
    assert "Nobody has run it on a real account yet." in PAGE.read_text()
