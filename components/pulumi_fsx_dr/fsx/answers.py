"""What AWS answers when it does not do what was asked, as one of our errors."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from botocore import exceptions as aws
from botocore.awsrequest import AWSResponse
from botocore.parsers import ResponseParserError

from pulumi_fsx_dr import errors

_EXPIRED = (errors.ExpiredCredentialsError, "The AWS credentials have expired: renew them.")
_THROTTLED = (errors.TransientError, "Try again later.")
_DENIED = (errors.AccessDeniedError, "Allow it in IAM.")
_UNKNOWN = (errors.CredentialsError, "Check the credentials, and that the account has opted in to {region}.")
_MISSING = (errors.NotFoundError, "")
_BUSY = (errors.BusyError, "")
_KINDS: dict[str, tuple[type[errors.ServiceError], str]] = {
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "RequestExpired": _EXPIRED,
    "Throttling": _THROTTLED,
    "ThrottlingException": _THROTTLED,
    "TooManyRequestsException": _THROTTLED,
    "RequestLimitExceeded": _THROTTLED,
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "UnauthorizedOperation": _DENIED,
    "NotAuthorized": _DENIED,
    "UnrecognizedClientException": _UNKNOWN,
    "InvalidClientTokenId": _UNKNOWN,
    "InvalidSignatureException": _UNKNOWN,
    "AuthFailure": _UNKNOWN,
    "MissingAuthenticationToken": _UNKNOWN,
    "OptInRequired": _UNKNOWN,
    "BackupNotFound": _MISSING,
    "FileSystemNotFound": _MISSING,
    "VolumeNotFound": _MISSING,
    "ResourceNotFound": _MISSING,
    "BackupInProgress": _BUSY,
    "BackupBeingCopied": _BUSY,
    "BackupRestoring": _BUSY,
    "IncompatibleParameterError": (errors.TokenConflictError, ""),
}
_LIMITS: dict[str, tuple[type[errors.ServiceError], str]] = {
    "TOTAL_IN_PROGRESS_COPY_BACKUPS": (errors.SlotsTakenError, ""),
}
_BUSY_TEXT = re.compile(r"being (copied|restored|created)|in progress", re.IGNORECASE)
_ACTION = re.compile(r"perform: ([a-z0-9-]+:\w+)")

_NO_CREDENTIALS = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.ProfileNotFound,
    aws.CredentialRetrievalError,
    aws.NoRegionError,
)
_EXPIRED_LOGIN = (aws.TokenRetrievalError, aws.UnauthorizedSSOTokenError, aws.SSOTokenLoadError)


@contextmanager
def translated(action: str, region: str) -> Iterator[None]:
    """Raise AWS's errors as one of `errors.ServiceError`'s kinds.

    Args:
        action: what is called, as IAM names it, e.g. `fsx:CopyBackup`.
        region: where it is called.
    """
    call = f"{action} in {region}"
    try:
        yield
    except aws.ClientError as error:
        raise _from_answer(error, call, action, region) from None
    except _EXPIRED_LOGIN as error:
        raise errors.ExpiredCredentialsError(
            f"The AWS login has expired ({_first_line(error)}): log in again."
        ) from None
    except _NO_CREDENTIALS as error:
        raise errors.CredentialsError(
            f"There are no AWS credentials for {call} ({_first_line(error)}): set a profile or environment variables."
        ) from None
    except aws.ParamValidationError as error:
        raise errors.ServiceError(f"{call} was not sent: {' '.join(str(error).split())}") from None
    except (aws.HTTPClientError, aws.ConnectionError) as error:
        raise errors.UnreachableError(f"{call} got no answer ({_first_line(error)}): try again later.") from None
    except (aws.BotoCoreError, ResponseParserError, KeyError, TypeError, AttributeError) as error:
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
        except ValueError:
            raise ResponseParserError("the answer is no JSON") from None


def _from_answer(error: aws.ClientError, call: str, action: str, region: str) -> errors.ServiceError:
    code, message = _code(error), _message(error)
    said = f"{call} answered {code}: {message}"
    kind, advice = _kind(error, code, message)
    if kind is errors.AccessDeniedError:
        named = _ACTION.search(message)
        said = f"The AWS credentials lack permission for {named[1] if named else action} in {region} ({message})"
    return kind(" ".join(filter(None, [said, advice.format(region=region, limit=error.response.get("Limit"))])))


def _kind(error: aws.ClientError, code: str, message: str) -> tuple[type[errors.ServiceError], str]:
    if code == "ServiceLimitExceeded":
        return _LIMITS.get(str(error.response.get("Limit")), (errors.ServiceError, "Ask AWS to raise {limit}."))
    if code in _KINDS:
        return _KINDS[code]
    if code == "BadRequest" and _BUSY_TEXT.search(message):
        return errors.BusyError, ""
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return errors.TransientError, "Try again later."
    return errors.ServiceError, ""


def _code(error: aws.ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "") or "an error without a code"


def _message(error: aws.ClientError) -> str:
    text = error.response.get("Error", {}).get("Message") or str(error.response.get("Message", ""))
    text = " ".join(text.split())
    return text if text.endswith(".") else f"{text}."


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0].rstrip(".") or type(error).__name__
