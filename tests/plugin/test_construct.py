"""A DrRegion with native copies, constructed by the plugin."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from fsx_dr_plugin.construct import construct
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
class Program:
    """A program with one DrRegion; each run has a new plugin process and the same state."""

    wire: Wire
    file_system: str
    monitor: Monitor = field(default_factory=lambda: Monitor(Provider()))

    def back_up(self, *hours_ago: float) -> list[str]:
        service = self.wire.service
        return [
            service.seed_backup(HOME, self.file_system, created=service.now() - 3600 * hours) for hours in hours_ago
        ]

    @property
    def source(self) -> dict[str, Any]:
        return {"fileSystemId": self.file_system, "region": HOME}

    def up(self, *, name: str = "dr", preview: bool = False, options: dict[str, Any] | None = None, **args: Any) -> Any:
        """Construct the DrRegion; `options` are fields of the request, and None removes an argument."""
        provider, run = Provider(), Run(self.wire)
        provider.start(run, OWNER_ID)
        self.monitor = Monitor(provider, preview=preview, state=self.monitor.state)
        inputs = {"region": AWAY, "keep": 2, "sources": [self.source], **args}
        with monitoring(self.monitor) as address, ThreadPoolExecutor(1) as pool:
            request = provider_pb2.ConstructRequest(
                project="files",
                stack="prod",
                dryRun=preview,
                monitorEndpoint=address,
                type=REGION,
                name=name,
                inputs=struct({name: value for name, value in inputs.items() if value is not None}),
                **(options or {}),
            )
            return pool.submit(construct, request, run, OWNER_ID, address).result()  # in a thread, as gRPC does

    @property
    def copies(self) -> dict[str, str]:
        """Ids of the copies in the state, by name."""
        return {urn.rpartition("::")[2]: entry.id for urn, entry in self.monitor.state.items()}

    @property
    def declared(self) -> set[str]:
        """Names of the copies declared by the last run."""
        return {request.name for request in self.monitor.registered.values() if request.type == COPY}


@pytest.fixture
def program(wire: Wire, service: FsxService) -> Program:
    return Program(wire, service.seed_file_system(HOME))


def test_construct_declares_copies_of_newest_backups(program: Program) -> None:
    newest, older, _ = program.back_up(1, 2, 3)

    answer = program.up()

    state, copies = plain(answer.state), program.copies
    assert answer.urn == urn_of("dr", REGION)
    assert copies.keys() == {f"dr-{newest}", f"dr-{older}"}
    assert (state["region"], state["latest"]) == (AWAY, {program.file_system: copies[f"dr-{newest}"]})
    assert {f"dr-{row['sourceBackupId']}": row["backupId"] for row in state["copies"]} == copies


def test_construct_in_preview_makes_no_copy(program: Program) -> None:
    (newest,) = program.back_up(1)

    program.up(preview=True)

    assert program.declared == {f"dr-{newest}"}
    assert program.copies == {}
    assert program.wire.service.backups(AWAY) == []


def test_second_construct_makes_no_copy(program: Program) -> None:
    program.back_up(1, 2)
    program.up()
    before = program.copies

    program.up()

    assert program.copies == before
    assert program.declared == before.keys()


def test_newer_copies_replace_oldest_with_message(program: Program) -> None:
    oldest, _ = program.back_up(20, 10)
    program.up()
    deleted = program.copies[f"dr-{oldest}"]

    (newest,) = program.back_up(1)
    program.up()

    assert f"dr-{oldest}" not in program.declared
    assert f"dr-{newest}" in program.declared
    assert any(deleted in line and oldest in line for line in program.monitor.said)


@pytest.mark.parametrize("of_source", [False, True])
def test_keep_may_be_retention_policy(program: Program, *, of_source: bool) -> None:
    """gRPC has no integers: whole numbers arrive as 2.0, also inside a policy."""
    newest, _, oldest = program.back_up(1, 3, 49)
    keep = {"keep": {"daily": 2.0, "within": "1h"}}

    program.up(preview=True, **({"sources": [program.source | keep]} if of_source else keep))

    assert program.declared == {f"dr-{newest}", f"dr-{oldest}"}
    assert any(oldest in line and "daily 2 of 2" in line for line in program.monitor.said)


def test_copy_of_expired_source_is_kept(program: Program) -> None:
    (source,) = program.back_up(5)
    program.up()
    program.wire.service.remove_backup(HOME, source)

    program.up()

    assert program.declared == {f"dr-{source}"}


def test_unreachable_source_region_keeps_copies(program: Program) -> None:
    program.back_up(1, 2)
    program.up()
    before = program.copies
    program.wire.service.add_fault("refuse", region=HOME)

    program.up(keep=1)

    assert program.declared == before.keys()
    assert any(HOME in line for line in program.monitor.said)


def test_copies_of_other_dr_region_are_kept(program: Program) -> None:
    """The plugin sees one component at a time, so the other one may be constructed later."""
    program.back_up(1)
    program.up(name="dr")
    program.up(name="dr-two")

    assert len(program.copies) == 2
    assert not any(copy in line for line in program.monitor.said for copy in program.copies.values())


def test_alias_of_component_keeps_copies(program: Program) -> None:
    (source,) = program.back_up(1)
    program.up(name="former")
    (before,) = program.copies.values()

    program.up(options={"aliases": [alias_pb2.Alias(spec=alias_pb2.Alias.Spec(name="former"))]})

    assert program.copies == {f"dr-{source}": before}
    assert len(program.wire.service.backups(AWAY)) == 1


def test_missing_alias_of_existing_copies_warns_once(program: Program) -> None:
    program.back_up(2, 1)
    program.up()
    before = program.copies

    program.up(kmsKeyId="alias/nope")

    [warning] = [line for line in program.monitor.said if "DrRegion dr uses the KMS alias alias/nope" in line]
    assert "kms_key_id" not in warning
    assert program.copies == before


def test_copies_of_scripts_are_adopted(program: Program, wire: Wire, service: FsxService) -> None:
    (source,) = program.back_up(1)
    made = wire.client("fsx", AWAY).copy_backup(SourceBackupId=source, SourceRegion=HOME)["Backup"]["BackupId"]
    service.finish_copies()

    program.up(adoptExisting=True)

    assert program.copies == {f"dr-{source}": made}
    assert service.backup(AWAY, made)["tags"][OWNERSHIP_TAG].startswith(f"{OWNER_ID}/")


@pytest.mark.parametrize("adopts", [True, False])
def test_adopt_existing_adopts_dynamic_copies(program: Program, *, adopts: bool) -> None:
    (source,) = program.back_up(1)
    program.up()
    ((_, entry),) = program.monitor.state.items()
    dynamic = urn_of(f"dr-{source}", BACKUP_COPY_TYPE, urn_of("dr", DR_REGION_TYPE))
    outputs = {snake_case(name): value for name, value in entry.outputs.items()}
    outputs["managed_by"] = f"{'0d' * 16}/{'1' * 40}-0"
    service = program.wire.service
    service.set_tags(AWAY, entry.id, {OWNERSHIP_TAG: f"{outputs['managed_by']}/files/prod/dr-{source}"})
    program.monitor.state = {dynamic: Entry(entry.id, {}, outputs)}

    program.up(adoptExisting=adopts)

    made = program.monitor.state[urn_of(f"dr-{source}", COPY, urn_of("dr", REGION))]
    assert (made.id == entry.id) is adopts
    assert any("Set adoptExisting" in message for message in program.monitor.said) is not adopts
    assert service.backup(AWAY, made.id)["tags"][OWNERSHIP_TAG].startswith(f"{OWNER_ID}/")


def test_copy_of_killed_run_is_resumed(program: Program) -> None:
    (source,) = program.back_up(1)
    program.up()
    (made,) = program.copies.values()
    program.monitor.state.clear()
    program.wire.service.remove_backup(HOME, source)

    program.up()

    assert program.copies == {f"dr-{source}": made}


def test_options_and_tags_reach_copies(program: Program) -> None:
    (source,) = program.back_up(1)
    timeouts = provider_pb2.ConstructRequest.CustomTimeouts(create="3h")

    program.up(tags={"app": "ledger"}, options={"customTimeouts": timeouts, "ignoreChanges": ["tags"]})

    copy = program.monitor.registered[urn_of(f"dr-{source}", COPY, urn_of("dr", REGION))]
    assert copy.customTimeouts.create == "3h"
    assert list(copy.ignoreChanges) == ["tags"]
    (backup,) = program.wire.service.backups(AWAY)
    assert backup["tags"]["app"] == "ledger"


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ({"region": None}, "region"),
        ({"keep": 0}, "keep of DrRegion dr"),
        ({"keeep": 1}, "keeep"),
        ({"sources": [{"region": HOME}]}, r"sources\[0\]"),
        ({"sources": [{"filesystemId": "fs-0123456789abcdef0", "region": HOME}]}, "filesystemId"),
        ({"adoptExisting": "all"}, "adopt_existing"),
    ],
)
def test_wrong_arguments_are_refused_before_registration(program: Program, args: dict[str, Any], named: str) -> None:
    with pytest.raises(FsxDrError, match=named):
        program.up(**args)

    assert program.monitor.registered == {}


def test_missing_file_system_fails_construct(program: Program) -> None:
    with pytest.raises(FsxDrError, match="fs-0123456789abcdef0"):
        program.up(sources=[{"fileSystemId": "fs-0123456789abcdef0", "region": HOME}])

    assert program.declared == set()


def test_unknown_component_is_refused(wire: Wire) -> None:
    with pytest.raises(FsxDrError, match="fsx-dr:index:DrKey"):
        construct(provider_pb2.ConstructRequest(type="fsx-dr:index:DrKey"), Run(wire), OWNER_ID, "")


def test_replace_makes_another_copy(program: Program) -> None:
    """For `--replace` the engine calls create; the plugin knows the existing copy from the construction."""
    (source,) = program.back_up(1)
    program.up()
    urn = urn_of(f"dr-{source}", COPY, urn_of("dr", REGION))
    before = program.monitor.state[urn]
    program.up()

    made = program.monitor._created(urn, program.monitor.registered[urn])  # noqa: SLF001  # as the engine does for --replace

    assert made
    assert made.id != before.id


@pytest.mark.parametrize("is_output", [True, False])
def test_preview_accepts_alias_of_other_resource(program: Program, *, is_output: bool) -> None:
    """In a preview, the engine also sends the name of an alias that the program creates."""
    program.back_up(1)
    alias = provider_pb2.ConstructRequest.PropertyDependencies(
        urns=["urn:pulumi:prod::files::aws:kms/alias:Alias::new"]
    )
    options = {"inputDependencies": {"kmsKeyId": alias} if is_output else {}}

    if is_output:
        program.up(preview=True, options=options, kmsKeyId="alias/new")
    else:
        with pytest.raises(FsxDrError, match="alias/new"):
            program.up(preview=True, options=options, kmsKeyId="alias/new")

    assert len(program.declared) == int(is_output)
