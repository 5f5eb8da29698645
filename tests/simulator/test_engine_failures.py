"""The state after failed steps is the same on the fake engine and on the Pulumi CLI."""

from pathlib import Path

from tests.simulator.test_engine_command_line import Rig, on_both_engines


@on_both_engines
def test_failed_create_leaves_nothing(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    rig.want({"a": {}, "b": {"after": ["a"]}})
    rig.tell("create-fails-a")

    text = rig.run("up", "--yes", "--skip-preview", fails=True)

    assert rig.calls() == ["check a new", "create a"]
    assert "RuntimeError: the disk is full" in text
    assert (rig.state(), rig.pending()) == ({}, [])


@on_both_engines
def test_failed_check_prints_one_line(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    rig.want({"a": {}})
    rig.tell("check-fails-a")

    text = rig.run("up", "--yes", fails=True)

    line = "error: pulumi-python:dynamic/rig:Thing resource 'a': property tag value {t} has a problem: is not a tag"
    assert line in text
    assert rig.calls() == ["check a new"]
    assert rig.state() == {}


@on_both_engines
def test_failed_delete_stays_pending_and_is_retried(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    rig.up({"a": {}})
    rig.tell("delete-fails-a")

    rig.up({"a": {"source": "other"}}, fails=True)
    after_replacement = rig.state()
    again = rig.up({"a": {"source": "other"}}, fails=True)
    rig.tell()
    at_last = rig.up({"a": {"source": "other"}})

    assert {name: state["id"] for name, state in after_replacement.items()} == {"a": "a2", "a!": "a1"}
    assert again == at_last == ["check a olds", "diff a", "delete a1"]
    assert {name: state["id"] for name, state in rig.state().items()} == {"a": "a2"}


@on_both_engines
def test_partial_failure_stays_and_is_updated(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    rig.tell("create-is-partial-a")

    rig.up({"a": {}}, fails=True)
    half = rig.state()["a"]
    rig.tell()
    planned = rig.planned()
    rig.calls()
    resumed = rig.up({"a": {}})

    assert (half["id"], half["outputs"]["status"], half["initErrors"]) == ("half", "half", ["not ready"])
    assert planned == [("update", "a", [])]
    assert resumed == ["check a olds", "diff a", "update half"]
    assert (rig.state()["a"]["outputs"]["status"], "initErrors" in rig.state()["a"]) == ("ready", False)


@on_both_engines
def test_refresh_updates_inputs_and_drops_missing_resources(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    rig.up({"a": {}, "b": {"after": ["a"]}})
    rig.tell("drifted-a", "gone-b")

    rig.run("refresh", "--yes", "--skip-preview", "--parallel", "1")
    refreshed, state = rig.calls(), rig.state()
    rig.want({"a": {}, "b": {"after": ["a"]}})
    planned = rig.planned()

    assert sorted(refreshed) == ["diff a", "read a1", "read b2"]
    assert [(name, item["inputs"]["tag"]) for name, item in state.items()] == [("a", "drifted")]
    assert planned == [("update", "a", []), ("create", "b", [])]


@on_both_engines
def test_up_with_refresh_reads_before_check(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    rig.up({"a": {}})

    calls = rig.up({"a": {}}, "--refresh")

    assert calls == ["read a1", "diff a", "check a olds", "diff a"]
