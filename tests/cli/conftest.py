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
    """Put a `pulumi` script with these shell commands on PATH."""

    def write(script: str) -> None:
        program = tmp_path / "pulumi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    return write


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Write outputs of stacks to files, and return the matching command line options."""

    def write(**stacks: dict[str, Any]) -> list[str]:
        for name, outputs in stacks.items():
            (tmp_path / f"{name}.json").write_text(json.dumps(outputs))
        return [argument for name in stacks for argument in ("--outputs", str(tmp_path / f"{name}.json"))]

    return write
