"""The state after an interruption is the same on the fake engine and on the Pulumi CLI."""

import signal
from pathlib import Path

from simulator.project import NO_PROMPT
from tests.simulator.test_engine_command_line import Rig, on_both_engines


@on_both_engines
def test_killed_run_leaves_lock_and_pending_create(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    rig.want({"a": {}, "b": {"after": ["a"]}})
    rig.tell("create-waits-b")
    run = rig.start_up()
    rig.wait_for("create b")

    rig.kill(run)
    rig.tell()
    refused = rig.run("up", *NO_PROMPT, fails=True)
    rig.run("cancel", "--yes")
    pending, kept = rig.pending(), list(rig.state())
    rig.calls()
    warned = rig.run("up", *NO_PROMPT)

    assert "the stack is currently locked" in refused
    assert (pending, kept) == ([("creating", "b")], ["a"])
    assert "1 pending operations" in warned
    assert "interrupted while creating" in warned
    assert rig.calls() == ["check a olds", "diff a", "check b new", "create b"]
    assert rig.pending() == [("creating", "b")]


@on_both_engines
def test_first_interrupt_finishes_running_steps(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    rig.want({"a": {}, "b": {"after": ["a"]}})
    rig.tell("create-waits-a")
    run = rig.start_up()
    rig.wait_for("create a")

    run.send_signal(signal.SIGINT)
    rig.tell()
    run.communicate()

    assert run.returncode == 1
    assert rig.calls() == ["check a new", "create a"]
    assert (list(rig.state()), rig.pending()) == (["a"], [])


@on_both_engines
def test_second_interrupt_leaves_pending_create(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    rig.want({"a": {}})
    rig.tell("create-waits-a")
    run = rig.start_up()
    rig.wait_for("create a")

    run.send_signal(signal.SIGINT)
    printed = iter(run.stdout or [])
    next(line for line in printed if "^C received; cancelling" in line)
    run.send_signal(signal.SIGTERM)
    run.communicate()

    assert run.returncode == 8
    assert (rig.state(), rig.pending()) == ({}, [("creating", "a")])
    rig.tell()
    assert rig.run("up", *NO_PROMPT)
