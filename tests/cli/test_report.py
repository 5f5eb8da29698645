import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.cli.world import OUTPUTS, ROWS, World, error_of, outputs_of

LATE = {"source_creation_time": "2027-01-10T00:00:00+00:00"}
VERY_LATE = {"source_creation_time": "2026-12-10T00:00:00+00:00"}
MISSING: dict[str, Any] = {
    "newest_copy": None,
    "source_creation_time": None,
    "copies": {},
    "obstacle": "it has no backup",
}
Written = Callable[..., list[str]]
FORMATS = ["table", "markdown", "json", "html", "prometheus", "openmetrics"]


def test_report_exits_1_if_sources_are_not_ready(world: World) -> None:
    result = world.run("report", "--outputs", OUTPUTS)

    assert result.exit_code == 1
    assert "4 of 6 ready, 1 late, 1 missing at 2027-01-15 08:00 UTC" in result.stdout
    assert "✗ missing" in result.stdout


def test_report_exits_0_if_all_sources_are_ready(world: World, written: Written) -> None:
    assert world.run("report", *written(prod=outputs_of({}))).exit_code == 0


def test_report_judges_by_current_time(world: World) -> None:
    world.service.clock.sleep(30 * 3600)

    document = world.json("report", "--outputs", OUTPUTS, "--format", "json")

    assert document["time"] == "2027-01-16T14:00:00+00:00"
    assert [row["verdict"] for row in document["rows"]] == ["missing"] + ["late"] * 5


def test_markdown_has_one_table_line_per_row(world: World) -> None:
    lines = world.run("report", "--outputs", OUTPUTS, "--format", "markdown").stdout.splitlines()

    assert lines[0] == "### Disaster recovery: 4 of 6 ready, 1 late, 1 missing"
    assert [line.count(" | ") for line in lines if line.startswith("|")] == [6] * 8
    assert "| ⚠️ late | fs-0aa1bb2cc3dd4ee5f (eu-central-1) | eu-west-1 |" in "\n".join(lines)


def test_markdown_escapes_names(world: World, written: Written) -> None:
    files = written(prod=outputs_of({"source": "a|b\n<script>"}))

    assert r"a\|b \<script\> (eu-central-1)" in world.run("report", *files, "--format", "markdown").stdout


@pytest.mark.parametrize("form", FORMATS)
def test_report_writes_to_file(world: World, tmp_path: Path, form: str) -> None:
    file = tmp_path / "report"

    result = world.run("report", "--outputs", OUTPUTS, "--format", form, "--output", str(file))

    assert (result.stdout, result.exit_code) == ("", 1)
    assert "fs-0aa1bb2cc3dd4ee5f" in file.read_text()


@pytest.mark.parametrize("form", FORMATS)
def test_report_without_rows_exits_1(world: World, written: Written, form: str) -> None:
    result = world.run("report", *written(prod={"readiness": []}), "--format", form)

    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert '"ready": true' not in result.stdout
    assert "0 of 0 ready" not in result.stdout


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_report_shows_reason_if_source_is_not_ready(world: World, written: Written, form: str) -> None:
    files = written(prod=outputs_of({"source": "fs-1", "name": "ledger", "region": "eu-west-1", **MISSING}, {}))

    result = world.run("report", *files, "--format", form)

    assert "ledger in eu-west-1: it has no backup." in result.stdout


def test_report_of_many_stacks_shows_worst_first(world: World, written: Written) -> None:
    files = written(
        berlin=outputs_of({"source": "fs-b"}, {"source": "fs-c", **LATE}),
        madrid=outputs_of({"source": "fs-m", **MISSING}, {"source": "fs-n", **VERY_LATE}),
    )

    document = world.json("report", *files, "--format", "json")
    table = world.run("report", *files).stdout

    assert [(row["stack"], row["source"], row["verdict"]) for row in document["rows"]] == [
        ("madrid", "fs-m", "missing"),
        ("madrid", "fs-n", "late"),
        ("berlin", "fs-c", "late"),
        ("berlin", "fs-b", "ready"),
    ]
    assert all(word in table for word in ("Stack", "berlin", "madrid"))


def test_report_shows_other_stacks_if_one_is_unreadable(world: World, written: Written) -> None:
    result = world.run("report", *written(berlin=outputs_of({"source": "fs-b"}), madrid={}))

    assert result.exit_code == 2
    assert "fs-b" in result.stdout
    assert "madrid" in result.stderr


@pytest.mark.parametrize(
    ("options", "exit_code", "sources"),
    [
        (["--region", "eu-west-1"], 1, ["fs-c"]),
        (["--region", "eu-north-1"], 0, ["fs-b"]),
        (["--source", "fs-b"], 0, ["fs-b"]),
        (["--source", "ledger"], 1, ["fs-c"]),
        (["--region", "eu-west-9"], 1, []),
        (["--verdict", "ready"], 1, ["fs-b"]),  # filtered after all rows were judged
        (["--verdict", "missing"], 1, []),
    ],
)
def test_report_filters_rows(
    world: World, written: Written, options: list[str], exit_code: int, sources: list[str]
) -> None:
    late = {"source": "fs-c", "name": "ledger", "region": "eu-west-1", **LATE}
    files = written(prod=outputs_of({"source": "fs-b", "region": "eu-north-1"}, late))

    result = world.run("report", *files, *options, "--format", "json")

    assert result.exit_code == exit_code
    assert [row["source"] for row in json.loads(result.stdout)["rows"]] == sources


