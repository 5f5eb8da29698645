"""Transient errors only cost time."""

from collections.abc import Callable
from functools import partial
from typing import Any

import boto3
import pytest
from pulumi_fsx_dr.errors import AccessDeniedError, CopyError, ExpiredCredentialsError, ServiceError
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime

from simulator.fsx import FsxService, in_process
from simulator.fsx.fixtures import AWAY, HOME, new_session
from tests.engine.checks import copies, only_copy, other_tags, refused
from tests.engine.stack import Stack, monday

TRANSIENT = ["throttled", "internal", "unavailable", "expired", "lost", "malformed", "refuse", "hang"]
BACKUP = "backup-0123456789abcdef0"


@pytest.mark.parametrize("kind", TRANSIENT)
@pytest.mark.parametrize("call", [("DescribeBackups", AWAY), ("DescribeBackups", HOME), ("CopyBackup", AWAY)])
def test_create_retries_until_copy_is_accepted(
    service: FsxService, stack: Stack, source: str, call: tuple[str, str], kind: Any
) -> None:
    action, region = call
    service.add_fault(kind, action, region=region, times=1)

    stack.up(monday(source))

    only_copy(stack)


@pytest.mark.parametrize("kind", TRANSIENT)
def test_create_retries_while_waiting(service: FsxService, stack: Stack, source: str, kind: Any) -> None:
    service.set_copy_seconds(100)
    stack.wire.at_call["CopyBackup", "after"] = lambda: service.add_fault(kind, region=AWAY, seconds=90)

    stack.up(monday(source))

    only_copy(stack)
    assert service.counts(AWAY)["CopyBackup"] == 1


@pytest.mark.parametrize("kind", TRANSIENT)
@pytest.mark.parametrize("action", ["TagResource", "UntagResource", "DescribeBackups"])
def test_update_retries_transient_errors(
    service: FsxService, stack: Stack, source: str, action: str, kind: Any
) -> None:
    stack.up(monday(source, tags={"old": "x"}))
    service.add_fault(kind, action, times=2)

    stack.up(monday(source, tags={"new": "x"}))

    assert other_tags(stack) == {"new": "x"}


@pytest.mark.parametrize("kind", TRANSIENT)
@pytest.mark.parametrize("action", ["DeleteBackup", "DescribeBackups"])
def test_delete_retries_transient_errors(service: FsxService, stack: Stack, made: str, action: str, kind: Any) -> None:
    service.add_fault(kind, action, times=2)

    stack.destroy()

    assert service.backup(AWAY, made)["deleted"]


@pytest.mark.parametrize(("kind", "fact"), [("throttled", "ThrottlingException"), ("refuse", "fsx:CopyBackup")])
def test_create_fails_if_copy_backup_keeps_failing(
    service: FsxService, stack: Stack, source: str, kind: Any, fact: str
) -> None:
    service.add_fault(kind, "CopyBackup")

    with refused(ServiceError, fact, AWAY):
        stack.up(monday(source))

    assert stack.states == {}


def test_create_that_times_out_while_retrying_is_finished_later(service: FsxService, stack: Stack, source: str) -> None:
    stack.timeouts["create"] = 60.0
    stack.wire.at_call["CopyBackup", "after"] = lambda: service.add_fault("expired", region=AWAY)
    with refused(CopyError, AWAY, "pulumi up"):
        stack.up(monday(source))
    assert copies(service) == [stack.states["monday"].id]
    service.lift_fault()

    stack.up(monday(source))

    only_copy(stack)
    assert service.counts(AWAY)["CopyBackup"] == 1


def counted(service: FsxService) -> tuple[Credentials, list[boto3.Session]]:
    """Return credentials for the simulator, and the list of their sessions."""
    sessions: list[boto3.Session] = []

    class Counted(Credentials):
        def session(self) -> boto3.Session:
            sessions.append(new_session())
            in_process(sessions[-1], service)
            return sessions[-1]

    return Counted(), sessions


def test_expired_credentials_are_read_again(service: FsxService) -> None:
    credentials, sessions = counted(service)
    region = FsxRegion(AWAY, credentials)
    service.add_fault("expired", times=1)
    with pytest.raises(ExpiredCredentialsError):
        region.find([BACKUP])

    assert region.find([BACKUP]) == {}
    assert len(sessions) == 2


def test_each_region_has_one_session(service: FsxService) -> None:
    credentials, sessions = counted(service)
    run = ProviderRuntime(partial(FsxRegion, credentials=credentials), poll_seconds=1.0)

    for region in (AWAY, HOME) * 3:
        run.region(region).fsx.find([BACKUP])

    assert len(sessions) == 2


@pytest.mark.parametrize(
    ("action", "call"),
    [
        ("sts:GetCallerIdentity", lambda stack: stack.run().region(AWAY).fsx.account()),
        ("kms:DescribeKey", lambda stack: stack.run().region(AWAY).fsx.key_arn("alias/x")),
    ],
)
def test_access_denied_names_action(
    service: FsxService, stack: Stack, action: str, call: Callable[[Stack], object]
) -> None:
    name, _, method = action.partition(":")
    service.add_fault("access_denied", method, service=name)

    with refused(AccessDeniedError, action):
        call(stack)
