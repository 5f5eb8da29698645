"""The table of `aws:` settings is complete; wrong values are refused, and messages never repeat the value."""

import inspect
import json
from typing import Any

import botocore.session
import pulumi_aws
import pytest
from pulumi_aws.config import outputs
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.aws_settings import REFUSED, AwsSettings
from pulumi_fsx_dr.fsx.credentials import Credentials

from tests.reference_pages import aws_settings

ROLE = "arn:aws:iam::111122223333:role/dr"
POLICY = '{"Version": "2012-10-17", "Statement": []}'
ARN = "arn:aws:iam::aws:policy/ReadOnlyAccess"
SECRET = "hunter2hunter2"
# Each field of a role, an example value, and the parameters of the STS request.
ROLE_FIELDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "roleArn": (ROLE, {}),
    "sessionName": ("night-run", {"RoleSessionName": "night-run"}),
    "policy": (POLICY, {"Policy": POLICY}),
    "policyArns": ([ARN], {"PolicyArns": [{"arn": ARN}]}),
    "duration": ("1h30m", {"DurationSeconds": 5400}),
    "externalId": (12345, {"ExternalId": "12345"}),  # as `pulumi config set --path` stores it
    "sourceIdentity": ("ci", {"SourceIdentity": "ci"}),
    "tags": ({"cost": 7}, {"Tags": [{"Key": "cost", "Value": "7"}]}),
    "transitiveTagKeys": (["team"], {"TransitiveTagKeys": ["team"]}),
}


def read(**settings: Any) -> AwsSettings:
    return AwsSettings.read({f"aws:{name}": value for name, value in settings.items()}.get)


def refusal(**settings: Any) -> str:
    """Return why these settings are refused."""
    with pytest.raises(InvalidSettingsError) as refused:
        read(**settings)
    assert refused.value.__cause__ is None
    return str(refused.value)


def public_names(type_: Any) -> set[str]:
    """Return the field names of an object in the configuration of pulumi-aws."""
    words = (name.split("_") for name in inspect.signature(type_.__init__).parameters if not name.startswith("__"))
    return {first + "".join(word.capitalize() for word in rest) for first, *rest in words}


def test_settings_table_has_every_setting_of_pulumi_aws() -> None:
    names = [name for name, _, _ in aws_settings()]

    assert len(names) == len(set(names))
    assert set(names) == {f"aws:{name}" for name in public_names(pulumi_aws.ProviderArgs)}


def test_role_fields_match_pulumi_aws() -> None:
    shape: Any = botocore.session.Session().get_service_model("sts").operation_model("AssumeRole").input_shape

    assert ROLE_FIELDS.keys() == public_names(outputs.AssumeRoles)
    assert {member for _, members in ROLE_FIELDS.values() for member in members} <= set(shape.members)


@pytest.mark.parametrize("name", ROLE_FIELDS)
def test_role_field_is_sent_to_sts(name: str) -> None:
    value, members = ROLE_FIELDS[name]

    (role,) = read(assumeRoles=json.dumps([{"roleArn": ROLE, name: value}])).assume_roles or ()

    assert role.arn == ROLE
    assert role.request == {"RoleSessionName": "pulumi-fsx-dr"} | members


@pytest.mark.parametrize("name", ["assumeRoles", "assumeRole"])
def test_single_role_may_be_an_object(name: str) -> None:
    (role,) = read(**{name: json.dumps({"roleArn": ROLE, "sessionName": ""})}).assume_roles or ()

    assert (role.arn, role.request) == (ROLE, {"RoleSessionName": "pulumi-fsx-dr"})


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("15m", 900), ("12h", 43200), ("3600s", 3600), ("1h0m30.9s", 3630), ("3600000ms", 3600), (".5h", 1800)],
)
def test_duration_follows_go_syntax(duration: str, seconds: int) -> None:
    (role,) = read(assumeRoles=[{"roleArn": ROLE, "duration": duration}]).assume_roles or ()

    assert role.request["DurationSeconds"] == seconds


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("duration", each) for each in ["14m59s", "12h1s", "1 h", "3600", 3600, "1d", "-1h", "one hour"]),
        ("policy", "Allow all"),
        ("policy", {"Statement": []}),
        ("policyArns", ARN),
        ("policyArns", [["a"]]),
        ("tags", ["team"]),
        ("tags", {"team": True}),
        ("transitiveTagKeys", {"team": "storage"}),
        ("externalId", 1.5),
        ("durationSeconds", 3600),
    ],
)
def test_wrong_role_field_is_refused(field: str, value: Any) -> None:
    said = refusal(assumeRoles=json.dumps([{"roleArn": ROLE}, {"roleArn": ROLE, field: value}]))

    assert "aws:assumeRoles[1]" in said
    assert field in said


