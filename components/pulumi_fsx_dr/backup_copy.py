"""The resource `BackupCopy`."""

from collections.abc import Mapping
from typing import Any, Unpack, overload

import pulumi
from pulumi.dynamic import Resource

from .args_or_keywords import args_or_keywords, require_declarable
from .copies.arguments import ARGUMENTS, BackupCopyArgs, require_valid
from .copies.outputs import OUTPUTS
from .errors import InvalidSettingsError
from .owner import hints, owner_of_this_run
from .program import single_copies
from .program.secret_outputs import with_secret_outputs
from .provider import BackupCopyProvider
from .runtime.hints import HINTS

__all__ = ["BackupCopy", "BackupCopyArgs"]


class BackupCopy(Resource, module="fsx", name="BackupCopy"):
    """A copy of one FSx backup in one Region.

    FSx creates it with CopyBackup, and the resource is ready when the copy is AVAILABLE. `id` is the backup id of the
    copy. `custom_timeouts` in the options apply to create (default: 24 h since the copy started), update (10 min) and
    delete (1 h).

    Attributes:
        arn: ARN of the copy (`ResourceARN`).
        lifecycle: State of the copy, such as `AVAILABLE` (`Lifecycle`).
        kms_key_arn: ARN of the KMS key of the copy (`KmsKeyId`).
        creation_time: Creation time of the copy, in ISO 8601 and UTC (`CreationTime`).
        source_creation_time: Creation time of the source backup. The age of a recovery point counts from this time.
        size_in_bytes: Size of the copy in bytes, if FSx returns it (`SizeInBytes`).
        owner_id: Account of the copy, 12 digits (`OwnerId`).
        backup_type: Type of the copy, `USER_INITIATED` (`Type`).
        file_system_id: File system of the source backup (`FileSystem.FileSystemId`).
        file_system_type: `WINDOWS`, `LUSTRE`, `ONTAP` or `OPENZFS` (`FileSystem.FileSystemType`).
        volume_id: Volume of the source backup, if it is of a volume (`Volume.VolumeId`).
        tags_all: All tags of the copy, including copied ones and those that others added (`Tags`).
        managed_by: Owner id of the stack and request token of the copy, as in the ownership tag `fsx-dr:managed-by`.
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
        """Declare a copy: `BackupCopy("ledger", source_backup_id="backup-0123456789abcdef0", region="eu-west-1")`.

        Args:
            name: The resource's logical name. A new name without an alias makes a new copy.
            args: The arguments below as a dict, instead of keywords.
            opts: The usual resource options.
            source_backup_id: Backup to copy, such as `backup-0123456789abcdef0` (`SourceBackupId`). A change replaces
                the copy.
            region: Region of the copy, such as `eu-west-1`. Default: `aws:region` of the stack, or the Region of the
                environment. A change replaces the copy.
            source_region: Region of the source backup (`SourceRegion`). Default: `region`, a copy within the Region. A
                change replaces the copy.
            kms_key_id: KMS key of the copy in `region`: a key id, key ARN, alias such as `alias/fsx-dr`, or alias ARN
                (`KmsKeyId`). Default: the AWS managed key for FSx. Another key replaces the copy. Another name of the
                same key changes nothing.
            copy_tags: Whether FSx copies the tags of the source backup (`CopyTags`). Default: False.
            tags: Tags of the copy, at most 49, such as `{"team": "storage"}` (`Tags`). They change in place.
            adopt_backup_id: Id of an existing copy of the source backup to adopt instead of creating a new one. Used
                only when the resource is created.
            deletion_protection: Whether `pulumi destroy`, and removing the resource from the program, fail instead of
                deleting the copy. A replacement that is AVAILABLE still deletes it. Default: False.

        Raises:
            InvalidSettingsError: An argument is wrong. Nothing is changed.
        """
        require_declarable("BackupCopy", name, opts)
        if opts and opts.delete_before_replace:
            raise InvalidSettingsError(
                f"opts of BackupCopy {name} must not have delete_before_replace. A replaced copy is deleted only when "
                "its replacement is AVAILABLE."
            )
        given = args_or_keywords(f"BackupCopy {name}", args, keywords)
        require_valid(f"BackupCopy {name}", given)
        single_copies.require_region(name, given)
        single_copies.note(name, given, opts)
        # The SDK fills in only the outputs that are properties when the resource is registered.
        props: dict[str, Any] = dict.fromkeys((*ARGUMENTS, *OUTPUTS)) | dict(given)
        # The owner id must be saved before the first copy is created, and deleted after the last one.
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[owner_of_this_run()]))
        hidden: pulumi.Input[str] = hints(name, given)
        opts, props[HINTS] = with_secret_outputs(opts, given, hidden)
        super().__init__(BackupCopyProvider(), name, props, opts)
