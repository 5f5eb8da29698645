"""Requirements of `pulumi package add` on the plugin folder, tested without a CLI."""

import json

import yaml
from fsx_dr_plugin.schema import schema

from simulator.project import ROOT

PLUGIN = ROOT / "plugin"


def test_plugin_installs_package_of_its_checkout() -> None:
    """From a git repository, the CLI keeps the whole tree and runs pip in the plugin folder.

    (pulumi/pulumi, sdk/go/common/workspace/plugins.go, gitSource.Download; sdk/python/toolchain/pip.go,
    InstallDependencies.) The install is editable so that plugin and package have the same commit after a `git pull`.
    """
    lines = (PLUGIN / "requirements.txt").read_text().splitlines()

    assert [line for line in lines if not line.startswith("#")] == ["-e .."]
    assert (PLUGIN / ".." / "pyproject.toml").resolve() == ROOT / "pyproject.toml"


def test_plugin_has_own_virtual_environment() -> None:
    """Without these options, pulumi-language-python uses no virtualenv for GetRequiredPackages of a plugin.

    (main.go, GetRequiredPackages: parseOptions for a program; toolchain.go, ResolveToolchain.)
    """
    project = yaml.safe_load((PLUGIN / "PulumiPlugin.yaml").read_text())

    assert project["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": "venv"}}


def test_schema_generates_source_inputs_for_go() -> None:
    """Go's generator omits SourceArgs if all lists of it are plain, but still refers to it.

    (pulumi/pulumi, pkg/codegen/go/gen.go, populateDetailsForPropertyTypes.)
    """
    made = schema()

    assert made["resources"]["fsx-dr:index:DrRegion"]["inputProperties"]["sources"]["plain"]
    assert made["language"]["go"]["generateExtraInputTypes"]


def test_schema_descriptions_use_camel_case() -> None:
    made = json.dumps(schema())

    assert [name for name in ("backup_id", "file_system_id", "kms_key_id", "copy_tags") if name in made] == []
