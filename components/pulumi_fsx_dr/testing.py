"""Unit tests of programs: a fake AWS with backups, and mocks that answer as the provider does.

    aws = testing.fake_aws(testing.backup("backup-0123456789abcdef0", "fs-0123456789abcdef0", "eu-central-1"))
    pulumi.runtime.set_mocks(testing.Mocks(aws), project="dr", stack="test")

They work without network, credentials and Pulumi CLI. The rest of the package does not use them.
"""

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self, cast

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs

from .copies.arguments import problems, with_defaults
from .copies.copy import BACKUP_COPY_TYPE, OWNER_TYPE, Copy, CopySpec
from .copies.outputs import outputs_of
from .copies.ownership import Ownership, RequestToken
from .errors import InvalidSettingsError, NotFoundError
from .fsx.backup import Backup, CopyRequest, FileSystem, Fsx
from .fsx.credentials import Credentials, default_region
from .fsx.kms import KeyName
from .fsx.partitions import partition_of
from .program import lookup
from .program.secret_outputs import outputs_repeating

if TYPE_CHECKING:
    from .runtime.provider_runtime import Connect

__all__ = ["ACCOUNT", "OWNER_ID", "Backup", "FakeAws", "Mocks", "backup", "fake_aws"]

ACCOUNT = "111122223333"
"""The account of the fake AWS."""

OWNER_ID = "0" * 32
"""The owner id of the stack under `Mocks`; the ownership tag of each copy begins with it."""


def backup(
    backup_id: str, file_system_id: str, region: str, *, hours_old: float = 1, type_: str = "AUTOMATIC"
) -> Backup:
    """Return an AVAILABLE backup of a Windows file system. `dataclasses.replace` changes other fields.

    Args:
        backup_id: Id of the backup, such as `backup-0123456789abcdef0`.
        file_system_id: Id of the file system, such as `fs-0123456789abcdef0`.
        region: Region of both.
        hours_old: Age of the backup in hours.
        type_: `AUTOMATIC`, `USER_INITIATED` or `AWS_BACKUP`.
    """
    return Backup(
        id=backup_id,
        arn=_arn(backup_id, region),
        lifecycle="AVAILABLE",
        type=type_,
        creation_time=datetime.now(UTC) - timedelta(hours=hours_old),
        owner_id=ACCOUNT,
        region=region,
        kms_key_arn=_key_arn(None, region),
        file_system_id=file_system_id,
        file_system_type="WINDOWS",
    )


def fake_aws(
    *backups: Backup,
    file_systems: Mapping[str, str] | None = None,
    tags: Mapping[str, Mapping[str, str]] | None = None,
) -> "FakeAws":
    """Replace AWS with these backups, for all programs of this process.

    The fake is used until its method `end` is called, or, as a context manager, until the end of the block.

    Args:
        backups: All backups, including copies; each has a Region.
        file_systems: Region of each file system without backups, by id.
        tags: Tags of the file systems by id, for sources with `tags`.
    """
    fake = FakeAws(backups, file_systems, tags)
    fake.begin()
    return fake


