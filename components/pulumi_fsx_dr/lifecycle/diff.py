"""What a change of the arguments means: nothing, an update in place, or a replacement."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_fsx_dr.copies.differences import replacements, updates
from pulumi_fsx_dr.errors import InvalidSettingsError, ServiceError
from pulumi_fsx_dr.session.call import Call
from pulumi_fsx_dr.session.session import Session


@dataclass(frozen=True, slots=True)
class Difference:
    """Names of the arguments that need a new copy, and of those that change in place."""

    replaced: list[str]
    updated: list[str]

    @property
    def changes(self) -> bool:
        """Whether there is any."""
        return bool(self.replaced or self.updated)


def diff(
    call: Call, session: Session, backup_id: str, outputs: Mapping[str, Any], news: Mapping[str, Any]
) -> Difference:
    """Compare the checked arguments with what the state holds.

    Args:
        call: of the engine.
        session: of this process.
        backup_id: the copy.
        outputs: what the state holds of it.
        news: the arguments.
    """
    # Delete will ask whether another entry of the state holds the same copy, and sees only what was noted here.
    session.ledger.shown(call.urn, backup_id, outputs.get("nonce") or "")
    region = str(outputs.get("region"))
    replaced = replacements(outputs, news, lambda key: _look_up_key(call, session, region, key))
    # A source that has expired cannot be copied again: such a replacement would fail in each run from now on.
    if replaced == ["kms_key_id"] and not _can_be_copied_again(call, session, backup_id, outputs):
        replaced = []
    return Difference(replaced, updates(outputs, news))


def _look_up_key(call: Call, session: Session, region: str, kms_key_id: str) -> str | None:
    try:
        return session.region(region).fsx.key_arn(kms_key_id)
    except (InvalidSettingsError, ServiceError) as error:
        # A preview must work without permission for KMS, and what is not known must not replace a copy.
        call.warn(f"kms_key_id is taken to be the copy's present key, because it could not be looked up: {error}")
        return None


def _can_be_copied_again(call: Call, session: Session, backup_id: str, outputs: Mapping[str, Any]) -> bool:
    """Tell whether the source of a copy can be copied under another key; if not, the copy keeps the one it has."""
    source, region = outputs["source_backup_id"], outputs["source_region"]
    ledger = session.ledger
    try:
        # Each look at a Region that does not answer takes seconds, so that one look for each copy would take minutes.
        ledger.require_light(region)
        found = session.source_region(region).source(source)
    except ServiceError as error:
        ledger.darkened(region, error)
        why = f"could not be looked up: {error}"
    else:
        if found and found.is_available:
            return True
        why = "is there no more."
    call.warn(f"{backup_id} in {outputs['region']} keeps its KMS key, because its source {source} in {region} {why}")
    return False
