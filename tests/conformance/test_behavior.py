"""The lifecycle of a copy in a real account, in the order of the tests; FSx's behavior is recorded.

A test fails if FSx behaves in a way that the product does not support. Everything else is an observation.
"""

import time
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.account import Account, code
from tests.conformance.conftest import Observations

pytestmark = pytest.mark.conformance
MISSING = "backup-00000000000000000"
BRIEFLY = 0.2  # seconds between polls for short delays


@dataclass
class Life:
    """The request for the first copy, and the ids of the copies.

    Attributes:
        first: the first copy.
        together: a copy of the same source backup that started at the same time.
        second: a copy of the first copy.
        deleted: the time before the request that deleted the first copy; None before that.
        started: the time before the request, by the copy's id.
        seconds: the duration, by the copy's id.
    """

    request: dict[str, Any]
    first: str = ""
    together: str = ""
    second: str = ""
    deleted: float | None = None
    started: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def need(self, backup_id: str) -> str:
        """Return an id, or skip the test if it is missing."""
        if not backup_id or self.deleted:
            pytest.skip("the copy is missing, because an earlier test failed")
        return backup_id


@pytest.fixture(scope="module")
def life(account: Account) -> Life:
    options = account.options
    return Life(
        {"ClientRequestToken": token(account, 1), "SourceBackupId": options.backup, "SourceRegion": options.home}
    )


def start(account: Account, life: Life, **changes: str) -> dict[str, Any]:
    """Start a copy, and return FSx's description of it."""
    before = time.monotonic()
    answer = account.copy(**{**life.request, **changes})
    life.started[answer["BackupId"]] = before
    return answer


def token(account: Account, number: int) -> str:
    return f"{account.options.prefix}-{account.run}-{number}"


def have_ended(account: Account, life: Life) -> bool:
    """Poll the started copies, and return whether all have ended."""
    for backup_id in life.started.keys() - life.seconds.keys():
        if (account.find(backup_id) or {}).get("Lifecycle") in {"AVAILABLE", "FAILED"}:
            life.seconds[backup_id] = time.monotonic() - life.started[backup_id]
    return life.seconds.keys() == life.started.keys()


def refusal_of_deletion(account: Account, life: Life) -> str:
    """Delete the first copy, and return the error's code, or "" if it was deleted."""
    before = time.monotonic()
    try:
        account.delete(life.first)
    except ClientError as refused:
        return code(refused)
    life.deleted = before
    return ""


def test_copy_is_accepted(account: Account, observed: Observations, life: Life) -> None:
    answer = start(account, life)
    life.first = answer["BackupId"]
    life.together = start(account, life, ClientRequestToken=token(account, 3))["BackupId"]

    observed["copy_tells_tags"] = account.tag in answer.get("Tags", [])
    observed["ProgressPercent in CopyBackup's answer"] = answer.get("ProgressPercent", "absent")
    assert answer["Lifecycle"] in {"COPYING", "CREATING", "PENDING", "AVAILABLE"}


def test_copy_is_shown(account: Account, observed: Observations, life: Life) -> None:
    first = life.need(life.first)

    seen, by_id = account.until(lambda: account.find(first), BRIEFLY, life.started[first])
    _, in_listing = account.until(lambda: account.is_listed(first), BRIEFLY, life.started[first])

    observed["shown_after_seconds"] = by_id
    observed["listed_after_seconds"] = in_listing
    assert account.tag in seen["Tags"]


def test_same_token_returns_the_same_copy(account: Account, life: Life) -> None:
    first = life.need(life.first)

    assert account.copy(**life.request)["BackupId"] == first
    account.copies -= 1


def test_same_token_with_other_parameters_is_refused(account: Account, observed: Observations, life: Life) -> None:
    life.need(life.first)

    with pytest.raises(ClientError) as refused:
        account.copy(**life.request, CopyTags=True)
    account.copies -= 1

    observed["error of a token with other parameters"] = code(refused.value)
    assert code(refused.value) in {"IncompatibleParameterError", "BadRequest"}


def test_running_copy_is_not_deleted(account: Account, observed: Observations, life: Life) -> None:
    first = life.need(life.first)
    seen = account.find(first)
    if seen is None or seen["Lifecycle"] == "AVAILABLE":
        pytest.skip("the copy was finished too soon")

    refusal = refusal_of_deletion(account, life) or "none: it was deleted"

    observed["error of deleting a running copy"] = refusal


def test_copy_becomes_available(account: Account, observed: Observations, life: Life) -> None:
    first = life.need(life.first)
    percents: list[int] = []

    def settled() -> dict[str, Any] | None:
        have_ended(account, life)
        seen = account.find(first) or {}
        if "ProgressPercent" in seen:
            percents.append(seen["ProgressPercent"])
        return seen if seen.get("Lifecycle") in {"AVAILABLE", "FAILED"} else None

    seen, seconds = account.until(settled, since=life.started[first])

    observed["copy_seconds"] = seconds
    observed["ProgressPercent while COPYING"] = ", ".join(map(str, dict.fromkeys(percents))) or "absent"
    observed["ProgressPercent when AVAILABLE"] = seen.get("ProgressPercent", "absent")
    observed["SizeInBytes"] = "present" if seen.get("SizeInBytes") else "absent"
    assert (seen["Lifecycle"], seen["Type"]) == ("AVAILABLE", "USER_INITIATED")
    assert (seen["SourceBackupId"], seen["SourceBackupRegion"]) == (account.options.backup, account.options.home)


