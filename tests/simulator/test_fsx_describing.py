"""DescribeBackups and DescribeFileSystems list resources by id, by filter and by page."""

from itertools import chain
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.fsx import FsxService, ManualClock
from simulator.fsx.fixtures import AWAY, HOME, Clients

pytest_plugins = ["simulator.fsx.fixtures"]

UNKNOWN = "backup-0123456789abcdef0"
KINDS = ["WINDOWS", "LUSTRE", "OPENZFS", "ONTAP"]
TYPES = ["AUTOMATIC", "USER_INITIATED", "AWS_BACKUP"]


def by(name: str, *values: str) -> dict[str, Any]:
    return {"Name": name, "Values": list(values)}


def ids(answer: Any) -> set[str]:
    return {backup["BackupId"] for backup in answer["Backups"]}


def refusal_code(client: Any, action: str = "describe_backups", **request: Any) -> str:
    with pytest.raises(ClientError) as refusal:
        getattr(client, action)(**request)
    return refusal.value.response["Error"]["Code"]


def all_pages(client: Any, **request: Any) -> list[list[str]]:
    pages: list[list[str]] = []
    token: dict[str, str] = {}
    while True:
        answer = client.describe_backups(**request, **token)
        pages.append([backup["BackupId"] for backup in answer["Backups"]])
        token = {"NextToken": answer["NextToken"]} if "NextToken" in answer else {}
        if not token:
            return pages


def seed_all(service: FsxService) -> dict[tuple[str, str], str]:
    file_systems = {kind: service.seed_file_system(HOME, kind) for kind in KINDS}
    return {
        (kind, backup_type): service.seed_backup(HOME, file_systems[kind], type=backup_type)
        for kind in KINDS
        for backup_type in TYPES
    }


@pytest.mark.parametrize("kind", ["WINDOWS", "LUSTRE", "OPENZFS"])
def test_backup_shows_its_file_system(fsx_client: Clients, fsx_service: FsxService, kind: str) -> None:
    file_system = fsx_service.seed_file_system(HOME, kind)
    backup = fsx_service.seed_backup(HOME, file_system, tags={"aws:backup:source": "x"}, created=1_700_000_000)

    shown = fsx_client(HOME).describe_backups(BackupIds=[backup])["Backups"][0]

    whole = fsx_client(HOME).describe_file_systems()["FileSystems"][0]
    assert shown["FileSystem"]["FileSystemId"] == whole["FileSystemId"] == file_system
    assert shown["FileSystem"]["StorageCapacity"] == whole["StorageCapacity"]
    assert shown["FileSystem"]["FileSystemType"] == kind
    assert shown["CreationTime"].timestamp() == 1_700_000_000
    assert shown["Tags"] == [{"Key": "aws:backup:source", "Value": "x"}]


