"""A naive provider, for comparison with the package."""

import os
import time
import uuid
from typing import Any

import boto3
import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider

_POLL_SECONDS = float(os.environ.get("PULUMI_FSX_DR_POLL_SECONDS", "15"))


class NaiveCopyProvider(ResourceProvider):
    """Calls CopyBackup with a random token, then polls the copy; each call has its own client.

    The host calls the provider in several threads. boto3's guide says that threads must not share a session.
    """

    serialize_as_secret_always = False

    def client(self, region: str) -> Any:
        """Return an FSx client."""
        return boto3.session.Session(region_name=region).client("fsx")

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Start a copy and wait until it is AVAILABLE."""
        fsx = self.client(props["region"])
        copy = fsx.copy_backup(
            ClientRequestToken=str(uuid.uuid4()),
            SourceBackupId=props["source_backup_id"],
            SourceRegion=props["source_region"],
        )["Backup"]
        while copy["Lifecycle"] != "AVAILABLE":
            time.sleep(_POLL_SECONDS)
            copy = fsx.describe_backups(BackupIds=[copy["BackupId"]])["Backups"][0]
        return CreateResult(copy["BackupId"], {**props, "arn": copy["ResourceARN"]})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Replace the copy if an argument differs."""
        replaces = [key for key in ("source_backup_id", "source_region", "region") if _olds[key] != _news[key]]
        return DiffResult(changes=bool(replaces), replaces=replaces)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Fail if the copy is gone."""
        self.client(props["region"]).describe_backups(BackupIds=[id_])
        return ReadResult(id_, props)

    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Delete the copy."""
        self.client(props["region"]).delete_backup(BackupId=id_)


class OneSessionProvider(NaiveCopyProvider):
    """Uses boto3's default session in all threads, which is faster."""

    def client(self, region: str) -> Any:
        """Return an FSx client."""
        return boto3.client("fsx", region_name=region)


class NaiveCopy(Resource, module="naive", name="BackupCopy"):
    """A copy of a backup."""

    provider = NaiveCopyProvider

    def __init__(self, name: str, args: dict[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare a copy by source_backup_id, source_region and region."""
        super().__init__(self.provider(), name, {"arn": None, **args}, opts)


class OneSessionCopy(NaiveCopy, module="naive", name="OneSessionCopy"):
    """A copy of a backup; all copies share one session."""

    provider = OneSessionProvider
