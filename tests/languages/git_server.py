"""A git repository behind https on this machine, with a self-signed certificate."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

PORT = 443  # the CLI names the plugin folder after the URL, and a virtual environment cannot have a colon in its path
_CERTIFICATE = [
    *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
    *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
]


def commit(folder: Path, tag: str) -> None:
    """Turn a folder into a repository with one commit, which has a tag."""
    _git(folder, "init", "--quiet", "--initial-branch", "main")
    _git(folder, "add", "--all")
    _git(folder, "-c", "user.name=tests", "-c", "user.email=tests@localhost", "commit", "--quiet", "-m", "All of it")
    _git(folder, "tag", tag)


@contextmanager
def serving(repository: Path, folder: Path) -> Iterator[Path]:
    """Serve a repository as https://localhost/fsx/NAME, and yield the certificates that clients must trust.

    Raises:
        OSError: the port is in use or not permitted.
    """
    roots = folder / "repositories"
    shutil.copytree(repository / ".git", roots / "fsx" / f"{repository.name}.git")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run([*_CERTIFICATE, "-keyout", key, "-out", certificate], capture_output=True, check=True)  # noqa: S603 - as above
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", PORT), _handler(roots))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    trusted = folder / "trusted.pem"
    others = ssl.get_default_verify_paths().cafile
    trusted.write_text((Path(others).read_text() if others else "") + certificate.read_text())
    try:
        yield trusted
    finally:
        server.shutdown()
        server.server_close()


def _git(folder: Path, *arguments: str) -> None:
    git = shutil.which("git") or "git"
    subprocess.run([git, *arguments], cwd=folder, capture_output=True, check=True)  # noqa: S603 - in a folder of the test


def _handler(roots: Path) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            variables = {
                "GIT_PROJECT_ROOT": str(roots),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            answer = subprocess.run(  # noqa: S603 - git itself
                [shutil.which("git") or "git", "http-backend"],
                input=self._body(),
                env={**os.environ, **variables},
                capture_output=True,
                check=True,
            ).stdout
            head, _, body = answer.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name that http.server asks for

        def log_message(self, *_: object) -> None:
            """Log nothing."""

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

    return Handler
