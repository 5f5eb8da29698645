"""Whose credentials are used, and where AWS is: the stack's `aws:` settings mean what they mean to pulumi-aws.

Names and types of the settings are those of pulumi-aws's own SDK, members of requests those of botocore's STS model,
hosts those of https://docs.aws.amazon.com/general/latest/gr/sts.html.
"""

import inspect
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import botocore.session
import pulumi_aws
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from pulumi_aws.config import outputs
from pulumi_fsx_dr.errors import CredentialsError, FsxDrError, InvalidSettingsError, UnreachableError
from pulumi_fsx_dr.fsx.backup import CopyRequest
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials, default_region

BASE = {"aws:accessKey": "AKIABASE", "aws:secretKey": "base-secret"}
ROLE = "arn:aws:iam::111122223333:role/dr"
HUB = "arn:aws:iam::444455556666:role/hub"
POLICY = '{"Version": "2012-10-17", "Statement": []}'
POLICY_ARNS = ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::111122223333:policy/dr"]
ONE_TRY = Config(retries={"total_max_attempts": 1})
COPY = CopyRequest(source_backup_id="backup-0123456789abcdef0", source_region="eu-central-1", token="t", tags={})

# Each field of a role, a value of it, and what STS is asked.
COMMON: dict[str, tuple[Any, dict[str, str]]] = {
    "roleArn": (ROLE, {"RoleArn": ROLE}),
    "sessionName": ("night-run", {"RoleSessionName": "night-run"}),
    "policy": (POLICY, {"Policy": POLICY}),
    "policyArns": (
        POLICY_ARNS,
        {"PolicyArns.member.1.arn": POLICY_ARNS[0], "PolicyArns.member.2.arn": POLICY_ARNS[1]},
    ),
    "duration": ("1h30m", {"DurationSeconds": "5400"}),
}
OF_A_ROLE: dict[str, tuple[Any, dict[str, str]]] = {
    **COMMON,
    "externalId": ("partner-7", {"ExternalId": "partner-7"}),
    "sourceIdentity": ("ci", {"SourceIdentity": "ci"}),
    "tags": (
        {"team": "storage", "cost": "7"},
        {
            "Tags.member.1.Key": "team",
            "Tags.member.1.Value": "storage",
            "Tags.member.2.Key": "cost",
            "Tags.member.2.Value": "7",
        },
    ),
    "transitiveTagKeys": (["team"], {"TransitiveTagKeys.member.1": "team"}),
}
OF_A_WEB_IDENTITY: dict[str, tuple[Any, dict[str, str]]] = {
    **COMMON,
    "webIdentityToken": ("eyJ0.made.up", {"WebIdentityToken": "eyJ0.made.up"}),
    "webIdentityTokenFile": ("token-file", {"WebIdentityToken": "eyJ0.of.a.file"}),
}


@dataclass(frozen=True)
class Call:
    """One request as it would leave this machine."""

    action: str
    host: str
    parameters: dict[str, str]
    signed_by: str
    """The access key and the Region of the signature, or nothing."""


