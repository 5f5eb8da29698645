"""Check fills in defaults, and refuses what FSx would refuse."""

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
NOT_SHOWN = ""  # the engine shows the value of the argument that a refusal names, even if it is secret
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"


def unknown() -> Any:
    return Unknown()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped


def check(args: dict[str, Any], olds: dict[str, Any] | None = None) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    result = BackupCopyProvider().check(olds or {}, args)
    return result.inputs, [(failure.property, failure.reason) for failure in result.failures]


def refusal(**changes: Any) -> tuple[str, str]:
    """Return the one thing that is wrong."""
    (problem,) = check({**ARGS, **changes})[1]
    return problem


def test_defaults_are_filled_in() -> None:
    inputs, problems = check({"source_backup_id": SOURCE, "region": "eu-west-1", "kms_key_id": None})

    assert problems == []
    assert inputs == {
        "source_backup_id": SOURCE,
        "source_region": "eu-west-1",
        "region": "eu-west-1",
        "copy_tags": False,
        "tags": {},
    }


def test_the_region_is_the_given_one_before_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    provider.start(provider.new_runtime(Credentials(), "us-east-1"))

    assert check(ARGS, {"region": "us-east-2"})[0]["region"] == "eu-central-1"


def test_without_a_given_region_it_is_the_stack_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    provider.start(provider.new_runtime(Credentials(), "us-east-1"))

    assert check({"source_backup_id": SOURCE}, {"region": "us-east-2"})[0]["region"] == "us-east-1"


def test_without_a_stack_s_region_a_copy_stays_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    provider.start(provider.new_runtime(Credentials()))

    assert check({"source_backup_id": SOURCE}, {"region": "us-east-2"})[0]["region"] == "us-east-2"


def test_a_new_copy_without_any_other_word_goes_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    provider.start(provider.new_runtime(Credentials()))

    assert check({"source_backup_id": SOURCE})[0]["region"] == "us-west-2"


def test_no_region_anywhere_is_refused() -> None:
    provider.start(provider.new_runtime(Credentials()))

    _, problems = check({"source_backup_id": SOURCE})

    ways = "give it to the resource, or set aws:region for the stack or AWS_REGION in the environment"
    assert problems == [("region", f"region is required: {ways}.")]


def test_a_profile_that_does_not_exist_is_refused_in_one_line() -> None:
    provider.start(provider.new_runtime(Credentials(AwsSettings(profile="nobody"))))

    ((_, problem),) = check({"source_backup_id": SOURCE})[1]

    assert "nobody" in problem
    assert "\n" not in problem


def test_a_poll_interval_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_FSX_DR_POLL_SECONDS", "often")

    assert refusal() == (
        "", "PULUMI_FSX_DR_POLL_SECONDS is 'often': set it to a number of seconds, such as 15."
    )  # fmt: skip


@pytest.mark.parametrize("source", [None, "", "fs-0123456789abcdef0", "backup-0123", "backup-XYZ", 5.0, f"{SOURCE}\n"])
def test_a_source_that_is_no_backup_id_is_refused(source: Any) -> None:
    name, problem = refusal(source_backup_id=source)

    assert name == ("source_backup_id" if source in (None, "") else NOT_SHOWN)
    assert "source_backup_id" in problem


@pytest.mark.parametrize("region", ["europe", "eu-west", "EU-WEST-1", "xx-west-1", "eu-west-1a", 1.0])
@pytest.mark.parametrize("argument", ["region", "source_region"])
def test_a_region_that_does_not_exist_is_refused(argument: str, region: Any) -> None:
    name, problem = refusal(**{argument: region})

    assert name == NOT_SHOWN
    assert problem.startswith(f"{argument} is not the name of an AWS Region")


def test_a_region_that_botocore_has_not_heard_of_is_accepted() -> None:
    assert check({**ARGS, "region": "eu-central-9"})[1] == []


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_a_source_region_of_another_partition_is_refused(region: str) -> None:
    name, problem = refusal(source_region=region)

    assert name == NOT_SHOWN
    assert problem.endswith("FSx copies within a partition.")


@pytest.mark.parametrize(
    "key",
    [
        KEY,
        f"mrk-{KEY.replace('-', '')}",
        "alias/dr",
        "alias/aws/fsx",
        f"arn:aws:kms:eu-central-1:123456789012:key/{KEY}",
        "arn:aws:kms:eu-central-1:123456789012:alias/dr",
    ],
)
def test_a_key_may_be_written_in_four_ways(key: str) -> None:
    assert check({**ARGS, "kms_key_id": key})[1] == []


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("dr", "is not a KMS key"),
        ("alias/", "is not a KMS key"),
        (5.0, "is not a KMS key"),
        (f"arn:aws:kms:eu-west-1:123456789012:key/{KEY}", "kms_key_id names a key of another Region"),
        ("arn:aws:kms:eu-west-1:123456789012:alias/dr", "kms_key_id names a key of another Region"),
        (f"arn:aws-cn:kms:eu-central-1:123456789012:key/{KEY}", "kms_key_id names a key of another Region"),
    ],
)
def test_a_key_that_cannot_encrypt_the_copy_is_refused(key: Any, why: str) -> None:
    name, problem = refusal(kms_key_id=key)

    assert name == NOT_SHOWN
    assert why in problem


