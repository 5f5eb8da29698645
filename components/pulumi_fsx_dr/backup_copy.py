"""The resource that programs declare."""

from collections.abc import Mapping
from typing import Any, Unpack, overload

import pulumi
from pulumi.dynamic import Resource

from .copies.arguments import ARGUMENTS, BackupCopyArgs
from .copies.outputs import OUTPUTS
from .given import documents, given
from .owner import hints, owner_of_this_run
from .program.secret_outputs import with_secret_outputs
from .provider import BackupCopyProvider
from .runtime.hints import HINTS

__all__ = ["BackupCopy", "BackupCopyArgs"]


@documents(BackupCopyArgs)
class BackupCopy(Resource, module="fsx", name="BackupCopy"):
    """One copy of an FSx backup, in one Region, for as long as the program declares it.

    Created by CopyBackup and ready once AVAILABLE; `id` is the copy's backup id, and dependents should use it.
    `custom_timeouts` are honoured: create (default 24 h, from the copy's own start), update (10 min), delete (1 h).
    """

    source_backup_id: pulumi.Output[str]
    region: pulumi.Output[str]
    source_region: pulumi.Output[str]
    kms_key_id: pulumi.Output[str | None]
    copy_tags: pulumi.Output[bool]
    tags: pulumi.Output[Mapping[str, str]]
    adopt_backup_id: pulumi.Output[str | None]

    arn: pulumi.Output[str]
    """ARN of the copy (`ResourceARN`)."""
    lifecycle: pulumi.Output[str]
    """State of the copy, AVAILABLE once it is made (`Lifecycle`)."""
    kms_key_arn: pulumi.Output[str | None]
    """ARN of the key that encrypts the copy (`KmsKeyId`)."""
    creation_time: pulumi.Output[str]
    """When the copy was made, ISO 8601 in UTC (`CreationTime`)."""
    source_creation_time: pulumi.Output[str | None]
    """When the source backup was made, ISO 8601 in UTC; what a recovery point's age counts from."""
    size_in_bytes: pulumi.Output[int | None]
    """Size of the copy, where FSx gives it (`SizeInBytes`)."""
    owner_id: pulumi.Output[str]
    """Account that owns the copy (`OwnerId`)."""
    backup_type: pulumi.Output[str]
    """`Type`; a copy made here is USER_INITIATED."""
    file_system_id: pulumi.Output[str | None]
    """The file system that was backed up (`FileSystem.FileSystemId`)."""
    file_system_type: pulumi.Output[str | None]
    """WINDOWS, LUSTRE, ONTAP or OPENZFS (`FileSystem.FileSystemType`)."""
    volume_id: pulumi.Output[str | None]
    """The volume that was backed up, if it was one (`Volume.VolumeId`)."""
    tags_all: pulumi.Output[Mapping[str, str]]
    """All tags of the copy, those that came from elsewhere included."""
    managed_by: pulumi.Output[str | None]
    """Owner id of the stack and request token of the copy, as in the copy's tag `fsx-dr:managed-by`."""

    @overload
    def __init__(self, name: str, args: BackupCopyArgs, opts: pulumi.ResourceOptions | None = None) -> None: ...

    @overload
    def __init__(
        self, name: str, *, opts: pulumi.ResourceOptions | None = None, **keywords: Unpack[BackupCopyArgs]
    ) -> None: ...

    def __init__(
        self,
        name: str,
        args: BackupCopyArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **keywords: Any,
    ) -> None:
        """Declare a copy.

        Args:
            name: the resource's logical name; renaming without an alias makes a new copy.
            args: what to copy, where to, and how; left out if the arguments are keywords.
            opts: the ordinary resource options.
            keywords: the arguments one by one, in place of `args`.

        Raises:
            InvalidSettingsError: the arguments are given in two ways, or in none.
        """
        asked = given(f"BackupCopy {name}", args, keywords)
        # The SDK fills in those outputs only that are among the properties when the resource is registered.
        props: dict[str, Any] = dict.fromkeys((*ARGUMENTS, *OUTPUTS)) | dict(asked)
        # The owner id is saved before the first copy is made, and deleted after the last.
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[owner_of_this_run()]))
        told: pulumi.Input[str] = hints(name, asked.get("source_backup_id"))
        opts, props[HINTS] = with_secret_outputs(opts, asked, told)
        super().__init__(BackupCopyProvider(), name, props, opts)
