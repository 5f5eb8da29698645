"""Create makes one copy with its ownership tag, and returns once the copy is AVAILABLE."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG, RequestToken
from pulumi_fsx_dr.errors import CopyError, FsxDrError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup, CopyRequest
from pulumi_fsx_dr.provider import BackupCopyProvider

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import copies, only_copy, refused
from tests.engine.plugin_stack import PluginStack
from tests.engine.stack import Stack, copy_args, monday
from tests.engine.wire import WiredRegion

MISSING = "backup-0123456789abcdef0"


def actions(service: FsxService, region: str = AWAY) -> list[str]:
    """Return the actions called in a Region, without repetitions."""
    asked = [entry["action"] for entry in service.journal(region)]
    return [action for before, action in zip([None, *asked], asked, strict=False) if action != before]


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_create_looks_up_then_copies_then_waits(service: FsxService, stack: Stack, source: str) -> None:
    stack.up(monday(source))

    only_copy(stack)
    assert actions(service) == ["DescribeBackups", "CopyBackup", "DescribeBackups"], "no tag is written afterwards"
    assert actions(service, HOME) == ["DescribeBackups"]


def test_create_sets_ownership_tag_with_copy_backup(service: FsxService, stack: Stack, source: str) -> None:
    stack.up(monday(source, tags={"team": "storage"}))

    ((request,), (copy,)) = service.journal(AWAY, "CopyBackup"), service.backups(AWAY)
    token = RequestToken.of(stack.owner_id, stack.urn("monday"), AWAY, source, HOME, None)
    own = f"{stack.owner_id}/{token}"
    assert request["token"] == str(token), "the token does not depend on tags"
    assert copy["tags"] == {"team": "storage", OWNERSHIP_TAG: f"{own}/files/prod/monday"}
    assert stack.states["monday"].outputs["managed_by"] == own


def test_create_knows_token_if_answer_lacks_tags(service: FsxService, stack: Stack, source: str) -> None:
    """The first copy was deleted, so the second one has another token."""
    service.configure(copy_tells_tags=False)
    for _ in range(2):
        stack.destroy()
        stack.up(monday(source))

    only_copy(stack)
    stack.destroy()
    assert copies(service) == []


@pytest.mark.parametrize("owner_id", ["", "no owner id"])
def test_create_requires_owner_id(service: FsxService, stack: Stack, source: str, owner_id: str) -> None:
    run = stack.run()
    stack.owner_id = owner_id
    if isinstance(stack, PluginStack):
        stack.provider_of(run).start(run, "")

    with refused(FsxDrError, "owner id"):
        stack.up(monday(source), run=run)

    assert copies(service) == []


def test_create_outside_plugin_host_starts_no_copy(stack: Stack, service: FsxService, source: str) -> None:
    inputs = stack.check(stack.run(), "monday", {}, copy_args(source))

    with refused(FsxDrError, "URN"):
        BackupCopyProvider().create(inputs)

    assert copies(service) == []


def test_create_returns_all_outputs(service: FsxService, stack: Stack, source: str) -> None:
    stack.up(monday(source, tags={"cost": "dr"}, copy_tags=True))

    (copy,), outputs = service.backups(AWAY), stack.states["monday"].outputs
    assert outputs.pop("managed_by")
    assert outputs == {
        "source_backup_id": source,
        "source_region": HOME,
        "region": AWAY,
        "copy_tags": True,
        "deletion_protection": False,
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


def test_create_sends_key_as_written(service: FsxService, stack: Stack, source: str, key: str) -> None:
    stack.up(monday(source, kms_key_id="alias/dr"))

    (request,) = service.journal(AWAY, "CopyBackup")
    assert request["parameters"]["KmsKeyId"] == "alias/dr"
    assert stack.states["monday"].outputs["kms_key_arn"] == key


def test_create_copies_within_region(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": {"source_backup_id": source, "region": HOME}})

    assert {entry["region"] for entry in service.journal()} == {HOME}
    assert [backup["lifecycle"] for backup in service.backups(HOME)] == ["AVAILABLE", "AVAILABLE"]


def test_create_makes_one_copy_per_resource(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source), "tuesday": copy_args(source)})

    assert len({state.id for state in stack.states.values()}) == len(copies(service)) == 2


def test_create_refuses_unavailable_source(service: FsxService, stack: Stack, source: str) -> None:
    with refused(CopyError, MISSING, HOME):
        stack.up(monday(MISSING))
    service.set_lifecycle(HOME, source, "CREATING")
    with refused(CopyError, source, HOME, "CREATING"):
        stack.up(monday(source))

    assert "CopyBackup" not in service.counts(AWAY)
    assert stack.states == {}


def test_create_reports_refusal_of_fsx(service: FsxService, stack: Stack) -> None:
    """Recorded backups do not show Intelligent-Tiering or FlexGroup."""
    ontap = service.seed_file_system(HOME, "ONTAP")
    group = service.seed_backup(HOME, ontap, volume_id=service.seed_volume(HOME, ontap, "big", style="FLEXGROUP"))
    tiered = service.seed_backup(HOME, service.seed_file_system(HOME, "OPENZFS", storage_type="INTELLIGENT_TIERING"))

    for backup, reason in ((group, "FlexGroup"), (tiered, "Intelligent-Tiering")):
        with refused(ServiceError, "fsx:CopyBackup", AWAY, backup, reason):
            stack.up(monday(backup))

    assert (copies(service), stack.states) == ([], {})


def test_create_lets_fsx_decide_about_aws_backup_source(service: FsxService, stack: Stack) -> None:
    source = service.seed_backup(HOME, service.seed_file_system(HOME), type="AWS_BACKUP")
    service.configure(copies_backups_of_aws_backup=False)
    with refused(ServiceError, "fsx:CopyBackup", AWAY, source, "AWS Backup"):
        stack.up(monday(source))
    assert (copies(service), stack.states) == ([], {})

    service.configure(copies_backups_of_aws_backup=True)
    stack.up(monday(source))

    only_copy(stack)


def test_create_waits_in_unknown_lifecycle(service: FsxService, stack: Stack, source: str) -> None:
    service.set_copy_seconds(10_000)
    looks = iter(["THAWING", "CHECKING", "AVAILABLE"])

    def next_lifecycle() -> None:
        (copy,) = copies(service)
        lifecycle = next(looks)
        service.set_lifecycle(AWAY, copy, lifecycle)
        stack.wire.at_call.update({} if lifecycle == "AVAILABLE" else {("DescribeBackups", "after"): next_lifecycle})

    stack.wire.at_call["CopyBackup", "after"] = next_lifecycle

    stack.up(monday(source))

    only_copy(stack)


def test_create_deletes_failed_copy_and_starts_over(service: FsxService, stack: Stack, source: str, key: str) -> None:
    service.fail_copies(f"The KMS key {key} was disabled.")
    with refused(CopyError, source, HOME, AWAY, "kms_key_id", "The KMS key [KMS key] was", unsaid=key):
        stack.up(monday(source, kms_key_id=key))
    assert [copy["deleted"] for copy in service.backups(AWAY, deleted=True)] == [True]
    assert stack.states == {}

    stack.up(monday(source, kms_key_id=key))

    only_copy(stack)


@pytest.mark.parametrize("value", ["hunter22", "pin4", "two words", "x" * 256])
def test_create_failure_hides_tag_values(service: FsxService, stack: Stack, source: str, value: str) -> None:
    """Tag values may be secrets, and FSx's reason may repeat them."""
    service.fail_copies(f"Tag pin={value} was refused: {'because ' * 50}{value}")

    with refused(CopyError, source, HOME, AWAY, "[tag value]", unsaid=value[:100]):
        stack.up(monday(source, tags={"pin": value}))