@pytest.mark.parametrize("key", ["aws:cloudformation:stack-name", "AWS:x", "fsx-dr:managed-by", "FSX-DR:x"])
def test_reserved_tag_keys_are_refused(key: str) -> None:
    name, problem = refusal(tags={key: "x"})

    assert name == NOT_SHOWN
    assert "which are reserved" in problem


def test_forty_nine_tags_leave_room_for_the_ownership_mark() -> None:
    assert check({**ARGS, "tags": {f"k{n}": "" for n in range(49)}})[1] == []
    assert "too many" in refusal(tags={f"k{n}": "" for n in range(50)})[1]


@pytest.mark.parametrize("value", [5.0, True, ["x"], {"x": "y"}, "x" * 257])
def test_tag_values_are_strings_of_at_most_256_characters(value: Any) -> None:
    name, problem = refusal(tags={"k": value})

    assert name == NOT_SHOWN
    assert "tag value" in problem
    assert str(value) not in problem


@pytest.mark.parametrize("value", ["team=storage", 5.0, ["a"]])
def test_tags_that_are_no_map_are_refused(value: Any) -> None:
    assert refusal(tags=value) == (NOT_SHOWN, f"tags must be a map of strings, not a {type(value).__name__}.")


@given(key=st.text(max_size=140), value=st.text(max_size=270))
@example(key="a\tb", value="")
@example(key="k", value="two\nlines")
@example(key="k", value="a\N{NO-BREAK SPACE}b")
@example(key="k", value="Jos\N{COMBINING ACUTE ACCENT}")
@example(key="k", value="\N{SUPERSCRIPT TWO}\N{ROMAN NUMERAL ONE}")
def test_no_other_tag_is_refused_than_the_api_would_refuse(key: str, value: str) -> None:
    request = {"ResourceARN": "arn:aws:fsx:::x", "Tags": [{"Key": key, "Value": value}]}
    refused = any("tags" in violation.path for violation in model.request_violations("TagResource", request))

    assert bool(tags.problems({key: value})) is (refused or tags.is_reserved(key))


@pytest.mark.parametrize("value", ["yes", 1.0, ["x"]])
def test_copy_tags_is_a_boolean(value: Any) -> None:
    assert refusal(copy_tags=value) == (NOT_SHOWN, f"copy_tags must be True or False, not a {type(value).__name__}.")


def test_the_source_cannot_be_adopted_as_its_own_copy() -> None:
    assert refusal(adopt_backup_id=SOURCE) == (
        NOT_SHOWN, "adopt_backup_id names the source itself: give the id of its copy."
    )  # fmt: skip


def test_an_adopted_id_must_be_a_backup_id() -> None:
    assert "adopt_backup_id" in refusal(adopt_backup_id="snap-0123456789abcdef0")[1]


def test_an_argument_nobody_knows_is_refused_by_name() -> None:
    assert refusal(kms_key="alias/dr") == (NOT_SHOWN, "BackupCopy has no argument kms_key.")


@pytest.mark.parametrize("name", ["source_backup_id", "source_region", "region", "kms_key_id", "copy_tags", "tags"])
def test_what_is_not_known_yet_is_taken_to_be_right(name: str) -> None:
    inputs, problems = check({**ARGS, name: unknown()})

    assert problems == []
    assert isinstance(inputs[name], Unknown)


def test_an_unknown_inside_the_tags_hides_no_other_mistake() -> None:
    assert "which are reserved" in refusal(tags={"team": unknown(), "aws:x": "y"})[1]
    assert check({**ARGS, "tags": {"team": unknown()}})[1] == []


@pytest.mark.parametrize("value", ["hunter22", "hunter22\n::error::x", ["hunter22"], {"hunter22": "hunter22!"}])
@pytest.mark.parametrize("argument", [*ARGUMENTS, "kms_key"])
def test_no_refusal_shows_a_value(argument: str, value: Any) -> None:
    _, problems = check({**ARGS, argument: value})

    assert "hunter22" not in str(problems)
    assert {name for name, _ in problems} <= {NOT_SHOWN}


def test_no_refusal_shows_part_of_a_tag_or_a_key() -> None:
    _, problems = check({
        **ARGS,
        "kms_key_id": "arn:aws:kms:eu-west-1:123456789012:alias/hunter22",
        "tags": {"aws:hunter22": "hunter22", "hunter22": "hunter22!", "hunter22s": ["hunter22"], "hunter22!": ""},
    })  # fmt: skip

    assert [name for name, _ in problems] == [NOT_SHOWN] * 5
    assert "hunter22" not in str(problems)


def test_every_mistake_is_told_at_once_in_one_line_each() -> None:
    _, problems = check({"source_backup_id": "x", "region": "y", "kms_key_id": "z"})

    assert [reason.split()[0] for _, reason in problems] == [
        "source_backup_id",
        "region",
        "source_region",
        "kms_key_id",
    ]
    assert not any("\n" in reason for _, reason in problems)
