"""The arguments of a DrRegion and of its sources, for planning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_fsx_dr.copies.copy import BACKUP_COPY_TYPE
from pulumi_fsx_dr.copies.ownership import description_of
from pulumi_fsx_dr.copies.tags import too_many_tags
from pulumi_fsx_dr.copies.urns import child_urn
from pulumi_fsx_dr.fsx.backup import Backup

from .retention import Keep


@dataclass(frozen=True, slots=True)
class DrRegionSpec:
    """A DrRegion of the program; its arguments may contain outputs.

    Attributes:
        sources: the sources, without those that are outputs.
        keep: the default retention of the sources.
        has_outputs: whether some sources are outputs.
        adopts: whether existing copies without an owner are adopted.
        copy_type: the resource type of its copies.
    """

    name: str
    urn: str
    region: str
    sources: Sequence[Mapping[str, Any]]
    keep: Keep
    kms_key_id: Any = None
    copy_tags: Any = True
    tags: Any = None
    has_outputs: bool = False
    adopts: bool = False
    copy_type: str = BACKUP_COPY_TYPE

    @property
    def sees_program(self) -> bool:
        """Whether it knows all resources of the program; a component of the plugin knows only its own copies."""
        return self.copy_type == BACKUP_COPY_TYPE

    def child_name(self, source_backup_id: str) -> str:
        return f"{self.name}-{source_backup_id}"

    def child_urn(self, child_name: str) -> str:
        return child_urn(self.urn, self.copy_type, child_name)

    def child_description(self, source: str) -> str:
        return description_of(self.child_urn(self.child_name(source)))


@dataclass(frozen=True, slots=True, eq=False)
class SourceSpec:
    """A file system or a single backup that is a source of a DrRegion.

    Attributes:
        source: the arguments of the source, with a file system instead of a tag selector.
        selector: the tag selector that selects it; None if the program contains its id.
        is_unselected: whether it has lost the tags: its copies are kept, but no new ones are created.
    """

    dr: DrRegionSpec
    source: Mapping[str, Any]
    selector: Mapping[str, Any] | None = None
    is_unselected: bool = False

    @property
    def is_file_system(self) -> bool:
        return "file_system_id" in self.source

    @property
    def key(self) -> str:
        """The id of the file system or backup."""
        return str(self.source["file_system_id" if self.is_file_system else "backup_id"])

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys for finding its copies: its id, and for a file system also "" (copies of unknown file systems)."""
        return (self.key, "") if self.is_file_system else (self.key,)

    @property
    def region(self) -> str:
        return str(self.source["region"])

    @property
    def kms_key_id(self) -> Any:
        """The KMS key of its copies, which may be an output."""
        return self.source.get("kms_key_id", self.dr.kms_key_id)

    @property
    def keep(self) -> Keep:
        keep: Keep = self.source.get("keep", self.dr.keep)
        return keep

    @property
    def own_args(self) -> dict[str, Any]:
        """The arguments of its copies that do not come from the DrRegion."""
        return {name: self.source[name] for name in ("kms_key_id", "add_tags") if name in self.source}

    def obstacle_of(self, backup: Backup) -> str | None:
        """Return why a backup cannot be copied, without a period; None if it can."""
        if backup.copy_obstacle:
            return backup.copy_obstacle
        if self.dr.copy_tags is True and too_many_tags(backup, self._tags):
            return (
                "its tags and the tags of the copy together exceed the limit of FSx (set copy_tags to False, or remove "
                "tags from the backup)"
            )
        return None

    def urn_of(self, source_backup_id: str) -> str:
        return self.dr.child_urn(self.dr.child_name(source_backup_id))

    @property
    def _tags(self) -> Any:
        """The tags of its copies, which may be outputs."""
        own = self.source.get("add_tags")
        return {**(self.dr.tags if isinstance(self.dr.tags, Mapping) else {}), **own} if own else self.dr.tags
