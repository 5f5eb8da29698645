"""The helpers for users' unit tests need no network and no AWS, and answer as the provider does."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi_fsx_dr import BackupCopy, DrRegion, Source, testing
from pulumi_fsx_dr.copies.arguments import ARGUMENTS
from pulumi_fsx_dr.copies.outputs import OUTPUTS
from pulumi_fsx_dr.copies.ownership import Ownership, ownership_of
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.restore.restored_file_system import find_backup

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "testing.md").read_text()
FILE_SYSTEM, BACKUP = "fs-0123456789abcdef0", "backup-0123456789abcdef0"
HOME, AWAY = "eu-central-1", "eu-west-1"
SOURCES: list[Source] = [{"file_system_id": FILE_SYSTEM, "region": HOME}]
NO_NETWORK = """
import socket

def refuse(*_):
    raise AssertionError("a unit test reached for the network")

socket.socket.connect = socket.getaddrinfo = refuse
"""


@pytest.fixture(autouse=True)
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # a closed port


@pytest.fixture
def aws() -> Iterator[testing.FakeAws]:
    with testing.fake_aws(testing.backup(BACKUP, FILE_SYSTEM, HOME, hours_old=2)) as fake:
        yield fake


def run(program: Callable[[], pulumi.Output[Any]], mocks: pulumi.runtime.Mocks) -> Any:
    """Return the value of an output of a program, as a unit test does."""
    seen: list[Any] = []
    pulumi.runtime.set_mocks(mocks, project="dr", stack="test")
    pulumi.runtime.test(lambda: program().apply(seen.append))()  # type: ignore[no-untyped-call]  # the SDK has no types
    (found,) = seen
    return found


def copy_of(backup_id: str = BACKUP, **more: Any) -> BackupCopy:
    args: Any = {"source_backup_id": backup_id, "source_region": HOME, "region": AWAY, **more}
    return BackupCopy("one", args)


def region_of(name: str = "dr") -> DrRegion:
    return DrRegion(name, region=AWAY, sources=SOURCES)


def test_documented_test_passes_offline(tmp_path: Path) -> None:
    program, test, _own_mocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    for name, text in {"infra.py": program, "test_infra.py": test, "conftest.py": NO_NETWORK}.items():
        (tmp_path / name).write_text(text)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "components"), "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", str(tmp_path)]

    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # our own interpreter

    assert "2 passed" in ended.stdout, ended.stdout


def test_derived_mocks_fall_back_to_package_mocks(aws: testing.FakeAws) -> None:
    *_, own_mocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    defined: dict[str, Any] = {}
    exec(own_mocks, defined)  # noqa: S102  # code of the page
    mocks = defined["Mocks"](aws)

    def answer(type_: str, inputs: dict[str, Any]) -> Any:
        return mocks.new_resource(pulumi.runtime.MockResourceArgs(type_, "files", inputs))

    assert answer("aws:fsx/windowsFileSystem:WindowsFileSystem", {})[1]["dnsName"] == "files.example.com"
    assert answer("aws:sns/topic:Topic", {"name": "alarm"}) == ("files-id", {"name": "alarm"})


def test_copy_has_all_outputs(aws: testing.FakeAws) -> None:
    def program() -> pulumi.Output[Any]:
        copy = copy_of(kms_key_id="alias/dr", tags={"team": "a"})
        return pulumi.Output.all(id=copy.id, **{name: getattr(copy, name) for name in (*ARGUMENTS, *OUTPUTS)})

    found = run(program, testing.Mocks(aws))

    # It is not adopted, and FSx would return neither volume nor size for this backup.
    unknown = {name for name, value in found.items() if value is None}
    assert unknown == {"adopt_backup_id", "volume_id", "size_in_bytes"}
    assert re.fullmatch(r"backup-[0-9a-f]{17}", found["id"])
    assert found["arn"] == f"arn:aws:fsx:{AWAY}:{testing.ACCOUNT}:backup/{found['id']}"
    assert found["kms_key_arn"].startswith(f"arn:aws:kms:{AWAY}:{testing.ACCOUNT}:key/")
    assert (found["lifecycle"], found["backup_type"]) == ("AVAILABLE", "USER_INITIATED")
    assert found["tags_all"] == {"team": "a"}
    assert found["source_creation_time"] < found["creation_time"]
    assert ownership_of(aws.backups[found["id"]].tags) == Ownership.parse(found["managed_by"])
    assert found["managed_by"].startswith(f"{testing.OWNER_ID}/")


def test_adopted_copy_has_ownership_tag_of_stack() -> None:
    source = testing.backup(BACKUP, FILE_SYSTEM, HOME, hours_old=2)
    existing = testing.backup("backup-0000000000000009a", FILE_SYSTEM, AWAY, type_="USER_INITIATED")
    existing = replace(existing, source_backup_id=BACKUP, source_region=HOME, tags={"team": "storage"})
    with testing.fake_aws(source, existing) as aws:
        copy_id = run(lambda: copy_of(adopt_backup_id=existing.id).id, testing.Mocks(aws))

    ownership = ownership_of(aws.backups[existing.id].tags)
    assert (copy_id, ownership and ownership.owner_id) == (existing.id, testing.OWNER_ID)


class PlainMocks(pulumi.runtime.Mocks):
    """Mocks without knowledge of this package's resources."""

    def call(self, _args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        return {}, []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"{args.name}-id", args.inputs


@pytest.mark.usefixtures("aws")
def test_program_runs_under_other_mocks() -> None:
    single, copies = run(lambda: pulumi.Output.all(copy_of().id, region_of().copies), PlainMocks())

    assert (single, [copy["source_backup_id"] for copy in copies]) == ("one-id", [BACKUP])


def test_outputs_that_repeat_secrets_are_secret(aws: testing.FakeAws) -> None:
    secrets: dict[str, bool] = {}

    async def note(copy: BackupCopy) -> None:
        for name in ("tags", "tags_all", "kms_key_id", "kms_key_arn", "region"):
            secrets[name] = await getattr(copy, name).is_secret()

    def program() -> pulumi.Output[Any]:
        secret = pulumi.Output.secret
        return pulumi.Output.from_input(note(copy_of(kms_key_id=secret("alias/dr"), tags={"a": secret("a")})))

    run(program, testing.Mocks(aws))

    assert secrets == {"tags": True, "tags_all": True, "kms_key_id": True, "kms_key_arn": True, "region": False}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"source_backup_id": "backup-1"}, "source_backup_id"),
        ({"tags": {"aws:team": "storage"}}, "aws:"),
        ({"sorce_region": HOME}, "sorce_region"),
        ({"region": None}, "aws:region"),
    ],
)
def test_mocks_refuse_same_arguments_as_provider(
    aws: testing.FakeAws, changes: dict[str, Any], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)

    with pytest.raises(InvalidSettingsError, match=f"BackupCopy one.*{named}"):
        run(lambda: copy_of(**changes).id, testing.Mocks(aws))


