"""The settings of the plugin's provider: credentials, accounts, Region and owner id."""

import json
from typing import Any

import pytest
from fsx_dr_plugin.config import owner_id_of
from fsx_dr_plugin.server import Provider
from pulumi.runtime.proto import provider_pb2
from pulumi_fsx_dr.copies.ownership import is_owner_id
from pulumi_fsx_dr.errors import CredentialsError, FsxDrError, InvalidSettingsError

from simulator.fsx import FsxService, listening
from simulator.fsx.fixtures import AWAY, HOME
from simulator.fsx.regions import ACCOUNT_ID
from tests.engine.plugin_stack import PluginContext, sent
from tests.engine.stack import copy_args
from tests.plugin.monitor import struct

PROVIDER = "urn:pulumi:prod::files::pulumi:providers:fsx-dr::default_0_1_0"
COPY = "urn:pulumi:prod::files::fsx-dr:index:BackupCopy::a::b"
ANOTHER = "111122223333"


def checked(news: dict[str, Any], olds: dict[str, Any] | None = None) -> provider_pb2.CheckResponse:
    request = provider_pb2.CheckRequest(urn=PROVIDER, olds=struct(olds or {}), news=struct(news))
    answer: provider_pb2.CheckResponse = Provider().CheckConfig(request, PluginContext())
    return answer


def configured(**settings: Any) -> Provider:
    """Return a plugin with these settings."""
    provider = Provider()
    request = provider_pb2.ConfigureRequest(id="0f0c2bb4", urn=PROVIDER, args=struct(settings))
    provider.Configure(request, PluginContext())
    return provider


def construct(provider: Provider, **configuration: str) -> None:
    """Construct an unknown component in a stack with this configuration."""
    config = {f"aws:{name}": value for name, value in configuration.items()}
    provider.Construct(provider_pb2.ConstructRequest(type="fsx-dr:index:Other", config=config), PluginContext())


def test_check_config_reports_each_wrong_setting() -> None:
    failures = checked({"pollSeconds": -1, "region": "nowhere", "assumeRoles": "x", "color": "blue"}).failures

    names = ("color", "fsx-dr:region", "fsx-dr:pollSeconds", "fsx-dr:assumeRoles")
    assert [name in failure.reason for name, failure in zip(names, failures, strict=True)] == [True] * 4


@pytest.mark.parametrize("name", ["region", "pollSeconds", "assumeRoles", "allowedAccountIds", "color"])
def test_check_config_hides_values(name: str) -> None:
    """The engine shows the value of the property that a failure names."""
    [failure] = checked({name: "hunter22"}).failures

    assert (failure.property, "hunter22" in failure.reason) == ("", False)


@pytest.mark.parametrize("name", ["chosenRegion", "ownerId"])
def test_check_config_refuses_internal_settings(name: str) -> None:
    [failure] = checked({name: AWAY}).failures

    assert name in failure.reason


def test_check_config_keeps_first_default_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", AWAY)
    first = checked({}).inputs
    monkeypatch.setenv("AWS_REGION", "eu-north-1")

    assert checked({}, dict(first)).inputs == first
    assert first["chosenRegion"] == AWAY


def test_owner_id_depends_on_provider_and_stack() -> None:
    owner_id = owner_id_of("0f0c2bb4", PROVIDER)

    assert is_owner_id(owner_id)
    assert owner_id == owner_id_of("0f0c2bb4", PROVIDER)
    assert owner_id not in [
        owner_id_of("another", PROVIDER),
        owner_id_of("0f0c2bb4", PROVIDER.replace(":prod:", ":dev:")),
        owner_id_of("0f0c2bb4", PROVIDER.replace(":files:", ":shares:")),
    ]


@pytest.mark.parametrize("written", [[ACCOUNT_ID, 123], "no list", json.dumps(["12"])])
@pytest.mark.parametrize("name", ["allowedAccountIds", "forbiddenAccountIds"])
def test_check_config_refuses_wrong_account_ids(name: str, written: object) -> None:
    (failure,) = checked({name: written}).failures

    assert f"fsx-dr:{name}" in failure.reason


