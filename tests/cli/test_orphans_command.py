from collections.abc import Callable
from pathlib import Path

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from rich.console import Console

from tests.backups import OTHER_OWNER_ID, OWNER_ID, owned
from tests.cli.world import STATE, World, error_of

SEARCH = ("orphans", "--region", "eu-west-1", "--state", STATE)


def test_orphans_exits_0_without_orphans(world: World) -> None:
    world.copy()

    assert world.run(*SEARCH).exit_code == 0


@pytest.mark.parametrize("owner_id", [OWNER_ID, OTHER_OWNER_ID], ids=["resumable", "unknown"])
def test_orphans_shows_check_before_commands(world: World, owner_id: str) -> None:
    orphan = world.copy(owned(owner_id=owner_id))
    world.service.clock.sleep(3 * 3600)

    result = world.run(*SEARCH, "--all-states")

    assert result.exit_code == 1
    assert [text in result.stdout for text in ("“files/dev/monday”", "3 hours", "10 GiB")] == [True] * 3
    texts = (
        "no other state",
        f'"adopt_backup_id": "{orphan}"',
        f"--backup-id {orphan}",
    )
    places = [result.stdout.find(text) for text in texts]
    assert places[0] > 0
    assert places == sorted(places)


def test_orphans_offers_delete_of_copies_only(world: World) -> None:
    backup = world.service.seed_backup("eu-west-1", world.service.seed_file_system("eu-west-1"), tags=owned())
    world.copy(owned())

    result = world.run(*SEARCH, "--all-states")

    assert "delete-backup" in result.stdout
    assert backup not in result.stdout


@pytest.mark.parametrize("owner_id", [OWNER_ID, OTHER_OWNER_ID], ids=["moved", "moved and updated"])
def test_orphans_offers_delete_only_with_all_states(world: World, owner_id: str) -> None:
    """`pulumi state move` moves the entry; the next `up` of the new stack writes its owner id into the tag."""
    moved = world.copy(owned("files/other/monday", owner_id))

    result = world.run(*SEARCH)

    assert moved in result.stdout
    assert "delete-backup" not in result.stdout
    assert "--all-states" in result.stdout
    assert world.json(*SEARCH, "--json")["orphans"][0]["delete"] is None
    assert moved in world.json(*SEARCH, "--all-states", "--json")["orphans"][0]["delete"]


def test_orphans_quotes_tag_text(world: World) -> None:
    world.copy({OWNERSHIP_TAG: "::error file=prod::delete it"})

    lines = [line for line in world.run(*SEARCH).stdout.splitlines() if "file=prod" in line]

    assert lines
    assert [line for line in lines if "“" not in line] == []
    assert world.json(*SEARCH, "--json")["orphans"][0]["owner_id"] is None


def test_orphans_offers_no_adoption_of_failed_copy(world: World) -> None:
    orphan = world.copy(owned())
    world.service.set_lifecycle("eu-west-1", orphan, "FAILED", "no such key")

    [described] = world.json(*SEARCH, "--json")["orphans"]

    assert (described["backup_id"], described["lifecycle"], described["adopt"]) == (orphan, "FAILED", None)
    assert orphan in described["delete"], "the copy contains no data"


def test_orphans_reads_states_from_stdin_and_from_pulumi(world: World, fake_pulumi: Callable[[str], None]) -> None:
    world.copy(owned())
    fake_pulumi(f'[ "$*" = "stack export --non-interactive --stack dev" ] && cat {STATE}')

    from_pulumi = world.json("orphans", "--region", "eu-west-1", "--stack", "dev", "--json")
    from_stdin = world.json("orphans", "--region", "eu-west-1", "--state", "-", "--json", stdin=Path(STATE).read_text())

    assert from_pulumi == from_stdin
    assert from_stdin["orphans"][0]["status"] == "resumable"


def test_orphans_fails_for_unreachable_region(world: World) -> None:
    world.service.make_unreachable("eu-north-1")

    assert "eu-north-1" in error_of(world.run(*SEARCH, "--region", "eu-north-1"))


def test_orphans_requires_state(world: World) -> None:
    result = world.run("orphans", "--region", "eu-west-1")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "--state" in result.stderr


@pytest.mark.parametrize("columns", [80, 120])
def test_orphans_never_breaks_ids(world: World, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    orphan = world.copy(owned("files/production-of-the-west/dr-backup-0123456789abcdef0"), region="ap-southeast-1")
    world.service.clock.sleep(75 * 3600)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(Console, "is_terminal", True)

    shown = world.run("orphans", "--region", "ap-southeast-1", "--state", STATE, "--all-states").stdout

    lines = shown.splitlines()
    assert max(map(len, lines)) <= columns
    assert len([line for line in lines if orphan in line]) == 4  # table, heading, adoption and deletion
    command = shown.replace("\\\n", "").split()
    assert " ".join(command[command.index("aws") :]) == (
        f"aws fsx delete-backup --region ap-southeast-1 --backup-id {orphan}"
    )


def test_orphans_refuses_unknown_region(world: World) -> None:
    assert "eu-west-1" in error_of(world.run("orphans", "--region", "eu-west", "--state", STATE))
