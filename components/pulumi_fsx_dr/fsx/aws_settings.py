"""The stack's `aws:` settings: where AWS is, and the roles to assume, as the members of STS's requests."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from botocore import exceptions as aws

from pulumi_fsx_dr import errors

from .values import endpoints, file, flag, only_file, pairs, text, texts, unpacked

Get = Callable[[str], Any]
_T = TypeVar("_T")

_NOT_SET: tuple[Any, ...] = (None, "", [], {})
_VARIABLES = {  # of a botocore session
    "aws:sharedConfigFiles": ("config_file", only_file),
    "aws:sharedCredentialsFiles": ("credentials_file", only_file),
    "aws:customCaBundle": ("ca_bundle", file),
    "aws:ec2MetadataServiceEndpoint": ("ec2_metadata_service_endpoint", text),
    "aws:ec2MetadataServiceEndpointMode": ("ec2_metadata_service_endpoint_mode", text),
    "aws:useDualstackEndpoint": ("use_dualstack_endpoint", flag),
    "aws:useFipsEndpoint": ("use_fips_endpoint", flag),
}
# pulumi-aws follows these. To ignore them in silence could reach another AWS than the stack's author meant.
_REFUSED = {
    "aws:httpProxy": "set HTTP_PROXY and HTTPS_PROXY in the environment",
    "aws:httpsProxy": "set HTTPS_PROXY in the environment",
    "aws:noProxy": "set NO_PROXY in the environment",
    "aws:insecure": "name the certificates to trust in aws:customCaBundle",
}
_SESSION_NAME = "pulumi-fsx-dr"
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_SHORTEST, _LONGEST = 15 * 60, 12 * 3600  # seconds; STS, AssumeRole: DurationSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where AWS is, and where botocore looks for credentials.

    Attributes:
        variables: variables of a botocore session, such as `use_fips_endpoint`.
        endpoints: `aws:endpoints`, URLs by service.
        sts_region: `aws:stsRegion`, or None for the Region that is called.
        instance_role: whether to ask EC2's metadata service for credentials; not with `aws:skipMetadataApiCheck`.
    """

    variables: Mapping[str, Any] = field(default_factory=dict)
    endpoints: Mapping[str, str] = field(default_factory=dict)
    sts_region: str | None = None
    instance_role: bool = True

    @classmethod
    def from_config(cls, get: Get) -> "Connection":
        """Read the settings of the stack's `aws` namespace.

        Raises:
            InvalidSettingsError: a setting cannot be used, or is one that is not honoured here.
        """
        for name, instead in _REFUSED.items():
            if str(get(name) or "false").lower() != "false":
                raise errors.InvalidSettingsError(f"pulumi-fsx-dr does not follow {name}: {instead} instead.")
        given = {variable: value_of(name, get(name), read) for name, (variable, read) in _VARIABLES.items()}
        return cls(
            variables={variable: value for variable, value in given.items() if value is not None},
            endpoints=value_of("aws:endpoints", get("aws:endpoints"), endpoints) or {},
            sts_region=value_of("aws:stsRegion", get("aws:stsRegion"), text),
            instance_role=not value_of("aws:skipMetadataApiCheck", get("aws:skipMetadataApiCheck"), flag),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role to assume on the way to FSx, as one entry of the stack's `aws:assumeRoles`.

    Attributes:
        arn: the role's ARN.
        request: the other members of STS's request, by STS's names.
    """

    arn: str
    request: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebIdentity(Role):
    """A role that is assumed with the token of another identity provider: `aws:assumeRoleWithWebIdentity`."""

    given_token: str | None = field(default=None, repr=False)
    token_file: str | None = None

    def token(self) -> str:
        """Return the token; the file is read each time, since whoever wrote it renews it.

        Raises:
            botocore.exceptions.CredentialRetrievalError: the file cannot be read.
        """
        try:
            return self.given_token or Path(str(self.token_file)).expanduser().read_text().strip()
        except (OSError, UnicodeError) as error:
            raise aws.CredentialRetrievalError(
                provider="aws:assumeRoleWithWebIdentity", error_msg=type(error).__name__
            ) from None


def value_of(name: str, value: Any, read: Callable[[Any], _T]) -> _T | None:
    """Return what `read` makes of a setting, or None if it is not set.

    Raises:
        InvalidSettingsError: `read` raised a `ValueError`, whose text says what the setting is instead.
    """
    if value in _NOT_SET:
        return None
    try:
        return read(value)
    except ValueError as error:
        raise errors.InvalidSettingsError(f"{name} {error}: correct it in the stack's configuration.") from None


def roles_of(get: Get) -> tuple[Role, ...]:
    """Return the roles of `aws:assumeRoles`, or of `aws:assumeRole`, its former name.

    Raises:
        InvalidSettingsError: an entry has no `roleArn`, or a field that pulumi-aws does not know or STS cannot use.
    """
    name = next((name for name in ("aws:assumeRoles", "aws:assumeRole") if get(name)), "aws:assumeRoles")
    listed = value_of("aws:assumeRoles", get(name), _entries) or []
    return tuple(
        Role(arn=request.pop("RoleArn"), request=request)
        for request in (_request(f"{name}[{index}]", entry, _ASSUME_ROLE) for index, entry in enumerate(listed))
    )


def web_identity_of(get: Get) -> WebIdentity | None:
    """Return the role of `aws:assumeRoleWithWebIdentity`, if there is one.

    Raises:
        InvalidSettingsError: it has no `roleArn`, not exactly one token, or a field as with `roles_of`.
    """
    name = "aws:assumeRoleWithWebIdentity"
    entry = value_of(name, get(name), _entry)
    if entry is None:
        return None
    request = _request(name, entry, _ASSUME_ROLE_WITH_WEB_IDENTITY)
    token, token_file = request.pop("WebIdentityToken", None), request.pop("webIdentityTokenFile", None)
    if bool(token) == bool(token_file):
        raise errors.InvalidSettingsError(f"{name} needs either webIdentityToken or webIdentityTokenFile: set one.")
    return WebIdentity(arn=request.pop("RoleArn"), request=request, given_token=token, token_file=token_file)


def _entries(value: Any) -> list[Mapping[str, Any]]:
    wrong = ValueError("is not a list of objects with a roleArn each")
    try:
        listed = unpacked(value)
    except ValueError:
        raise wrong from None
    entries = [listed] if isinstance(listed, Mapping) else listed
    if not isinstance(entries, list) or not all(isinstance(each, Mapping) and each.get("roleArn") for each in entries):
        raise wrong
    return entries


def _entry(value: Any) -> Mapping[str, Any]:
    entry = unpacked(value)
    if not isinstance(entry, Mapping) or not entry.get("roleArn"):
        raise ValueError("is not an object with a roleArn")
    return entry


def _request(name: str, entry: Mapping[str, Any], fields: "_Fields") -> dict[str, Any]:
    """Return the members of STS's request that an entry's fields stand for."""
    request: dict[str, Any] = {"RoleSessionName": _SESSION_NAME}
    for key, value in entry.items():
        if key not in fields:
            raise errors.InvalidSettingsError(
                f"{name}.{key} is not known to pulumi-aws, which knows {', '.join(sorted(fields))}: correct it."
            )
        member, read = fields[key]
        if (found := value_of(f"{name}.{key}", value, read)) is not None:
            request[member] = found
    return request


def _seconds(value: Any) -> int:
    """Read a Go duration, such as 1h30m, as whole seconds, as the AWS SDK for Go does."""
    parts = _PART.findall(text(value))
    seconds = int(sum(float(number) * _SECONDS[unit] for number, unit in parts))
    if "".join(number + unit for number, unit in parts) != text(value) or not _SHORTEST <= seconds <= _LONGEST:
        raise ValueError("is not a duration between 15m and 12h, such as 1h30m")
    return seconds


def _policy(value: Any) -> str:
    policy = text(value)
    try:
        json.loads(policy)
    except ValueError:
        raise ValueError("is not an IAM policy as JSON text") from None
    return policy


def _policy_arns(value: Any) -> list[dict[str, str]]:
    return [{"arn": arn} for arn in texts(value)]


def _tags(value: Any) -> list[dict[str, str]]:
    return [{"Key": key, "Value": tag} for key, tag in pairs(value).items()]


_Fields = Mapping[str, tuple[str, Callable[[Any], Any]]]  # member of STS's request, and what reads it
_COMMON: _Fields = {
    "roleArn": ("RoleArn", text),
    "sessionName": ("RoleSessionName", text),
    "policy": ("Policy", _policy),
    "policyArns": ("PolicyArns", _policy_arns),
    "duration": ("DurationSeconds", _seconds),
}
_ASSUME_ROLE: _Fields = {
    **_COMMON,
    "externalId": ("ExternalId", text),
    "sourceIdentity": ("SourceIdentity", text),
    "tags": ("Tags", _tags),
    "transitiveTagKeys": ("TransitiveTagKeys", texts),
}
_ASSUME_ROLE_WITH_WEB_IDENTITY: _Fields = {
    **_COMMON,
    "webIdentityToken": ("WebIdentityToken", text),
    "webIdentityTokenFile": ("webIdentityTokenFile", text),
}
