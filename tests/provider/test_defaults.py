"""A default is chosen once: a copy that exists does not move because the environment is another (R19)."""

import pytest

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.plugin_stack import ON_THE_DYNAMIC_HOST
from tests.engine.process import Properties
from tests.engine.stack import Stack

ELSEWHERE = "us-east-1"


@pytest.fixture
def args(stack: Stack, source: str, monkeypatch: pytest.MonkeyPatch) -> Properties:
    """Return arguments without a Region, of a copy that was made with `AWAY` in the environment, now `ELSEWHERE`."""
    given = {"source_backup_id": source, "source_region": HOME}
    monkeypatch.setenv("AWS_REGION", AWAY)
    stack.up({"monday": given})
    monkeypatch.setenv("AWS_REGION", ELSEWHERE)
    return given


def where(service: FsxService) -> dict[str, int]:
    """Return how many copies there are by Region."""
    regions = (HOME, AWAY, ELSEWHERE)
    found = {region: sum(b["source_backup_id"] is not None for b in service.backups(region)) for region in regions}
    return {region: number for region, number in found.items() if number}


def test_an_unchanged_copy_stays_where_it_is(stack: Stack, args: Properties) -> None:
    assert stack.preview("monday", args).changes is False


def test_a_replaced_copy_stays_where_it_is(service: FsxService, stack: Stack, args: Properties) -> None:
    """With --replace the engine shows check nothing of the state; the program tells it."""
    before = stack.states["monday"].id

    stack.up({"monday": args}, replacing=["monday"])

    assert where(service) == {AWAY: 1}
    assert (stack.states["monday"].id != before) is stack.knows_state


def test_a_copy_of_another_source_stays_where_it_is(service: FsxService, stack: Stack, args: Properties) -> None:
    other = service.seed_backup(HOME, service.seed_file_system(HOME))

    stack.up({"monday": {**args, "source_backup_id": other}})

    assert where(service) == {AWAY: 1}
    assert service.backup(AWAY, stack.states["monday"].id)["source_backup_id"] == other


@pytest.mark.parametrize("replacing", [(), ("monday",)])
def test_a_refreshed_copy_stays_where_it_is(
    service: FsxService, stack: Stack, args: Properties, replacing: tuple[str, ...]
) -> None:
    stack.refresh()

    stack.up({"monday": args}, replacing=replacing)

    assert where(service) == {AWAY: 1}


def test_a_renamed_copy_stays_where_it_is_when_it_is_replaced(
    service: FsxService, stack: Stack, args: Properties
) -> None:
    stack.states["tuesday"] = stack.states.pop("monday")  # with an alias

    stack.up({"tuesday": args}, replacing=["tuesday"])

    assert where(service) == {AWAY: 1}


def test_a_copy_whose_source_is_elsewhere_by_default_keeps_that_too(
    service: FsxService, stack: Stack, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without source_region it is an in-Region copy."""
    monkeypatch.setenv("AWS_REGION", HOME)
    stack.up({"monday": {"source_backup_id": source}})
    monkeypatch.setenv("AWS_REGION", ELSEWHERE)

    stack.up({"monday": {"source_backup_id": source}}, replacing=["monday"])

    assert where(service) == {HOME: 1}
    assert stack.states["monday"].outputs["source_region"] == HOME


def test_the_program_and_the_stack_s_configuration_do_move_it(
    service: FsxService, stack: Stack, args: Properties
) -> None:
    stack.up({"monday": {**args, "region": "eu-north-1"}})
    assert stack.states["monday"].outputs["region"] == "eu-north-1"

    stack.region = AWAY
    stack.up({"monday": args})

    assert where(service) == {AWAY: 1}


@ON_THE_DYNAMIC_HOST
def test_a_second_resource_takes_what_the_environment_says_now(
    service: FsxService, stack: Stack, args: Properties
) -> None:
    stack.up({"monday": args, "tuesday": args})

    assert where(service) == {AWAY: 1, ELSEWHERE: 1}
