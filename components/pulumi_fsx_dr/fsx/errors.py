"""What AWS answers when it does not do what was asked, as one of our errors."""

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

# Advice may name {region}, {limit}, {policy}, and what the call was about.
_ABOUT = {"key": "this key", "source": "the source backup", "source_region": "the source Region"}

_Kind: TypeAlias = tuple[type[errors.ServiceError], str]
_EXPIRED = (errors.ExpiredCredentialsError, "The AWS credentials have expired: renew them.")
_LATE = (errors.ExpiredCredentialsError, "Set this machine's clock if it is wrong, or renew the AWS credentials.")
_CLOCK = (errors.TransientError, "This machine's clock is wrong, or it was suspended: set the clock, or try again.")
_LATER = (errors.TransientError, "Try again later.")
_DENIED = (errors.AccessDeniedError, "Allow it in IAM.")
_POLICY_SILENT = (errors.AccessDeniedError, "Allow it in the {policy}, too.")
_POLICY_DENIES = (errors.AccessDeniedError, "IAM cannot allow it while {policy} denies it: have that changed.")
_UNKNOWN = (errors.CredentialsError, "Check the credentials, and that the account has opted in to {region}.")
_UNSIGNED = (errors.CredentialsError, "Check the credentials.")
_MISSING = (errors.NotFoundError, "")
_BUSY = (errors.BusyError, "")
_OTHER = (errors.ServiceError, "")
_NO_KEY = (errors.ServiceError, "Name a key of {region} in kms_key_id.")
# By AWS's code without the ending `Exception`, which some of its services write and others leave out.
_KINDS: dict[str, _Kind] = {
    "ExpiredToken": _EXPIRED,
    "RequestExpired": _LATE,
    "Throttling": _LATER,
    "Throttled": _LATER,
    "RequestThrottled": _LATER,
    "TooManyRequests": _LATER,
    "RequestLimitExceeded": _LATER,
    "RequestTimeout": _LATER,
    "RequestAborted": _LATER,
    "ServiceUnavailable": _LATER,
    "DependencyTimeout": _LATER,
    "InternalFailure": _LATER,
    "InternalServerError": _LATER,
    "AccessDenied": _DENIED,
    "UnauthorizedOperation": _DENIED,
    "NotAuthorized": _DENIED,
    "UnrecognizedClient": _UNKNOWN,
    "InvalidClientTokenId": _UNKNOWN,
    "AuthFailure": _UNKNOWN,
    "OptInRequired": _UNKNOWN,
    "InvalidSignature": _UNSIGNED,
    "SignatureDoesNotMatch": _UNSIGNED,
    "IncompleteSignature": _UNSIGNED,
    "MissingAuthenticationToken": _UNSIGNED,
    "BackupNotFound": _MISSING,
    "FileSystemNotFound": _MISSING,
    "VolumeNotFound": _MISSING,
    "ResourceNotFound": _MISSING,
    "BackupInProgress": _BUSY,
    "BackupBeingCopied": _BUSY,
    "BackupRestoring": _BUSY,
    "IncompatibleParameterError": (errors.TokenConflictError, ""),
    "NotFound": _NO_KEY,
    "InvalidArn": _NO_KEY,
    "InvalidDestinationKmsKey": (
        errors.ServiceError,
        "FSx cannot encrypt with {key}: set kms_key_id to an enabled symmetric key of {region} that FSx may use.",
    ),
    "InvalidSourceKmsKey": (errors.ServiceError, "Enable the key of {source}, and allow its use through FSx."),
    "InvalidRegion": (
        errors.ServiceError,
        "Correct source_region: {source_region} is no Region of the same partition as {region}.",
    ),
    "IncompatibleRegionForMultiAZ": (
        errors.ServiceError,
        "Copy {source} to another Region: {region} has no Multi-AZ file systems for Windows.",
    ),
    "SourceBackupUnavailable": (errors.ServiceError, "Copy {source} when it is AVAILABLE."),
    "UnsupportedOperation": (errors.ServiceError, "FSx cannot do this with {source}: leave it out."),
}
_LIMITS: dict[str, _Kind] = {
    "TOTAL_IN_PROGRESS_COPY_BACKUPS": (errors.SlotsTakenError, ""),
    "TOTAL_USER_TAGS": (errors.ServiceError, "Remove tags: AWS does not raise {limit}."),
}
_WORD_LIMIT = 100  # characters of a code that are shown
_CLOCK_TEXT = re.compile(r"signature (expired|not yet current)", re.IGNORECASE)
_BUSY_TEXT = re.compile(r"being (copied|restored|created)", re.IGNORECASE)
_ACTION = re.compile(r"perform: ([a-z0-9-]+:\w+)")
# IAM User Guide, Troubleshoot access denied error messages
_DENYING = re.compile(r"explicit deny(?: in (?P<policy>an? [\w -]{0,60}?(?:policy|boundary)))?")
_SILENT = re.compile(r"because no (?!identity-based)(?P<policy>[\w -]{1,60}?) allows")

