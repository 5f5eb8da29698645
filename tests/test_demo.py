"""The demo: its checks pass on both engines, a failed check ends it, and it cleans up."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.demo import demo
from simulator.demo.output import DemoFailedError, messages, summary
from simulator.demo.steps import DemoSteps
from simulator.project import eventually

ROOT = Path(__file__).parents[1]
DEMO = [sys.executable, "-u", "-m", "simulator", "demo"]


@pytest.mark.slow  # takes a minute; its checks are also tested separately, and .ci/run runs it
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "options",
    [pytest.param([], id="pulumi", marks=pytest.mark.pulumi_cli), pytest.param(["--fake-engine"], id="fake-engine")],
)
def test_demo_passes_all_checks(options: list[str]) -> None:
    ended = subprocess.run(  # noqa: S603  # our own interpreter
        [*DEMO, *options], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )

    assert (ended.returncode, "✗" in ended.stdout) == (0, False), ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert ended.stdout.count("\n") <= 120


def test_demo_exits_1_if_check_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def run(_steps: DemoSteps) -> None:
        raise DemoFailedError("All copies are deleted.")

    monkeypatch.setattr(DemoSteps, "run", run)

    assert demo.demo(fake_engine=True) == 1
    assert "All copies are deleted." in " ".join(capsys.readouterr().out.split())


@pytest.mark.timeout(600)
def test_interrupted_demo_removes_state_and_processes(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(  # noqa: S603  # our own interpreter
        [*DEMO, "--fake-engine"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        shown = iter(process.stdout.readline, "")
        next(line for line in shown if "fake_engine up" in line)
        eventually(lambda: any("fsx:Owner" in state.read_text() for state in tmp_path.glob("*/state/*/*/demo.json")))

        process.send_signal(signal.SIGINT)
        for _ in shown:
            pass  # until the last process that writes has exited

    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []


CLI_PREVIEW = """\
Previewing update (demo):
 +  pulumi-fsx-dr:index:DrRegion dr-eu-west-1 create eu-west-1: 2 copies to make.
Diagnostics:
  pulumi:pulumi:Stack (fsx-dr-demo):
    Traceback (most recent call last):
      File "main.py", line 1, in <module>
    warning: Source Region eu-central-1 does not answer. (AWS said: no (really).)

  pulumi-fsx-dr:index:DrRegion (dr-eu-west-1):
    eu-west-1: 2 copies to make.

Resources:
    + 2 to create
    6 unchanged

    done
"""
FAKE_PREVIEW = """\
 +  pulumi-fsx-dr:index:DrRegion dr-eu-west-1 create
    dr-eu-west-1: eu-west-1: 2 copies to make.
    dr-eu-west-1-backup-0123456789abcdef0: copying
    : Source Region eu-central-1 does not answer.
Resources:
    + 8 to create
    0 unchanged
"""


def test_demo_shows_messages_and_counts_of_a_run() -> None:
    cli, fake = CLI_PREVIEW.splitlines(), FAKE_PREVIEW.splitlines()

    assert messages(cli) == ["warning: Source Region eu-central-1 does not answer.", "eu-west-1: 2 copies to make."]
    assert messages(fake) == ["eu-west-1: 2 copies to make.", "Source Region eu-central-1 does not answer."]
    assert (summary(cli), summary(fake)) == ("+ 2 to create, 6 unchanged", "+ 8 to create")
