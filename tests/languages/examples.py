"""The example stack in four languages, and its requirements."""

import functools
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from simulator.fsx import Control
from simulator.fsx.actions import GIB
from simulator.project import ROOT, Project

EXAMPLES = ROOT / "examples" / "languages"
ALONE = {"PYTHONPATH": ""}  # so that the plugin finds the package in its own virtual environment only
DR = "eu-west-1"
KEY = "alias/fsx-dr"
NEWEST, OLDER, OLDEST, OTHER = (
    "backup-0123456789abcdef3",
    "backup-0123456789abcdef2",
    "backup-0123456789abcdef0",
    "backup-0123456789abcdef1",
)
_DAY = 24 * 3600
_PYPI = (sys.executable, "-m", "pip", "index", "versions", "pulumi")
_NPM = ("npm", "view", "@pulumi/pulumi", "version")
_GO = ("go", "list", "-m", "github.com/pulumi/pulumi/sdk/v3@v3.256.0")


@dataclass(frozen=True)
class Example:
    """The stack in one language.

    Attributes:
        language: the folder of the example, and the name of its section in docs/languages.md.
        program: the file that declares the stack.
        host: the language host that the Pulumi CLI starts.
        needs: commands that succeed if package manager and registry are available.
    """

    language: str
    program: str
    host: str
    needs: tuple[tuple[str, ...], ...] = ()

    @property
    def folder(self) -> Path:
        """Where it is in this repository."""
        return EXAMPLES / self.language

    @property
    def missing_host(self) -> str:
        """The program of Pulumi that is not on PATH, "" if none."""
        missing = [program for program in ("pulumi", self.host) if not shutil.which(program)]
        return f"there is no {missing[0]} on PATH" if missing else ""

    @property
    def missing(self) -> str:
        """The missing requirement, or ""."""
        failed = (" ".join(command) for command in (_PYPI, *self.needs) if not _succeeds(command))
        return self.missing_host or next((f"no answer to: {command}" for command in failed), "")


YAML, TYPESCRIPT, GO, PYTHON = EVERY_EXAMPLE = (
    Example("yaml", "Pulumi.yaml", "pulumi-language-yaml"),
    Example("typescript", "index.ts", "pulumi-language-nodejs", (_NPM,)),
    Example("go", "main.go", "pulumi-language-go", (_GO,)),
    Example("python", "__main__.py", "pulumi-language-python"),
)


def seed(aws: Control) -> None:
    """Make what the examples name, as in simulator/seed.yaml: two file systems with their backups, and a key."""
    first = aws.seed_file_system("eu-central-1", file_system_id="fs-0123456789abcdef0")
    for days, backup in enumerate((NEWEST, OLDER, OLDEST)):
        created, size = time.time() - days * _DAY, (42 - days) * GIB
        aws.seed_backup("eu-central-1", first, backup_id=backup, created=created, size_in_bytes=size)
    other = aws.seed_file_system("us-east-1", file_system_id="fs-0123456789abcdef1")
    aws.seed_backup("us-east-1", other, backup_id=OTHER, created=time.time(), size_in_bytes=20 * GIB)
    keys = aws.client("kms", DR)
    keys.create_alias(AliasName=KEY, TargetKeyId=keys.create_key()["KeyMetadata"]["KeyId"])
    keys.close()


def open_example(example: Example, folder: Path, aws: Control, **variables: str) -> Project:
    """Copy an example into a folder, with an empty stack `dev` that works in the simulator."""
    shutil.copytree(example.folder, folder, dirs_exist_ok=True)
    variables |= {"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "false"}
    project = Project.create(folder, ["pulumi"], aws.environment() | variables)
    project.run("config", "set", "kmsKeyId", KEY)
    return project


def copy_repository(folder: Path) -> Path:
    """Copy what a checkout of this repository has and the plugin needs, and return its folder."""
    ignored = shutil.ignore_patterns("__pycache__", "venv", "*.egg-info")
    for name in ("components", "plugin"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


@functools.cache
def _succeeds(command: tuple[str, ...]) -> bool:
    if not (program := shutil.which(command[0])):
        return False
    asked = subprocess.run([program, *command[1:]], capture_output=True, check=False)  # noqa: S603 - one of those above
    return asked.returncode == 0
