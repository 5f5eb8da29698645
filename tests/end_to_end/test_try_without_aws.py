"""The example of docs/try-without-aws.md works as written."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.__main__ import main
from simulator.fsx import Control
from simulator.fsx.seed_file import seed_from
from simulator.fsx.service import FsxService
from simulator.project import Project
from tests.end_to_end.engines import ENGINES
from tests.simulator.test_command_line import pasted, served

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "try-without-aws.md").read_text()
SETTINGS, SEEDS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
[PROGRAM] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SERVE, ADD_BACKUP = (line.split() for line in re.findall(r"python -m simulator (.+)", PAGE))
SOURCE_REGION, DR_REGION = "eu-central-1", "eu-west-1"


def copied(control: Control) -> set[str | None]:
    return {copy["source_backup_id"] for copy in control.backups(DR_REGION) if copy["lifecycle"] == "AVAILABLE"}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", ENGINES)
def test_program_copies_seeded_and_added_backups(engine: list[str], tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(SETTINGS.replace("/path/to/the/clone/.venv", ".venv"))
    (tmp_path / "__main__.py").write_text(PROGRAM)
    with served(*SERVE[1:], "--port", "0", "--copy-seconds", "0.5") as (_, lines):
        variables = pasted(lines)
        control = Control(variables["AWS_ENDPOINT_URL"])
        project = Project.create(tmp_path, engine, variables)

        project.run("preview")
        assert copied(control) == set()
        project.up()
        assert CliRunner().invoke(main, ADD_BACKUP, env=variables).exit_code == 0
        project.up()

        backups = {backup["id"] for backup in control.backups(SOURCE_REGION)}
        assert len(backups) == 4
        assert copied(control) == backups
        assert project.outputs()["latest"].keys() == {"fs-0123456789abcdef0"}
        project.run("destroy", "--yes")
        assert control.backups(DR_REGION) == []


def test_seed_file_in_the_page_is_valid(tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text(SEEDS)
    service = FsxService()

    seed_from(tmp_path / "seed.yaml", service)

    assert len(service.backups(SOURCE_REGION)) == 2
