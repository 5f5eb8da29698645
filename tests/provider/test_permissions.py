"""`fsx-dr policy` under the eyes of IAM: it is enough for a copy's whole life, and none of it is too much."""

import re
from typing import Any

import pytest
from pulumi_fsx_dr.copies.copy import UnfinishedCopyError
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import CopyError, FsxDrError, InvalidStateError
from pulumi_fsx_dr.rules.iam_policy import Purpose, policy

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from simulator.fsx.regions import ACCOUNT_ID
from tests.backups import OTHER_OWNER_ID, owned
from tests.engine.stack import Stack, copy_args
from tests.engine.wire import Wire

ACCESS_KEY = "simulator"
SOME_KEY = f"arn:aws:kms:{AWAY}:{ACCOUNT_ID}:key/0a1b2c3d-1111-4111-8111-0a1b2c3d4e5f"
# FSx user guides, Encryption at rest: FSx can do without them.
OPTIONAL = {"kms:Encrypt", "kms:ReEncrypt*"}


def printed(key: str) -> dict[str, Any]:
    return policy(ACCOUNT_ID, source_regions=[HOME], dr_regions=[AWAY], key_arns={AWAY: [key]})


def printed_without(key: str, sid: str) -> dict[str, Any]:
    document = printed(key)
    return document | {"Statement": [statement for statement in document["Statement"] if statement["Sid"] != sid]}


ALLOWED = printed(SOME_KEY)["Statement"]


def whole_life(service: FsxService, stack: Stack, source: str, key: str) -> None:
    """Make a copy under an alias of a key, change its tags, and delete it."""
    (file_system,) = service.file_systems(HOME)
    assert stack.run().region(HOME).fsx.file_system_exists(file_system["FileSystemId"])
    alias = "alias/dr"
    stack.up({"nightly": copy_args(source, kms_key_id=alias, copy_tags=True, tags={"app": "ledger", "old": "x"})})
    stack.up({"nightly": copy_args(source, kms_key_id=key, copy_tags=True, tags={"app": "books"})})
    stack.refresh()
    stack.destroy()


def test_the_policy_allows_the_whole_life_of_a_copy(service: FsxService, stack: Stack, source: str, key: str) -> None:
    service.attach_policies(ACCESS_KEY, [printed(key)])

    whole_life(service, stack, source, key)

    assert service.backups(AWAY) == []
    assert "AccessDeniedException" not in {entry["error"] for entry in service.journal()}


@pytest.mark.parametrize("sid", [statement["Sid"] for statement in ALLOWED])
def test_no_statement_can_be_left_out(service: FsxService, stack: Stack, source: str, key: str, sid: str) -> None:
    service.attach_policies(ACCESS_KEY, [printed_without(key, sid)])

    with pytest.raises(FsxDrError, match="lack permission for"):
        whole_life(service, stack, source, key)


@pytest.mark.parametrize(
    ("sid", "action"),
    [(statement["Sid"], action) for statement in ALLOWED for action in statement["Action"] if action not in OPTIONAL],
)
def test_no_action_can_be_left_out(  # noqa: PLR0913, PLR0917  # fixtures
    service: FsxService, stack: Stack, source: str, key: str, sid: str, action: str
) -> None:
    document = printed(key)
    (statement,) = [each for each in document["Statement"] if each["Sid"] == sid]
    statement["Action"].remove(action)
    service.attach_policies(ACCESS_KEY, [document])

    with pytest.raises(FsxDrError, match=f"lack permission for {action}"):
        whole_life(service, stack, source, key)


def test_a_policy_that_names_the_arns_of_what_has_none_allows_nothing(
    service: FsxService, stack: Stack, source: str, key: str
) -> None:
    document = printed(key)
    document["Statement"][0]["Resource"] = [
        f"arn:aws:fsx:*:{ACCOUNT_ID}:{kind}/*" for kind in ("backup", "file-system")
    ]
    service.attach_policies(ACCESS_KEY, [document])

    with pytest.raises(FsxDrError, match="lack permission for fsx:Describe"):
        whole_life(service, stack, source, key)


# --- adoption, and the ways out that messages name -----------------------------------------------------------------


