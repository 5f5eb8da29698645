"""One life of a copy on a real account, in the order in which the tests stand: what FSx does is noted.

A test fails where FSx does what the product cannot live with; all else is an observation.
"""

import time
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.account import Account, code
from tests.conformance.notebook import Notebook

pytestmark = pytest.mark.conformance
MISSING = "backup-00000000000000000"
BRIEFLY = 0.2  # seconds between looks at what takes a moment only


@dataclass
class Life:
    """What the former tests made: the request for the first copy, its id, and that of the copy's copy."""

    request: dict[str, Any]
    first: str = ""
    second: str = ""
    is_deleted: bool = False

    def need(self, backup_id: str) -> str:
        """Return an id, or skip the test if there is none."""
        if not backup_id or self.is_deleted:
            pytest.skip("what came before did not leave a copy to look at")
        return backup_id


@pytest.fixture(scope="module")
def life(account: Account) -> Life:
    asked = account.asked
    token = f"{asked.prefix}-{account.run}-1"
    return Life({"ClientRequestToken": token, "SourceBackupId": asked.backup, "SourceRegion": asked.home})


def refusal_of_deletion(account: Account, life: Life) -> str:
    """Ask for the deletion of the first copy, and return the error's code; "" if it is deleted."""
    try:
        account.delete(life.first)
    except ClientError as refused:
        return code(refused)
    life.is_deleted = True
    return ""


def test_a_copy_is_accepted_and_copying(account: Account, notebook: Notebook, life: Life) -> None:
    answer = account.copy(**life.request)
    life.first = answer["BackupId"]

    notebook.note("copy_tells_tags", account.mark in answer.get("Tags", []))
    notebook.note("ProgressPercent in CopyBackup's answer", answer.get("ProgressPercent", "absent"))
    assert answer["Lifecycle"] in {"COPYING", "CREATING", "PENDING", "AVAILABLE"}


def test_the_copy_comes_to_be_shown(account: Account, notebook: Notebook, life: Life) -> None:
    first = life.need(life.first)

    seen, by_id = account.until(lambda: account.find(first), BRIEFLY)
    _, in_listing = account.until(lambda: account.is_listed(first), BRIEFLY)

    notebook.note("shown_after_seconds", by_id)
    notebook.note("listed_after_seconds", by_id + in_listing)
    assert account.mark in seen["Tags"]


def test_the_same_token_is_answered_with_the_same_copy(account: Account, life: Life) -> None:
    first = life.need(life.first)

    assert account.copy(**life.request)["BackupId"] == first
    account.copies -= 1  # it was the same one


def test_the_same_token_with_another_request_is_refused(account: Account, notebook: Notebook, life: Life) -> None:
    life.need(life.first)

    with pytest.raises(ClientError) as refused:
        account.copy(**life.request, CopyTags=True)
    account.copies -= 1

    notebook.note("error of a token with other parameters", code(refused.value))
    assert code(refused.value) in {"IncompatibleParameterError", "BadRequest"}


def test_a_copy_cannot_be_deleted_while_it_is_made(account: Account, notebook: Notebook, life: Life) -> None:
    first = life.need(life.first)
    seen = account.find(first)
    if seen is None or seen["Lifecycle"] == "AVAILABLE":
        pytest.skip("the copy was made too quickly to look at this")

    refusal = refusal_of_deletion(account, life) or "none: it is deleted"

    notebook.note("error of deleting a copy that is being made", refusal)


def test_the_copy_becomes_available(account: Account, notebook: Notebook, life: Life) -> None:
    first = life.need(life.first)
    percents: list[int] = []

    def settled() -> dict[str, Any] | None:
        seen = account.find(first) or {}
        if "ProgressPercent" in seen:
            percents.append(seen["ProgressPercent"])
        return seen if seen.get("Lifecycle") in {"AVAILABLE", "FAILED"} else None

    seen, seconds = account.until(settled)

    notebook.note("copy_seconds", seconds)
    notebook.note("ProgressPercent while COPYING", ", ".join(map(str, dict.fromkeys(percents))) or "absent")
    notebook.note("ProgressPercent when AVAILABLE", seen.get("ProgressPercent", "absent"))
    notebook.note("SizeInBytes", "told" if seen.get("SizeInBytes") else "absent")
    assert (seen["Lifecycle"], seen["Type"]) == ("AVAILABLE", "USER_INITIATED")
    assert (seen["SourceBackupId"], seen["SourceBackupRegion"]) == (account.asked.backup, account.asked.home)


