"""Errors the service answers with, in FSx's own names."""


class FsxError(Exception):
    """An error answer.

    Args:
        code: the error's name in the API, such as `BackupNotFound`.
        message: one sentence for the caller.
        status: the HTTP status.
        **members: what the API's model adds to this error, such as `Limit` or `BackupId`.
    """

    def __init__(self, code: str, message: str, *, status: int = 400, **members: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.members = members

    def body(self) -> dict[str, str]:
        """Return the JSON body FSx sends for this error."""
        return {"__type": self.code, "Message": str(self), **self.members}


def bad_request(message: str) -> FsxError:
    """Return FSx's generic refusal."""
    return FsxError("BadRequest", message)


def access_denied(
    who: str, action: str, resource: str, why: str = "because no identity-based policy allows the {action} action"
) -> FsxError:
    """Return IAM's refusal, as FSx passes it on: who may not do what to which resource, and why."""
    message = f"User: {who} is not authorized to perform: {action} on resource: {resource} "
    return FsxError("AccessDeniedException", message + why.format(action=action))


def limit_exceeded(limit: str, allowed: int) -> FsxError:
    """Return the refusal of a request that would go over `limit`, one of the model's `ServiceLimit` values."""
    return FsxError("ServiceLimitExceeded", f"The account reached its limit of {allowed} for {limit}.", Limit=limit)
