"""The fake engine's command line, and a project for the fake engine and the Pulumi CLI."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from simulator.fake_engine import FAKE_ENGINE, find_engine
from simulator.project import NO_PROMPT, Project, eventually

on_both_engines = pytest.mark.parametrize(
    "engine",
    [
        pytest.param(FAKE_ENGINE, id="fake-engine"),
        pytest.param(["pulumi"], id="cli", marks=pytest.mark.pulumi_cli),
    ],
)

PROVIDER = '''
import json, os, sys, time
from pathlib import Path
from google.protobuf import any_pb2, struct_pb2
from pulumi.runtime.proto.status_pb2 import Status
from pulumi.dynamic import *
from pulumi.runtime.proto import provider_pb2

def wanted(what, label):
    """Whether the test created a file, for example create-fails-a."""
    return os.path.exists(f"{what}-{label}")

def record(*words):
    with open("calls", "a") as calls:
        calls.write(" ".join(words) + "\\n")

class Recorder(ResourceProvider):
    serialize_as_secret_always = False

    def configure(self, request):
        record("configure", str(request.config.get("colour")))

    def check(self, olds, news):
        record("check", news["label"], "olds" if olds else "new")
        failures = [CheckFailure("tag", "is not a tag")] if wanted("check-fails", news["label"]) else []
        return CheckResult(news, failures)

    def diff(self, id, olds, news):
        record("diff", news["label"])
        changed = [key for key in ("source", "tag") if olds.get(key) != news.get(key)]
        return DiffResult(bool(changed), [key for key in changed if key == "source"])

    def create(self, props):
        record("create", props["label"])
        host = sys._getframe(1).f_locals
        request, context = host["request"], host["context"]
        while wanted("create-waits", props["label"]) and context.is_active():
            time.sleep(0.05)
        if wanted("create-fails", props["label"]):
            raise RuntimeError("the disk is full")
        if wanted("create-is-partial", props["label"]):
            properties = struct_pb2.Struct()
            properties.update(props | {"status": "half"})
            detail = any_pb2.Any()
            detail.Pack(provider_pb2.ErrorResourceInitFailed(id="half", properties=properties, reasons=["not ready"]))
            status = Status(code=2, details=[detail]).SerializeToString()
            context.set_trailing_metadata((("grpc-status-details-bin", status),))
            raise RuntimeError("not ready")
        count = len([line for line in Path("calls").read_text().splitlines() if line.startswith("create")])
        return CreateResult(f"{props['label']}{count}", props | {"status": "ready", "timeout": request.timeout})

    def update(self, id, olds, news):
        record("update", id)
        return UpdateResult(news | {"status": "ready"})

    def read(self, id, props):
        record("read", id)
        if wanted("gone", props["label"]):
            return ReadResult(None, {})
        if wanted("drifted", props["label"]):
            inputs = {key: props[key] for key in ("label", "source")} | {"tag": "drifted"}
            return ReadResult(id, props | inputs, inputs)
        return ReadResult(id, props)

    def delete(self, id, props):
        record("delete", id)
        if wanted("delete-fails", props["label"]):
            raise RuntimeError("it is in use")

class Thing(Resource, module="rig", name="Thing"):
    def __init__(self, label, props, opts):
        super().__init__(Recorder(), label, {"source": "s", "tag": "t", **props, "label": label, "status": None}, opts)
'''

PROGRAM = """
import json
from pathlib import Path
import pulumi
from provider import Thing

config = pulumi.Config()
group = pulumi.ComponentResource("rig:index:Group", "group")
things = {}
for label, wanted in json.loads(Path("wanted.json").read_text()).items():
    options = wanted.pop("options", {})
    options["aliases"] = [pulumi.Alias(name=name) for name in options.get("aliases", [])]
    options["custom_timeouts"] = pulumi.CustomTimeouts(**options.get("custom_timeouts", {}))
    after = [things[name] for name in wanted.pop("after", [])]
    opts = pulumi.ResourceOptions(parent=group, depends_on=after, **options)
    things[label] = Thing(label, wanted, opts)
pulumi.export("ids", {label: thing.id for label, thing in things.items()})
pulumi.export("config", [
    config.get_object("sources"), config.get_bool("copy"), config.get_int("keep"), config.get("colour"),
])
"""

PROJECT = """
name: rig
runtime: {name: python, options: {toolchain: pip, virtualenv: .venv}}
config:
  sources: {type: array, items: {type: object}, default: [{region: eu-west-1}]}
  copy: {type: boolean, default: true}
  keep: {type: integer, default: 7}
  colour: {type: string, default: red}
