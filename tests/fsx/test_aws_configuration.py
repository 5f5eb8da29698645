"""A local AWS configuration that botocore cannot use raises `AwsConfigError`, and is not retried."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pulumi_fsx_dr.errors import AwsConfigError, InvalidSettingsError
from pulumi_fsx_dr.fsx.aws_settings import AwsSettings
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials, default_region
from pulumi_fsx_dr.fsx.partitions import partition_of, require_fsx_region

KEYS = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "s"}
PROFILE = "[profile dr]\nrole_arn = arn:aws:iam::111122223333:role/dr\n"

WRONG_FILES = {
    "malformed": "[profile dr\nregion = eu-west-1\n",
    "not text": "\udcff\udcfe",
    "role without a source of credentials": PROFILE,
    "source profile does not exist": f"{PROFILE}source_profile = base\n",
    "circle of source profiles": f"{PROFILE}source_profile = a\n"
    "[profile a]\nrole_arn = x\nsource_profile = b\n[profile b]\nrole_arn = x\nsource_profile = a\n",
    "unknown source of credentials": f"{PROFILE}credential_source = Nowhere\n",
    "incomplete keys": "[profile dr]\naws_access_key_id = AKIATEST\n",
    "incomplete single sign-on": "[profile dr]\nsso_session = corp\nsso_account_id = 111122223333\n",
}
WRONG_VARIABLES = {
    "profile": {"AWS_PROFILE": "nobody"},
    "default profile": {"AWS_DEFAULT_PROFILE": "nobody"},
    "half of the keys": {"AWS_ACCESS_KEY_ID": "AKIATEST"},
    "endpoint": {**KEYS, "AWS_ENDPOINT_URL": "not a url"},
    "defaults mode": {**KEYS, "AWS_DEFAULTS_MODE": "often"},
    "metadata endpoint": {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "not a url"},
}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", *KEYS):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def _account(settings: AwsSettings | None = None) -> str:
    return FsxRegion("eu-west-1", Credentials(settings), impatient=True).account()


@pytest.mark.parametrize("content", WRONG_FILES.values(), ids=WRONG_FILES)
def test_unusable_configuration_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str) -> None:
    (tmp_path / "config").write_text(content, errors="surrogateescape")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "dr")

    with pytest.raises(AwsConfigError) as refused:
        _account()

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("variables", WRONG_VARIABLES.values(), ids=WRONG_VARIABLES)
def test_unusable_environment_is_refused(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(AwsConfigError):
        _account()


@pytest.mark.parametrize("use", [_account, lambda settings: default_region(Credentials(settings))])
@pytest.mark.parametrize(
    "settings",
    [AwsSettings(profile="nobody"), AwsSettings(profile="nobody", shared_config_files="/nonexistent/config")],
)
def test_unusable_stack_setting_is_refused(use: Callable[[Any], Any], settings: AwsSettings) -> None:
    with pytest.raises(AwsConfigError) as refused:
        use(settings)

    assert "nobody" in str(refused.value) or "/nonexistent/config" in str(refused.value)


def test_regions_are_known_without_usable_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    require_fsx_region("eu-west-1", "region")

    assert partition_of("cn-north-1") == "aws-cn"


@pytest.mark.parametrize(
    ("region", "near"),
    [
        ("eu-central-12", "eu-central-1"),
        ("sa-west-1", "sa-east-1"),
        ("eu-west", "eu-west-1"),
        ("cn-north-2", "cn-north-1"),
        ("eu-isoe-west-1", "eu-"),
    ],
)
def test_region_without_fsx_is_refused_with_suggestion(region: str, near: str) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        require_fsx_region(region, "region")

    assert f"Did you mean {near}" in str(refused.value)


def test_region_newer_than_botocore_has_partition() -> None:
    """The state may contain such a Region, because another machine may have a newer botocore."""
    assert partition_of("eu-central-9") == "aws"
