"""The policy of `fsx-dr policy` allows the whole life of a copy, and each action in it is needed."""

from collections.abc import Callable
from typing import Any

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import FsxDrError
from pulumi_fsx_dr.rules.iam_policy import Purpose, policy

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from simulator.fsx.regions import ACCOUNT_ID
from tests.backups import OTHER_OWNER_ID, owned
from tests.engine.stack import Stack, copy_args
from tests.engine.wire import Wire

ACCESS_KEY = "simulator"
SOME_KEY = f"arn:aws:kms:{AWAY}:{ACCOUNT_ID}:key/0a1b2c3d-1111-4111-8111-0a1b2c3d4e5f"
# FSx works without these (FSx user guides, Encryption at rest).
OPTIONAL = {"kms:Encrypt", "kms:ReEncrypt*"}


def printed(key: str) -> dict[str, Any]:
    return policy(ACCOUNT_ID, source_regions=[HOME], dr_regions=[AWAY], key_arns={AWAY: [key]})


ALLOWED = printed(SOME_KEY)["Statement"]


@pytest.fixture
def whole_life(service: FsxService, stack: Stack, source: str, key: str) -> Callable[[], None]:
    """Return a function that makes a copy under a key alias, changes its tags, and deletes it."""

    def live() -> None:
        (file_system,) = service.file_systems(HOME)
        assert stack.run().region(HOME).fsx.file_system_exists(file_system["FileSystemId"])
        args = copy_args(source, copy_tags=True)
        stack.up({"nightly": args | {"kms_key_id": "alias/dr", "tags": {"app": "ledger", "old": "x"}}})
        stack.up({"nightly": args | {"kms_key_id": key, "tags": {"app": "books"}}})
        stack.refresh()
        stack.destroy()

    return live


def test_policy_allows_life_of_copy(service: FsxService, key: str, whole_life: Callable[[], None]) -> None:
    service.attach_policies(ACCESS_KEY, [printed(key)])

    whole_life()

    assert service.backups(AWAY) == []
    assert "AccessDeniedException" not in {entry["error"] for entry in service.journal()}


@pytest.mark.parametrize(
    ("sid", "action"),
    [(statement["Sid"], action) for statement in ALLOWED for action in statement["Action"] if action not in OPTIONAL],
)
def test_policy_needs_each_action(
    service: FsxService, key: str, whole_life: Callable[[], None], sid: str, action: str
) -> None:
    document = printed(key)
    (statement,) = [each for each in document["Statement"] if each["Sid"] == sid]
    statement["Action"].remove(action)
    service.attach_policies(ACCESS_KEY, [document])

    with pytest.raises(FsxDrError, match=action):
        whole_life()


def test_describe_actions_need_resource_star(service: FsxService, key: str, whole_life: Callable[[], None]) -> None:
    document = printed(key)
    kinds = ("backup", "file-system")
    document["Statement"][0]["Resource"] = [f"arn:aws:fsx:*:{ACCOUNT_ID}:{kind}/*" for kind in kinds]
    service.attach_policies(ACCESS_KEY, [document])

    with pytest.raises(FsxDrError, match="fsx:Describe"):
        whole_life()


# --- adoption, and commands named in messages ---


@pytest.fixture
def foreign(wire: Wire, source: str) -> str:
    """Return a copy made by a script."""
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


def test_preview_policy_allows_preview(service: FsxService, stack: Stack, source: str, key: str) -> None:
    args = copy_args(source, kms_key_id=key, tags={"app": "ledger"})
    stack.up({"nightly": args})
    reads = policy(ACCOUNT_ID, Purpose.PREVIEW, source_regions=[HOME], dr_regions=[AWAY], key_arns={AWAY: [key]})
    service.attach_policies(ACCESS_KEY, [reads])
    service.clear_journal()

    changed = stack.preview("nightly", args | {"kms_key_id": "alias/dr", "tags": {"app": "books"}})

    assert (changed.changes, changed.replaces) == (True, [])
    assert "AccessDeniedException" not in {entry["error"] for entry in service.journal()}
