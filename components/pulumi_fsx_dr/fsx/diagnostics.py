"""What only an examination asks of a Region: who we are, what a key can do, what IAM permits, what the quotas are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .client import FsxRegion

_SIMULATION = "SimulatePrincipalPolicy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose credentials are in use (sts:GetCallerIdentity)."""

    account: str
    arn: str

    @property
    def principal(self) -> str:
        """The ARN of the user or role in IAM; a session of a role acts as that role.

        IAM does not find a role that has a path by this ARN, because the session's does not tell the path.
        """
        head, _, resource = self.arn.partition(":assumed-role/")
        return f"{head.replace(':sts:', ':iam:')}:role/{resource.partition('/')[0]}" if resource else self.arn


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A KMS key (KMS API, KeyMetadata).

    Attributes:
        state: `KeyState`, e.g. Enabled.
        spec: `KeySpec`, e.g. SYMMETRIC_DEFAULT.
        usage: `KeyUsage`, e.g. ENCRYPT_DECRYPT.
        is_managed_by_aws: whether AWS made it for one of its services (`KeyManager`).
    """

    arn: str
    state: str
    spec: str
    usage: str
    is_managed_by_aws: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What IAM's simulator says of an action; `word` is allowed, explicitDeny or implicitDeny."""

    action: str
    resource: str
    word: str


class ExaminedRegion(FsxRegion):
    """An `FsxRegion` of which more is asked. Nothing here changes anything, and every method may raise as there."""

    def get_identity(self) -> Identity:
        """Return whose credentials are in use (sts:GetCallerIdentity)."""
        with self._calling("GetCallerIdentity", "sts"):
            answer = self._client("sts").get_caller_identity()
            return Identity(account=answer["Account"], arn=answer["Arn"])

    def describe_key(self, kms_key_id: str) -> Key:
        """Return the key that an id, ARN or alias stands for here (kms:DescribeKey)."""
        with self._calling("DescribeKey", "kms", key=kms_key_id):
            found = self._client("kms").describe_key(KeyId=kms_key_id)["KeyMetadata"]
            return Key(
                arn=found["Arn"],
                state=found["KeyState"],
                spec=found.get("KeySpec") or found["CustomerMasterKeySpec"],
                usage=found.get("KeyUsage") or "ENCRYPT_DECRYPT",
                is_managed_by_aws=found.get("KeyManager") == "AWS",
            )

    def simulate(
        self, principal: str, actions: Iterable[str], resources: Iterable[str], context: Mapping[str, str]
    ) -> list[Decision]:
        """Return whether IAM would allow each action on each resource (iam:SimulatePrincipalPolicy).

        Args:
            principal: ARN of a user or role.
            actions: such as `fsx:CopyBackup`, without wildcards.
            resources: ARNs, or `*`.
            context: the request's condition keys.
        """
        entries = [_entry(key, value) for key, value in sorted(context.items())]
        with self._calling(_SIMULATION, "iam"):
            pages = self._pages(
                "iam",
                "simulate_principal_policy",
                PolicySourceArn=principal,
                ActionNames=list(actions),
                ResourceArns=list(resources),
                ContextEntries=entries,
            )
            return [_decision(result) for page in pages for result in page["EvaluationResults"]]

    def list_quotas(self) -> dict[str, int]:
        """Return the quotas that are in force for FSx here, by name (servicequotas:ListServiceQuotas)."""
        with self._calling("ListServiceQuotas", "servicequotas"):
            pages = self._pages("service-quotas", "list_service_quotas", ServiceCode="fsx")
            return {quota["QuotaName"]: int(quota["Value"]) for page in pages for quota in page["Quotas"]}


def _entry(key: str, value: str) -> dict[str, Any]:
    kind = "boolean" if value in ("true", "false") else "string"
    kind = "stringList" if key in ("aws:TagKeys", "aws:CalledVia") else kind
    return {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": kind}


def _decision(result: Mapping[str, Any]) -> Decision:
    return Decision(result["EvalActionName"], result.get("EvalResourceName", "*"), result["EvalDecision"])
