"""With --continue-on-error the engine deletes after failed creates; the provider refuses such deletes."""

import pytest
from pulumi_fsx_dr.errors import CopyError, FsxDrError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import copies, refused
from tests.engine.process import Run
from tests.engine.stack import RefusedError, Stack, copy_args, monday

FAILURES = ["failed", "failed in another Region", "out of time", "out of time twice", "without a source", "refused"]


def fail_create(service: FsxService, stack: Stack, run: Run, source: str, **args: str) -> None:
    service.fail_copies("no luck")
    with pytest.raises(FsxDrError):
        stack.register(run, "tuesday", copy_args(source, **args))


def start_failing_tuesday(service: FsxService, stack: Stack, source: str, failure: str) -> Run:
    """Start a run in which the copy `tuesday` fails."""
    run = stack.run()
    args = {
        # Without its source, the file system of a copy is unknown.
        "without a source": copy_args("backup-0fedcba9876543210"),
        "failed in another Region": copy_args(source, region="eu-north-1"),
        "refused": copy_args(source, tags={"aws:x": "y"}),
    }.get(failure, copy_args(source))
    if failure.startswith("failed"):
        service.fail_copies("no luck")
    if failure.startswith("out of time"):
        service.set_copy_seconds(10_000)
        stack.timeouts = {"create": 5.0, "update": 5.0}
    if failure == "out of time twice":
        with pytest.raises(CopyError):
            stack.register(run, "tuesday", args)
        run = stack.run()
    with pytest.raises((FsxDrError, RefusedError)):
        stack.register(run, "tuesday", args)
    return run


@pytest.mark.parametrize("failure", FAILURES)
def test_delete_refuses_if_other_copy_failed(
    service: FsxService, stack: Stack, made: str, newer: str, failure: str
) -> None:
    run = start_failing_tuesday(service, stack, newer, failure)

    with refused(CopyError, made, AWAY, "tuesday"):
        stack.destroy_one(run, "monday")

    assert made in copies(service)


def test_delete_refuses_if_replacement_failed(
    service: FsxService, stack: Stack, made: str, source: str, key: str
) -> None:
    run = stack.run()
    service.fail_copies("no luck")
    with pytest.raises(CopyError):
        stack.register(run, "monday", copy_args(source, kms_key_id=key))

    with refused(CopyError, made, AWAY, "monday"):
        stack.destroy_one(run, "monday")

    assert copies(service) == [made]


@pytest.mark.usefixtures("made")
def test_delete_follows_in_next_successful_run(service: FsxService, stack: Stack, newer: str) -> None:
    fail_create(service, stack, stack.run(), newer)

    stack.up({"tuesday": copy_args(newer)})

    assert copies(service) == [stack.states["tuesday"].id]


@pytest.mark.usefixtures("made")
def test_delete_ignores_failures_of_other_file_systems(service: FsxService, stack: Stack) -> None:
    run = stack.run()
    fail_create(service, stack, run, service.seed_backup(HOME, service.seed_file_system(HOME)))

    stack.destroy_one(run, "monday")

    assert copies(service) == []


@pytest.mark.parametrize("replacing", [False, True])
def test_delete_before_replace_is_refused(  # noqa: PLR0913  # fixtures and parameters
    service: FsxService, stack: Stack, made: str, source: str, key: str, *, replacing: bool
) -> None:
    run, args = stack.run(), copy_args(source, kms_key_id=key)
    if not replacing:
        stack.check(run, "monday", stack.states["monday"].inputs, args)
    inputs = stack.check(run, "monday", {}, args)

    stack.destroy_one(run, "monday")
    with refused(CopyError, made, AWAY, "delete_before_replace"):
        stack.create(run, "monday", inputs)

    assert copies(service) == [made] == [stack.states["monday"].id]
    stack.up({"monday": args})
    assert copies(service) == [stack.states["monday"].id] != [made]


@pytest.mark.parametrize("end", ["deleted", "FAILED"])
def test_delete_before_replace_of_lost_copy_succeeds(  # noqa: PLR0913, PLR0917  # fixtures and parameters
    service: FsxService, stack: Stack, made: str, source: str, key: str, end: str
) -> None:
    if end == "deleted":
        service.remove_backup(AWAY, made)
    else:
        service.set_lifecycle(AWAY, made, end, "no luck")
    run = stack.run()
    inputs = stack.check(run, "monday", {}, copy_args(source, kms_key_id=key))

    stack.destroy_one(run, "monday")
    stack.create(run, "monday", inputs)

    assert copies(service) == [stack.states["monday"].id]


@pytest.mark.usefixtures("made")
def test_destroy_deletes_after_failed_up(service: FsxService, stack: Stack, source: str, newer: str) -> None:
    service.fail_copies("no luck")
    with pytest.raises(CopyError):
        stack.up({**monday(source), "tuesday": copy_args(newer)})

    stack.destroy()

    assert copies(service) == []
