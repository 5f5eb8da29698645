"""Which credentials sign each call, which endpoint is called, and which accounts are refused.

Hosts are documented in https://docs.aws.amazon.com/general/latest/gr/sts.html.
"""

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import pulumi_aws
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from pulumi_fsx_dr.errors import CredentialsError, FsxDrError, UnreachableError
from pulumi_fsx_dr.fsx.aws_settings import AwsSettings
from pulumi_fsx_dr.fsx.backup import CopyRequest
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials, default_region

BASE = {"aws:accessKey": "AKIABASE", "aws:secretKey": "base-secret"}
ROLE = "arn:aws:iam::111122223333:role/dr"
HUB = "arn:aws:iam::444455556666:role/hub"
BACKUP = "backup-0123456789abcdef0"
COPY = CopyRequest(source_backup_id=BACKUP, source_region="eu-central-1", token="t", tags={})
STS = {
    "eu-west-1": "sts.eu-west-1.amazonaws.com",
    "us-east-1": "sts.us-east-1.amazonaws.com",
    "cn-north-1": "sts.cn-north-1.amazonaws.com.cn",
    "us-gov-west-1": "sts.us-gov-west-1.amazonaws.com",
}


@dataclass(frozen=True)
class Call:
    """One request as it would be sent; `signed_by` has the access key and the Region."""

    action: str
    host: str
    parameters: dict[str, str]
    signed_by: str


@dataclass
class RecordingAws:
    """A fake AWS that answers each call and records it."""

    account: str = "111122223333"
    unreachable: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)

    def credentials(self, **settings: Any) -> Credentials:
        """Return credentials for these settings; this fake answers their calls."""
        given = {f"aws:{name}": value for name, value in settings.items()}

        class Routed(Credentials):
            def session(routed) -> boto3.Session:  # noqa: N805  # `self` is the RecordingAws
                session = super().session()
                handler: Any = self._answer
                for service in ("fsx", "kms", "sts"):
                    session.events.register_first(f"before-send.{service}", handler)
                return session

        return Routed.from_config({**BASE, **given}.get)

    def region(self, name: str = "eu-west-1", **settings: Any) -> FsxRegion:
        return FsxRegion(name, self.credentials(**settings), impatient=True)

    def only(self, action: str) -> Call:
        (call,) = (call for call in self.calls if call.action == action)
        return call

    def _answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        host = str(urlsplit(request.url).hostname)
        if host in self.unreachable:
            raise EndpointConnectionError(endpoint_url=request.url)
        target = _text(request.headers.get("X-Amz-Target", "")).rpartition(".")[2]
        parameters = {} if target else dict(parse_qsl(_text(request.body)))
        action = target or parameters.pop("Action")
        scope = _text(request.headers.get("Authorization", "")).partition("Credential=")[2].split("/")
        self.calls.append(Call(action, host, parameters, f"{scope[0]} {scope[2]}" if len(scope) > 1 else ""))
        json_body = '{"Backups": []}' if action == "DescribeBackups" else "{}"
        headers: Any = HeadersDict()
        return AWSResponse(request.url, 200, headers, _Raw(json_body if target else self._xml(action, parameters)))

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
def aws() -> RecordingAws:
    return RecordingAws()


# --- roles ---


def test_role_request_reaches_sts(aws: RecordingAws) -> None:
    role = {"roleArn": ROLE, "externalId": "partner-7", "tags": {"team": "storage"}, "duration": "1h"}

    aws.region(assumeRoles=json.dumps([role])).find([BACKUP])

    assert (
        aws.only("AssumeRole").parameters.items()
        >= {
            "RoleArn": ROLE,
            "RoleSessionName": "pulumi-fsx-dr",
            "ExternalId": "partner-7",
            "Tags.member.1.Key": "team",
            "Tags.member.1.Value": "storage",
            "DurationSeconds": "3600",
        }.items()
    )
    assert aws.only("DescribeBackups").signed_by == "ASIADR eu-west-1"


def test_role_without_source_credentials_fails(aws: RecordingAws) -> None:
    region = aws.region(accessKey=None, secretKey=None, assumeRoles=[{"roleArn": ROLE}])

    with pytest.raises(CredentialsError):
        region.find([BACKUP])


