"""Faults affect the selected calls, and no others."""

from threading import Thread
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from simulator.fsx import FsxService, ManualClock
from simulator.fsx.fixtures import AWAY, HOME, Clients

pytest_plugins = ["simulator.fsx.fixtures"]

in_process_and_over_http = pytest.mark.parametrize("fsx_session", ["in process", "over HTTP"], indirect=True)
ERRORS = {
    "throttled": (400, "ThrottlingException"),
    "internal": (500, "InternalServerError"),
    "unavailable": (503, "ServiceUnavailable"),
    "expired": (400, "ExpiredTokenException"),
    "not_enabled": (400, "UnrecognizedClientException"),
    "access_denied": (400, "AccessDeniedException"),
}
# Over HTTP a refused connection is one that closes; in the same process it is the real error.
CUT = (ConnectionClosedError, EndpointConnectionError)


def copy(client: Any, source: str) -> Any:
    return client.copy_backup(SourceBackupId=source, SourceRegion=HOME, ClientRequestToken="token")["Backup"]


@in_process_and_over_http
@pytest.mark.parametrize("kind", ERRORS)
def test_error_fault_has_no_effect(fsx_client: Clients, fsx_service: FsxService, fsx_source: str, kind: Any) -> None:
    fsx_service.add_fault(kind, "CopyBackup", times=1)

    with pytest.raises(ClientError) as refusal:
        copy(fsx_client(), fsx_source)

    response = refusal.value.response
    assert (response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]) == ERRORS[kind]
    assert fsx_service.backups(AWAY) == []
    assert copy(fsx_client(), fsx_source)["Lifecycle"] == "COPYING"


# Botocore reads a body that is not JSON as an answer without members.
@in_process_and_over_http
@pytest.mark.parametrize(
    ("kind", "error", "made"), [("lost", ConnectionClosedError, 1), ("malformed", KeyError, 1), ("refuse", CUT, 0)]
)
def test_connection_fault_may_come_after_effect(  # noqa: PLR0913, PLR0917 - fixtures
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str, kind: Any, error: type[Exception], made: int
) -> None:
    fsx_service.add_fault(kind, "CopyBackup", times=1)

    with pytest.raises(error):
        copy(fsx_client(), fsx_source)

    assert len(fsx_service.backups(AWAY)) == made
    assert copy(fsx_client(), fsx_source)["BackupId"] == fsx_service.backups(AWAY)[0]["id"]


@in_process_and_over_http
def test_hanging_call_does_not_block_others(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    fault = fsx_service.add_fault("hang", "CopyBackup")
    outcome = []

    def hang() -> None:
        with pytest.raises(ReadTimeoutError) as timeout:
            copy(fsx_client(read_timeout=1), fsx_source)
        outcome.append(timeout.type)

    hanging = Thread(target=hang)
    hanging.start()
    seen = fsx_client(HOME).describe_backups()["Backups"]
    hanging.join()
    fsx_service.lift_fault(fault)

    assert outcome == [ReadTimeoutError]
    assert [backup["BackupId"] for backup in seen] == [fsx_source]
    assert copy(fsx_client(), fsx_source)["Lifecycle"] == "COPYING"


def test_fault_affects_only_its_action_and_region(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str
) -> None:
    fsx_service.add_fault("internal", "CopyBackup", region=AWAY)

    copy(fsx_client("eu-west-2"), fsx_source)
    fsx_client(AWAY).describe_backups()
    with pytest.raises(ClientError, match="InternalServerError"):
        copy(fsx_client(), fsx_source)


def test_fault_ends_with_its_time(fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock) -> None:
    fsx_service.add_fault("throttled", seconds=10)

    with pytest.raises(ClientError, match="Rate exceeded"):
        fsx_client().describe_backups()
    fsx_clock.sleep(10)

    assert fsx_client().describe_backups()["Backups"] == []


@in_process_and_over_http
@pytest.mark.parametrize(("service", "action"), [("fsx", "describe_backups"), ("kms", "list_keys")])
def test_unreachable_region_refuses_every_service(
    fsx_client: Clients, fsx_service: FsxService, service: str, action: str
) -> None:
    fault = fsx_service.make_unreachable(HOME)

    with pytest.raises(CUT):
        getattr(fsx_client(HOME, service), action)()
    elsewhere = getattr(fsx_client(AWAY, service), action)()
    fsx_service.lift_fault(fault)
    again = getattr(fsx_client(HOME, service), action)()

    assert {answer["ResponseMetadata"]["HTTPStatusCode"] for answer in (elsewhere, again)} == {200}


def test_sts_can_report_expired_credentials(fsx_client: Clients, fsx_service: FsxService) -> None:
    fsx_service.add_fault("expired", "GetCallerIdentity", service="sts", times=1)
    sts = fsx_client(AWAY, "sts")

    with pytest.raises(ClientError, match="ExpiredTokenException"):
        sts.get_caller_identity()

    assert sts.get_caller_identity()["Account"] == "123456789012"


def test_journal_records_calls_and_outcomes(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    fsx_service.add_fault("throttled", "CopyBackup", times=1)
    with pytest.raises(ClientError):
        copy(fsx_client(), fsx_source)
    made = copy(fsx_client(), fsx_source)["BackupId"]
    with pytest.raises(ClientError):
        fsx_client().delete_backup(BackupId=made)

    seen = [(entry["action"], entry["ids"], entry["made"], entry["error"]) for entry in fsx_service.journal(AWAY)]

    assert seen == [
        ("CopyBackup", [fsx_source], None, "ThrottlingException"),
        ("CopyBackup", [fsx_source], made, None),
        ("DeleteBackup", [made], None, "BackupInProgress"),
    ]
    assert fsx_service.counts(AWAY) == {"CopyBackup": 2, "DeleteBackup": 1}
    assert {(e["token"], e["access_key"]) for e in fsx_service.journal(action="CopyBackup")} == {("token", "simulator")}


def test_other_account_does_not_see_backups(fsx_client: Clients, fsx_source: str) -> None:
    role = "arn:aws:iam::210987654321:role/other"
    sts = fsx_client(HOME, "sts")
    stranger = sts.assume_role(RoleArn=role, RoleSessionName="other")["Credentials"]["AccessKeyId"]

    assert fsx_client(HOME, access_key=stranger).describe_backups()["Backups"] == []
    assert [backup["BackupId"] for backup in fsx_client(HOME).describe_backups()["Backups"]] == [fsx_source]
