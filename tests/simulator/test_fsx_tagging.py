"""Tags of backups and file systems are added, shown and removed."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.fsx import FsxService, ManualClock
from simulator.fsx.fixtures import AWAY, HOME, Clients

pytest_plugins = ["simulator.fsx.fixtures"]


def tag_list(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def arn_of(resource: str, account: str = "123456789012") -> str:
    return f"arn:aws:fsx:{HOME}:{account}:{resource}"


def refusal_code(client: Any, action: str, **request: Any) -> str:
    with pytest.raises(ClientError) as refusal:
        getattr(client, action)(**request)
    return refusal.value.response["Error"]["Code"]


def test_tags_are_added_changed_and_removed(fsx_client: Clients, fsx_source: str) -> None:
    client, arn = fsx_client(HOME), arn_of(f"backup/{fsx_source}")

    client.tag_resource(ResourceARN=arn, Tags=tag_list(a="1", b="2"))
    client.tag_resource(ResourceARN=arn, Tags=tag_list(b="3", c="4"))
    client.untag_resource(ResourceARN=arn, TagKeys=["a", "never there"])

    assert client.describe_backups()["Backups"][0]["Tags"] == tag_list(b="3", c="4")


def test_descriptions_can_show_tags_late(
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


def test_file_systems_have_tags(fsx_client: Clients, fsx_service: FsxService) -> None:
    arn = arn_of(f"file-system/{fsx_service.seed_file_system(HOME)}")

    fsx_client(HOME).tag_resource(ResourceARN=arn, Tags=tag_list(a="1"))

    assert fsx_client(HOME).describe_file_systems()["FileSystems"][0]["Tags"] == tag_list(a="1")


def test_more_than_fifty_tags_are_refused(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    fsx_service.set_tags(HOME, fsx_source, {f"k{n}": "" for n in range(49)} | {"aws:cloudformation:x": ""})
    client, arn = fsx_client(HOME), arn_of(f"backup/{fsx_source}")

    assert refusal_code(client, "tag_resource", ResourceARN=arn, Tags=tag_list(a="", b="")) == "BadRequest"
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

    assert refusal_code(fsx_client(HOME), action, ResourceARN=arn, **request_) == "BadRequest"


@pytest.mark.parametrize(
    ("region", "arn", "code"),
    [
        (HOME, arn_of("backup/backup-0123456789abcdef0"), "ResourceNotFound"),
        (AWAY, arn_of("backup/SOURCE"), "ResourceNotFound"),
        (HOME, arn_of("backup/SOURCE", account="210987654321"), "ResourceNotFound"),
        (HOME, arn_of("task/task-0123456789abcdef0"), "NotServiceResourceError"),
        (HOME, "arn:aws:s3:::bucket", "ValidationException"),
    ],
)
def test_tagging_refuses_other_resources(
    fsx_client: Clients, fsx_source: str, region: str, arn: str, code: str
) -> None:
    arn = arn.replace("SOURCE", fsx_source)

    assert refusal_code(fsx_client(region), "tag_resource", ResourceARN=arn, Tags=tag_list(a="1")) == code
