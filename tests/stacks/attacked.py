"""The lives of whole stacks beside somebody who may tag every backup: `fsx:TagResource`, and nothing else."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG, Ownership, RequestToken

from simulator.fsx.fixtures import AWAY, HOME
from tests.provider.deploying import copy_args
from tests.stacks.engine import WholeStack
from tests.stacks.lives import FAR, REGION_NAMES, Life, moments, stacks

_JUNK = ("", "terraform", "0" * 32, f"{'a' * 32}/{'b' * 40}-1/files/prod/monday", "a/b/c", "x" * 256)


@dataclass(frozen=True)
class _Forgery:
    """What is written where: numbers that choose among what there is at the moment of writing.

    Attributes:
        target: the backup.
        kind: where the tag comes from.
        choice: which of those.
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


class AttackedLife(Life):
    """The same lives, with an attacker, whose tags must change nothing of what is kept, made, deleted and counted."""

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Add backups of file systems in the DR Regions, which are no copies."""
        super().begin(data)
        service = self.world.service
        for region in (AWAY, FAR):
            service.seed_backup(region, service.seed_file_system(region), type="USER_INITIATED")

    @rule(region=st.sampled_from([AWAY, AWAY, FAR]), data=st.data())
    def somebody_copies_by_hand(self, region: str, data: st.DataObject) -> None:
        there = [backup["id"] for backup in self.world.service.backups(HOME)]
        if there:
            source = data.draw(st.sampled_from(sorted(there)))
            made = self._copy_by_hand(source, region)
            if made and data.draw(st.booleans(), label="under another account's key"):
                self._give_foreign_key(region, made)

    @rule(forgery=forgeries)
    def a_tag_is_forged(self, forgery: _Forgery) -> None:
        self._forge(forgery)

    @rule(number=stacks, moment=moments, first=forgeries, second=forgeries)
    def up_while_tags_are_forged(
        self, number: int, moment: tuple[str, str, int], first: _Forgery, second: _Forgery
    ) -> None:
        stack = self.world.stacks[number]
        action, when, count = moment

        def happens() -> None:
            self._forge(first)
            self._forge(second)

        self._meanwhile(stack, action, when, count, happens)
        self._try(stack, "up", stack.deploy)
        stack.before_writing = None
        self.world.wire.at_call.clear()

    @rule()
    def all_is_well_again(self) -> None:
        """Refresh first: it writes again the tags that were removed from copies that are to be deleted."""
        self.all_faults_are_lifted()
        self.world.service.clock.sleep(1000)
        for stack in self.world.stacks:
            self._try(stack, "refresh", stack.refresh)
        super().all_is_well_again()

    def _meanwhile(self, stack: WholeStack, action: str, when: Any, count: int, happens: Callable[[], object]) -> None:
        if action == "the engine's write":
            stack.before_writing = happens
        else:
            self.world.wire.after_calls(count, action, when, happens)

    def _copy_by_hand(self, source: str, region: str) -> str:
        client = self.world.wire.client("fsx", region)
        try:
            answer = client.copy_backup(SourceBackupId=source, SourceRegion=HOME)
        except client.exceptions.ClientError:  # a fault of this life, or no free slot
            return ""
        made: str = answer["Backup"]["BackupId"]
        return made

    def _give_foreign_key(self, region: str, backup_id: str) -> None:
        service = self.world.service
        service.set_key(region, backup_id, f"arn:aws:kms:{region}:999999999999:key/{uuid.UUID(int=1)}")

    def _forge(self, forgery: _Forgery) -> None:
        world = self.world
        targets = [(region, copy) for region in (AWAY, FAR, HOME) for copy in world.service.backups(region)]
        if not targets:
            return
        region, target = targets[forgery.target % len(targets)]
        value = self._value(forgery)
        tags = {key: text for key, text in target["tags"].items() if key != OWNERSHIP_TAG}
        world.service.set_tags(region, target["id"], tags | ({} if value is None else {OWNERSHIP_TAG: value}))
        world.is_tagged(dict(target), value)
        note(f"{target['id']} in {region}, a copy of {target['source_backup_id']}, gets the tag {value!r}")

    def _value(self, forgery: _Forgery) -> str | None:
        if forgery.kind == "removed":
            return None
        options = {"junk": lambda: list(_JUNK), "copied": self._tags, "invented": self._invented}
        found = options.get(forgery.kind, self._next)()
        return found[forgery.choice % len(found)] if found else _JUNK[0]

    def _tags(self) -> list[str]:
        copies = self.world.alive().values()
        return [tag for copy in copies if (tag := copy["tags"].get(OWNERSHIP_TAG))]

    def _invented(self) -> list[str]:
        token = RequestToken("c" * 40)
        return [f"{Ownership(stack.owner_id, token)}/files/{stack.name}/monday" for stack in self.world.stacks]

    def _next(self) -> list[str]:
        """Return the tags of the copies that DrRegions could make next: all that goes into them is public."""
        world = self.world
        return [
            self._tag_of(stack, f"{name}-{source}", source)
            for stack in world.stacks
            for name in REGION_NAMES
            for source in world.sources
        ]

    @staticmethod
    def _tag_of(stack: WholeStack, name: str, source: str) -> str:
        urn = stack.urn_of(name, "pulumi-fsx-dr:index:DrRegion$pulumi-python:dynamic/fsx:BackupCopy")
        args = copy_args(source)
        parts = (args["region"], source, args["source_region"], None)
        return Ownership(stack.owner_id, RequestToken.of(stack.owner_id, urn, *parts)).tag(urn)[OWNERSHIP_TAG]
