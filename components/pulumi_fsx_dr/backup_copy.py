"""The resource `BackupCopy`."""

from collections.abc import Mapping
from typing import Any, Unpack, overload

import pulumi
from pulumi.dynamic import Resource

from .args_or_keywords import args_or_keywords, require_declarable
from .copies.arguments import ARGUMENTS, BackupCopyArgs, require_valid
from .copies.outputs import OUTPUTS
from .owner import hints, owner_of_this_run
from .program import single_copies
from .program.secret_outputs import with_secret_outputs
from .provider import BackupCopyProvider
from .runtime.hints import HINTS

__all__ = ["BackupCopy", "BackupCopyArgs"]


class BackupCopy(Resource, module="fsx", name="BackupCopy"):
    """One copy of an FSx backup, in one Region, for as long as the program declares it.

    Created by CopyBackup and ready once AVAILABLE; `id` is the copy's backup id, and dependents should use it.
    `custom_timeouts` are honoured: create (default 24 h, from the copy's own start), update (10 min), delete (1 h).

    Attributes:
        arn: ARN of the copy (`ResourceARN`).
        lifecycle: State of the copy, AVAILABLE once it is made (`Lifecycle`).
        kms_key_arn: ARN of the key that encrypts the copy (`KmsKeyId`).
        creation_time: When the copy was made, ISO 8601 in UTC (`CreationTime`).
        source_creation_time: When the source backup was made, ISO 8601 in UTC; what a recovery point's age counts from.
        size_in_bytes: Size of the copy, where FSx gives it (`SizeInBytes`).
        owner_id: Account that owns the copy (`OwnerId`).
        backup_type: `Type`; a copy made here is USER_INITIATED.
        file_system_id: The file system that was backed up (`FileSystem.FileSystemId`).
        file_system_type: WINDOWS, LUSTRE, ONTAP or OPENZFS (`FileSystem.FileSystemType`).
        volume_id: The volume that was backed up, if it was one (`Volume.VolumeId`).
        tags_all: All tags of the copy, those that came from elsewhere included.
        managed_by: Owner id of the stack and request token of the copy, as in the copy's tag `fsx-dr:managed-by`.
    """

    source_backup_id: pulumi.Output[str]
    region: pulumi.Output[str]
    source_region: pulumi.Output[str]
    kms_key_id: pulumi.Output[str | None]
    copy_tags: pulumi.Output[bool]
    tags: pulumi.Output[Mapping[str, str]]
    adopt_backup_id: pulumi.Output[str | None]
    deletion_protection: pulumi.Output[bool]
    arn: pulumi.Output[str]
    lifecycle: pulumi.Output[str]
    kms_key_arn: pulumi.Output[str | None]
    creation_time: pulumi.Output[str]
    source_creation_time: pulumi.Output[str | None]
    size_in_bytes: pulumi.Output[int | None]
    owner_id: pulumi.Output[str]
    backup_type: pulumi.Output[str]
    file_system_id: pulumi.Output[str | None]
    file_system_type: pulumi.Output[str | None]
    volume_id: pulumi.Output[str | None]
    tags_all: pulumi.Output[Mapping[str, str]]
    managed_by: pulumi.Output[str | None]

    @overload
    def __init__(self, name: str, args: BackupCopyArgs, opts: pulumi.ResourceOptions | None = None) -> None: ...

    @overload
    def __init__(
        self, name: str, *, opts: pulumi.ResourceOptions | None = None, **keywords: Unpack[BackupCopyArgs]
    ) -> None: ...

    def __init__(
        self, name: str, args: BackupCopyArgs | None = None, opts: pulumi.ResourceOptions | None = None, **keywords: Any
    ) -> None:
        """Declare a copy: `BackupCopy("ledger", source_backup_id=…)`.

        Args:
            name: The resource's logical name; renaming without an alias makes a new copy.
            args: The arguments below as a dict, instead of keywords.
            opts: The ordinary resource options.
            source_backup_id: The backup to copy, e.g. `backup-0123456789abcdef0` (CopyBackup `SourceBackupId`). A
                change replaces the copy.
            region: Where the copy is made. Default: the stack's `aws:region`, or the environment's. A change replaces
                the copy.
            source_region: Where the source backup is (`SourceRegion`). Default: `region`, an in-Region copy. A change
                replaces the copy.
            kms_key_id: Key id, key ARN, alias or alias ARN of a KMS key in `region` (`KmsKeyId`). Default: the key that
                FSx manages. Another key replaces the copy; the same key written another way does not.
            copy_tags: Whether the source's tags come along when the copy is made (`CopyTags`). Default: False.
            tags: Tags of the copy, at most 49 (`Tags`); they change in place.
            adopt_backup_id: An existing copy of the source to adopt instead of making one. Matters only when the
                resource is created.
            deletion_protection: Whether `destroy`, and a program without the resource, must not delete the copy.
                Retention of a DrRegion, and a replacement that is AVAILABLE, delete it all the same. Default: False.

        Raises:
            InvalidSettingsError: An argument is wrong; nothing is changed.
        """
        require_declarable("BackupCopy", name, opts)
        given = args_or_keywords(f"BackupCopy {name}", args, keywords)
        require_valid(f"BackupCopy {name}", given)
        single_copies.require_region(name, given)
        single_copies.note(name, given, opts)
        # The SDK fills in those outputs only that are among the properties when the resource is registered.
        props: dict[str, Any] = dict.fromkeys((*ARGUMENTS, *OUTPUTS)) | dict(given)
        # The owner id is saved before the first copy is made, and deleted after the last.
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[owner_of_this_run()]))
        hidden: pulumi.Input[str] = hints(name, given)
        opts, props[HINTS] = with_secret_outputs(opts, given, hidden)
        super().__init__(BackupCopyProvider(), name, props, opts)
