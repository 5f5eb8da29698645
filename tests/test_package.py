"""Metadata of the package for the Pulumi CLI."""

import json
import tomllib
from importlib.metadata import distribution, version
from importlib.util import find_spec
from pathlib import Path

import pulumi_fsx_dr
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]


def test_package_declares_no_plugin_to_download() -> None:
    """Without this file, the CLI tries to download a plugin for any distribution named pulumi-NAME.

    It looks in the module with the name of the distribution (pulumi/pulumi, pulumi-language-python, main.go,
    pulumiPluginJSONPathsScript).
    """
    spec = find_spec(distribution("pulumi-fsx-dr").metadata["Name"].replace("-", "_"))
    assert spec
    assert spec.submodule_search_locations

    (folder,) = spec.submodule_search_locations
    assert json.loads((Path(folder) / "pulumi-plugin.json").read_text()) == {"resource": False}


def test_package_version_matches_distribution() -> None:
    assert pulumi_fsx_dr.__version__ == version("pulumi-fsx-dr")


def test_requirements_contain_no_tools_except_pytest() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    dependencies = {Requirement(each).name for each in [*project["dependencies"], *extras["aws"], *extras["cli"]]}
    lines = [line.partition(" #")[0] for line in (ROOT / "requirements.txt").read_text().splitlines() if line[0] != "#"]

    assert lines[0] == "-e .[aws,cli]"
    assert {"boto3", "pulumi", "pulumi-aws", "pytest"} <= set(lines[1:]) <= dependencies | {"pytest"}