@pytest.mark.parametrize("variable", ["", "legacy"])
@pytest.mark.parametrize("region", STS)
def test_role_chain_uses_regional_sts(
    aws: RecordingAws, region: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", variable)

    aws.region(region, assumeRoles=[{"roleArn": HUB}, {"roleArn": ROLE}]).account()

    assert [(call.action, call.host, call.signed_by) for call in aws.calls] == [
        ("AssumeRole", STS[region], f"AKIABASE {region}"),
        ("AssumeRole", STS[region], f"ASIAHUB {region}"),
        ("GetCallerIdentity", STS[region], f"ASIADR {region}"),
    ]


@pytest.mark.parametrize("region", STS)
def test_role_of_profile_uses_regional_sts(aws: RecordingAws, region: str, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        f"[profile dr]\nrole_arn = {ROLE}\nsource_profile = base\nregion = us-west-2\n"
        "[profile base]\naws_access_key_id = AKIAOFTHEFILE\naws_secret_access_key = s\n"
    )

    aws.region(region, accessKey=None, secretKey=None, profile="dr", sharedConfigFiles=[str(config)]).account()

    assert [(call.action, call.host, call.signed_by) for call in aws.calls] == [
        ("AssumeRole", STS[region], f"AKIAOFTHEFILE {region}"),
        ("GetCallerIdentity", STS[region], f"ASIADR {region}"),
    ]


def test_web_identity_uses_regional_sts(aws: RecordingAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("eyJ0.made.up")
    monkeypatch.setenv("AWS_ROLE_ARN", HUB)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))

    aws.region(accessKey=None, secretKey=None, assumeRoles=[{"roleArn": ROLE}]).account()

    assert [(call.action, call.host, call.signed_by) for call in aws.calls] == [
        ("AssumeRoleWithWebIdentity", STS["eu-west-1"], ""),
        ("AssumeRole", STS["eu-west-1"], "ASIAHUB eu-west-1"),
        ("GetCallerIdentity", STS["eu-west-1"], "ASIADR eu-west-1"),
    ]


def test_sts_region_setting_is_preferred(aws: RecordingAws) -> None:
    aws.region(assumeRoles=[{"roleArn": ROLE}], stsRegion="eu-north-1").account()

    assert [(call.action, call.host, call.signed_by) for call in aws.calls] == [
        ("AssumeRole", "sts.eu-north-1.amazonaws.com", "AKIABASE eu-north-1"),
        ("GetCallerIdentity", "sts.eu-north-1.amazonaws.com", "ASIADR eu-north-1"),
    ]


def test_unreachable_sts_does_not_affect_other_regions(aws: RecordingAws) -> None:
    aws.unreachable = {"sts.eu-central-1.amazonaws.com"}
    credentials = aws.credentials(assumeRoles=[{"roleArn": ROLE}])

    with pytest.raises(UnreachableError):
        FsxRegion("eu-central-1", credentials, impatient=True).find([BACKUP])

    assert FsxRegion("eu-west-1", credentials).find([BACKUP]) == {}


# --- accounts ---


@pytest.mark.parametrize(
    ("setting", "ids"),
    [
        ("allowedAccountIds", '["444455556666", "777788889999"]'),
        ("forbiddenAccountIds", '["111122223333"]'),
    ],
)
def test_wrong_account_is_refused_before_changes(aws: RecordingAws, setting: str, ids: str) -> None:
    region = aws.region(**{setting: ids})

    for change in (lambda: region.copy(COPY), lambda: region.delete(BACKUP)):
        with pytest.raises(CredentialsError) as refused:
            change()
        assert "111122223333" in str(refused.value)
        assert f"aws:{setting}" in str(refused.value)

    assert [call.action for call in aws.calls] == ["GetCallerIdentity"]


def test_account_check_uses_last_role(aws: RecordingAws) -> None:
    aws.region(allowedAccountIds=["111122223333"], assumeRoles=[{"roleArn": ROLE}]).find([BACKUP])

    assert aws.only("GetCallerIdentity").signed_by == "ASIADR eu-west-1"


def test_account_check_calls_sts_once_if_limited(aws: RecordingAws) -> None:
    credentials = aws.credentials(allowedAccountIds=["111122223333"], forbiddenAccountIds=["444455556666"])
    assert aws.calls == []

    for name in ("eu-west-1", "eu-central-1", "eu-west-1"):
        FsxRegion(name, credentials).find([BACKUP])
    aws.region().find([BACKUP])

    assert [call.action for call in aws.calls] == ["GetCallerIdentity", *["DescribeBackups"] * 4]


def test_account_check_repeats_for_renewed_credentials(aws: RecordingAws) -> None:
    credentials = aws.credentials(allowedAccountIds=["111122223333"])
    FsxRegion("eu-west-1", credentials).find([BACKUP])

    aws.account = "444455556666"
    credentials.forget()

    with pytest.raises(CredentialsError, match="444455556666"):
        FsxRegion("eu-west-1", credentials).find([BACKUP])


