"""A client request token belongs to one request until the simulator ends."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.fsx import FsxService, ManualClock
from simulator.fsx.fixtures import AWAY, COPY_SECONDS, HOME, Clients

pytest_plugins = ["simulator.fsx.fixtures"]


def copy(client: Any, source: str, **changes: Any) -> Any:
    request = {"SourceBackupId": source, "SourceRegion": HOME, "ClientRequestToken": "token", **changes}
    return client.copy_backup(**request)["Backup"]


def test_same_token_returns_the_same_copy(
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


def delete_copy_with_token(client: Any, service: FsxService, source: str, setting: str) -> str:
    service.configure(token_after_deletion=setting)
    first = copy(client, source)
    assert copy(client, source)["BackupId"] == first["BackupId"]
    service.remove_backup(AWAY, first["BackupId"])
    return str(first["BackupId"])


def test_token_of_deleted_copy_returns_it(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    deleted = delete_copy_with_token(fsx_client(), fsx_service, fsx_source, "deleted")

    again = copy(fsx_client(), fsx_source)

    assert (again["BackupId"], again["Lifecycle"]) == (deleted, "DELETED")


def test_token_of_deleted_copy_can_be_forgotten(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    deleted = delete_copy_with_token(fsx_client(), fsx_service, fsx_source, "forgotten")

    again = copy(fsx_client(), fsx_source)

    assert (again["BackupId"] != deleted, again["Lifecycle"]) == (True, "COPYING")


@pytest.mark.parametrize(
    ("setting", "code"), [("refused", "BadRequest"), ("incompatible", "IncompatibleParameterError")]
)
def test_token_of_deleted_copy_can_be_refused(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str, setting: str, code: str
) -> None:
    delete_copy_with_token(fsx_client(), fsx_service, fsx_source, setting)

    with pytest.raises(ClientError) as refusal:
        copy(fsx_client(), fsx_source)

    assert refusal.value.response["Error"]["Code"] == code
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
def test_same_token_with_other_parameters_is_refused(
    fsx_client: Clients, fsx_source: str, changes: dict[str, Any]
) -> None:
    copy(fsx_client(), fsx_source)

    with pytest.raises(ClientError) as refusal:
        copy(fsx_client(), fsx_source, **changes)

    response: dict[str, Any] = {**refusal.value.response}
    assert response["Error"]["Code"] == "IncompatibleParameterError"
    assert response["Parameter"] == "ClientRequestToken"


def test_token_is_valid_per_region(fsx_client: Clients, fsx_source: str) -> None:
    copies = [copy(fsx_client(region), fsx_source)["BackupId"] for region in (AWAY, "eu-west-2")]

    assert len(set(copies)) == 2


def test_refused_request_does_not_use_token(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    fsx_service.configure(user_initiated_backups=0)
    with pytest.raises(ClientError):
        copy(fsx_client(), fsx_source)

    fsx_service.configure(user_initiated_backups=1)

    assert copy(fsx_client(), fsx_source, CopyTags=True)["Lifecycle"] == "COPYING"


def test_repeated_token_ignores_quota(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    fsx_service.configure(user_initiated_backups=1)
    first = copy(fsx_client(), fsx_source)

    assert copy(fsx_client(), fsx_source)["BackupId"] == first["BackupId"]


def test_deletion_can_be_repeated_with_its_token(fsx_client: Clients, fsx_source: str) -> None:
    request = {"BackupId": fsx_source, "ClientRequestToken": "token"}

    answers = [fsx_client(HOME).delete_backup(**request) for _ in range(2)]

    assert [answer["Lifecycle"] for answer in answers] == ["DELETED", "DELETED"]