def test_report_accepts_list_of_rows_per_dr_region(world: World, written: Written) -> None:
    both = {"readiness": [outputs_of({"source": name})["readiness"] for name in ("fs-a", "fs-b")]}

    document = world.json("report", *written(prod=both), "--format", "json")

    assert [row["source"] for row in document["rows"]] == ["fs-a", "fs-b"]


def test_report_reads_stack_in_directory_with_pulumi(
    world: World, fake_pulumi: Callable[[str], None], tmp_path: Path
) -> None:
    (tmp_path / "program").mkdir()
    command = "stack output --json --non-interactive --stack prod|program"
    fake_pulumi(f'[ "$*|${{PWD##*/}}" = "{command}" ] && cat {OUTPUTS}')

    result = world.run("report", "--stack", "prod", "--cwd", str(tmp_path / "program"), "--format", "json")

    assert len(json.loads(result.stdout)["rows"]) == len(ROWS)


def test_report_shows_error_of_pulumi(world: World, fake_pulumi: Callable[[str], None]) -> None:
    fake_pulumi("echo 'error: no stack selected' >&2; exit 255")

    assert error_of(world.run("report")).endswith("error: no stack selected")


def test_report_without_pulumi_cli_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert "Pulumi CLI" in error_of(world.run("report"))


def test_report_refuses_missing_directory(world: World, tmp_path: Path) -> None:
    result = world.run("report", "--cwd", str(tmp_path / "none"))

    assert (result.exit_code, result.stdout) == (2, "")
    assert str(tmp_path / "none") in result.stderr.replace("\n", "")
    assert "nstall" not in result.stderr


NEVER_DEPLOYED = """
case "$*" in
  "stack output --json"*) echo '{}' ;;
  "stack history --json"*) echo '[]' ;;
esac"""
DESTROYED = NEVER_DEPLOYED.replace("'[]'", """'[{"kind": "destroy"}]'""")
NOT_FOUND = """
case "$*" in
  "stack ls --json"*) echo '[{"name": "dev"}, {"name": "organization/files/prod"}]' ;;
  *) echo "error: no stack named 'prd' found" >&2; exit 6 ;;
esac"""


@pytest.mark.parametrize("form", FORMATS)
def test_report_of_undeployed_stack_exits_0(world: World, fake_pulumi: Callable[[str], None], form: str) -> None:
    fake_pulumi(NEVER_DEPLOYED)

    result = world.run("report", "--stack", "dev", "--format", form)

    assert (result.exit_code, len(result.stderr.splitlines())) == (0, 1)
    assert "dev" in result.stderr
    assert '"ready": true' not in result.stdout
    if form in ("markdown", "html", "json"):
        assert "Stack dev was never deployed" in result.stdout


def test_report_refuses_output_that_is_not_json(world: World, fake_pulumi: Callable[[str], None]) -> None:
    fake_pulumi(NEVER_DEPLOYED.replace("'[]'", "'A new version is available.'"))

    assert "stack history" in error_of(world.run("report", "--stack", "dev"))


def test_report_of_destroyed_stack_fails(world: World, fake_pulumi: Callable[[str], None]) -> None:
    fake_pulumi(DESTROYED)

    assert "`readiness`" in error_of(world.run("report", "--stack", "dev"))


@pytest.mark.parametrize("outputs", ["{}", '{"fileSystem": "fs-0123456789abcdef0"}'])
def test_report_of_failed_first_update_fails(world: World, fake_pulumi: Callable[[str], None], outputs: str) -> None:
    failed = """'[{"kind": "update", "result": "failed"}]'"""
    fake_pulumi(NEVER_DEPLOYED.replace("'[]'", failed).replace("'{}'", f"'{outputs}'"))

    assert "update of stack dev" in error_of(world.run("report", "--stack", "dev"))


def test_report_of_configured_stack_exits_0(world: World, fake_pulumi: Callable[[str], None], tmp_path: Path) -> None:
    fake_pulumi(NOT_FOUND)
    (tmp_path / "Pulumi.prd.yaml").write_text("config: {}")

    assert world.run("report", "--stack", "acme/files/prd", "--cwd", str(tmp_path)).exit_code == 0


def test_report_of_unknown_stack_suggests_similar_name(
    world: World, fake_pulumi: Callable[[str], None], tmp_path: Path
) -> None:
    fake_pulumi(NOT_FOUND)

    assert "prod" in error_of(world.run("report", "--stack", "prd", "--cwd", str(tmp_path)))


def test_report_judges_other_stacks_if_one_has_no_data(
    world: World, fake_pulumi: Callable[[str], None], written: Written
) -> None:
    fake_pulumi(NEVER_DEPLOYED)
    ready, late = written(prod=outputs_of({})), written(staging=outputs_of(LATE))

    assert world.run("report", "--stack", "dev", *ready).exit_code == 0
    assert world.run("report", "--stack", "dev", *late).exit_code == 1


@pytest.mark.parametrize("columns", [80, 100, 120, 200])
def test_report_never_wraps_ids(world: World, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(Console, "is_terminal", True)

    lines = world.run("report", "--outputs", OUTPUTS).stdout.splitlines()

    assert [row["source"] for row in ROWS if not any(row["source"] in line for line in lines)] == []
    copies = [row["newest_copy"] for row in ROWS if row["newest_copy"]]
    assert [copy for copy in copies if not any(copy in line for line in lines)] == []
    assert max(map(len, lines)) <= columns