# --- endpoints and files ---


def test_endpoint_settings_are_used(aws: RecordingAws) -> None:
    endpoints = [{service: f"https://{service}.vpce.example.com"} for service in ("fsx", "kms", "sts", "s3")]
    region = aws.region(endpoints=json.dumps(endpoints), assumeRoles=[{"roleArn": ROLE}])

    region.find([BACKUP])
    region.account()
    with pytest.raises(FsxDrError):  # the answer has no key
        region.key_arn("alias/dr")

    assert [(call.action, call.host) for call in aws.calls] == [
        ("AssumeRole", "sts.vpce.example.com"),
        ("DescribeBackups", "fsx.vpce.example.com"),
        ("GetCallerIdentity", "sts.vpce.example.com"),
        ("DescribeKey", "kms.vpce.example.com"),
    ]


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({"useFipsEndpoint": "true"}, "fsx-fips.us-east-1.amazonaws.com"),
        ({"useDualstackEndpoint": "true"}, "fsx.us-east-1.api.aws"),
        ({"useFipsEndpoint": "false", "useDualstackEndpoint": False}, "fsx.us-east-1.amazonaws.com"),
    ],
)
def test_fips_and_dual_stack_endpoints_are_used(aws: RecordingAws, settings: dict[str, Any], host: str) -> None:
    aws.region("us-east-1", **settings).find([BACKUP])

    assert aws.only("DescribeBackups").host == host


def test_credentials_file_setting_is_used(aws: RecordingAws, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("[dr]\naws_access_key_id = AKIAOFTHEFILE\naws_secret_access_key = s\n")
    files = json.dumps([str(tmp_path / "keys")])

    aws.region(accessKey=None, secretKey=None, profile="dr", sharedCredentialsFiles=files).account()

    assert aws.only("GetCallerIdentity").signed_by == "AKIAOFTHEFILE eu-west-1"


def test_ca_bundle_setting_is_trusted(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.touch()

    client = RecordingAws().credentials(customCaBundle=str(bundle)).client("fsx", "eu-west-1", Config())

    assert client._endpoint.http_session._verify == str(bundle)  # noqa: SLF001  # botocore has no public access to it


@pytest.mark.parametrize(("skip", "asks"), [("false", True), ("true", False)])
def test_metadata_service_can_be_skipped(skip: str, *, asks: bool) -> None:
    session = RecordingAws().credentials(accessKey=None, secretKey=None, skipMetadataApiCheck=skip).session()
    session.get_credentials()

    providers = session._session.get_component("credential_provider").providers  # noqa: SLF001  # boto3 has no public access to it

    assert ("iam-role" in [provider.METHOD for provider in providers]) is asks


# --- the default Region ---


@pytest.mark.parametrize(
    ("environment", "of_profile", "expected"),
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
@pytest.mark.parametrize("named_by", ["variable", "setting"])
def test_default_region_comes_from_environment_then_profile(  # noqa: PLR0913, PLR0917  # fixtures and parameters
    environment: dict[str, str],
    of_profile: str,
    expected: str | None,
    named_by: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = tmp_path / "config"
    config.write_text(f"[profile dr]\nregion = {of_profile}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config if named_by == "variable" else "/nonexistent"))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    file = str(config) if named_by == "setting" else None

    assert default_region(Credentials(AwsSettings(profile="dr", shared_config_files=file))) == expected


def test_default_region_matches_pulumi_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-2")

    assert pulumi_aws.ProviderArgs().region == default_region(Credentials()) == "us-east-1"


# --- secrets ---


SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    "settings",
    [
        {"secretKey": SECRET},
        {"token": SECRET},
        {"assumeRoles": [{"roleArn": ROLE, "externalId": SECRET, "policy": f'{{"Sid": "{SECRET}"}}'}]},
        {"assumeRoles": [{"roleArn": ROLE, "sourceIdentity": SECRET, "tags": {"t": SECRET}}]},
    ],
)
@pytest.mark.parametrize("reachable", [True, False])
def test_errors_and_logs_hide_secrets(
    aws: RecordingAws, settings: dict[str, Any], caplog: pytest.LogCaptureFixture, *, reachable: bool
) -> None:
    caplog.set_level(logging.INFO)
    aws.unreachable = set() if reachable else set(STS.values())
    region = aws.region(**settings, allowedAccountIds=["444455556666"])

    with pytest.raises(FsxDrError) as failure:
        region.find([BACKUP])

    assert SECRET not in str(failure.value) + repr(failure.value) + caplog.text
