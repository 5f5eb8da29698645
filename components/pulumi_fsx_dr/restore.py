"""A file system restored from a backup: the component `RestoredFileSystem`."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output

from . import extras, recorded, restorable
from .fsx import Backup, Credentials, FsxRegion

# Restoring terabytes outlasts the 30 to 60 minutes that pulumi-aws waits.
_TIMEOUTS = pulumi.CustomTimeouts(create="24h", delete="2h")


class RestoredFileSystemArgs(TypedDict):
    """What to restore, and where to."""

    backup_id: Input[str]
    """A backup in the Region, such as `DrRegion.latest[file_system_id]` or the id of a `BackupCopy`."""
    kind: str
    """WINDOWS, LUSTRE or OPENZFS; a plain value, as it decides which resource is made."""
    region: Input[str]
    """The backup's Region, where the file system will be."""
    subnet_ids: Input[Sequence[Input[str]]]
    """Two subnets for a multi-AZ file system, the preferred one first; otherwise one."""
    security_group_ids: NotRequired[Input[Sequence[Input[str]]]]
    """Security groups of the network interfaces; the VPC's default one if not given."""
    kms_key_id: NotRequired[Input[str]]
    """ARN of the key for the file system; the backup's key if not given."""
    tags: NotRequired[Input[Mapping[str, Input[str]]]]
    """Tags of the file system."""
    settings: NotRequired[Mapping[str, Any]]
    """Any other argument of the pulumi_aws resource; each wins over what the backup records.

    A Windows file system that had joined a self-managed directory needs `self_managed_active_directory`, a dict with
    at least the password, which is kept secret; the rest is filled in.
    """


