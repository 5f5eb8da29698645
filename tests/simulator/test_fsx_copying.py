"""CopyBackup answers as the API page and the user guides say."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.fsx import FsxService, ManualClock
from simulator.fsx.fixtures import AWAY, COPY_SECONDS, HOME, Clients

pytest_plugins = ["simulator.fsx.fixtures"]

WRONG_REQUESTS: dict[str, dict[str, Any]] = {
    "no source backup": {"SourceBackupId": None},
    "a malformed id": {"SourceBackupId": "backup-XYZ"},
    "an id with a line break": {"SourceBackupId": "backup-0123456789\n"},
    "a Region in capitals": {"SourceRegion": "EU-WEST-1"},
    "a token of 64 characters": {"ClientRequestToken": "t" * 64},
    "an empty list of tags": {"Tags": []},
    "51 tags": {"Tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]},
    "a tag value with a forbidden character": {"Tags": [{"Key": "a", "Value": "100 %"}]},
}


def copy(client: Any, source: str, **changes: Any) -> Any:
    request = {"SourceBackupId": source, "SourceRegion": HOME} | changes
    return client.copy_backup(**{name: value for name, value in request.items() if value is not None})["Backup"]


def refused(client: Any, source: str, **changes: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as refusal:
        copy(client, source, **changes)
    return {**refusal.value.response, **refusal.value.response["Error"]}


def tags_of(backup: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in backup.get("Tags", [])}


@pytest.mark.parametrize("kind", ["WINDOWS", "LUSTRE", "OPENZFS"])
def test_copy_shows_its_source(fsx_client: Clients, fsx_service: FsxService, kind: str) -> None:
    source = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME, kind))

    made = copy(fsx_client(), source)

    seeded = fsx_service.backup(HOME, source)
    assert (made["SourceBackupId"], made["SourceBackupRegion"]) == (source, HOME)
    assert (made["Type"], made["Lifecycle"]) == ("USER_INITIATED", "COPYING")
    assert made["ResourceARN"] == f"arn:aws:fsx:{AWAY}:123456789012:backup/{made['BackupId']}"
    assert made["FileSystem"]["FileSystemId"] == seeded["file_system_id"]
    assert (made["FileSystem"]["FileSystemType"], made["SizeInBytes"]) == (kind, seeded["size_in_bytes"])


def test_copy_of_ontap_backup_shows_volume(fsx_client: Clients, fsx_service: FsxService) -> None:
    file_system = fsx_service.seed_file_system(HOME, "ONTAP")
    source = fsx_service.seed_backup(HOME, file_system)
    shown = fsx_client(HOME).describe_backups(BackupIds=[source])["Backups"][0]["Volume"]
    fsx_service.remove_file_system(HOME, file_system)

    made = copy(fsx_client(), source)

    assert made.keys().isdisjoint({"FileSystem", "SizeInBytes"})
    assert (shown["Lifecycle"], made["Volume"]) == ("ACTIVE", shown | {"Lifecycle": "DELETED"})


def test_copy_progresses_with_time(fsx_client: Clients, fsx_clock: ManualClock, fsx_source: str) -> None:
    client = fsx_client()
    fsx_clock.sleep(3600)
    made = copy(client, fsx_source)
    seen = []
    for _ in range(5):
        backup = client.describe_backups(BackupIds=[made["BackupId"]])["Backups"][0]
        seen.append((backup["Lifecycle"], backup.get("ProgressPercent")))
        fsx_clock.sleep(COPY_SECONDS / 4)

    assert seen == [("COPYING", None), ("COPYING", 25), ("COPYING", 50), ("COPYING", 75), ("AVAILABLE", 100)]
    assert made["CreationTime"].timestamp() == fsx_clock.now() - 5 * COPY_SECONDS / 4


@pytest.mark.parametrize(("started_together", "second_is_full"), [("full", True), ("incremental", False)])
def test_copy_time_depends_on_transferred_size(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock, started_together: str, *, second_is_full: bool
) -> None:
    fsx_service.configure(seconds_per_gb=6, incremental_fraction=0.5, copies_started_together=started_together)
    file_system = fsx_service.seed_file_system(HOME)
    sources = [fsx_service.seed_backup(HOME, file_system, size_in_bytes=10 << 30) for _ in range(3)]
    client = fsx_client()

    for source in sources[:2]:
        copy(client, source)
    fsx_clock.sleep(60)
    copy(client, sources[2])

    made = fsx_service.backups(AWAY)
    assert [view["is_full"] for view in made] == [True, second_is_full, False]
    seconds = [60, 60 if second_is_full else 30, 30]
    assert [(view["ends"] or 0) - view["created"] for view in made] == seconds
    assert [view["transferred_bytes"] for view in made] == [seconds / 6 * (1 << 30) for seconds in seconds]


def test_first_copy_per_key_volume_and_region_is_full(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock
) -> None:
    file_system = fsx_service.seed_file_system(HOME, "ONTAP")
    volumes = [fsx_service.seed_volume(HOME, file_system, name) for name in ("vol2", "vol3")]
    sources = [fsx_service.seed_backup(HOME, file_system, volume_id=volume) for volume in volumes]
    key = fsx_client(AWAY, "kms").create_key()["KeyMetadata"]["Arn"]

    made = [copy(fsx_client(), sources[0])["BackupId"]]
    fsx_clock.sleep(COPY_SECONDS)
    fsx_service.fail_copies("no luck", source_backup_id=sources[1])
    for request in ({}, {"KmsKeyId": key}, {"SourceBackupId": sources[1]}):
        made.append(copy(fsx_client(), sources[0], **request)["BackupId"])  # noqa: PERF401
    fsx_clock.sleep(COPY_SECONDS)
    after_failure = copy(fsx_client(), sources[1])["BackupId"]
    elsewhere = copy(fsx_client("eu-west-2"), sources[0])["BackupId"]
    for backup_id in (made[0], made[1]):
        fsx_service.remove_backup(AWAY, backup_id)
    after_deletion = copy(fsx_client(), sources[0])["BackupId"]

    away = [fsx_service.backup(AWAY, backup_id)["is_full"] for backup_id in (*made, after_failure, after_deletion)]
    assert away == [True, False, True, True, True, True]
    assert fsx_service.backup("eu-west-2", elsewhere)["is_full"]


def test_copy_without_source_region_stays_in_region(fsx_client: Clients, fsx_source: str) -> None:
    assert copy(fsx_client(HOME), fsx_source, SourceRegion=None)["SourceBackupRegion"] == HOME


def test_planned_failure_fails_one_copy(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock, fsx_source: str
) -> None:
    fsx_service.fail_copies("The key was disabled.", source_backup_id=fsx_source)
    client = fsx_client()
    made = copy(client, fsx_source)

    fsx_clock.sleep(COPY_SECONDS)

    failed = client.describe_backups(BackupIds=[made["BackupId"]])["Backups"][0]
    assert (made["Lifecycle"], failed["Lifecycle"]) == ("COPYING", "FAILED")
    assert failed["FailureDetails"] == {"Message": "The key was disabled."}
    assert copy(client, fsx_source)["Lifecycle"] == "COPYING"


@pytest.mark.parametrize("changes", WRONG_REQUESTS.values(), ids=WRONG_REQUESTS)
def test_copy_refuses_invalid_requests(fsx_client: Clients, fsx_source: str, changes: dict[str, Any]) -> None:
    assert refused(fsx_client(), fsx_source, **changes)["Code"] == "ValidationException"


def test_copy_gets_tags_of_source_only_on_request(fsx_client: Clients, fsx_service: FsxService) -> None:
    tags = {"team": "storage", "env": "prod", "aws:backup:source": "plan"}
    source = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME), tags=tags)
    explicit = [{"Key": "env", "Value": "dr"}]

    without = copy(fsx_client(), source, Tags=explicit)
    merged = copy(fsx_client(), source, Tags=explicit, CopyTags=True)

    assert tags_of(without) == {"env": "dr"}
    assert tags_of(merged) == {"team": "storage", "env": "dr"}


def test_copy_refuses_more_than_fifty_merged_tags(fsx_client: Clients, fsx_service: FsxService) -> None:
    tags = {f"k{n}": "" for n in range(50)}
    source = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME), tags=tags)

    refusal = refused(fsx_client(), source, CopyTags=True, Tags=[{"Key": "one more", "Value": ""}])

    assert (refusal["Code"], refusal["Limit"]) == ("ServiceLimitExceeded", "TOTAL_USER_TAGS")


@pytest.mark.parametrize("keys", [["aws:mine"], ["twice", "twice"]])
def test_copy_refuses_reserved_and_repeated_tag_keys(fsx_client: Clients, fsx_source: str, keys: list[str]) -> None:
    tags = [{"Key": key, "Value": ""} for key in keys]

    assert refused(fsx_client(), fsx_source, Tags=tags)["Code"] == "BadRequest"


@pytest.mark.parametrize(
    ("region", "code"),
    [("mars-north-1", "InvalidRegion"), ("cn-north-1", "InvalidRegion"), ("eu-west-2", "BackupNotFound")],
)
def test_copy_refuses_wrong_source_region(fsx_client: Clients, fsx_source: str, region: str, code: str) -> None:
    assert refused(fsx_client(), fsx_source, SourceRegion=region)["Code"] == code


@pytest.mark.parametrize("lifecycle", ["CREATING", "PENDING", "TRANSFERRING", "FAILED"])
def test_copy_refuses_unavailable_source(fsx_client: Clients, fsx_service: FsxService, lifecycle: str) -> None:
    source = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME), lifecycle=lifecycle)

    refusal = refused(fsx_client(), source)

    assert (refusal["Code"], refusal["BackupId"]) == ("SourceBackupUnavailable", source)


@pytest.mark.parametrize("tells", [False, True])
def test_copy_refuses_flexgroup_and_intelligent_tiering(
    fsx_client: Clients, fsx_service: FsxService, *, tells: bool
) -> None:
    fsx_service.configure(backups_tell_storage=tells)
    file_system = fsx_service.seed_file_system(HOME, "ONTAP")
    volume = fsx_service.seed_volume(HOME, file_system, "big", style="FLEXGROUP")
    tiered = fsx_service.seed_file_system(HOME, "OPENZFS", storage_type="INTELLIGENT_TIERING")
    sources = [fsx_service.seed_backup(HOME, file_system, volume_id=volume), fsx_service.seed_backup(HOME, tiered)]

    shown = {one["BackupId"]: one for one in fsx_client(HOME).describe_backups(BackupIds=sources)["Backups"]}

    assert ("VolumeStyle" in shown[sources[0]]["Volume"]["OntapConfiguration"]) is tells
    assert ("StorageType" in shown[sources[1]]["FileSystem"]) is tells
    assert [refused(fsx_client(), source)["Code"] for source in sources] == ["BadRequest"] * 2


def test_ontap_volumes_have_separate_slots(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    # User guide of ONTAP, "Copying backups": five running copies per volume, destination Region and key.
    file_system = fsx_service.seed_file_system(HOME, "ONTAP")
    volumes = [fsx_service.seed_volume(HOME, file_system, name) for name in ("vol2", "vol3")]
    sources = [fsx_service.seed_backup(HOME, file_system, volume_id=volume) for volume in volumes]
    for source in [*sources, fsx_source] * 5:
        copy(fsx_client(), source)

    refusals = [refused(fsx_client(), source)["Limit"] for source in [*sources, fsx_source]]

    assert refusals == ["TOTAL_IN_PROGRESS_COPY_BACKUPS"] * 3
    assert fsx_service.max_running() == {AWAY: 15}


def test_sixth_copy_into_region_is_refused(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock, fsx_source: str
) -> None:
    for _ in range(5):
        copy(fsx_client(), fsx_source)

    refusal = refused(fsx_client(), fsx_source)
    elsewhere = copy(fsx_client("eu-west-2"), fsx_source)
    fsx_clock.sleep(COPY_SECONDS)
    later = copy(fsx_client(), fsx_source)

    assert (refusal["Code"], refusal["Limit"]) == ("ServiceLimitExceeded", "TOTAL_IN_PROGRESS_COPY_BACKUPS")
    assert (elsewhere["Lifecycle"], later["Lifecycle"]) == ("COPYING", "COPYING")
    assert fsx_service.max_running() == {AWAY: 5, "eu-west-2": 1}


@pytest.mark.parametrize(("kind", "present"), [("WINDOWS", 500), ("LUSTRE", 500), ("OPENZFS", 501), ("ONTAP", 501)])
def test_quota_depends_on_file_system_type(
    fsx_client: Clients, fsx_service: FsxService, kind: str, present: int
) -> None:
    # The quota pages of the four FSx user guides: 500, 500, 10,000, 10,000.
    file_system = fsx_service.seed_file_system(AWAY, kind)
    for number in range(present):
        fsx_service.seed_backup(AWAY, file_system, type="USER_INITIATED", backup_id=f"backup-{number:017x}")
    source = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME, kind))

    if present == 500:
        assert refused(fsx_client(), source)["Limit"] == "TOTAL_USER_INITIATED_BACKUPS"
        fsx_service.remove_backup(AWAY, f"backup-{0:017x}")
    assert copy(fsx_client(), source)["Lifecycle"] == "COPYING"
