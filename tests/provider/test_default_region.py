"""A default Region is chosen once: copies do not move when the environment changes."""

import pytest
from pulumi_fsx_dr import BackupCopy
from pulumi_fsx_dr.program import single_copies

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.plugin_stack import ONLY_DYNAMIC
from tests.engine.process import Properties
from tests.engine.stack import Stack
from tests.recording import RecordingEngine

ELSEWHERE = "us-east-1"


@pytest.fixture
def args(stack: Stack, source: str, monkeypatch: pytest.MonkeyPatch) -> Properties:
    """Return arguments without a Region, for a copy made in `AWAY`; the environment now names `ELSEWHERE`."""
    given = {"source_backup_id": source, "source_region": HOME}
    monkeypatch.setenv("AWS_REGION", AWAY)
    stack.up({"monday": given})
    monkeypatch.setenv("AWS_REGION", ELSEWHERE)
    return given


def where(service: FsxService) -> dict[str, int]:
    """Return the number of copies by Region."""
    regions = (HOME, AWAY, ELSEWHERE)
    found = {region: sum(b["source_backup_id"] is not None for b in service.backups(region)) for region in regions}
    return {region: number for region, number in found.items() if number}


@pytest.mark.parametrize("is_refreshed", [True, False])
@pytest.mark.parametrize("replacing", [(), ("monday",)])
@pytest.mark.parametrize("tags", [{}, {"team": "storage"}])
def test_region_is_kept_in_another_environment(  # noqa: PLR0913, PLR0917  # fixtures and parameters
    service: FsxService,
    stack: Stack,
    args: Properties,
    tags: dict[str, str],
    replacing: tuple[str, ...],
    is_refreshed: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """With --replace the engine calls check without the state, so the program sends the state."""
    before = stack.states["monday"].id
    if is_refreshed:
        stack.refresh()
    assert stack.preview("monday", args).changes is False

    stack.up({"monday": {**args, "tags": tags}}, replacing=replacing)

    assert where(service) == {AWAY: 1}
    assert (stack.states["monday"].id != before) is (stack.knows_state and bool(replacing))


def test_region_is_kept_for_another_source(service: FsxService, stack: Stack, args: Properties) -> None:
    other = service.seed_backup(HOME, service.seed_file_system(HOME))

    stack.up({"monday": {**args, "source_backup_id": other}})

    assert where(service) == {AWAY: 1}
    assert service.backup(AWAY, stack.states["monday"].id)["source_backup_id"] == other


def test_region_is_kept_after_rename_and_replace(service: FsxService, stack: Stack, args: Properties) -> None:
    stack.states["tuesday"] = stack.states.pop("monday")  # with an alias

    stack.up({"tuesday": args}, replacing=["tuesday"])

    assert where(service) == {AWAY: 1}


def test_source_region_is_kept_in_another_environment(
    service: FsxService, stack: Stack, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without source_region, the copy stays in its Region."""
    monkeypatch.setenv("AWS_REGION", HOME)
    stack.up({"monday": {"source_backup_id": source}})
    monkeypatch.setenv("AWS_REGION", ELSEWHERE)

    stack.up({"monday": {"source_backup_id": source}}, replacing=["monday"])

    assert where(service) == {HOME: 1}
    assert stack.states["monday"].outputs["source_region"] == HOME


def test_region_follows_program_and_configuration(service: FsxService, stack: Stack, args: Properties) -> None:
    stack.up({"monday": {**args, "region": "eu-north-1"}})
    assert stack.states["monday"].outputs["region"] == "eu-north-1"

    stack.region = AWAY
    stack.up({"monday": args})

    assert where(service) == {AWAY: 1}


@ONLY_DYNAMIC
def test_new_resource_uses_region_of_environment(service: FsxService, stack: Stack, args: Properties) -> None:
    stack.up({"monday": args, "tuesday": args})

    assert where(service) == {AWAY: 1, ELSEWHERE: 1}


def test_program_looks_up_default_region_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each lookup reads the AWS configuration of the machine."""
    asked: list[object] = []
    monkeypatch.setattr(single_copies, "default_region", asked.append)

    def copies() -> None:
        for number in range(3):
            BackupCopy(str(number), source_backup_id="backup-0123456789abcdef0", source_region=HOME)

    RecordingEngine().run(copies, preview=True)

    assert len(asked) == 1