"""


class Rig:
    """A project on one engine; its provider records all calls."""

    def __init__(self, folder: Path, engine: list[str]) -> None:
        self.folder = folder
        (folder / "Pulumi.yaml").write_text(PROJECT)
        (folder / "provider.py").write_text(PROVIDER)
        (folder / "__main__.py").write_text(PROGRAM)
        self.want({})
        self.project = Project.create(folder, engine, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})

    def want(self, things: dict[str, dict[str, Any]]) -> None:
        """Make the program declare these resources."""
        (self.folder / "wanted.json").write_text(json.dumps(things))

    def tell(self, *wishes: str) -> None:
        """Select the provider's special behaviors, for example create-fails-a."""
        for file in [file for file in self.folder.iterdir() if "-" in file.name]:
            file.unlink()
        for wish in wishes:
            (self.folder / wish).touch()

    def start_up(self) -> "subprocess.Popen[str]":
        """Start an `up`."""
        return self.project.start("up", *NO_PROMPT, output=subprocess.PIPE)

    def run(self, *words: str, fails: bool = False) -> str:
        """Run a command to its end and return its output."""
        return self.project.run(*words, succeeds=not fails)

    def kill(self, run: "subprocess.Popen[str]") -> None:
        """Kill a run, then its remaining processes."""
        run.kill()
        self.project.end_processes()
        run.communicate()

    def up(self, things: dict[str, dict[str, Any]], *words: str, fails: bool = False) -> list[str]:
        """Run `up` for these resources, without a preview, and return the provider calls."""
        self.want(things)
        self.project.up(*words, succeeds=not fails)
        return self.calls()

    def calls(self) -> list[str]:
        """Return the calls since the last time, without configure."""
        file = self.folder / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        earlier, self.seen = getattr(self, "seen", 0), len(lines)
        return [line for line in lines[earlier:] if not line.startswith("configure")]

    def wait_for(self, call: str) -> None:
        """Wait until a call has begun."""
        file = self.folder / "calls"
        eventually(lambda: file.exists() and call in file.read_text().splitlines(), call, seconds=30)

    def state(self) -> dict[str, Any]:
        """Return the resources by name; "name!" is a pending delete."""
        things = [state for state in self.project.resources() if state["type"].startswith("pulumi-python:")]
        return {state["urn"].split("::")[-1] + "!" * state.get("delete", False): state for state in things}

    def pending(self) -> list[tuple[str, str]]:
        """Return the pending operations as (operation, name)."""
        operations = self.project.deployment().get("pending_operations") or []
        return [(item["type"], item["resource"]["urn"].split("::")[-1]) for item in operations]

    def planned(self) -> list[tuple[str, str, list[str]]]:
        """Return the changing steps of a preview as (op, name, replace reasons)."""
        steps = self.project.read("preview", "--json")["steps"]
        return [
            (step["op"], step["urn"].split("::")[-1], step.get("replaceReasons") or [])
            for step in steps
            if step["op"] != "same"
        ]


@on_both_engines
def test_config_values_and_defaults_reach_program(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    rig.run("config", "set", "colour", "blue")
    rig.run("config", "set", "sources[0].region", "us-east-1", "--path")

    rig.up({})

    assert rig.project.outputs()["config"] == [[{"region": "us-east-1"}], True, 7, "blue"]


def test_preview_diff_shows_changed_properties(tmp_path: Path) -> None:
    rig = Rig(tmp_path, FAKE_ENGINE)
    rig.up({"a": {}})
    rig.want({"a": {"tag": "new"}, "b": {}})

    text = rig.run("preview", "--diff")

    assert ' ~  pulumi-python:dynamic/rig:Thing: (update)\n      ~ tag: "t" => "new"\n' in text
    assert "Resources:\n    + 1 to create\n    ~ 1 to update\n    2 unchanged\n" in text


@on_both_engines
def test_duplicate_urn_is_refused(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    program = "import pulumi\nfor _ in range(2): pulumi.ComponentResource('rig:index:Group', 'twin')\n"
    (rig.folder / "__main__.py").write_text(program)

    assert "rig:index:Group::twin'; try giving it a unique name" in rig.run("up", "--yes", fails=True)


@pytest.mark.parametrize(
    "statement", ["runtime.invoke('aws:index:getRegion', {})", "CustomResource('aws:kms/key:Key', 'key', {})"]
)
def test_fake_engine_refuses_other_plugins(tmp_path: Path, statement: str) -> None:
    rig = Rig(tmp_path, FAKE_ENGINE)
    (rig.folder / "__main__.py").write_text(f"import pulumi\npulumi.{statement}\n")

    assert "The fake engine" in rig.run("up", "--yes", fails=True)


@pytest.mark.parametrize(
    "endpoints",
    [
        {"AWS_ENDPOINT_URL": ""},
        {"AWS_ENDPOINT_URL": "https://fsx.eu-west-1.amazonaws.com"},
        {"AWS_ENDPOINT_URL_KMS": "https://kms.eu-west-1.amazonaws.com"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    ],
)
def test_fake_engine_refuses_remote_endpoints(tmp_path: Path, endpoints: dict[str, str]) -> None:
    rig = Rig(tmp_path, FAKE_ENGINE)
    rig.project.environment.update(endpoints)

    assert "AWS_ENDPOINT_URL" in rig.run("up", "--yes", fails=True)
    assert rig.calls() == []


@pytest.mark.parametrize(("version", "chosen"), [("v3.260.0", "pulumi"), ("v3.245.9", "-m"), ("", "-m")])
def test_fake_engine_is_used_without_recent_cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, chosen: str
) -> None:
    cli = tmp_path / "pulumi"
    cli.write_text(f"#!/bin/sh\necho {version}\n")
    cli.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    assert Path(find_engine()[-1 if chosen == "pulumi" else 1]).name == chosen
