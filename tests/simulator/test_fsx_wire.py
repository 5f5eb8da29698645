"""Whatever comes over the wire is answered as AWS answers it, and nothing ends in a traceback."""

import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.fsx import FsxService, ManualClock, listening
from simulator.fsx.calls import Request
from simulator.fsx.fixtures import HOME
from simulator.fsx.wire import TARGET

AUTHORIZATION = f"AWS4-HMAC-SHA256 Credential=simulator/20270115/{HOME}/fsx/aws4_request, Signature=0"
BACKUP = "backup-0123456789abcdef0"
DEEP = '{"a":' * 100_000

# Seen of other AWS services of this protocol: a body that cannot be read, and a member of another type, are both
# SerializationException (aws-sdk-perl#237, amazon-cognito-identity-js#485). What is read but breaks a constraint of
# the service model is ValidationException.
ANSWERS: dict[str, tuple[str, str, str]] = {
    "half an object": ("DescribeBackups", '{"BackupIds": [', "SerializationException"),
    "an object and more": ("DescribeBackups", "{} {}", "SerializationException"),
    "a list": ("DescribeBackups", "[]", "SerializationException"),
    "no JSON at all": ("DescribeBackups", "Action=DescribeBackups", "SerializationException"),
    "no number of JSON": ("DescribeBackups", '{"MaxResults": NaN}', "SerializationException"),
    "a hundred thousand levels": ("DescribeBackups", DEEP, "SerializationException"),
    "a hundred levels": ("DescribeBackups", '{"Filters":' + "[" * 100 + "]" * 100 + "}", "SerializationException"),
    "a flag for a list": ("DescribeBackups", '{"BackupIds": true}', "SerializationException"),
    "a text for a list": ("DescribeBackups", '{"BackupIds": "backup"}', "SerializationException"),
    "a number for a token": ("DescribeBackups", '{"NextToken": 12}', "SerializationException"),
    "a text for a number": ("DescribeBackups", '{"MaxResults": "5"}', "SerializationException"),
    "a text for a flag": (
        "CopyBackup",
        f'{{"SourceBackupId": "{BACKUP}", "CopyTags": "yes"}}',
        "SerializationException",
    ),
    "a list for an id": ("DeleteBackup", '{"BackupId": []}', "SerializationException"),
    "a text for a tag": ("TagResource", '{"ResourceARN": "arn", "Tags": ["a"]}', "SerializationException"),
    "a token that is a number": ("DescribeBackups", '{"NextToken": "MTIz"}', "BadRequest"),
    "a token that is a list": ("DescribeBackups", '{"NextToken": "W10="}', "BadRequest"),
    "a token that is no text": ("DescribeFileSystems", '{"NextToken": "//79"}', "BadRequest"),
    "no id": ("DeleteBackup", "{}", "ValidationException"),
    "an id that is null": ("DeleteBackup", '{"BackupId": null}', "ValidationException"),
    "too small a number": ("DescribeBackups", '{"MaxResults": 0}', "ValidationException"),
    "an action that there is not": ("DescribeEverything", "{}", "UnknownOperationException"),
}
SCENES: dict[str, tuple[str, str, str]] = {
    "no such scene": ("flood", "{}", "There is no scene flood."),
    "half a body": ("state", "{", "A scene is asked for with a JSON object of args and kwargs."),
    "a list": ("state", "[]", "A scene is asked for with a JSON object of args and kwargs."),
    "something else": ("state", '{"arguments": []}', "A scene is asked for with a JSON object of args and kwargs."),
    "a hundred thousand levels": ("state", DEEP, "A scene is asked for with a JSON object of args and kwargs."),
    "arguments that are no list": ("state", '{"args": 5}', "args is a list, and kwargs is an object."),
    "too many arguments": ("state", '{"args": [1, 2]}', "too many positional arguments"),
    "an argument that there is not": ("state", '{"kwargs": {"a": 1}}', "got an unexpected keyword argument 'a'"),
    "a Region that is a number": ("backups", '{"args": [5]}', "region cannot be 5; it takes str."),
    "a file system that there is not": (
        "remove_file_system",
        '{"args": ["eu-west-1", "fs-1"]}',
        "There is no file system fs-1 in eu-west-1.",
    ),
}


