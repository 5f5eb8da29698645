"""The `aws:` settings of the stack, with the names and meaning of pulumi-aws.

`AwsSettings`, `REFUSED` and `IGNORED` together are the table from which settings are read, refused and documented.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pulumi_fsx_dr.errors import InvalidSettingsError

_NOT_OF_TYPE = (ValueError, TypeError, KeyError, AttributeError, OSError)  # what parsers raise
_ACCOUNT_ID = re.compile("[0-9]{12}")
_GO_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_SHORTEST, _LONGEST = 15 * 60, 12 * 3600  # seconds; STS, AssumeRole: DurationSeconds


@dataclass(frozen=True, slots=True)
class Role:
    """A role to assume; `request` has the other members of the request to STS."""

    arn: str
    request: dict[str, Any] = field(default_factory=dict, repr=False)


class _Type(NamedTuple):
    description: str
    parse: Callable[[Any], Any]

    def read(self, name: str, value: Any) -> Any:
        try:
            return self.parse(value)
        except _NOT_OF_TYPE:  # their text may contain a secret
            raise InvalidSettingsError(f"{name} must be {self.description}.") from None


def _is_set(value: Any) -> bool:
    return value not in (None, "", [], {})


def _string(value: Any) -> str:
    # `pulumi config set --path` stores digits as a number.
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError
    return str(value)


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _strings(value: Any) -> list[str]:
    listed = _json(value)
    if not isinstance(listed, list):
        raise TypeError
    return [_string(each) for each in listed]


def _tags(value: Any) -> list[dict[str, str]]:
    return [{"Key": key, "Value": _string(each)} for key, each in value.items()]


def _account_ids(value: Any) -> frozenset[str]:
    ids = frozenset(_strings(value))
    if not all(map(_ACCOUNT_ID.fullmatch, ids)):  # a number loses leading zeros
        raise ValueError
    return ids


def _file(value: Any) -> str:
    path = Path(_string(value)).expanduser()
    if not path.is_file():  # botocore would treat it as empty
        raise ValueError
    return str(path)


def _only_file(value: Any) -> str:
    (path,) = _strings(value)  # botocore reads one
    return _file(path)


def _endpoints(value: Any) -> dict[str, str]:
    endpoints = {service: url for each in _json(value) for service, url in each.items()}
    for parts in map(urlsplit, map(_string, endpoints.values())):
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError
    return endpoints


def _policy(value: Any) -> str:
    json.loads(value)
    return _string(value)


def _duration(value: Any) -> int:
    """Return whole seconds, as the AWS SDK for Go does."""
    parts = _GO_DURATION.findall(value)
    seconds = int(sum(float(number) * _SECONDS[unit] for number, unit in parts))
    if "".join(number + unit for number, unit in parts) != value or not _SHORTEST <= seconds <= _LONGEST:
        raise ValueError
    return seconds


def _roles(value: Any) -> tuple[Role, ...]:
    listed = _json(value)
    entries = [listed] if isinstance(listed, Mapping) else listed
    return tuple(_role(f"aws:assumeRoles[{index}]", entry) for index, entry in enumerate(entries))


def _role(name: str, entry: Any) -> Role:
    if not entry.get("roleArn"):
        raise KeyError
    if unknown := sorted(entry.keys() - _ROLE_FIELDS.keys()):
        raise InvalidSettingsError(f"Unknown field of {name}: {unknown[0]}. Valid names: {', '.join(_ROLE_FIELDS)}.")
    request = {"RoleSessionName": "pulumi-fsx-dr"}
    for key, value in entry.items():
        if _is_set(value):
            member, kind = _ROLE_FIELDS[key]
            request[member] = kind.read(f"{name}.{key}", value)
    return Role(request.pop("RoleArn"), request)


_STRING = _Type("a string", _string)
_STRINGS = _Type("a list of strings", _strings)
_FLAG = _Type("true or false", lambda value: {"true": True, "false": False}[str(value).lower()])
_FILE = _Type("the path of a file that exists", _file)
_ONLY_FILE = _Type("a list with the path of one file that exists", _only_file)
_ROLES = _Type("a list of objects, each with a roleArn", _roles)
_ACCOUNT_IDS = _Type("a list of account ids, each of 12 digits in quotes", _account_ids)

_ROLE_FIELDS = {  # with the members of the request to STS
    "roleArn": ("RoleArn", _STRING),
    "sessionName": ("RoleSessionName", _STRING),
    "externalId": ("ExternalId", _STRING),
    "duration": ("DurationSeconds", _Type("a duration between 15m and 12h, such as 1h30m", _duration)),
    "policy": ("Policy", _Type("an IAM policy as a JSON string", _policy)),
    "policyArns": ("PolicyArns", _Type("a list of strings", lambda value: [{"arn": arn} for arn in _strings(value)])),
    "sourceIdentity": ("SourceIdentity", _STRING),
    "tags": ("Tags", _Type("an object of strings", _tags)),
    "transitiveTagKeys": ("TransitiveTagKeys", _STRINGS),
}


def _setting(kind: _Type, description: str, session: str = "") -> Any:
    """Return a row of the table; `session` is the variable of a botocore session for the setting, if there is one."""
    return field(default=None, metadata={"type": kind, "description": description, "session": session})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)  # some values are secret
class AwsSettings:
    """The supported settings; None for a setting that is not set."""

    region: str | None = _setting(_STRING, "Default Region of copies.")
    profile: str | None = _setting(_STRING, "Profile to take credentials from.", "profile")
    access_key: str | None = _setting(_STRING, "Access key id.")
    secret_key: str | None = _setting(_STRING, "Secret access key.")
    token: str | None = _setting(_STRING, "Session token.")
    assume_roles: tuple[Role, ...] | None = _setting(
        _ROLES, "Roles to assume, one after the other. The former name `assumeRole` works as well."
    )
    allowed_account_ids: frozenset[str] | None = _setting(_ACCOUNT_IDS, "The only accounts that may be used.")
    forbidden_account_ids: frozenset[str] | None = _setting(_ACCOUNT_IDS, "Accounts that must not be used.")
    endpoints: Mapping[str, str] | None = _setting(
        _Type('a list such as [{"fsx": "https://HOST"}], without credentials', _endpoints),
        "URLs by service: `fsx`, `kms`, `sts`.",
    )
    sts_region: str | None = _setting(_STRING, "Region in which roles are assumed. Default: the Region of the call.")
    shared_config_files: str | None = _setting(_ONLY_FILE, "File of profiles.", "config_file")
    shared_credentials_files: str | None = _setting(_ONLY_FILE, "File of credentials.", "credentials_file")
    custom_ca_bundle: str | None = _setting(_FILE, "Certificates to trust.", "ca_bundle")
    use_fips_endpoint: bool | None = _setting(_FLAG, "Call FIPS endpoints.", "use_fips_endpoint")
    use_dualstack_endpoint: bool | None = _setting(_FLAG, "Call dual-stack endpoints.", "use_dualstack_endpoint")
    skip_metadata_api_check: bool | None = _setting(_FLAG, "Do not take credentials from the EC2 metadata service.")

    @classmethod
    def read(cls, get: Callable[[str], Any]) -> "AwsSettings":
        """Read the settings of a stack.

        Args:
            get: returns a setting by its full name, such as `aws:profile`, or None.
        """
        for name, instead in REFUSED.items():
            if str(get(f"aws:{name}") or "false").lower() != "false":
                raise InvalidSettingsError(f"aws:{name} is not supported. {instead}")
        given = {}
        for row in fields(cls):
            name = _name(row.name)
            if _is_set(value := get(name)):
                given[row.name] = row.metadata["type"].read(name, value)
        found = cls(**given)
        if not found.assume_roles and _is_set(former := get("aws:assumeRole")):
            found = replace(found, assume_roles=_ROLES.read("aws:assumeRoles", former))
        if (found.access_key or found.secret_key or found.token) and not (found.access_key and found.secret_key):
            raise InvalidSettingsError("aws:accessKey and aws:secretKey must be set together (aws:token is optional).")
        return found

    @property
    def session_variables(self) -> dict[str, Any]:
        given = {row.metadata["session"]: getattr(self, row.name) for row in fields(self) if row.metadata["session"]}
        return {name: value for name, value in given.items() if value is not None}


# If these were ignored, calls could go to another endpoint or account than intended.
REFUSED = {
    "httpProxy": "Set HTTP_PROXY and HTTPS_PROXY in the environment.",
    "httpsProxy": "Set HTTPS_PROXY in the environment.",
    "noProxy": "Set NO_PROXY in the environment.",
    "assumeRoleWithWebIdentity": "Set AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE in the environment.",
    "ec2MetadataServiceEndpoint": "Set AWS_EC2_METADATA_SERVICE_ENDPOINT in the environment.",
    "ec2MetadataServiceEndpointMode": "Set AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE in the environment.",
    "insecure": "Set aws:customCaBundle.",
}
IGNORED = {
    "maxRetries": "Transient errors are retried until the timeout of the resource.",
    "retryMode": "Transient errors are retried until the timeout of the resource.",
    "tokenBucketRateLimiterCapacity": "Transient errors are retried until the timeout of the resource.",
    "skipCredentialsValidation": "Credentials are not validated in advance.",
    "skipRegionValidation": "Update boto3 to use a new Region.",
    "skipRequestingAccountId": "The account is requested where it is needed.",
    "defaultTags": "Set `tags` of the copies.",
    "ignoreTags": "Tags that others added are never changed.",
    "tagPolicyCompliance": "AWS enforces tag policies.",
    "userAgents": "It does not change any call.",
    "s3UsEast1RegionalEndpoint": "S3 is not called.",
    "s3UsePathStyle": "S3 is not called.",
}


def _name(attribute: str) -> str:
    return "aws:" + re.sub("_([a-z])", lambda letter: letter[1].upper(), attribute)
