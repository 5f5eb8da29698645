"""The control of a simulator over HTTP, and a simulator in its own process."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
from botocore.config import Config

from simulator.fsx.base_control import BaseControl
from simulator.fsx.server import CONTROL

_ROOT = Path(__file__).parents[2]
_TIMEOUT_SECONDS = 30
_making_clients = Lock()  # threads must not share a session


class Control(BaseControl):
    """Controls the simulator at `url`, such as `http://127.0.0.1:4566`, and makes clients of it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def environment(self, region: str | None = None) -> dict[str, str]:
        """Return the environment variables with which AWS clients of any language call this simulator."""
        variables = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "simulator",
            "AWS_SECRET_ACCESS_KEY": "simulator",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        return variables | ({"AWS_REGION": region, "AWS_DEFAULT_REGION": region} if region else {})

    def client(self, service: str, region: str, *, access_key: str = "simulator", config: Config | None = None) -> Any:
        """Return a boto3 client of this endpoint."""
        # The stubs have an overload for each service name, which is known only at run time.
        make: Any = _session().client
        keys = {"aws_access_key_id": access_key, "aws_secret_access_key": "simulator"}
        with _making_clients:
            return make(service, region, endpoint_url=self.url, config=config, **keys)

    def run(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run an action in the other process.

        Raises:
            ValueError: If the action is impossible; the message says why.
        """
        body = json.dumps({"args": args, "kwargs": kwargs}).encode()
        request = Request(f"{self.url}{CONTROL}{name}", body)  # noqa: S310 - the address of the simulator
        try:
            with urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - see above
                return json.load(answer)["result"]
        except HTTPError as refused:
            with refused:
                raise ValueError(json.load(refused)["error"]) from None


@cache
def _session() -> boto3.Session:
    """Return one session for all clients, because reading AWS's service models takes 0.3 s."""
    return boto3.Session("simulator", "simulator")


@contextmanager
def running(**settings: Any) -> Iterator[Control]:
    """Run a simulator in its own process, with these `settings.Settings`, and yield its control.

    The process ends when the context ends or this process dies.
    """
    command = [sys.executable, "-m", "simulator", "serve", "--port", "0", "--attached"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=_ROOT, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603 - our own
        try:
            yield _connected(process, settings)
        finally:
            process.terminate()


def _connected(process: subprocess.Popen[str], settings: dict[str, Any]) -> Control:
    if process.stdout is None:
        raise RuntimeError("The simulator has no output to read its address from.")
    url = process.stdout.readline().strip()
    if not url:
        raise RuntimeError("The simulator ended before it listened. Its error is printed above.")
    control = Control(url)
    control.configure(**settings)
    return control
