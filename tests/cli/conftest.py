import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.world import World

FakePulumi = Callable[[str], None]
Written = Callable[..., list[str]]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def fake_pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    """Put a `pulumi` on PATH that runs the given shell commands."""

    def write(script: str) -> None:
        program = tmp_path / "pulumi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    return write


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Write the outputs of stacks to files, and return the options that name these."""

    def write(**stacks: dict[str, Any]) -> list[str]:
        for name, outputs in stacks.items():
            (tmp_path / f"{name}.json").write_text(json.dumps(outputs))
        return [argument for name in stacks for argument in ("--outputs", str(tmp_path / f"{name}.json"))]

    return write
