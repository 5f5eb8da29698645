import json
from typing import Any

import click
import pytest
from click.testing import Result
from pulumi_fsx_dr.cli.watch import Poll, running
from pulumi_fsx_dr.fsx.backup import Backup
from rich.console import Console

from tests.backups import NOW, copy, hours_ago
from tests.cli.world import OUTPUTS, World, error_of


def polls(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_watch_polls_until_last_copy_finishes(world: World) -> None:
    started = world.copy()

    result = world.run("watch", "--region", "eu-west-1", "--every", "150", "--json")

    seen = [[(c["backup_id"], c["percent"], c["elapsed_seconds"]) for c in poll["copies"]] for poll in polls(result)]
    assert seen == [[(started, None, 0.0)], [(started, 25, 150.0)], [(started, 50, 300.0)], [(started, 75, 450.0)], []]
    assert result.exit_code == 0


def test_watch_estimates_remaining_time(world: World) -> None:
    world.copy()
    world.service.clock.sleep(150)

    [poll] = polls(world.run("watch", "--region", "eu-west-1", "--once", "--json"))

    assert poll["copies"][0]["remaining_seconds"] == 450.0


def test_watch_polls_all_regions_of_outputs(world: World) -> None:
    copies = {world.copy(region=region) for region in ("eu-west-1", "eu-north-1")}

    [poll] = polls(world.run("watch", "--outputs", OUTPUTS, "--once", "--json"))

    assert {copy["backup_id"] for copy in poll["copies"]} == copies


def test_watch_shows_id_percentage_and_time(world: World) -> None:
    started = world.copy()
    world.service.clock.sleep(240)

    result = world.run("watch", "--region", "eu-west-1", "--once")

    assert [text in result.stdout for text in (started, "40%", "4 min")] == [True] * 3


def test_watch_polls_unreachable_region_again(world: World) -> None:
    world.copy()
    world.service.add_fault("throttled", "DescribeBackups", seconds=400)

    first, last = polls(world.run("watch", "--region", "eu-west-1", "--every", "700", "--json"))

    assert "ThrottlingException" in first["unreachable"]["eu-west-1"]
    assert last == {"time": last["time"], "copies": [], "unreachable": {}}


def test_watch_once_fails_for_unreachable_region(world: World) -> None:
    world.service.make_unreachable("eu-west-1")

    assert "eu-west-1" in error_of(world.run("watch", "--region", "eu-west-1", "--once"))


def test_watch_fails_for_region_that_refuses(world: World) -> None:
    world.service.add_fault("access_denied", "DescribeBackups")

    assert "fsx:DescribeBackups" in error_of(world.run("watch", "--region", "eu-west-1"))


def test_watch_ends_quietly_when_interrupted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    world.copy()
    monkeypatch.setattr(world.service.clock, "sleep", interrupt)

    result = world.run("watch", "--region", "eu-west-1", "--json")

    assert (result.exit_code, len(polls(result))) == (130, 1)


def lines_at(width: int, *copies: Backup) -> list[str]:
    """Return the lines that a terminal of this width shows."""
    console = Console(width=width, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(Poll(NOW, running(copies, NOW)))
    return click.unstyle(capture.get()).splitlines()


@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_watch_shows_whole_id_of_copy_in_one_line(width: int) -> None:
    copies = (
        copy(1, lifecycle="COPYING", progress_percent=37, region="ap-northeast-1", creation_time=hours_ago(23.8)),
        copy(2, lifecycle="PENDING", region="ap-southeast-1", file_system_id=None),
    )

    lines = lines_at(width, *copies)

    for shown, line in zip(copies, lines[3:], strict=True):
        assert line.startswith(f"{shown.region}  {shown.id}  ")
    assert "37%" in lines[3]
    assert max(map(len, lines)) <= width


def test_watch_shows_sources_and_bars_in_wide_terminal() -> None:
    started = copy(1, lifecycle="COPYING", progress_percent=37)

    text = "\n".join(lines_at(170, started))

    assert all(str(shown) in text for shown in (started.source_backup_id, started.file_system_id, "━━━"))


@pytest.mark.parametrize("region", ["nowhere", "eu-west", ""])
def test_watch_refuses_invalid_region(world: World, region: str) -> None:
    assert error_of(world.run("watch", "--region", region))
