"""The order of provider calls is the same on the fake engine and on the Pulumi CLI."""

from pathlib import Path

from tests.simulator.test_engine_command_line import Rig, on_both_engines


@on_both_engines
def test_engine_calls_provider_in_order(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    two = {"a": {}, "b": {"after": ["a"]}}

    created = rig.up(two)
    unchanged = rig.up(two, "--expect-no-changes")
    rig.want({"a": {"source": "other"}, "b": {"after": ["a"], "tag": "new"}, "c": {}})
    planned, previewed = rig.planned(), rig.calls()
    changed = rig.up({"a": {"source": "other"}, "b": {"after": ["a"], "tag": "new"}, "c": {"after": ["b"]}})
    removed = rig.up({"a": {"source": "other"}, "c": {}})
    rig.run("destroy", "--yes")

    assert created == ["check a new", "create a", "check b new", "create b"]
    assert unchanged == ["check a olds", "diff a", "check b olds", "diff b"]
    assert sorted(planned) == [("create", "c", []), ("replace", "a", ["source"]), ("update", "b", [])]
    assert [call for call in previewed if call.split()[1] != "c"] == [
        *["check a olds", "diff a", "check a new"],
        *["check b olds", "diff b"],
    ]
    assert changed == [
        *["check a olds", "diff a", "check a new", "create a"],
        *["check b olds", "diff b", "update b2"],
        *["check c new", "create c"],
        "delete a1",
    ]
    assert sorted(removed[:4]) == ["check a olds", "check c olds", "diff a", "diff c"]
    assert removed[4:] == ["delete b2"]
    assert sorted(rig.calls()) == ["delete a3", "delete c4"]
    assert rig.state() == {}


@on_both_engines
def test_destroy_uses_state_instead_of_program(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    rig.up({"a": {}, "b": {"after": ["a"]}, "kept": {"after": ["b"], "options": {"retain_on_delete": True}}})
    rig.want({})
    rig.run("config", "set", "colour", "blue")

    rig.run("destroy", "--yes")

    assert rig.calls() == ["delete b2", "delete a1"]
    assert [line for line in (rig.folder / "calls").read_text().splitlines() if "configure" in line][-1] == (
        "configure red"
    )


@on_both_engines
def test_replace_by_urn_checks_without_olds_and_diff(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    rig.up({"a": {}})

    calls = rig.up({"a": {}}, "--replace", "urn:pulumi:dev::rig::rig:index:Group$pulumi-python:dynamic/rig:Thing::a")

    assert calls == ["check a new", "create a", "delete a1"]
    assert rig.state()["a"]["id"] == "a2"


@on_both_engines
def test_delete_before_replace_deletes_first(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    options = {"options": {"delete_before_replace": True}}
    rig.up({"a": options})

    calls = rig.up({"a": {"source": "other", **options}})

    assert calls == ["check a olds", "diff a", "check a new", "delete a1", "create a"]
    assert list(rig.state()) == ["a"]


@on_both_engines
def test_resource_options_are_applied(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    rig.up({"a": {"options": {"custom_timeouts": {"create": "1h30m"}}}})
    timeout = rig.state()["a"]["outputs"]["timeout"]

    renamed = rig.up({"b": {"tag": "ignored", "options": {"aliases": ["a"], "ignore_changes": ["tag"]}}})

    assert timeout == 5400
    assert renamed == ["check b olds", "diff b"]
    assert {name: (state["id"], state["inputs"]["tag"]) for name, state in rig.state().items()} == {"b": ("a1", "t")}


@on_both_engines
def test_protected_resource_is_not_deleted(tmp_path: Path, engine: list[str]) -> None:
    rig = Rig(tmp_path, engine)
    rig.up({"a": {"options": {"protect": True}}})

    calls = rig.up({}, fails=True)
    text = rig.run("destroy", "--yes", fails=True)

    assert calls == []
    assert "cannot be deleted" in text
    assert list(rig.state()) == ["a"]
    assert rig.calls() == []