class FakeAws:
    """A fake AWS account with backups of FSx.

    Attributes:
        backups: All backups by id, including the copies that `Mocks` created.
        file_systems: Region of each file system without backups, by id.
        tags: Tags of the file systems by id.
    """

    def __init__(
        self,
        backups: Iterable[Backup],
        file_systems: Mapping[str, str] | None = None,
        tags: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.backups = {backup.id: backup for backup in backups}
        self.file_systems, self.tags = file_systems or {}, tags or {}
        self._former: Connect | None = None

    def begin(self) -> None:
        """Replace AWS in this process."""
        self._former = lookup.connect_by(self.region)

    def end(self) -> None:
        """Use AWS again."""
        lookup.connect_by(self._former)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def region(self, name: str, *, impatient: bool = False) -> Fsx:
        """Return FSx in a Region."""
        del impatient  # there is nothing to wait for
        return _Region(self, name)


class Mocks(pulumi.runtime.Mocks):
    """Return the outputs of each `BackupCopy` as the provider does, and for other resources their inputs.

    To return something else for some resources, override the methods and call `super()` for the others.

    Args:
        aws: The account with the sources and the copies. Default: an empty account.
    """

    def __init__(self, aws: FakeAws | None = None) -> None:
        self._aws = aws or FakeAws([])
        self._context = copy_context()  # older SDKs call this in a thread without configuration

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Return an empty state and the account; nothing for other calls."""
        answers: dict[str, dict[str, Any]] = {
            "pulumi:pulumi:readStackResourceOutputs": {"outputs": {}},
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT, "id": ACCOUNT},
        }
        return answers.get(args.token, {}), []

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Return the id and the outputs of a resource.

        Raises:
            InvalidSettingsError: An argument of a `BackupCopy` is wrong.
        """
        if args.typ == OWNER_TYPE:
            return OWNER_ID, {"owner_id": OWNER_ID}
        if args.typ == BACKUP_COPY_TYPE:
            return self._create(args.name, args.inputs)
        made_up = _backup_id(args.name) if args.typ == "aws:fsx/backup:Backup" else f"{args.name}-id"
        return made_up, dict(args.inputs)

    def _create(self, name: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        plain = {key: _plain(value) for key, value in given.items() if not key.startswith("__")}
        inputs = with_defaults(plain, {}, lambda: _default_region() or self._context.copy().run(_default_region))
        if found := problems(inputs):
            raise InvalidSettingsError(f"BackupCopy {name}: {' '.join(text for _, text in found)}")
        copy = self._copy(name, inputs)
        # The engine makes an output secret if the argument with its name is secret. The program does the same for other
        # names.
        named = {key for key, value in given.items() if _holds_secret(value)}
        secret = named | outputs_repeating(named)
        outputs = outputs_of(inputs, copy).items()
        return copy.backup.id, {key: pulumi.Output.secret(value) if key in secret else value for key, value in outputs}

    def _copy(self, name: str, inputs: Mapping[str, Any]) -> Copy:
        wanted = CopySpec.of(inputs)
        destination = self._aws.region(inputs["region"])
        source_id, source_region = wanted.source_backup_id, wanted.source_region
        if not (source := self._aws.region(source_region).find([source_id]).get(source_id)):
            source = backup(source_id, "", source_region)  # the program may create it
            self._aws.backups[source_id] = source
        urn = f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{BACKUP_COPY_TYPE}::{name}"
        # With the same token, several runs of the program create one copy.
        own = Ownership(OWNER_ID, RequestToken.of(OWNER_ID, urn, source_id, wanted.kms_key_id))
        tags = {**wanted.tags, **own.tag(urn)}
        if adopted := destination.find([inputs.get("adopt_backup_id") or ""]):
            [made] = adopted.values()
            destination.tag(made.arn, tags)
        else:
            made = cast(
                "Backup", destination.copy(replace(wanted, token=str(own.token), tags=tags))
            )  # the fake never refuses a copy
        return Copy(backup=self._aws.backups[made.id], ownership=own, source_creation_time=source.creation_time)


class _Region(Fsx):
    """FSx in one Region; every action takes effect immediately."""

    def __init__(self, aws: FakeAws, name: str) -> None:
        self._aws, self.name = aws, name

    def find(self, ids: Iterable[str]) -> dict[str, Backup]:
        wanted = set(ids)
        return {found.id: found for found in self.backups() if found.id in wanted}

    def find_or_error(self, ids: Iterable[str]) -> Mapping[str, Backup | Exception]:
        return self.find(ids)

    def backups(self) -> Iterator[Backup]:
        return iter([found for found in self._aws.backups.values() if found.region == self.name])

    def copy(self, request: CopyRequest) -> Backup:
        source = self._aws.region(request.source_region).find([request.source_backup_id]).get(request.source_backup_id)
        if source is None:
            raise NotFoundError(f"Source backup {request.source_backup_id} was not found in {request.source_region}.")
        id_ = _backup_id(f"{request.token} in {self.name}")
        made = replace(
            source,
            id=id_,
            arn=_arn(id_, self.name),
            type="USER_INITIATED",
            creation_time=datetime.now(UTC),
            region=self.name,
            kms_key_arn=_key_arn(request.kms_key_id, self.name),
            tags={**(source.tags if request.copy_tags else {}), **request.tags},
            source_backup_id=request.source_backup_id,
            source_region=request.source_region,
        )
        return self._aws.backups.setdefault(id_, made)

    def delete(self, backup_id: str) -> None:
        if self.find([backup_id]):
            del self._aws.backups[backup_id]

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        for found in [found for found in self.backups() if found.arn == arn]:
            self._aws.backups[found.id] = replace(found, tags={**found.tags, **tags})

    def untag(self, arn: str, keys: Iterable[str]) -> None:
        for found in [found for found in self.backups() if found.arn == arn]:
            tags = {key: found.tags[key] for key in found.tags.keys() - set(keys)}
            self._aws.backups[found.id] = replace(found, tags=tags)

    def file_system_exists(self, file_system_id: str) -> bool:
        return file_system_id in self.file_systems()

    def file_systems(self) -> dict[str, FileSystem]:
        backed_up = [found.file_system_id for found in self.backups() if found.source_backup_id is None]
        without_backup = [name for name, region in self._aws.file_systems.items() if region == self.name]
        names = filter(None, (*backed_up, *without_backup))
        return {name: FileSystem(id=name, tags=self._aws.tags.get(name, {})) for name in names}

    def key_arn(self, kms_key_id: str) -> str:
        return _key_arn(kms_key_id, self.name)

    def account(self) -> str:
        return ACCOUNT


def _arn(backup_id: str, region: str) -> str:
    return f"arn:{partition_of(region)}:fsx:{region}:{ACCOUNT}:backup/{backup_id}"


def _key_arn(kms_key_id: str | None, region: str) -> str:
    """Return the ARN of a key; an alias always has the same key."""
    name = KeyName.parse(kms_key_id or "alias/aws/fsx")
    resource = name.resource if name else ""
    key = f"key/{uuid.uuid5(uuid.NAMESPACE_URL, region + resource)}" if resource.startswith("alias/") else resource
    return f"arn:{partition_of(region)}:kms:{region}:{ACCOUNT}:{key}"


def _backup_id(of: str) -> str:
    return f"backup-{hashlib.sha256(of.encode()).hexdigest()[:17]}"


def _default_region() -> str | None:
    return pulumi.Config("aws").get("region") or default_region(Credentials())


def _plain(value: Any) -> Any:
    """Return a value without secret markers."""
    value = rpc.unwrap_rpc_secret(value)
    return {key: _plain(inner) for key, inner in value.items()} if isinstance(value, Mapping) else value


def _holds_secret(value: Any) -> bool:
    return rpc.is_rpc_secret(value) or (isinstance(value, Mapping) and any(map(_holds_secret, value.values())))
