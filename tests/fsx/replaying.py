"""Answers of AWS, replayed through a real botocore client."""

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.config import Config
from pulumi_fsx_dr.fsx.aws_settings import AwsSettings
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials

RECORDINGS = Path(__file__).parents[1] / "recorded" / "aws"


if TYPE_CHECKING:
    from mypy_boto3_fsx import FSxClient

SETTINGS = AwsSettings(access_key="AKIAIOSFODNN7EXAMPLE", secret_key="secret")
_CREDENTIALS = Credentials(SETTINGS)  # shared, because a session takes 0.1 s


def recordings(action: str, *, besides: str = "") -> list[str]:
    """Return the files with recorded answers of an action."""
    return sorted(file.name for file in RECORDINGS.glob(f"*{action}*.json") if file.name != besides)


def recorded_body(file: str) -> dict[str, Any]:
    """Return a recorded answer."""
    body: dict[str, Any] = json.loads((RECORDINGS / file).read_text())["body"]
    return body


def described(backup_id: str = "backup-0fedcba9876543210", **changes: Any) -> dict[str, Any]:
    """Return a backup as FSx describes it; None removes a member."""
    members = {
        "BackupId": backup_id,
        "Lifecycle": "AVAILABLE",
        "Type": "USER_INITIATED",
        "CreationTime": 1656337394.675,
        "ResourceARN": f"arn:aws:fsx:eu-west-1:111122223333:backup/{backup_id}",
        "Tags": [{"Key": "team", "Value": "storage"}],
    }
    return {name: value for name, value in (members | changes).items() if value is not None}


class _Raw(io.BytesIO):
    def stream(self) -> "_Raw":
        return self


class ReplayedRegion(FsxRegion):
    """A Region where every call gets the same answer and is not retried."""

    def __init__(self, body: Mapping[str, Any], *, status: int = 200, name: str = "us-east-1") -> None:
        super().__init__(name, _CREDENTIALS)
        self._config = self._config.merge(Config(retries={"total_max_attempts": 1}))
        self._body = json.dumps(body).encode()
        self._status = status

    @classmethod
    def of(cls, file: str) -> Self:
        """Return a Region with a recorded answer."""
        recording = json.loads((RECORDINGS / file).read_text())
        return cls(_on_the_wire(recording["body"]), status=recording["status"])

    @property
    def client(self) -> "FSxClient":
        """A real client, for calls that the package does not make."""
        return self._fsx

    def _client(self, service: str) -> Any:
        client = super()._client(service)
        client.meta.events.register(f"before-send.{service}", self._answer, unique_id="replay")
        return client

    def _answer(self, request: AWSPreparedRequest, **_event: object) -> AWSResponse:
        headers: Any = HeadersDict()  # the stubs require the headers of an HTTP connection
        return AWSResponse(request.url, self._status, headers, _Raw(self._body))


class AnsweringRegion(ReplayedRegion):
    """A Region where a function computes the answer from the request."""

    max_pages = 50

    def __init__(self, answer: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        super().__init__({}, name="eu-west-1")
        self.given = answer

    def _answer(self, request: AWSPreparedRequest, **event: object) -> AWSResponse:
        self._body = json.dumps(self.given(json.loads(cast("bytes", request.body)))).encode()
        return super()._answer(request, **event)


def _on_the_wire(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Undo the conversion of errors that botocore applied to the recordings."""
    error = body.get("Error")
    return {"__type": error["Code"], "Message": error["Message"]} if error else body
