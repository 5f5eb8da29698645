"""DescribeBackups and DescribeFileSystems list what there is, by id, by filter and by page."""

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


def error_code(refusal: pytest.ExceptionInfo[ClientError]) -> str:
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
def test_a_seeded_backup_shows_its_file_system(fsx_client: Clients, fsx_service: FsxService, kind: str) -> None:
    file_system = fsx_service.seed_file_system(HOME, kind)
    backup = fsx_service.seed_backup(HOME, file_system, tags={"aws:backup:source": "x"}, created=1_700_000_000)

    shown = fsx_client(HOME).describe_backups(BackupIds=[backup])["Backups"][0]

    whole = fsx_client(HOME).describe_file_systems()["FileSystems"][0]
    assert shown["FileSystem"]["FileSystemId"] == whole["FileSystemId"] == file_system
    assert shown["FileSystem"]["StorageCapacity"] == whole["StorageCapacity"]
    assert shown["FileSystem"]["FileSystemType"] == kind
    assert shown["CreationTime"].timestamp() == 1_700_000_000
    assert shown["Tags"] == [{"Key": "aws:backup:source", "Value": "x"}]


@pytest.mark.parametrize("lifecycle", ["AVAILABLE", "CREATING", "TRANSFERRING", "DELETED", "FAILED", "PENDING"])
def test_a_backup_shows_the_state_it_was_put_in(fsx_client: Clients, fsx_service: FsxService, lifecycle: str) -> None:
    backup = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME))
    fsx_service.set_lifecycle(HOME, backup, lifecycle)

    assert fsx_client(HOME).describe_backups()["Backups"][0]["Lifecycle"] == lifecycle


def test_an_answer_that_breaks_the_model_does_not_pass_unnoticed(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str
) -> None:
    fsx_service.set_lifecycle(HOME, fsx_source, "ARCHIVING")

    with pytest.raises(AssertionError, match=r"'ARCHIVING' at 'backups\.1\.member\.lifecycle'"):
        fsx_client(HOME).describe_backups()


def test_one_unknown_id_fails_the_whole_call(fsx_client: Clients, fsx_source: str) -> None:
    with pytest.raises(ClientError) as refusal:
        fsx_client(HOME).describe_backups(BackupIds=[fsx_source, UNKNOWN])

    assert error_code(refusal) == "BackupNotFound"
    assert UNKNOWN in str(refusal.value)


def test_an_answer_may_leave_out_some_of_the_ids_that_were_asked_for(
    fsx_client: Clients, fsx_service: FsxService
) -> None:
    seeded = seed_all(fsx_service)
    fsx_service.configure(ids_per_answer=5)

    answer = fsx_client(HOME).describe_backups(BackupIds=list(seeded.values()))

    assert len(ids(answer)) == 5
    assert "NextToken" in answer


def test_a_backup_is_known_in_its_own_region_only(fsx_client: Clients, fsx_source: str) -> None:
    with pytest.raises(ClientError) as refusal:
        fsx_client(AWAY).describe_backups(BackupIds=[fsx_source])

    assert error_code(refusal) == "BackupNotFound"


def test_ids_overrule_filters(fsx_client: Clients, fsx_source: str) -> None:
    # botocore's service model, DescribeBackupsRequest$BackupIds: "This parameter value overrides any filters."
    filters = [by("backup-type", "USER_INITIATED")]

    assert ids(fsx_client(HOME).describe_backups(BackupIds=[fsx_source], Filters=filters)) == {fsx_source}