_NO_CREDENTIALS = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.ProfileNotFound,
    aws.CredentialRetrievalError,
    aws.NoRegionError,
)
# What botocore and we stumble over where an answer has members of other types, impossible times or bottomless lists.
_SENSELESS = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)
_EXPIRED_LOGIN = (aws.TokenRetrievalError, aws.UnauthorizedSSOTokenError, aws.SSOTokenLoadError)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a call sends that may be secret: a KMS key as somebody wrote it, and values of tags."""

    kms_key_id: str | None = None
    tag_values: Iterable[str] = ()

    def hidden_in(self, text: str) -> str:
        """Return what AWS said, cleaned, without them and without any key."""
        text = without_keys(clean(text, WINDOW), self.kms_key_id)
        keys = spellings(self.kms_key_id) if self.kms_key_id else ()
        # Keys again, because the text may break off within one.
        return hide(hide(text, keys, KEY_IN_TEXT), self.tag_values, "[tag value]")


_NOTHING = Sent()


@contextmanager
def translated(action: str, region: str, sent: Sent = _NOTHING, **about: str) -> Iterator[None]:
    """Raise AWS's errors as one of `errors.ServiceError`'s kinds.

    Args:
        action: what is called, as IAM names it, e.g. `fsx:CopyBackup`.
        region: where it is called.
        sent: what no error tells.
        about: `key`, `source` and `source_region` of the call, for the advice to name.
    """
    call = f"{action} in {region}"
    try:
        yield
    except aws.ClientError as error:
        raise _from_answer(error, sent.hidden_in(_message(error)), action, region, about) from None
    except _EXPIRED_LOGIN as error:
        raise errors.ExpiredCredentialsError(
            f"The AWS login has expired ({_first_line(error)}): log in again."
        ) from None
    except _NO_CREDENTIALS as error:
        raise errors.CredentialsError(
            f"There are no AWS credentials for {call} ({_first_line(error)}): set a profile or environment variables."
        ) from None
    except aws.ParamValidationError as error:
        raise errors.ServiceError(f"{call} was not sent: {clean(sent.hidden_in(str(error)))}") from None
    # The request may have been carried out all the same. It is sent again, which the token of CopyBackup makes safe.
    except (aws.HTTPClientError, aws.ConnectionError) as error:
        raise errors.UnreachableError(f"{call} got no answer ({_first_line(error)}): try again later.") from None
    # Last, because most of the errors above are BotoCoreErrors as well. It counts as passing, because such an answer
    # may come from a proxy or a server in trouble.
    except (aws.BotoCoreError, ResponseParserError, *_SENSELESS) as error:
        raise errors.TransientError(
            f"{call} got an answer that makes no sense ({_first_line(error)}): try again later."
        ) from None


def require_json(http_response: AWSResponse, **_event: object) -> None:
    """Refuse a successful answer that is no JSON: botocore takes it for an empty one, whatever was done.

    Raises:
        ResponseParserError: the answer is no JSON.
    """
    if http_response.status_code == HTTPStatus.OK:
        try:
            json.loads(http_response.content)
        except (ValueError, RecursionError):
            raise ResponseParserError("the answer is no JSON") from None


def _from_answer(
    error: aws.ClientError, message: str, action: str, region: str, about: Mapping[str, str]
) -> errors.ServiceError:
    code = _code(error)
    shown = clean(message)
    said = f"{action} in {region} answered {code}{f': {shown}' if shown else '.'}"
    kind, advice = _kind(error, code, message)
    if kind is errors.AccessDeniedError:
        named = _ACTION.search(message)
        said = f"The AWS credentials lack permission for {named[1] if named else action} in {region} ({shown})"
    named_in_advice = {**_ABOUT, **about, "region": region, "limit": _limit(error), "policy": _policy(message)}
    return kind(" ".join(filter(None, [said, advice.format_map(named_in_advice)])))


def _kind(error: aws.ClientError, code: str, message: str) -> _Kind:
    # Before the code: with a wrong clock it is the same as with wrong credentials, and only the text tells.
    if _CLOCK_TEXT.search(message):
        return _CLOCK
    if code == "ServiceLimitExceeded":
        return _LIMITS.get(_limit(error), (errors.ServiceError, "Ask AWS to raise {limit}."))
    if code == "BadRequest":
        # FSx was seen to answer so, too, if a backup cannot be deleted yet; then only the text tells.
        return _BUSY if _BUSY_TEXT.search(message) else _OTHER
    # Of a code that is not listed HTTP decides: to give up is final, and to ask again costs little.
    known = _KINDS.get(code.removesuffix("Exception")) or (_LATER if _is_passing(error) else _OTHER)
    return _denial(message) if known is _DENIED else known


def _denial(message: str) -> _Kind:
    if _DENYING.search(message):
        return _POLICY_DENIES
    return _POLICY_SILENT if _SILENT.search(message) else _DENIED


def _is_passing(error: aws.ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    passing = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
    return status in passing or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _limit(error: aws.ClientError) -> str:
    return clean(str(error.response.get("Limit")), _WORD_LIMIT)


def _policy(message: str) -> str:
    named = _DENYING.search(message) or _SILENT.search(message)
    return (named and named["policy"]) or "a policy"


def _code(error: aws.ClientError) -> str:
    code = error.response.get("Error", {}).get("Code")
    return clean(str(code), _WORD_LIMIT) if code else "an error without a code"


def _message(error: aws.ClientError) -> str:
    """Return what AWS said, as a sentence; as long as it may be."""
    told = (error.response.get("Error", {}).get("Message"), error.response.get("Message"))
    text = next((text for text in told if text and isinstance(text, str)), "").rstrip()
    return text if text.endswith(".") or not text else f"{text}."


def _first_line(error: BaseException) -> str:
    return clean((str(error).splitlines() or [""])[0]).rstrip(".") or type(error).__name__
