"""One KMS key for the copies in all DR Regions: the component `DrKey`."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict, Unpack, overload

import pulumi
from pulumi import Input, Output

from . import optional
from .args_or_keywords import args_or_keywords, require_complete
from .errors import InvalidSettingsError
from .fsx.kms import KeyName
from .fsx.partitions import partition_of
from .rules.iam_policy import through_fsx

_DELETION_WINDOW_DAYS = 30  # the most that KMS offers


class DrKeyArgs(TypedDict):
    """Arguments of a `DrKey`, which describes them."""

    region: str
    replica_regions: Sequence[str]
    alias: NotRequired[str]
    account_id: NotRequired[Input[str]]
    tags: NotRequired[Input[Mapping[str, Input[str]]]]
    protect: NotRequired[bool]


class DrKey(pulumi.ComponentResource):
    """A multi-Region KMS key that Amazon FSx may use for this account, with a replica in each further Region.

    Without its key a copy is lost, so the keys are protected: `pulumi destroy` and leaving a Region out fail until
    `protect` is False and that has been deployed. Even then KMS only disables a key, and deletes it after 30 days in
    which it can be called back; a primary key goes after its replicas. To give up the stack and keep the keys, take
    them out of its state with `pulumi state delete`.

    Attributes:
        arns: per Region the ARN of its key, for `kms_key_id`.
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
        """Make the keys.

        Args:
            name: The component's logical name.
            args: The arguments below as a dict, instead of keywords.
            opts: The ordinary resource options.
            region: The Region of the primary key. A plain value, as resources are named after it.
            replica_regions: The Regions of its replicas.
            alias: An alias in every Region, such as `alias/fsx-dr`.
            account_id: The account whose use of Amazon FSx may use the key. Default: that of the credentials.
            tags: Tags of the primary key and of each replica.
            protect: Whether Pulumi refuses to delete the keys. Default: True.

        Raises:
            InvalidSettingsError: An argument is missing or unknown, a Region appears twice or is of another partition,
                or the alias is not valid.
        """
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
    """Return the policy of the key of one Region: its account administers it, and FSx uses it for that account.

    It grants what the policy of the key that AWS manages for FSx, `aws/fsx`, grants, and names who administers the key.
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
        raise InvalidSettingsError(f"{resource} needs its replica_regions as a list, which may be empty.")
    regions = [args["region"], *args["replica_regions"]]
    if not all(isinstance(region, str) for region in regions):
        raise InvalidSettingsError(f"{resource} needs its Regions as strings that are known when the program runs.")
    # First, because the next messages name Regions: what stands there by mistake may be a secret.
    partitions = {partition_of(region, f"A Region of {resource}") for region in regions}
    if twice := sorted({region for region in regions if regions.count(region) > 1}):
        raise InvalidSettingsError(f"{', '.join(twice)} would get two keys: name each Region once.")
    if len(partitions) > 1:
        raise InvalidSettingsError(f"No key spans partitions: make one for each of those of {', '.join(regions)}.")
    if (alias := args.get("alias")) and not _is_alias(alias):
        raise InvalidSettingsError(f"alias of {resource} is not a name such as alias/fsx-dr.")


def _is_alias(given: Any) -> bool:
    name = KeyName.parse(given) if isinstance(given, str) else None
    return bool(name and name.is_alias and not name.region and not name.resource.startswith("alias/aws/"))
