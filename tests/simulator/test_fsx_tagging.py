"""Tags of backups and file systems are read, added and removed by ARN."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.fsx import FsxService, ManualClock
from simulator.fsx.fixtures import AWAY, HOME, Clients

pytest_plugins = ["simulator.fsx.fixtures"]


def tag_list(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def arn_of(resource: str, region: str = HOME, account: str = "123456789012") -> str:
    return f"arn:aws:fsx:{region}:{account}:{resource}"


def refused(client: Any, action: str, **request: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as refusal:
        getattr(client, action)(**request)
    return {**refusal.value.response, **refusal.value.response["Error"]}


def test_tags_are_added_changed_and_removed(fsx_client: Clients, fsx_source: str) -> None:
    client, arn = fsx_client(HOME), arn_of(f"backup/{fsx_source}")

    client.tag_resource(ResourceARN=arn, Tags=tag_list(a="1", b="2"))
    client.tag_resource(ResourceARN=arn, Tags=tag_list(b="3", c="4"))
    client.untag_resource(ResourceARN=arn, TagKeys=["a", "never there"])

    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == tag_list(b="3", c="4")
    assert client.describe_backups()["Backups"][0]["Tags"] == tag_list(b="3", c="4")


def test_a_change_of_tags_may_show_late_in_descriptions(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock, fsx_source: str
) -> None:
    fsx_service.set_tags(HOME, fsx_source, {"a": "1", "b": "2"})
    fsx_service.configure(tags_shown_after_seconds=3)
    client, arn = fsx_client(HOME), arn_of(f"backup/{fsx_source}")
    client.tag_resource(ResourceARN=arn, Tags=tag_list(c="3"))
    client.untag_resource(ResourceARN=arn, TagKeys=["a"])

    meanwhile = client.describe_backups()["Backups"][0]["Tags"]
    fsx_clock.sleep(3)

    assert meanwhile == tag_list(a="1", b="2")
    assert client.describe_backups()["Backups"][0]["Tags"] == tag_list(b="2", c="3")


def test_file_systems_have_tags_too(fsx_client: Clients, fsx_service: FsxService) -> None:
    arn = arn_of(f"file-system/{fsx_service.seed_file_system(HOME)}")

    fsx_client(HOME).tag_resource(ResourceARN=arn, Tags=tag_list(a="1"))

    assert fsx_client(HOME).describe_file_systems()["FileSystems"][0]["Tags"] == tag_list(a="1")


def test_an_untagged_backup_has_an_empty_list_of_tags(fsx_client: Clients, fsx_source: str) -> None:
    answer = fsx_client(HOME).list_tags_for_resource(ResourceARN=arn_of(f"backup/{fsx_source}"))

    assert answer["Tags"] == []


def test_tags_come_in_pages(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    fsx_service.set_tags(HOME, fsx_source, {"a": "1", "b": "2", "c": "3"})
    client, arn = fsx_client(HOME), arn_of(f"backup/{fsx_source}")

    first = client.list_tags_for_resource(ResourceARN=arn, MaxResults=2)
    rest = client.list_tags_for_resource(ResourceARN=arn, MaxResults=2, NextToken=first["NextToken"])

    assert first["Tags"] + rest["Tags"] == tag_list(a="1", b="2", c="3")


def test_more_than_fifty_tags_are_refused_and_none_is_added(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str
) -> None:
    fsx_service.set_tags(HOME, fsx_source, {f"k{n}": "" for n in range(49)} | {"aws:cloudformation:x": ""})
    client, arn = fsx_client(HOME), arn_of(f"backup/{fsx_source}")

    assert refused(client, "tag_resource", ResourceARN=arn, Tags=tag_list(a="", b=""))["Code"] == "BadRequest"
    client.tag_resource(ResourceARN=arn, Tags=tag_list(a=""))

    assert len(fsx_service.backup(HOME, fsx_source)["tags"]) == 51


@pytest.mark.parametrize(
    ("action", "request_"),
    [
        ("tag_resource", {"Tags": [{"Key": "aws:mine", "Value": ""}]}),
        ("tag_resource", {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}),
        ("untag_resource", {"TagKeys": ["aws:mine"]}),
    ],
)
def test_reserved_and_repeated_keys_are_refused(
    fsx_client: Clients, fsx_source: str, action: str, request_: dict[str, Any]
) -> None:
    arn = arn_of(f"backup/{fsx_source}")

    assert refused(fsx_client(HOME), action, ResourceARN=arn, **request_)["Code"] == "BadRequest"


@pytest.mark.parametrize("region", [HOME, AWAY])
def test_a_resource_that_does_not_exist_here_is_not_found(fsx_client: Clients, region: str) -> None:
    arn = arn_of("backup/backup-0123456789abcdef0")

    refusal = refused(fsx_client(region), "list_tags_for_resource", ResourceARN=arn)

    assert (refusal["Code"], refusal["ResourceARN"]) == ("ResourceNotFound", arn)


def test_a_resource_of_another_account_is_not_found(fsx_client: Clients, fsx_source: str) -> None:
    arn = arn_of(f"backup/{fsx_source}", account="210987654321")

    assert refused(fsx_client(HOME), "list_tags_for_resource", ResourceARN=arn)["Code"] == "ResourceNotFound"


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        (arn_of("task/task-0123456789abcdef0"), "NotServiceResourceError"),
        ("arn:aws:s3:::bucket", "ValidationException"),
    ],
)
def test_what_is_no_backup_and_no_file_system_is_refused(fsx_client: Clients, arn: str, code: str) -> None:
    assert refused(fsx_client(HOME), "list_tags_for_resource", ResourceARN=arn)["Code"] == code