def test_create_without_delete_permission_keeps_failed_copy(service: FsxService, stack: Stack, source: str) -> None:
    service.fail_copies("no luck")
    service.add_fault("access_denied", "DeleteBackup")
    with refused(CopyError, "fsx:DeleteBackup"):
        stack.up(monday(source))
    service.lift_fault()

    stack.up(monday(source))

    only_copy(stack)


@pytest.mark.parametrize("seconds_fast", [0, 600])
@pytest.mark.parametrize("refuses_known_tokens", [True, False])
def test_create_ends_if_each_copy_fails_immediately(
    stack: Stack,
    source: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    seconds_fast: int,
    refuses_known_tokens: bool,
) -> None:
    """Also if the local clock is fast, so that a new copy looks like one of an earlier run."""
    copy, requested = WiredRegion.copy, list[str]()

    def failing(region: WiredRegion, request: CopyRequest) -> Backup:
        requested.append(request.token)
        assert len(requested) < 10, "create does not end"
        if refuses_known_tokens and len(requested) % 2:
            raise ServiceError("The token belongs to a deleted copy.")
        answer = copy(region, request)
        assert isinstance(answer, Backup)
        stack.wire.service.finish_copies(failure="no luck")
        created = answer.creation_time - timedelta(seconds=seconds_fast)
        return replace(answer, lifecycle="FAILED", creation_time=created)

    monkeypatch.setattr(WiredRegion, "copy", failing)
    with refused(CopyError, source, AWAY, "no luck"):
        stack.up(monday(source))

    assert copies(stack.wire.service) == []
    assert stack.states == {}
    assert len(set(requested)) == len(requested)


def test_create_fails_if_its_copy_is_deleted(service: FsxService, stack: Stack, source: str) -> None:
    service.set_copy_seconds(10_000)

    def remove() -> None:
        (copy,) = copies(service)
        service.remove_backup(AWAY, copy)

    stack.wire.at_call["CopyBackup", "after"] = lambda: stack.wire.after_calls(0, "DescribeBackups", "after", remove)
    with refused(CopyError, AWAY):
        stack.up(monday(source))
    assert stack.states == {}
    service.set_copy_seconds(1)

    stack.up(monday(source))

    only_copy(stack)


@pytest.mark.parametrize(
    ("kind", "region", "action"),
    [
        ("access_denied", AWAY, "CopyBackup"),
        ("access_denied", HOME, "DescribeBackups"),
        ("not_enabled", AWAY, "DescribeBackups"),
    ],
)
def test_create_names_action_and_region_of_refusal(  # noqa: PLR0913, PLR0917  # fixtures and parameters
    service: FsxService, stack: Stack, source: str, kind: str, region: str, action: str
) -> None:
    service.add_fault(kind, action, region=region)  # type: ignore[arg-type]  # two fault kinds

    with refused(ServiceError, action, region):
        stack.up(monday(source))

    assert copies(service) == []
