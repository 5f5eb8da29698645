"""The outputs of a copy that must be secret, because they repeat a secret argument.

Pulumi makes an output secret if the argument with the same name is secret. That is not enough: `tags_all` and
`kms_key_arn` repeat arguments with other names. And if only one value in `tags` becomes secret, the output `tags` in
the state would stay readable.
"""

from collections.abc import Collection, Mapping
from inspect import isawaitable
from typing import Any, TypeVar

import pulumi

from pulumi_fsx_dr.copies.state_copy import StateCopy

_REPEATED = {"tags": "tags", "tags_all": "tags", "kms_key_arn": "kms_key_id"}  # output: the argument that it repeats
_T = TypeVar("_T")


def with_secret_outputs(
    opts: pulumi.ResourceOptions | None, args: Mapping[str, Any], prop: pulumi.Input[_T]
) -> tuple[pulumi.ResourceOptions | None, pulumi.Input[_T]]:
    """Make outputs secret if their arguments are secret.

    Whether a value is secret may be known only when it is resolved. So at first the list of secret outputs contains
    every output that may be secret. Outputs that are not secret are removed while the SDK waits for `prop`, before it
    reads the list. If that fails, too many outputs are secret, never too few. A resource transform would need a
    callback from the engine for each copy, and would not run in unit tests with mocks.

    Returns:
        The options, and the value of the property for the SDK.
    """
    listed = (opts and opts.additional_secret_outputs) or []
    unsure = [name for name, arg in _REPEATED.items() if name not in listed and not _is_plain(args.get(arg))]
    if not unsure:
        return opts, prop
    # A copy of the options, because the program may use the same object for other resources.
    opts = pulumi.ResourceOptions.merge(opts, None)
    opts.additional_secret_outputs = secret = [*listed, *unsure]

    async def once_known() -> Any:
        for name in unsure:
            if not await _is_secret(args[_REPEATED[name]]):
                secret.remove(name)
        return prop

    return opts, once_known()


def outputs_repeating(arguments: Collection[str]) -> set[str]:
    """Return the names of the outputs that repeat these arguments."""
    return {output for output, argument in _REPEATED.items() if argument in arguments}


def as_secret_as(value: str, given: pulumi.Input[str] | None, state: StateCopy | None) -> pulumi.Input[str]:
    """Return the former key of a copy, as a secret if it is one in the state, or if the new key is one."""
    if state and "kms_key_id" in state.secrets:
        return pulumi.Output.secret(value)
    if _is_plain(given):
        return value
    return pulumi.Output.from_input(given).apply(lambda _: value, run_with_unknowns=True)


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    return not isinstance(value, pulumi.Output) and not isawaitable(value)


async def _is_secret(value: Any) -> bool:
    if isinstance(value, pulumi.Output):
        return await value.is_secret() or await _is_secret(await value.future(with_unknowns=True))
    if isinstance(value, Mapping):
        return any([await _is_secret(inner) for inner in value.values()])
    return isawaitable(value)  # only the SDK may await it, because a coroutine can be awaited once
