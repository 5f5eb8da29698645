"""What a pull request must not do to the copies, judged by the document of `pulumi preview --json --show-sames`."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_fsx_dr.copies.copy import COPY_TYPES
from pulumi_fsx_dr.copies.names import by_core_names
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID
from pulumi_fsx_dr.fsx.kms import KeyName, same_key

from .copy_size import read_forecast

_BEFORE = frozenset({"same", "update", "replace", "delete"})
_AFTER = frozenset({"same", "update", "replace", "create", "import"})
_STAYS = frozenset({"same", "update"})


@dataclass(frozen=True, slots=True)
class _Copy:
    """A copy before or after the change; `region` is None where the preview does not know it."""

    urn: str
    region: str | None
    keys: frozenset[str] = frozenset()


def violations(
    preview: Mapping[str, Any],
    required_keys: Mapping[str, str] | None = None,
    required_regions: Collection[str] = (),
    max_full_copies: int | None = None,
) -> list[str]:
    """Return why the change must not be made, a sentence for each Region; an empty list if it may.

    Args:
        preview: the document of `pulumi preview --json --show-sames`.
        required_keys: for a Region, the KMS key that at least one copy there must be encrypted with.
        required_regions: where there must be a copy.
        max_full_copies: how many copies may be made that are full for sure; None for any number.

    Raises:
        InvalidSettingsError: it is no such document, or it leaves out what stays the same.
    """
    steps = _complete_steps(preview)
    before = _by_region(_copy(step["urn"], step["oldState"]) for step in steps if step["op"] in _BEFORE)
    after = _by_region(_copy_after(step) for step in steps if step["op"] in _AFTER)
    keys = required_keys or {}
    judged = [_violation(r, before[r], after[r], keys.get(r)) for r in sorted({*before, *keys, *required_regions})]
    if max_full_copies is not None:
        judged.append(_too_many(_full_copies(preview, steps), max_full_copies))
    return [violation for violation in judged if violation]


def _complete_steps(preview: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the steps of copies, without those on their way out already."""
    steps, summary = preview.get("steps", []), preview.get("changeSummary")
    failed = any(diagnostic.get("severity") == "error" for diagnostic in preview.get("diagnostics", ()))
    if failed or not isinstance(summary, Mapping):
        raise InvalidSettingsError(
            "This is not the document of a preview that succeeded: make it with pulumi preview --json --show-sames."
        )
    left_out = summary.get("same", 0) - sum(step["op"] == "same" for step in steps)
    if left_out > 0:
        raise InvalidSettingsError(
            f"The preview leaves out {left_out} resources that stay the same, and so which copies are left: "
            "make it with pulumi preview --json --show-sames."
        )
    return [step for step in steps if _state(step).get("type") in COPY_TYPES and not _is_going(step)]


def _state(step: Mapping[str, Any]) -> Mapping[str, Any]:
    state: Mapping[str, Any] = step.get("newState") or step.get("oldState") or {}
    return state


def _is_going(step: Mapping[str, Any]) -> bool:
    """Tell whether an earlier run replaced this copy and could not delete it."""
    return step["op"] != "replace" and bool(step.get("oldState", {}).get("delete"))


def _copy_after(step: Mapping[str, Any]) -> _Copy:
    """Read a copy as it will be; one that stays keeps its key, which only the old outputs tell in a preview."""
    known = step["oldState"].get("outputs", {}) if step["op"] in _STAYS else {}
    return _copy(step["urn"], {"inputs": step["newState"].get("inputs", {}), "outputs": known})


def _copy(urn: str, state: Mapping[str, Any]) -> _Copy:
    inputs, outputs = by_core_names(state.get("inputs", {})), by_core_names(state.get("outputs", {}))
    # Both forms, because a key may be given as an alias, of which only the output tells the ARN.
    keys = (inputs.get("kms_key_id"), outputs.get("kms_key_arn"))
    return _Copy(urn, inputs.get("region") or outputs.get("region"), frozenset(filter(None, keys)))


def _by_region(copies: Iterable[_Copy]) -> defaultdict[str, list[_Copy]]:
    found: defaultdict[str, list[_Copy]] = defaultdict(list)
    for copy in copies:
        if copy.region:
            found[copy.region].append(copy)
    return found


def _violation(region: str, before: list[_Copy], after: list[_Copy], key: str | None) -> str | None:
    if not after and before:
        names = ", ".join(sorted({copy.urn.rpartition("::")[2] for copy in before}))
        return f"{region} would lose its last copy ({names}): keep one, or add its successor in the same change."
    if not after:
        return f"{region} would have no copy, and one is required there: declare one."
    if key and not any(same_key(name, key) for copy in after for name in copy.keys):
        return f"{region} would have no copy encrypted with {key}: give one of its copies this kms_key_id."
    return None


def _too_many(full: list[str], allowed: int) -> str | None:
    if len(full) <= allowed:
        return None
    copies = "1 copy" if len(full) == 1 else f"{len(full)} copies"
    return (
        f"{copies} would be made in full ({', '.join(full)}), and {allowed} may be: "
        "allow more with --max-full-copies if that is meant."
    )


def _full_copies(preview: Mapping[str, Any], steps: Collection[Mapping[str, Any]]) -> list[str]:
    """Return the names of the new copies that are full for sure, or of which nothing tells that they are not.

    A DrRegion says in the preview how its copies are made. Of others the document tells which ones are of the same
    file system, if another copy of the same source is there already.
    """
    forecasts = filter(None, (read_forecast(diagnostic["message"]) for diagnostic in preview.get("diagnostics", ())))
    told = {(source, region): is_full for source, region, is_full in forecasts}
    subjects = {source: subject for step in steps for source, subject in _subject(step.get("oldState") or {})}
    followed = {series for step in steps if step["op"] in _STAYS for series in _series(step, subjects)}
    full = []
    for step in (step for step in steps if step["op"] in _AFTER):
        inputs, series = _inputs(step), _series(step, subjects)
        # A preview shows no replacement if the key is made in the same run, and yet there will be one.
        is_full = _is_made(step) and followed.isdisjoint(series)
        if told.get((str(inputs.get("source_backup_id")), str(inputs.get("region"))), is_full):
            full.append(f"{step['urn'].rpartition('::')[2]} in {inputs.get('region')}")
        followed |= series
    return full


def _is_made(step: Mapping[str, Any]) -> bool:
    return step["op"] in ("create", "replace") and not _inputs(step).get("adopt_backup_id")


def _inputs(step: Mapping[str, Any]) -> dict[str, Any]:
    return by_core_names(step["newState"].get("inputs", {}))


def _subject(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the source of a copy with the volume or file system that it is a backup of, if both are known."""
    outputs = by_core_names(state.get("outputs", {}))
    source, subject = outputs.get("source_backup_id"), outputs.get("volume_id") or outputs.get("file_system_id")
    if source and subject:
        yield source, subject


def _series(step: Mapping[str, Any], subjects: Mapping[str, str]) -> set[tuple[Any, ...]]:
    """Return Region, file system and key of a copy, once for each form in which its key is known."""
    inputs = _inputs(step)
    known = by_core_names(step["oldState"].get("outputs", {})) if step["op"] in _STAYS else {}
    source = str(inputs.get("source_backup_id"))
    # A source that is not known yet is told apart from others by its copy.
    subject = subjects.get(source, source if BACKUP_ID.fullmatch(source) else step["urn"])
    keys = [str(inputs.get("kms_key_id", "")), *filter(None, [known.get("kms_key_arn")])]
    return {(inputs.get("region"), subject, name.resource if (name := KeyName.parse(key)) else key) for key in keys}
