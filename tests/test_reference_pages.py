"""docs/reference/ lists every argument, output and setting.

Update it with: pytest tests/test_reference_pages.py --write-reference
"""

from pathlib import Path

import pulumi_fsx_dr
import pytest
import yaml
from pulumi_fsx_dr.copies.arguments import ARGUMENTS
from pulumi_fsx_dr.copies.outputs import OUTPUTS

from simulator.project import ROOT
from simulator.sections import write_section
from tests.reference_pages import PAGES, aws_settings, sections

SECTIONS = [*sections()]


@pytest.mark.parametrize(("page", "name", "text"), SECTIONS, ids=[f"{page.stem}-{name}" for page, name, _ in SECTIONS])
def test_reference_section_is_current(page: Path, name: str, text: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--write-reference"):
        write_section(page, name, text)

    assert f"<!-- {name} -->\n\n{text}\n\n<!-- end of {name} -->" in page.read_text()


def test_reference_pages_list_every_name() -> None:
    copy, region, settings = (
        (PAGES / f"{page}.md").read_text() for page in ("backup-copy", "dr-region", "configuration")
    )
    arguments = {*pulumi_fsx_dr.DrRegionArgs.__annotations__, *pulumi_fsx_dr.Source.__annotations__}
    configured = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]

    assert [name for name in (*ARGUMENTS, *OUTPUTS) if f"- **`{name}`**" not in copy] == []
    assert [name for name in arguments if f"- **`{name}`**" not in region] == []
    assert [name for name in (*configured, *(row[0] for row in aws_settings())) if f"`{name}`" not in settings] == []
