"""What a pull request must not do to the copies, judged by the document of `pulumi preview --json --show-sames`."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_fsx_dr.copies.copy import COPY_TYPES
from pulumi_fsx_dr.copies.names import by_core_names
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.kms import same_key

_BEFORE = frozenset({"same", "update", "replace", "delete"})
_AFTER = frozenset({"same", "update", "replace", "create", "import"})


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
) -> list[str]:
    """Return why the change must not be made, a sentence for each Region; an empty list if it may.

    Args:
        preview: the document of `pulumi preview --json --show-sames`.
        required_keys: for a Region, the KMS key that at least one copy there must be encrypted with.
        required_regions: where there must be a copy.

    Raises:
        InvalidSettingsError: it is no such document, or it leaves out what stays the same.
    """
    steps = _complete_steps(preview)
    before = _by_region(_copy(step["urn"], step["oldState"]) for step in steps if step["op"] in _BEFORE)
    after = _by_region(_copy_after(step) for step in steps if step["op"] in _AFTER)
    keys = required_keys or {}
    judged = (_violation(r, before[r], after[r], keys.get(r)) for r in sorted({*before, *keys, *required_regions}))
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
    stays = step["op"] in ("same", "update")
    known = step["oldState"].get("outputs", {}) if stays else {}
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
