"""A DrRegion for programs in every language: constructed by the plugin, whose copies are native."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from fsx_dr_plugin.construct import construct
from fsx_dr_plugin.schema import schema
from fsx_dr_plugin.server import Provider
from pulumi.runtime.proto import alias_pb2, provider_pb2
from pulumi_fsx_dr.copies.copy import BACKUP_COPY_TYPE, DR_REGION_TYPE
from pulumi_fsx_dr.copies.names import snake_case
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import FsxDrError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.process import Run
from tests.engine.wire import Wire
from tests.plugin.monitor import COPY, REGION, Entry, Monitor, monitoring, plain, struct, urn_of

OWNER_ID = "0c" * 16


@dataclass
class Constructing:
    """Runs of one program with one DrRegion, each in a plugin process of its own; the state goes along."""

    wire: Wire
    monitor: Monitor = field(default_factory=lambda: Monitor(Provider()))

    def __call__(self, inputs: dict[str, Any], *, name: str = "dr", preview: bool = False, **options: Any) -> Any:
        provider, run = Provider(), Run(self.wire)
        provider.start(run, OWNER_ID)
        self.monitor = Monitor(provider, preview=preview, state=self.monitor.state)
        with monitoring(self.monitor) as address:
            request = provider_pb2.ConstructRequest(
                project="files",
                stack="prod",
                dryRun=preview,
                monitorEndpoint=address,
                type=REGION,
                name=name,
                inputs=struct(inputs),
                **options,
            )
            with ThreadPoolExecutor(1) as pool:  # as gRPC does; it gets an event loop of its own
                return pool.submit(construct, request, run, OWNER_ID, address).result()

    @property
    def copies(self) -> dict[str, str]:
        """Ids of the copies in the state, by their names."""
        return {urn.rpartition("::")[2]: entry.id for urn, entry in self.monitor.state.items()}

    @property
    def declared(self) -> set[str]:
        """Names of the copies that the last run declared."""
        return {request.name for request in self.monitor.registered.values() if request.type == COPY}


@pytest.fixture
def dr(wire: Wire) -> Constructing:
    return Constructing(wire)


@pytest.fixture
def file_system(service: FsxService) -> str:
    return service.seed_file_system(HOME)


@pytest.fixture
def back_up(service: FsxService, file_system: str) -> Callable[..., list[str]]:
    """Return what makes backups, so many hours ago each."""

    def made(hours: Iterable[float]) -> list[str]:
        return [service.seed_backup(HOME, file_system, created=service.now() - 3600 * hour) for hour in hours]

    return made


def inputs(file_system: str, **changes: Any) -> dict[str, Any]:
    return {"region": AWAY, "keep": 2, "sources": [{"fileSystemId": file_system, "region": HOME}], **changes}


def test_the_newest_backups_have_native_copies(
    dr: Constructing, back_up: Callable[..., list[str]], file_system: str
) -> None:
    newest, older, _ = back_up([1, 2, 3])

    answer = dr(inputs(file_system))

    state = plain(answer.state)
    assert answer.urn == urn_of("dr", REGION)
    assert dr.copies.keys() == {f"dr-{newest}", f"dr-{older}"}
    assert state["region"] == AWAY
    assert state["latest"] == {file_system: dr.copies[f"dr-{newest}"]}
    assert {row["sourceBackupId"]: row["backupId"] for row in state["copies"]} == {
        newest: dr.copies[f"dr-{newest}"],
        older: dr.copies[f"dr-{older}"],
    }


def test_a_preview_makes_nothing(dr: Constructing, back_up: Callable[..., list[str]], file_system: str) -> None:
    (newest,) = back_up([1])

    dr(inputs(file_system), preview=True)

    assert dr.declared == {f"dr-{newest}"}
    assert dr.copies == {}
    assert dr.wire.service.backups(AWAY) == []


def test_a_second_run_declares_the_same_and_makes_nothing(
    dr: Constructing, back_up: Callable[..., list[str]], file_system: str
) -> None:
    back_up([1, 2])
    dr(inputs(file_system))
    before = dict(dr.copies)

    dr(inputs(file_system))

    assert dr.copies == before
    assert dr.declared == before.keys()


def test_newer_copies_push_the_oldest_out_and_the_run_says_so(
    dr: Constructing, back_up: Callable[..., list[str]], file_system: str
) -> None:
    oldest, _ = back_up([20, 10])
    dr(inputs(file_system))
    deleted = dr.copies[f"dr-{oldest}"]

    (newest,) = back_up([1])
    dr(inputs(file_system))

    assert f"dr-{oldest}" not in dr.declared
    assert f"dr-{newest}" in dr.declared
    assert any(deleted in line and oldest in line for line in dr.monitor.said)


@pytest.mark.parametrize("of_source", [False, True])
def test_keep_may_be_a_policy_and_the_preview_says_which_rule_keeps_a_copy(
    dr: Constructing,
    back_up: Callable[..., list[str]],
    file_system: str,
    of_source: bool,  # noqa: FBT001  # pytest names it
) -> None:
    """The wire has no whole numbers: it says 2.0, in the policy too."""
    newest, _, oldest = back_up([1, 3, 49])
    source = {"fileSystemId": file_system, "region": HOME}
    keep = {"keep": {"daily": 2.0, "within": "1h"}}

    dr(inputs(file_system, sources=[source | (keep if of_source else {})], **({} if of_source else keep)), preview=True)

    assert dr.declared == {f"dr-{newest}", f"dr-{oldest}"}
    assert any(f"A copy of {oldest} in {AWAY} is kept: daily 2 of 2." in line for line in dr.monitor.said)


def test_the_schema_lets_keep_be_a_number_or_a_policy() -> None:
    """As Pulumi's metaschema has a union: `oneOf`, and `plain` for what must be known when the program runs."""
    described = schema()
    keeps = (
        described["resources"][REGION]["inputProperties"]["keep"],
        described["types"]["fsx-dr:index:Source"]["properties"]["keep"],
    )

    for keep in keeps:
        policy = {"$ref": "#/types/fsx-dr:index:RetentionPolicy", "plain": True}
        assert keep["oneOf"] == [{"type": "integer", "plain": True}, policy]
        assert keep["plain"]
    rules = described["types"]["fsx-dr:index:RetentionPolicy"]
    assert {name: rule["type"] for name, rule in rules["properties"].items()} == {
        **dict.fromkeys(("last", "daily", "weekly", "monthly", "yearly"), "integer"),
        "within": "string",
    }
    assert rules["required"] == []


