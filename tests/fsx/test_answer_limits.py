"""Endless, oversized and malformed answers: each call ends, with limited time and memory."""

import itertools
import json
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.config import Config
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pulumi_fsx_dr.errors import ServiceError, TransientError, UnreachableError
from pulumi_fsx_dr.fsx import http_limits
from pulumi_fsx_dr.fsx.backup import CopyRequest
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials

from tests.fsx.replaying import SETTINGS, AnsweringRegion, ReplayedRegion, described

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 1000000\r\n"
PAUSE = 0.2  # seconds between two bytes: far below the read timeout
READ_TIMEOUT = 1

Answer = Callable[[Callable[[bytes], None]], None]


class _Handler(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        self.server.connections += 1
        with suppress(OSError):  # the client has disconnected
            while self.rfile.readline():
                while self.rfile.readline().strip():
                    pass
                self.server.answer(self._send)

    def _send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads, block_on_close = True, False

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer, self.connections = answer, 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


@contextmanager
def served(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[_Server]:
    """Run a local server that gives this answer to every request."""
    with _Server(answer) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


class Served(FsxRegion):
    """A Region without retries."""

    def __init__(self, url: str, read_timeout: int = READ_TIMEOUT, trusted: Path | None = None) -> None:
        here = replace(SETTINGS, endpoints={"fsx": url}, custom_ca_bundle=str(trusted) if trusted else None)
        super().__init__("eu-west-1", Credentials(here))
        self._config = self._config.merge(Config(read_timeout=read_timeout, retries={"total_max_attempts": 1}))


def drip_after(head: bytes) -> Answer:
    def answer(send: Callable[[bytes], None]) -> None:
        send(head)
        while True:  # until the client disconnects
            send(b"1")
            time.sleep(PAUSE)

    return answer


def assert_given_up(region: FsxRegion) -> None:
    before = set(threading.enumerate())
    with pytest.raises(UnreachableError, match="Read timeout"):
        region.delete("backup-0123456789abcdef0")

    names = [thread.name for thread in threading.enumerate() if thread not in before]
    assert [name for name in names if "process_request_thread" not in name] == []  # these are of servers


def certified(directory: Path) -> tuple[Path, Path]:
    """Return the files of a local certificate and its key."""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost "
        "-addext subjectAltName=IP:127.0.0.1"
    )
    files = ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)  # noqa: S603  # an argument list, no shell
    return certificate, key


@pytest.mark.timeout(120)  # without the limit, the answer never ends
@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nX-Odd: ", HEAD + b"\r\n"], ids=["status", "header", "body"])
def test_slow_answer_times_out(head: bytes) -> None:
    with served(drip_after(head)) as server:
        assert_given_up(Served(f"http://{server.host}"))


@pytest.mark.timeout(120)  # as above
def test_slow_answer_over_tls_times_out(tmp_path: Path) -> None:
    trusted, key = certified(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(trusted, key)

    with served(drip_after(HEAD + b"\r\n"), tls) as server:
        assert_given_up(Served(f"https://{server.host}", trusted=trusted))

    assert server.connections == 1


def test_time_limit_applies_per_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, body = SimpleNamespace(now=0.0), json.dumps({"Backups": [described()]}).encode()
    monkeypatch.setattr(http_limits, "time", SimpleNamespace(monotonic=lambda: clock.now))

    def answer(send: Callable[[bytes], None]) -> None:
        send(HEAD.replace(b"1000000", str(len(body)).encode()) + b"\r\n" + body[:10])
        clock.now += 40
        send(body[10:])

    with served(answer) as server:
        region = Served(f"http://{server.host}", read_timeout=60)

        listed = [[backup.id for backup in region.backups()] for _ in range(3)]

    assert listed == [["backup-0fedcba9876543210"]] * 3
    assert server.connections == 1


def test_oversized_answer_is_a_transient_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_limits, "LARGEST_ANSWER", 100_000)
    sent = itertools.count()

    def answer(send: Callable[[bytes], None]) -> None:
        send(HEAD.replace(b"Content-Length: 1000000\r\n", b"") + b"\r\n")
        for _ in range(2_000):
            next(sent)
            send(b" " * 100_000)

    with served(answer) as server, pytest.raises(TransientError):
        list(Served(f"http://{server.host}", read_timeout=60).backups())

    assert next(sent) < 1_000


@pytest.mark.parametrize("operation", ["backups", "file_systems"])
@pytest.mark.parametrize("period", [1, 2, 3, 1_000])
def test_endless_listing_is_a_transient_error(operation: str, period: int) -> None:
    pages = itertools.count()

    def answer(_request: Mapping[str, Any]) -> dict[str, Any]:
        page = next(pages)
        assert page < 10 or period == 1_000
        return {"Backups": [], "FileSystems": [], "NextToken": str(page % period)}

    with pytest.raises(TransientError):
        list(getattr(AnsweringRegion(answer), operation)())

    assert next(pages) < 500


def test_slow_listing_is_a_transient_error() -> None:
    pages = itertools.count()
    region = AnsweringRegion(lambda _: {"Backups": [], "NextToken": str(next(pages))})
    region.listing_seconds = 0

    with pytest.raises(TransientError):
        list(region.backups())

    assert next(pages) <= 3


def test_listing_reads_ten_thousand_backups() -> None:
    backups = [{**described(f"backup-{n:017x}"), "Tags": []} for n in range(10_000)]

    def answer(asked: Mapping[str, Any]) -> dict[str, Any]:
        start = int(asked.get("NextToken", 0))
        end = start + 20
        return {"Backups": backups[start:end], "NextToken": str(end) if end < len(backups) else None}

    region = AnsweringRegion(answer)
    region.max_pages = FsxRegion.max_pages

    assert len(list(region.backups())) == 10_000


