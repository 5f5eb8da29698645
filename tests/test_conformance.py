"""`make conformance` on the simulator: the page shows the simulator's settings."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from simulator.fsx import Control, running
from tests.conformance.account import Options, RefusedError

pytestmark = pytest.mark.timeout(600)
ROOT = Path(__file__).parents[1]
HOME, AWAY = "eu-central-1", "eu-west-1"
COPY_SECONDS = 3.0  # long enough to be refused a delete of the running copy on a busy machine
LAGS = ("listed_after_seconds", "tags_shown_after_seconds", "delete_lag", "source_busy_seconds")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "conformance.md"
    page.write_text("<!-- observed -->\n\n<!-- end of observed -->\n")
    return page


def run(control: Control, page: Path, source: str) -> subprocess.CompletedProcess[str]:
    given = {"HOME": HOME, "AWAY": AWAY, "BACKUP": source, "PREFIX": "test", "POLL": "0.1", "PAGE": str(page)}
    environment = os.environ | control.environment() | {f"FSX_DR_CONFORMANCE_{name}": given[name] for name in given}
    command = [sys.executable, "-m", "pytest", "tests/conformance", "-m", "conformance", "-p", "no:cacheprovider"]
    return subprocess.run(  # noqa: S603  # our own interpreter
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=590
    )


def seeded(control: Control, **changes: Any) -> str:
    return control.seed_backup(HOME, control.seed_file_system(HOME), **changes)


def observed(page: Path, **settings: Any) -> tuple[dict[str, str], list[str]]:
    """Run on a simulator with these settings; return the column "Observed" and the actions in `AWAY`."""
    with running(copy_seconds=COPY_SECONDS, **settings) as aws:
        source = seeded(aws)
        began = time.monotonic()
        done = run(aws, page, source)
        took = time.monotonic() - began

        assert done.returncode == 0, done.stdout
        assert [backup["id"] for backup in aws.backups(HOME)] == [source]
        assert aws.backups(AWAY) == []
        actions = [entry["action"] for entry in aws.journal(AWAY)]
    seen = dict(re.findall(r"^\| `(.+)` \| .* \| (.*) \|$", page.read_text(), re.MULTILINE))
    assert max(float(seen[name]) for name in ("copy_seconds", *LAGS)) < took
    return seen, actions


def test_conformance_page_shows_default_behavior(page: Path) -> None:
    seen, actions = observed(page)
    tagged = actions.index("TagResource")

    assert seen["copy_tells_tags"] == "True"
    assert seen["token_after_deletion"] == "deleted"
    assert seen["being_copied_error"] == "BackupBeingCopied"
    assert seen["delete_lag_lifecycle"] == "not shown"
    assert seen["error of deleting a running copy"] == "BackupInProgress"
    assert float(seen["copy_seconds"]) >= COPY_SECONDS
    assert actions[tagged + 1 : tagged + 3] == ["DescribeBackups", "CopyBackup"], "the first look shows the new tag"


@pytest.mark.slow
@pytest.mark.parametrize("together", ["full", "incremental"])
def test_conformance_page_times_concurrent_copies(page: Path, together: str) -> None:
    seen, _ = observed(page, seconds_per_gb=0.6, copies_started_together=together)

    first, other, later = map(float, re.findall(r"([\d.]+) s", seen["copies_started_together"]))
    assert later < first / 2
    assert (other < first / 2) is (together == "incremental")


@pytest.mark.slow
def test_conformance_page_shows_changed_behavior(page: Path) -> None:
    words = {
        "copy_tells_tags": False,
        "token_after_deletion": "forgotten",
        "being_copied_error": "BadRequest",
        "delete_lag_lifecycle": "AVAILABLE",
    }

    seen, _ = observed(page, **dict.fromkeys(LAGS, 1.2), **words)

    assert {name: seen[name] for name in words} == {name: str(value) for name, value in words.items()}
    for name in LAGS:
        assert float(seen[name]) >= 1.2, name


def test_failed_conformance_run_deletes_only_own_copies(aws: Control, page: Path) -> None:
    aws.configure(copy_seconds=0.5)
    stranger = aws.seed_backup(
        AWAY, aws.seed_file_system(AWAY), type="USER_INITIATED", tags={"fsx-dr:conformance": "test-of-another-run"}
    )
    aws.fail_copies("The key is gone.", region=AWAY)

    done = run(aws, page, seeded(aws))

    assert done.returncode == 1
    assert [backup["id"] for backup in aws.backups(AWAY)] == [stranger]


@pytest.mark.parametrize("changes", [{"PREFIX": ""}, {"BACKUP": "ledger"}, {"AWAY": HOME}, {"AWAY": "cn-north-1"}])
def test_conformance_refuses_wrong_options(changes: dict[str, str]) -> None:
    given = {"HOME": HOME, "AWAY": AWAY, "BACKUP": "backup-0123456789abcdef0", "PREFIX": "test"} | changes

    with pytest.raises(RefusedError, match=f"FSX_DR_CONFORMANCE_{next(iter(changes))}"):
        Options.of({f"FSX_DR_CONFORMANCE_{name}": value for name, value in given.items()})


def test_conformance_refuses_large_source_backup(aws: Control, page: Path) -> None:
    source = seeded(aws, size_in_bytes=65 << 30)

    done = run(aws, page, source)

    assert done.returncode == 2
    assert source in done.stdout + done.stderr
    assert aws.counts() == {"DescribeBackups": 1}
