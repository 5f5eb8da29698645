"""A copy as the state describes it: what is written into the outputs, and what is read from them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pulumi_fsx_dr.fsx.backup import Backup

from . import tags
from .arguments import ARGUMENTS
from .copy import UNCLAIMED, Copy, mark_of
from .ownership import Ownership

OUTPUTS: Mapping[str, Callable[[Copy], Any]] = {
    "arn": lambda copy: copy.backup.arn,
    "lifecycle": lambda copy: copy.backup.lifecycle,
    "kms_key_arn": lambda copy: copy.backup.kms_key_arn,
    "creation_time": lambda copy: _text(copy.backup.creation_time),
    "source_creation_time": lambda copy: _text(copy.source_creation_time),
    "size_in_bytes": lambda copy: copy.backup.size_in_bytes,
    "owner_id": lambda copy: copy.backup.owner_id,
    "backup_type": lambda copy: copy.backup.type,
    "file_system_id": lambda copy: copy.backup.file_system_id,
    "file_system_type": lambda copy: copy.backup.file_system_type,
    "volume_id": lambda copy: copy.backup.volume_id,
    "tags_all": lambda copy: tags.visible(copy.backup.tags),
    "nonce": lambda copy: copy.ownership.nonce,
    "token": lambda copy: copy.ownership.token,
    "adopted_from": lambda copy: copy.adopted_from or None,
}
_UNSEEN = "unseen"  # only of a copy that FSx has accepted and not described yet; no program needs it


def outputs_of(inputs: Mapping[str, Any], copy: Copy) -> dict[str, Any]:
    """Return every output; the engine keeps none that an update leaves out."""
    outputs = {name: inputs.get(name) for name in ARGUMENTS}
    outputs |= {name: tell(copy) for name, tell in OUTPUTS.items()}
    outputs[_UNSEEN] = None if copy.was_shown else True
    return {name: value for name, value in outputs.items() if value is not None}


def described(olds: Mapping[str, Any], backup: Backup) -> Copy:
    """Return a live backup as the copy that a state describes."""
    mark = mark_of(backup)
    told = mark.source_creation_time if mark else None
    return Copy(
        backup=backup,
        ownership=Ownership.of(olds),
        source_creation_time=told or _source_time(olds),
        adopted_from=olds.get("adopted_from") or "",
    )


def known(backup_id: str, outputs: Mapping[str, Any]) -> Copy:
    """Return a copy as far as its state describes it."""
    made = outputs.get("creation_time")
    backup = Backup(
        id=backup_id,
        arn=outputs.get("arn") or "",
        lifecycle=outputs.get("lifecycle") or "AVAILABLE",
        type=outputs.get("backup_type") or "",
        creation_time=datetime.fromisoformat(made) if made else datetime.fromtimestamp(0, UTC),
        owner_id=outputs.get("owner_id") or "",
        region=outputs["region"],
    )
    return replace(described(outputs, backup), was_shown=not outputs.get(_UNSEEN))


def is_own(outputs: Mapping[str, Any]) -> bool:
    """Tell whether a state's copy was made by it, or made its own since it was imported."""
    return bool(outputs.get("nonce")) and not outputs.get(UNCLAIMED)


def _source_time(outputs: Mapping[str, Any]) -> datetime | None:
    text = outputs.get("source_creation_time")
    return datetime.fromisoformat(text) if text else None


def _text(time: datetime | None) -> str | None:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time else None
