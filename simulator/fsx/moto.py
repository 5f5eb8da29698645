"""The services that moto answers: KMS, STS and IAM."""

import sys
from functools import cache
from typing import Any

from simulator.fsx import keys
from simulator.fsx.calls import Answer, Request
from simulator.fsx.errors import FsxError
from simulator.fsx.regions import ACCOUNT_ID


def answer(request: Request) -> Answer:
    """Return moto's answer.

    Raises:
        FsxError: `InternalFailure` if moto cannot answer.
    """
    from werkzeug.test import EnvironBuilder, run_wsgi_app  # noqa: PLC0415 - loaded with moto, when first needed

    path, _, query = request.path.partition("?")
    # Otherwise moto would derive the service from the host.
    headers = {name: value for name, value in request.headers.items() if name not in {"host", "content-length"}}
    builder = EnvironBuilder(
        path, query_string=query, method=request.method, headers=list(headers.items()), data=request.body
    )
    try:
        body, status, answered = run_wsgi_app(_application(), builder.get_environ(), buffered=True)
    except Exception as cause:
        raise FsxError("InternalFailure", f"moto cannot answer this request: {cause}", status=500) from cause
    return Answer(int(status.split()[0]), dict(answered), b"".join(body))


def account_of(access_key: str) -> str:
    """Return the account of an access key; only keys from moto's STS or IAM can belong to another account."""
    # Such keys exist only after moto was loaded.
    look_up: Any = getattr(sys.modules.get("moto.iam.models"), "get_account_id_from", None)
    return look_up(access_key) if look_up else ACCOUNT_ID


@cache
def _application() -> Any:
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - loading moto takes a second
        DomainDispatcherApplication,
        create_backend_app,
    )

    keys.declare_fsx_alias()
    return DomainDispatcherApplication(create_backend_app)
