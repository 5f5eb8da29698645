"""The demo: it holds on both engines, it says so when it does not, and it leaves nothing behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.demo import demo
from simulator.demo.output import DemoFailedError
from simulator.demo.steps import DemoSteps

ROOT = Path(__file__).parents[1]
DEMO = [sys.executable, "-u", "-m", "simulator", "demo"]


@pytest.mark.slow  # a minute, and its claims are tests of their own; .ci/run plays it
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "options",
    [pytest.param([], id="pulumi", marks=pytest.mark.pulumi_cli), pytest.param(["--fake-engine"], id="fake-engine")],
)
def test_every_claim_of_the_demo_holds(options: list[str]) -> None:
    ended = subprocess.run(  # noqa: S603  # our own interpreter
        [*DEMO, *options], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )

    assert (ended.returncode, "✗" in ended.stdout) == (0, False), ended.stdout + ended.stderr
    assert ended.stdout.rstrip().endswith("all of it is removed again.")


def test_a_claim_that_does_not_hold_ends_the_demo_with_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def play(_acts: DemoSteps) -> None:
        raise DemoFailedError("No copy is left.")

    monkeypatch.setattr(DemoSteps, "play", play)

    assert demo.demo(fake_engine=True) == 1
    assert "Not as told: No copy is left." in " ".join(capsys.readouterr().out.split())


@pytest.mark.timeout(600)
def test_an_interrupted_demo_removes_its_state_and_ends_its_processes(tmp_path: Path) -> None:
    # given
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(  # noqa: S603  # our own interpreter
        [*DEMO, "--fake-engine"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        shown = iter(process.stdout.readline, "")
        next(line for line in shown if "copying" in line)

        # when
        process.send_signal(signal.SIGINT)
        rest = "".join(shown)  # to the end, which comes with the last process that can write

    # then
    assert process.returncode == 130
    assert "everything is removed" in rest
    assert list(tmp_path.iterdir()) == []
