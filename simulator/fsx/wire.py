"""FSx's wire protocol, JSON 1.1, for one request."""

import json
from collections.abc import Callable
from uuid import uuid4

from simulator.fsx import copying, deleting, describing, model, restoring, tagging
from simulator.fsx.authorizing import authorize
from simulator.fsx.calls import Answer, Call, Request
from simulator.fsx.errors import FsxError, bad_request
from simulator.fsx.records import Description
from simulator.fsx.service_state import ServiceState

TARGET = "AWSSimbaAPIService_v20180301."

_ACTIONS: dict[str, Callable[[ServiceState, Call], Description]] = {
    "CopyBackup": copying.copy_backup,
    "CreateBackup": copying.create_backup,
    "CreateFileSystemFromBackup": restoring.create_file_system_from_backup,
    "DeleteBackup": deleting.delete_backup,
    "DeleteFileSystem": restoring.delete_file_system,
    "DescribeBackups": describing.describe_backups,
    "DescribeFileSystems": describing.describe_file_systems,
    "DescribeVolumes": describing.describe_volumes,
    "ListTagsForResource": tagging.list_tags_for_resource,
    "TagResource": tagging.tag_resource,
    "UntagResource": tagging.untag_resource,
}


def is_fsx(request: Request) -> bool:
    """Tell whether a request is for FSx."""
    return request.headers.get("x-amz-target", "").startswith(TARGET)


def perform(world: ServiceState, call: Call) -> Description:
    """Do what a call asks for and return the answer's body.

    Raises:
        FsxError: the service refuses.
    """
    action = _ACTIONS.get(call.action)
    if action is None:
        raise FsxError("UnknownOperationException", f"There is no action {call.action} here.")
    _refuse_invalid(call)
    with world.lock:
        authorize(world, call)
        return action(world, call)


def _refuse_invalid(call: Call) -> None:
    # Seen of other services of this protocol: what cannot be read at all, and a member of another type, is one error.
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


def half(answer: Answer) -> Answer:
    """Return an answer that breaks off halfway."""
    return Answer(200, answer.headers, answer.body[: len(answer.body) // 2])


def refusal(error: FsxError, *, service: str = "fsx") -> Answer:
    """Return an error answer as the given service writes it: query services answer in XML."""
    if service in {"sts", "iam"}:
        return _answer(error.status, _xml(error), "text/xml")
    return _answer(error.status, json.dumps(error.body()).encode())


def _xml(error: FsxError) -> bytes:
    detail = f"<Error><Type>Sender</Type><Code>{error.code}</Code><Message>{error}</Message></Error>"
    return f"<ErrorResponse>{detail}<RequestId>{uuid4()}</RequestId></ErrorResponse>".encode()


def _answer(status: int, body: bytes, content_type: str = "application/x-amz-json-1.1") -> Answer:
    return Answer(status, {"Content-Type": content_type, "x-amzn-RequestId": str(uuid4())}, body)
