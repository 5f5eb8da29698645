"""The steps of a deployment, with provider calls and state writes in the order of the real engine."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock, Semaphore
from typing import TypeVar
from uuid import uuid4

from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto.resource_pb2 import RegisterResourceRequest

from simulator.fake_engine.display import Display, Step, name_of
from simulator.fake_engine.planning import Old, plan
from simulator.fake_engine.plugin import Plugin, StepError, plain
from simulator.fake_engine.project_file import ProjectFile
from simulator.fake_engine.resources import is_dynamic, is_provider, make_goal, waves
from simulator.fake_engine.stack import Stack, State

T = TypeVar("T")


@dataclass
class Deployment:
    """One run on one stack; a preview is a run on a frozen stack."""

    stack: Stack
    project: ProjectFile
    display: Display
    parallel: int
    targets: tuple[str, ...] = ()
    engine: str = ""
    stopping: bool = False
    cancelled: bool = False
    plugins: dict[str, Plugin] = field(default_factory=dict)
    registered: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.generating, self.starting, self.slots = Lock(), Lock(), Semaphore(self.parallel)

    def register(self, request: RegisterResourceRequest) -> State | None:
        """Register a resource, and return None if the run stops. Only steps run in parallel, not plans."""
        goal = make_goal(self.stack.name, self.project.name, request)
        with self.generating:
            step = self._guarded(goal, partial(self._plan, goal, request))
            self.slots.acquire()
        try:
            return self._guarded(goal, partial(self._carry_out, step)) if step else None
        finally:
            self.slots.release()

    def delete_all(self) -> None:
        """Delete the resources that the program did not register, dependent resources first."""
        for wave in waves(self.stack.old):
            self._each(wave, self._delete)

    def refresh(self) -> None:
        """Read every resource, then diff it."""
        self._each(filter(is_dynamic, self.stack.old), self._read)

    def end_plugins(self) -> None:
        """End the plugin hosts even if they are working."""
        for plugin in self.plugins.values():
            plugin.end()

    def _each(self, states: Iterable[State], act: Callable[[State], None]) -> None:
        with ThreadPoolExecutor(self.parallel) as pool:
            list(pool.map(lambda state: self._guarded(state, partial(act, state)), states))

    def _guarded(self, state: State, act: Callable[[], T]) -> T | None:
        try:
            return None if self.stopping else act()
        except StepError as error:
            self.display.errors.append((state, str(error)))
            self.stopping = True
            return None

    def _plan(self, goal: State, request: RegisterResourceRequest) -> Step:
        if goal["urn"] in self.registered:
            raise StepError(f"Duplicate resource URN '{goal['urn']}'; try giving it a unique name")
        self.registered.add(goal["urn"])
        old = self.stack.find(goal["urn"], *request.aliasURNs)
        if not goal["custom"]:
            return Step("same" if old else "create", old, goal)
        if not is_dynamic(goal):
            raise StepError(f"The fake engine has no AWS plugin, so it cannot create a {goal['type']}.")
        goal["provider"] = self._default_provider()
        ignored = {key: old["inputs"].get(key) for key in request.ignoreChanges} if old else {}
        planned = plan(
            Old(old["inputs"], bool(old.get("initErrors")), bool(old.get("pendingReplacement"))) if old else None,
            goal["inputs"],
            lambda olds, news: self._checked(goal, olds, plain(news | ignored) if olds else news),
            lambda news: self._diff(old or {}, news),
            replacing=bool(old and old["urn"] in self.targets),
        )
        goal["inputs"], diff = planned.inputs, planned.diff
        if planned.op != "replace" or not diff:
            return Step(planned.op, old, goal)
        if old and goal.get("protect") and old.get("protect"):
            raise StepError(f'unable to replace resource "{goal["urn"]}" as it is currently marked for protection')
        first = request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else diff.deleteBeforeReplace
        return Step("replace", old, goal, tuple(diff.replaces), first)

    def _checked(self, goal: State, olds: State, news: State) -> State:
        answer = self._plugin().call("Check", goal, olds=olds, news=news)
        problems = [
            (f": property {item.property} value {{{news.get(item.property)}}}" if item.property else "", item.reason)
            for item in answer.failures
        ]
        if problems:
            resource = f"{goal['type']} resource '{name_of(goal['urn'])}'"
            raise StepError("\n    error: ".join(f"{resource}{what} has a problem: {why}" for what, why in problems))
        checked: State = plain(answer.inputs)
        return checked

    def _diff(self, old: State, news: State) -> proto.DiffResponse:
        """Return the provider's diff, or an empty one if nothing changes."""
        bags = {"olds": old["outputs"], "old_inputs": old["inputs"], "news": news}
        diff: proto.DiffResponse = self._plugin().call("Diff", old, **bags)
        unknown = diff.changes == diff.DIFF_UNKNOWN and old["inputs"] != news
        if unknown or diff.changes == diff.DIFF_SOME:
            return proto.DiffResponse(
                changes=diff.DIFF_SOME, replaces=diff.replaces, deleteBeforeReplace=diff.deleteBeforeReplace
            )
        return proto.DiffResponse()

    def _carry_out(self, step: Step) -> State:
        old, new = step.old, step.new or {}
        if old and step.op == "replace" and step.delete_first and not old.get("pendingReplacement"):
            self._delete(old, replacing=True)
        if old and step.op in {"same", "update"}:
            done = self._same(old, new) if step.op == "same" else self._update(old, new)
        else:
            done = self._create(old, new)
        self.display.step(replace(step, new=done))
        return done

    def _same(self, old: State, new: State) -> State:
        done = new | {key: old[key] for key in ("id", "outputs") if key in old}
        with self.stack.change():
            self.stack.replace(old, done)
        return done

    def _create(self, old: State | None, new: State) -> State:
        with self._settled("Create", new, properties=new["inputs"]) as done:
            if old and not old.get("pendingReplacement"):
                old["delete"], old = True, None
            self.stack.replace(old, done)
        return done

    def _update(self, old: State, new: State) -> State:
        bags = {"olds": old["outputs"], "old_inputs": old["inputs"], "news": new["inputs"]}
        with self._settled("Update", new | {"id": old["id"]}, **bags) as done:
            self.stack.replace(old, done)
        return done

    @contextmanager
    def _settled(self, method: str, new: State, **bags: State) -> Iterator[State]:
        """Yield the resource after the call, even if it is incomplete. In a preview its outputs are its inputs."""
        failure = None
        with self.stack.operation({"Create": "creating", "Update": "updating"}[method], new):
            if not new["custom"]:
                done = new
            elif self.stack.frozen:
                done = new | {"outputs": new["inputs"]}
            else:
                done, failure = self._asked(method, new, **bags)
            yield done
        if failure:
            raise failure

    def _asked(self, method: str, state: State, **bags: State) -> tuple[State, StepError | None]:
        """Return the resource after a call, and the error if the resource is incomplete."""
        failure = None
        try:
            answer = self._plugin().call(method, state, **bags)
        except StepError as error:
            if not error.partial:
                raise
            answer, failure = error.partial, error
        done = state | {"id": getattr(answer, "id", state.get("id")), "outputs": plain(answer.properties)}
        if "inputs" in answer.DESCRIPTOR.fields_by_name and answer.HasField("inputs"):
            done["inputs"] = plain(answer.inputs)
        return done | ({"initErrors": list(answer.reasons)} if failure else {}), failure

    def _delete(self, state: State, *, replacing: bool = False) -> None:
        replaced = replacing or state.get("delete")
        if state.get("protect") and not replaced:
            raise StepError(f'resource "{state["urn"]}" cannot be deleted because it is protected')
        with self.stack.operation("deleting", state):
            if is_dynamic(state) and not self.stack.frozen and not state.get("retainOnDelete"):
                self._plugin().call("Delete", state, properties=state["outputs"], old_inputs=state["inputs"])
            if replacing:
                state["pendingReplacement"] = True
            else:
                self.stack.replace(state)
        self.display.step(Step("delete-replaced" if replaced else "delete", state, None))

    def _read(self, state: State) -> None:
        found, failure = self._asked("Read", state, properties=state["outputs"], inputs=state["inputs"])
        if not found["id"]:
            self.stack.replace(state)
            return self.display.step(Step("delete", state, None))
        if failure:
            self.display.say(f"warning: Refreshed resource is in an unhealthy state: {failure}")
        changed = self._diff(found, state["inputs"]).changes
        self.stack.old[self.stack.old.index(state)] = found
        return self.display.step(Step("update" if changed else "same", state, found))

    def _plugin(self) -> Plugin:
        config = next(state["inputs"] for state in [*self.stack.new, *self.stack.old] if is_provider(state))
        key = json.dumps(config)
        with self.starting:
            if key not in self.plugins:
                self.plugins[key] = Plugin(self.project.root, self.project.name, config, self.engine)
        return self.plugins[key]

    def _default_provider(self) -> str:
        urn = f"urn:pulumi:{self.stack.name}::{self.project.name}::pulumi:providers:pulumi-python::default"
        provider = next(filter(is_provider, self.stack.new), None)
        if not provider:
            old, config = self.stack.find(urn), self.project.config(self.stack.name)
            known = {"urn": urn, "custom": True, "type": "pulumi:providers:pulumi-python"}
            provider = known | {"id": old["id"] if old else str(uuid4()), "inputs": config, "outputs": config}
            self.stack.replace(old, provider)
        return f"{urn}::{provider['id']}"
