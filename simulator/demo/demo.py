"""`python -m simulator demo`: the life of a stack, without an AWS account."""

import shutil
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

_INTERRUPTED = 130  # the exit code of shells after Ctrl-C


def demo(*, fake_engine: bool = False) -> int:
    """Run the demo and check each step; without a Pulumi CLI it uses the fake engine.

    Returns:
        The exit code: 0, 1 if a check failed, 130 if it was interrupted.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    output = DemoOutput()
    engine = FAKE_ENGINE if fake_engine else find_engine()
    if engine == FAKE_ENGINE and not fake_engine:
        output.note("No Pulumi CLI was found, so the demo uses the fake engine.")
    try:
        with (
            running(copy_seconds=COPY_SECONDS) as control,
            TemporaryDirectory(prefix="fsx-dr-", ignore_cleanup_errors=True) as folder,
        ):
            project = copy_project(Path(folder), ROOT)
            shutil.copy(ROOT / "simulator" / "Pulumi.demo.yaml", project)
            stack = Project.create(project, engine, pipeline_role.environment(control), stack="demo")
            DemoSteps(output, control, stack).run()
            output.calls(control.journal())
    except (DemoFailedError, CommandError) as failure:
        output.end(f"The demo failed: {failure}")
        return 1
    except KeyboardInterrupt:
        output.end("Interrupted. Everything was cleaned up.")
        return _INTERRUPTED
    output.passed()
    return 0
