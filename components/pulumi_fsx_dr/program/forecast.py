"""The forecast of a preview for new copies: full or incremental, and their size."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.kms import KeyName, same_key
from pulumi_fsx_dr.rules.copy_size import Series, by_subject, forecasts, series, total
from pulumi_fsx_dr.rules.region_plan import PlannedCopy

from .lookup import Lookup


@dataclass(frozen=True, slots=True)
class Forecast:
    """The copies that will be created in a DR Region.

    Attributes:
        made: number of these copies.
        series: the copies with a known source backup, grouped by file system or volume, and key.
    """

    region: str
    made: int
    series: Sequence[Series]

    @property
    def lines(self) -> list[str]:
        """A line for each copy with a known source backup, newest first."""
        return list(forecasts(self.region, self.series))

    def total(self, present: Iterable[Backup]) -> list[str]:
        """Return one line for all copies; nothing if there are none. `present` are the backups in the Region."""
        return [total(self.region, self.made, self.series, (b for b in present if b.takes_slot))] if self.made else []


def forecast(seen: Lookup, region: str, kms_key_id: str | None, copies: Iterable[PlannedCopy]) -> Forecast:
    """Return the copies that will be created; `kms_key_id` is None for the AWS managed key, "" for a new key."""
    by_key: dict[str | None, list[PlannedCopy]] = defaultdict(list)
    for copy in copies:
        by_key[_key_of(copy, kms_key_id)].append(copy)
    made, found = 0, []
    for key, of_key in by_key.items():
        key_arn = _key_arn(seen, region, key)
        sources = [_source(seen, copy) for copy in of_key if _is_made(copy, key and key_arn)]
        made += len(sources)
        if known := by_subject(source for source in sources if source):
            found += series(key_arn, known, seen.copies_in(region))
    return Forecast(region, made, found)


def _key_of(copy: PlannedCopy, kms_key_id: str | None) -> str | None:
    """Return the key argument of the source of a copy, or else of its DrRegion."""
    own = copy.args.get("kms_key_id", kms_key_id)
    return own if own is None or isinstance(own, str) else ""


def _is_made(copy: PlannedCopy, key_arn: str | None) -> bool:
    if copy.state is None:
        return not copy.exists and "adopt_backup_id" not in copy.args
    # A copy that keeps its former key is declared with that key.
    keeps_it = "kms_key_id" in copy.args and (copy.args["kms_key_id"] or "") == copy.state.output("kms_key_id")
    return key_arn is not None and not keeps_it and not same_key(copy.state.output("kms_key_arn"), key_arn)


def _source(seen: Lookup, copy: PlannedCopy) -> Backup | None:
    name, region = copy.args.get("source_backup_id"), copy.args["source_region"]
    return copy.backup or (seen.backup(name, region) if name else None)


def _key_arn(seen: Lookup, region: str, kms_key_id: str | None) -> str | None:
    """Return the ARN or id of a key; "" if it does not exist yet, None if it is unknown."""
    if kms_key_id == "":
        return ""
    resolved = seen.resolved_key(region, kms_key_id) if kms_key_id else ""
    name = KeyName.parse(resolved)
    if name and not name.is_alias:
        return resolved
    copies = [copy for copy in seen.state if copy.region == region and _was_given(copy, kms_key_id)]
    newest = max(copies, key=lambda copy: copy.output("source_creation_time"), default=None)
    return (newest.output("kms_key_arn") or None) if newest else None


def _was_given(copy: StateCopy, kms_key_id: str | None) -> bool:
    """Whether a copy was created with this key argument; an adopted copy was not."""
    return copy.output("kms_key_id") == (kms_key_id or "") and not copy.output("adopt_backup_id")
