"""`pulumi package add` from a folder of a git repository."""

import os
import shutil
import subprocess
import venv
from pathlib import Path

import pytest
import yaml

from simulator.fsx import Control

from .examples import ALONE, YAML, copy_repository, open_example
from .git_server import commit, serving
from .page import PREVIEWED, rows

pytestmark = [
    pytest.mark.pulumi_cli,
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may listen at the port of https"),
    pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl on PATH"),
]
NAME = "pulumi-fsx-dr"
URL = f"https://localhost/fsx/{NAME}.git"


@pytest.fixture
def tagged(tmp_path: Path) -> Path:
    if YAML.missing:
        pytest.skip(YAML.missing)
    repository = copy_repository(tmp_path / NAME)
    commit(repository, "v0.1.0")
    return repository


def test_package_add_works_from_folder_of_git_repository(aws: Control, tagged: Path, tmp_path: Path) -> None:
    project = open_example(YAML, tmp_path / "program", aws, **ALONE)

    with serving(tagged, tmp_path) as trusted:
        project.environment["SSL_CERT_FILE"] = str(trusted)
        project.run("package", "add", f"{URL}/plugin@v0.1.0")
    preview = project.run("preview")  # the server has stopped

    (checkout,) = project.folder.glob("home/plugins/resource-localhost_*plugin-*/")
    assert checkout.name.endswith("-v0.1.0")
    assert (checkout / "plugin" / "venv").is_dir()
    assert (checkout / "components" / "pulumi_fsx_dr").is_dir()
    packages = yaml.safe_load((project.folder / "Pulumi.yaml").read_text())["packages"]
    assert packages == {"fsx-dr": "localhost/fsx/pulumi-fsx-dr.git/plugin@v0.1.0"}
    assert rows(preview) == PREVIEWED


def test_pip_installs_tag_of_git_repository(tagged: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", f"{NAME}[cli] @ git+{URL}@v0.1.0"]

    with serving(tagged, tmp_path) as trusted:
        subprocess.run(install, env=os.environ | ALONE | {"GIT_SSL_CAINFO": str(trusted)}, check=True)  # noqa: S603  # our own

    command = tmp_path / "venv" / "bin" / "fsx-dr"
    assert subprocess.run([command, "--help"], env=os.environ | ALONE, check=True, capture_output=True).stdout  # noqa: S603  # our own
