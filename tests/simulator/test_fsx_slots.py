"""A Region never runs more copies than it has slots."""

from typing import Any

from botocore.exceptions import ClientError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from simulator.fsx import FsxService, ManualClock
from simulator.fsx.fixtures import HOME, new_session
from simulator.fsx.local import in_process

REGIONS = ["eu-central-1", "eu-west-2"]
SECONDS = st.sampled_from([1, 5, 10])


class Slots(RuleBasedStateMachine):
    """Any order of copies, deletions and passing time."""

    @initialize()
    def begin(self) -> None:
        self.clock = ManualClock()
        self.service = FsxService(self.clock, copy_seconds=10)
        session = new_session()
        in_process(session, self.service)
        make: Any = session.client
        self.clients = {region: make("fsx", region_name=region) for region in REGIONS}
        self.source = self.service.seed_backup(HOME, self.service.seed_file_system(HOME))

    @rule(region=st.sampled_from(REGIONS))
    def copy(self, region: str) -> None:
        has_slot = self.service.running_copies().get(region, 0) < 5
        assert self.limit_met(region) == (None if has_slot else "TOTAL_IN_PROGRESS_COPY_BACKUPS")

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    @precondition(lambda self: self.done())
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        region, backup = data.draw(st.sampled_from(self.done()))
        self.clients[region].delete_backup(BackupId=backup)

    @invariant()
    def slots_are_never_exceeded(self) -> None:
        assert all(running <= 5 for running in self.service.max_running().values())

    @invariant()
    def every_running_copy_has_progress(self) -> None:
        running = [view for region in REGIONS for view in self.service.backups(region) if view["progress"] is not None]
        assert {view["lifecycle"] for view in running} <= {"COPYING"}

    def limit_met(self, region: str) -> Any:
        try:
            self.clients[region].copy_backup(SourceBackupId=self.source, SourceRegion=HOME)
        except ClientError as refusal:
            return {**refusal.response}["Limit"]
        return None

    def done(self) -> list[tuple[str, str]]:
        views = ((region, view) for region in REGIONS for view in self.service.backups(region))
        return [(region, view["id"]) for region, view in views if view["lifecycle"] == "AVAILABLE"]


TestSlots = Slots.TestCase
TestSlots.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)
