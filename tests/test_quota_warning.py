"""A preview warns before new copies exceed the default quota of backups."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pytest
from pulumi_fsx_dr.program.quota import quota_warnings
from pulumi_fsx_dr.rules.region_plan import PlannedCopy
from pulumi_fsx_dr.runtime.listing import Listing

from tests.backups import copy

if TYPE_CHECKING:
    from pulumi_fsx_dr.program.lookup import Lookup

AWAY = "eu-west-1"


@dataclass
class Seen:
    """A DR Region with so many backups."""

    count: int

    def region(self, _name: str) -> "Seen":
        return self

    def listing(self) -> Listing:
        automatic = copy(9_999, type="AUTOMATIC")
        return Listing.of([automatic, *(copy(number, file_system_type="WINDOWS") for number in range(self.count))])


def planned(number: int, **args: str) -> PlannedCopy:
    backup = copy(number, source_backup_id=None, file_system_type="WINDOWS")
    return PlannedCopy(name=f"dr-{number}", args=args, backup=backup)


@pytest.mark.parametrize(
    ("present", "new", "warns"), [(498, 2, False), (499, 2, True), (500, 1, True), (501, 5, False), (500, 0, False)]
)
def test_preview_warns_where_new_copies_exceed_the_quota(present: int, new: int, *, warns: bool) -> None:
    copies = [planned(1, adopt_backup_id="backup-0123456789abcdef0"), *map(planned, range(new))]

    warnings = list(quota_warnings(cast("Lookup", Seen(present)), AWAY, copies))

    assert len(warnings) == warns
    assert all(AWAY in warning and "Windows backups" in warning for warning in warnings)
