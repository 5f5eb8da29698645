"""The stand-in's IAM: what a policy document allows, what a call needs, and how it is refused."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from pulumi_fsx_dr.rules.iam_policy import Purpose, policy, protection

from simulator.fsx import FsxService
from simulator.fsx.authorizing import needed
from simulator.fsx.calls import Call
from simulator.fsx.fixtures import AWAY, HOME, Clients
from simulator.fsx.permissions import Access, NotUnderstoodError, refuse_unknown, verdict
from simulator.fsx.regions import ACCOUNT_ID
from tests.backups import owned

pytest_plugins = ["simulator.fsx.fixtures"]

BACKUP = f"arn:aws:fsx:{HOME}:{ACCOUNT_ID}:backup/backup-0123456789abcdef0"
USER = f"arn:aws:iam::{ACCOUNT_ID}:user/simulator"


def document(
    action: Any = "fsx:*", resource: Any = "*", effect: str = "Allow", condition: Any = None
) -> dict[str, Any]:
    statement = {"Sid": "Test", "Effect": effect, "Action": action, "Resource": resource}
    return {"Statement": [statement | ({"Condition": condition} if condition else {})]}


def judged(*documents: dict[str, Any], resource: str = BACKUP, context: dict[str, list[str]] | None = None) -> str:
    return verdict(documents, Access("fsx:DeleteBackup", resource, context or {}))


# --- documents: IAM user guide, "Policy evaluation logic" and "Condition operators" ------------------------------


def test_nothing_is_allowed_without_an_allow_and_a_deny_wins() -> None:
    assert judged(document("fsx:CopyBackup")) == "not allowed"
    assert judged(document()) == "allowed"
    assert judged(document(), document("fsx:DeleteBackup", effect="Deny")) == "denied"


@pytest.mark.parametrize(
    ("action", "allowed"),
    [("fsx:DeleteBackup", True), ("FSX:deletebackup", True), ("fsx:Delete*", True), ("fsx:DeleteBackup?", False)],
)
def test_actions_have_wildcards_and_no_case(action: str, allowed: bool) -> None:  # noqa: FBT001  # a table's column
    assert (judged(document([action])) == "allowed") is allowed


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [
        (f"arn:aws:fsx:{HOME}:{ACCOUNT_ID}:backup/*", True),
        (f"arn:aws:fsx:{AWAY}:{ACCOUNT_ID}:backup/*", False),
        (f"arn:aws:fsx:{HOME}:{ACCOUNT_ID}:Backup/*", False),
        ("*", True),
    ],
)
def test_resources_have_wildcards_and_case(resource: str, allowed: bool) -> None:  # noqa: FBT001  # a table's column
    assert (judged(document(resource=[resource])) == "allowed") is allowed


def test_an_action_without_resource_types_is_allowed_by_no_arn() -> None:
    assert judged(document(resource=f"arn:aws:fsx:{HOME}:{ACCOUNT_ID}:*"), resource="*") == "not allowed"
    assert judged(document(resource="*"), resource="*") == "allowed"


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "holds"),
    [
        ("StringEquals", ["a", "b"], ["b"], True),
        ("StringEquals", ["a*"], ["ab"], False),
        ("StringEquals", ["a"], None, False),
        ("StringLike", ["??/*"], ["0a/1"], True),
        ("StringLike", ["??/*"], ["0a1/1"], False),
        ("StringLike", ["??/*"], None, False),
        ("Bool", "true", ["True"], True),
        ("Bool", "true", None, False),
        ("ArnNotEquals", ["arn:a", "arn:b"], ["arn:a"], False),
        ("ArnNotEquals", ["arn:a", "arn:b"], ["arn:c"], True),
        ("ArnNotEquals", ["arn:a"], None, True),
        ("ForAnyValue:StringEquals", ["a"], ["b", "a"], True),
        ("ForAnyValue:StringEquals", ["a"], ["b"], False),
        ("ForAnyValue:StringEquals", ["a"], None, False),
        ("ForAnyValue:StringEqualsIgnoreCase", ["a"], ["b", "A"], True),
        ("ForAnyValue:StringEqualsIgnoreCase", ["a"], ["b"], False),
    ],
)
def test_conditions(operator: str, wanted: Any, value: list[str] | None, holds: bool) -> None:  # noqa: FBT001  # a table's column
    conditional = document(condition={operator: {"AWS:Key": wanted}})

    assert (judged(conditional, context={"aws:key": value} if value else {}) == "allowed") is holds


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"Condition": {"StringEqualsIfExists": {"aws:key": "a"}}}, "StringEqualsIfExists"),
        ({"NotAction": "fsx:*"}, "NotAction"),
        ({"Principal": "*"}, "Principal"),
        ({"Effect": "Perhaps"}, "Perhaps"),
        ({"Resource": "arn:aws:fsx:*:*:backup/${aws:PrincipalTag/own}"}, "PrincipalTag"),
    ],
)
def test_what_is_not_understood_is_refused(change: dict[str, Any], named: str) -> None:
    whole = document()
    whole["Statement"][0] |= change

    with pytest.raises(NotUnderstoodError, match=named):
        refuse_unknown(whole)


# --- calls -------------------------------------------------------------------------------------------------------


def refused(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refusal:
        call(**parameters)
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_refusal_has_the_words_of_iam(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    """The words are those of github.com/aws-samples/eks-workshop-v2/issues/1445."""
    fsx_service.attach_policies("simulator", [document("fsx:DescribeBackups")])

    assert refused(fsx_client(HOME).delete_backup, BackupId=fsx_source) == (
        "AccessDeniedException",
        (
            f"User: {USER} is not authorized to perform: fsx:DeleteBackup "
            f"on resource: arn:aws:fsx:{HOME}:{ACCOUNT_ID}:backup/{fsx_source} "
            "because no identity-based policy allows the fsx:DeleteBackup action"
        ),
    )
    assert [backup["id"] for backup in fsx_service.backups(HOME)] == [fsx_source]
    assert fsx_service.journal()[-1]["error"] == "AccessDeniedException"


def test_a_copy_needs_both_regions_the_tags_and_the_key(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str
) -> None:
    key = fsx_client(AWAY, "kms").create_key()["KeyMetadata"]["Arn"]
    wanted = {"SourceBackupId": fsx_source, "SourceRegion": HOME, "KmsKeyId": key}
    source, copy = (f"arn:aws:fsx:{region}:{ACCOUNT_ID}:backup/" for region in (HOME, AWAY))
    via_fsx = {"kms:ViaService": [f"fsx.{AWAY}.amazonaws.com"]}
    steps = [
        (document("fsx:CopyBackup", f"{source}*"), "fsx:CopyBackup", f"{source}{fsx_source}"),
        (document("fsx:CopyBackup", f"{copy}*"), "fsx:CopyBackup", f"{copy}*"),
        (document("fsx:TagResource", f"{copy}*"), "fsx:TagResource", f"{copy}*"),
        (document("kms:*", key, condition={"StringEquals": via_fsx}), "kms:DescribeKey", key),
    ]
    attached: list[dict[str, Any]] = []
    for allows, action, resource in steps:
        fsx_service.attach_policies("simulator", attached)
        _, message = refused(fsx_client().copy_backup, **wanted, Tags=[{"Key": "team", "Value": "storage"}])
        assert f"perform: {action} on resource: {resource} because" in message
        attached.append(allows)

    fsx_service.attach_policies("simulator", attached)
    assert fsx_client().copy_backup(**wanted, Tags=[{"Key": "team", "Value": "storage"}])["Backup"]["KmsKeyId"] == key


def test_kms_and_sts_are_asked_for_too(fsx_client: Clients, fsx_service: FsxService) -> None:
    kms = fsx_client(AWAY, "kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    alias = f"alias/dr-{key[-12:]}"
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    fsx_service.attach_policies("simulator", [document("fsx:*")])

    code, message = refused(kms.describe_key, KeyId=alias)

    assert code == "AccessDeniedException"
    assert f"perform: kms:DescribeKey on resource: {key} because" in message
    assert refused(kms.describe_key, KeyId="alias/none")[0] == "NotFoundException"
    assert fsx_client(AWAY, "sts").get_caller_identity()["Account"] == ACCOUNT_ID
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/admin"
    assert refused(fsx_client(AWAY, "sts").assume_role, RoleArn=role, RoleSessionName="dr")[0].startswith(
        "AccessDenied"
    )


def test_an_identity_without_policies_may_do_everything(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str
) -> None:
    fsx_service.attach_policies("pipeline", [])

    fsx_client(HOME).delete_backup(BackupId=fsx_source)

    assert refused(fsx_client(HOME, access_key="pipeline").describe_backups)[0] == "AccessDeniedException"


def test_a_protected_copy_is_not_deleted_by_an_administrator(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str
) -> None:
    fsx_service.set_tags(HOME, fsx_source, owned())
    scp = protection(ACCOUNT_ID, [f"arn:aws:iam::{ACCOUNT_ID}:role/fsx-dr"], dr_regions=[HOME])
    fsx_service.attach_policies("simulator", [document("*"), scp])

    _, message = refused(fsx_client(HOME).delete_backup, BackupId=fsx_source)
    arn = fsx_service.backup(HOME, fsx_source)["arn"]
    unmarking = refused(fsx_client(HOME).untag_resource, ResourceARN=arn, TagKeys=["fsx-dr:managed-by"])

    assert message.endswith("with an explicit deny in a service control policy")
    assert unmarking[0] == "AccessDeniedException"


# --- a drill -----------------------------------------------------------------------------------------------------

RESTORED = "fs-0a1b2c3d4e5f60718"
DRILL_KEY = f"arn:aws:kms:{AWAY}:{ACCOUNT_ID}:key/0a1b2c3d-1111-4111-8111-0a1b2c3d4e5f"
DRILL_POLICY = policy(ACCOUNT_ID, Purpose.DRILL, dr_regions=[AWAY], key_arns={AWAY: [DRILL_KEY]})


def needs_of(service: FsxService, action: str, parameters: dict[str, Any]) -> list[Access]:
    call = Call(AWAY, "fsx", action, "drill", ACCOUNT_ID, parameters)
    return list(needed(service._world, call))  # noqa: SLF001  # the service's own question


def what_a_drill_needs(service: FsxService, key: str) -> list[Access]:
    """Return what the calls of pulumi-aws need: hashicorp/terraform-provider-aws, internal/service/fsx/*.go."""
    service.seed_file_system(AWAY, "OPENZFS", file_system_id=RESTORED, tags={"purpose": "failover-drill"})
    tags = [{"Key": "purpose", "Value": "failover-drill"}]
    arn = f"arn:aws:fsx:{AWAY}:{ACCOUNT_ID}:file-system/{RESTORED}"
    calls: list[tuple[str, dict[str, Any]]] = [
        ("DescribeBackups", {"BackupIds": ["backup-0123456789abcdef0"]}),
        ("CreateFileSystemFromBackup", {"BackupId": "backup-0123456789abcdef0", "Tags": tags, "KmsKeyId": key}),
        ("DescribeFileSystems", {"FileSystemIds": [RESTORED]}),
        ("DescribeVolumes", {"VolumeIds": ["fsvol-0123456789abcdef0"]}),
        ("ListTagsForResource", {"ResourceARN": arn}),
        ("DeleteFileSystem", {"FileSystemId": RESTORED, "OpenZFSConfiguration": {"SkipFinalBackup": False}}),
    ]
    by_calls = [access for action, parameters in calls for access in needs_of(service, action, parameters)]
    here = {"aws:RequestedRegion": [AWAY]}
    mark = {"aws:CalledVia": ["fsx.amazonaws.com"], "aws:RequestTag/AmazonFSx": ["ManagedByAmazonFSx"]}
    table = f"arn:aws:ec2:{AWAY}:{ACCOUNT_ID}:route-table/rtb-0123456789abcdef0"
    of_kinds = [  # Multi-AZ OpenZFS, and Windows with a directory of Directory Service: AmazonFSxFullAccess
        Access("ec2:CreateTags", table, here | mark),
        Access("ds:DescribeDirectories", "*", here),
    ]
    return [*by_calls, *of_kinds]


@pytest.fixture
def drill_key(fsx_client: Clients) -> str:
    return str(fsx_client(AWAY, "kms").create_key()["KeyMetadata"]["Arn"])


def drill_policy(key: str, *, without: str | None = None) -> dict[str, Any]:
    document = policy(ACCOUNT_ID, Purpose.DRILL, dr_regions=[AWAY], key_arns={AWAY: [key]})
    return document | {"Statement": [each for each in document["Statement"] if each["Sid"] != without]}


def test_a_drill_may_do_what_it_does(fsx_service: FsxService, drill_key: str) -> None:
    asked = what_a_drill_needs(fsx_service, drill_key)

    assert {access.action for access in asked if verdict([drill_policy(drill_key)], access) != "allowed"} == set()


@pytest.mark.parametrize("sid", [statement["Sid"] for statement in DRILL_POLICY["Statement"]])
def test_no_statement_of_a_drill_can_be_left_out(fsx_service: FsxService, drill_key: str, sid: str) -> None:
    asked = what_a_drill_needs(fsx_service, drill_key)

    lessened = drill_policy(drill_key, without=sid)
    assert [access for access in asked if verdict([lessened], access) != "allowed"]


def test_a_drill_may_delete_no_other_file_system(fsx_service: FsxService, drill_key: str) -> None:
    other = fsx_service.seed_file_system(AWAY)
    (deleting, *_) = needs_of(fsx_service, "DeleteFileSystem", {"FileSystemId": other})

    assert verdict([drill_policy(drill_key)], deleting) == "not allowed"
