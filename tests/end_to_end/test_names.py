"""The name of a resource may contain the separators of URNs and of ownership tags."""

import json
from typing import Any

from click.testing import CliRunner, Result
from pulumi_fsx_dr.cli.commands import fsx_dr
from pulumi_fsx_dr.copies.ownership import claimed_description

from simulator.fsx import Control
from simulator.project import NO_PROMPT, Project

from .project import DR, SOURCE_REGION, copies, new_key

NAME = "a::b/c"
DR_PROGRAM = """
import json
from pulumi_fsx_dr import DrRegion

for name, args in json.load(open("declared.json")).items():
    DrRegion(name, args)
"""


def fsx_dr_of(project: Project, document: str, *command: str) -> Result:
    return CliRunner(env=project.environment).invoke(fsx_dr, command, input=document)


def checked(project: Project) -> Result:
    preview = project.read("preview", "--json", *(["--show-sames"] if project.has_cli else []))
    return fsx_dr_of(project, json.dumps(preview), "check", "-")


def orphans(project: Project) -> list[dict[str, Any]]:
    """Return the orphans if the state had no copies."""
    state = project.read("stack", "export")
    resources = state["deployment"]["resources"]
    state["deployment"]["resources"] = [resource for resource in resources if "BackupCopy" not in resource["type"]]
    result = fsx_dr_of(project, json.dumps(state), "orphans", "--region", DR, "--state", "-", "--json")
    assert result.exit_code == 1, result.output
    return list(json.loads(result.stdout)["orphans"])


def test_copy_with_separator_in_name_is_managed(project: Project, aws: Control, file_system: str) -> None:
    source = aws.seed_backup(SOURCE_REGION, file_system)
    args = {"source_backup_id": source, "region": DR, "deletion_protection": True}
    project.declare(**{NAME: args})
    project.up()
    (copy,) = copies(aws)
    assert project.ids() == {NAME: copy["id"]}
    assert claimed_description(copy["tags"]) == f"copies/dev/{NAME}"
    project.run("preview", "--expect-no-changes")
    assert [(orphan["backup_id"], orphan["tag_says"], orphan["status"]) for orphan in orphans(project)] == [
        (copy["id"], f"copies/dev/{NAME}", "resumable")
    ]

    project.declare(**{NAME: {**args, "tags": {"team": "storage"}, "kms_key_id": new_key(aws)}})
    project.up()
    (replaced,) = copies(aws)
    assert project.ids() == {NAME: replaced["id"]}
    assert (replaced["id"] != copy["id"], replaced["tags"]["team"]) == (True, "storage")

    assert f"set this to false for {NAME} and" in project.run("destroy", *NO_PROMPT, succeeds=False)
    project.declare()
    assert f"{DR} would lose its last copy ({NAME})" in checked(project).stdout
    project.declare(**{NAME: {**args, "deletion_protection": False, "kms_key_id": replaced["kms_key_arn"]}})
    project.up()
    project.declare()
    project.up()
    assert copies(aws) == []


def test_dr_region_with_separator_in_name_keeps_copies(project: Project, aws: Control, file_system: str) -> None:
    (project.folder / "__main__.py").write_text(DR_PROGRAM)
    oldest, middle = (aws.seed_backup(SOURCE_REGION, file_system, created=aws.now() - age) for age in (7200, 3600))
    args = {"region": DR, "keep": 2, "sources": [{"file_system_id": file_system, "region": SOURCE_REGION}]}
    project.declare(**{NAME: args})
    project.up()
    before = project.ids()
    assert before.keys() == {f"{NAME}-{oldest}", f"{NAME}-{middle}"}
    project.run("preview", "--expect-no-changes")

    aws.make_unreachable(SOURCE_REGION)
    project.run("preview", "--expect-no-changes")
    aws.lift_fault()
    newest = aws.seed_backup(SOURCE_REGION, file_system)
    project.up()
    assert project.ids().keys() == {f"{NAME}-{middle}", f"{NAME}-{newest}"}
    assert {claimed_description(copy["tags"]) for copy in copies(aws)} == {
        f"copies/dev/{NAME}-{middle}",
        f"copies/dev/{NAME}-{newest}",
    }

    kept = set(project.ids().values())
    project.declare(**{f"new{NAME}": args})
    project.up()
    assert set(project.ids().values()) == kept
    assert project.ids().keys() == {f"new{NAME}-{middle}", f"new{NAME}-{newest}"}
    project.run("destroy", "--yes")
    assert copies(aws) == []
