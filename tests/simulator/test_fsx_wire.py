"""Each request gets an answer as from AWS, even a malformed one."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.fsx import FsxService, ManualClock
from simulator.fsx.calls import Request
from simulator.fsx.fixtures import HOME
from simulator.fsx.wire import TARGET

AUTHORIZATION = f"AWS4-HMAC-SHA256 Credential=simulator/20270115/{HOME}/fsx/aws4_request, Signature=0"
BACKUP = "backup-0123456789abcdef0"

# Other AWS services of this protocol answer SerializationException to an unparsable body and to a member of
# another type (aws-sdk-perl#237, amazon-cognito-identity-js#485), and ValidationException to a broken constraint.
ANSWERS: dict[str, tuple[str, str, str]] = {
    "half an object": ("DescribeBackups", '{"BackupIds": [', "SerializationException"),
    "a list": ("DescribeBackups", "[]", "SerializationException"),
    "not JSON": ("DescribeBackups", "Action=DescribeBackups", "SerializationException"),
    "a flag for a list": ("DescribeBackups", '{"BackupIds": true}', "SerializationException"),
    "a number for a token": ("DescribeBackups", '{"NextToken": 12}', "SerializationException"),
    "a list for an id": ("DeleteBackup", '{"BackupId": []}', "SerializationException"),
    "a text for a tag": ("TagResource", '{"ResourceARN": "arn", "Tags": ["a"]}', "SerializationException"),
    "a token that is a number": ("DescribeBackups", '{"NextToken": "MTIz"}', "BadRequest"),
    "a token that is a list": ("DescribeBackups", '{"NextToken": "W10="}', "BadRequest"),
    "no id": ("DeleteBackup", "{}", "ValidationException"),
    "an id that is null": ("DeleteBackup", '{"BackupId": null}', "ValidationException"),
    "an unknown action": ("DescribeEverything", "{}", "UnknownOperationException"),
}


def ask(service: FsxService, target: str, body: str, authorization: str = AUTHORIZATION) -> tuple[int, Any]:
    headers = {"x-amz-target": target, "authorization": authorization}
    answer = service.answer(Request("POST", "/", headers, body.encode()))
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize(("action", "body", "code"), ANSWERS.values(), ids=ANSWERS)
def test_malformed_request_is_refused(action: str, body: str, code: str) -> None:
    status, answer = ask(FsxService(ManualClock()), TARGET + action, body)

    assert (status, answer["__type"]) == (400, code)


def test_request_that_moto_refuses_is_an_internal_failure() -> None:
    authorization = AUTHORIZATION.replace("/fsx/", "/kms/")
    status, answer = ask(FsxService(ManualClock()), "TrentService.DescribeKey", '{"KeyId": 5}', authorization)

    assert (status, answer["__type"]) == (500, "InternalFailure")


def test_null_and_unknown_members_are_ignored() -> None:
    body = '{"BackupIds": null, "Colour": {"red": [1]}}'

    assert ask(FsxService(ManualClock()), f"{TARGET}DescribeBackups", body) == (200, {"Backups": []})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([BACKUP, "MTIz", "W10="]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Key", "Name", "Values"]), inner),
    max_leaves=5,
)
ACTIONS = {
    "CopyBackup": ["SourceBackupId", "SourceRegion", "KmsKeyId", "CopyTags", "Tags", "ClientRequestToken"],
    "DeleteBackup": ["BackupId", "ClientRequestToken"],
    "DescribeBackups": ["BackupIds", "Filters", "MaxResults", "NextToken"],
    "DescribeFileSystems": ["FileSystemIds", "MaxResults", "NextToken"],
    "TagResource": ["ResourceARN", "Tags"],
    "UntagResource": ["ResourceARN", "TagKeys"],
}


@settings(max_examples=200, deadline=None)
@given(data=st.data(), action=st.sampled_from(sorted(ACTIONS)))
def test_every_request_is_answered(data: st.DataObject, action: str) -> None:
    parameters = data.draw(st.dictionaries(st.sampled_from(ACTIONS[action]), JSON))
    service = FsxService(ManualClock())

    status, answer = ask(service, TARGET + action, json.dumps(parameters))

    assert status in {200, 400}
    assert isinstance(answer, dict)
    assert json.dumps(service.journal())
