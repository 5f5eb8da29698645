"""The output of a run: lines for steps, errors and a summary, or one JSON document."""

import json
from collections import Counter
from dataclasses import dataclass, field

import click
from pulumi.runtime.rpc import UNKNOWN

from simulator.fake_engine.stack import State

_WORDS = {  # op: sign, planned, done
    "create": ("+ ", "create", "created"),
    "update": ("~ ", "update", "updated"),
    "replace": ("+-", "replace", "replaced"),
    "delete": ("- ", "delete", "deleted"),
    "delete-replaced": ("--", "delete original", "deleted original"),
}


@dataclass(frozen=True)
class Step:
    """One operation on one resource; ``reasons`` are the properties that replace it."""

    op: str
    old: State | None
    new: State | None
    reasons: tuple[str, ...] = ()
    delete_first: bool = False


@dataclass
class Display:
    """Prints one run. ``diff`` adds changed properties. With ``as_json``, stdout gets only a document."""

    preview: bool
    diff: bool
    as_json: bool
    steps: list[Step] = field(default_factory=list)
    errors: list[tuple[State, str]] = field(default_factory=list)
    diagnostics: list[State] = field(default_factory=list)

    def log(self, urn: str, message: str, severity: str) -> None:
        """Print a log message about a resource."""
        self.say(f"    {name_of(urn)}: {message}")
        self.diagnostics.append({"urn": urn, "message": f"{message}\n", "severity": severity})

    def say(self, text: str) -> None:
        """Print to stdout, or to stderr if stdout gets a JSON document."""
        click.echo(text, err=self.as_json)

    def step(self, step: Step) -> None:
        """Print a step, planned or done."""
        state = step.new or step.old or {}
        if state["type"].startswith("pulumi:providers:"):
            return
        self.steps.append(step)
        if step.op != "same":
            sign, *words = _WORDS[step.op]
            what = f": ({step.op})" if self.diff else f" {name_of(state['urn'])} {words[not self.preview]}"
            changes = _changes(step) if self.diff else []
            self.say("\n      ".join([f" {sign} {state['type']}{what}", *changes]))

    def finish(self) -> None:
        """Print errors and the summary."""
        counts = Counter(step.op for step in self.steps if step.op != "delete-replaced")
        for state, text in self.errors:
            self.say(f"Diagnostics:\n  {state['type']} ({name_of(state['urn'])}):\n    error: {text}")
        self.say("Resources:")
        for op, (sign, planned, done) in _WORDS.items():
            if counts[op]:
                self.say(f"    {sign}{counts[op]} {f'to {planned}' if self.preview else done}")
        self.say(f"    {counts['same']} unchanged")
        if self.as_json:
            steps = [_document(step) for step in self.steps if step.op in counts]
            diagnostics = {"diagnostics": self.diagnostics} if self.diagnostics else {}  # like the CLI
            click.echo(json.dumps({"steps": steps, **diagnostics, "changeSummary": counts}, indent=4))


def name_of(urn: str) -> str:
    """Return a resource's logical name, which may contain `::`."""
    return urn.split("::", 3)[-1]


def _document(step: Step) -> State:
    states = {name: state for name, state in (("oldState", step.old), ("newState", step.new)) if state}
    reasons = {"replaceReasons": step.reasons, "detailedDiff": None}
    return {"op": step.op, "urn": (step.new or step.old or {})["urn"], **states, **reasons}


def _changes(step: Step) -> list[str]:
    olds, news = ((state or {}).get("inputs", {}) for state in (step.old, step.new))
    rows = []
    for key in sorted({*olds, *news} - {"__provider"}):
        before, after = ([_text(bag[key])] if key in bag else [] for bag in (olds, news))
        if before != after:
            rows.append(f"{'~' if before and after else '-' if before else '+'} {key}: {' => '.join(before + after)}")
    return rows


def _text(value: object) -> str:
    return json.dumps(value).replace(f'"{UNKNOWN}"', "[unknown]")
