"""Messages for recorded errors of AWS."""

import json
from collections.abc import Callable, Mapping
from functools import partial

from botocore import exceptions as aws
from pulumi_fsx_dr.fsx.backup import CopyRequest
from pulumi_fsx_dr.fsx.errors import map_config_errors, map_errors

from tests.fsx.replaying import RECORDINGS, ReplayedRegion
from tests.messages.collecting import Messages, refusal

_BACKUP = "backup-0123456789abcdef0"
_COPY = CopyRequest(
    source_backup_id=_BACKUP, source_region="eu-central-1", token="t", tags={"team": "x"}, kms_key_id="alias/dr"
)
_CALLS: Mapping[str, Callable[[ReplayedRegion], object]] = {
    "fsx:DeleteBackup": lambda region: region.delete(_BACKUP),
    "fsx:DescribeBackups": lambda region: list(region.backups()),
    "kms:DescribeKey": lambda region: region.key_arn("alias/dr"),
}
_RETURNED = ("model-copy-copy-limit", "model-copy-token")  # the client returns these as values
_DENIALS: Mapping[str, str] = {
    "service control policy": "with an explicit deny in a service control policy",
    "no permissions boundary": "because no permissions boundary allows the fsx:CopyBackup action",
    "no resource policy": "because no VPC endpoint policy allows the fsx:CopyBackup action",
}

_CONFIGURATION: Mapping[str, Exception] = {
    "no credentials": aws.NoCredentialsError(),
    "expired login": aws.UnauthorizedSSOTokenError(),
    "unknown profile": aws.ProfileNotFound(profile="dr"),
    "malformed configuration file": aws.ConfigParseError(path="/home/ci/.aws/config"),
    "missing configuration file": aws.ConfigNotFound(path="/home/ci/.aws/config"),
}


def errors() -> Messages:
    for answer in json.loads((RECORDINGS / "errors.json").read_text()):
        if answer["id"] in _RETURNED:
            continue
        body = {"__type": answer["code"], "Message": answer["message"], **answer["members"]}
        yield answer["id"], _of_call(answer["action"], body, answer["status"])
    for case, context in _DENIALS.items():
        text = f"User: arn:aws:iam::111122223333:user/ci is not authorized to perform: fsx:CopyBackup {context}"
        yield f"denied: {case}", _of_call("fsx:CopyBackup", {"__type": "AccessDeniedException", "Message": text}, 400)
    yield "unknown error", _of_call("fsx:CopyBackup", {"__type": "SomethingNew", "Message": "No."}, 400)
    yield "unknown error of the server", _of_call("fsx:CopyBackup", {"__type": "SomethingNew"}, 503)
    yield "expired token", _of_call("fsx:CopyBackup", {"__type": "ExpiredTokenException", "Message": "Expired."}, 400)
    yield "senseless answer", _of_call("fsx:CopyBackup", {"Backup": []}, 200)
    for case, error in _CONFIGURATION.items():
        yield case, refusal(partial(_fail, error))


def _of_call(action: str, body: Mapping[str, object], status: int) -> str:
    region = ReplayedRegion(body, status=status, name="eu-west-1")
    call = _CALLS.get(action)
    return refusal(lambda: call(region) if call else region.copy(_COPY))


def _fail(error: Exception) -> None:
    with map_errors("fsx:DescribeBackups", "eu-west-1"), map_config_errors():
        raise error
