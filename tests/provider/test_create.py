"""A create makes one copy, which has its ownership tag from CopyBackup on, and returns once it is AVAILABLE."""

from datetime import UTC, datetime

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG, RequestToken
from pulumi_fsx_dr.errors import CopyError, FsxDrError, ServiceError
from pulumi_fsx_dr.provider import BackupCopyProvider

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import only_copy
from tests.engine.plugin_stack import PluginStack
from tests.engine.stack import Stack, copy_args
from tests.provider.conftest import COPY_SECONDS


def actions(service: FsxService, region: str = AWAY) -> list[str]:
    """Return what was asked of a Region, each run of the same question once."""
    asked = [entry["action"] for entry in service.journal(region)]
    return [action for before, action in zip([None, *asked], asked, strict=False) if action != before]


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_copy_is_available_when_create_returns(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})

    (copy,) = service.backups(AWAY)
    assert (copy["id"], copy["lifecycle"]) == (stack.states["monday"].id, "AVAILABLE")
    assert copy["source_backup_id"] == source


def test_create_looks_for_an_earlier_copy_then_copies_then_waits(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.up({"monday": copy_args(source)})

    assert actions(service) == ["DescribeBackups", "CopyBackup", "DescribeBackups"], "and writes no tag"
    assert actions(service, HOME) == ["DescribeBackups"]


def test_copy_backup_sets_the_ownership_tag_that_the_state_names(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.up({"monday": copy_args(source, tags={"team": "storage"})})

    ((request,), (copy,)) = service.journal(AWAY, "CopyBackup"), service.backups(AWAY)
    token = RequestToken.of(stack.owner_id, stack.urn("monday"), AWAY, source, HOME, None)
    own = f"{stack.owner_id}/{token}"
    assert request["token"] == str(token), "which does not depend on tags"
    assert copy["tags"] == {"team": "storage", OWNERSHIP_TAG: f"{own}/files/prod/monday"}
    assert stack.states["monday"].outputs["managed_by"] == own


def test_create_knows_its_token_if_fsx_answers_without_tags(service: FsxService, stack: Stack, source: str) -> None:
    """The copy of the first token is gone, so the second one has another."""
    service.configure(copy_tells_tags=False)
    for _ in range(2):
        stack.destroy()
        stack.up({"monday": copy_args(source)})

    only_copy(stack)
    stack.destroy()
    assert service.backups(AWAY) == []


@pytest.mark.parametrize("owner_id", ["", "no owner id"])
def test_create_needs_an_owner_id(service: FsxService, stack: Stack, source: str, owner_id: str) -> None:
    run = stack.run()
    stack.owner_id = owner_id
    if isinstance(stack, PluginStack):
        stack.provider_of(run).start(run, "")

    with pytest.raises(FsxDrError, match="has no owner id"):
        stack.up({"monday": copy_args(source)}, run=run)

    assert service.backups(AWAY) == []


def test_the_outputs_tell_all_there_is_to_know(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source, tags={"cost": "dr"}, copy_tags=True)})

    (copy,), outputs = service.backups(AWAY), stack.states["monday"].outputs
    assert outputs.pop("managed_by")
    assert outputs == {
        "source_backup_id": source,
        "source_region": HOME,
        "region": AWAY,
        "copy_tags": True,
        "tags": {"cost": "dr"},
        "arn": copy["arn"],
        "lifecycle": "AVAILABLE",
        "kms_key_arn": copy["kms_key_arn"],
        "creation_time": iso(copy["created"]),
        "source_creation_time": iso(service.backup(HOME, source)["created"]),
        "size_in_bytes": float(10 << 30),
        "owner_id": "123456789012",
        "backup_type": "USER_INITIATED",
        "file_system_id": copy["file_system_id"],
        "file_system_type": "WINDOWS",
        "tags_all": {"cost": "dr", "team": "storage"},
        "__provider": "pickled",
    }


def test_the_key_is_passed_on_as_it_was_written(service: FsxService, stack: Stack, source: str, key: str) -> None:
    alias = "alias/dr"

    stack.up({"monday": copy_args(source, kms_key_id=alias)})

    (request,) = service.journal(AWAY, "CopyBackup")
    assert request["parameters"]["KmsKeyId"] == alias
    assert stack.states["monday"].outputs["kms_key_arn"] == key


