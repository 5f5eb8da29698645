"""The errors of this package. Only `fsx/errors.py` turns an error of AWS into one of these."""

from pulumi import RunError


class FsxDrError(RunError):
    """Base of all. A program that ends with a `RunError` shows its message and no traceback."""


class InvalidSettingsError(FsxDrError):
    """A setting, argument or environment variable has a value that cannot be used."""


class InvalidStateError(FsxDrError):
    """An entry of the Pulumi state is damaged, for example because it was edited by hand."""


class ServiceError(FsxDrError):
    """AWS did not do what was asked."""


class TransientError(ServiceError):
    """Worth a retry: throttled, a server-side failure, or an answer that makes no sense."""


class UnreachableError(TransientError):
    """The Region's endpoint refused the connection, dropped it or did not answer in time."""


class ExpiredCredentialsError(TransientError):
    """The credentials have expired; they may be renewed while a copy runs."""


class CredentialsError(ServiceError):
    """There are no credentials, AWS does not know them, or the stack does not allow their account."""


class AwsConfigError(CredentialsError):
    """The AWS configuration of this machine cannot be used, for example because the profile does not exist."""


class AccessDeniedError(ServiceError):
    """The credentials may not do this; the message names the missing IAM action."""


class KeyNotFoundError(ServiceError):
    """KMS does not know the key or alias in this Region and account."""


class NotFoundError(ServiceError):
    """FSx knows no such backup or file system in this Region and account."""


class BusyError(ServiceError):
    """The backup cannot be deleted yet: it is being made, being copied, or being restored."""


class SlotsTakenError(ServiceError):
    """As many copies run into this Region as FSx permits (`TOTAL_IN_PROGRESS_COPY_BACKUPS`)."""


class QuotaReachedError(ServiceError):
    """There are as many user-initiated backups as FSx permits (`TOTAL_USER_INITIATED_BACKUPS`)."""


class TokenConflictError(ServiceError):
    """The idempotency token was used before with other parameters (`IncompatibleParameterError`)."""


class CopyError(FsxDrError):
    """A copy cannot be made, or did not become AVAILABLE."""


class CallCancelledError(FsxDrError):
    """The engine has stopped waiting for this call, or the deployment was cancelled before the call began something."""
