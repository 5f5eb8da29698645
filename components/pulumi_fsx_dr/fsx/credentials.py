"""AWS credentials and clients, according to the `aws:` settings of the stack."""

import os
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
import botocore.session
import pulumi
from botocore import exceptions as aws
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.loaders import Loader, create_loader

from pulumi_fsx_dr import errors

from .aws_settings import AwsSettings
from .errors import map_config_errors, map_errors
from .http_limits import limit_answers
from .text import clean

# For the calls to STS by botocore itself. With its defaults, an unreachable Region would block for minutes.
_STS_CALLS = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})


class Credentials:
    """The credentials of a stack, and the clients that use them."""

    def __init__(self, settings: AwsSettings | None = None) -> None:
        self.settings = settings or AwsSettings()
        self._lock = threading.Lock()
        self._sessions: dict[str, boto3.Session] = {}  # by Region
        self._account: str | None = None

    @classmethod
    def from_config(cls, get: Callable[[str], Any]) -> "Credentials":
        """Read the `aws:` settings, as `AwsSettings.read` does."""
        return cls(AwsSettings.read(get))

    @classmethod
    def of_stack(cls) -> "Credentials":
        config = pulumi.Config("aws")
        return cls.from_config(lambda setting: config.get(setting.removeprefix("aws:")))

    def client(self, service: str, region: str, config: Config) -> Any:
        """Return a new client.

        Raises:
            AwsConfigError: the configuration of this machine cannot be used.
            CredentialsError: the stack does not allow the account of the credentials.
            ServiceError: the stack limits the accounts, and STS does not return the account.
        """
        with self._lock, map_config_errors():  # a session cannot make two clients at the same time
            if region not in self._sessions:
                self._sessions[region] = self.session()
            make: Any = self._sessions[region].client  # the stubs have one overload for each service
            if self.settings.allowed_account_ids or self.settings.forbidden_account_ids:
                # Before a client of FSx exists, so that nothing is changed in an account that is not allowed.
                self._require_account(lambda: make("sts", region_name=region, config=config), region)
            return make(service, region_name=region, config=config)

    def forget(self) -> None:
        """Make the next client read the credentials again: they may have been renewed on disk."""
        with self._lock:
            self._sessions.clear()
            self._account = None

    def session(self) -> boto3.Session:
        """Return a new session, for clients of one Region."""
        with map_config_errors():
            return boto3.Session(botocore_session=_Session(self.settings))

    def _require_account(self, sts: Callable[[], Any], region: str) -> None:
        if self._account is None:
            with map_errors("sts:GetCallerIdentity", region):
                self._account = sts().get_caller_identity()["Account"]
        allowed, forbidden = self.settings.allowed_account_ids, self.settings.forbidden_account_ids or ()
        if self._account in forbidden or (allowed and self._account not in allowed):
            setting = "aws:forbiddenAccountIds" if self._account in forbidden else "aws:allowedAccountIds"
            raise errors.CredentialsError(
                f"The AWS credentials are for account {clean(str(self._account))}, which {setting} does not allow. "
                "Use credentials of an allowed account."
            )


def default_region(credentials: Credentials) -> str | None:
    """Return the Region of the environment or of the profile; None if neither has one."""
    # AWS_REGION first, as in the AWS CLI and in pulumi-aws. boto3 does not read it.
    if named := os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"):
        return named
    with map_config_errors():
        return credentials.session().region_name or None


class _Session(botocore.session.Session):
    """A session for the clients of one Region.

    Roles are assumed at the STS endpoint of that Region, so an unreachable Region does not affect other Regions.
    """

    def __init__(self, settings: AwsSettings) -> None:
        super().__init__()
        self._settings = settings
        self._region: str | None = None
        self._assumed: Any = None
        self.lazy_register_component("data_loader", lambda: _loader(self.get_config_variable("data_path")))
        self.set_default_client_config(_STS_CALLS)
        self.set_config_variable("sts_regional_endpoints", "regional")
        for name, value in settings.session_variables.items():
            self.set_config_variable(name, value)
        if settings.access_key and settings.secret_key:
            self.set_credentials(settings.access_key, settings.secret_key, settings.token)

    def create_client(self, service_name: str, region_name: str | None = None, *args: Any, **options: Any) -> Any:
        """Return a new client; botocore itself also calls this, for STS."""
        self._region = self._region or region_name
        if service_name == "sts":
            region_name = self._settings.sts_region or region_name or self._region
        options["endpoint_url"] = options.get("endpoint_url") or (self._settings.endpoints or {}).get(service_name)
        client = super().create_client(service_name, region_name, *args, **options)
        limit_answers(client)
        return client

    def get_credentials(self) -> Any:
        """Return the credentials of the last role; botocore renews them."""
        self._assumed = self._assumed or self._assume_roles()
        return self._assumed

    def _assume_roles(self) -> Any:
        if self._settings.skip_metadata_api_check:
            self.get_component("credential_provider").remove("iam-role")
        found = super().get_credentials()
        for role in self._settings.assume_roles or ():
            if found is None:
                raise aws.NoCredentialsError
            fetcher = AssumeRoleCredentialFetcher(self.create_client, found, role.arn, role.request)
            found = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
        return found


@cache
def _loader(data_path: str | None) -> Loader:
    """Return the loader of API models; all sessions share it, because the models of FSx take 8 MB."""
    return create_loader(data_path)