@pytest.fixture
def service() -> FsxService:
    return FsxService(ManualClock())


@pytest.fixture
def url(service: FsxService) -> Iterator[str]:
    with listening(service) as address:
        yield address


def post(url: str, path: str, body: str, **headers: str) -> tuple[int, Any]:
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=120)) as connection:
        connection.request("POST", path, body.encode(), headers)
        answer = connection.getresponse()
        return answer.status, json.load(answer)


@pytest.mark.parametrize(("action", "body", "code"), ANSWERS.values(), ids=ANSWERS)
def test_a_request_that_cannot_be_served_is_refused_by_name(
    url: str, capfd: pytest.CaptureFixture[str], action: str, body: str, code: str
) -> None:
    status, answer = post(url, "/", body, **{"X-Amz-Target": TARGET + action, "Authorization": AUTHORIZATION})

    assert (status, answer["__type"]) == (400, code)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("body", ["{", "[]", '{"KeyId": 5}'])
def test_what_moto_has_no_answer_to_is_an_internal_failure(
    url: str, capfd: pytest.CaptureFixture[str], body: str
) -> None:
    headers = {"X-Amz-Target": "TrentService.DescribeKey", "Authorization": AUTHORIZATION.replace("/fsx/", "/kms/")}

    status, answer = post(url, "/", body, **headers)

    assert (status, answer["__type"]) == (500, "InternalFailure")
    assert capfd.readouterr().err == ""


def test_members_that_are_null_or_unknown_are_passed_over(url: str) -> None:
    headers = {"X-Amz-Target": f"{TARGET}DescribeBackups", "Authorization": AUTHORIZATION}

    answer = post(url, "/", '{"BackupIds": null, "Colour": {"red": [1]}}', **headers)

    assert answer == (200, {"Backups": []})


@pytest.mark.parametrize(("scene", "body", "error"), SCENES.values(), ids=SCENES)
def test_a_scene_that_cannot_be_played_says_why(
    url: str, capfd: pytest.CaptureFixture[str], scene: str, body: str, error: str
) -> None:
    assert post(url, f"/simulator/{scene}", body) == (400, {"error": error})
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("length", ["many", "-1", "²"])
def test_a_body_without_a_length_is_refused(url: str, capfd: pytest.CaptureFixture[str], length: str) -> None:
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=120)) as connection:
        connection.putrequest("POST", "/")
        connection.putheader("Content-Length", length.encode())
        connection.endheaders()

        assert connection.getresponse().status == 400
    assert capfd.readouterr().err == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([BACKUP, "MTIz", "W10="]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Key", "Name", "Values"]), inner),
    max_leaves=5,
)
ACTIONS = {
    "CopyBackup": ["SourceBackupId", "SourceRegion", "KmsKeyId", "CopyTags", "Tags", "ClientRequestToken"],
    "CreateBackup": ["FileSystemId", "VolumeId", "Tags", "ClientRequestToken"],
    "DeleteBackup": ["BackupId", "ClientRequestToken"],
    "DescribeBackups": ["BackupIds", "Filters", "MaxResults", "NextToken"],
    "DescribeFileSystems": ["FileSystemIds", "MaxResults", "NextToken"],
    "ListTagsForResource": ["ResourceARN", "MaxResults", "NextToken"],
    "TagResource": ["ResourceARN", "Tags"],
    "UntagResource": ["ResourceARN", "TagKeys"],
}


@settings(max_examples=300, deadline=None)
@given(data=st.data(), action=st.sampled_from(sorted(ACTIONS)))
def test_every_request_has_an_answer(data: st.DataObject, action: str) -> None:
    parameters = data.draw(st.dictionaries(st.sampled_from(ACTIONS[action]), JSON))
    headers = {"x-amz-target": TARGET + action, "authorization": AUTHORIZATION}
    service = FsxService(ManualClock())

    answer = service.answer(Request("POST", "/", headers, json.dumps(parameters).encode()))

    assert answer.status in {200, 400}
    assert isinstance(json.loads(answer.body), dict)
    assert json.dumps(service.journal())
