"""`python -m rehearsal demo`: the whole life of a stack, without an AWS account."""

import signal
from pathlib import Path
from tempfile import TemporaryDirectory

from rehearsal import pipeline
from rehearsal.account import COPY_SECONDS
from rehearsal.acts import Acts
from rehearsal.engine import DOUBLE, find_engine
from rehearsal.fsx import running
from rehearsal.narrator import Narrator, NotAsToldError
from rehearsal.project import ROOT, CommandError, Project, copy_project

_INTERRUPTED = 130  # what shells make of Ctrl-C


def demo(*, double: bool = False) -> int:
    """Play the demonstration, checking each claim as it is made.

    Args:
        double: run it with the engine double even where there is a Pulumi CLI.

    Returns:
        The exit code: 0, 1 if anything was not as told, 130 if it was interrupted.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    narrator = Narrator()
    engine = DOUBLE if double else find_engine()
    try:
        with (
            running(copy_seconds=COPY_SECONDS) as control,
            TemporaryDirectory(prefix="fsx-dr-", ignore_cleanup_errors=True) as folder,
        ):
            project = copy_project(Path(folder), ROOT)
            stack = Project.create(project, engine, pipeline.environment(control), stack="rehearsal")
            Acts(narrator, control, stack).play()
            narrator.calls(control.journal())
    except (NotAsToldError, CommandError) as finding:
        narrator.close(f"The demo ends here. Not as told: {finding}")
        return 1
    except KeyboardInterrupt:
        narrator.close("Interrupted; everything is removed.")
        return _INTERRUPTED
    narrator.close("All of it was as told, and all of it is removed again.")
    return 0
