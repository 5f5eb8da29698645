"""What a DrRegion tells its program, before and after its copies are made."""

from collections.abc import Iterator
from typing import Any

import pytest
from pulumi_fsx_dr import DrRegion
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.ownership import MARK_TAG, Pending, Token

from rehearsal.fsx import Control, running
from rehearsal.fsx.fixtures import AWAY, HOME
from tests.recording import RecordingEngine

TYPE = "pulumi-python:dynamic/fsx:BackupCopy"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    with running() as control:
        for name, value in control.environment().items():
            monkeypatch.setenv(name, value)
        yield control


@pytest.fixture
def source(aws: Control) -> str:
    return aws.seed_backup(HOME, aws.seed_file_system(HOME))


def pending_copy(aws: Control, source: str, name: str) -> str:
    """Make a copy as a run leaves it that was interrupted while it copied for a resource."""
    mark = Pending(Token.of("urn", name), None, f"dr/prod/{name}")
    client = aws.client("fsx", AWAY)
    request = {"SourceBackupId": source, "SourceRegion": HOME, "Tags": [{"Key": MARK_TAG, "Value": str(mark)}]}
    made: str = client.copy_backup(**request)["Backup"]["BackupId"]
    client.close()
    return made


def declare(source: str, *, held: str, preview: bool = False) -> None:
    """Run a program that copies a backup, with an engine that has a certain copy in its state."""
    engine = RecordingEngine({TYPE: {"id": held}})

    def program() -> None:
        DrRegion("dr", {"region": AWAY, "sources": [{"backup_id": source, "region": HOME}]})

    engine.run(program, preview=preview)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


def test_a_copy_that_nothing_asks_for_any_more_is_named(
    aws: Control, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    left = pending_copy(aws, source, f"dr-{source}")

    declare(source, held="backup-0123456789abcdef0")

    (warning,) = warnings(caplog)
    assert warning == (
        f"{left} in {AWAY} was left behind by an interrupted run, and nothing asks for it any more: "
        "fsx-dr orphans tells how to adopt or delete it."
    )
    assert [copy["id"] for copy in aws.backups(AWAY)] == [left]


def test_a_copy_that_was_resumed_is_not_named(aws: Control, source: str, caplog: pytest.LogCaptureFixture) -> None:
    resumed = pending_copy(aws, source, f"dr-{source}")

    declare(source, held=resumed)

    assert warnings(caplog) == []


@pytest.mark.parametrize("name", ["dr-another", "other"])
def test_a_pending_copy_of_another_resource_is_not_named(
    aws: Control, source: str, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    pending_copy(aws, source, name)

    declare(source, held="backup-0123456789abcdef0")

    assert warnings(caplog) == []


def test_a_preview_does_not_know_yet_what_will_be_resumed(
    aws: Control, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    pending_copy(aws, source, f"dr-{source}")

    declare(source, held="backup-0123456789abcdef0", preview=True)

    assert warnings(caplog) == []


@pytest.mark.parametrize("args", [{"region": AWAY}, {"region": AWAY, "sources": "fs-0123456789abcdef0"}])
def test_sources_that_are_no_list_are_refused_in_a_sentence(args: Any) -> None:
    with pytest.raises(InvalidSettingsError, match="DrRegion dr needs its sources as a list, which may be empty"):
        RecordingEngine().run(lambda: DrRegion("dr", args))
