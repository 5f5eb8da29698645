"""Where AWS credentials come from."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import botocore.session
from botocore import exceptions as aws
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

from pulumi_fsx_dr import errors

_SESSION_NAME = "pulumi-fsx-dr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role to assume on the way to FSx, as one entry of the stack's `aws:assumeRoles`."""

    arn: str
    session_name: str = _SESSION_NAME
    external_id: str | None = None


@dataclass(slots=True)
class _Shared:
    lock: threading.Lock = field(default_factory=threading.Lock)
    session: boto3.Session | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Where credentials come from: the ordinary AWS chain, narrowed by the stack's `aws:` settings.

    Attributes:
        profile: `aws:profile`, or None for the environment's.
        keys: `aws:accessKey`, `aws:secretKey` and `aws:token`, kept in memory only.
        roles: `aws:assumeRoles`, assumed one after the other.
    """

    profile: str | None = None
    keys: tuple[str, str, str | None] | None = field(default=None, repr=False)
    roles: tuple[Role, ...] = ()
    _shared: _Shared = field(default_factory=_Shared, init=False, repr=False, compare=False)

    @classmethod
    def from_config(cls, get: Callable[[str], Any]) -> "Credentials":
        """Read the settings of the stack's `aws` namespace.

        Args:
            get: looks a setting up by its whole name, e.g. `aws:profile`; None if it is not set.

        Raises:
            InvalidSettingsError: `aws:assumeRoles` or `aws:assumeRole` holds no list of roles.
        """
        access, secret = get("aws:accessKey"), get("aws:secretKey")
        return cls(
            profile=get("aws:profile"),
            keys=(access, secret, get("aws:token")) if access and secret else None,
            roles=_roles(get("aws:assumeRoles") or get("aws:assumeRole")),
        )

    def client(self, service: str, region: str, config: Config) -> Any:
        """Return a new client, through one session for all: each has its own 8 MB of what botocore knows of FSx."""
        with self._shared.lock:  # a session cannot make two clients at once
            self._shared.session = self._shared.session or self.session()
            make: Any = self._shared.session.client  # the stubs have one overload for each service
            return make(service, region_name=region, config=config)

    def forget(self) -> None:
        """Have the next client read the credentials anew: somebody may have renewed them on disk."""
        with self._shared.lock:
            self._shared.session = None

    def session(self) -> boto3.Session:
        """Return a new boto3 session that renews what can be renewed."""
        access, secret, token = self.keys or (None, None, None)
        session = boto3.Session(
            profile_name=self.profile,
            aws_access_key_id=access,
            aws_secret_access_key=secret,
            aws_session_token=token,
        )
        for role in self.roles:
            session = _assume(session, role)
        return session


def default_region(credentials: Credentials) -> str | None:
    """Return the Region of the profile or the environment, or None if they name none."""
    try:
        return boto3.Session(profile_name=credentials.profile).region_name
    except aws.ProfileNotFound as error:
        raise errors.CredentialsError(f"{error}: correct aws:profile or AWS_PROFILE.") from None


def _roles(setting: Any) -> tuple[Role, ...]:
    try:
        listed = json.loads(setting) if isinstance(setting, str) else setting
        return tuple(
            Role(
                arn=entry["roleArn"],
                session_name=entry.get("sessionName") or _SESSION_NAME,
                external_id=entry.get("externalId"),
            )
            for entry in ([listed] if isinstance(listed, Mapping) else listed or ())
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise errors.InvalidSettingsError(
            "aws:assumeRoles is not a list of objects with a roleArn each: correct it in the stack's configuration."
        ) from None


def _assume(session: boto3.Session, role: Role) -> boto3.Session:
    extra = {"RoleSessionName": role.session_name} | ({"ExternalId": role.external_id} if role.external_id else {})
    fetcher = AssumeRoleCredentialFetcher(
        session._session.create_client,  # noqa: SLF001  # boto3 offers no public way to renewable role credentials
        session.get_credentials(),
        role.arn,
        extra_args=extra,
    )
    assumed = botocore.session.Session()
    assumed._credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")  # type: ignore[attr-defined]  # noqa: SLF001  # as above
    return boto3.Session(botocore_session=assumed)
