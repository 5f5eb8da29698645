"""The command with its own simulator and clock."""

import json
from pathlib import Path
from typing import Any

import boto3
from click.testing import CliRunner, Result
from pulumi_fsx_dr.cli.commands import fsx_dr
from pulumi_fsx_dr.cli.context import CliContext
from pulumi_fsx_dr.fsx.backup import Backup, CopyRequest
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials

from simulator.fsx import FsxService, ManualClock, in_process

RECORDED = Path(__file__).parents[1] / "recorded"
OUTPUTS = str(RECORDED / "outputs.json")
STATE = str(RECORDED / "export.json")
ROWS = json.loads(Path(OUTPUTS).read_text())["readiness"]


class Prepared(Credentials):
    """Credentials with a session that calls a simulator in this process."""

    def __init__(self, made: boto3.Session) -> None:
        super().__init__()
        self.made = made

    def session(self) -> boto3.Session:
        return self.made


class World:
    def __init__(self) -> None:
        self.service = FsxService(ManualClock(), copy_seconds=600)
        session = boto3.Session("made-up", "made-up")
        in_process(session, self.service)
        self.context = CliContext(self.service.clock, lambda name: FsxRegion(name, Prepared(session), impatient=True))

    def run(self, *arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(fsx_dr, arguments, obj=self.context, input=stdin)

    def json(self, *arguments: str, stdin: str | None = None) -> Any:
        return json.loads(self.run(*arguments, stdin=stdin).stdout)

    def copy(self, tags: dict[str, str] | None = None, *, region: str = "eu-west-1") -> str:
        source = self.service.seed_backup("eu-central-1", self.service.seed_file_system("eu-central-1"))
        request = CopyRequest(
            source_backup_id=source,
            source_region="eu-central-1",
            token=f"token-of-{source}",
            tags=tags or {"team": "storage"},
        )
        made = self.context.region(region).copy(request)
        assert isinstance(made, Backup)
        return made.id


def error_of(result: Result) -> str:
    """Return the only line on standard error of a command that failed."""
    assert (result.exit_code, result.stdout) == (2, "")
    [line] = result.stderr.splitlines()
    return line


def outputs_of(*rows: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs of a stack. Its rows are a recorded row that is ready, with these changes."""
    return {"readiness": [{**ROWS[0], **changes} for changes in rows]}
