"""Botocore sessions that follow the stack's `aws:` settings in every call, those for credentials included."""

from functools import cache
from typing import Any

import botocore.session
from botocore import exceptions as aws
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    AssumeRoleWithWebIdentityCredentialFetcher,
    CachedCredentialFetcher,
    DeferredRefreshableCredentials,
)
from botocore.loaders import Loader, create_loader

from .aws_settings import Connection, Role, WebIdentity
from .http_limits import limit_answers

# For calls to STS that botocore makes of its own accord: its own patience would hide a dark Region for minutes.
_OWN_CALLS = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})


class Session(botocore.session.Session):
    """A session for clients of one Region, whose credentials are those of the last role.

    Roles are assumed at the STS endpoint of that Region: one Region's trouble is none of another's, and no partition
    but the first has a global endpoint.
    """

    def __init__(self, connection: Connection, identity: WebIdentity | None, roles: tuple[Role, ...]) -> None:
        super().__init__()
        self._connection, self._identity, self._roles = connection, identity, roles
        self._region: str | None = None
        self._assumed: Any = None
        self.lazy_register_component("data_loader", lambda: _loader(self.get_config_variable("data_path")))
        self.set_default_client_config(_OWN_CALLS)
        self.set_config_variable("sts_regional_endpoints", "regional")
        for name, value in connection.variables.items():
            self.set_config_variable(name, value)

    def create_client(self, service_name: str, region_name: str | None = None, *args: Any, **settings: Any) -> Any:
        """Return a new client; also called by botocore for its own calls to STS."""
        self._region = self._region or region_name
        if service_name == "sts":
            region_name = self._connection.sts_region or region_name or self._region
        settings["endpoint_url"] = settings.get("endpoint_url") or self._connection.endpoints.get(service_name)
        client = super().create_client(service_name, region_name, *args, **settings)
        limit_answers(client)
        return client

    def get_credentials(self) -> Any:
        """Return the credentials that sign, which renew themselves.

        Raises:
            botocore.exceptions.NoCredentialsError: there are none with which to assume a role.
        """
        self._assumed = self._assumed or self._last()
        return self._assumed

    def _last(self) -> Any:
        found = self._identified(self._identity) if self._identity else self._ordinary()
        for role in self._roles:
            if found is None:
                raise aws.NoCredentialsError
            found = _renewed(
                AssumeRoleCredentialFetcher(self.create_client, found, role.arn, extra_args=dict(role.request)),
                "assume-role",
            )
        return found

    def _ordinary(self) -> Any:
        if not self._connection.instance_role:
            self.get_component("credential_provider").remove("iam-role")
        return super().get_credentials()

    def _identified(self, role: WebIdentity) -> Any:
        fetcher = AssumeRoleWithWebIdentityCredentialFetcher(
            self.create_client, role.token, role.arn, extra_args=dict(role.request)
        )
        return _renewed(fetcher, "assume-role-with-web-identity")


def _renewed(fetcher: CachedCredentialFetcher, method: str) -> Any:
    return DeferredRefreshableCredentials(fetcher.fetch_credentials, method)


@cache
def _loader(data_path: str | None) -> Loader:
    """Return what reads botocore's 8 MB of FSx, once for all sessions."""
    return create_loader(data_path)
