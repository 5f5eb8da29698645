"""`python -m simulator serve` serves other processes at one address."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import URLError

import pytest
from botocore.exceptions import ClientError

from simulator.fsx import Control, running
from simulator.fsx.fixtures import AWAY, HOME

REGIONS = ["eu-central-1", "eu-west-2", "us-east-1"]


@pytest.fixture(scope="module")
def control() -> Iterator[Control]:
    with running(copy_seconds=0, user_initiated_backups=10_000) as control:
        yield control


@pytest.fixture
def source(control: Control) -> str:
    return control.seed_backup(HOME, control.seed_file_system(HOME, "LUSTRE"))


def copy(client: Any, source: str) -> str:
    made: str = client.copy_backup(SourceBackupId=source, SourceRegion=HOME)["Backup"]["BackupId"]
    return made


def test_one_url_serves_all_regions_and_services(control: Control, source: str) -> None:
    control.set_tags(HOME, source, {"a": "b"})
    home, fsx, kms, sts = clients = [
        control.client("fsx", HOME),
        *(control.client(service, AWAY) for service in ("fsx", "kms", "sts")),
    ]

    made = copy(fsx, source)
    key = kms.describe_key(KeyId="alias/aws/fsx")["KeyMetadata"]["Arn"]
    account = sts.get_caller_identity()["Account"]
    (seen,) = home.describe_backups(BackupIds=[source])["Backups"]
    for client in clients:
        client.close()

    view = control.backup(AWAY, made)
    assert (view["kms_key_arn"], view["source_region"], account) == (key, HOME, "123456789012")
    assert seen["Tags"] == [{"Key": "a", "Value": "b"}]


def test_concurrent_clients_get_their_own_copies(control: Control, source: str) -> None:
    clients = {region: control.client("fsx", region) for region in REGIONS}

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: copy(clients[REGIONS[number % 3]], source), range(300)))
    for client in clients.values():
        client.close()

    known = {view["id"] for region in REGIONS for view in control.backups(region)}
    assert len(set(made)) == 300
    assert known >= set(made)


def test_control_raises_refused_actions(control: Control) -> None:
    with pytest.raises(ValueError, match="fs-1"):
        control.seed_backup(HOME, "fs-1")
    with pytest.raises(ValueError, match="colour"):
        control.configure(colour="red")


def test_fault_set_by_control_affects_clients(control: Control) -> None:
    control.add_fault("expired", "DescribeBackups", region=HOME, times=1)
    client = control.client("fsx", HOME, access_key="stranger")

    with pytest.raises(ClientError, match="ExpiredTokenException"):
        client.describe_backups()
    client.close()

    assert control.journal(HOME, "DescribeBackups")[-1]["access_key"] == "stranger"


def test_process_exits_with_its_context() -> None:
    with running() as control:
        assert control.running_copies() == {}

    with pytest.raises(URLError):
        control.running_copies()


def test_process_exits_with_standard_input() -> None:
    command = [sys.executable, "-m", "simulator", "serve", "--attached", "--port", "0"]

    ended = subprocess.run(command, input="", capture_output=True, text=True, check=True, timeout=120)  # noqa: S603 - ours

    assert ended.stdout.startswith("http://127.0.0.1:")
    assert ended.stdout.count("\n") == 1
