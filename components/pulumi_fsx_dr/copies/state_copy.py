"""A copy in the Pulumi state. Only the state decides which copies this stack manages."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pulumi_fsx_dr.errors import InvalidSettingsError, InvalidStateError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID
from pulumi_fsx_dr.fsx.partitions import partition_of

from .copy import DR_REGION_TYPES, NATIVE_COPY_TYPE
from .ownership import Ownership
from .urns import name_of, parent_type_of, type_of
from .verification import Facts

_TEXTS = (
    "region",
    "source_region",
    "source_backup_id",
    "managed_by",
    "lifecycle",
    "owner_id",
    "arn",
    "kms_key_arn",
    "kms_key_id",
    "file_system_id",
    "volume_id",
    "adopt_backup_id",
)
_ARN = re.compile(r"arn:[\w-]+:fsx:(?P<region>[a-z0-9-]+):\d{12}:backup/(?P<id>backup-[0-9a-f]+)")
_ACCOUNT = re.compile(r"\d{12}")
_TIMES = ("creation_time", "source_creation_time")
_LONG_AGO = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class StateCopy:
    """The state entry of a copy.

    Attributes:
        id: the copy's backup id.
        outputs: the outputs of its resource, with names in snake_case.
    """

    urn: str
    id: str
    outputs: Mapping[str, Any] = field(repr=False)
    secrets: frozenset[str] = frozenset()

    @classmethod
    def read(cls, urn: str, backup_id: str, outputs: Mapping[str, Any], secrets: Iterable[str] = ()) -> "StateCopy":
        """Return an entry; fail if its outputs are not valid, for example because the state was edited by hand."""
        if problem := _problem(backup_id, outputs):
            raise InvalidStateError(
                f"The state entry of {name_of(urn)} is damaged: {problem}. Correct it in the output of "
                f"`pulumi stack export` and run `pulumi stack import`, or remove the entry with "
                f"`pulumi state delete '{urn}'`."
            )
        return cls(urn, backup_id, outputs, frozenset(secrets))

    @property
    def name(self) -> str:
        """The logical name of its resource, which may contain any characters."""
        return name_of(self.urn)

    @property
    def is_of_dr_region(self) -> bool:
        return parent_type_of(self.urn) in DR_REGION_TYPES

    @property
    def is_native(self) -> bool:
        """Whether the plugin manages it, and not the dynamic provider."""
        return type_of(self.urn) == NATIVE_COPY_TYPE

    @property
    def region(self) -> str:
        return self.output("region")

    @property
    def source_region(self) -> str:
        return self.output("source_region")

    @property
    def source_backup_id(self) -> str:
        return self.output("source_backup_id")

    @property
    def ownership(self) -> Ownership | None:
        """The expected content of the ownership tag; None until an import or adoption is complete."""
        return Ownership.parse(self.outputs.get("managed_by"))

    @property
    def account(self) -> str:
        """The account of the copy; "" if it is missing in the state."""
        return self.output("owner_id")

    @property
    def facts(self) -> Facts:
        """The facts that the backup must match before it is changed or deleted."""
        return Facts(
            source_backup_id=self.source_backup_id,
            region=self.region,
            source_region=self.source_region or None,
            account=self.account or None,
            key=self.output("kms_key_arn") or None,
        )

    @property
    def is_protected(self) -> bool:
        return bool(self.outputs.get("deletion_protection"))

    @property
    def is_finished(self) -> bool:
        """Whether the copy was AVAILABLE when the state was written."""
        return self.output("lifecycle") in ("", "AVAILABLE")

    @property
    def creation_time(self) -> datetime:
        """The creation time of the copy; 1970 if it is missing in the state."""
        return _time(self.outputs.get("creation_time")) or _LONG_AGO

    @property
    def source_creation_time(self) -> datetime | None:
        """The creation time of the source backup; if it is missing, the creation time of the copy."""
        return _time(self.outputs.get("source_creation_time")) or _time(self.outputs.get("creation_time"))

    def output(self, name: str) -> str:
        """Return an output as a string; "" if it is missing."""
        return str(self.outputs.get(name) or "")


def _problem(backup_id: object, outputs: Mapping[str, Any]) -> str | None:
    """Return why an entry is damaged; None if it is not."""
    if not isinstance(backup_id, str) or not BACKUP_ID.fullmatch(backup_id):
        return "its id is not a backup id"
    for names, is_right, kind in _KINDS:
        for name in names:
            if not is_right(outputs.get(name)):
                return f"{name} is not {kind}"
    if not BACKUP_ID.fullmatch(str(outputs.get("source_backup_id"))):
        return "source_backup_id is not a backup id"
    region = outputs.get("region")
    return (
        _problem_of_region("region", region)
        or _problem_of_region("source_region", outputs.get("source_region") or region)
        or _problem_of_account(outputs.get("owner_id"))
        or _problem_of_arn(backup_id, outputs)
    )


def _problem_of_arn(backup_id: str, outputs: Mapping[str, Any]) -> str | None:
    arn = _ARN.fullmatch(outputs.get("arn") or "")
    # A wrong Region would look like an unreachable one, and a wrong id could be the backup of another owner.
    if arn and (arn["region"], arn["id"]) != (outputs.get("region"), backup_id):
        return f"its arn is of {arn['id']} in {arn['region']}"
    return None


def _problem_of_account(account: str | None) -> str | None:
    return "owner_id is not an AWS account" if account and not _ACCOUNT.fullmatch(account) else None


def _problem_of_region(name: str, region: object) -> str | None:
    try:
        partition_of(str(region or ""))
    except InvalidSettingsError:
        return f"{name} is not an AWS Region"
    return None


def _is_tags(value: object) -> bool:
    if value is None:
        return True
    return isinstance(value, Mapping) and all(isinstance(text, str) for pair in value.items() for text in pair)


def _is_text(value: object) -> bool:
    return isinstance(value or "", str)


def _is_time(value: object) -> bool:
    return not value or _time(value) is not None


def _is_boolean(value: object) -> bool:
    return isinstance(value or False, bool)


def _time(text: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time and time.tzinfo is None else time


_KINDS: tuple[tuple[tuple[str, ...], Callable[[object], bool], str], ...] = (
    (_TEXTS, _is_text, "a string"),
    (("deletion_protection",), _is_boolean, "true or false"),
    (("tags", "tags_all"), _is_tags, "a map of strings"),
    (_TIMES, _is_time, "a time"),
)