def test_ids_do_not_go_with_pages(fsx_client: Clients, fsx_source: str) -> None:
    with pytest.raises(ClientError) as refusal:
        fsx_client(HOME).describe_backups(BackupIds=[fsx_source], MaxResults=1)

    assert error_code(refusal) == "BadRequest"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"BackupIds": [UNKNOWN] * 51}, "ValidationException"),
        ({"MaxResults": 0}, "ValidationException"),
        ({"NextToken": "no base64"}, "ValidationException"),
        ({"NextToken": "AAAA"}, "BadRequest"),
        ({"Filters": [by("colour", "red")]}, "BadRequest"),
        ({"Filters": [by("file-cache-id", "fc-0123456789")]}, "BadRequest"),
        ({"Filters": [by("backup-type", "MANUAL BACKUP")]}, "ValidationException"),
    ],
)
def test_wrong_questions_are_refused(fsx_client: Clients, request_: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refusal:
        fsx_client(HOME).describe_backups(**request_)

    assert error_code(refusal) == code


def test_any_value_of_a_filter_and_every_filter_must_match(fsx_client: Clients, fsx_service: FsxService) -> None:
    seeded = seed_all(fsx_service)
    filters = [by("file-system-type", "WINDOWS", "LUSTRE"), by("backup-type", "AUTOMATIC", "USER_INITIATED")]

    found = ids(fsx_client(HOME).describe_backups(Filters=filters))

    wanted = [("WINDOWS", "AUTOMATIC"), ("WINDOWS", "USER_INITIATED"), ("LUSTRE", "AUTOMATIC")]
    assert found == {seeded[key] for key in [*wanted, ("LUSTRE", "USER_INITIATED")]}


def test_backups_are_found_by_file_system_and_by_volume(fsx_client: Clients, fsx_service: FsxService) -> None:
    seeded = seed_all(fsx_service)
    backup = fsx_client(HOME).describe_backups(BackupIds=[seeded["ONTAP", "AUTOMATIC"]])["Backups"][0]
    of_ontap = {seeded["ONTAP", backup_type] for backup_type in TYPES}

    by_file_system = by("file-system-id", backup["Volume"]["FileSystemId"])
    by_volume = by("volume-id", backup["Volume"]["VolumeId"])

    assert ids(fsx_client(HOME).describe_backups(Filters=[by_file_system])) == of_ontap
    assert ids(fsx_client(HOME).describe_backups(Filters=[by_volume])) == of_ontap


def test_the_backups_of_volumes_may_not_be_found_by_file_system(fsx_client: Clients, fsx_service: FsxService) -> None:
    # Reported in aws-cli#9771 (October 2025); works since November.
    seeded = seed_all(fsx_service)
    backup = fsx_client(HOME).describe_backups(BackupIds=[seeded["ONTAP", "AUTOMATIC"]])["Backups"][0]
    fsx_service.configure(volumes_found_by_file_system=False)

    by_file_system = by("file-system-id", backup["Volume"]["FileSystemId"])
    by_volume = by("volume-id", backup["Volume"]["VolumeId"])

    assert ids(fsx_client(HOME).describe_backups(Filters=[by_file_system])) == set()
    assert ids(fsx_client(HOME).describe_backups(Filters=[by_volume])) == {
        seeded["ONTAP", backup_type] for backup_type in TYPES
    }


def test_volumes_are_found_by_id_and_by_file_system_and_machine(fsx_client: Clients, fsx_service: FsxService) -> None:
    file_systems = [fsx_service.seed_file_system(HOME, "ONTAP") for _ in range(2)]
    more = fsx_service.seed_volume(HOME, file_systems[0], "vol2")
    client = fsx_client(HOME)

    first = client.describe_volumes(Filters=[by("file-system-id", file_systems[0])])["Volumes"]
    machine = first[0]["OntapConfiguration"]["StorageVirtualMachineId"]
    by_machine = client.describe_volumes(Filters=[by("storage-virtual-machine-id", machine)])["Volumes"]

    assert sorted(volume["Name"] for volume in first) == ["fsx_root", "vol1", "vol2"]
    assert by_machine == first
    assert [volume["Name"] for volume in client.describe_volumes(VolumeIds=[more])["Volumes"]] == ["vol2"]
    assert len(client.describe_volumes()["Volumes"]) == 5


def test_a_volume_that_is_gone_is_not_found_and_leaves_its_backups(
    fsx_client: Clients, fsx_service: FsxService
) -> None:
    file_system = fsx_service.seed_file_system(HOME, "ONTAP")
    volume = fsx_service.seed_volume(HOME, file_system, "vol2")
    backup = fsx_service.seed_backup(HOME, file_system, volume_id=volume)
    fsx_service.remove_file_system(HOME, file_system)

    with pytest.raises(ClientError) as refusal:
        fsx_client(HOME).describe_volumes(VolumeIds=[volume])

    assert error_code(refusal) == "VolumeNotFound"
    left = fsx_client(HOME).describe_backups(Filters=[by("volume-id", volume)])["Backups"]
    assert [(one["BackupId"], one["Volume"]["Lifecycle"]) for one in left] == [(backup, "DELETED")]


def test_a_file_system_that_never_was_has_no_backups(fsx_client: Clients, fsx_source: str) -> None:
    of_nobody = by("file-system-id", "fs-0123456789abcdef0")

    assert ids(fsx_client(HOME).describe_backups(Filters=[of_nobody])) == set()
    assert ids(fsx_client(HOME).describe_backups()) == {fsx_source}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(1, 15), limit=st.integers(1, 15), types=st.sets(st.sampled_from(TYPES), min_size=1))
