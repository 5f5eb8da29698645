"""Where AWS credentials come from, and whose they must be."""

import os
import threading
from dataclasses import dataclass, field
from typing import Any

import boto3
import pulumi
from botocore import exceptions as aws
from botocore.config import Config

from pulumi_fsx_dr import errors

from .aws_settings import Connection, Get, Role, WebIdentity, roles_of, value_of, web_identity_of
from .errors import translated
from .sessions import Session
from .text import clean
from .values import account_ids, text

Keys = tuple[str, str, str | None]


@dataclass(slots=True)
class _Shared:
    lock: threading.Lock = field(default_factory=threading.Lock)
    sessions: dict[str, boto3.Session] = field(default_factory=dict)
    account: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Where credentials come from: the ordinary AWS chain, narrowed by the stack's `aws:` settings.

    Attributes:
        profile: `aws:profile`, or None for the environment's.
        keys: `aws:accessKey`, `aws:secretKey` and `aws:token`, kept in memory only.
        identity: `aws:assumeRoleWithWebIdentity`, in place of profile and keys.
        roles: `aws:assumeRoles`, assumed one after the other.
        connection: where AWS is.
        allowed: `aws:allowedAccountIds`; none means all.
        forbidden: `aws:forbiddenAccountIds`.
    """

    profile: str | None = None
    keys: Keys | None = field(default=None, repr=False)
    identity: WebIdentity | None = None
    roles: tuple[Role, ...] = ()
    connection: Connection = field(default_factory=Connection)
    allowed: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    _shared: _Shared = field(default_factory=_Shared, init=False, repr=False, compare=False)

    @classmethod
    def from_config(cls, get: Get) -> "Credentials":
        """Read the settings of the stack's `aws` namespace, as pulumi-aws documents them.

        Args:
            get: looks a setting up by its whole name, e.g. `aws:profile`; None if it is not set.

        Raises:
            InvalidSettingsError: a setting cannot be used, or is one that is not honoured here.
        """
        return cls(
            profile=value_of("aws:profile", get("aws:profile"), text),
            keys=_keys(get),
            identity=web_identity_of(get),
            roles=roles_of(get),
            connection=Connection.from_config(get),
            allowed=value_of("aws:allowedAccountIds", get("aws:allowedAccountIds"), account_ids) or frozenset(),
            forbidden=value_of("aws:forbiddenAccountIds", get("aws:forbiddenAccountIds"), account_ids) or frozenset(),
        )

    @classmethod
    def of_stack(cls) -> "Credentials":
        """Read the settings of the stack whose program runs.

        Raises:
            InvalidSettingsError: as above.
        """
        config = pulumi.Config("aws")
        return cls.from_config(lambda setting: config.get(setting.removeprefix("aws:")))

    def client(self, service: str, region: str, config: Config) -> Any:
        """Return a new client.

        Raises:
            CredentialsError: the credentials are of an account that the stack does not allow.
            ServiceError: STS did not tell the account, which is asked for only if the stack limits it.
        """
        with self._shared.lock:  # a session cannot make two clients at once
            if region not in self._shared.sessions:
                self._shared.sessions[region] = self.session()
            make: Any = self._shared.sessions[region].client  # the stubs have one overload for each service
            if self.allowed or self.forbidden:
                # Before there is a client of FSx, so that nothing is changed in an account that the stack rules out.
                self._require_account(make, region, config)
            return make(service, region_name=region, config=config)

    def forget(self) -> None:
        """Have the next client read the credentials anew: somebody may have renewed them on disk."""
        with self._shared.lock:
            self._shared.sessions.clear()
            self._shared.account = None

    def session(self) -> boto3.Session:
        """Return a new boto3 session, for clients of one Region, that renews what can be renewed."""
        access, secret, token = self.keys or (None, None, None)
        return boto3.Session(
            profile_name=self.profile,
            aws_access_key_id=access,
            aws_secret_access_key=secret,
            aws_session_token=token,
            botocore_session=Session(self.connection, self.identity, self.roles),
        )

    def _require_account(self, make: Any, region: str, config: Config) -> None:
        if self._shared.account is None:
            with translated("sts:GetCallerIdentity", region):
                self._shared.account = make("sts", region_name=region, config=config).get_caller_identity()["Account"]
        account = self._shared.account
        if account in self.forbidden:
            raise _wrong_account(account, "aws:forbiddenAccountIds")
        if self.allowed and account not in self.allowed:
            raise _wrong_account(account, "aws:allowedAccountIds")


def default_region(credentials: Credentials) -> str | None:
    """Return the Region that the environment or else the profile names, or None if they name none.

    AWS_REGION goes first, as in the AWS CLI and in pulumi-aws; boto3 does not know it.

    Raises:
        CredentialsError: there is no such profile.
    """
    try:
        named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        return named or credentials.session().region_name or None
    except aws.ProfileNotFound as error:
        raise errors.CredentialsError(f"{clean(str(error))}: correct aws:profile or AWS_PROFILE.") from None


def _keys(get: Get) -> Keys | None:
    access, secret, token = (
        value_of(name, get(name), text) for name in ("aws:accessKey", "aws:secretKey", "aws:token")
    )
    if access and secret:
        return access, secret, token
    if access or secret or token:
        raise errors.InvalidSettingsError(
            "aws:accessKey and aws:secretKey belong together, and aws:token needs both: set both, or none of the three."
        )
    return None


def _wrong_account(account: str, setting: str) -> errors.CredentialsError:
    return errors.CredentialsError(
        f"The AWS credentials are of account {clean(account)}, which {setting} rules out: use those of another account."
    )
