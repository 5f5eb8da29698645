"""Resources in the state: made from registrations, and ordered for deletion."""

import re
from collections.abc import Iterator

from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto.resource_pb2 import RegisterResourceRequest

from simulator.fake_engine.plugin import plain
from simulator.fake_engine.stack import State

_KEPT = ("parent", "protect", "retainOnDelete", "dependencies")


def make_goal(stack: str, project: str, request: RegisterResourceRequest) -> State:
    """Return the resource that a program registers, with unchecked inputs."""
    wire = MessageToDict(request)
    kinds = [kind for kind in request.parent.split("::")[2:3] if kind != "pulumi:pulumi:Stack"]
    urn = "::".join([f"urn:pulumi:{stack}", project, "$".join([*kinds, request.type]), request.name])
    goal = {"urn": urn, "custom": request.custom, "type": request.type, "inputs": plain(request.object)}
    dependencies = {key: list(deps.urns) for key, deps in request.propertyDependencies.items()}
    timeouts = {key: _seconds(text) for key, text in wire.get("customTimeouts", {}).items()}
    optional = {"propertyDependencies": dependencies, "customTimeouts": timeouts}
    return goal | optional | {key: wire[key] for key in _KEPT if key in wire}


def is_dynamic(state: State) -> bool:
    """Whether the resource is dynamic."""
    return bool(state["type"].startswith("pulumi-python:dynamic"))


def is_provider(state: State) -> bool:
    """Whether the resource is a provider."""
    return bool(state["type"].startswith("pulumi:providers:"))


def waves(doomed: list[State]) -> Iterator[list[State]]:
    """Split resources into waves. No resource depends on a resource of an earlier wave."""
    while doomed:
        needed = {urn for state in doomed for urn in _dependencies(state)}
        # A pending delete and another resource may depend on each other, because a URN can be used again.
        # Then the newest resource is deleted first.
        wave = [state for state in doomed if state["urn"] not in needed] or doomed[-1:]
        yield wave
        doomed = [state for state in doomed if not any(state is gone for gone in wave)]


def _dependencies(state: State) -> set[str]:
    direct = {state.get("parent", ""), state.get("provider", "").rsplit("::", 1)[0], *state.get("dependencies", [])}
    return direct.union(*state.get("propertyDependencies", {}).values())


def _seconds(duration: str) -> float:
    units = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)(h|ms|m|s)", duration))
