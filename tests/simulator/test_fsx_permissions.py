"""IAM in the simulator: effects of policy documents, permissions of calls, and errors."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from pulumi_fsx_dr.rules.iam_policy import Purpose, policy, protection

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME, Clients
from simulator.fsx.permissions import Access, UnknownElementError, refuse_unknown, verdict
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


def test_access_needs_allow_and_deny_wins() -> None:
    assert judged(document("fsx:CopyBackup")) == "not allowed"
    assert judged(document()) == "allowed"
    assert judged(document(), document("fsx:DeleteBackup", effect="Deny")) == "denied"


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("fsx:DeleteBackup", "*", True),
        ("FSX:deletebackup", "*", True),
        ("fsx:Delete*", "*", True),
        ("fsx:DeleteBackup?", "*", False),
        ("*", f"arn:aws:fsx:{HOME}:{ACCOUNT_ID}:backup/*", True),
        ("*", f"arn:aws:fsx:{AWAY}:{ACCOUNT_ID}:backup/*", False),
        ("*", f"arn:aws:fsx:{HOME}:{ACCOUNT_ID}:Backup/*", False),
    ],
)
def test_wildcards_match_actions_and_resources(action: str, resource: str, allowed: bool) -> None:  # noqa: FBT001  # a table's column
    assert (judged(document([action], [resource])) == "allowed") is allowed


def test_action_without_resource_type_needs_star() -> None:
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
def test_condition_operators_follow_iam(operator: str, wanted: Any, value: list[str] | None, holds: bool) -> None:  # noqa: FBT001  # a table's column
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
def test_unknown_policy_elements_are_refused(change: dict[str, Any], named: str) -> None:
    whole = document()
    whole["Statement"][0] |= change

    with pytest.raises(UnknownElementError, match=named):
        refuse_unknown(whole)


# --- calls -------------------------------------------------------------------------------------------------------


def refused(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refusal:
        call(**parameters)
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


def test_refusal_has_iam_message(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    """The text is from github.com/aws-samples/eks-workshop-v2/issues/1445."""
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


def test_copy_needs_both_regions_tags_and_key(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
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


def test_kms_and_sts_need_permissions(fsx_client: Clients, fsx_service: FsxService) -> None:
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


def test_identity_without_policies_is_unrestricted(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str
) -> None:
    fsx_service.attach_policies("pipeline", [])

    fsx_client(HOME).delete_backup(BackupId=fsx_source)

    assert refused(fsx_client(HOME, access_key="pipeline").describe_backups)[0] == "AccessDeniedException"


def test_administrator_cannot_delete_protected_copy(
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


# --- the policy of the failover drill -----------------------------------------------------------------------------

FSX = f"arn:aws:fsx:{AWAY}:{ACCOUNT_ID}"
KEY = f"arn:aws:kms:{AWAY}:{ACCOUNT_ID}:key/0a1b2c3d-1111-4111-8111-0a1b2c3d4e5f"
DRILL_POLICY = policy(ACCOUNT_ID, Purpose.DRILL, dr_regions=[AWAY], key_arns={AWAY: [KEY]})


def accesses_of_a_drill() -> list[Access]:
    """Return the permissions for a drill.

    Its calls are those of pulumi-aws (hashicorp/terraform-provider-aws, internal/service/fsx/*.go). Their permissions
    are from the service authorization reference, the user guides (Encryption at rest), and AmazonFSxFullAccess, which
    has the ec2 and ds actions.
    """
    tag = {"aws:RequestTag/purpose": ["failover-drill"], "aws:TagKeys": ["purpose"]}
    own = {"aws:ResourceTag/purpose": ["failover-drill"]}
    via_fsx = {"aws:CalledVia": ["fsx.amazonaws.com"]}
    with_key = {"kms:ViaService": [f"fsx.{AWAY}.amazonaws.com"], "kms:GrantIsForAWSResource": ["true"]}
    backup, new, restored = f"{FSX}:backup/backup-1", f"{FSX}:file-system/*", f"{FSX}:file-system/fs-1"
    rows: list[tuple[str, str, dict[str, list[str]]]] = [
        *((f"fsx:Describe{noun}", "*", {}) for noun in ("Backups", "FileSystems", "Volumes")),
        *(("fsx:CreateFileSystemFromBackup", resource, tag) for resource in (backup, new)),
        ("fsx:TagResource", new, tag),
        *((f"kms:{use}", KEY, with_key) for use in ("DescribeKey", "Decrypt", "CreateGrant")),
        ("kms:GenerateDataKeyWithoutPlaintext", KEY, with_key),
        *((f"ec2:Describe{noun}", "*", via_fsx) for noun in ("RouteTables", "SecurityGroups", "Subnets", "Vpcs")),
        ("ec2:GetSecurityGroupsForVpc", "*", via_fsx),
        (
            "ec2:CreateTags",
            f"arn:aws:ec2:{AWAY}:{ACCOUNT_ID}:route-table/rtb-1",
            {**via_fsx, "aws:RequestTag/AmazonFSx": ["ManagedByAmazonFSx"]},
        ),
        ("ds:DescribeDirectories", "*", {}),
        ("fsx:ListTagsForResource", restored, own),
        ("fsx:DeleteFileSystem", restored, own),
        ("fsx:CreateBackup", f"{FSX}:backup/*", {}),
        ("fsx:CreateBackup", restored, own),
    ]
    return [Access(action, name, {"aws:RequestedRegion": [AWAY], **context}) for action, name, context in rows]


def test_drill_policy_allows_a_drill() -> None:
    assert {one.action for one in accesses_of_a_drill() if verdict([DRILL_POLICY], one) != "allowed"} == set()


@pytest.mark.parametrize("sid", [statement["Sid"] for statement in DRILL_POLICY["Statement"]])
def test_drill_policy_needs_each_statement(sid: str) -> None:
    reduced = {"Statement": [each for each in DRILL_POLICY["Statement"] if each["Sid"] != sid]}

    assert [one for one in accesses_of_a_drill() if verdict([reduced], one) != "allowed"]


def test_drill_policy_does_not_delete_other_file_systems() -> None:
    deletion = Access("fsx:DeleteFileSystem", f"{FSX}:file-system/fs-2", {"aws:RequestedRegion": [AWAY]})

    assert verdict([DRILL_POLICY], deletion) == "not allowed"
