"""A DrRegion for programs in every language: constructed by the plugin, whose copies are native."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from fsx_dr_plugin.construct import construct
from fsx_dr_plugin.server import Provider
from pulumi.runtime.proto import alias_pb2, provider_pb2
from pulumi_fsx_dr.copies.copy import BACKUP_COPY_TYPE, DR_REGION_TYPE
from pulumi_fsx_dr.copies.ownership import MARK_TAG
from pulumi_fsx_dr.errors import FsxDrError

from rehearsal.fsx import FsxService
from rehearsal.fsx.fixtures import AWAY, HOME
from tests.plugin.monitor import COPY, REGION, Entry, Monitor, monitoring, plain, struct, urn_of
from tests.provider.deploying import Run, Wire


@dataclass
class Constructing:
    """Runs of one program with one DrRegion, each in a plugin process of its own; the state goes along."""

    wire: Wire
    monitor: Monitor = field(default_factory=lambda: Monitor(Provider()))

    def __call__(self, inputs: dict[str, Any], *, name: str = "dr", preview: bool = False, **options: Any) -> Any:
        provider, run = Provider(), Run(self.wire)
        provider.start(run)
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
                return pool.submit(construct, request, run, address).result()

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
    oldest, second = back_up([20, 10])[0], None
    dr(inputs(file_system))
    second = dr.copies[f"dr-{oldest}"]

    (newest,) = back_up([1])
    dr(inputs(file_system))

    assert f"dr-{oldest}" not in dr.declared
    assert f"dr-{newest}" in dr.declared
    assert any(f"{second} in {AWAY}, a copy of {oldest}, goes: 2 newer copies" in line for line in dr.monitor.said)


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

    assert not any("goes" in line for line in dr.monitor.said)
    assert len(dr.copies) == 2


def test_an_alias_of_the_component_keeps_the_copies(
    dr: Constructing, back_up: Callable[..., list[str]], file_system: str
) -> None:
    (source,) = back_up([1])
    dr(inputs(file_system), name="former")
    (before,) = dr.copies.values()

    dr(inputs(file_system), aliases=[alias_pb2.Alias(spec=alias_pb2.Alias.Spec(name="former"))])

    assert dr.copies == {f"dr-{source}": before}
    assert len(dr.wire.service.backups(AWAY)) == 1


def test_copies_of_scripts_are_adopted_and_marked_when_the_deployment_ends(
    dr: Constructing, back_up: Callable[..., list[str]], file_system: str, wire: Wire, service: FsxService
) -> None:
    (source,) = back_up([1])
    made = wire.client("fsx", AWAY).copy_backup(SourceBackupId=source, SourceRegion=HOME)["Backup"]["BackupId"]
    service.finish_copies()

    dr(inputs(file_system, adopt="existing"))

    assert dr.copies == {f"dr-{source}": made}
    assert MARK_TAG not in service.backup(AWAY, made)["tags"]


def test_copies_that_another_entry_of_this_state_holds_are_marked_at_once(
    dr: Constructing, back_up: Callable[..., list[str]], file_system: str, wire: Wire, service: FsxService
) -> None:
    """That entry may leave the state in this same deployment, before whose end its mark would let it delete them."""
    (source,) = back_up([1])
    mark = f"recorded:{'0' * 32}:20270115T070000Z:files/prod/dr-{source}"
    made = wire.client("fsx", AWAY).copy_backup(
        SourceBackupId=source, SourceRegion=HOME, Tags=[{"Key": MARK_TAG, "Value": mark}]
    )["Backup"]
    service.finish_copies()
    urn = urn_of(f"dr-{source}", BACKUP_COPY_TYPE, urn_of("dr", DR_REGION_TYPE))
    outputs = {"arn": made["ResourceARN"], "region": AWAY, "source_backup_id": source, "nonce": "0" * 32}
    dr.monitor.state[urn] = Entry(made["BackupId"], {}, outputs)

    dr(inputs(file_system, adopt="existing"))

    held = dr.monitor.state[urn_of(f"dr-{source}", COPY, urn_of("dr", REGION))]
    assert held.id == made["BackupId"]
    assert service.backup(AWAY, held.id)["tags"][MARK_TAG].startswith(f"recorded:{held.outputs['nonce']}:")


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
        ({"keep": 0}, "keep of DrRegion dr must be a whole number of at least 1, not 0"),
        ({"keeep": 1}, "has no argument keeep"),
        ({"sources": [{"region": HOME}]}, "one of file_system_id, tags and backup_id"),
        ({"adopt": "all"}, 'adopt of DrRegion dr can be "existing" alone'),
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
        construct(provider_pb2.ConstructRequest(type="fsx-dr:index:DrKey"), Run(wire), "")


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
