"""What a preview says of the copies that a DrRegion is going to make: in full or not, and how many GB."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest
from pulumi_fsx_dr.copies.copy import BACKUP_COPY_TYPE, DR_REGION_TYPE
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.program.forecast import forecast
from pulumi_fsx_dr.rules.copy_size import read_forecast
from pulumi_fsx_dr.rules.region_plan import PlannedCopy

from tests.backups import FILE_SYSTEM, OTHER_FILE_SYSTEM, copy, hours_ago

if TYPE_CHECKING:
    from pulumi_fsx_dr.program.lookup import Lookup

HOME, AWAY = "eu-central-1", "eu-west-1"
KEY = f"arn:aws:kms:{AWAY}:111122223333:key/11111111-2222-3333-4444-555555555555"
OTHER_KEY = f"arn:aws:kms:{AWAY}:111122223333:key/66666666-7777-8888-9999-000000000000"


@dataclass
class Seen:
    """What a run sees: copies in the DR Region, its state, single backups, and the keys behind aliases."""

    copies: Sequence[Backup] = ()
    state: Sequence[StateCopy] = ()
    backups: Mapping[str, Backup] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)

    def copies_in(self, _region: str) -> Sequence[Backup]:
        return self.copies

    def backup(self, backup_id: str, _region: str) -> Backup | None:
        return self.backups.get(backup_id)

    def resolved_key(self, _region: str, kms_key_id: str) -> str:
        return self.keys.get(kms_key_id, kms_key_id)


def backup(number: int, **changes: Any) -> Backup:
    """Return the file system's backup `number`, made so many hours ago, of 50 GB."""
    described = {"region": HOME, "source_backup_id": None, "creation_time": hours_ago(number), "type": "AUTOMATIC"}
    return copy(number, **{"id": f"backup-5{number:016x}", **described, **changes})


def new(number: int, **changes: Any) -> PlannedCopy:
    """Return a copy that is to be made of backup `number`."""
    return declared(backup(number, **changes))


def declared(source: Backup, state: StateCopy | None = None, **args: Any) -> PlannedCopy:
    return PlannedCopy(
        name=f"dr-{source.id}",
        args={"source_backup_id": source.id, "source_region": HOME, **args},
        state=state,
        backup=source,
    )


def entry(number: int, arn: str = KEY, **outputs: Any) -> StateCopy:
    """Return the copy of backup `number` as the state has it."""
    urn = f"urn:pulumi:prod::files::{DR_REGION_TYPE}${BACKUP_COPY_TYPE}::dr-{number}"
    known = {"region": AWAY, "kms_key_arn": arn, "source_creation_time": hours_ago(number).isoformat()}
    return StateCopy(urn, f"backup-c{number:016x}", {**known, **outputs})


def say(seen: Seen, kms_key_id: str | None, *copies: PlannedCopy) -> list[str]:
    return forecast(cast("Lookup", seen), AWAY, kms_key_id, copies)


def is_full(seen: Seen, kms_key_id: str | None, *copies: PlannedCopy) -> list[bool]:
    """Tell of each copy that is made, newest first, whether it is full."""
    return [told[2] for line in say(seen, kms_key_id, *copies) if (told := read_forecast(line))]


def test_the_newest_of_a_file_system_under_a_key_is_full_and_the_others_are_incremental() -> None:
    assert say(Seen(), KEY, new(2), new(1), new(3, file_system_id=OTHER_FILE_SYSTEM)) == [
        (
            f"backup-50000000000000001 is copied into {AWAY}: full because it is the first of {FILE_SYSTEM} under this "
            "key in this Region, 50.0 GB."
        ),
        f"backup-50000000000000002 is copied into {AWAY}: incremental, at most 50.0 GB.",
        (
            f"backup-50000000000000003 is copied into {AWAY}: full because it is the first of {OTHER_FILE_SYSTEM} "
            "under this key in this Region, 50.0 GB."
        ),
    ]


def test_where_fsx_tells_no_size_the_capacity_of_the_file_system_is_the_most_it_can_be() -> None:
    """FSx API, FileSystem: StorageCapacity is in gibibytes."""
    (line,) = say(Seen(), KEY, new(1, size_in_bytes=None, file_system={"StorageCapacity": 1200}))

    assert line.endswith("in this Region, at most 1200.0 GB.")


