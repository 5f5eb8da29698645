"""Answers of AWS, replayed through a real botocore client."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.config import Config
from pulumi_fsx_dr.fsx import Credentials, FsxRegion

RECORDINGS = Path(__file__).parents[1] / "recorded" / "aws"


class _Raw(io.BytesIO):
    def stream(self) -> "_Raw":
        return self


class ReplayedRegion(FsxRegion):
    """A Region where every call gets the same answer, asked for once."""

    def __init__(self, body: Mapping[str, Any], *, status: int = 200, name: str = "us-east-1") -> None:
        super().__init__(name, Credentials(keys=("AKIAIOSFODNN7EXAMPLE", "secret", None)))
        self._config = self._config.merge(Config(retries={"total_max_attempts": 1}))
        self._body = json.dumps(body).encode()
        self._status = status

    @classmethod
    def of(cls, file: str) -> "ReplayedRegion":
        """Return a Region that answers what was recorded."""
        recording = json.loads((RECORDINGS / file).read_text())
        return cls(recording["body"], status=recording["status"])

    def _client(self, service: str) -> Any:
        client = super()._client(service)
        client.meta.events.register(f"before-send.{service}", self._answer, unique_id="replay")
        return client

    def _answer(self, request: AWSPreparedRequest, **_event: object) -> AWSResponse:
        headers: Any = HeadersDict()  # the stubs ask for the headers of an HTTP connection
        return AWSResponse(request.url, self._status, headers, _Raw(self._body))
