"""Recorded errors of AWS, each with the error type that the package raises for it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pulumi_fsx_dr import errors
from pulumi_fsx_dr.fsx.backup import CopyRequest, Refused
from pulumi_fsx_dr.fsx.errors import map_errors

from tests.fsx.replaying import RECORDINGS, ReplayedRegion

ANSWERS = {answer["id"]: answer for answer in json.loads((RECORDINGS / "errors.json").read_text())}
KEY_ID = "134f2428-cec1-4b25-a1ae-9048164dba47"
ARN = f"arn:aws:kms:eu-west-1:111122223333:key/{KEY_ID}"
BACKUP = "backup-0123456789abcdef0"
COPY = CopyRequest(
    source_backup_id=BACKUP,
    source_region="eu-central-1",
    token="token",
    tags={"team": "storage"},
    kms_key_id="alias/dr",
)
CALLS: dict[str, Callable[[ReplayedRegion], object]] = {
    "fsx:CopyBackup": lambda region: region.copy(COPY),
    "fsx:DeleteBackup": lambda region: region.delete(BACKUP),
    "fsx:DescribeBackups": lambda region: list(region.backups()),
    "kms:DescribeKey": lambda region: region.key_arn("alias/dr"),
}

EXPECTED: dict[str, type[errors.ServiceError]] = {
    "create-in-progress": errors.BusyError,
    "final-backup-creating": errors.ServiceError,
    "volume-not-found-bare-id": errors.NotFoundError,
    "svm-deleting": errors.ServiceError,
    "s3-access-points": errors.ServiceError,
    "being-copied-badrequest": errors.BusyError,
    "ontap-file-system": errors.ServiceError,
    "wrong-configuration": errors.ServiceError,
    "active-data-repository-task": errors.ServiceError,
    "no-s3-role": errors.ServiceError,
    "access-denied": errors.AccessDeniedError,
    "backup-not-found-after-delete": errors.NotFoundError,
    "svm-limit": errors.ServiceError,
    "expired-signature": errors.TransientError,
    "signature-not-yet-current": errors.TransientError,
    "region-not-enabled": errors.CredentialsError,
    "throttled": errors.TransientError,
    "kms-no-key": errors.KeyNotFoundError,
    "kms-other-region": errors.KeyNotFoundError,
    "kms-invalid-id": errors.KeyNotFoundError,
    "common-request-timeout": errors.TransientError,
    "common-request-aborted": errors.TransientError,
    "common-internal-failure": errors.TransientError,
    "common-service-unavailable": errors.TransientError,
    "common-missing-token": errors.CredentialsError,
    "common-incomplete-signature": errors.CredentialsError,
    "common-optin": errors.CredentialsError,
    "common-request-expired": errors.ExpiredCredentialsError,
    "model-copy-quota-backups": errors.QuotaReachedError,
    "model-copy-quota-tags": errors.ServiceError,
    "model-copy-source-unavailable": errors.ServiceError,
    "model-copy-dest-key": errors.ServiceError,
    "model-copy-source-key": errors.ServiceError,
    "model-copy-region": errors.ServiceError,
    "model-copy-multi-az": errors.ServiceError,
    "model-copy-unsupported": errors.ServiceError,
    "model-copy-not-found": errors.NotFoundError,
    "model-copy-internal": errors.TransientError,
    "model-delete-being-copied": errors.BusyError,
    "model-delete-restoring": errors.BusyError,
    "model-delete-in-progress": errors.BusyError,
}
SOURCE = f"{BACKUP} in eu-central-1"
# Facts in the advice, in addition to the action, the Region and AWS's text.
NAMED = {
    "access-denied": "fsx:CreateFileSystem",
    "region-not-enabled": "opted in",
    "svm-limit": "STORAGE_VIRTUAL_MACHINES_PER_FILE_SYSTEM",
    "kms-no-key": "kms_key_id",
    "model-copy-quota-backups": "TOTAL_USER_INITIATED_BACKUPS",
    "model-copy-quota-tags": "TOTAL_USER_TAGS",
    "model-copy-source-unavailable": SOURCE,
    "model-copy-dest-key": "kms_key_id",
    "model-copy-source-key": SOURCE,
    "model-copy-region": "source_region",
    "model-copy-multi-az": SOURCE,
    "model-copy-unsupported": SOURCE,
}

REFUSALS = {"model-copy-copy-limit": Refused.SLOTS_TAKEN, "model-copy-token": Refused.TOKEN_CONFLICT}


def refused(answer: dict[str, Any]) -> errors.ServiceError:
    """Return the error for this answer; answers to calls that the package does not make go to the mapping directly."""
    with pytest.raises(errors.ServiceError) as refusal:
        give(answer)
    return refusal.value


def give(answer: dict[str, Any]) -> None:
    if call := CALLS.get(answer["action"]):
        body = {"__type": answer["code"], "Message": answer["message"]} | answer["members"]
        call(ReplayedRegion(body, status=answer["status"], name="eu-west-1"))
    response: Any = {"Error": {"Code": answer["code"], "Message": answer["message"]}} | answer["members"]
    with map_errors(answer["action"], "eu-west-1"):
        raise ClientError(response, answer["action"])


def denied(context: str) -> str:
    user = "User: arn:aws:sts::111122223333:assumed-role/pipeline/run is not authorized to perform: fsx:CopyBackup"
    message = f"{user} on resource: arn:aws:fsx:eu-west-1:111122223333:backup/* {context}"
    answer = {"action": "fsx:CopyBackup", "code": "AccessDeniedException", "message": message, "status": 400}
    refusal = refused(answer | {"members": {}})
    assert type(refusal) is errors.AccessDeniedError
    return str(refusal).rpartition(".) ")[2]


SECRET_TAGS = {
    "pin": "hunter22",
    "kind": "Lus",
    "two": "two  words",
    "half": "half\u00a0space",
    "name": "Z\u00fcrich",
}


# AWS repeats parts of the request in error messages ("Value '...' at '...' failed to satisfy constraint"), and so do
# the KMS answers above.
@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "Value 'hunter22' at 'tags.1.member.value' is wrong.",
            "Value '[tag value]' at 'tags.1.member.value' is wrong.",
        ),
        ("Tag (pin=hunter22) is not allowed.", "Tag (pin=[tag value]) is not allowed."),
        ("Tag '  hunter22 ' is wrong.", "Tag ' [tag value] ' is wrong."),
        ("Value 'two  words' is wrong.", "Value '[tag value]' is wrong."),
        ("Value 'two words' is wrong.", "Value '[tag value]' is wrong."),
        ("Value 'two\u00a0words' is wrong.", "Value '[tag value]' is wrong."),
        ("Value 'half\u00a0space' is wrong.", "Value '[tag value]' is wrong."),
        ('Tags {"pin": "Z\\u00fcrich"} are wrong.', 'Tags {"pin": "[tag value]"} are wrong.'),
        ("Tag Z%C3%BCrich is wrong.", "Tag [tag value] is wrong."),
        (f"{'x' * 460} hunter22 {'x' * 30} hunter22", f"{'x' * 460} [tag value] {'x' * 26}…"),
        ("\x1b[31m::error::hunter22\n::warning::no.", "[31m::error::[tag value] :warning::no."),
        ("This Lustre file system is busy.", "This Lustre file system is busy."),
        (f"Key '{ARN}' does not exist.", "Key '[KMS key]' does not exist."),
        (f"Invalid keyId '{KEY_ID}'.", "Invalid keyId '[KMS key]'."),
        ("Alias arn:aws:kms:eu-west-1:111122223333:alias/dr is not found.", "Alias [KMS key] is not found."),
        (
            "The request ID is 1234abcd-12ab-34cd-56ef-1234567890ab.",
            "The request ID is 1234abcd-12ab-34cd-56ef-1234567890ab.",
        ),
    ],
)
@pytest.mark.parametrize("named_as", [KEY_ID, ARN])
def test_error_hides_tags_and_keys_repeated_by_aws(said: str, shown: str, named_as: str) -> None:
    request = replace(COPY, tags=SECRET_TAGS, kms_key_id=named_as)
    answer = {"__type": "BadRequest", "Message": said}

    with pytest.raises(errors.ServiceError) as refusal:
        ReplayedRegion(answer, status=400, name="eu-west-1").copy(request)

    assert str(refusal.value).endswith(f"BadRequest: {shown}")


def test_every_recorded_error_has_an_expectation() -> None:
    assert EXPECTED.keys() | REFUSALS.keys() == ANSWERS.keys()


@pytest.mark.parametrize(("name", "refusal"), REFUSALS.items())
def test_copy_returns_recorded_refusal(name: str, refusal: Refused) -> None:
    answer = ANSWERS[name]
    body = {"__type": answer["code"], "Message": answer["message"]} | answer["members"]

    assert ReplayedRegion(body, status=answer["status"], name="eu-west-1").copy(COPY) is refusal


@pytest.mark.parametrize("name", EXPECTED)
def test_recorded_error_maps_to_expected_type(name: str) -> None:
    answer = ANSWERS[name]

    refusal = refused(answer)

    assert type(refusal) is EXPECTED[name]
    assert "eu-west-1" in str(refusal)
    assert NAMED.get(name, answer["action"]) in str(refusal)


# IAM User Guide, Troubleshoot access denied error messages.
@pytest.mark.parametrize(
    ("context", "advice"),
    [
        ("with an explicit deny in a service control policy", "cannot override a service control policy"),
        (
            "with an explicit deny in a service control policy: arn:aws:organizations::111122223333:policy/o-1/p-1",
            "cannot override a service control policy",
        ),
        ("with an explicit deny in an identity-based policy", "cannot override an identity-based policy"),
        ("with an explicit deny in a permissions boundary", "cannot override a permissions boundary"),
        ("with an explicit deny", "cannot override a policy"),
        ("because no service control policy allows the fsx:CopyBackup action", "in the service control policy"),
        ("because no permissions boundary allows the fsx:CopyBackup action", "in the permissions boundary"),
        ("because no identity-based policy allows the fsx:CopyBackup action", "in IAM"),
    ],
)
def test_denial_names_policy_to_change(context: str, advice: str) -> None:
    assert advice in denied(context)


def test_error_without_text_is_one_sentence() -> None:
    answer = {"action": "fsx:DeleteBackup", "code": "BackupNotFound", "message": "", "status": 400, "members": {}}

    assert str(refused(answer)) == "fsx:DeleteBackup in eu-west-1 answered BackupNotFound."


@pytest.mark.parametrize("status", [408, 429, 500])
def test_unknown_error_is_transient_for_http_status(status: int) -> None:
    answer = {"action": "fsx:DeleteBackup", "code": "Odd", "message": "Wait.", "status": status, "members": {}}

    assert type(refused(answer)) is errors.TransientError
