"""Trouble that passes costs time and nothing else."""

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
from tests.engine.stack import Stack, copy_args

PASSING = ["throttled", "internal", "unavailable", "expired", "lost", "malformed", "refuse", "hang"]


def once_accepted(stack: Stack, act: Callable[[], object]) -> None:
    """Let something happen right after the service accepted a copy."""
    stack.wire.at_call["CopyBackup", "after"] = act


@pytest.mark.parametrize("kind", PASSING)
def test_trouble_during_the_wait_is_ridden_out(service: FsxService, stack: Stack, source: str, kind: Any) -> None:
    service.set_copy_seconds(100)
    once_accepted(stack, lambda: service.add_fault(kind, region=AWAY, seconds=90))

    stack.up({"monday": copy_args(source)})

    (copy,) = service.backups(AWAY)
    assert (copy["id"], stack.states["monday"].errors) == (stack.states["monday"].id, ())
    assert service.counts(AWAY)["CopyBackup"] == 1


@pytest.mark.parametrize("kind", PASSING)
def test_trouble_while_the_copy_is_recorded_is_ridden_out(
    service: FsxService, stack: Stack, source: str, kind: Any
) -> None:
    service.add_fault(kind, "TagResource", times=3)

    stack.up({"monday": copy_args(source)})

    assert stack.states["monday"].errors == ()


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("call", [("DescribeBackups", AWAY), ("DescribeBackups", HOME), ("CopyBackup", AWAY)])
def test_trouble_before_the_copy_is_accepted_is_ridden_out_for_a_while(
    service: FsxService, stack: Stack, source: str, call: tuple[str, str], kind: Any
) -> None:
    action, region = call
    service.add_fault(kind, action, region=region, times=1)

    stack.up({"monday": copy_args(source)})

    assert [copy["id"] for copy in service.backups(AWAY)] == [stack.states["monday"].id]


@pytest.mark.parametrize(("kind", "says"), [("throttled", "ThrottlingException"), ("refuse", "got no answer")])
def test_trouble_that_does_not_pass_before_anything_is_accepted_is_an_error(
    service: FsxService, stack: Stack, source: str, kind: Any, says: str
) -> None:
    service.add_fault(kind, "CopyBackup")

    with pytest.raises(ServiceError, match=says):
        stack.up({"monday": copy_args(source)})

    assert stack.states == {}


def test_trouble_beyond_the_timeout_leaves_the_copy_running_for_the_next_run(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.timeouts["create"] = 60.0
    once_accepted(stack, lambda: service.add_fault("expired", region=AWAY))

    with pytest.raises(CopyError, match="The next `pulumi up` resumes it"):
        stack.up({"monday": copy_args(source)})

    service.lift_fault()
    stack.up({"monday": copy_args(source)})
    assert service.counts(AWAY)["CopyBackup"] == 1
    assert stack.states["monday"].errors == ()


def test_an_outage_does_not_make_a_copy_missing_that_fsx_did_not_show_yet(
    service: FsxService, stack: Stack, source: str
) -> None:
    """One look that finds nothing, and then none for minutes, says nothing about the copy."""
    service.configure(shown_after_seconds=3.0)

    def outage() -> None:
        service.add_fault("hang", "DescribeBackups", region=AWAY, seconds=900)

    once_accepted(stack, lambda: stack.wire.at_call.update({("DescribeBackups", "after"): outage}))

    stack.up({"monday": copy_args(source)})

    assert service.counts(AWAY)["CopyBackup"] == 1
    assert [copy["id"] for copy in service.backups(AWAY)] == [stack.states["monday"].id]


def test_a_copy_that_fsx_shows_late_is_not_left_behind_for_a_second_one(
    service: FsxService, stack: Stack, source: str
) -> None:
    service.configure(shown_after_seconds=80.0)

    stack.up({"monday": copy_args(source)})

    assert [copy["id"] for copy in service.backups(AWAY)] == [stack.states["monday"].id]


def test_a_copy_that_fsx_never_shows_is_given_up_and_not_made_again_and_again(
    service: FsxService, stack: Stack, source: str
) -> None:
    service.configure(shown_after_seconds=1e9)

    with pytest.raises(CopyError, match="was deleted outside of Pulumi"):
        stack.up({"monday": copy_args(source)})

    assert service.counts(AWAY)["CopyBackup"] == 1


def test_a_token_that_is_answered_with_a_copy_nobody_sees_any_more_is_spent(
    service: FsxService, stack: Stack, source: str
) -> None:
    """FSx may repeat its first answer for a copy that was deleted since."""
    service.configure(shown_after_seconds=1e9, copy_seconds=1e9)
    with pytest.raises(CopyError):
        stack.up({"monday": copy_args(source)})
    service.configure(shown_after_seconds=0.0, copy_seconds=1.0)

    stack.up({"monday": copy_args(source)})

    assert [str(entry["token"])[-2:] for entry in service.journal(AWAY, "CopyBackup")] == ["-0", "-0", "-1"]
    assert stack.states["monday"].outputs["lifecycle"] == "AVAILABLE"


def test_credentials_that_ran_out_are_read_anew(service: FsxService) -> None:
    sessions: list[boto3.Session] = []

    class Renewed(Credentials):
        def session(self) -> boto3.Session:
            sessions.append(new_session())
            in_process(sessions[-1], service)
            return sessions[-1]

    region = FsxRegion(AWAY, Renewed())
    service.add_fault("expired", times=1)
    with pytest.raises(ExpiredCredentialsError, match=r"The AWS credentials have expired: renew them\."):
        region.find(["backup-0123456789abcdef0"])

    assert region.find(["backup-0123456789abcdef0"]) == {}
    assert len(sessions) == 2


def test_each_region_has_one_session_and_so_credentials_of_its_own(service: FsxService) -> None:
    sessions: list[boto3.Session] = []

    class Counted(Credentials):
        def session(self) -> boto3.Session:
            sessions.append(new_session())
            in_process(sessions[-1], service)
            return sessions[-1]

    run = ProviderRuntime(partial(FsxRegion, credentials=Counted()), poll_seconds=1.0)
    for _ in range(3):
        run.region(AWAY).fsx.find(["backup-0123456789abcdef0"])
        run.region(HOME).fsx.find(["backup-0123456789abcdef0"])

    assert len(sessions) == 2


@pytest.mark.parametrize(
    ("action", "call"),
    [
        ("fsx:CopyBackup", lambda stack, source: stack.up({"monday": copy_args(source)})),
        ("fsx:DescribeBackups", lambda stack, source: stack.up({"monday": copy_args(source)})),
        ("sts:GetCallerIdentity", lambda stack, _: stack.run().region(AWAY).fsx.account()),
        ("kms:DescribeKey", lambda stack, _: stack.run().region(AWAY).fsx.key_arn("alias/x")),
    ],
)
def test_a_refusal_for_lack_of_permission_names_the_action(
    service: FsxService, stack: Stack, source: str, action: str, call: Callable[[Stack, str], object]
) -> None:
    name, _, method = action.partition(":")
    service.add_fault("access_denied", method, service=name)

    with pytest.raises(AccessDeniedError, match=f"The AWS credentials lack permission for {action} in "):
        call(stack, source)