def test_of_an_ontap_volume_without_a_size_nothing_tells_how_much_it_is() -> None:
    (line,) = say(Seen(), KEY, new(1, size_in_bytes=None, volume_id="fsvol-0123456789abcdef0"))

    assert line.endswith("the first of fsvol-0123456789abcdef0 under this key in this Region, of unknown size.")


@pytest.mark.parametrize(
    ("there", "full"),
    [
        (copy(5, kms_key_arn=KEY), False),
        (copy(5, kms_key_arn=OTHER_KEY), True),
        (copy(5, kms_key_arn=KEY, lifecycle="COPYING"), True),
        (copy(5, kms_key_arn=KEY, file_system_id=OTHER_FILE_SYSTEM), True),
    ],
    ids=["the same key", "another key", "still running", "of another file system"],
)
def test_a_copy_is_incremental_behind_an_available_one_under_the_same_key(there: Backup, full: bool) -> None:  # noqa: FBT001  # pytest names it
    assert is_full(Seen([there]), KEY, new(1)) == [full]


def test_a_key_behind_an_alias_is_looked_up() -> None:
    assert is_full(Seen([copy(5, kms_key_arn=KEY)], keys={"alias/dr": KEY}), "alias/dr", new(1)) == [False]


def test_without_permission_for_kms_a_key_is_the_one_that_copies_of_that_name_have() -> None:
    there = [copy(5, kms_key_arn=KEY)]

    assert is_full(Seen(there, [entry(5, kms_key_id="alias/dr")]), "alias/dr", new(1)) == [False]
    assert is_full(Seen(there, [entry(5, kms_key_id="alias/another")]), "alias/dr", new(1)) == [True]


def test_the_key_that_fsx_manages_is_the_one_that_the_newest_copy_without_a_key_has() -> None:
    there = [copy(5, kms_key_arn=KEY)]

    assert is_full(Seen(there, [entry(5), entry(9, OTHER_KEY)]), None, new(1)) == [False]
    assert is_full(Seen(there, [entry(5, adopt_backup_id="backup-0123456789abcdef0")]), None, new(1)) == [True]
    assert is_full(Seen(there), None, new(1)) == [True]


def test_another_key_copies_anew_what_is_there_the_newest_in_full() -> None:
    seen = Seen([copy(1, kms_key_arn=KEY), copy(2, kms_key_arn=KEY)])

    assert is_full(seen, OTHER_KEY, declared(backup(1), entry(1)), declared(backup(2), entry(2))) == [True, False]


def test_a_key_that_is_made_in_this_run_is_another_one() -> None:
    seen = Seen([copy(1, kms_key_arn=KEY), copy(2, kms_key_arn=KEY)], [entry(1), entry(2)])

    assert is_full(seen, "", declared(backup(1), entry(1)), declared(backup(2), entry(2))) == [True, False]


@pytest.mark.parametrize("kms_key_id", [None, KEY, KEY.rpartition("/")[2], "alias/that-kms-does-not-tell"])
def test_what_stays_is_not_copied(kms_key_id: str | None) -> None:
    assert say(Seen([copy(1, kms_key_arn=KEY)]), kms_key_id, declared(backup(1), entry(1))) == []


def test_neither_is_what_is_adopted_or_keeps_its_key_because_its_source_is_gone() -> None:
    adopted = declared(backup(1), adopt_backup_id="backup-0123456789abcdef0")
    kept = declared(backup(2), entry(2), kms_key_id=KEY)

    assert say(Seen(), OTHER_KEY, adopted, kept) == []


def test_a_source_that_is_one_backup_is_looked_up_and_nothing_is_said_if_its_region_does_not_tell() -> None:
    one = PlannedCopy(name="dr", args={"source_backup_id": backup(1).id, "source_region": HOME})

    assert is_full(Seen(backups={backup(1).id: backup(1)}), KEY, one) == [True]
    assert say(Seen(), KEY, one) == []


@pytest.mark.parametrize(
    "sentence", ["backup-0123456789abcdef0 is copied into eu-west-1.", "a copy is kept: daily 1 of 2."]
)
def test_other_sentences_are_no_forecasts(sentence: str) -> None:
    assert read_forecast(sentence) is None
