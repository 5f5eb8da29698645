"""The simulator for boto3 clients in the same process, without a socket."""

from typing import Any, NoReturn
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from simulator.fsx.calls import Request
from simulator.fsx.service import FsxService, NoAnswerError

# botocore's default
READ_TIMEOUT_SECONDS = 60


def in_process(session: boto3.Session, service: FsxService) -> None:
    """Make `service` answer the FSx, KMS and STS clients that `session` makes from now on.

    A hanging call takes a minute of the simulator's clock, then times out. Botocore waits in real time between its
    attempts, so clients need `Config(retries={"total_max_attempts": 1})` if faults are expected.
    """

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        try:
            answered = service.answer(_read(request))
        except NoAnswerError as cause:
            _fail(service, cause, request.url)
        headers: Any = HeadersDict(answered.headers)
        return AWSResponse(request.url, answered.status, headers, _Raw(answered.body))

    # A handler's return value is the answer; the stubs do not allow one.
    handler: Any = answer
    for name in ("fsx", "kms", "sts"):
        session.events.register_first(f"before-send.{name}", handler)


def _fail(service: FsxService, cause: NoAnswerError, url: str) -> NoReturn:
    if cause.fault.kind == "lost":
        raise ConnectionClosedError(endpoint_url=url) from cause
    if cause.fault.kind == "refuse":
        raise EndpointConnectionError(endpoint_url=url) from cause
    service.clock.sleep(READ_TIMEOUT_SECONDS)
    raise ReadTimeoutError(endpoint_url=url) from cause


def _read(request: AWSPreparedRequest) -> Request:
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    url = urlsplit(request.url)
    path = f"{url.path}?{url.query}" if url.query else url.path
    return Request(request.method, path or "/", headers, _bytes(request.body))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")


class _Raw:
    """The part of a urllib3 response that botocore reads."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> list[bytes]:
        return [self._body]
