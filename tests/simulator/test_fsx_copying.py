"""CopyBackup and CreateBackup answer as the API page says."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.fsx import FsxService, ManualClock
from simulator.fsx.fixtures import AWAY, COPY_SECONDS, HOME, Clients

pytest_plugins = ["simulator.fsx.fixtures"]

RECORDED = Path(__file__).parents[1] / "recorded" / "aws"
ANOTHER_IS_PENDING = RECORDED / "c7n-fsx_create_backup_with_errors-fsx.CreateBackup_1.json"
WRONG_REQUESTS: dict[str, dict[str, Any]] = {
    "no source": {"SourceBackupId": None},
    "an id that is none": {"SourceBackupId": "backup-XYZ"},
    "an id with a line break": {"SourceBackupId": "backup-0123456789\n"},
    "a Region in capitals": {"SourceRegion": "EU-WEST-1"},
    "a token of 64 characters": {"ClientRequestToken": "t" * 64},
    "a token with a space": {"ClientRequestToken": "a token"},
    "an empty list of tags": {"Tags": []},
    "51 tags": {"Tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]},
    "a tag without a value": {"Tags": [{"Key": "a"}]},
    "a tag key of 129 characters": {"Tags": [{"Key": "k" * 129, "Value": ""}]},
    "a tag value with a character that tags cannot hold": {"Tags": [{"Key": "a", "Value": "100 %"}]},
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


def test_a_copy_tells_where_it_comes_from(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    made = copy(fsx_client(), fsx_source)

    source = fsx_service.backup(HOME, fsx_source)
    assert (made["SourceBackupId"], made["SourceBackupRegion"]) == (fsx_source, HOME)
    assert (made["Type"], made["Lifecycle"]) == ("USER_INITIATED", "COPYING")
    assert made["ResourceARN"] == f"arn:aws:fsx:{AWAY}:123456789012:backup/{made['BackupId']}"
    assert made["OwnerId"] == "123456789012"
    assert made["ResourceType"] == "FILE_SYSTEM"
    assert made["FileSystem"]["FileSystemId"] == source["file_system_id"]
    assert made["SizeInBytes"] == source["size_in_bytes"]


@pytest.mark.parametrize("kind", ["WINDOWS", "LUSTRE", "OPENZFS"])
def test_backups_of_every_file_system_type_can_be_copied(
    fsx_client: Clients, fsx_service: FsxService, kind: str
) -> None:
    source = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME, kind))

    assert copy(fsx_client(), source)["FileSystem"]["FileSystemType"] == kind


def test_a_copy_of_an_ontap_backup_shows_its_volume(fsx_client: Clients, fsx_service: FsxService) -> None:
    source = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME, "ONTAP"))

    made = copy(fsx_client(), source)

    assert made["ResourceType"] == "VOLUME"
    assert made.keys().isdisjoint({"FileSystem", "SizeInBytes"})
    assert made["Volume"] == fsx_client(HOME).describe_backups(BackupIds=[source])["Backups"][0]["Volume"]


def test_a_copy_proceeds_with_time_until_it_is_available(
    fsx_client: Clients, fsx_clock: ManualClock, fsx_source: str
) -> None:
    client = fsx_client()
    made = copy(client, fsx_source)["BackupId"]
    seen = []
    for _ in range(5):
        backup = client.describe_backups(BackupIds=[made])["Backups"][0]
        seen.append((backup["Lifecycle"], backup.get("ProgressPercent")))
        fsx_clock.sleep(COPY_SECONDS / 4)

    assert seen == [("COPYING", None), ("COPYING", 25), ("COPYING", 50), ("COPYING", 75), ("AVAILABLE", 100)]


def test_a_copy_is_as_old_as_itself_and_not_as_its_source(
    fsx_client: Clients, fsx_clock: ManualClock, fsx_source: str
) -> None:
    fsx_clock.sleep(3600)

    assert copy(fsx_client(), fsx_source)["CreationTime"].timestamp() == fsx_clock.now()


def test_without_a_source_region_the_copy_stays_in_its_region(fsx_client: Clients, fsx_source: str) -> None:
    assert copy(fsx_client(HOME), fsx_source, SourceRegion=None)["SourceBackupRegion"] == HOME


def test_a_copy_can_be_told_to_fail(
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


def test_the_narrowest_copy_time_wins(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    fsx_service.set_copy_seconds(50)
    fsx_service.set_copy_seconds(0, region=AWAY)

    states = {region: copy(fsx_client(region), fsx_source)["Lifecycle"] for region in (AWAY, "eu-west-2")}

    assert states == {AWAY: "AVAILABLE", "eu-west-2": "COPYING"}


@pytest.mark.parametrize("changes", WRONG_REQUESTS.values(), ids=WRONG_REQUESTS)
def test_what_the_model_forbids_is_refused(fsx_client: Clients, fsx_source: str, changes: dict[str, Any]) -> None:
    assert refused(fsx_client(), fsx_source, **changes)["Code"] == "ValidationException"


def test_tags_in_any_script_are_accepted(fsx_client: Clients, fsx_source: str) -> None:
    tags = [{"Key": "Größe", "Value": "大 ٣"}, {"Key": "a/b:c=d+e@f_g.h-i", "Value": ""}]

    assert copy(fsx_client(), fsx_source, Tags=tags)["Tags"] == tags


def test_the_tags_of_the_source_come_along_only_on_request(fsx_client: Clients, fsx_service: FsxService) -> None:
    tags = {"team": "storage", "env": "prod", "aws:backup:source": "plan"}
    source = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME), tags=tags)
    explicit = [{"Key": "env", "Value": "dr"}]

    without = copy(fsx_client(), source, Tags=explicit)
    merged = copy(fsx_client(), source, Tags=explicit, CopyTags=True)

    assert tags_of(without) == {"env": "dr"}
    assert tags_of(merged) == {"team": "storage", "env": "dr"}


def test_more_than_fifty_merged_tags_are_refused(fsx_client: Clients, fsx_service: FsxService) -> None:
    tags = {f"k{n}": "" for n in range(50)}
    source = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME), tags=tags)

    refusal = refused(fsx_client(), source, CopyTags=True, Tags=[{"Key": "one more", "Value": ""}])

    assert (refusal["Code"], refusal["Limit"]) == ("ServiceLimitExceeded", "TOTAL_USER_TAGS")


@pytest.mark.parametrize("keys", [["aws:mine"], ["twice", "twice"]])
def test_reserved_and_repeated_tag_keys_are_refused(fsx_client: Clients, fsx_source: str, keys: list[str]) -> None:
    tags = [{"Key": key, "Value": ""} for key in keys]

    assert refused(fsx_client(), fsx_source, Tags=tags)["Code"] == "BadRequest"


@pytest.mark.parametrize("region", ["mars-north-1", "cn-north-1", "us-gov-west-1"])
def test_a_source_region_outside_the_partition_is_refused(fsx_client: Clients, fsx_source: str, region: str) -> None:
    assert refused(fsx_client(), fsx_source, SourceRegion=region)["Code"] == "InvalidRegion"


def test_a_source_that_does_not_exist_in_its_region_is_refused(fsx_client: Clients, fsx_source: str) -> None:
    assert refused(fsx_client(), fsx_source, SourceRegion="eu-west-2")["Code"] == "BackupNotFound"


@pytest.mark.parametrize("lifecycle", ["CREATING", "PENDING", "TRANSFERRING", "FAILED"])
def test_a_source_that_is_not_available_is_refused(
    fsx_client: Clients, fsx_service: FsxService, lifecycle: str
) -> None:
    source = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME), lifecycle=lifecycle)

    refusal = refused(fsx_client(), source)

    assert (refusal["Code"], refusal["BackupId"]) == ("SourceBackupUnavailable", source)


def test_a_multi_az_windows_backup_is_refused_where_it_cannot_be_restored(
    fsx_client: Clients, fsx_service: FsxService
) -> None:
    fsx_service.configure(regions_without_multi_az=[AWAY])
    source = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME, "WINDOWS", deployment="MULTI_AZ_1"))

    assert refused(fsx_client(), source)["Code"] == "IncompatibleRegionForMultiAZ"
    assert copy(fsx_client("eu-west-2"), source)["Lifecycle"] == "COPYING"


def test_a_backup_of_a_flexgroup_volume_is_not_copied(fsx_client: Clients, fsx_service: FsxService) -> None:
    file_system = fsx_service.seed_file_system(HOME, "ONTAP")
    volume = fsx_service.seed_volume(HOME, file_system, "big", style="FLEXGROUP")
    source = fsx_service.seed_backup(HOME, file_system, volume_id=volume)

    shown = fsx_client(HOME).describe_backups(BackupIds=[source])["Backups"][0]["Volume"]

    assert shown["OntapConfiguration"]["VolumeStyle"] == "FLEXGROUP"
    assert refused(fsx_client(), source)["Code"] == "BadRequest"


def test_a_backup_of_intelligent_tiering_storage_is_not_copied(fsx_client: Clients, fsx_service: FsxService) -> None:
    file_system = fsx_service.seed_file_system(HOME, "OPENZFS", storage_type="INTELLIGENT_TIERING")

    assert refused(fsx_client(), fsx_service.seed_backup(HOME, file_system))["Code"] == "BadRequest"


def test_a_backup_whose_volume_is_gone_is_copied(fsx_client: Clients, fsx_service: FsxService) -> None:
    file_system = fsx_service.seed_file_system(HOME, "ONTAP")
    volume = fsx_service.seed_volume(HOME, file_system, "vol2")
    source = fsx_service.seed_backup(HOME, file_system, volume_id=volume)
    fsx_service.remove_volume(HOME, volume)

    made = copy(fsx_client(), source)

    assert (made["Lifecycle"], made["Volume"]["Lifecycle"]) == ("COPYING", "DELETED")


def test_each_ontap_volume_has_slots_of_its_own(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    # User guide of ONTAP, "Copying backups": five at once per volume, destination Region and key.
    file_system = fsx_service.seed_file_system(HOME, "ONTAP")
    volumes = [fsx_service.seed_volume(HOME, file_system, name) for name in ("vol2", "vol3")]
    sources = [fsx_service.seed_backup(HOME, file_system, volume_id=volume) for volume in volumes]
    for source in [*sources, fsx_source] * 5:
        copy(fsx_client(), source)

    refusals = [refused(fsx_client(), source)["Limit"] for source in [*sources, fsx_source]]

    assert refusals == ["TOTAL_IN_PROGRESS_COPY_BACKUPS"] * 3
    assert fsx_service.max_running() == {AWAY: 15}


def test_a_sixth_copy_to_a_region_waits_for_a_slot(
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


def test_user_initiated_backups_have_a_quota(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    fsx_service.configure(user_initiated_backups=1)
    copy(fsx_client(), fsx_source)

    assert refused(fsx_client(), fsx_source)["Limit"] == "TOTAL_USER_INITIATED_BACKUPS"


@pytest.mark.parametrize(
    ("kind", "allowed"), [("WINDOWS", 500), ("LUSTRE", 500), ("OPENZFS", 10_000), ("ONTAP", 10_000)]
)
def test_the_quota_of_user_initiated_backups_is_that_of_the_type(
    fsx_client: Clients, fsx_service: FsxService, kind: str, allowed: int
) -> None:
    # The quota pages of the four FSx user guides.
    file_system = fsx_service.seed_file_system(AWAY, kind)
    for number in range(501):
        fsx_service.seed_backup(AWAY, file_system, type="USER_INITIATED", backup_id=f"backup-{number:017x}")
    source = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME, kind))

    if allowed > 501:
        assert copy(fsx_client(), source)["Lifecycle"] == "COPYING"
    else:
        assert f"its limit of {allowed} " in refused(fsx_client(), source)["Message"]


def test_a_new_backup_is_made_in_time(fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock) -> None:
    file_system = fsx_service.seed_file_system(HOME, "LUSTRE")
    client = fsx_client(HOME)

    made = client.create_backup(FileSystemId=file_system, Tags=[{"Key": "a", "Value": "b"}])["Backup"]
    fsx_clock.sleep(30)

    assert (made["Lifecycle"], made["Type"], tags_of(made)) == ("CREATING", "USER_INITIATED", {"a": "b"})
    assert client.describe_backups(BackupIds=[made["BackupId"]])["Backups"][0]["Lifecycle"] == "AVAILABLE"


def test_a_second_backup_waits_for_the_first(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock
) -> None:
    recorded = json.loads(ANOTHER_IS_PENDING.read_text())
    client, file_system = fsx_client(HOME), fsx_service.seed_file_system(HOME)
    client.create_backup(FileSystemId=file_system)

    with pytest.raises(ClientError) as refusal:
        client.create_backup(FileSystemId=file_system)
    fsx_clock.sleep(30)

    assert refusal.value.response["Error"] == recorded["body"]["Error"]
    assert client.create_backup(FileSystemId=file_system)["Backup"]["Lifecycle"] == "CREATING"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"FileSystemId": "fs-0123456789abcdef0"}, "FileSystemNotFound"),
        ({"VolumeId": "fsvol-0123456789abcdef0"}, "VolumeNotFound"),
    ],
)
def test_a_backup_of_nothing_is_refused(fsx_client: Clients, wanted: dict[str, str], code: str) -> None:
    with pytest.raises(ClientError) as refusal:
        fsx_client(HOME).create_backup(**wanted)

    assert refusal.value.response["Error"]["Code"] == code


def test_ontap_is_backed_up_by_volume(fsx_client: Clients, fsx_service: FsxService) -> None:
    file_system = fsx_service.seed_file_system(HOME, "ONTAP")
    client = fsx_client(HOME)
    volume = client.describe_volumes()["Volumes"][0]["VolumeId"]

    with pytest.raises(ClientError, match="ONTAP file system backup is unsupported") as refusal:
        client.create_backup(FileSystemId=file_system)
    made = client.create_backup(VolumeId=volume)["Backup"]

    assert refusal.value.response["Error"]["Code"] == "UnsupportedOperation"
    assert (made["Lifecycle"], made["Volume"]["VolumeId"]) == ("CREATING", volume)


def test_a_backup_of_a_flexgroup_volume_fails(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock
) -> None:
    volume = fsx_service.seed_volume(HOME, fsx_service.seed_file_system(HOME, "ONTAP"), "big", style="FLEXGROUP")
    made = fsx_client(HOME).create_backup(VolumeId=volume)["Backup"]
    fsx_clock.sleep(30)

    failed = fsx_client(HOME).describe_backups(BackupIds=[made["BackupId"]])["Backups"][0]

    assert (made["Lifecycle"], failed["Lifecycle"]) == ("CREATING", "FAILED")
    assert failed["FailureDetails"]["Message"] == "Backup failed. Please delete the backup and try again."