@dataclass
class World:
    """AWS as far as these tests need it: it answers each call, and keeps what was asked."""

    account: str = "111122223333"
    dark: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)

    def credentials(self, **settings: Any) -> Credentials:
        """Return the credentials of a stack with these settings, whose calls end here."""
        given = {f"aws:{name}": value for name, value in settings.items()}

        class Routed(Credentials):
            def session(routed) -> boto3.Session:  # noqa: N805  # self is the world
                session = super().session()
                handler: Any = self._answer
                for service in ("fsx", "kms", "sts"):
                    session.events.register_first(f"before-send.{service}", handler)
                return session

        return Routed.from_config({**BASE, **given}.get)

    def region(self, name: str = "eu-west-1", **settings: Any) -> FsxRegion:
        return FsxRegion(name, self.credentials(**settings), impatient=True)

    def asked(self, action: str) -> Call:
        (call,) = (call for call in self.calls if call.action == action)
        return call

    def _answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        host = str(urlsplit(request.url).hostname)
        if host in self.dark:
            raise EndpointConnectionError(endpoint_url=request.url)
        target = _text(request.headers.get("X-Amz-Target", "")).rpartition(".")[2]
        parameters = {} if target else dict(parse_qsl(_text(request.body)))
        action = target or parameters.pop("Action")
        scope = _text(request.headers.get("Authorization", "")).partition("Credential=")[2].split("/")
        self.calls.append(Call(action, host, parameters, f"{scope[0]} {scope[2]}" if len(scope) > 1 else ""))
        body = "{}" if target else self._xml(action, parameters)
        if action == "DescribeBackups":
            body = '{"Backups": []}'
        headers: Any = HeadersDict()
        return AWSResponse(request.url, 200, headers, _Raw(body))

    def _xml(self, action: str, parameters: dict[str, str]) -> str:
        role = parameters.get("RoleArn", "").rpartition("/")[2].upper()
        credentials = (
            f"<Credentials><AccessKeyId>ASIA{role}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
            "<SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>"
        )
        found = f"<Account>{self.account}</Account>" if action == "GetCallerIdentity" else credentials
        return f"<{action}Response><{action}Result>{found}</{action}Result></{action}Response>"


class _Raw:
    def __init__(self, body: str) -> None:
        self._body = body.encode()

    def stream(self, **_: Any) -> list[bytes]:
        return [self._body]


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""


@pytest.fixture
def world() -> World:
    """Return an AWS that answers."""
    return World()


def documented(type_: Any) -> set[str]:
    """Return the names that pulumi-aws's SDK gives the fields of an object of its configuration."""
    words = (name.split("_") for name in inspect.signature(type_.__init__).parameters if not name.startswith("__"))
    return {first + "".join(word.capitalize() for word in rest) for first, *rest in words}


def members(operation: str) -> set[str]:
    """Return the members of a request to STS, from botocore's service model."""
    shape: Any = botocore.session.Session().get_service_model("sts").operation_model(operation).input_shape
    return set(shape.members)


# Roles


def test_every_field_of_a_role_that_pulumi_aws_documents_is_specified_here() -> None:
    assert set(OF_A_ROLE) == documented(outputs.AssumeRoles)
    assert set(OF_A_WEB_IDENTITY) == documented(outputs.AssumeRoleWithWebIdentity)
    assert {name.partition(".")[0] for _, asked in OF_A_ROLE.values() for name in asked} <= members("AssumeRole")
    assert {name.partition(".")[0] for _, asked in OF_A_WEB_IDENTITY.values() for name in asked} <= members(
        "AssumeRoleWithWebIdentity"
    )


@pytest.mark.parametrize("name", OF_A_ROLE)
def test_each_field_of_a_role_reaches_sts(world: World, name: str) -> None:
    value, asked = OF_A_ROLE[name]

    world.region(assumeRoles=json.dumps([{"roleArn": ROLE, name: value}])).find([COPY.source_backup_id])

    assert world.asked("AssumeRole").parameters.items() >= asked.items()
    assert world.asked("DescribeBackups").signed_by == "ASIADR eu-west-1"


@pytest.mark.parametrize("name", OF_A_WEB_IDENTITY)
def test_each_field_of_a_web_identity_reaches_sts(world: World, name: str, tmp_path: Path) -> None:
    (tmp_path / "token-file").write_text("eyJ0.of.a.file\n")
    value, asked = OF_A_WEB_IDENTITY[name]
    role = {"roleArn": ROLE, name: str(tmp_path / "token-file") if name == "webIdentityTokenFile" else value}
    token = {} if name.startswith("webIdentity") else {"webIdentityToken": "eyJ0.made.up"}

    world.region(assumeRoleWithWebIdentity=json.dumps(role | token)).find([COPY.source_backup_id])

    assert world.asked("AssumeRoleWithWebIdentity").parameters.items() >= asked.items()
    assert world.asked("AssumeRoleWithWebIdentity").signed_by == ""
    assert world.asked("DescribeBackups").signed_by == "ASIADR eu-west-1"


