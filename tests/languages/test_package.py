"""What `pulumi package add` needs of the plugin's folder, without a CLI."""

import json

import yaml
from fsx_dr_plugin.schema import schema

from simulator.project import ROOT

PLUGIN = ROOT / "plugin"


def test_plugin_installs_package_of_its_checkout() -> None:
    """Of a git repository the CLI keeps the whole tree, whatever the subfolder, and pip runs in that.

    (pulumi/pulumi, sdk/go/common/workspace/plugins.go, gitSource.Download; sdk/python/toolchain/pip.go,
    InstallDependencies.) Editable, so that after a `git pull` plugin and package are of one commit again.
    """
    lines = (PLUGIN / "requirements.txt").read_text().splitlines()

    assert [line for line in lines if not line.startswith("#")] == ["-e .."]
    assert (PLUGIN / ".." / "pyproject.toml").resolve() == ROOT / "pyproject.toml"


def test_plugin_has_own_virtual_environment() -> None:
    """Unless they are named, pulumi-language-python takes no virtualenv for GetRequiredPackages of a plugin.

    (main.go, GetRequiredPackages: parseOptions for a program; toolchain.go, ResolveToolchain.)
    """
    project = yaml.safe_load((PLUGIN / "PulumiPlugin.yaml").read_text())

    assert project["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": "venv"}}


def test_generated_python_sdk_has_own_module_name() -> None:
    assert schema()["language"]["python"]["packageName"] == "pulumi_fsx_dr_sdk"


def test_schema_generates_source_inputs_for_go() -> None:
    """Go's generator leaves SourceArgs out where all lists of it are plain, and uses it all the same.

    (pulumi/pulumi, pkg/codegen/go/gen.go, populateDetailsForPropertyTypes.)
    """
    made = schema()

    assert made["resources"]["fsx-dr:index:DrRegion"]["inputProperties"]["sources"]["plain"]
    assert made["language"]["go"]["generateExtraInputTypes"]


def test_schema_descriptions_use_camel_case() -> None:
    made = json.dumps(schema())

    assert [name for name in ("backup_id", "file_system_id", "kms_key_id", "copy_tags") if name in made] == []