class RestoredFileSystem(pulumi.ComponentResource):
    """A new file system with the contents of a backup and, unless set otherwise, the settings that it records.

    It is made from the backup that `backup_id` names at that time. Neither a newer copy nor other settings in it ever
    change or replace the file system, while everything given in `args` takes effect as usual. Where that replaces it,
    as with other subnets, the new file system is made from the backup named then.

    Attributes:
        id: the file system's id.
        arn: its ARN.
        dns_name: its DNS name, never that of the original.
        region: its Region.
        backup_id: the backup it was made from.
        file_system: the pulumi_aws resource, with all its other outputs, such as the `mount_name` of Lustre.
    """

    def __init__(self, name: str, args: RestoredFileSystemArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Restore the file system.

        Raises:
            InvalidSettingsError: FSx cannot restore with these arguments; nothing is made.
        """
        restoration = _Restoration(args)
        super().__init__("pulumi-fsx-dr:index:RestoredFileSystem", name, None, opts)
        file_system = restoration.resource(
            name,
            **restoration.arguments(),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=restoration.ignored(), custom_timeouts=_TIMEOUTS),
        )
        self.file_system: pulumi.CustomResource = file_system
        self.id: Output[str] = file_system.id
        self.arn: Output[str] = file_system.arn
        self.dns_name: Output[str] = file_system.dns_name
        self.region: Output[str] = file_system.region
        self.backup_id: Output[str] = file_system.backup_id
        outputs = ("id", "arn", "dns_name", "region", "backup_id")
        self.register_outputs({output: getattr(self, output) for output in outputs})


def find_backup(backup_id: str, region: str) -> Backup | None:
    """Return a backup as the stack's `aws` settings let it be seen, or None if there is none.

    Raises:
        ServiceError: FSx did not answer.
    """
    aws = pulumi.Config("aws")
    credentials = Credentials.from_config(lambda setting: aws.get(setting.removeprefix("aws:")))
    return FsxRegion(region, credentials).find([backup_id]).get(backup_id)


class _Restoration:
    """The arguments of the pulumi_aws resource: those given, and those that the backup fills in once it is known."""

    def __init__(self, args: RestoredFileSystemArgs) -> None:
        self._kind = recorded.kind_of(args["kind"])
        self._kind_name = args["kind"]
        own: Mapping[str, Any] = args
        self._own = {name: own[name] for name in own.keys() - {"kind", "settings"} if own[name] is not None}
        settings = args.get("settings") or {}
        self._settings = {name: value for name, value in settings.items() if value is not None}
        fsx = extras.pulumi_aws().fsx
        self.resource: Any = getattr(fsx, self._kind.resource)
        accepted = inspect.signature(getattr(fsx, f"{self._kind.resource}Args").__init__).parameters
        restorable.check_settings(self._settings, accepted.keys() - _OWN_ARGUMENTS, self._kind)

    def arguments(self) -> dict[str, Any]:
        """Return all arguments; what the backup records comes as outputs."""
        found = self._found()
        filled = {name: _pick(found, name) for name in self._filled_in()}
        return {**filled, **self._settings, **self._own, **self._directory(found), "subnet_ids": self._subnets()}

    def ignored(self) -> list[str]:
        """Return the inputs that stay as they were when the file system was made."""
        nested = [f"selfManagedActiveDirectory.{_camel_case(name)}" for name in sorted(self._filled_in_directory())]
        left_to_the_backup = {"backup_id", "storage_capacity"} - self._settings.keys()
        return [*sorted(left_to_the_backup | self._filled_in()), *nested]

    def _filled_in(self) -> set[str]:
        given = self._settings.keys() | self._own.keys()
        filled = {*self._kind.arguments} - given
        if recorded.ACTIVE_DIRECTORY in given:
            filled.discard("active_directory_id")
        if self._settings.get("automatic_backup_retention_days") == 0:
            filled.discard("daily_automatic_backup_start_time")
        return filled

    def _found(self) -> Output[dict[str, Any]]:
        named = {name: self._own[name] for name in ("backup_id", "region", "subnet_ids")}
        deployment_type = self._settings.get("deployment_type")
        return Output.all(**named, deployment_type=deployment_type).apply(lambda known: self._fill_in(**known))

    def _fill_in(
        self, backup_id: str, region: str, subnet_ids: Sequence[str], deployment_type: str | None
    ) -> dict[str, Any]:
        restorable.check_id(backup_id)
        found = find_backup(backup_id, region)
        backup = restorable.check_backup(found, backup_id, region, self._kind_name)
        filled = recorded.arguments(backup, self._kind)
        restorable.check_complete(backup, self._kind, filled.keys() | self._settings.keys())
        deployed_as: str = deployment_type or filled.get("deployment_type", "SINGLE_AZ_1")  # FSx's default
        restorable.check_subnets(deployed_as, subnet_ids)
        if deployed_as.startswith("MULTI_AZ"):
            filled["preferred_subnet_id"] = subnet_ids[0]
        return filled | {recorded.ACTIVE_DIRECTORY: recorded.active_directory(backup)}

    def _subnets(self) -> Any:
        # pulumi_aws takes one id, not a list, where FSx permits no second subnet.
        subnet_ids = self._own["subnet_ids"]
        return Output.from_input(subnet_ids)[0] if self._kind_name == "LUSTRE" else subnet_ids

    def _directory(self, found: Output[dict[str, Any]]) -> dict[str, Any]:
        given = self._settings.get(recorded.ACTIVE_DIRECTORY)
        if given is None:
            return {}
        directory = _pick(found, recorded.ACTIVE_DIRECTORY)
        filled = {name: _pick(directory, name) for name in self._filled_in_directory()}
        secret = {name: Output.secret(given[name]) for name in given.keys() & {"password", "password_wo"}}
        return {recorded.ACTIVE_DIRECTORY: {**filled, **given, **secret}}

    def _filled_in_directory(self) -> set[str]:
        given: Mapping[str, Any] | None = self._settings.get(recorded.ACTIVE_DIRECTORY)
        if given is None:
            return set()
        by_secret = {"username"} if "domain_join_service_account_secret" in given else set()
        return {*recorded.ACTIVE_DIRECTORY_ARGUMENTS} - given.keys() - by_secret


_OWN_ARGUMENTS = RestoredFileSystemArgs.__annotations__.keys()


def _pick(found: Output[dict[str, Any]], name: str) -> Output[Any]:
    return found.apply(lambda all_: all_.get(name))


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
