"""What users test their programs with: no network, no AWS, and answers as the provider gives them."""

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
# Reaching for anything outside fails at once, so that no test here can depend on what answers there.
NO_NETWORK = """
import socket

def refuse(*_):
    raise AssertionError("a unit test reached for the network")

socket.socket.connect = socket.getaddrinfo = refuse
"""


@pytest.fixture(autouse=True)
def _nothing_else_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # nobody listens there


@pytest.fixture
def aws() -> Iterator[testing.FakeAws]:
    with testing.fake_aws(testing.backup(BACKUP, FILE_SYSTEM, HOME, hours_old=2)) as fake:
        yield fake


def run(aws: testing.FakeAws, program: Callable[[], pulumi.Output[Any]]) -> Any:
    """Return what an output of a program is, as a unit test finds it."""
    seen: list[Any] = []
    pulumi.runtime.set_mocks(testing.Mocks(aws), project="dr", stack="test")
    pulumi.runtime.test(lambda: program().apply(seen.append))()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped
    (found,) = seen
    return found


def test_the_page_s_own_test_passes_as_it_is_written_without_network_and_credentials(tmp_path: Path) -> None:
    program, test, _own_mocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "infra.py").write_text(program)
    (tmp_path / "test_infra.py").write_text(test)
    (tmp_path / "conftest.py").write_text(NO_NETWORK)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "components"), "HOME": str(tmp_path)}

    ended = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-m", "pytest", "-q", str(tmp_path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "3 passed" in ended.stdout, ended.stdout


def test_mocks_of_one_s_own_leave_the_rest_to_ours(aws: testing.FakeAws) -> None:
    *_, own_mocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    defined: dict[str, Any] = {}
    exec(own_mocks, defined)  # noqa: S102  # the page's own words
    mocks = defined["Mocks"](aws)

    def answer(type_: str, inputs: dict[str, Any]) -> Any:
        return mocks.new_resource(pulumi.runtime.MockResourceArgs(type_, "files", inputs))

    assert answer("aws:fsx/windowsFileSystem:WindowsFileSystem", {})[1]["dnsName"] == "files.example.com"
    assert answer("aws:sns/topic:Topic", {"name": "alarm"}) == ("files-id", {"name": "alarm"})


def test_a_copy_answers_each_output_of_one_that_is_made(aws: testing.FakeAws) -> None:
    def program() -> pulumi.Output[Any]:
        copy = BackupCopy(
            "one", source_backup_id=BACKUP, source_region=HOME, region=AWAY, kms_key_id="alias/dr", tags={"team": "a"}
        )
        return pulumi.Output.all(id=copy.id, **{name: getattr(copy, name) for name in (*ARGUMENTS, *OUTPUTS)})

    found = run(aws, program)

    assert {name for name, value in found.items() if value is None} == {
        "adopt_backup_id",  # it is not adopted
        *("volume_id", "size_in_bytes"),  # of this backup FSx would tell neither
    }
    assert re.fullmatch(r"backup-[0-9a-f]{17}", found["id"])
    assert found["arn"] == f"arn:aws:fsx:{AWAY}:{testing.ACCOUNT}:backup/{found['id']}"
    assert found["kms_key_arn"].startswith(f"arn:aws:kms:{AWAY}:{testing.ACCOUNT}:key/")
    assert (found["lifecycle"], found["backup_type"], found["tags_all"]) == (
        "AVAILABLE",
        "USER_INITIATED",
        {"team": "a"},
    )
    assert found["source_creation_time"] < found["creation_time"]
    assert ownership_of(aws.backups[found["id"]].tags) == Ownership.parse(found["managed_by"])
    assert found["managed_by"].startswith(f"{testing.OWNER_ID}/")


