"""The commands of the Pulumi CLI that the tests and the demo use."""

import json
import os
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from simulator.fake_engine.project_file import ProjectFile
from simulator.fake_engine.stack import Stack, write


@click.group()
def main() -> None:
    """Run a program's dynamic resources without the Pulumi CLI, in the project of the working directory."""
    click.echo("fake engine: a small Pulumi engine for machines without the CLI", err=True)
    _refuse_real_endpoints()


def _refuse_real_endpoints() -> None:
    urls = {name: url for name, url in os.environ.items() if name.startswith("AWS_ENDPOINT_URL")}
    real = [name for name, url in urls.items() if urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}]
    if "AWS_ENDPOINT_URL" not in urls or real or "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" in os.environ:
        names = ", ".join(real) or "AWS_ENDPOINT_URL"
        raise click.ClickException(f"The fake engine does not call AWS. Set {names} to a loopback address.")


def _file(name: str | None = None) -> Path:
    """Return the state file of ``name``, or of the selected stack."""
    backend = os.environ.get("PULUMI_BACKEND_URL", "")
    if not backend.startswith("file://"):
        raise click.ClickException("The fake engine keeps its state in files. Set PULUMI_BACKEND_URL to file://DIR.")
    folder = Path(backend.removeprefix("file://")) / "fake-engine" / ProjectFile(Path.cwd()).name
    folder.mkdir(parents=True, exist_ok=True)
    selected = folder / "selected"
    name = name or (selected.read_text() if selected.exists() else "")
    return folder / f"{name}.json"


def _run(verb: str, **options: Any) -> None:
    from simulator.fake_engine.running import run  # noqa: PLC0415 - loading the SDK would delay the other commands

    run(verb, _file(), **options)


for _verb in ("preview", "up", "refresh", "destroy"):
    main.add_command(
        click.Command(
            _verb,
            callback=partial(_run, _verb),
            params=[
                click.Option(["-y", "--yes"], is_flag=True, expose_value=False),
                click.Option(["--skip-preview"], is_flag=True),
                click.Option(["--diff"], is_flag=True),
                click.Option(["--json", "as_json"], is_flag=True),
                click.Option(["--refresh"], is_flag=True),
                click.Option(["--expect-no-changes"], is_flag=True),
                click.Option(["--replace", "targets"], multiple=True),
                click.Option(["-p", "--parallel"], default=4 * (os.cpu_count() or 1)),
            ],
        )
    )


@main.command()
@click.option("-y", "--yes", is_flag=True, expose_value=False)
def cancel() -> None:
    """Remove the lock of a killed run."""
    Stack(_file()).lock.unlink(missing_ok=True)


@main.group("stack")
def stack_() -> None:
    """Create and inspect stacks."""


@stack_.command()
@click.argument("name")
def init(name: str) -> None:
    """Create a stack and select it."""
    if _file(name).exists():
        raise click.ClickException(f"stack '{name}' already exists")
    write(_file(name), [], [])
    _file().with_name("selected").write_text(name)


@stack_.command()
@click.option("-j", "--json", is_flag=True, required=True)
def output(**_always: bool) -> None:
    """Print the stack's outputs."""
    outputs = [state["outputs"] for state in Stack(_file()).old if state["type"] == "pulumi:pulumi:Stack"]
    click.echo(json.dumps(outputs[0] if outputs else {}, indent=2))


@stack_.command()
def export() -> None:
    """Print the state."""
    click.echo(_file().read_text())


@main.group()
def config() -> None:
    """Change the stack's configuration."""


@config.command("set")
@click.argument("key")
@click.argument("value")
@click.option("--path", is_flag=True)
def set_(key: str, value: str, *, path: bool) -> None:
    """Write one value."""
    ProjectFile(Path.cwd()).set(_file().stem, key, value, path=path)
