"""A description that makes no sense hurts nothing but itself, and is never taken for a backup that is gone."""

import logging
from typing import Any

import pytest
from pulumi_fsx_dr.errors import ServiceError, TransientError

from tests.fsx.replaying import ReplayedRegion

ODD, SOUND = "backup-0123456789abcdef0", "backup-0fedcba9876543210"


def described(backup_id: str = SOUND, **changes: Any) -> dict[str, Any]:
    """Return a description; a member that is changed to None is absent."""
    members = {
        "BackupId": backup_id,
        "Lifecycle": "AVAILABLE",
        "Type": "USER_INITIATED",
        "CreationTime": 1656337394.675,
        "ResourceARN": f"arn:aws:fsx:eu-west-1:111122223333:backup/{backup_id}",
        "Tags": [{"Key": "team", "Value": "storage"}],
    }
    return {name: value for name, value in (members | changes).items() if value is not None}


def region(*backups: dict[str, Any] | None) -> ReplayedRegion:
    return ReplayedRegion({"Backups": backups}, name="eu-west-1")


@pytest.mark.parametrize("missing", ["CreationTime", "Lifecycle", "Type"])
def test_a_listing_leaves_an_odd_entry_out_names_it_and_goes_on(missing: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        listed = list(region(described(ODD, **{missing: None}), described()).backups())

    assert [backup.id for backup in listed] == [SOUND]
    assert "\n".join(caplog.messages) == (
        f"fsx:DescribeBackups in eu-west-1 describes {ODD} without {missing}, so nothing is done about it: "
        "look at it in the AWS console, and ask AWS Support."
    )


def test_an_entry_without_id_is_named_by_its_arn_if_it_has_one(caplog: pytest.LogCaptureFixture) -> None:
    nameless = described(ODD, BackupId=None)

    listed = list(region(nameless, nameless | {"ResourceARN": ""}, None, described()).backups())

    assert [backup.id for backup in listed] == [SOUND]
    assert [message.partition(" describes ")[2].partition(", so")[0] for message in caplog.messages] == [
        f"{ODD} without BackupId",
        "a backup without BackupId",
        "a backup in a way that makes no sense ('NoneType' object has no attribute 'get')",
    ]


def test_a_tag_without_value_is_empty_and_no_tags_are_none() -> None:
    with_tags = described(ODD, Tags=[{"Key": "team"}, {"Key": "tier", "Value": "gold"}])

    listed = list(region(with_tags, described(Tags=[])).backups())

    assert [backup.tags for backup in listed] == [{"team": "", "tier": "gold"}, {}]


def test_a_backup_without_an_arn_has_the_one_of_its_region_and_account() -> None:
    told = described(SOUND, ResourceARN=None, OwnerId="111122223333")

    (listed,) = ReplayedRegion({"Backups": [told]}, name="cn-north-1").backups()

    assert listed.arn == f"arn:aws-cn:fsx:cn-north-1:111122223333:backup/{SOUND}"


def test_a_lookup_of_an_odd_backup_is_an_error_that_names_it_and_never_gone() -> None:
    with pytest.raises(ServiceError, match=f"describes {ODD} without CreationTime, so nothing is done") as refusal:
        region(described(ODD, CreationTime=None)).find([ODD])

    assert not isinstance(refusal.value, TransientError)


def test_a_lookup_of_many_fails_for_the_odd_one_only() -> None:
    found = region(described(ODD, Lifecycle=None), described()).look_up([ODD, SOUND])

    assert isinstance(found[ODD], ServiceError)
    assert (getattr(found[SOUND], "id", None), len(found)) == (SOUND, 2)


def test_a_lookup_answered_without_an_id_may_be_of_any_and_so_finds_none_gone() -> None:
    nameless = described(ODD, BackupId=None, ResourceARN=None)

    with pytest.raises(ServiceError, match="describes a backup without BackupId"):
        region(nameless, described()).find([ODD, SOUND])


def test_an_answer_with_an_impossible_time_makes_no_sense_for_now() -> None:
    with pytest.raises(TransientError, match="fsx:DescribeBackups in eu-west-1 got an answer that makes no sense"):
        list(region(described(CreationTime="yesterday")).backups())
