"""Notes and warnings of plans that need unusual states of AWS."""

from dataclasses import replace

from pulumi_fsx_dr.copies.messages import missing_alias_text
from pulumi_fsx_dr.rules.plan import plan_copies
from pulumi_fsx_dr.rules.region_plan import RegionPlan

from tests.backups import copy, owned
from tests.messages.collecting import Cases, Messages
from tests.planning import AWAY, CROWDED, ELSEWHERE, HOME, World, backup, dr, entry, one, shown

_CASES = Cases[None]()


def plans() -> Messages:
    for case, message in _CASES.items():
        yield case, message(None)


def _texts(plan: RegionPlan) -> str:
    texts = [*map(str, plan.removed), *plan.notes, *plan.preview_notes, *plan.warnings, *plan.preview_warnings]
    return "\n    ".join(texts)


@_CASES.add("no backup can be copied, for several reasons")
def _(_: None) -> str:
    backups = [
        backup(1, file_system={"StorageType": "INTELLIGENT_TIERING"}),
        backup(2, lifecycle="CREATING"),
        backup(3, type="AWS_BACKUP"),
        backup(4, source_backup_id="backup-0123456789abcdef0", source_region=ELSEWHERE),
        backup(5, tags=CROWDED),
        backup(6, tags=CROWDED),
    ]
    return _texts(one([dr()], [], World(backups)))


@_CASES.add("copy FAILED, and its source is gone")
def _(_: None) -> str:
    failed = entry(1)
    world = World([backup(2)], shown([failed], "FAILED"), gone=frozenset({failed.id}))
    return _texts(one([dr()], [failed], world))


@_CASES.add("two copies of one backup")
def _(_: None) -> str:
    copies = [entry(1), entry(1, "old", number_of_copy=2)]
    return _texts(one([dr()], copies, World([backup(1)], shown(copies))))


@_CASES.add("source moved to another DR Region, and unreachable")
def _(_: None) -> str:
    out, stays = entry(1, "old", region=ELSEWHERE), entry(1)
    world = World([], shown([out, stays]), unreachable=frozenset({HOME}))
    return _texts(one([dr()], [out, stays], world))


@_CASES.add("selected file system is gone")
def _(_: None) -> str:
    kept = entry(1)
    source = {"tags": {"dr": "yes"}, "region": HOME}
    return _texts(one([dr(sources=[source])], [kept], World([], shown([kept]))))


@_CASES.add("several copies of a stack with the same name")
def _(_: None) -> str:
    tags = owned("files/prod/dr", "f" * 32)
    copies = [copy(n, tags=tags, region=AWAY, source_region=HOME) for n in (8, 9)]
    return _texts(one([dr()], [], World([backup(1)], copies)))


@_CASES.add("copy leaves the program for each rule of a policy")
def _(_: None) -> str:
    copies = [entry(hours) for hours in (1, 30, 60, 24 * 40)]
    world = World([backup(1)], shown(copies))
    region = dr(keep={"last": 1, "daily": 1, "weekly": 1, "monthly": 1, "yearly": 1, "within": "1d"})
    return _texts(one([region], copies, world))


@_CASES.add("copy that this run does not delete")
def _(_: None) -> str:
    copies = [entry(1), entry(2)]
    world = World([], shown(copies), unreachable=frozenset({HOME}))
    return _texts(one([dr(keep={"last": 1})], copies, world))


@_CASES.add("preview: copies within the source Region")
def _(_: None) -> str:
    return _texts(one([dr(region=HOME)], [], World([backup(1)])))


@_CASES.add("preview: two DrRegions copy the same file system")
def _(_: None) -> str:
    plans = plan_copies([dr("one"), dr("two")], (), World([backup(1)]))
    return "\n    ".join(_texts(plan) for plan in plans.values() if plan.preview_warnings)


@_CASES.add("selected file system is unknown")
def _(_: None) -> str:
    kept = entry(1, file_system_id=None)
    shown_copy = [replace(found, file_system_id=None) for found in shown([kept])]
    return _texts(one([dr(sources=[{"tags": {"dr": "yes"}, "region": HOME}])], [kept], World([], shown_copy)))


@_CASES.add("KMS alias does not exist")
def _(_: None) -> str:
    return missing_alias_text("alias/dr", AWAY, "DrRegion dr")
