"""The whole model is applied: types, lengths, enums and patterns."""

from typing import Any

import pytest

from simulator.fsx import model

BACKUP: dict[str, Any] = {
    "BackupId": "backup-0123456789abcdef0",
    "Lifecycle": "AVAILABLE",
    "Type": "USER_INITIATED",
    "CreationTime": 1_800_000_000.0,
    "FileSystem": {},
}
WRONG: dict[str, dict[str, Any]] = {
    "an unknown state": {"Lifecycle": "BANANA"},
    "an id in capitals": {"BackupId": "backup-0123456789ABCDEF0"},
    "an empty list of tags": {"Tags": []},
    "more than 100 per cent": {"ProgressPercent": 101},
    "a flag for a percentage": {"ProgressPercent": True},
    "a time as text": {"CreationTime": "2026-01-01"},
    "an unknown member": {"Colour": "red"},
    "a nested violation": {"FileSystem": {"SubnetIds": ["subnet-0b1c2d3e4f5a6b7c8", "subnet"]}},
}


def found(shape: str, value: object) -> list[str]:
    shapes = model.service_model()
    return [str(violation) for violation in model.violations(shapes.shape_for(shape), value, closed=True)]


def test_valid_answer_has_no_violations() -> None:
    assert found("Backup", BACKUP) == []


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_invalid_answer_has_violations(change: dict[str, Any]) -> None:
    assert found("Backup", BACKUP | change)


@pytest.mark.parametrize("missing", ["BackupId", "Lifecycle", "Type", "CreationTime", "FileSystem"])
def test_missing_member_is_a_violation(missing: str) -> None:
    assert len(found("Backup", {name: value for name, value in BACKUP.items() if name != missing})) == 1


def test_violation_has_aws_message() -> None:
    request = {"SourceBackupId": "backup-01234567", "Tags": [{"Key": "a", "Value": "100 %"}]}

    violations = [str(violation) for violation in model.request_violations("CopyBackup", request)]

    where = "Value '100 %' at 'tags.1.member.value' failed to satisfy constraint: "
    rule = "Member must satisfy regular expression pattern: ^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$"
    assert violations == [where + rule]


@pytest.mark.parametrize(
    ("shape", "text", "is_valid"),
    [
        ("ClientRequestToken", "with.dots-and_dashes", True),
        ("ClientRequestToken", "éplain", False),  # a pattern without ^ also applies to the whole text
        *(("TagValue", text, True) for text in ("Größe", "大阪", "Ⅷ", "٣", "a b", "a/b:c=d+e@f_g.h-i")),
        *(("TagValue", text, False) for text in ("a\tb", "a,b", "50%", "🙂", "a\n")),
    ],
)
def test_patterns_match_whole_text(shape: str, text: str, is_valid: bool) -> None:  # noqa: FBT001  # a table's column
    assert (found(shape, text) == []) is is_valid