def test_a_role_without_a_session_name_has_this_package_s(world: World) -> None:
    world.region(assumeRoles=[{"roleArn": ROLE, "sessionName": ""}]).find([COPY.source_backup_id])

    assert world.asked("AssumeRole").parameters["RoleSessionName"] == "pulumi-fsx-dr"


@pytest.mark.parametrize("setting", ["assumeRoles", "assumeRole"])
def test_one_role_need_not_be_in_a_list(world: World, setting: str) -> None:
    world.region(**{setting: json.dumps({"roleArn": ROLE})}).find([COPY.source_backup_id])

    assert world.asked("AssumeRole").parameters["RoleArn"] == ROLE


def test_roles_are_assumed_one_after_the_other_the_web_identity_s_first(world: World) -> None:
    identity = {"roleArn": "arn:aws:iam::444455556666:role/ci", "webIdentityToken": "eyJ0.made.up"}

    world.region(
        assumeRoles=json.dumps([{"roleArn": HUB}, {"roleArn": ROLE}]), assumeRoleWithWebIdentity=json.dumps(identity)
    ).find([COPY.source_backup_id])

    assert [(call.action, call.signed_by.split(" ")[0]) for call in world.calls] == [
        ("AssumeRoleWithWebIdentity", ""),
        ("AssumeRole", "ASIACI"),
        ("AssumeRole", "ASIAHUB"),
        ("DescribeBackups", "ASIADR"),
    ]


def test_an_external_id_that_pulumi_config_set_has_made_a_number_of_is_a_text_again(world: World) -> None:
    world.region(assumeRoles=json.dumps([{"roleArn": ROLE, "externalId": 12345}])).find([COPY.source_backup_id])

    assert world.asked("AssumeRole").parameters["ExternalId"] == "12345"


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("15m", "900"),
        ("12h", "43200"),
        ("3600s", "3600"),
        ("1h0m30.9s", "3630"),
        ("3600000ms", "3600"),
        (".5h", "1800"),
    ],
)
def test_a_duration_is_written_as_in_go(world: World, duration: str, seconds: str) -> None:
    world.region(assumeRoles=[{"roleArn": ROLE, "duration": duration}]).find([COPY.source_backup_id])

    assert world.asked("AssumeRole").parameters["DurationSeconds"] == seconds


@pytest.mark.parametrize(
    ("field_", "value", "reason"),
    [
        *(
            ("duration", duration, "is not a duration between 15m and 12h, such as 1h30m")
            for duration in ["14m59s", "12h1s", "1 h", "3600", 3600, "1d", "-1h", "one hour"]
        ),
        ("policy", "Allow all", "is not an IAM policy as JSON text"),
        ("policy", {"Statement": []}, "is not a text"),
        ("policyArns", "arn:aws:iam::aws:policy/ReadOnlyAccess", "is not valid JSON"),
        ("policyArns", [["a"]], "is not a text"),
        ("tags", ["team"], "is not an object of texts"),
        ("tags", {"team": True}, "is not a text"),
        ("transitiveTagKeys", {"team": "storage"}, "is not a list of texts"),
        ("externalId", 1.5, "is not a text"),
    ],
)
def test_a_field_that_sts_could_not_use_is_refused_by_name(field_: str, value: Any, reason: str) -> None:
    roles = [{"roleArn": HUB}, {"roleArn": ROLE, field_: value}]

    with pytest.raises(InvalidSettingsError) as refused:
        World().credentials(assumeRoles=json.dumps(roles))

    assert str(refused.value) == f"aws:assumeRoles[1].{field_} {reason}: correct it in the stack's configuration."


