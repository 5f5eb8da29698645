"""What the package says to the Pulumi CLI about itself."""

import json
from importlib.metadata import distribution, version
from importlib.util import find_spec
from pathlib import Path

import pulumi_fsx_dr


def test_package_declares_no_plugin_to_download() -> None:
    """Without this file the CLI takes a distribution named pulumi-NAME for one with a plugin in the internet.

    It looks beside the module of the distribution's name (pulumi/pulumi, pulumi-language-python, main.go,
    pulumiPluginJSONPathsScript).
    """
    spec = find_spec(distribution("pulumi-fsx-dr").metadata["Name"].replace("-", "_"))
    assert spec
    assert spec.submodule_search_locations

    (folder,) = spec.submodule_search_locations
    assert json.loads((Path(folder) / "pulumi-plugin.json").read_text()) == {"resource": False}


def test_package_version_matches_distribution() -> None:
    assert pulumi_fsx_dr.__version__ == version("pulumi-fsx-dr")
