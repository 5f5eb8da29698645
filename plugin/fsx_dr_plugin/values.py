"""Properties of gRPC messages, with unknown and secret values."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.struct_pb2 import ListValue, Struct, Value
from pulumi.output import Unknown
from pulumi.runtime import rpc
from pulumi_fsx_dr.copies.names import camel_case, snake_case

UNKNOWN = Unknown()  # type: ignore[no-untyped-call]  # a value that a preview does not know

_SIGNATURE = rpc._special_sig_key  # noqa: SLF001  # the SDK has no public name for these signatures
_SECRET = rpc._special_secret_sig  # noqa: SLF001  # as above
_OUTPUT = rpc._special_output_value_sig  # noqa: SLF001  # as above


@dataclass(frozen=True, slots=True)
class Properties:
    """The properties of one message, with names in snake_case.

    Attributes:
        values: plain values, or `Unknown`.
        secrets: names of properties that are secret or contain a secret.
    """

    values: dict[str, Any] = field(default_factory=dict, repr=False)
    secrets: frozenset[str] = frozenset()
    _wire: Mapping[str, Value] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, struct: Struct) -> "Properties":
        """Read a message, without nulls and without internal properties of Pulumi."""
        wire = {snake_case(name): value for name, value in struct.fields.items() if not name.startswith("__")}
        read = {name: _read(value) for name, value in wire.items()}
        return cls(
            {name: value for name, (value, _) in read.items() if value is not None},
            frozenset(name for name, (_, is_secret) in read.items() if is_secret),
            wire,
        )

    def sent(self, values: Mapping[str, Any], secrets: Collection[str] = ()) -> Struct:
        """Return values as a message, without None. Secret parts of unchanged values, and `secrets`, are secret."""
        struct = Struct()
        for name, value in values.items():
            if value is None:
                continue
            came = self._wire.get(name)
            if came is not None and self.values.get(name) == value:
                written, is_secret = came, name in secrets and name not in self.secrets
            else:
                written, is_secret = _written(value), name in secrets or name in self.secrets
            struct.fields[camel_case(name)].CopyFrom(_secret(written) if is_secret else written)
        return struct


def _read(value: Value) -> tuple[Any, bool]:
    match value.WhichOneof("kind"):
        case "struct_value":
            return _read_struct(value.struct_value)
        case "list_value":
            items = [_read(item) for item in value.list_value.values]
            return [item for item, _ in items], any(is_secret for _, is_secret in items)
        case "string_value":
            return (UNKNOWN if value.string_value == rpc.UNKNOWN else value.string_value), False
        case "bool_value":
            return value.bool_value, False
        case "number_value":
            return value.number_value, False
    return None, False


def _read_struct(struct: Struct) -> tuple[Any, bool]:
    fields = struct.fields
    signature = fields[_SIGNATURE].string_value if _SIGNATURE in fields else ""
    if signature == _SECRET:
        return _read(fields["value"])[0], True
    if signature == _OUTPUT:
        known = _read(fields["value"])[0] if "value" in fields else UNKNOWN
        return known, "secret" in fields and fields["secret"].bool_value
    items = {name: _read(item) for name, item in fields.items()}
    return {name: item for name, (item, _) in items.items()}, any(is_secret for _, is_secret in items.values())


def _written(value: Any) -> Value:
    match value:
        case Unknown():
            return Value(string_value=rpc.UNKNOWN)
        case bool():
            return Value(bool_value=value)
        case int() | float():
            return Value(number_value=value)
        case str():
            return Value(string_value=value)
        case Mapping():
            return Value(struct_value=Struct(fields={name: _written(item) for name, item in value.items()}))
        case list() | tuple():
            return Value(list_value=ListValue(values=[_written(item) for item in value]))
    raise TypeError(f"A {type(value).__name__} cannot be sent to the engine.")


def _secret(value: Value) -> Value:
    signature = Value(string_value=_SECRET)
    return Value(struct_value=Struct(fields={_SIGNATURE: signature, "value": value}))