def test_a_field_that_pulumi_aws_does_not_know_is_refused_by_name() -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        World().credentials(assumeRoles=[{"roleArn": ROLE, "durationSeconds": 3600}])

    assert str(refused.value) == (
        "aws:assumeRoles[0].durationSeconds is not known to pulumi-aws, which knows duration, externalId, policy, "
        "policyArns, roleArn, sessionName, sourceIdentity, tags, transitiveTagKeys: correct it."
    )


@pytest.mark.parametrize("tokens", [{}, {"webIdentityToken": "a.b.c", "webIdentityTokenFile": "/token"}])
def test_a_web_identity_has_one_token(tokens: dict[str, str]) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        World().credentials(assumeRoleWithWebIdentity=json.dumps({"roleArn": ROLE, **tokens}))

    assert str(refused.value) == (
        "aws:assumeRoleWithWebIdentity needs either webIdentityToken or webIdentityTokenFile: set one."
    )


@pytest.mark.parametrize("setting", ["[]x", '"a"', "[1]", '{"webIdentityToken": "a"}'])
def test_a_web_identity_that_cannot_be_read_is_refused(setting: str) -> None:
    with pytest.raises(InvalidSettingsError, match=r"^aws:assumeRoleWithWebIdentity is not "):
        World().credentials(assumeRoleWithWebIdentity=setting)


