"""Calls that only `fsx-dr doctor` makes: caller, KMS key, IAM decisions and quotas."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .client import FsxRegion


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerIdentity:
    """The caller (STS API, GetCallerIdentity)."""

    account: str
    arn: str

    @property
    def principal(self) -> str:
        """The ARN of the user or role in IAM.

        It is wrong for a role with a path: the ARN of a role session does not contain the path.
        """
        head, _, resource = self.arn.partition(":assumed-role/")
        return f"{head.replace(':sts:', ':iam:')}:role/{resource.partition('/')[0]}" if resource else self.arn


@dataclass(frozen=True, slots=True, kw_only=True)
class KmsKey:
    """A KMS key (KMS API, KeyMetadata); `state` is its `KeyState`, `spec` its `KeySpec`, `usage` its `KeyUsage`."""

    arn: str
    state: str
    spec: str
    usage: str
    is_managed_by_aws: bool


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """A result of IAM's policy simulator; `decision` is allowed, explicitDeny or implicitDeny."""

    action: str
    resource: str
    decision: str


class RegionDiagnostics(FsxRegion):
    """An `FsxRegion` with more calls. They change nothing, and raise `ServiceError`s."""

    def get_identity(self) -> CallerIdentity:
        """Return the caller (sts:GetCallerIdentity)."""
        with self._calling("GetCallerIdentity", "sts"):
            answer = self._client("sts").get_caller_identity()
            return CallerIdentity(account=answer["Account"], arn=answer["Arn"])

    def describe_key(self, kms_key_id: str) -> KmsKey:
        """Return a key, given its id, ARN or alias (kms:DescribeKey)."""
        with self._calling("DescribeKey", "kms", key=kms_key_id):
            found = self._client("kms").describe_key(KeyId=kms_key_id)["KeyMetadata"]
            return KmsKey(
                arn=found["Arn"],
                state=found["KeyState"],
                # Old descriptions of keys do not contain a spec.
                spec=found.get("KeySpec") or found.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT",
                usage=found.get("KeyUsage") or "ENCRYPT_DECRYPT",
                is_managed_by_aws=found.get("KeyManager") == "AWS",
            )

    def simulate(
        self, principal: str, actions: Iterable[str], resources: Iterable[str], context: Mapping[str, str]
    ) -> list[PolicyDecision]:
        """Return whether IAM allows these actions, without wildcards (iam:SimulatePrincipalPolicy)."""
        entries = [_entry(key, value) for key, value in sorted(context.items())]
        with self._calling("SimulatePrincipalPolicy", "iam"):
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
        """Return the applied quotas of FSx by name (servicequotas:ListServiceQuotas)."""
        with self._calling("ListServiceQuotas", "servicequotas"):
            pages = self._pages("service-quotas", "list_service_quotas", ServiceCode="fsx")
            return {quota["QuotaName"]: int(quota["Value"]) for page in pages for quota in page["Quotas"]}


def _entry(key: str, value: str) -> dict[str, Any]:
    kind = "boolean" if value in ("true", "false") else "string"
    kind = "stringList" if key in ("aws:TagKeys", "aws:CalledVia") else kind
    return {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": kind}


def _decision(result: Mapping[str, Any]) -> PolicyDecision:
    return PolicyDecision(result["EvalActionName"], result.get("EvalResourceName", "*"), result["EvalDecision"])
