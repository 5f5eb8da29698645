import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import click
import pytest
from click.testing import CliRunner, Result
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from pulumi_fsx_dr.cli.commands import fsx_dr
from pulumi_fsx_dr.cli.context import Outside
from pulumi_fsx_dr.cli.progress import Look, running, shown
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.fsx.backup import Backup, CopyRequest
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.rules.iam_policy import Purpose, policy, protection
from rich.console import Console, RenderableType

from simulator.fsx import Control, FsxService, ManualClock, in_process
from simulator.fsx import running as simulator
from tests.backups import NOW, OTHER_OWNER_ID, OWNER_ID, copy, hours_ago, owned

RECORDED = Path(__file__).parent / "recorded"
OUTPUTS = str(RECORDED / "outputs.json")
STATE = str(RECORDED / "export.json")
EXPORT = Path(STATE).read_text()
KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-1111-4111-8111-0a1b2c3d4e5f"


class Prepared(Credentials):
    """Credentials whose session leads to a service of this process."""

    def __init__(self, made: boto3.Session) -> None:
        super().__init__()
        self.made = made

    def session(self) -> boto3.Session:
        return self.made


class World:
    """The command with a service, and a clock, of its own."""

    def __init__(self) -> None:
        self.service = FsxService(ManualClock(), copy_seconds=600)
        session = boto3.Session("made-up", "made-up")
        in_process(session, self.service)
        self.outside = Outside(self.service.clock, lambda name: FsxRegion(name, Prepared(made=session), impatient=True))

    def run(self, *arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(fsx_dr, arguments, obj=self.outside, input=stdin)

    def copy(self, tags: dict[str, str] | None = None, *, region: str = "eu-west-1") -> str:
        """Start a copy and return its id."""
        file_system = self.service.seed_file_system("eu-central-1")
        source = self.service.seed_backup("eu-central-1", file_system)
        made = self.outside.region(region).copy(
            CopyRequest(
                source_backup_id=source,
                source_region="eu-central-1",
                token=f"token-of-{source}",
                tags=tags or {"team": "storage"},
            )
        )
        assert isinstance(made, Backup)
        return made.id


@pytest.fixture
def world() -> World:
    return World()


def sentence(result: Result) -> str:
    """The error on standard error: one line, and nothing on standard output."""
    assert (result.exit_code, result.stdout) == (2, "")
    [line] = result.stderr.splitlines()
    return line


# --- report ---------------------------------------------------------------------------------------------------


def test_a_report_exits_1_if_a_source_is_late_or_missing_and_names_it(world: World) -> None:
    result = world.run("report", "--outputs", OUTPUTS)

    assert result.exit_code == 1
    assert "4 of 6 ready, 1 late, 1 missing at 2027-01-15 08:00 UTC" in result.stdout
    assert "✗ missing" in result.stdout


def test_a_report_exits_0_if_all_are_ready(world: World) -> None:
    outputs = json.loads(Path(OUTPUTS).read_text())
    outputs["readiness"] = [row for row in outputs["readiness"] if row["verdict"] == "ready"]

    assert world.run("report", "--outputs", "-", stdin=json.dumps(outputs)).exit_code == 0


def test_a_report_judges_by_the_time_it_is_made_and_not_by_that_of_the_last_up(world: World) -> None:
    world.service.clock.sleep(30 * 3600)

    document = json.loads(world.run("report", "--outputs", OUTPUTS, "--format", "json").stdout)

    assert document["time"] == "2027-01-16T14:00:00+00:00"
    assert [row["verdict"] for row in document["rows"]] == ["missing"] + ["late"] * 5


def test_markdown_is_a_table_with_a_row_for_each_source_and_region(world: World) -> None:
    lines = world.run("report", "--outputs", OUTPUTS, "--format", "markdown").stdout.splitlines()

    assert lines[0] == "### Disaster recovery: 4 of 6 ready, 1 late, 1 missing"
    assert [line.count(" | ") for line in lines if line.startswith("|")] == [6] * 8
    assert "| ⚠️ late | fs-0aa1bb2cc3dd4ee5f (eu-central-1) | eu-west-1 |" in "\n".join(lines)


def test_a_name_cannot_break_out_of_the_markdown_table(world: World) -> None:
    outputs = json.loads(Path(OUTPUTS).read_text())
    outputs["readiness"][0]["source"] = "a|b\n<script>"

    result = world.run("report", "--outputs", "-", "--format", "markdown", stdin=json.dumps(outputs))

    assert r"a\|b \<script\> (eu-central-1)" in result.stdout


@pytest.mark.parametrize("form", ["table", "markdown", "json", "html"])
def test_a_report_can_be_written_to_a_file(world: World, tmp_path: Path, form: str) -> None:
    file = tmp_path / "report"

    result = world.run("report", "--outputs", OUTPUTS, "--format", form, "--output", str(file))

    assert (result.stdout, result.exit_code) == ("", 1)
    assert "fs-0aa1bb2cc3dd4ee5f" in file.read_text()


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        ("", "not one JSON document"),
        ("[]", "not a JSON object"),
        ("{}", "no output 'readiness'"),
        ('{"readiness": "[secret]"}', "does not hold the rows"),
        ('{"readiness": [{}]}', "does not hold the rows"),
        ('{"readiness": null}', "does not hold the rows"),
    ],
)
def test_outputs_that_cannot_be_judged_are_an_error(world: World, outputs: str, said: str) -> None:
    assert said in sentence(world.run("report", "--outputs", "-", stdin=outputs))


