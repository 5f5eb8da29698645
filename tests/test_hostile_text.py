"""Names, tags and messages that look like commands of CI systems: `fsx-dr` shows them as plain text."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pulumi_fsx_dr.cli.commands import fsx_dr
from pulumi_fsx_dr.cli.context import CliContext
from pulumi_fsx_dr.readiness import rows

from simulator.fsx import ManualClock
from tests.backups import FILE_SYSTEM, copy, owned
from tests.fsx.replaying import AnsweringRegion, described

OUTPUTS = json.loads((Path(__file__).parent / "recorded" / "outputs.json").read_text())
HOSTILE = [
    "::error::no",
    "\n::stop-commands::x",
    "\x1b[2J\x1b]0;x\x07name\r\n::add-mask::e",
    "##[error]x",
    "x\u2028::error::no",
    "\u202e\u200b::error file=x::no",
    "[/bold] [link=https://example.com]x :smile: [",
    "<script>alert(1)</script> | `x` **x** <!-- x -->",
    "\ud800",
    "a" * 100_000,
]
COMMANDS = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ud800-\udfff]|##\w*\[|<\{%|^\W*::", re.MULTILINE
)


def run(*arguments: str, stdin: Any = None, answer: Mapping[str, Any] | None = None, status: int = 200) -> Result:
    region = AnsweringRegion(lambda _: answer or {"Backups": []})
    region._status = status  # noqa: SLF001  # the attribute of a replayed Region
    context = CliContext(ManualClock(), lambda _: region)
    return CliRunner().invoke(fsx_dr, arguments, obj=context, input=None if stdin is None else json.dumps(stdin))


def assert_plain_text(result: Result, *, exit_code: int) -> None:
    assert (result.exit_code, COMMANDS.findall(result.output)) == (exit_code, [])
    assert isinstance(result.exception, SystemExit | None)
    assert len(result.output) < 40_000


@pytest.mark.parametrize("form", ["table", "markdown", "json", "prometheus", "openmetrics"])
@pytest.mark.parametrize("member", ["name", "source", "region", "obstacle", "source_region"])
@pytest.mark.parametrize("text", HOSTILE)
def test_report_shows_rows_as_plain_text(form: str, member: str, text: str) -> None:
    row = {**OUTPUTS["readiness"][0], "copies": {}, "running": [], "source_creation_time": None, member: text}

    result = run("report", "--outputs", "-", "--format", form, stdin={"readiness": [row]})

    assert_plain_text(result, exit_code=1)


@pytest.mark.parametrize("text", HOSTILE)
def test_report_page_shows_rows_as_plain_text(text: str) -> None:
    row = {**OUTPUTS["readiness"][0], "name": text, "obstacle": text, "source": text}

    page = run("report", "--outputs", "-", "--format", "html", stdin={"readiness": [row]}).stdout

    assert not re.search(r"[\x00-\x09\x0b-\x1f\u2028-\u202e\ud800-\udfff]|##\w*\[|^\W*::", page, re.MULTILINE)
    assert "<script" not in page


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("@acme/storage", "@<!-- -->acme/storage"),
        ("see #12", r"see \#<!-- -->12"),
        ("https://example.com", "https:<!-- -->//example.com"),
        ("www.example.com", "www<!-- -->.example.com"),
        ("&lt;b&gt; ~~x~~", r"\&lt;b\&gt; \~\~x\~\~"),
        ("a|b`c`<i>", r"a\|b\`c\`\<i\>"),
    ],
)
def test_markdown_has_no_mentions_or_links(name: str, shown: str) -> None:
    outputs = {"readiness": [{**OUTPUTS["readiness"][0], "name": name}]}

    assert f" {shown}, fs-" in run("report", "--outputs", "-", "--format", "markdown", stdin=outputs).stdout


@pytest.mark.parametrize("text", HOSTILE)
def test_readiness_shows_names_as_plain_text(text: str) -> None:
    source = {"file_system_id": FILE_SYSTEM, "region": "eu-central-1", "name": text}

    [row] = rows([source], "eu-west-1", [copy()], {}, 24)

    assert not COMMANDS.search(str(row["name"]))
    assert len(str(row["name"])) <= 256


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("text", [text for text in HOSTILE if len(text) < 1000])
def test_orphans_shows_tags_as_plain_text(text: str, form: list[str]) -> None:
    tags = [{"Key": key, "Value": value} for key, value in owned(f"files/{text}/{text}").items()]
    orphan = described(Tags=tags, SourceBackupId="backup-0123456789abcdef0", SourceBackupRegion=text)
    state: dict[str, Any] = {"deployment": {}}

    search = ("orphans", "--region", "eu-west-1", "--state", "-", "--all-states")

    result = run(*search, *form, stdin=state, answer={"Backups": [orphan]})

    assert_plain_text(result, exit_code=1)


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("status", [400, 503])
def test_watch_shows_answers_as_plain_text(text: str, status: int, form: list[str]) -> None:
    result = run(
        "watch", "--region", "eu-west-1", "--once", *form, answer={"__type": text, "Message": text}, status=status
    )

    assert_plain_text(result, exit_code=2)


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("text", HOSTILE)
def test_check_shows_preview_as_plain_text(text: str, form: list[str]) -> None:
    kind = "pulumi-python:dynamic/fsx:BackupCopy"
    state = {"type": kind, "inputs": {"region": text}}
    step = {"op": "delete", "urn": f"urn:pulumi:dev::files::{kind}::{text}", "oldState": state}

    result = run("check", *form, stdin={"steps": [step], "changeSummary": {"delete": 1}})

    assert_plain_text(result, exit_code=1)


@pytest.mark.parametrize("text", HOSTILE)
def test_failure_reason_is_plain_text(text: str) -> None:
    failed = described(Lifecycle="FAILED", FailureDetails={"Message": text})

    [backup] = AnsweringRegion(lambda _: {"Backups": [failed]}).backups()

    assert not COMMANDS.search(backup.failure_reason or "")
    assert len(backup.failure_reason or "") <= 500
