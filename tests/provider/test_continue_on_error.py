"""Deletes wait for success: with --continue-on-error the engine deletes although creates failed (R20)."""

import pytest
from pulumi_fsx_dr.copies.copy import UnfinishedCopyError
from pulumi_fsx_dr.errors import CopyError, FsxDrError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.process import Run
from tests.engine.stack import RefusedError, Stack, copy_args


@pytest.fixture
def made(stack: Stack, source: str) -> str:
    """Return the id of the stack's one copy, `monday`."""
    stack.up({"monday": copy_args(source)})
    return stack.states["monday"].id


@pytest.fixture
def newer(service: FsxService) -> str:
    """Return a newer backup of the same file system."""
    (file_system,) = service.file_systems(HOME)
    return service.seed_backup(HOME, file_system["FileSystemId"])


def failing(service: FsxService, stack: Stack, run: Run, resource: str, source: str) -> None:
    """Let a copy fail."""
    service.fail_copies("no luck")
    with pytest.raises(FsxDrError):
        stack.register(run, resource, copy_args(source))


def test_when_the_next_copy_fails_the_last_one_is_not_deleted_and_why_is_said(
    service: FsxService, stack: Stack, made: str, newer: str
) -> None:
    run = stack.run()
    failing(service, stack, run, "tuesday", newer)

    with pytest.raises(CopyError, match=f"{made} in {AWAY} was not deleted, because tuesday"):
        stack.destroy_one(run, "monday")

    assert [copy["id"] for copy in service.backups(AWAY)] == [made]


def test_in_whatever_region_it_failed(service: FsxService, stack: Stack, made: str, newer: str) -> None:
    run = stack.run()
    service.fail_copies("no luck")
    with pytest.raises(CopyError):
        stack.register(run, "tuesday", copy_args(newer, region="eu-north-1"))

    with pytest.raises(CopyError, match=f"{made} in {AWAY} was not deleted"):
        stack.destroy_one(run, "monday")


@pytest.mark.usefixtures("made")
def test_the_next_run_in_which_all_is_made_deletes_it(service: FsxService, stack: Stack, newer: str) -> None:
    failing(service, stack, stack.run(), "tuesday", newer)

    stack.up({"tuesday": copy_args(newer)})

    assert [copy["id"] for copy in service.backups(AWAY)] == [stack.states["tuesday"].id]


@pytest.mark.usefixtures("made")
def test_a_copy_of_another_file_system_is_none_of_its_business(service: FsxService, stack: Stack) -> None:
    run = stack.run()
    failing(service, stack, run, "tuesday", service.seed_backup(HOME, service.seed_file_system(HOME)))

    stack.destroy_one(run, "monday")

    assert service.backups(AWAY) == []


def test_a_copy_of_which_nobody_knows_what_it_is_of_holds_up_all(service: FsxService, stack: Stack, made: str) -> None:
    """Its source is not there, so its file system is unknown."""
    run = stack.run()
    failing(service, stack, run, "tuesday", "backup-0fedcba9876543210")

    with pytest.raises(CopyError, match=f"{made} in {AWAY} was not deleted, because tuesday"):
        stack.destroy_one(run, "monday")


def test_so_does_one_that_check_refused(stack: Stack, made: str, source: str) -> None:
    run = stack.run()
    with pytest.raises(RefusedError):
        stack.register(run, "tuesday", copy_args(source, tags={"aws:x": "y"}))

    with pytest.raises(CopyError, match=f"{made} in {AWAY} was not deleted, because tuesday"):
        stack.destroy_one(run, "monday")


def test_a_copy_that_ran_out_of_time_was_not_made(service: FsxService, stack: Stack, made: str, newer: str) -> None:
    run = stack.run()
    service.set_copy_seconds(10_000)
    stack.timeouts["create"] = 5.0
    with pytest.raises(UnfinishedCopyError):
        stack.register(run, "tuesday", copy_args(newer))

    with pytest.raises(CopyError, match=f"{made} in {AWAY} was not deleted, because tuesday"):
        stack.destroy_one(run, "monday")


def test_nor_was_one_whose_update_ran_out_of_time_again(
    service: FsxService, stack: Stack, made: str, source: str, newer: str
) -> None:
    service.set_copy_seconds(10_000)
    stack.timeouts = {"create": 5.0, "update": 5.0}
    program = {"monday": copy_args(source), "tuesday": copy_args(newer)}
    with pytest.raises(CopyError):
        stack.up(program)
    run = stack.run()
    with pytest.raises(CopyError):
        stack.register(run, "tuesday", program["tuesday"])

    with pytest.raises(CopyError, match=f"{made} in {AWAY} was not deleted, because tuesday"):
        stack.destroy_one(run, "monday")


def test_a_replaced_copy_stays_when_its_replacement_failed(
    service: FsxService, stack: Stack, made: str, source: str, key: str
) -> None:
    run = stack.run()
    service.fail_copies("no luck")
    with pytest.raises(CopyError, match="no luck"):
        stack.register(run, "monday", copy_args(source, kms_key_id=key))

    with pytest.raises(CopyError, match=f"{made} in {AWAY} was not deleted, because monday"):
        stack.destroy_one(run, "monday")


def test_a_copy_that_goes_before_it_is_made_anew_goes(
    service: FsxService, stack: Stack, made: str, source: str, key: str
) -> None:
    """With delete_before_replace the user wants it so."""
    run, args = stack.run(), copy_args(source, kms_key_id=key)
    stack.check(run, "monday", stack.states["monday"].inputs, args)
    inputs = stack.check(run, "monday", {}, args)

    stack.destroy_one(run, "monday")
    stack.create(run, "monday", inputs)

    assert [copy["id"] for copy in service.backups(AWAY)] == [stack.states["monday"].id] != [made]


@pytest.mark.usefixtures("made")
def test_destroy_makes_nothing_and_so_deletes(service: FsxService, stack: Stack, newer: str) -> None:
    failing(service, stack, stack.run(), "tuesday", newer)

    stack.destroy()

    assert service.backups(AWAY) == []
