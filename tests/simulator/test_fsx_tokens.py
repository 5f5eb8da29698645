"""A client request token stands for one request, as long as the service lives."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.fsx import FsxService, ManualClock
from simulator.fsx.fixtures import AWAY, COPY_SECONDS, HOME, Clients

pytest_plugins = ["simulator.fsx.fixtures"]


def copy(client: Any, source: str, **changes: Any) -> Any:
    request = {"SourceBackupId": source, "SourceRegion": HOME, "ClientRequestToken": "token", **changes}
    return client.copy_backup(**request)["Backup"]


def test_the_same_token_finds_the_same_copy_in_whatever_state(
    fsx_client: Clients, fsx_clock: ManualClock, fsx_service: FsxService, fsx_source: str
) -> None:
    client = fsx_client()
    fsx_service.fail_copies("no luck")
    running = [copy(client, fsx_source) for _ in range(2)]
    fsx_clock.sleep(COPY_SECONDS)
    failed = copy(client, fsx_source)

    assert {backup["BackupId"] for backup in [*running, failed]} == {running[0]["BackupId"]}
    assert [backup["Lifecycle"] for backup in [*running, failed]] == ["COPYING", "COPYING", "FAILED"]
    assert len(fsx_service.backups(AWAY)) == 1


def test_the_token_of_a_deleted_copy_answers_with_the_deleted_copy(
    fsx_client: Clients, fsx_clock: ManualClock, fsx_source: str
) -> None:
    client = fsx_client()
    first = copy(client, fsx_source)
    fsx_clock.sleep(COPY_SECONDS)
    client.delete_backup(BackupId=first["BackupId"])

    again = copy(client, fsx_source)

    assert (again["BackupId"], again["Lifecycle"]) == (first["BackupId"], "DELETED")


def test_the_token_of_a_deleted_copy_can_be_forgotten(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str
) -> None:
    fsx_service.configure(token_after_deletion="forgotten")
    client = fsx_client()
    first = copy(client, fsx_source)
    fsx_service.remove_backup(AWAY, first["BackupId"])

    again = copy(client, fsx_source)

    assert (again["BackupId"] != first["BackupId"], again["Lifecycle"]) == (True, "COPYING")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("refused", "BadRequest: The backup made with this token has been deleted."),
        ("incompatible", "IncompatibleParameterError: This client request token was used with other parameters."),
    ],
)
def test_the_token_of_a_deleted_copy_can_be_refused(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str, answer: str, error: str
) -> None:
    fsx_service.configure(token_after_deletion=answer)
    client = fsx_client()
    first = copy(client, fsx_source)
    repeated = copy(client, fsx_source)
    fsx_service.remove_backup(AWAY, first["BackupId"])

    with pytest.raises(ClientError) as refusal:
        copy(client, fsx_source)

    told = refusal.value.response["Error"]
    assert repeated["BackupId"] == first["BackupId"]
    assert f"{told['Code']}: {told['Message']}" == error
    assert fsx_service.backups(AWAY) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"CopyTags": True},
        {"Tags": [{"Key": "a", "Value": "b"}]},
        {"KmsKeyId": "alias/aws/fsx"},
        {"SourceBackupId": "backup-0123456789abcdef0"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_same_token_with_other_parameters_is_refused(
    fsx_client: Clients, fsx_source: str, changes: dict[str, Any]
) -> None:
    copy(fsx_client(), fsx_source)

    with pytest.raises(ClientError) as refusal:
        copy(fsx_client(), fsx_source, **changes)

    response: dict[str, Any] = {**refusal.value.response}
    assert response["Error"]["Code"] == "IncompatibleParameterError"
    assert response["Parameter"] == "ClientRequestToken"


def test_a_token_counts_in_its_destination_region_only(fsx_client: Clients, fsx_source: str) -> None:
    here = copy(fsx_client(), fsx_source)
    there = copy(fsx_client("eu-west-2"), fsx_source)

    assert here["BackupId"] != there["BackupId"]


def test_a_refused_request_leaves_its_token_unused(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str
) -> None:
    fsx_service.configure(copies_per_region=0)
    with pytest.raises(ClientError):
        copy(fsx_client(), fsx_source)

    fsx_service.configure(copies_per_region=1)

    assert copy(fsx_client(), fsx_source, CopyTags=True)["Lifecycle"] == "COPYING"


def test_a_repeated_token_needs_no_free_slot(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    fsx_service.configure(copies_per_region=1)
    first = copy(fsx_client(), fsx_source)

    assert copy(fsx_client(), fsx_source)["BackupId"] == first["BackupId"]


def test_a_deletion_can_be_repeated_under_its_token(fsx_client: Clients, fsx_source: str) -> None:
    request = {"BackupId": fsx_source, "ClientRequestToken": "token"}

    answers = [fsx_client(HOME).delete_backup(**request) for _ in range(2)]

    assert [answer["Lifecycle"] for answer in answers] == ["DELETED", "DELETED"]