def test_adopted_copy_has_the_ownership_tag_of_its_stack() -> None:
    source = testing.backup(BACKUP, FILE_SYSTEM, HOME, hours_old=2)
    existing = testing.backup("backup-0000000000000009a", FILE_SYSTEM, AWAY, type_="USER_INITIATED")
    existing = replace(existing, source_backup_id=BACKUP, source_region=HOME, tags={"team": "storage"})
    with testing.fake_aws(source, existing) as aws:
        copy_id = run(
            aws,
            lambda: (
                BackupCopy(
                    "one", source_backup_id=BACKUP, source_region=HOME, region=AWAY, adopt_backup_id=existing.id
                ).id
            ),
        )

    ownership = ownership_of(aws.backups[existing.id].tags)
    assert (copy_id, ownership and ownership.owner_id) == (existing.id, testing.OWNER_ID)


class PlainMocks(pulumi.runtime.Mocks):
    """What a program's tests may have that know nothing of this package's resources."""

    def call(self, _args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        return {}, []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"{args.name}-id", args.inputs


@pytest.mark.usefixtures("aws")
def test_program_runs_under_mocks_that_know_nothing_of_the_owner() -> None:
    seen: list[Any] = []
    pulumi.runtime.set_mocks(PlainMocks(), project="dr", stack="test")

    def program() -> pulumi.Output[Any]:
        single = BackupCopy("one", source_backup_id=BACKUP, source_region=HOME, region=AWAY)
        return pulumi.Output.all(single.id, DrRegion("dr", region=AWAY, sources=SOURCES).copies).apply(seen.append)

    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped

    [[single, copies]] = seen
    assert (single, [copy["source_backup_id"] for copy in copies]) == ("one-id", [BACKUP])


def test_secret_tags_and_keys_are_secret_in_the_outputs_that_repeat_them(aws: testing.FakeAws) -> None:
    secrets: dict[str, bool] = {}

    async def note(copy: BackupCopy) -> None:
        for name in ("tags", "tags_all", "kms_key_id", "kms_key_arn", "region"):
            secrets[name] = await getattr(copy, name).is_secret()

    def program() -> pulumi.Output[Any]:
        key, tag = pulumi.Output.secret("alias/dr"), pulumi.Output.secret("a")
        copy = BackupCopy(
            "one", source_backup_id=BACKUP, source_region=HOME, region=AWAY, kms_key_id=key, tags={"a": tag}
        )
        return pulumi.Output.from_input(note(copy))

    run(aws, program)

    assert secrets == {"tags": True, "tags_all": True, "kms_key_id": True, "kms_key_arn": True, "region": False}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"source_backup_id": "backup-1"}, "source_backup_id is not the id of an FSx backup"),
        ({"tags": {"aws:team": "storage"}}, "A tag key begins with 'aws:'"),
        ({"sorce_region": HOME}, "BackupCopy has no argument sorce_region"),
        ({"region": None}, "region is required: give it to the resource, or set aws:region for the stack"),
    ],
)
def test_what_the_provider_would_refuse_fails_the_test(
    aws: testing.FakeAws, changes: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    args: Any = {"source_backup_id": BACKUP, "source_region": HOME, "region": AWAY, **changes}

    with pytest.raises(InvalidSettingsError, match=f"BackupCopy one would be refused: .*{re.escape(sentence)}"):
        run(aws, lambda: BackupCopy("one", args).id)


def test_without_a_region_a_copy_is_where_the_stack_s_settings_say(aws: testing.FakeAws) -> None:
    pulumi.runtime.set_all_config({"aws:region": HOME})
    try:
        assert run(aws, lambda: BackupCopy("one", source_backup_id=BACKUP).region) == HOME
    finally:
        pulumi.runtime.set_all_config({})


def test_a_source_that_the_program_itself_makes_is_copied(aws: testing.FakeAws) -> None:
    mocks = testing.Mocks(aws)
    made, _ = mocks.new_resource(pulumi.runtime.MockResourceArgs("aws:fsx/backup:Backup", "nightly", {}))

    assert run(aws, lambda: BackupCopy("one", source_backup_id=made, region=HOME).source_backup_id) == made


def test_what_there_is_changes_from_test_to_test_under_one_set_of_mocks() -> None:
    seen: list[Any] = []
    pulumi.runtime.set_mocks(testing.Mocks(), project="dr", stack="test")
    for number in (1, 2):
        backup = testing.backup(f"backup-{number:017x}", FILE_SYSTEM, HOME)
        with testing.fake_aws(backup):
            program = pulumi.runtime.test(  # type: ignore[no-untyped-call]  # the SDK leaves it untyped
                lambda: DrRegion("dr", region=AWAY, sources=SOURCES).copies.apply(seen.append)
            )
            program()

    assert [[copy["source_backup_id"] for copy in copies] for copies in seen] == [
        ["backup-00000000000000001"],
        ["backup-00000000000000002"],
    ]


def test_backups_that_are_not_available_are_not_copied_here_either() -> None:
    failed = replace(testing.backup(BACKUP, FILE_SYSTEM, HOME), lifecycle="FAILED")
    with testing.fake_aws(failed) as aws:
        assert run(aws, lambda: DrRegion("dr", region=AWAY, sources=SOURCES).copies) == []


def test_a_file_system_without_backups_exists_if_it_is_named_and_is_an_error_if_not() -> None:
    with testing.fake_aws(file_systems={FILE_SYSTEM: HOME}) as aws:
        assert run(aws, lambda: DrRegion("dr", region=AWAY, sources=SOURCES).latest) == {}
    with testing.fake_aws() as aws, pytest.raises(InvalidSettingsError, match=FILE_SYSTEM):
        run(aws, lambda: DrRegion("dr", region=AWAY, sources=SOURCES).latest)


def test_a_restore_finds_its_backup_in_the_fake(aws: testing.FakeAws) -> None:
    pulumi.runtime.set_mocks(testing.Mocks(aws), project="dr", stack="test")

    assert find_backup(BACKUP, HOME) == aws.backups[BACKUP]


def test_it_does_all_that_fsx_is_asked(aws: testing.FakeAws) -> None:
    fsx = aws.region(HOME)
    arn = aws.backups[BACKUP].arn

    fsx.tag(arn, {"team": "storage", "stage": "prod"})
    fsx.untag(arn, ["stage", "never there"])

    assert fsx.look_up([BACKUP])[BACKUP].tags == {"team": "storage"}  # type: ignore[union-attr]  # no error here
    assert fsx.account() == testing.ACCOUNT
    assert fsx.file_system_exists(FILE_SYSTEM)
    assert list(aws.region(AWAY).backups()) == []
    fsx.delete(BACKUP)
    assert list(fsx.backups(FILE_SYSTEM)) == []


def test_at_its_end_programs_find_what_they_found_before(aws: testing.FakeAws) -> None:
    pulumi.runtime.set_mocks(testing.Mocks(aws), project="dr", stack="test")
    with testing.fake_aws():
        assert find_backup(BACKUP, HOME) is None

    assert find_backup(BACKUP, HOME) == aws.backups[BACKUP]


def test_sources_by_tag_select_among_the_file_systems_of_the_fake() -> None:
    ledger, scratch, empty = (f"fs-0000000000000000{n}" for n in range(3))
    backups = [
        testing.backup(f"backup-0000000000000000{n}", fs, "eu-central-1") for n, fs in enumerate((ledger, scratch))
    ]
    tags = {ledger: {"dr": "yes"}, empty: {"dr": "yes"}}

    with testing.fake_aws(*backups, file_systems={empty: "eu-central-1"}, tags=tags) as aws:
        region = aws.region("eu-central-1")
        assert region.file_systems() == {ledger: {"dr": "yes"}, scratch: {}, empty: {"dr": "yes"}}
        assert aws.region("eu-west-1").file_systems() == {}
