"""`pulumi package add` from a folder of a git repository."""

import os
import shutil
from pathlib import Path

import pytest
import yaml

from simulator.fsx import Control

from .examples import ALONE, YAML, copy_repository, open_example
from .git_server import commit, serving
from .page import PREVIEWED, rows

pytestmark = [pytest.mark.pulumi_cli, pytest.mark.slow]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may listen at the port of https")
@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl on PATH")
def test_package_add_works_from_folder_of_git_repository(aws: Control, tmp_path: Path) -> None:
    if YAML.missing:
        pytest.skip(YAML.missing)
    repository = copy_repository(tmp_path / "pulumi-fsx-dr")
    head = commit(repository)
    project = open_example(YAML, tmp_path / "program", aws, **ALONE)

    with serving(repository, tmp_path) as trusted:
        project.environment["SSL_CERT_FILE"] = str(trusted)
        project.run("package", "add", "https://localhost/fsx/pulumi-fsx-dr.git/plugin")
    preview = project.run("preview")  # the server has stopped

    (checkout,) = project.folder.glob("home/plugins/resource-localhost_*plugin-*/")
    assert checkout.name.endswith(f"-v0.0.0-x{head}")
    assert (checkout / "plugin" / "venv").is_dir()
    assert (checkout / "components" / "pulumi_fsx_dr").is_dir()
    packages = yaml.safe_load((project.folder / "Pulumi.yaml").read_text())["packages"]
    assert packages == {"fsx-dr": f"localhost/fsx/pulumi-fsx-dr.git/plugin@{head}"}
    assert rows(preview) == PREVIEWED