@pytest.mark.parametrize("write", [json.dumps, list], ids=["JSON text", "list"])
@pytest.mark.parametrize(
    ("name", "accounts", "refused"),
    [
        ("allowedAccountIds", [ANOTHER], True),
        ("allowedAccountIds", [ANOTHER, ACCOUNT_ID], False),
        ("forbiddenAccountIds", [ACCOUNT_ID], True),
        ("forbiddenAccountIds", [ANOTHER], False),
    ],
)
def test_create_copies_only_in_allowed_accounts(  # noqa: PLR0913, PLR0917  # fixtures and parameters
    service: FsxService,
    source: str,
    monkeypatch: pytest.MonkeyPatch,
    write: Any,
    name: str,
    accounts: list[str],
    refused: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    create = provider_pb2.CreateRequest(
        urn=COPY, properties=sent({"copy_tags": False, "tags": {}, **copy_args(source)})
    )
    service.set_copy_seconds(0)
    with listening(service) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "simulator")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "simulator")
        provider = configured(**{name: write(accounts), "pollSeconds": 0.1})
        if refused:
            with pytest.raises(CredentialsError, match=ACCOUNT_ID):
                provider.Create(create, PluginContext())
        else:
            provider.Create(create, PluginContext())

    assert len(service.backups(AWAY)) == (0 if refused else 1)


# The other settings of pulumi-aws do not affect credentials and accounts.
@pytest.mark.parametrize(
    ("name", "own"),
    [
        *((name, "profile") for name in ("profile", "accessKey", "secretKey", "token", "sharedCredentialsFiles")),
        *((name, "assumeRoles") for name in ("assumeRole", "assumeRoles", "assumeRoleWithWebIdentity")),
        ("allowedAccountIds", "allowedAccountIds"),
        ("forbiddenAccountIds", "forbiddenAccountIds"),
    ],
)
def test_construct_refuses_account_settings_of_pulumi_aws(name: str, own: str) -> None:
    with pytest.raises(InvalidSettingsError, match=rf"{name}.*fsx-dr:{own}\."):
        construct(configured(), **{name: "x"})


def test_construct_accepts_own_settings_instead() -> None:
    """An empty profile means the credentials of the environment."""
    provider = configured(profile="", allowedAccountIds=[ACCOUNT_ID])

    with pytest.raises(FsxDrError, match="no component"):  # the check for unknown components comes later
        construct(provider, profile="x", allowedAccountIds=json.dumps([ANOTHER]))


def test_construct_ignores_other_aws_settings() -> None:
    with pytest.raises(FsxDrError, match="no component"):
        construct(configured(), region=AWAY, profile="")


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_check_config_reports_unknown_profile(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "nobody")

    [failure] = checked({"region": AWAY}).failures

    assert "nobody" in failure.reason


def test_preview_of_copy_warns_of_missing_alias(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not refused: the engine also sends the name of an alias that the program creates."""
    service = FsxService()
    source = service.seed_backup(HOME, service.seed_file_system(HOME))
    arguments = {"copy_tags": False, "tags": {}, **copy_args(source), "kms_key_id": "alias/missing"}
    with listening(service) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "simulator")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "simulator")

        configured(pollSeconds=0.1).Create(
            provider_pb2.CreateRequest(urn=COPY, properties=sent(arguments), preview=True), PluginContext()
        )

    assert "BackupCopy a::b uses the KMS alias alias/missing" in caplog.text


def test_configure_accepts_region_that_botocore_does_not_know() -> None:
    """`destroy` and `refresh` take the Region from the state, and a newer botocore may have written it."""
    [failure] = checked({"region": "eu-east-9"}).failures

    assert "fsx-dr:region" in failure.reason
    assert configured(region="eu-east-9").runtime.default_region({}) == "eu-east-9"