def test_tags_come_to_be_shown(account: Account, notebook: Notebook, life: Life) -> None:
    seen = account.find(life.need(life.first)) or {}
    added = {"Key": "changed", "Value": account.run}
    account.away.tag_resource(ResourceARN=seen["ResourceARN"], Tags=[added])

    _, seconds = account.until(lambda: added in (account.find(life.first) or {}).get("Tags", []), BRIEFLY)

    notebook.note("tags_shown_after_seconds", seconds)


def test_the_source_of_a_running_copy_cannot_be_deleted(account: Account, notebook: Notebook, life: Life) -> None:
    first, region = life.need(life.first), account.asked.away
    token = f"{account.asked.prefix}-{account.run}-2"
    life.second = account.copy(ClientRequestToken=token, SourceBackupId=first, SourceRegion=region)["BackupId"]

    refusal = refusal_of_deletion(account, life) or "none: it is deleted, or the copy was made already"

    notebook.note("being_copied_error", refusal)


def test_the_source_can_be_deleted_after_a_while(account: Account, notebook: Notebook, life: Life) -> None:
    first, second = life.need(life.first), life.need(life.second)
    account.until(lambda: (account.find(second) or {}).get("Lifecycle") == "AVAILABLE", BRIEFLY)

    answer, seconds = account.until(lambda: _deleted(account, first), BRIEFLY)

    life.is_deleted = True
    notebook.note("source_busy_seconds", seconds)
    assert answer == {"BackupId": first, "Lifecycle": "DELETED"}


def _deleted(account: Account, backup_id: str) -> dict[str, Any] | None:
    try:
        answer = account.delete(backup_id)
    except ClientError as refused:
        if code(refused) not in {"BackupBeingCopied", "BadRequest"}:
            raise
        return None
    return {name: answer[name] for name in ("BackupId", "Lifecycle")}


def test_a_deleted_copy_disappears(account: Account, notebook: Notebook, life: Life) -> None:
    if not life.is_deleted:
        pytest.skip("nothing was deleted")
    shown: list[str] = []

    def gone() -> bool:
        seen = account.find(life.first)
        shown.extend([seen["Lifecycle"]] if seen else [])
        return seen is None

    began = time.monotonic()
    account.until(gone, BRIEFLY)

    notebook.note("delete_lag", time.monotonic() - began)
    notebook.note("delete_lag_lifecycle", ", ".join(dict.fromkeys(shown)) or "not shown")
    account.until(lambda: not account.is_listed(life.first), BRIEFLY)


def test_the_token_of_a_deleted_copy_is_answered_somehow(account: Account, notebook: Notebook, life: Life) -> None:
    if not life.is_deleted:
        pytest.skip("nothing was deleted")
    words = {"BadRequest": "refused", "IncompatibleParameterError": "incompatible"}

    try:
        answer = account.copy(**life.request)
        is_same = answer["BackupId"] == life.first
        notebook.note("token_after_deletion", "deleted" if is_same else "forgotten")
    except ClientError as refused:
        notebook.note("token_after_deletion", words.get(code(refused), code(refused)))


def test_what_does_not_exist_is_not_found(account: Account, notebook: Notebook) -> None:
    with pytest.raises(ClientError) as undeletable:
        account.away.delete_backup(BackupId=MISSING)
    with pytest.raises(ClientError) as uncopyable:
        account.away.copy_backup(SourceBackupId=MISSING, SourceRegion=account.asked.home)

    notebook.note("DeleteBackup of what does not exist", code(undeletable.value))
    notebook.note("CopyBackup of what does not exist", code(uncopyable.value))
    assert {code(undeletable.value), code(uncopyable.value)} == {"BackupNotFound"}


def test_pages_are_as_long_as_asked_for(account: Account, notebook: Notebook) -> None:
    pages = account.away.get_paginator("describe_backups").paginate(PaginationConfig={"PageSize": 1})

    lengths = [len(page["Backups"]) for page in islice(pages, 20)]

    notebook.note("short_pages", any(length < 1 for length in lengths[:-1]))


def test_the_filter_by_file_system_finds_backups_of_volumes(account: Account, notebook: Notebook) -> None:
    volume = account.source.get("Volume")
    if not volume:
        pytest.skip("the backup is not of a volume")
    chosen = [{"Name": "file-system-id", "Values": [volume["FileSystemId"]]}]

    found = account.away.describe_backups(Filters=chosen)["Backups"]

    notebook.note("volumes_found_by_file_system", bool(found))
