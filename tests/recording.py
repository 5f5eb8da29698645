"""An engine that records what a program registers, and makes nothing."""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks, rpc

ACCOUNT = "111122223333"
NEW_BACKUP = "backup-00000000000000abc"


class Registration:
    """A resource as the program registered it.

    Attributes:
        inputs: inputs with secrets in plain text.
        secrets: paths of secret inputs, such as `directory.password`.
        aliases: URNs that the resource may have had before.
    """

    def __init__(self, request: Any) -> None:
        given = json_format.MessageToDict(request.object)
        self.type: str = request.type
        self.name: str = request.name
        self.inputs: dict[str, Any] = _plain(given)
        self.secrets = set(_secrets(given))
        self.ignored: list[str] = list(request.ignoreChanges)
        self.aliases: list[str] = [*request.aliasURNs, *(alias.urn for alias in request.aliases)]
        self.protected: bool = request.protect
        self.secret_outputs: list[str] = list(request.additionalSecretOutputs)
        self.create_timeout: str = request.customTimeouts.create

    def with_ignored_of(self, before: "Registration") -> dict[str, Any]:
        """Return the inputs that the engine would use after an earlier run: ignored inputs keep their old value."""
        inputs = copy.deepcopy(self.inputs)
        for path in self.ignored:
            *outer, last = path.split(".")
            kept, taken = before.inputs, inputs
            for name in outer:
                kept, taken = kept.get(name, {}), taken.setdefault(name, {})
            taken.pop(last, None)
            taken |= {last: kept[last]} if last in kept else {}
        return inputs


class RecordingEngine(mocks.MockMonitor):
    """Answers each registration with its inputs and some made-up outputs.

    Args:
        outputs: more outputs, by resource type.
        held: type and outputs of resources in the state, by URN.
    """

    def __init__(
        self, outputs: Mapping[str, dict[str, Any]] | None = None, held: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(_Answers(outputs or {}, held or {}))
        self.registered: list[Registration] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # the name in the gRPC service
        if request.type != "pulumi:pulumi:Stack":
            self.registered.append(Registration(request))
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]  # the SDK has no types

    def run(self, program: Callable[[], Any], *, preview: bool = False) -> None:
        """Run a program until all resources are registered."""
        pulumi.runtime.set_mocks(
            self.mocks, project="dr", stack="prod", preview=preview, monitor=self, organization="organization"
        )
        pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]  # the SDK has no types

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        # Older SDKs answer in a thread without stack and project.
        urn: str = super().make_urn(parent, type_, name)
        return "::".join(["urn:pulumi:prod", "dr", *urn.split("::", 3)[2:]])

    def of_type(self, type_: str) -> list[Registration]:
        return [registration for registration in self.registered if registration.type == type_]

    def only(self, type_: str) -> Registration:
        (found,) = self.of_type(type_)
        return found


class _Answers(mocks.Mocks):
    def __init__(self, outputs: Mapping[str, dict[str, Any]], held: Mapping[str, Any]) -> None:
        self._outputs, self._held = outputs, held

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        if args.token == "pulumi:pulumi:readStackResourceOutputs":
            return {"outputs": self._held}, []
        return {"accountId": ACCOUNT, "id": ACCOUNT, "arn": args.token, "userId": "AIDA"}, []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        region = args.inputs.get("region")
        made = {
            "arn": f"arn:aws:made:{region}:{ACCOUNT}:{args.name}",
            "dnsName": f"{args.name}.example.com",
            "keyId": f"{args.name}-key",
        }
        # The package checks the form of ARNs of keys and of ids of backups.
        if args.typ.startswith("aws:kms/"):
            made["arn"] = f"arn:aws:kms:{region}:{ACCOUNT}:alias/{args.name}"
        id_ = NEW_BACKUP if args.typ == "aws:fsx/backup:Backup" else f"{args.name}-id"
        return id_, {**args.inputs, **made, **self._outputs.get(args.typ, {})}


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.get(rpc._special_sig_key) == rpc._special_secret_sig  # noqa: SLF001  # the SDK has no public way to recognize secrets in messages


def _plain(value: Any) -> Any:
    if _is_secret(value):
        return _plain(value["value"])
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if inner is not None}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _secrets(value: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, inner in value.items():
        if _is_secret(inner):
            yield path + key
        elif isinstance(inner, dict):
            yield from _secrets(inner, f"{path}{key}.")
