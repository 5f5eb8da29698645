"""`python -m simulator`: arguments, seed files and the address to paste."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.__main__ import main
from simulator.fsx import Control, FsxService, ManualClock
from simulator.fsx.seed_file import SeedFileError, seed_from

ROOT = Path(__file__).parents[2]
SIMULATOR = [sys.executable, "-m", "simulator"]


@contextmanager
def served(*options: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Yield the process of `serve`, and the lines that it printed."""
    command = [*SIMULATOR, "serve", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:  # noqa: S603  # ours
        assert process.stdout is not None
        lines: list[str] = []
        try:
            while not lines or "Ctrl-C" not in lines[-1]:
                lines.append(process.stdout.readline().rstrip("\n"))
            yield process, lines
        finally:
            process.kill()


def pasted(lines: list[str]) -> dict[str, str]:
    """Return the variables that the printed lines set in a shell."""
    script = "\n".join(line for line in lines if line.startswith("  ")) + "\nenv"
    shell = ["/bin/sh", "-eu", "-c", script]
    printed = subprocess.run(shell, env={}, capture_output=True, text=True, check=True)  # noqa: S603  # what serve printed
    return dict(line.split("=", 1) for line in printed.stdout.splitlines())


def seeded(folder: Path, text: str) -> FsxService:
    file = folder / "seed.yaml"
    file.write_text(text)
    service = FsxService(ManualClock())
    seed_from(file, service)
    return service


def test_pasted_lines_lead_to_the_seeded_account() -> None:
    with served("--port", "0", "--seed", "simulator/seed.yaml") as (process, lines):
        variables = pasted(lines)
        control = Control(variables["AWS_ENDPOINT_URL"])
        ages = [round((control.now() - backup["created"]) / 3600) for backup in control.backups("eu-central-1")]
        [file_system] = control.file_systems("eu-central-1")
        kms = control.client("kms", "eu-west-1")
        kms.describe_key(KeyId="alias/fsx-dr")
        kms.close()
        process.send_signal(signal.SIGINT)

        assert process.stdout is not None
        assert "Traceback" not in process.stdout.read()
    assert process.returncode == 0
    assert variables.keys() >= {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED"}
    assert sorted(ages) == [2, 26, 50]
    assert file_system["FileSystemId"] == "fs-0123456789abcdef0"


def test_add_backup_adds_the_newest_backup() -> None:
    with served("--port", "0", "--seed", "simulator/seed.yaml") as (_, lines):
        url = pasted(lines)["AWS_ENDPOINT_URL"]
        done = CliRunner().invoke(
            main, ["add-backup", "fs-0123456789abcdef0", "eu-central-1"], env={"AWS_ENDPOINT_URL": url}
        )
        newest = max(Control(url).backups("eu-central-1"), key=lambda backup: backup["created"])

    assert done.exit_code == 0
    assert newest["id"] in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["add-backup", "fs-1123456789abcdef0", "eu-central-1", "--endpoint", "http://127.0.0.1:1"],
        ["add-backup", "fs-1123456789abcdef0", "eu-central-1", "--endpoint", "https://fsx.eu-central-1.amazonaws.com"],
    ],
)
def test_add_backup_without_a_simulator_fails(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, arguments)

    assert (done.exit_code, type(done.exception)) == (1, SystemExit)


@pytest.mark.parametrize("arguments", [["serve", "--prot", "1"], ["serve", "--port", "x"], ["sevre"], ["demo", "now"]])
def test_wrong_arguments_are_refused(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, arguments)

    assert (done.exit_code, type(done.exception)) == (2, SystemExit)


def test_port_in_use_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(main, ["serve", "--port", port])

    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert port in done.output


def test_seed_file_may_be_json(tmp_path: Path) -> None:
    backup = {"type": "USER_INITIATED", "size_gb": 1.5, "tags": {"a": "b"}}
    document = {"us-east-1": {"file_systems": [{"type": "ONTAP", "backups": [backup]}]}}

    service = seeded(tmp_path, json.dumps(document))

    [made] = service.backups("us-east-1")
    assert (made["type"], made["tags"]) == ("USER_INITIATED", {"a": "b"})
    assert service.file_systems("us-east-1")[0]["FileSystemType"] == "ONTAP"


def test_empty_seed_file_seeds_nothing(tmp_path: Path) -> None:
    assert seeded(tmp_path, "").counts() == {}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("eu-centrl-1: {}", "eu-central-1"),
        ("[]", "seed.yaml"),
        ("a: [", "seed.yaml"),
        ("a: \x00", "seed.yaml"),
        ("eu-west-1: {file_system: []}", "file_systems"),
        ("eu-west-1: {file_systems: {}}", "file_systems"),
        ("eu-west-1: {file_systems: [fs-1]}", "file_systems[0]"),
        ("eu-west-1: {file_systems: [{id: ledger}]}", "file_systems[0].id"),
        ("eu-west-1: {file_systems: [{type: NTFS}]}", "NTFS"),
        ("eu-west-1: {file_systems: [{tags: {dr: yes}}]}", "True"),
        ("eu-west-1: {file_systems: [{id: fs-01234567}, {id: fs-01234567}]}", "file_systems[1].id"),
        ("eu-west-1: {file_systems: [{backups: [{hours_old: -1}]}]}", "backups[0].hours_old"),
        ("eu-west-1: {file_systems: [{backups: [{size_gb: .inf}]}]}", "backups[0].size_gb"),
        ("eu-west-1: {file_systems: [{backups: [{id: fs-01234567}]}]}", "backups[0].id"),
        ("eu-west-1: {file_systems: [{backups: [{type: DAILY}]}]}", "DAILY"),
        ("eu-west-1: {keys: [fsx-dr]}", "keys[0]"),
        ("eu-west-1: {keys: [alias/a, alias/a]}", "keys[1]"),
    ],
)
def test_wrong_seed_file_is_refused_with_its_place(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SeedFileError) as refused:
        seeded(tmp_path, text)

    assert named in str(refused.value)


def test_serve_with_a_wrong_seed_file_exits_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text("eu-west-1: 3")

    done = CliRunner().invoke(main, ["serve", "--seed", str(tmp_path / "seed.yaml")])

    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
