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

_DAYS_TO_REGRET = 30  # the most that KMS offers


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
            args: The arguments below in a dict, in place of keywords.
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
        asked = args_or_keywords(f"DrKey {name}", args, keywords)
        _check(f"DrKey {name}", asked)
        aws = optional.import_pulumi_aws()
        super().__init__("pulumi-fsx-dr:index:DrKey", name, None, opts)
        identity = (
            asked.get("account_id") or aws.get_caller_identity_output(opts=pulumi.InvokeOptions(parent=self)).account_id
        )
        account = Output.from_input(identity)
        kept = pulumi.ResourceOptions(parent=self, protect=asked.get("protect", True))

        primary = aws.kms.Key(
            f"{name}-{asked['region']}",
            multi_region=True,
            enable_key_rotation=True,
            **_settings(name, asked, account, asked["region"]),
            opts=kept,
        )
        replicas = {
            region: aws.kms.ReplicaKey(
                f"{name}-{region}",
                primary_key_arn=primary.arn,
                **_settings(name, asked, account, region),
                opts=kept,
            )
            for region in asked["replica_regions"]
        }
        keys = {asked["region"]: primary, **replicas}
        if alias := asked.get("alias"):
            for region, key in keys.items():
                own = pulumi.ResourceOptions(parent=self)
                aws.kms.Alias(f"{name}-{region}", region=region, name=alias, target_key_id=key.key_id, opts=own)
        self.arns: Output[dict[str, str]] = Output.all(**{region: key.arn for region, key in keys.items()})
        self.register_outputs({"arns": self.arns})


def key_policy(account: str, region: str) -> dict[str, Any]:
    """Return the policy of the key of one Region: its account administers it, and FSx uses it for that account.

    It says the same as the policy of the key that AWS manages for FSx, `aws/fsx`, but names who administers the key.
    """
    for_this_account = {"kms:CallerAccount": account, "kms:ViaService": through_fsx([region])[0]}
    account_root = {"AWS": f"arn:{partition_of(region)}:iam::{account}:root"}
    used = ["kms:DescribeKey", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            _allow("AccountAdministersTheKey", account_root, ["kms:*"], {}),
            _allow("FsxUsesTheKeyForTheAccount", {"AWS": "*"}, used, {"StringEquals": for_this_account}),
            _allow(
                "FsxGrantsTheKeyToItself",
                {"AWS": "*"},
                ["kms:CreateGrant"],
                {"StringEquals": for_this_account, "Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
        ],
    }


def _allow(sid: str, principal: Mapping[str, str], actions: list[str], condition: Mapping[str, Any]) -> dict[str, Any]:
    statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*"}
    return statement | ({"Condition": condition} if condition else {})


def _settings(name: str, args: DrKeyArgs, account: Output[str], region: str) -> dict[str, Any]:
    return {
        "region": region,
        "description": f"Amazon FSx backup copies ({name})",
        "policy": account.apply(lambda known: json.dumps(key_policy(known, region))),
        "deletion_window_in_days": _DAYS_TO_REGRET,
        "tags": args.get("tags"),
    }


def _check(resource: str, args: DrKeyArgs) -> None:
    require_complete(resource, args, DrKeyArgs)
    if not isinstance(args["replica_regions"], Sequence) or isinstance(args["replica_regions"], str):
        raise InvalidSettingsError(f"{resource} needs its replica_regions as a list, which may be empty.")
    regions = [args["region"], *args["replica_regions"]]
    if not all(isinstance(region, str) for region in regions):
        raise InvalidSettingsError(f"{resource} needs its Regions as strings that are known when the program runs.")
    # Before the refusals that name Regions: what stands there by mistake may be a secret.
    partitions = {partition_of(region, f"A Region of {resource}") for region in regions}
    if twice := sorted({region for region in regions if regions.count(region) > 1}):
        raise InvalidSettingsError(f"{', '.join(twice)} would get two keys: name each Region once.")
    if len(partitions) > 1:
        raise InvalidSettingsError(f"No key spans partitions: make one for each of those of {', '.join(regions)}.")
    given_alias = args.get("alias") or "alias/none"
    alias = KeyName.parse(given_alias) if isinstance(given_alias, str) else None
    if alias is None or not alias.is_alias or alias.region or alias.resource.startswith("alias/aws/"):
        raise InvalidSettingsError(f"alias of {resource} is not a name such as alias/fsx-dr.")
