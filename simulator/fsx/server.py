"""The simulator over HTTP, on the loopback interface only."""

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from simulator.fsx import model
from simulator.fsx.calls import Answer, Request
from simulator.fsx.service import FsxService, NoAnswerError

HOST = "127.0.0.1"
CONTROL = "/simulator/"
_POLL_SECONDS = 0.05  # time between two checks for the end of the server


class Server(ThreadingHTTPServer):
    """One port for all Regions and services; each open connection has a thread."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, service: FsxService, port: int = 0) -> None:
        super().__init__((HOST, port), _Handler)
        self.service = service

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing if the client is gone: tests kill clients on purpose."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        """Return the endpoint's address."""
        return f"http://{HOST}:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes; without this setting the second one waits for the client's delayed acknowledgement.
    disable_nagle_algorithm = True
    server: Server

    def do_POST(self) -> None:
        """Answer a call of an AWS service or of the control."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        request = Request(self.command, self.path, {n.lower(): v for n, v in self.headers.items()}, body)
        if self.path.startswith(CONTROL):
            self._send(_control(self.server.service, request))
            return
        try:
            self._send(self.server.service.answer(request))
        except NoAnswerError as cause:
            if cause.fault.kind == "hang":
                cause.fault.lifted.wait()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_PUT = do_DELETE = do_HEAD = do_POST  # noqa: N815 - the names the base class calls

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's signature
        """Print nothing: the journal has every call."""

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)


def _control(service: FsxService, request: Request) -> Answer:
    try:
        asked = json.loads(request.body)
        body = {"result": service.run(request.path.removeprefix(CONTROL), asked["args"], asked["kwargs"])}
    except (LookupError, TypeError, ValueError) as cause:
        return Answer(400, {"Content-Type": "application/json"}, json.dumps({"error": str(cause)}).encode())
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())


@contextmanager
def listening(service: FsxService) -> Iterator[str]:
    """Serve from a thread of this process during the context, and yield the address."""
    with Server(service) as server:
        threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True).start()
        try:
            yield server.url
        finally:
            service.lift_fault()
            server.shutdown()


def serve(service: FsxService, port: int, announce: Callable[[str], None], *, attached: bool = False) -> None:
    """Serve until interrupted.

    Args:
        service: the simulator.
        port: the port; 0 for a free one.
        announce: is called with the address once the port listens.
        attached: whether to end when standard input ends, that is, with the process that started this one.

    Raises:
        OSError: the port cannot be used.
    """
    with Server(service, port) as server:
        # Compiling the pattern of tags takes half a second, and several first calls would each do it.
        list(model.request_violations("TagResource", {"Tags": [{"Key": "key", "Value": "value"}]}))
        if attached:
            threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
        announce(server.url)
        server.serve_forever(_POLL_SECONDS)


def _end_with_input(server: Server) -> None:
    sys.stdin.read()
    server.shutdown()
