"""Commands that deploy, from the lock of the stack to the exit code."""

import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

from simulator.fake_engine.deployment import Deployment
from simulator.fake_engine.display import Display
from simulator.fake_engine.project_file import ProjectFile
from simulator.fake_engine.service import run_program, serving
from simulator.fake_engine.stack import Stack


def run(verb: str, file: Path, *, skip_preview: bool, **options: Any) -> None:
    """Run preview, up, refresh or destroy on the stack in a state file, and exit with the CLI's code."""
    if verb == "preview":
        sys.exit(not _once(verb, file, options, frozen=True))
    with Stack(file).locked():
        done = skip_preview or _once(verb, file, options | {"as_json": False}, frozen=True)
        done = done and _once(verb, file, options, frozen=False)
    sys.exit(not done)


def _once(verb: str, file: Path, options: dict[str, Any], *, frozen: bool) -> bool:
    """Run ``verb``, or preview it on a ``frozen`` stack; return whether it succeeded."""
    stack, display = Stack(file, frozen=frozen), Display(frozen, options["diff"], options["as_json"])
    deployment = Deployment(stack, ProjectFile(Path.cwd()), display, options["parallel"], options["targets"])
    display.say(f"{'Previewing' if frozen else 'Running'} {verb} ({stack.name}):")
    if stack.pending and not frozen:
        urns = [f"\n  * {item['resource']['urn']}, interrupted while creating" for item in stack.pending]
        display.say(f"warning: there are {len(urns)} pending operations from previous deployment.{''.join(urns)}")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, partial(_interrupt, deployment))
    with serving(deployment) as service:
        if options["refresh"] or verb == "refresh":
            deployment.refresh()
        if verb == "destroy" or (verb != "refresh" and run_program(deployment, service)):
            deployment.delete_all()
    with stack.change():
        display.finish()
    changed = options["expect_no_changes"] and any(step.op != "same" for step in display.steps)
    for problem in ["update canceled"] * deployment.cancelled + [
        "no changes were expected but changes occurred"
    ] * changed:
        display.say(f"error: {problem}")
    return not deployment.stopping and not changed


def _interrupt(deployment: Deployment, *_signal: Any) -> None:
    if deployment.cancelled:
        deployment.stack.frozen = True
        deployment.stack.lock.unlink(missing_ok=True)
        deployment.end_plugins()
        os._exit(8)
    deployment.cancelled = deployment.stopping = True
    deployment.display.say("^C received; cancelling. If you would like to terminate immediately, press ^C again.")
