"""The component `DrKey`: a KMS key for the copies in all DR Regions."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict, Unpack, overload

import pulumi
from pulumi import Input, Output
from pulumi.output import Unknown

from . import optional
from .args_or_keywords import args_or_keywords, require_complete, require_declarable
from .copies.arguments import without_outputs
from .errors import InvalidSettingsError
from .fsx.kms import KeyName
from .fsx.partitions import partition_of, require_fsx_region
from .rules.iam_policy import through_fsx

_DELETION_WINDOW_DAYS = 30  # the maximum of KMS
_ACCOUNT_ID = re.compile("[0-9]{12}")


class DrKeyArgs(TypedDict):
    """Arguments of a `DrKey`, where they are documented."""

    region: str
    replica_regions: Sequence[str]
    alias: NotRequired[str]
    account_id: NotRequired[Input[str]]
    tags: NotRequired[Input[Mapping[str, Input[str]]]]
    protect: NotRequired[bool]


class DrKey(pulumi.ComponentResource):
    """A multi-Region KMS key that Amazon FSx may use for this account, with a replica in each other Region.

    A copy cannot be restored without its key. So the keys are protected: `pulumi destroy`, and removing a Region from
    the arguments, fail until `protect` is False and that change is deployed. Even then KMS only disables a key, and
    deletes it after 30 days. Until then the deletion can be cancelled. KMS deletes a primary key only after its
    replicas. To keep the keys without the stack, remove them from its state with `pulumi state delete`.

    Attributes:
        arns: ARN of the key in each Region, by Region, such as `key.arns["eu-west-1"]` for `kms_key_id`.
    """

    @overload
    def __init__(self, name: str, args: DrKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None: ...

    @overload
    def __init__(
        self, name: str, *, opts: pulumi.ResourceOptions | None = None, **keywords: Unpack[DrKeyArgs]
    ) -> None: ...

    def __init__(
        self, name: str, args: DrKeyArgs | None = None, opts: pulumi.ResourceOptions | None = None, **keywords: Any
    ) -> None:
        """Declare the primary key and its replicas.

        Args:
            name: The component's logical name.
            args: The arguments below as a dict, instead of keywords.
            opts: The usual resource options.
            region: Region of the primary key, such as `eu-central-1`.
            replica_regions: Regions of the replicas, such as `["eu-west-1"]`. The list may be empty.
            alias: Alias of the key in every Region, such as `alias/fsx-dr`. Default: no alias.
            account_id: Account that may use the key through Amazon FSx, 12 digits. Default: the account of the
                credentials.
            tags: Tags of the primary key and of each replica. Default: no tags.
            protect: Whether Pulumi refuses to delete the keys. Default: True.

        Raises:
            InvalidSettingsError: An argument is wrong. Nothing is changed.
        """
        require_declarable("DrKey", name, opts)
        given = args_or_keywords(f"DrKey {name}", args, keywords)
        _require_valid(f"DrKey {name}", given)
        aws = optional.import_pulumi_aws()
        super().__init__("pulumi-fsx-dr:index:DrKey", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        protected = pulumi.ResourceOptions(parent=self, protect=given.get("protect", True))
        caller = pulumi.InvokeOptions(parent=self)
        account = Output.from_input(given.get("account_id") or aws.get_caller_identity_output(opts=caller).account_id)

        def settings(region: str) -> dict[str, Any]:
            return {
                "region": region,
                "description": f"Amazon FSx backup copies ({name})",
                "policy": account.apply(lambda known: json.dumps(key_policy(known, region))),
                "deletion_window_in_days": _DELETION_WINDOW_DAYS,
                "tags": given.get("tags"),
                "opts": protected,
            }

        home = given["region"]
        primary = aws.kms.Key(f"{name}-{home}", multi_region=True, enable_key_rotation=True, **settings(home))
        keys = {home: primary}
        for region in given["replica_regions"]:
            keys[region] = aws.kms.ReplicaKey(f"{name}-{region}", primary_key_arn=primary.arn, **settings(region))
        if alias := given.get("alias"):
            for region, key in keys.items():
                aws.kms.Alias(f"{name}-{region}", region=region, name=alias, target_key_id=key.key_id, opts=child)
        self.arns: Output[dict[str, str]] = Output.all(**{region: key.arn for region, key in keys.items()})
        self.register_outputs({"arns": self.arns})


def key_policy(account: str, region: str) -> dict[str, Any]:
    """Return the policy of the key in one Region: the account administers the key, and FSx uses it for that account.

    The grants for FSx are those of the AWS managed key `aws/fsx`.
    """
    root = {"AWS": f"arn:{partition_of(region)}:iam::{account}:root"}
    through_fsx_here = {"kms:CallerAccount": account, "kms:ViaService": through_fsx([region])[0]}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AccountAdministersTheKey",
                "Effect": "Allow",
                "Principal": root,
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "FsxUsesTheKeyForTheAccount",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["kms:DescribeKey", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                "Resource": "*",
                "Condition": {"StringEquals": through_fsx_here},
            },
            {
                "Sid": "FsxGrantsTheKeyToItself",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "kms:CreateGrant",
                "Resource": "*",
                "Condition": {"StringEquals": through_fsx_here, "Bool": {"kms:GrantIsForAWSResource": "true"}},
            },
        ],
    }


def _require_valid(resource: str, args: DrKeyArgs) -> None:
    require_complete(resource, args, DrKeyArgs)
    if not isinstance(args["replica_regions"], Sequence) or isinstance(args["replica_regions"], str):
        raise InvalidSettingsError(f"replica_regions of {resource} must be a list of Regions.")
    regions = [args["region"], *args["replica_regions"]]
    if not all(isinstance(region, str) for region in regions):
        raise InvalidSettingsError(
            f"region and replica_regions of {resource} must be strings that are known when the program runs."
        )
    # Before the messages that name Regions: a value that is not a Region may be a secret.
    for region in regions:
        require_fsx_region(region, f"A Region in region and replica_regions of {resource}")
    if repeated := sorted({region for region in regions if regions.count(region) > 1}):
        raise InvalidSettingsError(f"{', '.join(repeated)} appears twice in region and replica_regions of {resource}.")
    if len({partition_of(region) for region in regions}) > 1:
        raise InvalidSettingsError(
            f"The Regions of {resource} are in several AWS partitions ({', '.join(regions)}). Declare a DrKey for "
            "each partition."
        )
    if (alias := args.get("alias")) and not _is_alias(alias):
        raise InvalidSettingsError(f"alias of {resource} must be a name such as alias/fsx-dr. AWS reserves alias/aws/.")
    account = without_outputs(args.get("account_id"))
    if isinstance(account, str) and not _ACCOUNT_ID.fullmatch(account):
        raise InvalidSettingsError(f"account_id of {resource} must be a string of 12 digits.")
    if not isinstance(args.get("protect", True), bool):
        raise InvalidSettingsError(f"protect of {resource} must be True or False.")
    tags = without_outputs(args.get("tags", {}))
    if not isinstance(tags, Mapping | Unknown) or (isinstance(tags, Mapping) and not all(map(_is_text, tags.values()))):
        raise InvalidSettingsError(f"tags of {resource} must map strings to strings.")


def _is_text(value: Any) -> bool:
    return isinstance(value, str | Unknown)


def _is_alias(given: Any) -> bool:
    name = KeyName.parse(given) if isinstance(given, str) else None
    return bool(name and name.is_alias and not name.region and not name.resource.startswith("alias/aws/"))