def test_a_copy_within_a_region_needs_no_second_one(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": {"source_backup_id": source, "region": HOME}})

    assert {entry["region"] for entry in service.journal()} == {HOME}
    assert [backup["lifecycle"] for backup in service.backups(HOME)] == ["AVAILABLE", "AVAILABLE"]


def test_a_source_that_does_not_exist_is_named_and_nothing_is_started(service: FsxService, stack: Stack) -> None:
    with pytest.raises(CopyError, match=f"There is no backup backup-0123456789abcdef0 in {HOME} to copy"):
        stack.up({"monday": copy_args("backup-0123456789abcdef0")})

    assert service.counts(AWAY).get("CopyBackup", 0) == 0
    assert stack.states == {}


def test_a_source_that_is_still_being_made_cannot_be_copied(service: FsxService, stack: Stack, source: str) -> None:
    service.set_lifecycle(HOME, source, "CREATING")

    with pytest.raises(CopyError, match="is CREATING, and only an AVAILABLE one can be copied"):
        stack.up({"monday": copy_args(source)})


def test_a_copy_that_fsx_does_not_show_at_first_is_waited_for(service: FsxService, stack: Stack, source: str) -> None:
    service.configure(shown_after_seconds=5.0)

    stack.up({"monday": copy_args(source)})

    assert service.counts(AWAY)["CopyBackup"] == 1
    assert stack.states["monday"].outputs["lifecycle"] == "AVAILABLE"


def test_a_lifecycle_nobody_has_heard_of_keeps_waiting(service: FsxService, stack: Stack, source: str) -> None:
    service.set_copy_seconds(10_000)
    looks = iter(["THAWING", "CHECKING", "AVAILABLE"])

    def next_lifecycle() -> None:
        (copy,) = service.backups(AWAY)
        lifecycle = next(looks)
        service.set_lifecycle(AWAY, copy["id"], lifecycle)
        stack.wire.at_call.update({} if lifecycle == "AVAILABLE" else {("DescribeBackups", "after"): next_lifecycle})

    stack.wire.at_call["CopyBackup", "after"] = next_lifecycle

    stack.up({"monday": copy_args(source)})

    assert stack.states["monday"].outputs["lifecycle"] == "AVAILABLE"


def test_a_failed_copy_is_deleted_and_the_error_tells_why_what_and_where(
    service: FsxService, stack: Stack, source: str, key: str
) -> None:
    service.fail_copies(f"The KMS key {key} was disabled.")

    with pytest.raises(CopyError) as failure:
        stack.up({"monday": copy_args(source, kms_key_id=key)})

    (failed,) = service.backups(AWAY, deleted=True)
    told = str(failure.value)
    assert failed["deleted"]
    assert stack.states == {}
    assert all(fact in told for fact in (failed["id"], source, HOME, AWAY, "kms_key_id", "The KMS key [KMS key] was"))


def test_after_a_failed_copy_the_next_run_starts_clean(service: FsxService, stack: Stack, source: str) -> None:
    service.fail_copies("no luck")
    with pytest.raises(CopyError):
        stack.up({"monday": copy_args(source)})

    stack.up({"monday": copy_args(source)})

    (copy,) = service.backups(AWAY)
    assert (copy["id"], copy["lifecycle"]) == (stack.states["monday"].id, "AVAILABLE")


def test_a_failed_copy_that_cannot_be_deleted_is_named_and_goes_with_the_next_run(
    service: FsxService, stack: Stack, source: str
) -> None:
    service.fail_copies("no luck")
    fault = service.add_fault("access_denied", "DeleteBackup")
    with pytest.raises(CopyError, match=r"could not be deleted: .*fsx:DeleteBackup"):
        stack.up({"monday": copy_args(source)})
    service.lift_fault(fault)

    stack.up({"monday": copy_args(source)})

    assert [copy["id"] for copy in service.backups(AWAY)] == [stack.states["monday"].id]


def test_a_copy_that_somebody_deletes_meanwhile_is_made_anew_by_the_next_run(
    service: FsxService, stack: Stack, source: str
) -> None:
    service.set_copy_seconds(10_000)

    def remove() -> None:
        (copy,) = service.backups(AWAY)
        service.remove_backup(AWAY, copy["id"])

    def remove_once_seen() -> None:
        stack.wire.at_call["DescribeBackups", "after"] = remove

    stack.wire.at_call["CopyBackup", "after"] = remove_once_seen
    with pytest.raises(CopyError, match=f"in {AWAY} was deleted outside of Pulumi"):
        stack.up({"monday": copy_args(source)})
    assert stack.states == {}
    service.set_copy_seconds(COPY_SECONDS)

    stack.up({"monday": copy_args(source)})

    assert [copy["id"] for copy in service.backups(AWAY)] == [stack.states["monday"].id]


@pytest.mark.parametrize("answer", ["deleted", "forgotten"])
def test_a_deleted_copy_is_made_anew_whether_fsx_remembers_its_token_or_not(
    service: FsxService, stack: Stack, source: str, answer: str
) -> None:
    service.configure(token_after_deletion=answer)
    stack.up({"monday": copy_args(source)})
    first = stack.states["monday"].id
    stack.destroy()

    stack.up({"monday": copy_args(source)})

    (copy,) = service.backups(AWAY)
    assert copy["id"] == stack.states["monday"].id != first


@pytest.mark.parametrize(("region", "action"), [(AWAY, "CopyBackup"), (HOME, "DescribeBackups")])
def test_a_missing_permission_is_named(
    service: FsxService, stack: Stack, source: str, region: str, action: str
) -> None:
    service.add_fault("access_denied", action, region=region)

    with pytest.raises(ServiceError, match=f"lack permission for fsx:{action} in {region}"):
        stack.up({"monday": copy_args(source)})

    assert service.backups(AWAY) == []


def test_a_region_that_was_not_opted_in_says_so(service: FsxService, stack: Stack, source: str) -> None:
    service.add_fault("not_enabled", region=AWAY)

    with pytest.raises(ServiceError, match=f"the account has opted in to {AWAY}"):
        stack.up({"monday": copy_args(source)})


def test_two_resources_of_the_same_source_have_a_copy_each(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source), "tuesday": copy_args(source)})

    assert len({state.id for state in stack.states.values()}) == 2
    assert len(service.backups(AWAY)) == 2


def test_without_the_host_s_frame_nothing_is_started(stack: Stack, service: FsxService, source: str) -> None:
    run = stack.run()
    inputs = stack.check(run, "monday", {}, copy_args(source))

    with pytest.raises(FsxDrError, match="URN"):
        BackupCopyProvider().create(inputs)

    assert service.backups(AWAY) == []
