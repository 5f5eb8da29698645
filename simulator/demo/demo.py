"""`python -m simulator demo`: the whole life of a stack, without an AWS account."""

import signal
from pathlib import Path
from tempfile import TemporaryDirectory

from simulator import pipeline_role
from simulator.demo.account import COPY_SECONDS
from simulator.demo.output import DemoFailedError, DemoOutput
from simulator.demo.steps import DemoSteps
from simulator.fake_engine import FAKE_ENGINE, find_engine
from simulator.fsx import running
from simulator.project import ROOT, CommandError, Project, copy_project

_INTERRUPTED = 130  # what shells make of Ctrl-C


def demo(*, fake_engine: bool = False) -> int:
    """Play the demonstration, checking each claim as it is made.

    Args:
        fake_engine: run it with the fake engine even where there is a Pulumi CLI.

    Returns:
        The exit code: 0, 1 if anything was not as told, 130 if it was interrupted.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    narrator = DemoOutput()
    engine = FAKE_ENGINE if fake_engine else find_engine()
    try:
        with (
            running(copy_seconds=COPY_SECONDS) as control,
            TemporaryDirectory(prefix="fsx-dr-", ignore_cleanup_errors=True) as folder,
        ):
            project = copy_project(Path(folder), ROOT)
            stack = Project.create(project, engine, pipeline_role.environment(control), stack="demo")
            DemoSteps(narrator, control, stack).play()
            narrator.calls(control.journal())
    except (DemoFailedError, CommandError) as finding:
        narrator.close(f"The demo ends here. Not as told: {finding}")
        return 1
    except KeyboardInterrupt:
        narrator.close("Interrupted; everything is removed.")
        return _INTERRUPTED
    narrator.close("All of it was as told, and all of it is removed again.")
    return 0