@pytest.mark.parametrize("roles", ["[]x", '"a"', "a", "[1]", '[{"arn": "a"}]', "{}", "5"])
def test_roles_of_another_type_are_refused(roles: str) -> None:
    assert refusal(assumeRoles=roles).startswith("aws:assumeRoles must be ")


@pytest.mark.parametrize("ids", ['["12"]', '["11112222333a"]', "[5555]", "111122223333", '{"a": 1}', "[true]", "[x"])
@pytest.mark.parametrize("name", ["allowedAccountIds", "forbiddenAccountIds"])
def test_wrong_account_ids_are_refused(name: str, ids: str) -> None:
    assert f"aws:{name}" in refusal(**{name: ids})


def test_account_id_may_be_number() -> None:
    """`pulumi config set --path` stores a number."""
    assert read(allowedAccountIds="[444455556666]").allowed_account_ids == frozenset({"444455556666"})


@pytest.mark.parametrize(
    "url", ["fsx.example.com", "ftp://fsx.example.com", "https://", "https://user:x@example.com", 5]
)
def test_endpoint_that_is_not_a_url_is_refused(url: Any) -> None:
    assert "aws:endpoints" in refusal(endpoints=[{"fsx": url}])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            (name, f'["{file}"]')
            for name in ("sharedConfigFiles", "sharedCredentialsFiles")
            for file in ("/none", __file__ + '", "/b')
        ),
        ("customCaBundle", "/none"),
        ("customCaBundle", "/"),
    ],
)
def test_missing_file_is_refused(name: str, value: str) -> None:
    """A second file is also refused, because botocore reads only one."""
    assert f"aws:{name}" in refusal(**{name: value})


@pytest.mark.parametrize("name", REFUSED)
def test_unsupported_setting_is_refused(name: str) -> None:
    assert f"aws:{name}" in refusal(**{name: True})
    assert read(**{name: "false"}) == AwsSettings()


@pytest.mark.parametrize("given", [{"accessKey": "AKIA"}, {"secretKey": "s"}, {"secretKey": "", "accessKey": ""}])
def test_incomplete_access_key_is_refused(given: dict[str, Any]) -> None:
    assert "aws:secretKey" in refusal(token="t", **given)


@pytest.mark.parametrize(("value", "flag"), [("true", True), (True, True), ("False", False), (False, False)])
def test_flag_is_read(value: Any, *, flag: bool) -> None:
    """False is a value too: it overrides the environment."""
    assert read(useFipsEndpoint=value).session_variables == {"use_fips_endpoint": flag}


def test_empty_settings_are_ignored() -> None:
    names = [name.removeprefix("aws:") for name, _, _ in aws_settings()]

    assert read(**dict.fromkeys(names, "")) == read(assumeRoles=[], endpoints={}) == AwsSettings()


SECRETS: list[dict[str, Any]] = [
    {"secretKey": SECRET, "accessKey": "AKIA"},
    {"token": SECRET, "accessKey": "AKIA", "secretKey": "s"},
    *(
        {"assumeRoles": json.dumps([{"roleArn": ROLE, **each}])}
        for each in (
            {"policy": f'{{"Sid": "{SECRET}"}}'},
            {"externalId": SECRET},
            {"tags": {"t": SECRET}},
            {"sourceIdentity": SECRET},
        )
    ),
]
WRONG: list[dict[str, Any]] = [
    {"secretKey": SECRET},
    {"assumeRoles": SECRET},
    *({"assumeRoles": json.dumps([{"roleArn": ROLE, name: SECRET}])} for name in ("duration", "policy", "policyArns")),
    {"endpoints": json.dumps([{"fsx": f"https://u:{SECRET}@fsx.example.com"}])},
    {"endpoints": SECRET},
    {"httpsProxy": f"http://u:{SECRET}@proxy"},
    {"allowedAccountIds": SECRET},
    {"forbiddenAccountIds": json.dumps([SECRET])},
    {"sharedCredentialsFiles": json.dumps([SECRET])},
    {"customCaBundle": SECRET},
    {"useFipsEndpoint": SECRET},
    {"skipMetadataApiCheck": SECRET},
]


@pytest.mark.parametrize("settings", SECRETS, ids=str)
def test_repr_hides_secrets(settings: dict[str, Any]) -> None:
    found = read(**settings)

    assert SECRET not in repr(found) + repr(found.assume_roles) + repr(Credentials(found))


@pytest.mark.parametrize("settings", WRONG, ids=str)
def test_refusal_hides_value(settings: dict[str, Any]) -> None:
    said = refusal(**settings)

    assert said.startswith(f"aws:{next(iter(settings))}") or "secretKey" in settings
    assert SECRET not in said