def test_a_copy_whose_source_has_expired_stays(
    dr: Constructing, back_up: Callable[..., list[str]], file_system: str, service: FsxService
) -> None:
    (source,) = back_up([5])
    dr(inputs(file_system))
    service.remove_backup(HOME, source)

    dr(inputs(file_system))

    assert dr.declared == {f"dr-{source}"}


def test_a_dark_source_region_leaves_all_copies_as_they_are(
    dr: Constructing, back_up: Callable[..., list[str]], file_system: str, service: FsxService
) -> None:
    back_up([1, 2])
    dr(inputs(file_system))
    before = dict(dr.copies)
    service.add_fault("refuse", region=HOME)

    dr(inputs(file_system, keep=1))

    assert dr.declared == before.keys()
    assert any("does not answer, so its copies stay as they are" in line for line in dr.monitor.said)


def test_copies_of_another_dr_region_are_left_to_it(
    dr: Constructing, back_up: Callable[..., list[str]], file_system: str
) -> None:
    """A plugin sees one component at a time, so the other one may be constructed later."""
    back_up([1])
    dr(inputs(file_system), name="dr")
    dr(inputs(file_system), name="dr-two")

    assert len(dr.copies) == 2
    assert not any(copy in line for line in dr.monitor.said for copy in dr.copies.values())


def test_an_alias_of_the_component_keeps_the_copies(
    dr: Constructing, back_up: Callable[..., list[str]], file_system: str
) -> None:
    (source,) = back_up([1])
    dr(inputs(file_system), name="former")
    (before,) = dr.copies.values()

    dr(inputs(file_system), aliases=[alias_pb2.Alias(spec=alias_pb2.Alias.Spec(name="former"))])

    assert dr.copies == {f"dr-{source}": before}
    assert len(dr.wire.service.backups(AWAY)) == 1


def test_copies_of_scripts_are_adopted(
    dr: Constructing, back_up: Callable[..., list[str]], file_system: str, wire: Wire, service: FsxService
) -> None:
    (source,) = back_up([1])
    made = wire.client("fsx", AWAY).copy_backup(SourceBackupId=source, SourceRegion=HOME)["Backup"]["BackupId"]
    service.finish_copies()

    dr(inputs(file_system, adoptExisting=True))

    assert dr.copies == {f"dr-{source}": made}
    assert service.backup(AWAY, made)["tags"][OWNERSHIP_TAG].startswith(f"{OWNER_ID}/")


