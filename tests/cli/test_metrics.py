import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from prometheus_client import parser as text_format
from prometheus_client.openmetrics import parser as open_metrics
from pulumi_fsx_dr.cli.commands import fsx_dr
from pulumi_fsx_dr.rules.iam_policy import Purpose, policy

from simulator.fsx import Control
from simulator.fsx import running as simulator
from tests.cli.test_report import LATE, MISSING
from tests.cli.world import OUTPUTS, World, outputs_of

Written = Callable[..., list[str]]
EVERYTHING = {"Statement": [{"Sid": "All", "Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}


READERS = {
    "prometheus": text_format.text_string_to_metric_families,
    "openmetrics": open_metrics.text_string_to_metric_families,
}
FORMATS = pytest.mark.parametrize("form", READERS)
METRICS = ["copy_age_seconds", "target_seconds", "copies", "copies_running", "verdict"]
# https://prometheus.io/docs/instrumenting/exposition_formats/, Text format details
TYPES_OF_THE_TEXT_FORMAT = {"counter", "gauge", "histogram", "summary", "untyped"}


def families_in(text: str, form: str) -> dict[str, Any]:
    """Return the metric families by name, as Prometheus's own parser reads them."""
    return {family.name: family for family in READERS[form](text)}  # type: ignore[no-untyped-call]  # the library leaves it untyped


@FORMATS
def test_prometheus_parses_age_target_and_verdict(world: World, written: Written, form: str) -> None:
    odd = 'the "old"\\\nledger'
    files = written(prod=outputs_of({"source": "fs-c", "name": odd, "region": "eu-west-1", **LATE}, MISSING))

    families = families_in(world.run("report", *files, "--format", form).stdout, form)

    assert {name: family.type for name, family in families.items()} == {f"fsx_dr_{name}": "gauge" for name in METRICS}
    [age] = families["fsx_dr_copy_age_seconds"].samples
    name = 'the "old"\\ ledger'  # on one line
    assert (age.labels["stack"], age.labels["name"], age.value) == ("prod", name, (5 * 24 + 8) * 3600)
    assert [sample.value for sample in families["fsx_dr_target_seconds"].samples] == [24 * 3600] * 2
    verdicts = {s.labels["verdict"] for s in families["fsx_dr_verdict"].samples if s.value == 1}
    assert verdicts == {"missing", "late"}


@FORMATS
def test_prometheus_parses_metrics_without_rows(world: World, written: Written, form: str) -> None:
    text = world.run("report", *written(prod={"readiness": []}), "--format", form).stdout

    assert [family.samples for family in families_in(text, form).values()] == [[]] * 5


@FORMATS
def test_metrics_contain_each_series_once(world: World, written: Written, form: str) -> None:
    """node_exporter rejects a file that contains a series twice."""
    files = written(prod=outputs_of({}, LATE))

    families = families_in(world.run("report", *files, "--format", form).stdout, form)

    series = [(s.name, *s.labels.values()) for family in families.values() for s in family.samples]
    assert len(series) == len(set(series))
    assert [s.labels["verdict"] for s in families["fsx_dr_verdict"].samples if s.value == 1] == ["late"]


@FORMATS
def test_metrics_omit_empty_labels_and_fractions(world: World, form: str) -> None:
    stdin = json.dumps(outputs_of({"source_creation_time": "2027-01-15T05:57:01+00:00"}))

    families = families_in(world.run("report", "--outputs", "-", "--format", form, stdin=stdin).stdout, form)

    [age] = families["fsx_dr_copy_age_seconds"].samples
    assert ("stack" in age.labels, "source" in age.labels, "" in age.labels.values()) == (False, True, False)
    assert age.value == int(age.value)


def test_text_format_is_readable_by_node_exporter(world: World) -> None:
    text = world.run("report", "--outputs", OUTPUTS, "--format", "prometheus").stdout

    comments = [line.split(" ", 3) for line in text.splitlines() if line.startswith("#")]
    assert {word for _, word, *_ in comments} == {"HELP", "TYPE"}
    assert {rest[-1] for _, word, *rest in comments if word == "TYPE"} <= TYPES_OF_THE_TEXT_FORMAT
    assert text.endswith("\n")


def test_open_metrics_end_with_eof(world: World) -> None:
    assert world.run("report", "--outputs", OUTPUTS, "--format", "openmetrics").stdout.endswith("# EOF\n")


def published(control: Control, region: str) -> dict[tuple[str, str], float]:
    """Return the values in the namespace FsxDr by metric and source."""
    client = control.client("cloudwatch", region)
    now = datetime.now(UTC)
    found = {}
    for metric in client.list_metrics(Namespace="FsxDr")["Metrics"]:
        statistics = client.get_metric_statistics(
            Namespace="FsxDr",
            MetricName=metric["MetricName"],
            Dimensions=metric["Dimensions"],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=60,
            Statistics=["Maximum"],
        )
        source = next((d["Value"] for d in metric["Dimensions"] if d["Name"] == "Source"), "")
        found[metric["MetricName"], source] = statistics["Datapoints"][0]["Maximum"]
    return found


def test_report_publishes_metrics_with_printed_policy(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert "cloudwatch:PutMetricData in eu-west-1" in refused.stderr