def test_copies_started_together_are_timed(account: Account, observed: Observations, life: Life) -> None:
    """Only the duration of a copy shows whether it is full."""
    first, together = life.need(life.first), life.need(life.together)
    account.until(lambda: have_ended(account, life))
    later = start(account, life, ClientRequestToken=token(account, 4))["BackupId"]
    account.until(lambda: have_ended(account, life))

    took = [f"{life.seconds[backup_id]:.1f} s" for backup_id in (first, together, later)]
    sizes = [str((account.find(backup_id) or {}).get("SizeInBytes", "absent")) for backup_id in (first, together)]

    observed["copies_started_together"] = f"first {took[0]}, together {took[1]}, later {took[2]}"
    observed["SizeInBytes of copies started together"] = ", ".join(sizes)


def test_new_tag_is_shown(account: Account, observed: Observations, life: Life) -> None:
    seen = account.find(life.need(life.first)) or {}
    added = {"Key": "changed", "Value": account.run}
    before = time.monotonic()
    account.away.tag_resource(ResourceARN=seen["ResourceARN"], Tags=[added])

    _, seconds = account.until(lambda: added in (account.find(life.first) or {}).get("Tags", []), BRIEFLY, before)

    observed["tags_shown_after_seconds"] = seconds


def test_source_of_running_copy_is_not_deleted(account: Account, observed: Observations, life: Life) -> None:
    first, region = life.need(life.first), account.options.away
    changes = {"ClientRequestToken": token(account, 2), "SourceBackupId": first, "SourceRegion": region}
    life.second = start(account, life, **changes)["BackupId"]

    refusal = refusal_of_deletion(account, life) or "none: it was deleted, or the copy was finished"

    observed["being_copied_error"] = refusal


def test_source_is_deleted_after_its_copy(account: Account, observed: Observations, life: Life) -> None:
    first, second = life.need(life.first), life.need(life.second)
    looks = [life.started[second]]

    def is_available() -> bool:
        looks.append(time.monotonic())
        return (account.find(second) or {}).get("Lifecycle") == "AVAILABLE"

    account.until(is_available, BRIEFLY)

    # Since the last look at the running copy: FSx does not show the exact time of its end.
    (before, answer), seconds = account.until(lambda: _deleted(account, first), BRIEFLY, looks[-2])

    life.deleted = before
    observed["source_busy_seconds"] = seconds
    assert answer == {"BackupId": first, "Lifecycle": "DELETED"}


def _deleted(account: Account, backup_id: str) -> tuple[float, dict[str, Any]] | None:
    """Delete a backup; return the time before that and the answer, or None if FSx refuses because it is in use."""
    before = time.monotonic()
    try:
        answer = account.delete(backup_id)
    except ClientError as refused:
        if code(refused) not in {"BackupBeingCopied", "BadRequest"}:
            raise
        return None
    return before, {name: answer[name] for name in ("BackupId", "Lifecycle")}


def test_deleted_copy_disappears(account: Account, observed: Observations, life: Life) -> None:
    if not life.deleted:
        pytest.skip("nothing was deleted")
    shown: list[str] = []

    def gone() -> bool:
        seen = account.find(life.first)
        shown.extend([seen["Lifecycle"]] if seen else [])
        return seen is None

    _, seconds = account.until(gone, BRIEFLY, life.deleted)

    observed["delete_lag"] = seconds
    observed["delete_lag_lifecycle"] = ", ".join(dict.fromkeys(shown)) or "not shown"
    account.until(lambda: not account.is_listed(life.first), BRIEFLY)


def test_token_of_deleted_copy_is_answered(account: Account, observed: Observations, life: Life) -> None:
    if not life.deleted:
        pytest.skip("nothing was deleted")
    words = {"BadRequest": "refused", "IncompatibleParameterError": "incompatible"}

    try:
        answer = account.copy(**life.request)
        is_same = answer["BackupId"] == life.first
        observed["token_after_deletion"] = "deleted" if is_same else "forgotten"
    except ClientError as refused:
        observed["token_after_deletion"] = words.get(code(refused), code(refused))


def test_missing_backup_is_not_found(account: Account, observed: Observations) -> None:
    with pytest.raises(ClientError) as deleting:
        account.away.delete_backup(BackupId=MISSING)
    with pytest.raises(ClientError) as copying:
        account.away.copy_backup(SourceBackupId=MISSING, SourceRegion=account.options.home)

    observed["error of deleting a missing backup"] = code(deleting.value)
    observed["error of copying a missing backup"] = code(copying.value)
    assert {code(deleting.value), code(copying.value)} == {"BackupNotFound"}


def test_pages_are_full(account: Account, observed: Observations) -> None:
    pages = account.away.get_paginator("describe_backups").paginate(PaginationConfig={"PageSize": 1})

    lengths = [len(page["Backups"]) for page in islice(pages, 20)]

    observed["pages shorter than requested"] = any(length < 1 for length in lengths[:-1])


def test_filter_by_file_system_finds_backups_of_volumes(account: Account, observed: Observations) -> None:
    volume = account.source.get("Volume")
    if not volume:
        pytest.skip("the backup is not of a volume")
    chosen = [{"Name": "file-system-id", "Values": [volume["FileSystemId"]]}]

    found = account.away.describe_backups(Filters=chosen)["Backups"]

    observed["backups of volumes found by file-system-id"] = bool(found)