def test_pages_hold_every_matching_backup_once(
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


def test_deletions_between_pages_hide_no_other_backup(fsx_client: Clients, fsx_service: FsxService) -> None:
    seed_all(fsx_service)
    client = fsx_client(HOME)
    first = client.describe_backups(MaxResults=6)
    for backup in ids(first):
        fsx_service.remove_backup(HOME, backup)

    rest = client.describe_backups(MaxResults=6, NextToken=first["NextToken"])

    assert ids(rest) == {view["id"] for view in fsx_service.backups(HOME)}


def test_a_page_token_belongs_to_its_question(fsx_client: Clients, fsx_service: FsxService) -> None:
    seed_all(fsx_service)
    token = fsx_client(HOME).describe_backups(MaxResults=1)["NextToken"]

    with pytest.raises(ClientError) as refusal:
        fsx_client(HOME).describe_backups(NextToken=token, Filters=[by("backup-type", "AUTOMATIC")])

    assert error_code(refusal) == "BadRequest"


def test_a_new_copy_may_stay_unknown_for_a_while(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock, fsx_source: str
) -> None:
    fsx_service.configure(shown_after_seconds=5)
    client = fsx_client()
    made = client.copy_backup(SourceBackupId=fsx_source, SourceRegion=HOME)["Backup"]["BackupId"]

    with pytest.raises(ClientError) as refusal:
        client.describe_backups(BackupIds=[made])
    fsx_clock.sleep(5)

    assert error_code(refusal) == "BackupNotFound"
    assert ids(client.describe_backups(BackupIds=[made])) == {made}


def test_a_new_copy_may_be_known_by_id_before_it_is_listed(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock, fsx_source: str
) -> None:
    fsx_service.configure(listed_after_seconds=5)
    client = fsx_client()
    made = client.copy_backup(SourceBackupId=fsx_source, SourceRegion=HOME)["Backup"]["BackupId"]

    seen = [ids(client.describe_backups(BackupIds=[made])), ids(client.describe_backups())]
    fsx_clock.sleep(5)

    assert seen == [{made}, set()]
    assert ids(client.describe_backups()) == {made}


def test_pages_may_be_short_or_empty_and_still_hold_every_backup_once(
    fsx_client: Clients, fsx_service: FsxService
) -> None:
    seeded = seed_all(fsx_service)
    fsx_service.configure(short_pages=True)

    pages = all_pages(fsx_client(HOME), MaxResults=10)

    assert [len(page) for page in pages] == [0, 5, 0, 5, 0, 2]
    assert sorted(chain.from_iterable(pages)) == sorted(seeded.values())


def test_with_short_pages_an_empty_listing_has_a_page_that_is_not_the_last(
    fsx_client: Clients, fsx_service: FsxService
) -> None:
    fsx_service.configure(short_pages=True)

    assert all_pages(fsx_client(HOME)) == [[], []]


def test_each_answer_may_be_in_an_order_of_its_own(fsx_client: Clients, fsx_service: FsxService) -> None:
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


def test_a_file_system_that_is_gone_is_not_found_and_leaves_its_backups(
    fsx_client: Clients, fsx_service: FsxService
) -> None:
    file_system = fsx_service.seed_file_system(HOME)
    backup = fsx_service.seed_backup(HOME, file_system)
    fsx_service.remove_file_system(HOME, file_system)

    with pytest.raises(ClientError) as refusal:
        fsx_client(HOME).describe_file_systems(FileSystemIds=[file_system])

    assert error_code(refusal) == "FileSystemNotFound"
    assert ids(fsx_client(HOME).describe_backups()) == {backup}
