"""Translate errors of AWS to `pulumi_fsx_dr.errors`, with advice."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias

from botocore import exceptions as aws
from botocore.awsrequest import AWSResponse
from botocore.parsers import ResponseParserError

from pulumi_fsx_dr import errors

from .kms import KEY_IN_TEXT, spellings, without_keys
from .text import WINDOW, clean, hide

# Defaults for the placeholders of advice. {region}, {limit} and {policy} always have a value.
_ABOUT = {"key": "this key", "source": "the source backup", "source_region": "the source Region"}

_Kind: TypeAlias = tuple[type[errors.ServiceError], str]  # and the advice
_CLOCK = (
    errors.TransientError,
    "The system clock is wrong, or the machine was suspended. Correct the clock, or try again.",
)
_LATER = (errors.TransientError, "Try again later.")
_DENIED = (errors.AccessDeniedError, "Allow it in IAM.")
_POLICY_SILENT = (errors.AccessDeniedError, "Allow it in the {policy} as well.")
_POLICY_DENIES = (errors.AccessDeniedError, "IAM cannot override {policy} that denies it. Change that policy.")
_BUSY = (errors.BusyError, "")
_OTHER = (errors.ServiceError, "")
# By the error codes of AWS, without the ending `Exception`: only some services use it.
_CODES: dict[_Kind, str] = {
    (errors.ExpiredCredentialsError, "The AWS credentials have expired. Renew them."): "ExpiredToken",
    (errors.ExpiredCredentialsError, "Check the system clock, or renew the AWS credentials."): "RequestExpired",
    _LATER: "Throttling Throttled RequestThrottled TooManyRequests RequestLimitExceeded RequestTimeout RequestAborted "
    "ServiceUnavailable DependencyTimeout InternalFailure InternalServerError",
    _DENIED: "AccessDenied UnauthorizedOperation NotAuthorized",
    (
        errors.CredentialsError,
        "Check the credentials, and that the account has opted in to {region}.",
    ): "UnrecognizedClient InvalidClientTokenId AuthFailure OptInRequired",
    (
        errors.CredentialsError,
        "Check the credentials.",
    ): "InvalidSignature SignatureDoesNotMatch IncompleteSignature MissingAuthenticationToken",
    (errors.NotFoundError, ""): "BackupNotFound FileSystemNotFound VolumeNotFound ResourceNotFound",
    _BUSY: "BackupInProgress BackupBeingCopied BackupRestoring",
    (errors.TokenConflictError, ""): "IncompatibleParameterError",
    (errors.KeyNotFoundError, "Set kms_key_id to a key in {region}."): "NotFound InvalidArn",
    (
        errors.ServiceError,
        "FSx cannot encrypt with {key}. Set kms_key_id to an enabled symmetric key in {region} that FSx may use.",
    ): "InvalidDestinationKmsKey",
    (errors.ServiceError, "Enable the key of {source}, and allow its use through FSx."): "InvalidSourceKmsKey",
    (
        errors.ServiceError,
        "Correct source_region. {source_region} and {region} must be in the same AWS partition.",
    ): "InvalidRegion",
    (
        errors.ServiceError,
        "Copy {source} to another Region. {region} does not have Multi-AZ file systems for Windows.",
    ): "IncompatibleRegionForMultiAZ",
    (errors.ServiceError, "Try again when {source} is AVAILABLE."): "SourceBackupUnavailable",
    (
        errors.ServiceError,
        "FSx does not support copying {source}. Remove it from the sources.",
    ): "UnsupportedOperation",
}
_KINDS = {code: kind for kind, codes in _CODES.items() for code in codes.split()}
_LIMITS: dict[str, _Kind] = {
    "TOTAL_IN_PROGRESS_COPY_BACKUPS": (errors.SlotsTakenError, ""),
    "TOTAL_USER_INITIATED_BACKUPS": (errors.QuotaReachedError, "Ask AWS to raise {limit}."),
    "TOTAL_USER_TAGS": (errors.ServiceError, "Remove tags. AWS does not raise {limit}."),
}
_WORD_LIMIT = 100  # maximum length of an error code
_CLOCK_TEXT = re.compile(r"signature (expired|not yet current)", re.IGNORECASE)
_BUSY_TEXT = re.compile(r"being (copied|restored|created)", re.IGNORECASE)
_ACTION = re.compile(r"perform: ([a-z0-9-]+:\w+)")
# IAM User Guide, Troubleshoot access denied error messages
_DENYING = re.compile(r"explicit deny(?: in (?P<policy>an? [\w -]{0,60}?(?:policy|boundary)))?")
_SILENT = re.compile(r"because no (?!identity-based)(?P<policy>[\w -]{1,60}?) allows")

_NO_CREDENTIALS = (aws.NoCredentialsError, aws.CredentialRetrievalError, aws.MetadataRetrievalError)
# The errors of `aws login` are newer than the oldest botocore that is supported.
_EXPIRED_LOGIN = (aws.TokenRetrievalError, aws.SSOError, getattr(aws, "LoginError", aws.SSOError))
# Raised while a call resolves its credentials. Most others are raised as soon as a session or client is made.
_CONFIGURATION = (
    aws.ConfigNotFound,
    aws.ConfigParseError,
    aws.InfiniteLoopConfigError,
    aws.InvalidConfigError,
    aws.MissingDependencyException,
    aws.NoRegionError,
    aws.PartialCredentialsError,
    aws.ProfileNotFound,
    aws.RefreshWithMFAUnsupportedError,
    aws.UnknownCredentialError,
)
# Raised by botocore and by our parsing for members of the wrong type, impossible times (RuntimeError) and nesting that
# is too deep (RecursionError, which is a RuntimeError).
_UNPARSABLE = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Redactor:
    """Removes the values of a call that may be secret: the KMS key, and the values of tags."""

    kms_key_id: str | None = None
    tag_values: Iterable[str] = ()

    def redact(self, text: str) -> str:
        """Return a text of AWS, cleaned, without these values and without any key ARN."""
        text = without_keys(clean(text, WINDOW), self.kms_key_id)
        keys = spellings(self.kms_key_id) if self.kms_key_id else ()
        # Keys again, because the text may be cut off within a key.
        return hide(hide(text, keys, KEY_IN_TEXT), self.tag_values, "[tag value]")


NOTHING_SECRET = Redactor()


@contextmanager
def map_errors(action: str, region: str, redactor: Redactor = NOTHING_SECRET, **about: str) -> Iterator[None]:
    """Translate errors of AWS to `errors.ServiceError`s.

    Args:
        redactor: removes secrets from the errors.
        about: `key`, `source` and `source_region` of the call, for the advice.
    """
    call = f"{action} in {region}"
    try:
        yield
    except aws.ClientError as error:
        raise _from_answer(error, redactor.redact(_message(error)), call, about | {"region": region}) from None
    except _EXPIRED_LOGIN as error:
        raise errors.ExpiredCredentialsError(
            f"The AWS login has expired ({_first_line(error)}). Log in again."
        ) from None
    except _NO_CREDENTIALS as error:
        raise errors.CredentialsError(
            f"AWS credentials are missing for {call}. Set AWS_PROFILE or other AWS_ variables. "
            f"(The AWS SDK said: {_first_line(error)})"
        ) from None
    except _CONFIGURATION as error:
        raise _config_error(error) from None
    except aws.ParamValidationError as error:
        raise errors.ServiceError(f"{call} was not sent: {clean(redactor.redact(str(error)))}") from None
    # AWS may have executed the request. A retry is safe because of the request token of CopyBackup.
    except (aws.HTTPClientError, aws.ConnectionError) as error:
        raise errors.UnreachableError(f"{call} got no answer ({_first_line(error)}). Try again later.") from None
    # Last, because most errors above are BotoCoreErrors as well. The answer may be from a proxy or a failing server.
    except (aws.BotoCoreError, ResponseParserError, *_UNPARSABLE) as error:
        raise errors.TransientError(
            f"{call} returned an unreadable answer ({_first_line(error)}). Try again later."
        ) from None


@contextmanager
def map_config_errors() -> Iterator[None]:
    """Raise an error of botocore as an `AwsConfigError`, while a session or a client is made.

    Errors with their own advice in `map_errors`, such as an expired login, pass unchanged.
    """
    try:
        yield
    except (*_EXPIRED_LOGIN, *_NO_CREDENTIALS):
        raise
    # botocore raises a ValueError if, for example, AWS_ENDPOINT_URL is not a URL.
    except (aws.BotoCoreError, ValueError, TypeError, OSError) as error:
        raise _config_error(error) from None


def _config_error(error: Exception) -> errors.AwsConfigError:
    path = getattr(error, "kwargs", {}).get("path")
    match error:
        case aws.ProfileNotFound():
            name = clean(str(error.kwargs["profile"]), _WORD_LIMIT)
            said = f"The AWS profile {name} does not exist. Correct AWS_PROFILE or aws:profile."
        case aws.ConfigParseError():
            said = f"The AWS configuration file {clean(str(path))} is malformed. Correct it."
        case aws.ConfigNotFound():
            said = f"The AWS configuration file {clean(str(path))} does not exist. Correct its path."
        case _:
            said = (
                "The AWS configuration cannot be used. Correct the AWS_ variables of the environment, the profile, "
                f"or the `aws:` settings of the stack. (The AWS SDK said: {_first_line(error)})"
            )
    return errors.AwsConfigError(said)


def require_json(http_response: AWSResponse, **_event: object) -> None:
    """Refuse a successful answer that is not JSON, because botocore would read it as an empty one."""
    if http_response.status_code == HTTPStatus.OK:
        try:
            json.loads(http_response.content)
        except (ValueError, RecursionError):
            raise ResponseParserError("the answer is not JSON") from None


def _from_answer(error: aws.ClientError, message: str, call: str, about: Mapping[str, str]) -> errors.ServiceError:
    code, shown = _code(error), clean(message)
    said = f"{call} answered {code}{f': {shown}' if shown else '.'}"
    kind, advice = _kind(error, code, message)
    if kind is errors.AccessDeniedError:
        named = _ACTION.search(message)
        denied = f"{named[1]} in {about['region']}" if named else call
        said = f"The AWS credentials lack permission for {denied} ({shown})"
    names = {**_ABOUT, **about, "limit": _limit(error), "policy": _policy(message)}
    return kind(" ".join(filter(None, [said, advice.format_map(names)])))


def _kind(error: aws.ClientError, code: str, message: str) -> _Kind:
    # Before the code: it is the same for a wrong clock and for wrong credentials.
    if _CLOCK_TEXT.search(message):
        return _CLOCK
    if code == "ServiceLimitExceeded":
        return _LIMITS.get(_limit(error), (errors.ServiceError, "Ask AWS to raise {limit}."))
    if code == "BadRequest":
        # FSx has returned this for a backup that cannot be deleted yet.
        return _BUSY if _BUSY_TEXT.search(message) else _OTHER
    # For other codes the HTTP status decides. A needless retry costs little, while giving up is final.
    known = _KINDS.get(code.removesuffix("Exception")) or (_LATER if _is_transient(error) else _OTHER)
    return _denial(message) if known is _DENIED else known


def _denial(message: str) -> _Kind:
    if _DENYING.search(message):
        return _POLICY_DENIES
    return _POLICY_SILENT if _SILENT.search(message) else _DENIED


def _is_transient(error: aws.ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    transient = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
    return status in transient or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _limit(error: aws.ClientError) -> str:
    return clean(str(error.response.get("Limit")), _WORD_LIMIT)


def _policy(message: str) -> str:
    named = _DENYING.search(message) or _SILENT.search(message)
    return (named and named["policy"]) or "a policy"


def _code(error: aws.ClientError) -> str:
    code = error.response.get("Error", {}).get("Code")
    return clean(str(code), _WORD_LIMIT) if code else "an error without a code"


def _message(error: aws.ClientError) -> str:
    given = (error.response.get("Error", {}).get("Message"), error.response.get("Message"))
    text = next((text for text in given if text and isinstance(text, str)), "").rstrip()
    return text if text.endswith(".") or not text else f"{text}."


def _first_line(error: BaseException) -> str:
    return clean((str(error).splitlines() or [""])[0]).rstrip(".") or type(error).__name__