def test_invalid_answer_raises(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    fsx_service.set_lifecycle(HOME, fsx_source, "ARCHIVING")

    with pytest.raises(AssertionError, match=r"'ARCHIVING' at 'backups\.1\.member\.lifecycle'"):
        fsx_client(HOME).describe_backups()


def test_unknown_id_fails_whole_call(fsx_client: Clients, fsx_source: str) -> None:
    assert refusal_code(fsx_client(HOME), BackupIds=[fsx_source, UNKNOWN]) == "BackupNotFound"
    assert refusal_code(fsx_client(AWAY), BackupIds=[fsx_source]) == "BackupNotFound"  # of another Region


def test_answer_can_omit_requested_ids(fsx_client: Clients, fsx_service: FsxService) -> None:
    seeded = seed_all(fsx_service)
    fsx_service.configure(ids_per_answer=5)

    answer = fsx_client(HOME).describe_backups(BackupIds=list(seeded.values()))

    assert len(ids(answer)) == 5
    assert "NextToken" in answer


def test_ids_override_filters(fsx_client: Clients, fsx_source: str) -> None:
    # botocore's service model, DescribeBackupsRequest$BackupIds: "This parameter value overrides any filters."
    filters = [by("backup-type", "USER_INITIATED")]

    assert ids(fsx_client(HOME).describe_backups(BackupIds=[fsx_source], Filters=filters)) == {fsx_source}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"BackupIds": [UNKNOWN], "MaxResults": 1}, "BadRequest"),
        ({"BackupIds": [UNKNOWN] * 51}, "ValidationException"),
        ({"MaxResults": 0}, "ValidationException"),
        ({"NextToken": "no base64"}, "ValidationException"),
        ({"NextToken": "AAAA"}, "BadRequest"),
        ({"Filters": [by("colour", "red")]}, "BadRequest"),
        ({"Filters": [by("file-cache-id", "fc-0123456789")]}, "BadRequest"),
        ({"Filters": [by("backup-type", "MANUAL BACKUP")]}, "ValidationException"),
        ({"Filters": [{}]}, "BadRequest"),
    ],
)
def test_wrong_requests_are_refused(fsx_client: Clients, request_: dict[str, Any], code: str) -> None:
    assert refusal_code(fsx_client(HOME), **request_) == code


def test_every_filter_must_match(fsx_client: Clients, fsx_service: FsxService) -> None:
    seeded = seed_all(fsx_service)
    filters = [by("file-system-type", "WINDOWS", "LUSTRE"), by("backup-type", "AUTOMATIC", "USER_INITIATED")]

    found = ids(fsx_client(HOME).describe_backups(Filters=filters))

    assert found == {seeded[kind, type_] for kind in ("WINDOWS", "LUSTRE") for type_ in ("AUTOMATIC", "USER_INITIATED")}


def test_filters_find_backups_by_file_system_and_volume(fsx_client: Clients, fsx_service: FsxService) -> None:
    seeded = seed_all(fsx_service)
    client = fsx_client(HOME)
    volume = client.describe_backups(BackupIds=[seeded["ONTAP", "AUTOMATIC"]])["Backups"][0]["Volume"]
    fsx_service.remove_file_system(HOME, volume["FileSystemId"])

    filters = [by("file-system-id", volume["FileSystemId"]), by("volume-id", volume["VolumeId"])]

    found = [ids(client.describe_backups(Filters=[one])) for one in filters]
    assert found == [{seeded["ONTAP", backup_type] for backup_type in TYPES}] * 2
    assert ids(client.describe_backups(Filters=[by("file-system-id", "fs-0123456789abcdef0")])) == set()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(1, 15), limit=st.integers(1, 15), types=st.sets(st.sampled_from(TYPES), min_size=1))
def test_pages_list_every_matching_backup_once(
    fsx_client: Clients, fsx_service: FsxService, size: int, limit: int, types: set[str]
) -> None:
    seeded = {view["id"]: view["type"] for view in fsx_service.backups(HOME)} or {
        backup: key[1] for key, backup in seed_all(fsx_service).items()
    }
    fsx_service.configure(page_size=limit)

    pages = all_pages(fsx_client(HOME), MaxResults=size, Filters=[by("backup-type", *types)])

    wanted = [backup for backup, backup_type in seeded.items() if backup_type in types]
    assert sorted(chain.from_iterable(pages)) == sorted(wanted)
    assert max(map(len, pages)) <= min(size, limit)


def test_deletions_between_pages_hide_no_backup(fsx_client: Clients, fsx_service: FsxService) -> None:
    seed_all(fsx_service)
    client = fsx_client(HOME)
    first = client.describe_backups(MaxResults=6)
    for backup in ids(first):
        fsx_service.remove_backup(HOME, backup)

    rest = client.describe_backups(MaxResults=6, NextToken=first["NextToken"])

    assert ids(rest) == {view["id"] for view in fsx_service.backups(HOME)}


