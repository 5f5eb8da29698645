"""Error answers, with FSx's own names."""


class FsxError(Exception):
    """An error answer: its name in the API, the message, and more members of the model, for example `Limit`."""

    def __init__(self, code: str, message: str, *, status: int = 400, **members: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.members = members

    def body(self) -> dict[str, str]:
        """Return the JSON body FSx sends for this error."""
        return {"__type": self.code, "Message": str(self), **self.members}


def bad_request(message: str) -> FsxError:
    """Return FSx's generic error."""
    return FsxError("BadRequest", message)


def access_denied(
    who: str, action: str, resource: str, why: str = "because no identity-based policy allows the {action} action"
) -> FsxError:
    """Return IAM's error, as FSx passes it on."""
    message = f"User: {who} is not authorized to perform: {action} on resource: {resource} "
    return FsxError("AccessDeniedException", message + why.format(action=action))


def limit_exceeded(limit: str, allowed: int) -> FsxError:
    """Return the error for a quota; `limit` is one of the model's `ServiceLimit` values."""
    return FsxError("ServiceLimitExceeded", f"The account reached its limit of {allowed} for {limit}.", Limit=limit)
