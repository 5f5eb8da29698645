"""Check adds defaults and refuses what FSx would refuse; messages show no values."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pulumi.output import Unknown
from pulumi_fsx_dr import provider
from pulumi_fsx_dr.copies import tags
from pulumi_fsx_dr.copies.arguments import ARGUMENTS
from pulumi_fsx_dr.fsx.aws_settings import AwsSettings
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.provider import BackupCopyProvider

from simulator.fsx import model

SOURCE = "backup-0123456789abcdef0"
ARGS = {"source_backup_id": SOURCE, "source_region": "eu-west-1", "region": "eu-central-1"}
NOT_SHOWN = ""  # the engine shows the value of the property that a failure names, even a secret one
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:eu-central-1:123456789012:key/{KEY}"
ALIAS_ARN = "arn:aws:kms:eu-central-1:123456789012:alias/dr"


def unknown() -> Any:
    return Unknown()  # type: ignore[no-untyped-call]  # the SDK has no types


def check(args: dict[str, Any], olds: dict[str, Any] | None = None) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    result = BackupCopyProvider().check(olds or {}, args)
    return result.inputs, [(failure.property, failure.reason) for failure in result.failures]


def refusal(**changes: Any) -> str:
    """Return the only problem, which must not repeat the value."""
    ((name, reason),) = check({**ARGS, **changes})[1]
    assert name == NOT_SHOWN
    return reason


def test_check_fills_in_defaults() -> None:
    inputs, problems = check({"source_backup_id": SOURCE, "region": "eu-west-1", "kms_key_id": None})

    assert problems == []
    assert inputs == {
        "source_backup_id": SOURCE,
        "source_region": "eu-west-1",
        "region": "eu-west-1",
        "copy_tags": False,
        "tags": {},
        "deletion_protection": False,
    }


@pytest.mark.parametrize(
    ("given_region", "stack_region", "old_region", "region"),
    [
        ("eu-central-1", "us-east-1", "us-east-2", "eu-central-1"),
        (None, "us-east-1", "us-east-2", "us-east-1"),
        (None, None, "us-east-2", "us-east-2"),
        (None, None, None, "us-west-2"),
    ],
    ids=["resource", "stack", "state", "environment"],
)
def test_check_chooses_region_by_precedence(
    monkeypatch: pytest.MonkeyPatch,
    given_region: str | None,
    stack_region: str | None,
    old_region: str | None,
    region: str,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    provider.start(provider.new_runtime(Credentials(), stack_region))

    olds = {"region": old_region} if old_region else {}
    assert check({"source_backup_id": SOURCE, "region": given_region}, olds)[0]["region"] == region


def test_check_requires_region() -> None:
    provider.start(provider.new_runtime(Credentials()))

    ((name, reason),) = check({"source_backup_id": SOURCE})[1]

    assert (name, "AWS_REGION" in reason) == ("region", True)


def test_check_refuses_missing_profile() -> None:
    provider.start(provider.new_runtime(Credentials(AwsSettings(profile="nobody"))))

    ((_, reason),) = check({"source_backup_id": SOURCE})[1]

    assert "nobody" in reason
    assert "\n" not in reason


def test_check_refuses_invalid_poll_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_FSX_DR_POLL_SECONDS", "often")

    assert "PULUMI_FSX_DR_POLL_SECONDS" in refusal()


@pytest.mark.parametrize("source", [None, ""])
def test_check_requires_source_backup(source: str | None) -> None:
    assert [name for name, _ in check({**ARGS, "source_backup_id": source})[1]] == ["source_backup_id"]


@pytest.mark.parametrize(
    ("argument", "values"),
    [
        ("source_backup_id", ["fs-0123456789abcdef0", "backup-0123", "backup-XYZ", 5.0, f"{SOURCE}\n"]),
        ("region", ["europe", "eu-west", "EU-WEST-1", "xx-west-1", "eu-west-1a", 1.0]),
        ("source_region", ["europe", "eu-west", "EU-WEST-1", "xx-west-1", "eu-west-1a", 1.0]),
        ("source_region", ["cn-north-1", "us-gov-west-1"]),  # of another partition
        ("kms_key_id", ["dr", "alias/", 5.0]),
        ("kms_key_id", [KEY_ARN.replace("central", "west"), ALIAS_ARN.replace("central", "west")]),
        ("kms_key_id", [KEY_ARN.replace("arn:aws", "arn:aws-cn")]),
        ("copy_tags", ["yes", 1.0, ["x"]]),
        ("adopt_backup_id", [SOURCE, "snap-0123456789abcdef0"]),  # SOURCE is not a copy of itself
        ("kms_key", ["alias/dr"]),  # not an argument
        ("tags", ["team=storage", 5.0, ["a"]]),
        ("tag", [{"aws:cloudformation:stack-name": "x"}, {"AWS:x": "x"}]),
        ("tag", [{"fsx-dr:managed-by": "x"}, {"FSX-DR:x": "x"}]),
        ("tag", [{"k": value} for value in (5.0, True, ["x"], {"x": "y"}, "x" * 257)]),
        ("tags", [{f"k{number}": "" for number in range(50)}]),
    ],
)
def test_check_refuses_wrong_value(argument: str, values: list[Any]) -> None:
    for value in values:
        reason = refusal(**{"tags" if argument == "tag" else argument: value})
        assert argument in reason
        assert "\n" not in reason


@pytest.mark.parametrize(
    "args",
    [
        *({"kms_key_id": key} for key in (KEY, f"mrk-{KEY.replace('-', '')}", "alias/dr", "alias/aws/fsx")),
        *({"kms_key_id": key} for key in (KEY_ARN, ALIAS_ARN)),
        {"tags": {f"k{number}": "" for number in range(49)}},
        {"tags": {"team": unknown()}},
    ],
)
def test_check_accepts_valid_value(args: dict[str, Any]) -> None:
    assert check({**ARGS, **args})[1] == []


@given(key=st.text(max_size=140), value=st.text(max_size=270))
@example(key="a\tb", value="")
@example(key="k", value="two\nlines")
@example(key="k", value="a\N{NO-BREAK SPACE}b")
@example(key="k", value="Jos\N{COMBINING ACUTE ACCENT}")
@example(key="k", value="\N{SUPERSCRIPT TWO}\N{ROMAN NUMERAL ONE}")
def test_check_refuses_same_tags_as_api(key: str, value: str) -> None:
    request = {"ResourceARN": "arn:aws:fsx:::x", "Tags": [{"Key": key, "Value": value}]}
    refused = any("tags" in violation.path for violation in model.request_violations("TagResource", request))

    assert bool(tags.problems({key: value})) is (refused or tags.is_reserved(key))


@pytest.mark.parametrize("name", ["source_backup_id", "source_region", "region", "kms_key_id", "copy_tags", "tags"])
def test_check_accepts_unknown_value(name: str) -> None:
    inputs, problems = check({**ARGS, name: unknown()})

    assert problems == []
    assert isinstance(inputs[name], Unknown)


def test_check_refuses_wrong_tag_next_to_unknown_one() -> None:
    assert "aws:" in refusal(tags={"team": unknown(), "aws:x": "y"})


@pytest.mark.parametrize("value", ["hunter22", "hunter22\n::error::x", ["hunter22"], {"hunter22": "hunter22!"}])
@pytest.mark.parametrize("argument", [*ARGUMENTS, "kms_key"])
def test_check_hides_values(argument: str, value: Any) -> None:
    _, problems = check({**ARGS, argument: value})

    assert "hunter22" not in str(problems)
    assert {name for name, _ in problems} <= {NOT_SHOWN}


def test_check_hides_parts_of_tags_and_keys() -> None:
    tags = {"aws:hunter22": "hunter22", "hunter22": "hunter22!", "hunter22s": ["hunter22"], "hunter22!": ""}

    _, problems = check({**ARGS, "kms_key_id": "arn:aws:kms:eu-west-1:123456789012:alias/hunter22", "tags": tags})

    assert [name for name, _ in problems] == [NOT_SHOWN] * 5
    assert "hunter22" not in str(problems)


def test_check_reports_all_mistakes() -> None:
    _, problems = check({"source_backup_id": "x", "region": "y", "kms_key_id": "z"})

    arguments = ["source_backup_id", "region", "source_region", "kms_key_id"]
    assert [reason.split()[0] for _, reason in problems] == arguments
    assert not any("\n" in reason for _, reason in problems)
