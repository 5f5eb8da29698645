"""Pytest fixtures; a test module uses them with `pytest_plugins = ["simulator.fsx.fixtures"]`.

PYTEST_DONT_REWRITE, because test modules import names of this module before pytest loads the fixtures.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.loaders import Loader, create_loader

from simulator.fsx import model
from simulator.fsx.clock import ManualClock
from simulator.fsx.local import in_process
from simulator.fsx.server import listening
from simulator.fsx.service import FsxService

HOME = "eu-west-1"
AWAY = "eu-central-1"
COPY_SECONDS = 100.0
Clients = Callable[..., Any]


@pytest.fixture
def fsx_clock() -> ManualClock:
    """Return the clock of `fsx_service`."""
    return ManualClock()


@pytest.fixture
def fsx_service(fsx_clock: ManualClock) -> FsxService:
    """Return an empty simulator; copies take `COPY_SECONDS`."""
    return FsxService(fsx_clock, copy_seconds=COPY_SECONDS)


@pytest.fixture
def fsx_session(request: Any, fsx_service: FsxService, monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """Yield a session for `fsx_service`; each answer is checked against the model.

    A test can be parametrized indirectly with `"over HTTP"`.
    """
    session = new_session()
    model.watch(session)
    with ExitStack() as stack:
        if getattr(request, "param", "in process") == "over HTTP":
            monkeypatch.setenv("AWS_ENDPOINT_URL", stack.enter_context(listening(fsx_service)))
        else:
            in_process(session, fsx_service)
        yield session


def new_session() -> boto3.Session:
    """Return a session that shares the service models with other sessions of this function."""
    core = botocore.session.Session()
    # Reading the service models takes most of the time of a short test.
    core.register_component("data_loader", _loader())
    return boto3.Session("simulator", "simulator", botocore_session=core)


@cache
def _loader() -> Loader:
    return create_loader()


@pytest.fixture
def fsx_client(fsx_session: boto3.Session) -> Iterator[Clients]:
    """Yield a function that returns a client of a Region and a service (default: FSx) without retries."""
    # The stubs have an overload for each service name, which is known only at run time.
    make: Any = fsx_session.client
    secret = {"aws_secret_access_key": "simulator"}
    with ExitStack() as stack:

        def client(
            region: str = AWAY, service: str = "fsx", *, access_key: str = "simulator", read_timeout: float = 60
        ) -> Any:
            config = Config(retries={"total_max_attempts": 1}, read_timeout=read_timeout, parameter_validation=False)
            made = make(service, region_name=region, config=config, aws_access_key_id=access_key, **secret)
            stack.callback(made.close)
            return made

        yield client


@pytest.fixture
def fsx_source(fsx_service: FsxService) -> str:
    """Return the id of an AVAILABLE automatic backup of a Windows file system in `HOME`."""
    return fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME))
