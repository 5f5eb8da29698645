"""Messages of `pulumi up`, `preview`, `refresh` and `destroy` about single copies."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.stack import FOREVER, RefusedError, Stack, copy_args, killed_up
from tests.engine.wire import SharedClock, Wire, key_named
from tests.messages.collecting import Cases, Messages, logged, refusal

OTHERS = f"{'0123456789abcdef' * 2}/{'0123456789' * 4}-0/files/other/nightly"
_CASES = Cases["_Account"]()


class _Account:
    """A stack with one source backup."""

    def __init__(self) -> None:
        self.service = FsxService(SharedClock(), copy_seconds=10)
        self.stack = Stack(Wire(self.service))
        self.file_system = self.service.seed_file_system(HOME, file_system_id="fs-0123456789abcdef0")
        self.source = self.service.seed_backup(HOME, self.file_system, backup_id="backup-0123456789abcdef0")

    def up(self, **args: Any) -> None:
        self.stack.up({"nightly": copy_args(self.source, **args)})

    def up_with_copy(self, **args: Any) -> str:
        self.up(**args)
        return self.stack.states["nightly"].id

    def refused_up(self, **args: Any) -> str:
        return refusal(lambda: self.up(**args))

    def copy_of_others(self, **args: Any) -> str:
        """Return a copy made by a script."""
        client = self.stack.wire.client("fsx", AWAY)
        made = client.copy_backup(SourceBackupId=self.source, SourceRegion=HOME, **args)["Backup"]["BackupId"]
        self.service.finish_copies()
        return str(made)

    def tag(self, backup_id: str, value: str | None) -> None:
        self.service.set_tags(AWAY, backup_id, {OWNERSHIP_TAG: value} if value else {})

    def change_entry(self, **outputs: Any) -> None:
        state = self.stack.states["nightly"]
        self.stack.states["nightly"] = replace(state, outputs={**state.outputs, **outputs})


def copies() -> Messages:
    for case, message in _CASES.items():
        yield case, message(_Account())


# --- create ---


@_CASES.add("create: the source does not exist")
def _(account: _Account) -> str:
    account.service.remove_backup(HOME, account.source)
    return account.refused_up()


@_CASES.add("create: the source is not AVAILABLE")
def _(account: _Account) -> str:
    account.source = account.service.seed_backup(HOME, account.file_system, lifecycle="CREATING")
    return account.refused_up()


@_CASES.add("create: too many tags")
def _(account: _Account) -> str:
    account.source = account.service.seed_backup(HOME, account.file_system, tags={f"tag-{n}": "x" for n in range(50)})
    return account.refused_up(copy_tags=True)


@_CASES.add("create: no owner id")
def _(account: _Account) -> str:
    account.stack.owner_id = ""
    return account.refused_up()


@_CASES.add("create: the copy FAILED")
def _(account: _Account) -> str:
    account.service.fail_copies("The KMS key is disabled.")
    return account.refused_up()


@_CASES.add("create: the copy FAILED, under a key of the user")
def _(account: _Account) -> str:
    account.service.fail_copies(f"{key_named('dr')} is disabled.")
    return account.refused_up(kms_key_id=key_named("dr"))


@_CASES.add("create: the FAILED copy may not be deleted")
def _(account: _Account) -> str:
    account.service.fail_copies("The KMS key is disabled.")
    account.service.add_fault("access_denied", "DeleteBackup", region=AWAY)
    return account.refused_up()


@_CASES.add("create: the copy takes longer than its timeout")
def _(account: _Account) -> str:
    account.service.set_copy_seconds(FOREVER)
    account.stack.timeouts["create"] = 60.0
    return account.refused_up()


@_CASES.add("create: the copy is deleted by others")
def _(account: _Account) -> str:
    account.service.set_copy_seconds(FOREVER)
    calls = account.stack.wire.at_call
    delete = partial(calls.__setitem__, ("DescribeBackups", "after"), lambda: _delete_all(account.service))
    calls["CopyBackup", "after"] = delete
    return account.refused_up()


@_CASES.add("create: no permission to look at the copy")
def _(account: _Account) -> str:
    account.service.set_copy_seconds(FOREVER)
    deny = partial(account.service.add_fault, "access_denied", "DescribeBackups", region=AWAY)
    account.stack.wire.at_call["CopyBackup", "after"] = deny
    return account.refused_up()


@_CASES.add("create: no permission for CopyBackup")
def _(account: _Account) -> str:
    account.service.add_fault("access_denied", "CopyBackup", region=AWAY)
    return account.refused_up()


@_CASES.add("create: the deployment is cancelled")
def _(account: _Account) -> str:
    run = account.stack.run()
    account.service.set_copy_seconds(FOREVER)
    account.stack.wire.at_call["CopyBackup", "after"] = run.end
    return refusal(lambda: account.stack.up({"nightly": copy_args(account.source)}, run=run))


@_CASES.add("create: the DR Region is unreachable")
def _(account: _Account) -> str:
    account.service.make_unreachable(AWAY)
    account.stack.timeouts["create"] = 60.0
    return account.refused_up()


@_CASES.add("create: a leftover of an interrupted run")
def _(account: _Account) -> str:
    program = {"nightly": copy_args(account.source)}
    killed_up(account.stack, program, "CopyBackup", "after")
    account.service.finish_copies()
    return logged(lambda: account.up(kms_key_id=key_named("dr")))


# --- adopt ---


@_CASES.add("adopt: no such backup")
def _(account: _Account) -> str:
    return _check_refuses(account, adopt_backup_id="backup-0fedcba9876543210")


@_CASES.add("adopt: not a copy")
def _(account: _Account) -> str:
    made = account.service.seed_backup(AWAY, account.service.seed_file_system(AWAY))
    return _check_refuses(account, adopt_backup_id=made)


@_CASES.add("adopt: a copy of another source")
def _(account: _Account) -> str:
    other = account.copy_of_others()
    account.source = account.service.seed_backup(HOME, account.file_system)
    return _check_refuses(account, adopt_backup_id=other)


@_CASES.add("adopt: a copy with another key")
def _(account: _Account) -> str:
    return _check_refuses(account, adopt_backup_id=account.copy_of_others(), kms_key_id=key_named("dr"))


@_CASES.add("adopt: the copy of another stack")
def _(account: _Account) -> str:
    made = account.copy_of_others()
    account.tag(made, OTHERS)
    return logged(lambda: account.up(adopt_backup_id=made))


@_CASES.add("adopt: one copy by two resources")
def _(account: _Account) -> str:
    args = copy_args(account.source, adopt_backup_id=account.copy_of_others())
    return refusal(lambda: account.stack.up({"nightly": args, "weekly": args}))


@_CASES.add("adopt: the tag may not be written")
def _(account: _Account) -> str:
    made = account.copy_of_others()
    account.service.add_fault("access_denied", "TagResource", region=AWAY)
    return account.refused_up(adopt_backup_id=made)


# --- diff and update ---


@_CASES.add("diff: the copy has the tag of another owner")
def _(account: _Account) -> str:
    account.tag(account.up_with_copy(), OTHERS)
    return logged(lambda: account.stack.preview("nightly", copy_args(account.source)))


@_CASES.add("diff: another key, but the source is gone")
def _(account: _Account) -> str:
    account.up_with_copy()
    account.service.remove_backup(HOME, account.source)
    args = copy_args(account.source, kms_key_id=key_named("dr"))
    return logged(lambda: account.stack.preview("nightly", args))


@_CASES.add("diff: the key cannot be looked up")
def _(account: _Account) -> str:
    account.up_with_copy()
    args = copy_args(account.source, kms_key_id="alias/unknown")
    return logged(lambda: account.stack.preview("nightly", args))


@_CASES.add("update: the copy is gone")
def _(account: _Account) -> str:
    account.service.remove_backup(AWAY, account.up_with_copy())
    return account.refused_up(tags={"team": "storage"})


@_CASES.add("update: the copy has the tag of another owner")
def _(account: _Account) -> str:
    account.tag(account.up_with_copy(), OTHERS)
    return logged(lambda: account.up(tags={"team": "storage"}))


@_CASES.add("update: no permission for TagResource")
def _(account: _Account) -> str:
    account.up_with_copy()
    account.service.add_fault("access_denied", "TagResource", region=AWAY)
    return account.refused_up(tags={"team": "storage"})


# --- read and state ---


@_CASES.add("read: the tag may not be written again")
def _(account: _Account) -> str:
    account.tag(account.up_with_copy(), None)
    account.service.add_fault("access_denied", "TagResource", region=AWAY)
    return logged(account.stack.refresh)


@_CASES.add("read: credentials of another account")
def _(account: _Account) -> str:
    account.service.remove_backup(AWAY, account.up_with_copy())
    account.change_entry(owner_id="999999999999")
    return refusal(account.stack.refresh)


@_CASES.add("state: the entry describes another backup")
def _(account: _Account) -> str:
    account.up_with_copy()
    account.change_entry(source_backup_id="backup-0fedcba9876543210")
    return refusal(account.stack.destroy)


@_CASES.add("state: the entry is damaged")
def _(account: _Account) -> str:
    account.up_with_copy()
    account.change_entry(region="nowhere")
    return refusal(account.stack.destroy)


# --- delete ---


@_CASES.add("delete: the tag is missing")
def _(account: _Account) -> str:
    account.tag(account.up_with_copy(), None)
    return refusal(account.stack.destroy)


@_CASES.add("delete: the copy has the tag of another owner")
def _(account: _Account) -> str:
    account.tag(account.up_with_copy(), OTHERS)
    return logged(account.stack.destroy)


@_CASES.add("delete: the state does not have managed_by")
def _(account: _Account) -> str:
    account.up_with_copy()
    account.change_entry(managed_by="")
    return refusal(account.stack.destroy)


@_CASES.add("delete: another entry has the copy")
def _(account: _Account) -> str:
    account.up_with_copy()
    account.stack.states["weekly"] = account.stack.states["nightly"]
    return logged(account.up)


@_CASES.add("delete: another copy of the file system FAILED in this run")
def _(account: _Account) -> str:
    account.up_with_copy()
    newer = account.service.seed_backup(HOME, account.file_system)
    account.service.fail_copies("The KMS key is disabled.", source_backup_id=newer)
    run = account.stack.run()
    refusal(lambda: account.stack.register(run, "weekly", copy_args(newer)))
    return refusal(lambda: account.stack.destroy_one(run, "nightly"))


@_CASES.add("delete: the copy that takes its place is gone")
def _(account: _Account) -> str:
    account.up_with_copy()
    account.service.add_fault("access_denied", "DeleteBackup")
    account.refused_up(kms_key_id=key_named("dr"))
    account.service.lift_fault()
    account.service.remove_backup(AWAY, account.stack.states["nightly"].id)
    return account.refused_up(kms_key_id=key_named("dr"))


@_CASES.add("delete: delete_before_replace")
def _(account: _Account) -> str:
    account.up_with_copy()
    run = account.stack.run()
    inputs = account.stack.check(run, "nightly", {}, copy_args(account.source, kms_key_id=key_named("dr")))
    account.stack.destroy_one(run, "nightly")
    return refusal(lambda: account.stack.create(run, "nightly", inputs))


@_CASES.add("delete: deletion_protection is on")
def _(account: _Account) -> str:
    account.up_with_copy(deletion_protection=True)
    return refusal(account.stack.destroy)


@_CASES.add("create: the quota of backups is reached")
def _(account: _Account) -> str:
    account.service.configure(user_initiated_backups=0)
    return account.refused_up()


@_CASES.add("delete: the copy is still in use")
def _(account: _Account) -> str:
    made = account.up_with_copy()
    client = account.stack.wire.client("fsx", "eu-north-1")
    account.service.set_copy_seconds(100_000)
    client.copy_backup(SourceBackupId=made, SourceRegion=AWAY)
    account.stack.timeouts["delete"] = 60.0
    return refusal(account.stack.destroy)


@_CASES.add("delete: no permission for DeleteBackup")
def _(account: _Account) -> str:
    account.up_with_copy()
    account.service.add_fault("access_denied", "DeleteBackup", region=AWAY)
    return refusal(account.stack.destroy)


def _check_refuses(account: _Account, **args: Any) -> str:
    with pytest.raises(RefusedError) as refused:
        account.up(**args)
    return str(refused.value).removeprefix(": ")


def _delete_all(service: FsxService) -> None:
    for backup in service.backups(AWAY):
        service.remove_backup(AWAY, backup["id"])