@pytest.fixture
def foreign(wire: Wire, source: str) -> str:
    """Return the id of a copy that somebody made by hand."""
    made: str = wire.client("fsx", AWAY).copy_backup(SourceBackupId=source, SourceRegion=HOME)["Backup"]["BackupId"]
    wire.service.finish_copies()
    return made


@pytest.mark.parametrize("tags", [{}, owned(owner_id=OTHER_OWNER_ID), {OWNERSHIP_TAG: "of another tool"}])
def test_policy_allows_life_of_adopted_copy(  # noqa: PLR0913, PLR0917  # fixtures
    service: FsxService, stack: Stack, source: str, key: str, foreign: str, tags: dict[str, str]
) -> None:
    service.set_tags(AWAY, foreign, tags)
    service.attach_policies(ACCESS_KEY, [printed(key)])

    stack.up({"nightly": copy_args(source, adopt_backup_id=foreign, tags={"app": "ledger"})})
    assert service.backup(AWAY, foreign)["tags"]["app"] == "ledger"
    stack.destroy()

    assert service.backups(AWAY) == []


def test_adoption_that_may_not_tag_is_finished_by_up(
    service: FsxService, stack: Stack, source: str, key: str, foreign: str
) -> None:
    service.attach_policies(ACCESS_KEY, [printed_without(key, "WriteOwnershipTag")])
    program = {"nightly": copy_args(source, adopt_backup_id=foreign)}
    with pytest.raises(UnfinishedCopyError, match="fsx:TagResource") as unfinished:
        stack.up(program)
    service.attach_policies(ACCESS_KEY, [printed(key)])
    with pytest.raises(InvalidStateError) as not_deleted:
        stack.destroy()

    assert named(unfinished) | named(not_deleted) >= {"pulumi up"}
    stack.up(program)
    stack.destroy()

    assert service.backups(AWAY) == []


def test_missing_tag_is_written_by_the_command_that_the_message_names(
    service: FsxService, stack: Stack, source: str, key: str
) -> None:
    service.attach_policies(ACCESS_KEY, [printed(key)])
    stack.up({"nightly": copy_args(source)})
    service.set_tags(AWAY, stack.states["nightly"].id, {})
    service.clock.sleep(60)  # FSx shows tags by now
    with pytest.raises(CopyError) as not_deleted:
        stack.destroy()

    assert named(not_deleted) == {"pulumi refresh"}
    stack.refresh()
    stack.destroy()

    assert service.backups(AWAY) == []


def test_tag_of_another_owner_is_replaced_by_up_once_it_is_removed(
    service: FsxService, stack: Stack, source: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    service.attach_policies(ACCESS_KEY, [printed(key)])
    program = {"nightly": copy_args(source)}
    stack.up(program)
    copy_id = stack.states["nightly"].id
    tags = service.backup(AWAY, copy_id)["tags"]
    service.set_tags(AWAY, copy_id, owned(owner_id=OTHER_OWNER_ID))
    service.clock.sleep(60)  # FSx shows tags by now

    stack.up(program)
    assert service.backup(AWAY, copy_id)["tags"] == owned(owner_id=OTHER_OWNER_ID)
    assert "`pulumi up`" in caplog.text
    service.set_tags(AWAY, copy_id, {})
    stack.up(program)

    assert service.backup(AWAY, copy_id)["tags"] == tags


def named(failed: pytest.ExceptionInfo[FsxDrError]) -> set[str]:
    """Return the commands that an error names."""
    return set(re.findall(r"`(.*?)`", str(failed.value)))


def test_policy_for_previews_is_enough_for_a_preview(service: FsxService, stack: Stack, source: str, key: str) -> None:
    args = copy_args(source, kms_key_id=key, tags={"app": "ledger"})
    stack.up({"nightly": args})
    reads = policy(ACCOUNT_ID, Purpose.PREVIEW, source_regions=[HOME], dr_regions=[AWAY], key_arns={AWAY: [key]})
    service.attach_policies(ACCESS_KEY, [reads])
    service.clear_journal()

    changed = stack.preview("nightly", args | {"kms_key_id": "alias/dr", "tags": {"app": "books"}})

    assert (changed.changes, changed.replaces) == (True, [])
    assert "AccessDeniedException" not in {entry["error"] for entry in service.journal()}
