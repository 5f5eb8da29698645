"""Secret tags and keys of a copy stay secret in all that Pulumi stores and shows; others stay readable."""

from collections.abc import Callable
from typing import Any

import pytest

from simulator.fsx import Control
from simulator.project import Project

from .engines import CLI
from .project import DR, SOURCE_REGION, copies, new_key

# The fake engine does not support secrets.
pytestmark = pytest.mark.parametrize("project", [CLI], indirect=True)

PIN = "hunter22-of-the-tags"
PROGRAM = """
import json
import pulumi
from pulumi_fsx_dr import BackupCopy, DrRegion


def with_secrets(value):
    # How secrets are written in this test's JSON, which knows none.
    if isinstance(value, dict) and value.keys() == {"secret"}:
        return pulumi.Output.secret(value["secret"])
    return {key: with_secrets(inner) for key, inner in value.items()} if isinstance(value, dict) else value


program = json.load(open("declared.json"))
if program["kind"] == "BackupCopy":
    timeouts = pulumi.CustomTimeouts(**program.get("timeouts", {}))
    copy = BackupCopy("nightly", with_secrets(program["args"]), pulumi.ResourceOptions(custom_timeouts=timeouts))
    for output in ("tags", "tags_all", "kms_key_id", "kms_key_arn"):
        pulumi.export(output, getattr(copy, output))
else:
    pulumi.export("latest", DrRegion("dr", with_secrets(program["args"])).latest)
"""


@pytest.fixture
def declare(project: Project) -> Callable[..., None]:
    def write(args: dict[str, Any], kind: str = "BackupCopy", **more: Any) -> None:
        project.declare(kind=kind, args=args, **more)

    (project.folder / "__main__.py").write_text(PROGRAM)
    return write


@pytest.fixture
def source(aws: Control, file_system: str) -> str:
    return aws.seed_backup(SOURCE_REGION, file_system)


@pytest.fixture
def key(aws: Control) -> str:
    return new_key(aws)


def of(source: str, **args: Any) -> dict[str, Any]:
    return {"source_backup_id": source, "source_region": SOURCE_REGION, "region": DR, **args}


def secret(value: Any) -> dict[str, Any]:
    return {"secret": value}


def shown_everywhere(project: Project) -> str:
    """Return everything that can be read from a stack without its passphrase."""
    return "\n".join([
        project.run("stack", "export"),
        project.run("stack", "output", "--json"),
        project.run("preview", "--json", "--show-sames"),
        project.run("preview", "--diff", "--show-sames"),
    ])  # fmt: skip


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param(secret({"pin": PIN, "team": "storage"}), id="all"),
        pytest.param({"pin": secret(PIN), "team": "storage"}, id="one"),
    ],
)
def test_secret_tags_and_keys_are_never_shown(  # noqa: PLR0913, PLR0917  # fixtures
    project: Project, aws: Control, source: str, key: str, declare: Callable[..., None], tags: dict[str, Any]
) -> None:
    declare(of(source, tags=tags, kms_key_id=secret(key)))

    printed = [
        project.run("preview", "--diff"),
        project.run("preview", "--json"),
        project.up(),
        project.run("stack", "export"),
    ]
    printed += [project.run("refresh", "--yes", "--diff"), shown_everywhere(project)]
    aws.client("fsx", DR).tag_resource(ResourceARN=copies(aws)[0]["arn"], Tags=[{"Key": "pin", "Value": f"{PIN}-2"}])
    printed += [project.run("preview", "--refresh", "--diff"), project.run("refresh", "--yes", "--diff")]
    printed += [project.up("--diff"), shown_everywhere(project)]

    assert [text for text in printed if PIN in text or key in text] == []
    (copy,) = copies(aws)
    assert (copy["tags"]["pin"], copy["kms_key_arn"]) == (PIN, key)


def test_plain_tags_and_keys_stay_readable(
    project: Project, source: str, key: str, declare: Callable[..., None]
) -> None:
    declare(of(source, tags={"pin": PIN}, kms_key_id=key))
    project.up()
    project.run("refresh", "--yes")

    (step,) = (s for s in project.read("preview", "--json", "--show-sames")["steps"] if "nightly" in s["urn"])

    assert project.outputs() == {"tags": {"pin": PIN}, "tags_all": {"pin": PIN}, "kms_key_id": key, "kms_key_arn": key}
    assert step["oldState"]["outputs"]["kms_key_arn"] == key


@pytest.mark.parametrize("hide", [secret, lambda tags: {"pin": secret(tags["pin"])}], ids=["all", "one"])
def test_value_that_becomes_secret_leaves_state(
    project: Project, source: str, key: str, declare: Callable[..., None], hide: Callable[..., Any]
) -> None:
    declare(of(source, tags={"pin": PIN}, kms_key_id=key))
    project.up()

    declare(of(source, tags=hide({"pin": PIN}), kms_key_id=secret(key)))
    project.up()

    shown = shown_everywhere(project)
    assert PIN not in shown
    assert key not in shown


def test_unfinished_copy_shows_no_secret(
    project: Project, aws: Control, source: str, key: str, declare: Callable[..., None]
) -> None:
    aws.set_copy_seconds(3600)
    declare(of(source, tags={"pin": secret(PIN)}, kms_key_id=secret(key)), timeouts={"create": "2s"})

    printed = project.up(succeeds=False)

    assert copies(aws)[0]["id"] in printed
    everything = printed + project.run("stack", "export") + project.run("preview", "--diff")
    assert PIN not in everything
    assert key not in everything


def test_errors_show_no_secret(
    project: Project, aws: Control, source: str, key: str, declare: Callable[..., None]
) -> None:
    declare(of(source, tags={"aws:pin": secret(PIN)}, kms_key_id=secret(PIN)))
    refused = project.run("preview", succeeds=False)
    declare(of(source, tags={"pin": secret(PIN)}, kms_key_id=secret("alias/nobody-s")))
    not_made = project.up(succeeds=False)
    aws.fail_copies(f"{key} is disabled.")
    declare(of(source, tags={"pin": secret(PIN)}, kms_key_id=secret(key)))
    failed = project.up(succeeds=False)

    assert "aws:" in refused
    assert "kms_key_id" in refused
    assert "kms_key_id" in not_made
    assert "[KMS key] is disabled." in failed
    printed = refused + not_made + failed
    assert [text for text in (PIN, "nobody-s", key) if text in printed] == []


def test_key_of_copy_with_expired_source_stays_secret(  # noqa: PLR0913, PLR0917  # fixtures
    project: Project, aws: Control, file_system: str, source: str, key: str, declare: Callable[..., None]
) -> None:
    sources = [{"file_system_id": file_system, "region": SOURCE_REGION}]
    args = {"region": DR, "sources": sources, "kms_key_id": secret(key), "tags": {"pin": secret(PIN)}}
    declare(args, kind="DrRegion")
    project.up()
    aws.remove_backup(SOURCE_REGION, source)

    printed = project.up() + shown_everywhere(project)

    assert len(copies(aws)) == 1
    assert PIN not in printed
    assert key not in printed