def test_a_token_file_is_read_again_once_credentials_have_run_out(world: World, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("eyJ0.first")
    credentials = world.credentials(assumeRoleWithWebIdentity={"roleArn": ROLE, "webIdentityTokenFile": str(token)})
    FsxRegion("eu-west-1", credentials).find([COPY.source_backup_id])

    token.write_text("eyJ0.second")
    credentials.forget()
    FsxRegion("eu-west-1", credentials).find([COPY.source_backup_id])

    tokens = [call.parameters["WebIdentityToken"] for call in world.calls if "WebIdentityToken" in call.parameters]
    assert tokens == ["eyJ0.first", "eyJ0.second"]


def test_a_token_file_that_is_not_there_is_one_sentence(world: World) -> None:
    region = world.region(assumeRoleWithWebIdentity={"roleArn": ROLE, "webIdentityTokenFile": "/nonexistent"})

    with pytest.raises(CredentialsError) as failure:
        region.find([COPY.source_backup_id])

    assert str(failure.value) == (
        "There are no AWS credentials for fsx:DescribeBackups in eu-west-1 (Error when retrieving credentials from "
        "aws:assumeRoleWithWebIdentity: FileNotFoundError): set a profile or environment variables."
    )


def test_a_role_with_nothing_to_assume_it_with_is_one_sentence(world: World) -> None:
    region = world.region(accessKey=None, secretKey=None, assumeRoles=[{"roleArn": ROLE}])

    with pytest.raises(CredentialsError, match=r"^There are no AWS credentials for fsx:DescribeBackups in eu-west-1 "):
        region.find([COPY.source_backup_id])


# Accounts


@pytest.mark.parametrize(
    ("setting", "ids"),
    [
        ("allowedAccountIds", '["444455556666", "777788889999"]'),
        ("allowedAccountIds", "[444455556666]"),  # as `pulumi config set --path` writes it
        ("forbiddenAccountIds", '["111122223333"]'),
    ],
)
def test_another_account_is_refused_before_anything_is_changed(world: World, setting: str, ids: str) -> None:
    region = world.region(**{setting: ids})

    for change in (lambda: region.copy(COPY), lambda: region.delete("backup-0123456789abcdef0")):
        with pytest.raises(CredentialsError) as refused:
            change()
        assert str(refused.value) == (
            f"The AWS credentials are of account 111122223333, which aws:{setting} rules out: "
            "use those of another account."
        )

    assert [call.action for call in world.calls] == ["GetCallerIdentity"]


def test_the_account_asked_for_is_that_of_the_last_role(world: World) -> None:
    world.region(allowedAccountIds=["111122223333"], assumeRoles=[{"roleArn": ROLE}]).find([COPY.source_backup_id])

    assert world.asked("GetCallerIdentity").signed_by == "ASIADR eu-west-1"


def test_the_account_is_asked_for_once_with_the_first_call_and_only_if_the_stack_limits_it(world: World) -> None:
    credentials = world.credentials(allowedAccountIds=["111122223333"], forbiddenAccountIds=["444455556666"])
    assert world.calls == []

    for name in ("eu-west-1", "eu-central-1", "eu-west-1"):
        FsxRegion(name, credentials).find([COPY.source_backup_id])
    world.region().find([COPY.source_backup_id])

    assert [call.action for call in world.calls] == ["GetCallerIdentity", *["DescribeBackups"] * 4]


def test_credentials_that_were_renewed_are_asked_for_their_account_again(world: World) -> None:
    credentials = world.credentials(allowedAccountIds=["111122223333"])
    FsxRegion("eu-west-1", credentials).find([COPY.source_backup_id])

    world.account = "444455556666"
    credentials.forget()

    with pytest.raises(CredentialsError, match="are of account 444455556666"):
        FsxRegion("eu-west-1", credentials).find([COPY.source_backup_id])


@pytest.mark.parametrize("ids", ['["12"]', '["11112222333a"]', "[5555]", "111122223333", '{"a": 1}', "[true]", "[x"])
@pytest.mark.parametrize("setting", ["allowedAccountIds", "forbiddenAccountIds"])
def test_account_ids_that_cannot_be_meant_are_refused(setting: str, ids: str) -> None:
    with pytest.raises(InvalidSettingsError, match=rf"^aws:{setting} is not .*: correct it in the stack's config"):
        World().credentials(**{setting: ids})


# STS


STS = {
    "eu-west-1": "sts.eu-west-1.amazonaws.com",
    "us-east-1": "sts.us-east-1.amazonaws.com",
    "cn-north-1": "sts.cn-north-1.amazonaws.com.cn",
    "us-gov-west-1": "sts.us-gov-west-1.amazonaws.com",
}


@pytest.mark.parametrize("former", ["", "legacy"])
@pytest.mark.parametrize("region", STS)
def test_sts_is_the_region_s_own_and_signed_for_it(
    world: World, region: str, former: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", former)

    world.region(region, assumeRoles=[{"roleArn": HUB}, {"roleArn": ROLE}]).account()

    assert [(call.action, call.host, call.signed_by) for call in world.calls] == [
        ("AssumeRole", STS[region], f"AKIABASE {region}"),
        ("AssumeRole", STS[region], f"ASIAHUB {region}"),
        ("GetCallerIdentity", STS[region], f"ASIADR {region}"),
    ]


@pytest.mark.parametrize("region", STS)
def test_a_web_identity_goes_to_the_region_s_own_sts(world: World, region: str) -> None:
    world.region(region, assumeRoleWithWebIdentity={"roleArn": ROLE, "webIdentityToken": "a.b.c"}).account()

    assert world.asked("AssumeRoleWithWebIdentity").host == STS[region]


@pytest.mark.parametrize("region", STS)
def test_a_profile_s_own_role_is_assumed_in_the_region_s_own_sts(world: World, region: str, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        f"[profile dr]\nrole_arn = {ROLE}\nsource_profile = base\nregion = us-west-2\n"
        "[profile base]\naws_access_key_id = AKIAOFTHEFILE\naws_secret_access_key = s\n"
    )
    files = json.dumps([str(config)])

    world.region(region, accessKey=None, secretKey=None, profile="dr", sharedConfigFiles=files).account()

    assert [(call.action, call.host, call.signed_by) for call in world.calls] == [
        ("AssumeRole", STS[region], f"AKIAOFTHEFILE {region}"),
        ("GetCallerIdentity", STS[region], f"ASIADR {region}"),
    ]


def test_the_stack_s_sts_region_goes_before_the_region_s_own(world: World) -> None:
    world.region(assumeRoles=[{"roleArn": ROLE}], stsRegion="eu-north-1").account()

    assert [(call.action, call.host, call.signed_by) for call in world.calls] == [
        ("AssumeRole", "sts.eu-north-1.amazonaws.com", "AKIABASE eu-north-1"),
        ("GetCallerIdentity", "sts.eu-north-1.amazonaws.com", "ASIADR eu-north-1"),
    ]


def test_a_dark_region_s_sts_is_no_trouble_of_another_region(world: World) -> None:
    world.dark = {"sts.eu-central-1.amazonaws.com"}
    credentials = world.credentials(assumeRoles=[{"roleArn": ROLE}])

    with pytest.raises(UnreachableError):
        FsxRegion("eu-central-1", credentials, impatient=True).find([COPY.source_backup_id])

    assert FsxRegion("eu-west-1", credentials).find([COPY.source_backup_id]) == {}


# Where AWS is


def test_endpoints_of_the_stack_are_those_that_are_called(world: World) -> None:
    endpoints = [{service: f"https://{service}.vpce.example.com"} for service in ("fsx", "kms", "sts", "s3")]
    region = world.region(endpoints=json.dumps(endpoints), assumeRoles=[{"roleArn": ROLE}])

    region.find([COPY.source_backup_id])
    region.account()
    with pytest.raises(FsxDrError):  # the answer holds no key
        region.key_arn("alias/dr")

    assert [(call.action, call.host) for call in world.calls] == [
        ("AssumeRole", "sts.vpce.example.com"),
        ("DescribeBackups", "fsx.vpce.example.com"),
        ("GetCallerIdentity", "sts.vpce.example.com"),
        ("DescribeKey", "kms.vpce.example.com"),
    ]


@pytest.mark.parametrize(
    "url", ["fsx.example.com", "ftp://fsx.example.com", "https://", "https://user:hunter2@fsx.example.com"]
)
def test_an_endpoint_that_is_no_plain_url_is_refused_by_name(url: str) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        World().credentials(endpoints=[{"fsx": url}])

    assert str(refused.value) == (
        "aws:endpoints gives fsx no URL of the form https://HOST, without credentials in it: "
        "correct it in the stack's configuration."
    )


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({"useFipsEndpoint": "true"}, "fsx-fips.us-east-1.amazonaws.com"),
        ({"useDualstackEndpoint": "true"}, "fsx.us-east-1.api.aws"),
        ({"useFipsEndpoint": "false", "useDualstackEndpoint": False}, "fsx.us-east-1.amazonaws.com"),
    ],
)
def test_fips_and_dual_stack_endpoints_are_used_if_the_stack_says_so(
    world: World, settings: dict[str, Any], host: str
) -> None:
    world.region("us-east-1", **settings).find([COPY.source_backup_id])

    assert world.asked("DescribeBackups").host == host


