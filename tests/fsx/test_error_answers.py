"""Errors as AWS really answers them, each as the kind and the step that the product takes from it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pulumi_fsx_dr import errors
from pulumi_fsx_dr.fsx.backup import CopyRequest, Refused
from pulumi_fsx_dr.fsx.errors import translated

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

CHECK_REGION = "Check the credentials, and that the account has opted in to eu-west-1."
CLOCK = "This machine's clock is wrong, or it was suspended: set the clock, or try again."
EXPECTED: dict[str, tuple[type[errors.ServiceError], str]] = {
    "create-in-progress": (errors.BusyError, "BackupInProgress: Another backup is already pending."),
    "final-backup-creating": (errors.ServiceError, "while fs-0f00e6f29e714d930 is in CREATING."),
    "volume-not-found-bare-id": (errors.NotFoundError, "VolumeNotFound: fsvol-0d49ff67f98edc9f4."),
    "svm-deleting": (errors.ServiceError, "this volume's storage virtual machine is deleting."),
    "s3-access-points": (errors.ServiceError, "attached to this file system, and try again."),
    "being-copied-badrequest": (errors.BusyError, f"BadRequest: {BACKUP} is being copied, can't be deleted."),
    "ontap-file-system": (errors.ServiceError, "FSx cannot do this with the source backup: leave it out."),
    "wrong-configuration": (errors.ServiceError, "cannot be applied to delete a OPENZFS file system."),
    "active-data-repository-task": (errors.ServiceError, "data repository task in progress for this file system."),
    "no-s3-role": (errors.ServiceError, "you are using has the required permissions."),
    "access-denied": (errors.AccessDeniedError, "allows the fsx:CreateFileSystem action.) Allow it in IAM."),
    "backup-not-found-after-delete": (errors.NotFoundError, "Backup backup-01aaa29249100f88b does not exist."),
    "svm-limit": (errors.ServiceError, "Ask AWS to raise STORAGE_VIRTUAL_MACHINES_PER_FILE_SYSTEM."),
    "expired-signature": (errors.TransientError, CLOCK),
    "signature-not-yet-current": (errors.TransientError, CLOCK),
    "region-not-enabled": (errors.CredentialsError, CHECK_REGION),
    "throttled": (errors.TransientError, "ThrottlingException: Rate exceeded. Try again later."),
    "kms-no-key": (errors.ServiceError, "Name a key of eu-west-1 in kms_key_id."),
    "kms-other-region": (errors.ServiceError, "Name a key of eu-west-1 in kms_key_id."),
    "kms-invalid-id": (errors.ServiceError, "Name a key of eu-west-1 in kms_key_id."),
    "common-request-timeout": (errors.TransientError, "Try again later."),
    "common-request-aborted": (errors.TransientError, "Try again later."),
    "common-internal-failure": (errors.TransientError, "Try again later."),
    "common-service-unavailable": (errors.TransientError, "Try again later."),
    "common-missing-token": (errors.CredentialsError, "Check the credentials."),
    "common-incomplete-signature": (errors.CredentialsError, "Check the credentials."),
    "common-optin": (errors.CredentialsError, CHECK_REGION),
    "common-request-expired": (
        errors.ExpiredCredentialsError,
        "Set this machine's clock if it is wrong, or renew the AWS credentials.",
    ),
    "model-copy-quota-backups": (errors.ServiceError, "Ask AWS to raise TOTAL_USER_INITIATED_BACKUPS."),
    "model-copy-quota-tags": (errors.ServiceError, "Remove tags: AWS does not raise TOTAL_USER_TAGS."),
    "model-copy-source-unavailable": (errors.ServiceError, f"Copy {BACKUP} in eu-central-1 when it is AVAILABLE."),
    "model-copy-dest-key": (
        errors.ServiceError,
        "FSx cannot encrypt with this key: set kms_key_id to an enabled symmetric key of eu-west-1 that FSx may use.",
    ),
    "model-copy-source-key": (
        errors.ServiceError,
        f"Enable the key of {BACKUP} in eu-central-1, and allow its use through FSx.",
    ),
    "model-copy-region": (
        errors.ServiceError,
        "Correct source_region: eu-central-1 is no Region of the same partition as eu-west-1.",
    ),
    "model-copy-multi-az": (
        errors.ServiceError,
        f"Copy {BACKUP} in eu-central-1 to another Region: eu-west-1 has no Multi-AZ file systems for Windows.",
    ),
    "model-copy-unsupported": (
        errors.ServiceError,
        f"FSx cannot do this with {BACKUP} in eu-central-1: leave it out.",
    ),
    "model-copy-not-found": (errors.NotFoundError, "answered BackupNotFound: (AWS text)."),
    "model-copy-internal": (errors.TransientError, "Try again later."),
    "model-delete-being-copied": (errors.BusyError, "answered BackupBeingCopied: (AWS text)."),
    "model-delete-restoring": (errors.BusyError, "answered BackupRestoring: (AWS text)."),
    "model-delete-in-progress": (errors.BusyError, "answered BackupInProgress: (AWS text)."),
}

REFUSALS = {"model-copy-copy-limit": Refused.SLOTS_TAKEN, "model-copy-token": Refused.TOKEN_CONFLICT}


def refused(answer: dict[str, Any]) -> errors.ServiceError:
    """Return what the call that got this answer raises; what this product never calls goes to the table itself."""
    with pytest.raises(errors.ServiceError) as refusal:
        give(answer)
    return refusal.value


def give(answer: dict[str, Any]) -> None:
    if call := CALLS.get(answer["action"]):
        body = {"__type": answer["code"], "Message": answer["message"]} | answer["members"]
        call(ReplayedRegion(body, status=answer["status"], name="eu-west-1"))
    response: Any = {"Error": {"Code": answer["code"], "Message": answer["message"]}} | answer["members"]
    with translated(answer["action"], "eu-west-1"):
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


# What AWS repeats of a request: its error pages ("Value '...' at '...' failed to satisfy constraint"), and the answers
# of KMS recorded above.
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
def test_what_aws_repeats_of_tags_and_key_is_hidden(said: str, shown: str, named_as: str) -> None:
    request = replace(COPY, tags=SECRET_TAGS, kms_key_id=named_as)
    answer = {"__type": "BadRequest", "Message": said}

    with pytest.raises(errors.ServiceError) as refusal:
        ReplayedRegion(answer, status=400, name="eu-west-1").copy(request)

    assert str(refusal.value) == f"fsx:CopyBackup in eu-west-1 answered BadRequest: {shown}"


def test_every_recorded_error_has_an_expectation() -> None:
    assert EXPECTED.keys() | REFUSALS.keys() == ANSWERS.keys()


@pytest.mark.parametrize(("name", "refusal"), REFUSALS.items())
def test_copy_returns_a_refusal_that_is_no_failure(name: str, refusal: Refused) -> None:
    answer = ANSWERS[name]
    body = {"__type": answer["code"], "Message": answer["message"]} | answer["members"]

    assert ReplayedRegion(body, status=answer["status"], name="eu-west-1").copy(COPY) is refusal


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_error_is_told_by_its_kind_and_the_step_to_take(name: str) -> None:
    kind, ending = EXPECTED[name]

    refusal = refused(ANSWERS[name])

    assert (type(refusal), str(refusal)[-len(ending) :]) == (kind, ending)


# IAM User Guide, Troubleshoot access denied error messages.
@pytest.mark.parametrize(
    ("context", "advice"),
    [
        (
            "with an explicit deny in a service control policy",
            "IAM cannot allow it while a service control policy denies it: have that changed.",
        ),
        (
            "with an explicit deny in a service control policy: arn:aws:organizations::111122223333:policy/o-1/p-1",
            "IAM cannot allow it while a service control policy denies it: have that changed.",
        ),
        (
            "with an explicit deny in an identity-based policy",
            "IAM cannot allow it while an identity-based policy denies it: have that changed.",
        ),
        (
            "with an explicit deny in a permissions boundary",
            "IAM cannot allow it while a permissions boundary denies it: have that changed.",
        ),
        ("with an explicit deny", "IAM cannot allow it while a policy denies it: have that changed."),
        (
            "because no service control policy allows the fsx:CopyBackup action",
            "Allow it in the service control policy, too.",
        ),
        (
            "because no permissions boundary allows the fsx:CopyBackup action",
            "Allow it in the permissions boundary, too.",
        ),
        ("because no identity-based policy allows the fsx:CopyBackup action", "Allow it in IAM."),
    ],
)
def test_a_denial_names_the_policy_that_must_change(context: str, advice: str) -> None:
    assert denied(context) == advice


def test_an_error_without_a_text_is_still_a_sentence() -> None:
    answer = {"action": "fsx:DeleteBackup", "code": "BackupNotFound", "message": "", "status": 400, "members": {}}

    assert str(refused(answer)) == "fsx:DeleteBackup in eu-west-1 answered BackupNotFound."


@pytest.mark.parametrize(("status", "kind"), [(408, errors.TransientError), (429, errors.TransientError)])
def test_an_unknown_error_passes_if_http_says_so(status: int, kind: type[errors.ServiceError]) -> None:
    answer = {"action": "fsx:DeleteBackup", "code": "Odd", "message": "Wait.", "status": status, "members": {}}

    assert type(refused(answer)) is kind
