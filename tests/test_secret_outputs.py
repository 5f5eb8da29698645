"""Outputs of a copy are secret if and only if their arguments are secret."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest
from pulumi_fsx_dr import BackupCopy
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.program.secret_outputs import as_secret_as
from pulumi_fsx_dr.runtime.hints import HINTS

from tests.recording import RecordingEngine, Registration

COPY = "pulumi-python:dynamic/fsx:BackupCopy"
SOURCE = "backup-0123456789abcdef0"
KEY = "alias/dr"
OF_TAGS = ["tags", "tags_all"]

secret = pulumi.Output.secret


def plain(value: Any) -> pulumi.Output[Any]:
    return pulumi.Output.from_input(value)


async def awaited(value: Any) -> Any:
    return value


def registered(
    args: Callable[[], Mapping[str, Any]], opts: pulumi.ResourceOptions | None = None, *, preview: bool = False
) -> Registration:
    """Return the registration of a copy."""
    engine = RecordingEngine()

    def program() -> BackupCopy:
        given: Any = {"source_backup_id": SOURCE, **args()}
        return BackupCopy("nightly", given, opts)

    engine.run(program, preview=preview)
    return engine.only(COPY)


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(dict, id="none"),
        pytest.param(lambda: {"tags": {"team": "storage"}, "kms_key_id": KEY}, id="plain"),
        pytest.param(lambda: {"tags": plain({"team": "storage"}), "kms_key_id": plain(KEY)}, id="outputs"),
        pytest.param(lambda: {"tags": {"team": plain("storage")}}, id="output in the map"),
        pytest.param(lambda: {"kms_key_id": pulumi.Output.unsecret(secret(KEY))}, id="no longer secret"),
    ],
)
def test_plain_arguments_have_plain_outputs(args: Callable[[], Mapping[str, Any]]) -> None:
    assert registered(args).secret_outputs == []


@pytest.mark.parametrize(
    ("args", "secret_outputs"),
    [
        pytest.param(lambda: {"tags": secret({"pin": "1234"})}, OF_TAGS, id="all tags"),
        pytest.param(lambda: {"tags": {"pin": secret("1234"), "team": "x"}}, OF_TAGS, id="one tag"),
        pytest.param(
            lambda: {"tags": plain({"team": "x"}).apply(lambda t: t | {"pin": secret("1")})}, OF_TAGS, id="in an apply"
        ),
        pytest.param(lambda: {"kms_key_id": secret(KEY)}, ["kms_key_arn"], id="the key"),
        pytest.param(
            lambda: {"kms_key_id": secret("dr").apply("alias/{}".format)}, ["kms_key_arn"], id="derived from a secret"
        ),
        pytest.param(
            lambda: {"tags": plain({"team": "x"}), "kms_key_id": secret(KEY)}, ["kms_key_arn"], id="one of two"
        ),
        pytest.param(lambda: {"kms_key_id": awaited(secret(KEY))}, ["kms_key_arn"], id="awaited"),
    ],
)
@pytest.mark.parametrize("preview", [False, True])
def test_secret_arguments_have_secret_outputs(
    args: Callable[[], Mapping[str, Any]], secret_outputs: list[str], *, preview: bool
) -> None:
    assert registered(args, preview=preview).secret_outputs == secret_outputs


def test_unknown_secret_argument_has_secret_output() -> None:
    unknown = pulumi.output.UNKNOWN

    assert registered(lambda: {"kms_key_id": plain(unknown)}, preview=True).secret_outputs == []
    assert registered(lambda: {"kms_key_id": secret(unknown)}, preview=True).secret_outputs == ["kms_key_arn"]


def test_additional_secret_outputs_are_kept() -> None:
    opts = pulumi.ResourceOptions(additional_secret_outputs=["tags_all", "arn"])

    listed = registered(lambda: {"tags": plain({"team": "x"}), "kms_key_id": secret(KEY)}, opts).secret_outputs

    assert listed == ["tags_all", "arn", "kms_key_arn"]
    assert opts.additional_secret_outputs == ["tags_all", "arn"]


def test_option_transformation_keeps_secrets() -> None:
    def protect(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
        more = pulumi.ResourceOptions(protect=True, additional_secret_outputs=["arn"])
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, more))

    opts = pulumi.ResourceOptions(transformations=[protect])
    copy = registered(lambda: {"kms_key_id": secret(KEY)}, opts)

    assert copy.protected
    assert copy.secret_outputs == ["kms_key_arn", "arn"]


def test_hints_contain_neither_tags_nor_key() -> None:
    copy = registered(lambda: {"tags": secret({"pin": "hunter22"}), "kms_key_id": secret("alias/hunter22")})

    assert json.loads(copy.inputs[HINTS]).keys() == {"owner_id", "state", "expired", "siblings"}
    assert "hunter22" not in copy.inputs[HINTS]


@pytest.mark.parametrize(
    ("given", "held", "is_secret"),
    [
        (lambda: KEY, frozenset(), False),
        (lambda: plain(KEY), frozenset(), False),
        (lambda: None, frozenset(), False),
        (lambda: secret(KEY), frozenset(), True),
        (lambda: KEY, frozenset({"kms_key_id"}), True),
        (lambda: None, frozenset({"kms_key_id"}), True),
    ],
)
def test_kept_key_is_secret_if_state_or_program_is(
    given: Callable[[], Any], held: frozenset[str], *, is_secret: bool
) -> None:
    copy = registered(lambda: {"kms_key_id": as_secret_as("alias/old", given(), StateCopy("urn", "id", {}, held))})

    assert copy.inputs["kms_key_id"] == "alias/old"
    assert copy.secrets == ({"kms_key_id"} if is_secret else set())