def test_keys_are_found_in_the_stack_s_credentials_file(world: World, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("[dr]\naws_access_key_id = AKIAOFTHEFILE\naws_secret_access_key = s\n")
    files = json.dumps([str(tmp_path / "keys")])

    world.region(accessKey=None, secretKey=None, profile="dr", sharedCredentialsFiles=files).account()

    assert world.asked("GetCallerIdentity").signed_by == "AKIAOFTHEFILE eu-west-1"


def test_the_stack_s_certificates_are_those_that_are_trusted(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.touch()

    client = World().credentials(customCaBundle=str(bundle)).client("fsx", "eu-west-1", ONE_TRY)

    assert client._endpoint.http_session._verify == str(bundle)  # noqa: SLF001  # botocore shows it nowhere else


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("sharedConfigFiles", '["/nonexistent"]'),
        ("sharedCredentialsFiles", '["/nonexistent"]'),
        ("customCaBundle", "/nonexistent"),
    ],
)
def test_a_file_that_does_not_exist_is_refused_not_taken_for_an_empty_one(setting: str, value: str) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        World().credentials(**{setting: value})

    assert str(refused.value) == (
        f"aws:{setting} names a file that does not exist: correct it in the stack's configuration."
    )


@pytest.mark.parametrize("setting", ["sharedConfigFiles", "sharedCredentialsFiles"])
def test_more_than_one_file_is_refused_since_botocore_reads_one(setting: str) -> None:
    with pytest.raises(InvalidSettingsError, match=f"^aws:{setting} is not a list of one file"):
        World().credentials(**{setting: '["/a", "/b"]'})