def test_region_of_copy_defaults_to_stack_region(aws: testing.FakeAws) -> None:
    pulumi.runtime.set_all_config({"aws:region": HOME})

    assert run(lambda: copy_of(region=None).region, testing.Mocks(aws)) == HOME


def test_backup_made_by_program_is_copied(aws: testing.FakeAws) -> None:
    mocks = testing.Mocks(aws)
    made, _ = mocks.new_resource(pulumi.runtime.MockResourceArgs("aws:fsx/backup:Backup", "nightly", {}))

    assert run(lambda: copy_of(made).source_backup_id, mocks) == made


def test_backups_may_change_under_same_mocks() -> None:
    mocks, seen = testing.Mocks(), []
    for number in (1, 2):
        with testing.fake_aws(testing.backup(f"backup-{number:017x}", FILE_SYSTEM, HOME)):
            seen += run(lambda: region_of().copies, mocks)

    assert [copy["source_backup_id"] for copy in seen] == ["backup-00000000000000001", "backup-00000000000000002"]


def test_failed_backup_is_not_copied() -> None:
    failed = replace(testing.backup(BACKUP, FILE_SYSTEM, HOME), lifecycle="FAILED")
    with testing.fake_aws(failed) as aws:
        assert run(lambda: region_of().copies, testing.Mocks(aws)) == []


def test_file_system_exists_only_in_fake() -> None:
    with testing.fake_aws(file_systems={FILE_SYSTEM: HOME}) as aws:
        assert run(lambda: region_of().latest, testing.Mocks(aws)) == {}
    with testing.fake_aws() as aws, pytest.raises(InvalidSettingsError, match=FILE_SYSTEM):
        run(lambda: region_of().latest, testing.Mocks(aws))


def test_fake_tags_finds_and_deletes_backups(aws: testing.FakeAws) -> None:
    fsx = aws.region(HOME)
    arn = aws.backups[BACKUP].arn

    fsx.tag(arn, {"team": "storage", "stage": "prod"})
    fsx.untag(arn, ["stage", "never there"])

    assert fsx.find_or_error([BACKUP])[BACKUP].tags == {"team": "storage"}  # type: ignore[union-attr]  # no error here
    assert fsx.account() == testing.ACCOUNT
    assert fsx.file_system_exists(FILE_SYSTEM)
    assert list(aws.region(AWAY).backups()) == []
    fsx.delete(BACKUP)
    assert list(fsx.backups()) == []


def test_nested_fake_restores_outer_one(aws: testing.FakeAws) -> None:
    pulumi.runtime.set_mocks(testing.Mocks(aws), project="dr", stack="test")
    with testing.fake_aws():
        assert find_backup(BACKUP, HOME) is None

    assert find_backup(BACKUP, HOME) == aws.backups[BACKUP]


def test_fake_has_tagged_file_systems() -> None:
    ledger, scratch, empty = (f"fs-0000000000000000{n}" for n in range(3))
    backups = [
        testing.backup(f"backup-0000000000000000{n}", fs, "eu-central-1") for n, fs in enumerate((ledger, scratch))
    ]
    tags = {ledger: {"dr": "yes"}, empty: {"dr": "yes"}}

    with testing.fake_aws(*backups, file_systems={empty: "eu-central-1"}, tags=tags) as aws:
        region = aws.region("eu-central-1")
        found = {name: file_system.tags for name, file_system in region.file_systems().items()}
        assert found == {ledger: {"dr": "yes"}, scratch: {}, empty: {"dr": "yes"}}
        assert aws.region("eu-west-1").file_systems() == {}