def test_page_token_belongs_to_its_request(fsx_client: Clients, fsx_service: FsxService) -> None:
    seed_all(fsx_service)
    client = fsx_client(HOME)
    token = client.describe_backups(MaxResults=1)["NextToken"]

    assert refusal_code(client, NextToken=token, Filters=[by("backup-type", "AUTOMATIC")]) == "BadRequest"


@pytest.mark.parametrize("setting", ["shown_after_seconds", "listed_after_seconds"])
def test_new_copy_can_be_visible_late(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock, fsx_source: str, setting: str
) -> None:
    fsx_service.configure(**{setting: 5})
    client = fsx_client()
    made = client.copy_backup(SourceBackupId=fsx_source, SourceRegion=HOME)["Backup"]["BackupId"]

    listed = ids(client.describe_backups())
    if setting == "shown_after_seconds":
        assert refusal_code(client, BackupIds=[made]) == "BackupNotFound"
    else:
        assert ids(client.describe_backups(BackupIds=[made])) == {made}
    fsx_clock.sleep(5)

    assert listed == set()
    assert ids(client.describe_backups()) == ids(client.describe_backups(BackupIds=[made])) == {made}


def test_answers_can_be_in_random_order(fsx_client: Clients, fsx_service: FsxService) -> None:
    seeded = list(seed_all(fsx_service).values())
    client = fsx_client(HOME)

    def listings() -> list[list[str]]:
        fsx_service.configure(shuffle_seed=7)
        pages = [*all_pages(client), *all_pages(client)]
        return [*pages, [backup["BackupId"] for backup in client.describe_backups(BackupIds=seeded)["Backups"]]]

    first, second, by_id = listings()

    assert first != second
    assert sorted(first) == sorted(second) == sorted(by_id) == sorted(seeded)
    assert listings() == [first, second, by_id]


def test_file_systems_are_listed_by_id_and_by_page(fsx_client: Clients, fsx_service: FsxService) -> None:
    seeded = {fsx_service.seed_file_system(HOME, kind, tags={"a": "b"}) for kind in KINDS}
    client = fsx_client(HOME)

    first = client.describe_file_systems(MaxResults=3)
    rest = client.describe_file_systems(MaxResults=3, NextToken=first["NextToken"])
    one = client.describe_file_systems(FileSystemIds=[min(seeded)])

    assert {fs["FileSystemId"] for fs in first["FileSystems"] + rest["FileSystems"]} == seeded
    assert [fs["FileSystemId"] for fs in one["FileSystems"]] == [min(seeded)]


def test_volumes_are_listed_by_id_by_filter_and_by_page(fsx_client: Clients, fsx_service: FsxService) -> None:
    first, second = (fsx_service.seed_file_system(HOME, "ONTAP") for _ in range(2))
    client = fsx_client(HOME)

    page = client.describe_volumes(MaxResults=3)
    rest = client.describe_volumes(MaxResults=3, NextToken=page["NextToken"])
    of_second = client.describe_volumes(Filters=[{"Name": "file-system-id", "Values": [second]}])["Volumes"]
    [one] = client.describe_volumes(VolumeIds=[of_second[0]["VolumeId"]])["Volumes"]

    listed = [volume["FileSystemId"] for volume in page["Volumes"] + rest["Volumes"]]
    assert sorted(listed) == sorted([first, first, second, second])
    assert {volume["FileSystemId"] for volume in of_second} == {second}
    assert one == of_second[0]
    assert refusal_code(client, "describe_volumes", VolumeIds=["fsvol-0123456789abcdef0"]) == "VolumeNotFound"


def test_removed_file_system_leaves_its_backups(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    file_system = fsx_service.backup(HOME, fsx_source)["file_system_id"]
    fsx_service.remove_file_system(HOME, file_system)

    code = refusal_code(fsx_client(HOME), "describe_file_systems", FileSystemIds=[file_system])

    assert code == "FileSystemNotFound"
    assert ids(fsx_client(HOME).describe_backups()) == {fsx_source}