@pytest.fixture
def metadata_service(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[str]]]:
    """Yield the URL of a metadata service that knows nothing, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_GET = do_PUT  # noqa: N815  # http.server looks the methods up by these names

        def log_message(self, *_: Any) -> None: ...

    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("skip", "asks"), [("false", True), ("true", False)])
def test_ec2_s_metadata_service_is_asked_where_and_if_the_stack_says_so(
    world: World, skip: str, metadata_service: tuple[str, list[str]], *, asks: bool
) -> None:
    url, asked = metadata_service
    region = world.region(accessKey=None, secretKey=None, ec2MetadataServiceEndpoint=url, skipMetadataApiCheck=skip)

    with pytest.raises(CredentialsError):
        region.account()

    assert bool(asked) is asks


@pytest.mark.parametrize(
    ("setting", "value", "instead"),
    [
        ("httpProxy", "http://user:hunter2@proxy", "set HTTP_PROXY and HTTPS_PROXY in the environment"),
        ("httpsProxy", "http://user:hunter2@proxy", "set HTTPS_PROXY in the environment"),
        ("noProxy", "example.com", "set NO_PROXY in the environment"),
        ("insecure", "true", "name the certificates to trust in aws:customCaBundle"),
        ("insecure", True, "name the certificates to trust in aws:customCaBundle"),
    ],
)
def test_what_is_not_followed_here_is_refused_by_name(setting: str, value: Any, instead: str) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        World().credentials(**{setting: value})

    assert str(refused.value) == f"pulumi-fsx-dr does not follow aws:{setting}: {instead} instead."


def test_every_setting_of_pulumi_aws_is_followed_refused_or_of_no_concern() -> None:
    followed = {
        *("accessKey", "secretKey", "token", "profile", "region"),
        *("assumeRoles", "assumeRoleWithWebIdentity", "allowedAccountIds", "forbiddenAccountIds"),
        *("endpoints", "stsRegion", "useDualstackEndpoint", "useFipsEndpoint"),
        *("sharedConfigFiles", "sharedCredentialsFiles", "customCaBundle"),
        *("ec2MetadataServiceEndpoint", "ec2MetadataServiceEndpointMode", "skipMetadataApiCheck"),
    }
    refused = {"httpProxy", "httpsProxy", "noProxy", "insecure"}
    # None of these leads to other credentials or to another endpoint.
    of_other_services = {"s3UsEast1RegionalEndpoint", "s3UsePathStyle"}
    of_other_resources = {"defaultTags", "ignoreTags", "tagPolicyCompliance"}
    of_other_patience = {"maxRetries", "retryMode", "tokenBucketRateLimiterCapacity", "userAgents"}
    of_other_checks = {"skipCredentialsValidation", "skipRegionValidation", "skipRequestingAccountId"}
    of_no_concern = of_other_services | of_other_resources | of_other_patience | of_other_checks

    assert documented(pulumi_aws.ProviderArgs) == followed | refused | of_no_concern


@pytest.mark.parametrize("given", [{"accessKey": None}, {"secretKey": None}, {"secretKey": "", "accessKey": None}])
def test_half_a_key_never_means_the_environment_s(given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "from-the-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "from-the-environment")

    with pytest.raises(InvalidSettingsError) as refused:
        World().credentials(**{"token": "FwoGZXIvYXdzE", **given})

    assert str(refused.value) == (
        "aws:accessKey and aws:secretKey belong together, and aws:token needs both: set both, or none of the three."
    )


# The default Region


@pytest.mark.parametrize(
    ("environment", "of_the_profile", "expected"),
    [
        ({"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-2"}, "us-west-2", "us-east-1"),
        ({"AWS_REGION": "us-east-1"}, "us-west-2", "us-east-1"),
        ({"AWS_DEFAULT_REGION": "us-east-2"}, "us-west-2", "us-east-2"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-2"}, "us-west-2", "us-east-2"),
        ({}, "us-west-2", "us-west-2"),
        ({"AWS_REGION": "us-east-1"}, "", "us-east-1"),
        ({}, "", None),
    ],
)
def test_aws_region_goes_before_aws_default_region_and_both_before_the_profile_s(
    environment: dict[str, str],
    of_the_profile: str,
    expected: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "config").write_text(f"[profile dr]\nregion = {of_the_profile}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert default_region(Credentials(profile="dr")) == expected


def test_pulumi_aws_takes_aws_region_first_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-2")

    assert pulumi_aws.ProviderArgs().region == default_region(Credentials()) == "us-east-1"


def test_a_profile_s_region_is_found_in_the_stack_s_configuration_file(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile dr]\nregion = eu-north-1\n")

    stack = World().credentials(profile="dr", sharedConfigFiles=[str(tmp_path / "config")])

    assert default_region(stack) == "eu-north-1"


# Secrets


SECRET = "hunter2hunter2"
IN_A_ROLE: list[dict[str, Any]] = [
    {"policy": f'{{"Sid": "{SECRET}"}}'},
    {"externalId": SECRET},
    {"tags": {"t": SECRET}},
    {"sourceIdentity": SECRET},
]
SETTINGS: list[dict[str, Any]] = [
    {"secretKey": SECRET},
    {"token": SECRET},
    *({"assumeRoles": json.dumps([{"roleArn": ROLE, **each}])} for each in IN_A_ROLE),
    {"assumeRoleWithWebIdentity": json.dumps({"roleArn": ROLE, "webIdentityToken": SECRET})},
]
WRONG: list[dict[str, Any]] = [
    {"secretKey": SECRET, "accessKey": None},
    {"assumeRoles": SECRET},
    {"assumeRoles": json.dumps([{"roleArn": ROLE, "duration": SECRET}])},
    {"assumeRoles": json.dumps([{"roleArn": ROLE, "policy": SECRET}])},
    {"assumeRoles": json.dumps([{"roleArn": ROLE, "policyArns": SECRET}])},
    {"assumeRoleWithWebIdentity": SECRET},
    {"assumeRoleWithWebIdentity": json.dumps({"webIdentityToken": SECRET})},
    {"assumeRoleWithWebIdentity": json.dumps({"roleArn": ROLE, "webIdentityToken": [SECRET]})},
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


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda each: next(iter(each)))
@pytest.mark.parametrize("dark", [True, False], ids=["dark", "in the light"])
def test_a_secret_is_in_no_repr_error_or_log(
    world: World, settings: dict[str, Any], caplog: pytest.LogCaptureFixture, *, dark: bool
) -> None:
    caplog.set_level(logging.INFO)
    world.dark = set(STS.values()) if dark else set()
    region = world.region(**settings, allowedAccountIds=["444455556666"])

    with pytest.raises(FsxDrError) as failure:
        region.find([COPY.source_backup_id])

    shown = repr(world.credentials(**settings)) + str(failure.value) + repr(failure.value) + caplog.text
    assert SECRET not in shown


@pytest.mark.parametrize("settings", WRONG, ids=lambda each: next(iter(each)))
def test_a_secret_in_the_wrong_place_is_not_shown_with_its_refusal(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        World().credentials(**settings)

    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None
    assert str(refused.value).startswith(("aws:", "pulumi-fsx-dr does not follow aws:"))