@pytest.mark.parametrize("adopts", [True, False])
def test_copies_of_the_dynamic_provider_in_this_state_are_adopted_if_asked_for(
    dr: Constructing,
    back_up: Callable[..., list[str]],
    file_system: str,
    adopts: bool,  # noqa: FBT001  # pytest names it
) -> None:
    (source,) = back_up([1])
    dr(inputs(file_system))
    ((_, entry),) = dr.monitor.state.items()
    dynamic = urn_of(f"dr-{source}", BACKUP_COPY_TYPE, urn_of("dr", DR_REGION_TYPE))
    outputs = {snake_case(name): value for name, value in entry.outputs.items()}
    outputs["managed_by"] = f"{'0d' * 16}/{'1' * 40}-0"
    dr.wire.service.set_tags(AWAY, entry.id, {OWNERSHIP_TAG: f"{outputs['managed_by']}/files/prod/dr-{source}"})
    dr.monitor.state = {dynamic: Entry(entry.id, {}, outputs)}

    dr(inputs(file_system, adoptExisting=adopts))

    made = dr.monitor.state[urn_of(f"dr-{source}", COPY, urn_of("dr", REGION))]
    assert (made.id == entry.id) is adopts
    assert dr.wire.service.backup(AWAY, made.id)["tags"][OWNERSHIP_TAG].startswith(f"{OWNER_ID}/")


def test_a_copy_of_a_killed_run_is_resumed_and_no_second_one_is_made(
    dr: Constructing, back_up: Callable[..., list[str]], file_system: str, service: FsxService
) -> None:
    (source,) = back_up([1])
    dr(inputs(file_system))
    (made,) = dr.copies.values()
    dr.monitor.state.clear()
    service.remove_backup(HOME, source)

    dr(inputs(file_system))

    assert dr.copies == {f"dr-{source}": made}


def test_custom_timeouts_and_ignored_changes_reach_the_copies(
    dr: Constructing, back_up: Callable[..., list[str]], file_system: str
) -> None:
    (source,) = back_up([1])
    timeouts = provider_pb2.ConstructRequest.CustomTimeouts(create="3h")

    dr(inputs(file_system), customTimeouts=timeouts, ignoreChanges=["tags"])

    copy = dr.monitor.registered[urn_of(f"dr-{source}", COPY, urn_of("dr", REGION))]
    assert copy.customTimeouts.create == "3h"
    assert list(copy.ignoreChanges) == ["tags"]


def test_tags_reach_the_copies(
    dr: Constructing, back_up: Callable[..., list[str]], file_system: str, service: FsxService
) -> None:
    back_up([1])

    dr(inputs(file_system, tags={"app": "ledger"}))

    (backup,) = service.backups(AWAY)
    assert backup["tags"]["app"] == "ledger"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"region": None}, "needs its region as a string that is known when the program runs"),
        ({"keep": 0}, "keep of DrRegion dr must be a whole number of at least 1, or rules by time"),
        ({"keeep": 1}, "has no argument keeep"),
        ({"sources": [{"region": HOME}]}, "one of file_system_id, tags and backup_id"),
        ({"adoptExisting": "all"}, "adopt_existing of DrRegion dr must be true or false"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_registered(
    dr: Constructing, file_system: str, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(FsxDrError, match=why):
        dr({name: value for name, value in inputs(file_system, **changes).items() if value is not None})

    assert dr.monitor.registered == {}


def test_a_file_system_that_does_not_exist_ends_the_run(dr: Constructing) -> None:
    with pytest.raises(FsxDrError, match="There is no file system fs-0123456789abcdef0"):
        dr(inputs("fs-0123456789abcdef0"))

    assert dr.declared == set()


def test_a_component_of_another_name_is_refused(wire: Wire) -> None:
    with pytest.raises(FsxDrError, match="The package fsx-dr has no component fsx-dr:index:DrKey"):
        construct(provider_pb2.ConstructRequest(type="fsx-dr:index:DrKey"), Run(wire), OWNER_ID, "")


def test_a_replacement_of_a_copy_is_another_copy(
    dr: Constructing, back_up: Callable[..., list[str]], file_system: str
) -> None:
    """`--replace` asks for a create as if there were no copy; the construction has told of the one that there is."""
    (source,) = back_up([1])
    dr(inputs(file_system))
    urn = urn_of(f"dr-{source}", COPY, urn_of("dr", REGION))
    held = dr.monitor.state[urn]
    dr(inputs(file_system))

    made = dr.monitor._created(urn, dr.monitor.registered[urn])  # noqa: SLF001  # as the engine does for --replace

    assert made
    assert made.id != held.id
