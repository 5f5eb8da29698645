"""FSx's protocol, JSON 1.1, for one request."""

import json
from collections.abc import Callable
from uuid import uuid4

from simulator.fsx import copying, deleting, describing, model, tagging
from simulator.fsx.authorizing import authorize
from simulator.fsx.calls import Answer, Call, Request
from simulator.fsx.errors import FsxError, bad_request
from simulator.fsx.records import Description
from simulator.fsx.state import State

TARGET = "AWSSimbaAPIService_v20180301."

_ACTIONS: dict[str, Callable[[State, Call], Description]] = {
    "CopyBackup": copying.copy_backup,
    "DeleteBackup": deleting.delete_backup,
    "DescribeBackups": describing.describe_backups,
    "DescribeFileSystems": describing.describe_file_systems,
    "DescribeVolumes": describing.describe_volumes,
    "TagResource": tagging.tag_resource,
    "UntagResource": tagging.untag_resource,
}


def is_fsx(request: Request) -> bool:
    """Whether a request is for FSx."""
    return request.headers.get("x-amz-target", "").startswith(TARGET)


def perform(state: State, call: Call) -> Description:
    """Perform a call, and return the body of the answer.

    Raises:
        FsxError: If the call is refused.
    """
    action = _ACTIONS.get(call.action)
    if action is None:
        raise FsxError("UnknownOperationException", f"The simulator does not have the action {call.action}.")
    _refuse_invalid(call)
    with state.lock:
        authorize(state, call)
        return action(state, call)


def _refuse_invalid(call: Call) -> None:
    # Other services of this protocol give this answer to unparsable bodies and to members of a wrong type.
    if call.parsed is None:
        raise FsxError("SerializationException", "The request's body is not a JSON object.")
    found = list(model.request_violations(call.action, call.parameters))
    mistyped = [violation for violation in found if violation.is_mistyped]
    if mistyped:
        raise FsxError("SerializationException", str(mistyped[0]))
    if any(violation.shape == "FilterName" for violation in found):
        raise bad_request(str(found[0]))
    if found:
        plural = "s" if len(found) > 1 else ""
        listed = "; ".join(map(str, found))
        raise FsxError("ValidationException", f"{len(found)} validation error{plural} detected: {listed}")


def success(body: Description) -> Answer:
    """Return a successful answer."""
    return _answer(200, json.dumps(body).encode())


def cut_in_half(answer: Answer) -> Answer:
    """Return an answer with half of the body."""
    return Answer(200, answer.headers, answer.body[: len(answer.body) // 2])


def error_answer(error: FsxError, service: str) -> Answer:
    """Return an error as the service writes it: query services answer in XML."""
    if service in {"sts", "iam"}:
        detail = f"<Error><Type>Sender</Type><Code>{error.code}</Code><Message>{error}</Message></Error>"
        body = f"<ErrorResponse>{detail}<RequestId>{uuid4()}</RequestId></ErrorResponse>"
        return _answer(error.status, body.encode(), "text/xml")
    return _answer(error.status, json.dumps(error.body()).encode())


def _answer(status: int, body: bytes, content_type: str = "application/x-amz-json-1.1") -> Answer:
    return Answer(status, {"Content-Type": content_type, "x-amzn-RequestId": str(uuid4())}, body)