def test_listing_continues_after_empty_pages() -> None:
    pages = {
        None: ([], "1"),
        "1": ([described()], "2"),
        "2": ([], "3"),
        "3": ([described(), described(Type="X")], None),
    }

    def answer(asked: Mapping[str, Any]) -> dict[str, Any]:
        backups, token = pages[asked.get("NextToken")]
        return {"Backups": backups, "NextToken": token}

    # A backup on two pages is listed once.
    assert [backup.type for backup in AnsweringRegion(answer).backups()] == ["USER_INITIATED"]


def test_lookup_ends_if_another_backup_is_returned() -> None:
    calls = itertools.count()

    def answer(_asked: Mapping[str, Any]) -> dict[str, Any]:
        assert next(calls) < 100
        return {"Backups": [described("backup-0aaaaaaaaaaaaaaaa")]}

    asked = [f"backup-{n:017x}" for n in range(20)]

    assert AnsweringRegion(answer).find_or_error(asked) == {}


def test_lookup_repeats_for_omitted_ids() -> None:
    def answer(asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"Backups": [described("backup-0aaaaaaaaaaaaaaaa"), described(asked["BackupIds"][0])]}

    asked = [f"backup-{n:017x}" for n in range(20)]

    assert list(AnsweringRegion(answer).find_or_error(asked)) == asked


_LARGE = {
    "words": "explicit deny in a " * 52_000,
    "policies": "because no because no " * 45_000,
    "white space": " \t\n" * 330_000,
    "colons": ":" * 1_000_000,
    "hashes": "#" * 1_000_000,
    "keys": "arn:aws:kms:eu-west-1:" * 45_000,
    "tags": "hunter2 " * 125_000,
    "controls": "\x1b[" * 500_000,
    "letters": "perform: " + "a" * 1_000_000,
}


@pytest.mark.parametrize("code", ["AccessDeniedException", "BadRequest", "ServiceLimitExceeded"])
@pytest.mark.parametrize("message", _LARGE.values(), ids=_LARGE)
def test_long_error_message_is_cut_quickly(code: str, message: str) -> None:
    request = CopyRequest(
        source_backup_id="backup-0123456789abcdef0",
        source_region="eu-central-1",
        tags={f"t{n}": f"hunter{n}" for n in range(49)},
        kms_key_id="alias/dr",
        token="token",
    )
    region = ReplayedRegion({"__type": code, "Message": message}, status=400, name="eu-west-1")
    started = time.thread_time()

    with pytest.raises(ServiceError) as refusal:
        region.copy(request)

    assert time.thread_time() - started < 2
    assert "was not sent" not in str(refusal.value)
    assert len(str(refusal.value)) < 1_500


ODD_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("backup-0123456789abcdef0"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Key", "Value", "Message", "FileSystemId", "VolumeId"]), inner, max_size=3)
    ),
    max_leaves=5,
)


MEMBERS = [
    *("BackupId", "Lifecycle", "Type", "CreationTime", "ResourceARN", "Tags", "FileSystem", "Volume"),
    *("SizeInBytes", "ProgressPercent", "FailureDetails", "SourceBackupId", "OwnerId", "KmsKeyId"),
]
ANY_SHAPE = AnsweringRegion(lambda _: {"Backups": []})  # shared, because a client is slow to create


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(MEMBERS), ODD_VALUES, min_size=1, max_size=3))
@example({"CreationTime": 6.77680361916768e16})
def test_any_description_is_parsed_or_refused(changes: dict[str, Any]) -> None:
    answer = {"Backups": [described() | changes, described("backup-0aaaaaaaaaaaaaaaa")]}
    ANY_SHAPE.given = lambda _: answer

    for call in (
        lambda: list(ANY_SHAPE.backups()),
        lambda: list(ANY_SHAPE.find_or_error(["backup-0fedcba9876543210"])),
    ):
        with suppress(ServiceError):
            call()


NO_LISTINGS: list[Any] = [
    *({"Backups": backups} for backups in (None, "backups", {"0": 1})),
    *({"Backups": [], "NextToken": token} for token in (5, ["a"])),
    *({}, []),
]


@pytest.mark.parametrize("body", NO_LISTINGS, ids=str)
def test_malformed_listing_is_a_transient_error(body: Any) -> None:
    with pytest.raises(TransientError):
        list(ReplayedRegion(body).backups())


@pytest.mark.parametrize(
    "body",
    [
        {"__type": 5, "Message": "x"},
        {"__type": "BadRequest", "Message": {"a": 1}},
        {"__type": "BadRequest", "Message": None},
        {"__type": "\x1b[31m\n::error::", "Message": 5},
        {"__type": "ServiceLimitExceeded", "Limit": {"{region}": 1}, "Message": "{0} %s"},
        [],
        None,
    ],
)
def test_malformed_error_becomes_one_plain_sentence(body: Any) -> None:
    with pytest.raises(ServiceError) as refusal:
        ReplayedRegion(body, status=400).delete("backup-0123456789abcdef0")

    assert str(refusal.value).isprintable()
    assert "::" not in str(refusal.value)


def test_deeply_nested_answer_is_a_transient_error() -> None:
    region = ReplayedRegion({})
    region._body = b"[" * 1_000_000  # noqa: SLF001  # json.dumps cannot produce this text

    with pytest.raises(TransientError):
        list(region.backups())
