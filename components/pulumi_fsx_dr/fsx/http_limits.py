"""Limits for the duration and size of an answer from AWS.

botocore's read timeout is for each read: a server that sends one byte a second never exceeds it. Here the same timeout
is for the whole answer. It is set on the socket, because a timer in another thread could not end a read.
"""

import http.client
import io
import time
from typing import Any

from botocore.awsrequest import AWSHTTPConnection, AWSHTTPConnectionPool, AWSHTTPSConnection, AWSHTTPSConnectionPool

LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes; enough for a page of a thousand backups, each with 50 tags of the maximum length."""


def limit_answers(client: Any) -> None:
    """Make a client drop an answer that is too large, or takes longer than its read timeout; botocore then retries."""
    # botocore has no setting for this. Its classes are not patched, because programs use boto3 as well.
    client._endpoint.http_session._pool_classes_by_scheme.update(http=_Pool, https=_TlsPool)  # noqa: SLF001  # see above


class _LimitedReads(io.RawIOBase):
    def __init__(self, sock: Any) -> None:
        super().__init__()
        self._sock = sock
        self._reads = sock.makefile("rb", buffering=0)
        self._seconds: float | None = sock.gettimeout()
        self._end = time.monotonic() + (self._seconds or 0)
        self._left = LARGEST_ANSWER

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        count: int | None = self._reads.readinto(buffer) if self._seconds is None else self._read_in_time(buffer)
        self._left -= count or 0
        if self._left < 0:
            raise OSError(f"The answer is larger than {LARGEST_ANSWER} bytes.")
        return count

    def close(self) -> None:
        self._reads.close()
        super().close()

    def _read_in_time(self, buffer: Any) -> int | None:
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("The answer took too long.")
        self._sock.settimeout(remaining)
        count: int | None = self._reads.readinto(buffer)
        self._sock.settimeout(self._seconds)  # for the next request on this connection
        return count


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **named: Any) -> None:
        super().__init__(sock, *args, **named)
        self.fp.close()
        self.fp = io.BufferedReader(_LimitedReads(sock))


class _Connection(AWSHTTPConnection):
    response_class = _Response  # type: ignore[assignment]  # the stubs declare the class that botocore uses only for S3


class _TlsConnection(AWSHTTPSConnection):
    response_class = _Response  # type: ignore[assignment]  # as above


class _Pool(AWSHTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(AWSHTTPSConnectionPool):
    ConnectionCls = _TlsConnection
