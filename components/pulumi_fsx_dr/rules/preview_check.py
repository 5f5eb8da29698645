"""Check a change to the copies, from the output of `pulumi preview --json --show-sames`."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_fsx_dr.copies.copy import COPY_TYPES, DR_REGION_TYPES
from pulumi_fsx_dr.copies.names import by_core_names
from pulumi_fsx_dr.copies.urns import name_of, parent_type_of, type_of
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID
from pulumi_fsx_dr.fsx.kms import KeyName, same_key

from .copy_size import read_total

_BEFORE = frozenset({"same", "update", "replace", "delete"})
_AFTER = frozenset({"same", "update", "replace", "create", "import"})
_STAYS = _BEFORE & _AFTER - {"replace"}


@dataclass(frozen=True, slots=True)
class _Copy:
    """A copy before or after the change, with the properties that the preview shows."""

    urn: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]

    @property
    def name(self) -> str:
        return name_of(self.urn)

    @property
    def is_of_dr_region(self) -> bool:
        return parent_type_of(self.urn) in DR_REGION_TYPES

    @property
    def region(self) -> str | None:
        return self.inputs.get("region") or self.outputs.get("region")

    @property
    def subject(self) -> str | None:
        return self.outputs.get("volume_id") or self.outputs.get("file_system_id")

    @property
    def keys(self) -> list[str]:
        """All names of its key. The inputs may have an alias, and only the outputs have the ARN."""
        return list(filter(None, (self.inputs.get("kms_key_id"), self.outputs.get("kms_key_arn"))))


@dataclass(frozen=True, slots=True)
class _Step:
    """The change of one copy."""

    op: str
    before: _Copy | None
    after: _Copy | None
    deletes_first: bool = False

    @classmethod
    def read(cls, step: Mapping[str, Any]) -> "_Step":
        """Read a step. A copy that stays keeps its key, which a preview shows only in the old outputs."""
        op, urn, old, new = step["op"], step["urn"], step.get("oldState") or {}, step.get("newState") or {}
        inputs, outputs = by_core_names(old.get("inputs", {})), by_core_names(old.get("outputs", {}))
        before = _Copy(urn, inputs, outputs) if op in _BEFORE else None
        known = outputs if op in _STAYS else {}
        after = _Copy(urn, by_core_names(new.get("inputs", {})), known) if op in _AFTER else None
        # As seen on the CLI 3.260: with create-before-delete, the old copy is marked `delete` instead.
        return cls(op, before, after, deletes_first=op == "replace" and bool(old.get("pendingReplacement")))


def violations(
    preview: Mapping[str, Any],
    required_keys: Mapping[str, str] | None = None,
    required_regions: Collection[str] = (),
    max_full_copies: int | None = None,
) -> list[str]:
    """Return a sentence for each Region or copy that makes the change unacceptable.

    Args:
        required_keys: KMS keys by Region. Each Region must have a copy that is encrypted with its key.
        max_full_copies: maximum number of new full copies; None for any number.
    """
    steps = _copy_steps(preview)
    before, after = _by_region(step.before for step in steps), _by_region(step.after for step in steps)
    keys = required_keys or {}
    regions = sorted({*before, *keys, *required_regions})
    judged = [_lost(r, before[r]) if not after[r] else _without_key(r, after[r], keys.get(r)) for r in regions]
    judged += [_deleted_first(step.before) for step in steps if step.deletes_first and step.before]
    if max_full_copies is not None:
        judged.append(_too_many(_full_copies(preview, steps), max_full_copies))
    return [violation for violation in judged if violation]


def _copy_steps(preview: Mapping[str, Any]) -> list[_Step]:
    """Return the steps of copies, without those that an earlier run replaced and could not delete."""
    steps, summary = preview.get("steps", []), preview.get("changeSummary")
    failed = any(diagnostic.get("severity") == "error" for diagnostic in preview.get("diagnostics", ()))
    if failed or not isinstance(summary, Mapping):
        raise InvalidSettingsError(
            "This is not the output of a successful preview. Run `pulumi preview --json --show-sames`."
        )
    left_out = summary.get("same", 0) - sum(step["op"] == "same" for step in steps)
    if left_out > 0:
        raise InvalidSettingsError(
            f"The preview omits {left_out} unchanged resources, which may be copies. Run "
            "`pulumi preview --json --show-sames`."
        )
    return [_Step.read(step) for step in steps if _type(step) in COPY_TYPES and not _is_pending_delete(step)]


def _type(step: Mapping[str, Any]) -> Any:
    return (step.get("newState") or step.get("oldState") or {}).get("type")


def _is_pending_delete(step: Mapping[str, Any]) -> bool:
    return step["op"] != "replace" and bool(step.get("oldState", {}).get("delete"))


def _by_region(copies: Iterable[_Copy | None]) -> defaultdict[str, list[_Copy]]:
    found: defaultdict[str, list[_Copy]] = defaultdict(list)
    for copy in copies:
        if copy and copy.region:
            found[copy.region].append(copy)
    return found


def _lost(region: str, before: list[_Copy]) -> str:
    if not before:
        return f"{region} would have no copy, but one is required. Declare a copy in {region}."
    names = ", ".join(sorted({copy.name for copy in before}))
    return f"{region} would lose its last copy ({names}). Keep a copy, or add a new one in the same change."


def _deleted_first(copy: _Copy) -> str:
    return (
        f"{copy.name} in {copy.region} would be deleted before its replacement is made. `pulumi up` refuses that. "
        "Remove the option delete_before_replace."
    )


def _without_key(region: str, after: list[_Copy], key: str | None) -> str | None:
    if key is None or any(same_key(name, key) for copy in after for name in copy.keys):
        return None
    return f"{region} would have no copy that is encrypted with {key}. Set kms_key_id of one of its copies to this key."


def _too_many(full: Mapping[str, int], allowed: int) -> str | None:
    number = sum(full.values())
    if number <= allowed:
        return None
    return f"{number} full copies would be made ({', '.join(full)}). --max-full-copies allows {allowed}."


def _full_copies(preview: Mapping[str, Any], steps: Collection[_Step]) -> dict[str, int]:
    """Return the number of new full copies by resource, including copies that may be full.

    The preview contains the totals of DrRegions. For other copies, it shows the file system only if another copy of the
    same source exists already.
    """
    full: dict[str, int] = Counter()
    counted = set()  # DR Regions with a total
    for urn, _, (region, number) in _totals(preview):
        if type_of(urn) not in DR_REGION_TYPES:
            continue
        counted.add(region)
        full[f"{number} of {name_of(urn)} in {region}"] += number
    subjects = {
        step.before.outputs.get("source_backup_id"): step.before.subject
        for step in steps
        if step.before and step.before.subject
    }
    followed = {
        series for step in steps if step.op in _STAYS and step.after for series in _series(step.after, subjects)
    }
    for op, copy in ((step.op, step.after) for step in steps if step.after):
        is_made = op in ("create", "replace") and not copy.inputs.get("adopt_backup_id")
        is_counted = copy.is_of_dr_region and copy.inputs.get("region") in counted
        series = _series(copy, subjects)
        if is_made and not is_counted and followed.isdisjoint(series):
            full[f"{copy.name} in {copy.inputs.get('region')}"] += 1
        followed |= series
    return {what: number for what, number in full.items() if number}


def totals(preview: Mapping[str, Any]) -> list[str]:
    """Return the totals in a preview, a sentence for each DrRegion with new copies."""
    return [message for _, message, _ in _totals(preview)]


def _totals(preview: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[str, int]]]:
    for diagnostic in preview.get("diagnostics", ()):
        urn, message = diagnostic.get("urn", ""), diagnostic["message"].strip()
        if total := read_total(message):
            yield urn, message, total


def _series(copy: _Copy, subjects: Mapping[Any, str]) -> set[tuple[Any, ...]]:
    """Return Region, file system or volume, and key of a copy, once for each known name of the key."""
    source = str(copy.inputs.get("source_backup_id"))
    # A source that is not known yet counts as a separate file system.
    subject = subjects.get(source) or (source if BACKUP_ID.fullmatch(source) else copy.urn)
    keys = [str(copy.inputs.get("kms_key_id", "")), *filter(None, [copy.outputs.get("kms_key_arn")])]
    region = copy.inputs.get("region")
    return {(region, subject, name.resource if (name := KeyName.parse(key)) else key) for key in keys}
