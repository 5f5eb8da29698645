"""Stacks with an attacker who may only tag backups (`fsx:TagResource`)."""

import uuid
from dataclasses import dataclass

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG, Ownership, RequestToken

from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.moments import Moment, at_moment, moments
from tests.engine.program_stack import ProgramStack
from tests.engine.stack import copy_args
from tests.stacks.machine import REGION_NAMES, StackMachine, stacks
from tests.stacks.oracle import FAR

_JUNK = ("", "terraform", "0" * 32, f"{'a' * 32}/{'b' * 40}-1/files/prod/monday", "a/b/c", "x" * 256)


@dataclass(frozen=True)
class _Forgery:
    """A forged tag; the numbers choose among the options at the time of writing.

    Attributes:
        target: number of the backup.
        kind: origin of the tag.
        choice: number of the tag.
    """

    target: int
    kind: str
    choice: int


forgeries = st.builds(
    _Forgery,
    target=st.integers(0, 30),
    kind=st.sampled_from(["copied", "copied", "of the next copy", "of the next copy", "invented", "junk", "removed"]),
    choice=st.integers(0, 60),
)


class AttackedStackMachine(StackMachine):
    """The same stacks with an attacker; forged tags must not change which copies are made, kept or deleted."""

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Add backups in the DR Regions that are not copies."""
        super().begin(data)
        service = self.sim.service
        for region in (AWAY, FAR):
            service.seed_backup(region, service.seed_file_system(region), type="USER_INITIATED")

    @rule(region=st.sampled_from([AWAY, AWAY, FAR]), data=st.data())
    def copy_is_made_outside_pulumi(self, region: str, data: st.DataObject) -> None:
        there = [backup["id"] for backup in self.sim.service.backups(HOME)]
        if there:
            source = data.draw(st.sampled_from(sorted(there)))
            made = self._copy_by_hand(source, region)
            if made and data.draw(st.booleans(), label="under another account's key"):
                self._give_foreign_key(region, made)

    @rule(forgery=forgeries)
    def tag_is_forged(self, forgery: _Forgery) -> None:
        self._forge(forgery)

    @rule(number=stacks, moment=moments, first=forgeries, second=forgeries)
    def up_while_tags_are_forged(self, number: int, moment: Moment, first: _Forgery, second: _Forgery) -> None:
        stack = self.sim.stacks[number]

        def forge_both() -> None:
            self._forge(first)
            self._forge(second)

        with at_moment(stack, moment, forge_both):
            self._try(stack, "up", stack.deploy)

    @rule()
    def recover_and_converge(self) -> None:
        """Refresh first, because it restores tags that were removed from copies pending deletion."""
        self.lift_all_faults()
        self.sim.service.clock.sleep(1000)
        for stack in self.sim.stacks:
            self._try(stack, "refresh", stack.refresh)
        super().recover_and_converge()

    def _copy_by_hand(self, source: str, region: str) -> str:
        client = self.sim.wire.client("fsx", region)
        try:
            answer = client.copy_backup(SourceBackupId=source, SourceRegion=HOME)
        except client.exceptions.ClientError:  # a fault of this example, or no free slot
            return ""
        made: str = answer["Backup"]["BackupId"]
        return made

    def _give_foreign_key(self, region: str, backup_id: str) -> None:
        service = self.sim.service
        service.set_key(region, backup_id, f"arn:aws:kms:{region}:999999999999:key/{uuid.UUID(int=1)}")

    def _forge(self, forgery: _Forgery) -> None:
        sim = self.sim
        targets = [(region, copy) for region in (AWAY, FAR, HOME) for copy in sim.service.backups(region)]
        if not targets:
            return
        region, target = targets[forgery.target % len(targets)]
        value = self._value(forgery)
        tags = {key: text for key, text in target["tags"].items() if key != OWNERSHIP_TAG}
        sim.service.set_tags(region, target["id"], tags | ({} if value is None else {OWNERSHIP_TAG: value}))
        sim.note_forged_tag(dict(target), value)
        note(f"{target['id']} in {region}, copied from {target['source_backup_id']}, gets the tag {value!r}")

    def _value(self, forgery: _Forgery) -> str | None:
        if forgery.kind == "removed":
            return None
        options = {"junk": lambda: list(_JUNK), "copied": self._tags, "invented": self._invented}
        found = options.get(forgery.kind, self._next)()
        return found[forgery.choice % len(found)] if found else _JUNK[0]

    def _tags(self) -> list[str]:
        copies = self.sim.alive().values()
        return [tag for copy in copies if (tag := copy["tags"].get(OWNERSHIP_TAG))]

    def _invented(self) -> list[str]:
        token = RequestToken("c" * 40)
        return [f"{Ownership(stack.owner_id, token)}/files/{stack.name}/monday" for stack in self.sim.stacks]

    def _next(self) -> list[str]:
        """Return the tags of copies that DrRegions could make next; they can be computed from public values."""
        sim = self.sim
        return [
            self._tag_of(stack, f"{name}-{source}", source)
            for stack in sim.stacks
            for name in REGION_NAMES
            for source in sim.sources
        ]

    @staticmethod
    def _tag_of(stack: ProgramStack, name: str, source: str) -> str:
        urn = stack.urn_of(name, "pulumi-fsx-dr:index:DrRegion$pulumi-python:dynamic/fsx:BackupCopy")
        args = copy_args(source)
        parts = (args["region"], source, args["source_region"], None)
        return Ownership(stack.owner_id, RequestToken.of(stack.owner_id, urn, *parts)).tag(urn)[OWNERSHIP_TAG]
