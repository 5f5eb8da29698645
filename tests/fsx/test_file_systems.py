"""The listing of file systems with their tags: all pages, or an error (R16)."""

import boto3
import pytest
from pulumi_fsx_dr.errors import TransientError
from pulumi_fsx_dr.fsx.client import FsxRegion

from simulator.fsx import FsxService, ManualClock, in_process
from tests.cli.world import Prepared
from tests.fsx.replaying import ReplayedRegion
from tests.fsx.test_recordings import recordings

HOME = "eu-central-1"


@pytest.fixture
def service() -> FsxService:
    return FsxService(ManualClock(), page_size=1)


@pytest.fixture
def region(service: FsxService) -> FsxRegion:
    session = boto3.Session("made-up", "made-up")
    in_process(session, service)
    return FsxRegion(HOME, Prepared(made=session), impatient=True)


def test_every_page_is_asked_for(service: FsxService, region: FsxRegion) -> None:
    names = {service.seed_file_system(HOME, tags={"n": str(n)}): {"n": str(n)} for n in range(3)}

    assert region.file_systems() == names


def test_a_listing_that_breaks_off_on_its_second_page_is_an_error_and_no_short_listing(
    service: FsxService, region: FsxRegion
) -> None:
    for _ in range(3):
        service.seed_file_system(HOME)
    region.account()  # so that there is a client

    def throttle(**_event: object) -> None:
        service.add_fault("throttled", "DescribeFileSystems")

    region._fsx.meta.events.register("after-call.fsx.DescribeFileSystems", throttle)  # noqa: SLF001  # between two pages

    with pytest.raises(TransientError, match="DescribeFileSystems in eu-central-1 answered Throttling"):
        region.file_systems()


@pytest.mark.parametrize("file", recordings("DescribeFileSystems"))
def test_recorded_listings_tell_the_tags_of_each_file_system(file: str) -> None:
    """AWS tells them in the listing itself, so that no further permission and no further call is needed."""
    found = ReplayedRegion.of(file).file_systems()

    assert all(tags and "Name" in tags for tags in found.values())


def test_a_file_system_of_which_no_tags_are_told_is_not_one_without_tags() -> None:
    listed = {"FileSystems": [{"FileSystemId": "fs-0123456789abcdef0"}, {"FileSystemId": "fs-1", "Tags": []}]}

    assert ReplayedRegion(listed).file_systems() == {"fs-0123456789abcdef0": None, "fs-1": {}}
