"""The forecast in a preview: full and incremental copies of a DrRegion, and their size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest
from pulumi_fsx_dr.copies.copy import BACKUP_COPY_TYPE, DR_REGION_TYPE
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.program.forecast import forecast
from pulumi_fsx_dr.rules.copy_size import read_total
from pulumi_fsx_dr.rules.region_plan import PlannedCopy

from tests.backups import OTHER_FILE_SYSTEM, copy, hours_ago

if TYPE_CHECKING:
    from pulumi_fsx_dr.program.lookup import Lookup

HOME, AWAY = "eu-central-1", "eu-west-1"
KEY = f"arn:aws:kms:{AWAY}:111122223333:key/11111111-2222-3333-4444-555555555555"
OTHER_KEY = f"arn:aws:kms:{AWAY}:111122223333:key/66666666-7777-8888-9999-000000000000"


@dataclass
class Seen:
    """The view of a run: copies in the DR Region, the state, single backups, and keys behind aliases."""

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
    """Return backup `number` of the file system, made `number` hours ago, with 50 GB."""
    described = {"region": HOME, "source_backup_id": None, "creation_time": hours_ago(number), "type": "AUTOMATIC"}
    return copy(number, **{"id": f"backup-5{number:016x}", **described, **changes})


def new(number: int, **changes: Any) -> PlannedCopy:
    """Return a new copy of backup `number`."""
    return declared(backup(number, **changes))


def declared(source: Backup, state: StateCopy | None = None, **args: Any) -> PlannedCopy:
    return PlannedCopy(
        name=f"dr-{source.id}",
        args={"source_backup_id": source.id, "source_region": HOME, **args},
        state=state,
        backup=source,
    )


def entry(number: int, arn: str = KEY, **outputs: Any) -> StateCopy:
    """Return the copy of backup `number` in the state."""
    urn = f"urn:pulumi:prod::files::{DR_REGION_TYPE}${BACKUP_COPY_TYPE}::dr-{number}"
    known = {"region": AWAY, "kms_key_arn": arn, "source_creation_time": hours_ago(number).isoformat()}
    return StateCopy(urn, f"backup-c{number:016x}", {**known, **outputs})


def say(seen: Seen, kms_key_id: str | None, *copies: PlannedCopy) -> list[str]:
    return forecast(cast("Lookup", seen), AWAY, kms_key_id, copies).lines


def is_full(seen: Seen, kms_key_id: str | None, *copies: PlannedCopy) -> list[bool]:
    """Whether each new copy is full, newest first."""
    return ["full" in line for line in say(seen, kms_key_id, *copies)]


def test_forecast_newest_copy_is_full() -> None:
    lines = say(Seen(), KEY, new(2), new(1), new(3, file_system_id=OTHER_FILE_SYSTEM))

    assert [(line.partition(" ")[0], AWAY in line, "full" in line) for line in lines] == [
        (backup(number).id, True, is_full) for number, is_full in ((1, True), (2, False), (3, True))
    ]
    assert ["50 GB" in line for line in lines] == [True] * 3


def test_forecast_without_size_uses_capacity() -> None:
    """FSx API, FileSystem: StorageCapacity is in gibibytes."""
    (line,) = say(Seen(), KEY, new(1, size_in_bytes=None, file_system={"StorageCapacity": 1200}))

    assert "at most 1,200 GB" in line


def test_forecast_of_volume_has_unknown_size() -> None:
    (line,) = say(Seen(), KEY, new(1, size_in_bytes=None, volume_id="fsvol-0123456789abcdef0"))

    assert ("fsvol-0123456789abcdef0" in line, "GB" in line) == (True, False)


@pytest.mark.parametrize(
    ("there", "full"),
    [
        (copy(5, kms_key_arn=KEY), False),
        (copy(5, kms_key_arn=OTHER_KEY), True),
        (copy(5, kms_key_arn=KEY, lifecycle="COPYING"), True),
        (copy(5, kms_key_arn=KEY, file_system_id=OTHER_FILE_SYSTEM), True),
    ],
    ids=["same key", "other key", "still running", "other file system"],
)
def test_forecast_is_incremental_after_available_copy(there: Backup, full: bool) -> None:  # noqa: FBT001  # a parameter of the test
    assert is_full(Seen([there]), KEY, new(1)) == [full]


def test_forecast_resolves_key_alias() -> None:
    assert is_full(Seen([copy(5, kms_key_arn=KEY)], keys={"alias/dr": KEY}), "alias/dr", new(1)) == [False]


def test_forecast_without_kms_uses_key_in_state() -> None:
    there = [copy(5, kms_key_arn=KEY)]

    assert is_full(Seen(there, [entry(5, kms_key_id="alias/dr")]), "alias/dr", new(1)) == [False]
    assert is_full(Seen(there, [entry(5, kms_key_id="alias/another")]), "alias/dr", new(1)) == [True]


def test_forecast_without_key_uses_key_of_newest_copy() -> None:
    there = [copy(5, kms_key_arn=KEY)]

    assert is_full(Seen(there, [entry(5), entry(9, OTHER_KEY)]), None, new(1)) == [False]
    assert is_full(Seen(there, [entry(5, adopt_backup_id="backup-0123456789abcdef0")]), None, new(1)) == [True]
    assert is_full(Seen(there), None, new(1)) == [True]


@pytest.mark.parametrize("key", [OTHER_KEY, ""], ids=["known", "made in this run"])
def test_forecast_of_new_key_starts_with_full_copy(key: str) -> None:
    seen = Seen([copy(1, kms_key_arn=KEY), copy(2, kms_key_arn=KEY)], [entry(1), entry(2)])

    assert is_full(seen, key, declared(backup(1), entry(1)), declared(backup(2), entry(2))) == [True, False]


@pytest.mark.parametrize("kms_key_id", [None, KEY, KEY.rpartition("/")[2], "alias/unknown-to-kms"])
def test_forecast_ignores_unchanged_copies(kms_key_id: str | None) -> None:
    assert say(Seen([copy(1, kms_key_arn=KEY)]), kms_key_id, declared(backup(1), entry(1))) == []


def test_forecast_ignores_adopted_and_kept_copies() -> None:
    adopted = declared(backup(1), adopt_backup_id="backup-0123456789abcdef0")
    kept = declared(backup(2), entry(2), kms_key_id=KEY)

    assert say(Seen(), OTHER_KEY, adopted, kept) == []


def test_forecast_looks_up_backup_source() -> None:
    one = PlannedCopy(name="dr", args={"source_backup_id": backup(1).id, "source_region": HOME})

    assert is_full(Seen(backups={backup(1).id: backup(1)}), KEY, one) == [True]
    assert say(Seen(), KEY, one) == []


@pytest.mark.parametrize("sentence", ["eu-west-1: nothing to make.", "a copy is kept: daily 1 of 2."])
def test_read_total_ignores_other_messages(sentence: str) -> None:
    assert read_total(sentence) is None


def total(seen: Seen, *copies: PlannedCopy) -> str:
    (line,) = forecast(cast("Lookup", seen), AWAY, KEY, copies).total(seen.copies)
    return line


def test_total_counts_full_and_incremental_copies() -> None:
    line = total(
        Seen([copy(5, kms_key_arn=KEY)]), new(1), new(2), *(new(n, file_system_id=OTHER_FILE_SYSTEM) for n in (1, 2))
    )

    assert read_total(line) == (AWAY, 1)
    assert all(part in line for part in ("4 copies", "1 full and 3 incremental", "50 to 200 GB"))
    assert line.endswith("GB; 1 starts after the full copy.")


def test_total_counts_unknown_sizes() -> None:
    unknown = PlannedCopy(name="dr", args={"source_backup_id": backup(9).id, "source_region": HOME})
    without_size = new(1, size_in_bytes=None, volume_id="fsvol-0123456789abcdef0")

    line = total(Seen(), unknown, without_size)

    assert ("2 of unknown size" in line, "1 full and 0 incremental" in line, "GB" in line) == (True, True, False)


@pytest.mark.parametrize(("running", "waiting"), [(0, 1), (3, 4), (9, 6)])
def test_total_counts_running_copies_of_others(running: int, waiting: int) -> None:
    others = [copy(100 + n, lifecycle="COPYING", kms_key_arn=OTHER_KEY) for n in range(running)]

    line = total(Seen(others), *(new(n, file_system_id=f"fs-{n:017x}") for n in range(6)))

    assert f"GB; {waiting} wait" in line


def test_total_counts_waits_for_full_copy_of_volume() -> None:
    volumes = [new(n, volume_id="fsvol-0123456789abcdef0", file_system_id=None) for n in range(4)]

    assert total(Seen(), *volumes).endswith("GB; 3 start after the full copy.")


def test_total_counts_waits_for_full_copies_and_slots() -> None:
    several = [new(n, file_system_id=f"fs-{n % 6:017x}") for n in range(12)]

    assert total(Seen(), *several).endswith("GB; 6 start after the full copies; 1 waits for a copy slot.")


def test_total_is_empty_without_new_copies() -> None:
    assert forecast(cast("Lookup", Seen()), AWAY, KEY, []).total([]) == []
