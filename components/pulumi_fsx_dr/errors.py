"""The errors of this package. Only `fsx/errors.py` translates errors of AWS to them."""

from pulumi import RunError


class FsxDrError(RunError):
    """Base class. If a program raises a `RunError`, Pulumi shows its message without a traceback."""


class InvalidSettingsError(FsxDrError):
    """A setting, argument or environment variable is wrong."""


class InvalidStateError(FsxDrError):
    """An entry of the Pulumi state is damaged, for example because it was edited by hand."""


class ServiceError(FsxDrError):
    """A call to AWS failed."""


class TransientError(ServiceError):
    """A call failed that may succeed later: throttling, a server-side failure, or an unreadable answer."""


class UnreachableError(TransientError):
    """The Region's endpoint refused the connection, dropped it or did not answer in time."""


class ExpiredCredentialsError(TransientError):
    """The credentials have expired. They may be renewed while a copy runs."""


class CredentialsError(ServiceError):
    """Credentials are missing or unknown to AWS, or the stack does not allow their account."""


class AwsConfigError(CredentialsError):
    """The AWS configuration of this machine cannot be used, for example because the profile does not exist."""


class AccessDeniedError(ServiceError):
    """The credentials lack a permission; the message names the IAM action."""


class KeyNotFoundError(ServiceError):
    """KMS does not know the key or alias in this Region and account."""


class NotFoundError(ServiceError):
    """The backup or file system does not exist in this Region and account."""


class BusyError(ServiceError):
    """The backup cannot be deleted yet: it is being created, copied or restored."""


class SlotsTakenError(ServiceError):
    """All copy slots of the DR Region are in use (`TOTAL_IN_PROGRESS_COPY_BACKUPS`)."""


class QuotaReachedError(ServiceError):
    """The quota of user-initiated backups is reached (`TOTAL_USER_INITIATED_BACKUPS`)."""


class TokenConflictError(ServiceError):
    """The request token was used before with other parameters (`IncompatibleParameterError`)."""


class CopyError(FsxDrError):
    """A copy cannot be created, or did not become AVAILABLE."""


class CallCancelledError(FsxDrError):
    """The engine no longer waits for this call, or the deployment was cancelled before the call started a copy."""
