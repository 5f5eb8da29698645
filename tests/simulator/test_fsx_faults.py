"""Faults hit the calls they are meant for, and no others."""

from threading import Thread
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from simulator.fsx import FsxService, ManualClock
from simulator.fsx.fixtures import AWAY, HOME, Clients

pytest_plugins = ["simulator.fsx.fixtures"]

ERRORS = {
    "throttled": (400, "ThrottlingException"),
    "internal": (500, "InternalServerError"),
    "unavailable": (503, "ServiceUnavailable"),
    "expired": (400, "ExpiredTokenException"),
    "not_enabled": (400, "UnrecognizedClientException"),
    "access_denied": (400, "AccessDeniedException"),
}
# Over a socket a refusal can only be a connection that closes; in process it is the real thing.
CUT = (ConnectionClosedError, EndpointConnectionError)


def copy(client: Any, source: str) -> Any:
    return client.copy_backup(SourceBackupId=source, SourceRegion=HOME, ClientRequestToken="token")["Backup"]


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_is_answered_and_nothing_is_done(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str, kind: Any
) -> None:
    fsx_service.add_fault(kind, "CopyBackup", times=1)

    with pytest.raises(ClientError) as refusal:
        copy(fsx_client(), fsx_source)

    response = refusal.value.response
    assert (response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]) == ERRORS[kind]
    assert fsx_service.backups(AWAY) == []
    assert copy(fsx_client(), fsx_source)["Lifecycle"] == "COPYING"


def test_a_denial_has_the_words_of_iam(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    fsx_service.add_fault("access_denied", "CopyBackup")

    with pytest.raises(ClientError) as refusal:
        copy(fsx_client(), fsx_source)

    assert refusal.value.response["Error"]["Message"] == (
        "User: arn:aws:iam::123456789012:user/simulator is not authorized to perform: fsx:CopyBackup "
        f"on resource: arn:aws:fsx:{AWAY}:123456789012:backup/{fsx_source} "
        "because no identity-based policy allows the fsx:CopyBackup action"
    )


def test_a_lost_answer_leaves_the_copy_behind(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    fsx_service.add_fault("lost", "CopyBackup", times=1)

    with pytest.raises(ConnectionClosedError):
        copy(fsx_client(), fsx_source)

    assert [copy(fsx_client(), fsx_source)["BackupId"]] == [view["id"] for view in fsx_service.backups(AWAY)]


def test_a_refused_connection_leaves_nothing_behind(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str
) -> None:
    fsx_service.add_fault("refuse", "CopyBackup", times=1)

    with pytest.raises(CUT):
        copy(fsx_client(), fsx_source)

    assert fsx_service.backups(AWAY) == []


def test_a_malformed_answer_leaves_the_copy_behind(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str
) -> None:
    fsx_service.add_fault("malformed", "CopyBackup", times=1)

    # Botocore takes a body that is no JSON for an answer without members.
    with pytest.raises(KeyError, match="Backup"):
        copy(fsx_client(), fsx_source)

    assert len(fsx_service.backups(AWAY)) == 1


def test_a_call_that_hangs_times_out_and_holds_up_no_other(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str
) -> None:
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


def test_a_fault_hits_its_action_and_region_only(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    fsx_service.add_fault("internal", "CopyBackup", region=AWAY)
    unhurt = [
        copy(fsx_client("eu-west-2"), fsx_source)["SourceBackupId"],
        fsx_client(HOME).describe_backups(BackupIds=[fsx_source])["Backups"][0]["BackupId"],
    ]

    with pytest.raises(ClientError, match="InternalServerError"):
        copy(fsx_client(), fsx_source)

    assert unhurt == [fsx_source, fsx_source]


def test_a_fault_ends_with_its_time(fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock) -> None:
    fsx_service.add_fault("throttled", seconds=10)

    with pytest.raises(ClientError, match="Rate exceeded"):
        fsx_client().describe_backups()
    fsx_clock.sleep(10)

    assert fsx_client().describe_backups()["Backups"] == []


@pytest.mark.parametrize(("service", "action"), [("fsx", "describe_backups"), ("kms", "list_keys")])
def test_a_dark_region_refuses_every_service_and_others_work_on(
    fsx_client: Clients, fsx_service: FsxService, service: str, action: str
) -> None:
    dark = fsx_service.make_unreachable(HOME)

    with pytest.raises(CUT):
        getattr(fsx_client(HOME, service), action)()
    elsewhere = getattr(fsx_client(AWAY, service), action)()
    fsx_service.lift_fault(dark)
    again = getattr(fsx_client(HOME, service), action)()

    assert {answer["ResponseMetadata"]["HTTPStatusCode"] for answer in (elsewhere, again)} == {200}


def test_sts_can_say_that_credentials_expired(fsx_client: Clients, fsx_service: FsxService) -> None:
    fsx_service.add_fault("expired", "GetCallerIdentity", service="sts", times=1)
    sts = fsx_client(AWAY, "sts")

    with pytest.raises(ClientError, match="ExpiredTokenException"):
        sts.get_caller_identity()

    assert sts.get_caller_identity()["Account"] == "123456789012"


def test_the_journal_tells_who_asked_for_what_and_how_it_ended(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str
) -> None:
    fsx_service.add_fault("throttled", "CopyBackup", times=1)
    with pytest.raises(ClientError):
        copy(fsx_client(), fsx_source)
    made = copy(fsx_client(), fsx_source)["BackupId"]
    with pytest.raises(ClientError):
        fsx_client().delete_backup(BackupId=made)

    told = [(entry["action"], entry["ids"], entry["made"], entry["error"]) for entry in fsx_service.journal(AWAY)]

    assert told == [
        ("CopyBackup", [fsx_source], None, "ThrottlingException"),
        ("CopyBackup", [fsx_source], made, None),
        ("DeleteBackup", [made], None, "BackupInProgress"),
    ]
    assert fsx_service.counts(AWAY) == {"CopyBackup": 2, "DeleteBackup": 1}
    assert {(e["token"], e["access_key"]) for e in fsx_service.journal(action="CopyBackup")} == {("token", "simulator")}


def test_credentials_of_another_account_see_none_of_our_backups(fsx_client: Clients, fsx_source: str) -> None:
    role = "arn:aws:iam::210987654321:role/other"
    sts = fsx_client(HOME, "sts")
    stranger = sts.assume_role(RoleArn=role, RoleSessionName="other")["Credentials"]["AccessKeyId"]
    client = fsx_client(HOME, access_key=stranger)

    assert client.describe_backups()["Backups"] == []
    assert [backup["BackupId"] for backup in fsx_client(HOME).describe_backups()["Backups"]] == [fsx_source]