def test_files_that_cannot_be_read_or_written_are_errors(world: World, tmp_path: Path) -> None:
    assert "No such file" in sentence(world.run("report", "--outputs", str(tmp_path / "none")))
    assert "cannot be written" in sentence(world.run("report", "--outputs", OUTPUTS, "--output", str(tmp_path)))


def outputs_of(*rows: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs of a stack whose rows are the recorded ready one with these changes."""
    ready = next(row for row in RECORDED_ROWS if row["verdict"] == "ready")
    return {"readiness": [{**ready, **changes} for changes in rows]}


RECORDED_ROWS = json.loads(Path(OUTPUTS).read_text())["readiness"]
LATE = {"source_creation_time": "2027-01-10T00:00:00+00:00"}
VERY_LATE = {"source_creation_time": "2026-12-10T00:00:00+00:00"}
MISSING: dict[str, Any] = {
    "newest_copy": None,
    "source_creation_time": None,
    "copies": [],
    "obstacle": "it has no backup",
}


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., list[str]]:
    """Return what writes the outputs of stacks to files and names these."""

    def write(**stacks: dict[str, Any]) -> list[str]:
        for name, outputs in stacks.items():
            (tmp_path / f"{name}.json").write_text(json.dumps(outputs))
        return [argument for name in stacks for argument in ("--outputs", str(tmp_path / f"{name}.json"))]

    return write


Written = Callable[..., list[str]]


@pytest.mark.parametrize("form", ["table", "markdown", "json", "html", "prometheus"])
def test_a_stack_that_protects_nothing_is_no_success(world: World, written: Written, form: str) -> None:
    result = world.run("report", *written(prod={"readiness": []}), "--format", form)

    assert (result.exit_code, result.stderr) == (
        1,
        "Nothing is protected: no source and DR Region is left to report on.\n",
    )
    assert '"ready": true' not in result.stdout
    assert "0 of 0 ready" not in result.stdout


def test_why_a_source_is_not_ready_stands_below_the_table(world: World, written: Written) -> None:
    files = written(prod=outputs_of({"source": "fs-1", "name": "ledger", "region": "eu-west-1", **MISSING}, {}))

    for form in ("table", "markdown"):
        result = world.run("report", *files, "--format", form)
        assert [line for line in result.stdout.splitlines() if "ledger in eu-west-1: it has no backup." in line]


def test_many_stacks_are_reported_together_the_worst_first(world: World, written: Written) -> None:
    files = written(
        berlin=outputs_of({"source": "fs-b"}, {"source": "fs-c", **LATE}),
        madrid=outputs_of({"source": "fs-m", **MISSING}, {"source": "fs-n", **VERY_LATE}),
    )

    document = json.loads(world.run("report", *files, "--format", "json").stdout)
    table = world.run("report", *files).stdout

    assert [(row["stack"], row["source"], row["verdict"]) for row in document["rows"]] == [
        ("madrid", "fs-m", "missing"),
        ("madrid", "fs-n", "late"),
        ("berlin", "fs-c", "late"),
        ("berlin", "fs-b", "ready"),
    ]
    assert ["berlin" in table, "madrid" in table, "Stack" in table] == [True, True, True]


def test_a_stack_that_cannot_be_read_hides_no_other_and_is_named(world: World, written: Written) -> None:
    result = world.run("report", *written(berlin=outputs_of({"source": "fs-b"}), madrid={}))

    assert result.exit_code == 2
    assert "fs-b" in result.stdout
    assert result.stderr.startswith("Error: Stack madrid has no output 'readiness'")


@pytest.mark.parametrize(
    ("options", "exit_code", "left"),
    [
        (["--region", "eu-west-1"], 1, ["fs-c"]),
        (["--region", "eu-north-1"], 0, ["fs-b"]),
        (["--source", "fs-b"], 0, ["fs-b"]),
        (["--source", "ledger"], 1, ["fs-c"]),
        (["--region", "eu-west-9"], 1, []),
        (["--verdict", "ready"], 1, ["fs-b"]),
        (["--verdict", "missing"], 1, []),
    ],
)
def test_a_report_may_be_of_some_rows_but_what_is_shown_alone_is_still_judged_with_all(
    world: World, written: Written, options: list[str], exit_code: int, left: list[str]
) -> None:
    files = written(
        prod=outputs_of(
            {"source": "fs-b", "region": "eu-north-1"},
            {"source": "fs-c", "name": "ledger", "region": "eu-west-1"} | LATE,
        )
    )

    result = world.run("report", *files, *options, "--format", "json")

    assert result.exit_code == exit_code
    assert [row["source"] for row in json.loads(result.stdout)["rows"]] == left


def test_rows_that_a_program_exports_for_each_dr_region_as_a_list_are_reported_together(
    world: World, written: Written
) -> None:
    both = {"readiness": [outputs_of({"source": "fs-a"})["readiness"], outputs_of({"source": "fs-b"})["readiness"]]}

    document = json.loads(world.run("report", *written(prod=both), "--format", "json").stdout)

    assert [row["source"] for row in document["rows"]] == ["fs-a", "fs-b"]


def families_in(text: str) -> dict[str, Any]:
    """Return the families of metrics by name, as Prometheus's own parser reads them."""
    return {family.name: family for family in text_string_to_metric_families(text)}  # type: ignore[no-untyped-call]  # the library leaves it untyped


def test_prometheus_reads_age_target_and_verdict(world: World, written: Written) -> None:
    odd = 'the "old"\\\nledger'
    files = written(prod=outputs_of({"source": "fs-c", "name": odd, "region": "eu-west-1", **LATE}, MISSING))

    text = world.run("report", *files, "--format", "prometheus").stdout

    families = families_in(text)
    assert text.endswith("# EOF\n")
    assert {name: family.type for name, family in families.items()} == {
        "fsx_dr_copy_age_seconds": "gauge",
        "fsx_dr_target_seconds": "gauge",
        "fsx_dr_copies": "gauge",
        "fsx_dr_copies_running": "gauge",
        "fsx_dr_verdict": "stateset",
    }
    [age] = families["fsx_dr_copy_age_seconds"].samples
    name = 'the "old"\\ ledger'  # in one line
    assert (age.labels["stack"], age.labels["name"], age.value) == ("prod", name, (5 * 24 + 8) * 3600)
    assert [sample.value for sample in families["fsx_dr_target_seconds"].samples] == [24 * 3600] * 2
    verdicts = [s.labels["fsx_dr_verdict"] for s in families["fsx_dr_verdict"].samples if s.value == 1]
    assert verdicts == ["missing", "late"]


def test_metrics_of_nothing_are_an_empty_document_that_prometheus_reads(world: World, written: Written) -> None:
    text = world.run("report", *written(prod={"readiness": []}), "--format", "prometheus").stdout

    assert [family.samples for family in families_in(text).values()] == [[]] * 5


def published(control: Control, region: str) -> dict[tuple[str, str], float]:
    """Return what CloudWatch holds of the namespace FsxDr: the values by metric and source."""
    client = control.client("cloudwatch", region)
    now = datetime.now(UTC)
    found = {}
    for metric in client.list_metrics(Namespace="FsxDr")["Metrics"]:
        told = client.get_metric_statistics(
            Namespace="FsxDr",
            MetricName=metric["MetricName"],
            Dimensions=metric["Dimensions"],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=60,
            Statistics=["Maximum"],
        )
        source = next((d["Value"] for d in metric["Dimensions"] if d["Name"] == "Source"), "")
        found[metric["MetricName"], source] = told["Datapoints"][0]["Maximum"]
    return found


def test_metrics_are_published_in_each_dr_region_under_the_printed_policy(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    ages = {"source_creation_time": (datetime.now(UTC) - timedelta(hours=30)).isoformat()}
    files = written(
        prod=outputs_of(
            {"source": "fs-a", "region": "eu-west-1", **ages},
            {"source": "fs-b", "region": "eu-west-1", **MISSING},
            {"source": "fs-a", "region": "eu-north-1", **MISSING},
        )
    )
    with simulator() as control:
        for name, value in control.environment().items():
            monkeypatch.setenv(name, value)
        allowed = policy("111122223333", Purpose.REPORT, dr_regions=["eu-west-1", "eu-north-1"])
        control.attach_policies("simulator", [allowed])

        result = CliRunner().invoke(fsx_dr, ["report", *files, "--cloudwatch", "FsxDr"])
        refused = CliRunner().invoke(fsx_dr, ["report", *files, "--cloudwatch", "Elsewhere"])
        control.attach_policies("simulator", [EVERYTHING])
        west, north = published(control, "eu-west-1"), published(control, "eu-north-1")

    assert (result.exit_code, result.stderr) == (1, "")
    assert west.pop(("CopyAge", "fs-a")) == pytest.approx(30 * 3600, abs=60)
    assert west == {
        ("Target", "fs-a"): 24 * 3600,
        ("Ready", "fs-a"): 0,
        ("Copies", "fs-a"): 7,
        ("Target", "fs-b"): 24 * 3600,
        ("Ready", "fs-b"): 0,
        ("Copies", "fs-b"): 0,
        ("NotReady", ""): 2,
    }
    assert north[("NotReady", "")] == 1
    assert refused.exit_code == 2
    assert "lack permission for cloudwatch:PutMetricData in eu-west-1" in refused.stderr


EVERYTHING = {"Statement": [{"Sid": "All", "Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}


# --- where outputs and states come from -----------------------------------------------------------------------

CliDouble = Callable[[str], None]


@pytest.fixture
def pulumi_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliDouble:
    """Put a `pulumi` on PATH that runs the given shell commands."""

    def says(script: str) -> None:
        program = tmp_path / "pulumi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    return says


def test_outputs_are_asked_of_pulumi_for_the_stack_and_directory_given(
    world: World, pulumi_says: CliDouble, tmp_path: Path
) -> None:
    (tmp_path / "program").mkdir()
    pulumi_says(
        f'[ "$*|${{PWD##*/}}" = "stack output --json --non-interactive --stack prod|program" ] && cat {OUTPUTS}'
    )

    result = world.run("report", "--stack", "prod", "--cwd", str(tmp_path / "program"))

    assert (result.exit_code, result.stderr) == (1, "")


def test_what_pulumi_says_when_it_fails_is_handed_on(world: World, pulumi_says: CliDouble) -> None:
    pulumi_says("echo 'error: no stack selected' >&2; exit 255")

    assert sentence(world.run("report")) == "Error: pulumi stack output failed: error: no stack selected"


def test_a_missing_pulumi_is_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert "The Pulumi CLI did not start" in sentence(world.run("report"))


@pytest.mark.smoke
@pytest.mark.pulumi_cli
def test_the_real_pulumi_understands_what_it_is_asked(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: files\nruntime: python\n")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    subprocess.run(["pulumi", "stack", "init", "dev"], cwd=tmp_path, check=True, capture_output=True)  # noqa: S607  # the CLI on PATH

    reported = world.run("report", "--cwd", str(tmp_path), "--stack", "dev")
    searched = world.run("orphans", "--region", "eu-west-1", "--cwd", str(tmp_path), "--stack", "dev")

    assert "no output 'readiness'" in sentence(reported)
    assert (searched.exit_code, searched.stdout) == (0, "No orphans.\n")


# --- watch ----------------------------------------------------------------------------------------------------


def looks(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_watching_goes_on_until_the_last_copy_has_finished(world: World) -> None:
    copy = world.copy()

    result = world.run("watch", "--region", "eu-west-1", "--every", "150", "--json")

    seen = [[(c["backup_id"], c["percent"], c["elapsed_seconds"]) for c in look["copies"]] for look in looks(result)]
    assert seen == [[(copy, None, 0.0)], [(copy, 25, 150.0)], [(copy, 50, 300.0)], [(copy, 75, 450.0)], []]
    assert result.exit_code == 0


def test_the_time_left_follows_from_the_pace_so_far(world: World) -> None:
    world.copy()
    world.service.clock.sleep(150)

    [look] = looks(world.run("watch", "--region", "eu-west-1", "--once", "--json"))

    assert look["copies"][0]["remaining_seconds"] == 450.0


def test_all_regions_of_the_stack_are_watched_if_none_is_named(world: World) -> None:
    copies = {world.copy(region=region) for region in ("eu-west-1", "eu-north-1")}

    [look] = looks(world.run("watch", "--outputs", OUTPUTS, "--once", "--json"))

    assert {copy["backup_id"] for copy in look["copies"]} == copies


def test_a_look_for_people_shows_copy_and_percentage(world: World) -> None:
    copy = world.copy()
    world.service.clock.sleep(240)

    result = world.run("watch", "--region", "eu-west-1", "--once")

    assert copy in result.stdout
    assert "40 %" in result.stdout
    assert "4 min" in result.stdout


def test_a_region_that_gives_no_answer_for_a_while_is_asked_again(world: World) -> None:
    world.copy()
    world.service.add_fault("throttled", "DescribeBackups", seconds=400)

    first, last = looks(world.run("watch", "--region", "eu-west-1", "--every", "700", "--json"))

    assert "ThrottlingException" in first["silent"]["eu-west-1"]
    assert last == {"time": last["time"], "copies": [], "silent": {}}


def test_one_look_at_a_region_that_gives_no_answer_is_an_error(world: World) -> None:
    world.service.make_unreachable("eu-west-1")

    assert "eu-west-1" in sentence(world.run("watch", "--region", "eu-west-1", "--once"))


@pytest.mark.parametrize("width", [80, 100, 120, 139])
def test_a_copy_under_way_takes_one_line_of_a_narrow_terminal_with_the_last_digits_of_its_ids(width: int) -> None:
    copies = running(
        [
            copy(1, lifecycle="COPYING", progress_percent=37, region="ap-northeast-1", creation_time=hours_ago(23.8)),
            copy(2, lifecycle="PENDING", region="ap-southeast-1", file_system_id=None),
        ],
        NOW,
    )

    lines = lines_at(width, shown(Look(NOW, tuple(copies))))

    assert [line.split() for line in lines[3:]] == [
        ["ap-northeast-1", "backup-c0…0001", "fs-01…def0", "37", "%", "23", "h", "48", "min", "40", "h", "31", "min"],
        ["ap-southeast-1", "backup-c0…0002", "backup-50…0002", "\N{EN DASH}", "1", "h", "00", "min", "\N{EN DASH}"],
    ]
    assert max(map(len, lines)) <= width


def test_a_wide_terminal_has_room_for_whole_ids_and_bars() -> None:
    under_way = copy(1, lifecycle="COPYING", progress_percent=37)

    lines = lines_at(170, shown(Look(NOW, tuple(running([under_way], NOW)))))

    assert [f"{under_way.source_backup_id} ({under_way.file_system_id})" in line for line in lines].count(True) == 1
    assert any("━━━" in line for line in lines)


def lines_at(width: int, renderable: RenderableType) -> list[str]:
    """Return what a terminal of that width shows."""
    console = Console(width=width, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(renderable)
    return click.unstyle(capture.get()).splitlines()


def test_a_region_that_refuses_ends_the_watch(world: World) -> None:
    world.service.add_fault("access_denied", "DescribeBackups")

    assert "fsx:DescribeBackups" in sentence(world.run("watch", "--region", "eu-west-1"))


# --- orphans --------------------------------------------------------------------------------------------------


def test_no_orphans_is_success(world: World) -> None:
    world.copy()

    result = world.run("orphans", "--region", "eu-west-1", "--state", STATE)

    assert (result.exit_code, result.stdout) == (0, "No orphans.\n")


def test_orphan_is_shown_with_the_ways_to_adopt_and_to_delete_it(world: World) -> None:
    orphan = world.copy(owned())
    world.service.clock.sleep(3 * 3600)

    result = world.run("orphans", "--region", "eu-west-1", "--state", "-", stdin=EXPORT)

    assert result.exit_code == 1
    assert [word in result.stdout for word in ("“files/dev/monday”", "3 h", "10 GiB", "if still declared")] == [
        True
    ] * 4
    assert f'"adopt_backup_id": "{orphan}"' in result.stdout
    assert f"aws fsx delete-backup --region eu-west-1 --backup-id {orphan}" in result.stdout


@pytest.mark.parametrize("owner_id", [OWNER_ID, OTHER_OWNER_ID], ids=["resumable", "elsewhere"])
def test_orphan_has_its_commands_behind_what_to_check_first(world: World, owner_id: str) -> None:
    orphan = world.copy(owned(owner_id=owner_id))

    lines = world.run("orphans", "--region", "eu-west-1", "--state", "-", stdin=EXPORT).stdout.splitlines()

    order = [
        next(number for number, line in enumerate(lines) if text in line)
        for text in ("Check first that no other state contains it", "adopt it:", "delete it:")
    ]
    assert order == sorted(order)
    assert lines[order[-1]].endswith(f"--backup-id {orphan}")


def test_backup_that_is_no_copy_is_never_offered_for_deletion(world: World) -> None:
    backup = world.service.seed_backup("eu-west-1", world.service.seed_file_system("eu-west-1"), tags=owned())
    world.copy(owned())

    result = world.run("orphans", "--region", "eu-west-1", "--state", "-", stdin=EXPORT)

    assert "delete-backup" in result.stdout
    assert backup not in result.stdout


def test_text_of_a_tag_is_quoted_and_no_fact(world: World) -> None:
    world.copy({OWNERSHIP_TAG: "::error file=prod::delete it"})

    result = world.run("orphans", "--region", "eu-west-1", "--state", STATE)
    described = json.loads(world.run("orphans", "--region", "eu-west-1", "--state", STATE, "--json").stdout)

    assert result.exit_code == 1
    told = [line for line in result.stdout.splitlines() if "file=prod" in line]
    assert told
    assert [line for line in told if "“" not in line] == []
    assert described["orphans"][0]["owner_id"] is None


def test_failed_orphan_is_not_offered_for_adoption(world: World) -> None:
    orphan = world.copy(owned())
    world.service.set_lifecycle("eu-west-1", orphan, "FAILED", "no such key")

    result = world.run("orphans", "--region", "eu-west-1", "--state", STATE, "--json")

    [described] = json.loads(result.stdout)["orphans"]
    assert (described["backup_id"], described["lifecycle"], described["adopt"]) == (orphan, "FAILED", None)
    assert result.exit_code == 1


def test_states_come_from_standard_input_and_from_pulumi_alike(
    world: World, pulumi_says: CliDouble, tmp_path: Path
) -> None:
    world.copy(owned())
    export = EXPORT
    (tmp_path / "state.json").write_text(export)
    pulumi_says(f'[ "$*" = "stack export --non-interactive --stack dev" ] && cat {tmp_path}/state.json')

    from_pulumi = world.run("orphans", "--region", "eu-west-1", "--stack", "dev", "--json")
    from_stdin = world.run("orphans", "--region", "eu-west-1", "--state", "-", "--json", stdin=export)

    assert from_pulumi.stdout == from_stdin.stdout
    assert json.loads(from_stdin.stdout)["orphans"][0]["fate"] == "resumable"


@pytest.mark.parametrize(
    "document", ["[" * 100_000, '{"deployment": {"resources": {}}}', '{"deployment": {"resources": [[]]}}']
)
def test_damaged_state_is_one_sentence(world: World, document: str) -> None:
    assert "tandard input" in sentence(world.run("orphans", "--region", "eu-west-1", "--state", "-", stdin=document))


def test_a_region_that_gives_no_answer_is_an_error_and_never_no_orphans(world: World) -> None:
    world.service.make_unreachable("eu-north-1")

    result = world.run("orphans", "--region", "eu-west-1", "--region", "eu-north-1", "--state", STATE)

    assert "eu-north-1" in sentence(result)


def test_searching_for_orphans_without_any_state_is_refused(world: World) -> None:
    result = world.run("orphans", "--region", "eu-west-1")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "Give at least one state" in result.stderr


# --- check ----------------------------------------------------------------------------------------------------


def test_a_harmless_preview_passes(world: World) -> None:
    result = world.run("check", str(RECORDED / "preview_delete_one.json"), "--require-region", "eu-north-1")

    assert (result.exit_code, result.stdout) == (0, "✓ Every DR Region keeps a copy.\n")


def test_a_preview_that_deletes_the_last_copy_fails(world: World) -> None:
    result = world.run("check", "-", stdin=(RECORDED / "preview_delete_last.json").read_text())

    assert (result.exit_code, result.stdout.count("✗")) == (1, 1)


def test_check_fails_if_a_change_copies_more_in_full_than_it_may(world: World) -> None:
    """The recorded change gives a DrRegion another key."""
    result = world.run("check", str(RECORDED / "preview_dr_region_key.json"), "--max-full-copies", "0")

    assert result.exit_code == 1
    assert result.stdout == (
        "✗ 1 copy would be made in full (dr-backup-01321db426fd14ff9 in eu-west-1), and 0 may be: allow more with "
        "--max-full-copies if that is meant.\n"
    )
    allowed = world.run("check", str(RECORDED / "preview_dr_region_key.json"), "--max-full-copies", "1")
    assert (allowed.exit_code, allowed.stdout) == (0, "✓ Every DR Region keeps a copy.\n")


def test_required_keys_and_regions_are_checked_and_reported_as_json(world: World) -> None:
    key = "eu-west-1=11111111-1111-4111-8111-111111111111"
    preview = str(RECORDED / "preview_no_change.json")

    result = world.run("check", preview, "--require-key", key, "--require-region", "us-east-1", "--json")

    west, east = json.loads(result.stdout)["violations"]
    assert "no copy encrypted with 11111111" in west
    assert "us-east-1 would have no copy" in east
    assert result.exit_code == 1


def test_a_preview_without_what_stays_the_same_is_an_error(world: World) -> None:
    assert "--show-sames" in sentence(world.run("check", str(RECORDED / "preview_without_sames.json")))


def test_a_key_without_its_region_is_refused(world: World) -> None:
    result = world.run("check", str(RECORDED / "preview_no_change.json"), "--require-key", "alias/dr")

    assert result.exit_code == 2
    assert "REGION=KEY" in result.stderr


# --- policy ---------------------------------------------------------------------------------------------------

WHERE = ("--account", "111122223333", "--source-region", "eu-central-1", "--dr-region", "eu-west-1")


def test_the_policy_names_account_regions_and_keys(world: World) -> None:
    result = world.run("policy", *WHERE, "--key", KEY_ARN)

    document = json.loads(result.stdout)
    assert document["Version"] == "2012-10-17"
    assert [word in result.stdout for word in ("111122223333", "eu-central-1", "eu-west-1", KEY_ARN)] == [True] * 4


@pytest.mark.parametrize("purpose", Purpose)
def test_the_policy_is_printed_for_a_purpose_and_unless_told_for_up(world: World, purpose: Purpose) -> None:
    result = world.run("policy", *WHERE, "--for", purpose)

    where: dict[str, Any] = {"source_regions": ["eu-central-1"], "dr_regions": ["eu-west-1"]}
    assert json.loads(result.stdout) == policy("111122223333", purpose, **where)
    assert json.loads(world.run("policy", *WHERE).stdout) == policy("111122223333", Purpose.UP, **where)


def test_a_drill_and_a_protection_need_no_source_region(world: World) -> None:
    where = ("--account", "111122223333", "--dr-region", "eu-west-1")
    role = "arn:aws:iam::111122223333:role/fsx-dr"

    assert world.run("policy", "--for", "drill", *where).exit_code == 0
    protected = json.loads(world.run("policy", "--protect", role, *where).stdout)
    assert protected == protection("111122223333", [role], dr_regions=["eu-west-1"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("--account", "1111", *WHERE[2:]),
        (*WHERE, "--key", "0a1b2c3d-1111-4111-8111-0a1b2c3d4e5f"),
        (*WHERE, "--dr-region", "cn-north-1"),
        WHERE[:4],
        (*WHERE[:2], *WHERE[4:]),
        (*WHERE, "--for", "everything"),
        (*WHERE, "--protect", "fsx-dr"),
    ],
    ids=[
        "short account",
        "key without a Region",
        "another partition",
        "no DR Region",
        "no source Region",
        "no such purpose",
        "no ARN of a role",
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(world: World, arguments: tuple[str, ...]) -> None:
    result = world.run("policy", *arguments)

    assert (result.exit_code, result.stdout) == (2, "")


# --- all ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", sorted(fsx_dr.commands))
def test_every_command_explains_itself_with_examples_and_exit_codes(world: World, command: str) -> None:
    text = world.run(command, "--help").stdout

    assert f"fsx-dr {command} " in text
    assert "Exit codes: 0" in text


@pytest.mark.parametrize("command", sorted(fsx_dr.commands))
def test_every_command_and_option_is_documented(command: str) -> None:
    chapter = (Path(__file__).parents[1] / "docs" / "commands.md").read_text().partition(f"## {command}")[2]
    options = [name for parameter in fsx_dr.commands[command].params for name in parameter.opts if name[0] == "-"]

    assert [name for name in options if f"`{name}" not in chapter.partition("\n## ")[0]] == []


def test_an_interruption_ends_quietly_with_130(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    world.copy()
    monkeypatch.setattr(world.service.clock, "sleep", interrupt)

    result = world.run("watch", "--region", "eu-west-1", "--json")

    assert (result.exit_code, len(looks(result))) == (130, 1)


def test_without_its_extra_packages_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pulumi_fsx_dr.cli import main  # noqa: PLC0415  # as the entry point does

    monkeypatch.delitem(sys.modules, "pulumi_fsx_dr.cli.commands")
    monkeypatch.setitem(sys.modules, "click", None)

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert "pip install 'pulumi-fsx-dr[cli]'" in capsys.readouterr().err


def test_the_command_finds_endpoint_and_credentials_the_ordinary_ways() -> None:
    with simulator(copy_seconds=3600) as service:
        file_system = service.seed_file_system("eu-central-1")
        source = service.seed_backup("eu-central-1", file_system)
        client = service.client("fsx", "eu-west-1")
        copy = client.copy_backup(SourceBackupId=source, SourceRegion="eu-central-1")["Backup"]["BackupId"]

        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "from pulumi_fsx_dr.cli import main; main()",
                "watch",
                "--region",
                "eu-west-1",
                "--once",
            ],
            env={**os.environ, **service.environment()},
            capture_output=True,
            text=True,
            check=False,
        )

    assert (done.returncode, done.stderr) == (0, "")
    assert copy in done.stdout


def test_ages_of_the_recorded_outputs_fit_the_clock_of_these_tests() -> None:
    assert hours_ago(0).timestamp() == ManualClock().now()
