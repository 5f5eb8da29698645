"""The component `RestoredFileSystem`."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict, Unpack, overload

import pulumi
from pulumi import Input, Output

from pulumi_fsx_dr import optional
from pulumi_fsx_dr.args_or_keywords import args_or_keywords, require_complete, require_declarable
from pulumi_fsx_dr.copies.names import camel_case
from pulumi_fsx_dr.copies.urns import child_urn
from pulumi_fsx_dr.engine import stack_state
from pulumi_fsx_dr.errors import InvalidSettingsError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.program import lookup

from . import validation
from .kinds import ACTIVE_DIRECTORY, ACTIVE_DIRECTORY_ARGUMENTS, active_directory_of, arguments_of, kind_of

# pulumi-aws waits 30 to 60 minutes by default, and restoring terabytes takes longer.
_TIMEOUTS = pulumi.CustomTimeouts(create="24h", delete="2h")

_NOT_OF_RESOURCE = ("kind", "settings")


class RestoredFileSystemArgs(TypedDict):
    """Arguments of a `RestoredFileSystem`, where they are documented."""

    backup_id: Input[str]
    kind: str
    region: Input[str]
    subnet_ids: Input[Sequence[Input[str]]]
    security_group_ids: NotRequired[Input[Sequence[Input[str]]]]
    kms_key_id: NotRequired[Input[str]]
    tags: NotRequired[Input[Mapping[str, Input[str]]]]
    settings: NotRequired[Mapping[str, Any]]


class RestoredFileSystem(pulumi.ComponentResource):
    """A new file system with the data of a backup, and with the settings that the backup contains.

    The file system is created from the backup that `backup_id` names at that time. A later value of `backup_id` does
    not change or replace the file system, and the backup may be deleted. Every argument in the program takes effect as
    usual.

    Changes of `subnet_ids`, `security_group_ids` or `kms_key_id` replace the file system with a new one from the
    backup. All data written since then is lost. Therefore the file system is protected against deletion, and FSx makes
    a final backup of it. `protect=False` in `opts` and `skip_final_backup` in `settings` change that.

    Attributes:
        id: Id of the file system, such as `fs-0123456789abcdef0` (`FileSystemId`).
        arn: ARN of the file system (`ResourceARN`).
        dns_name: DNS name of the file system (`DNSName`). It is not the name of the original.
        region: Region of the file system.
        backup_id: The backup from which the file system was created.
        file_system: The resource of pulumi-aws with all other outputs, such as `mount_name` of a Lustre file system.
    """

    @overload
    def __init__(self, name: str, args: RestoredFileSystemArgs, opts: pulumi.ResourceOptions | None = None) -> None: ...

    @overload
    def __init__(
        self, name: str, *, opts: pulumi.ResourceOptions | None = None, **keywords: Unpack[RestoredFileSystemArgs]
    ) -> None: ...

    def __init__(
        self,
        name: str,
        args: RestoredFileSystemArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **keywords: Any,
    ) -> None:
        """Restore a file system from a backup.

        Args:
            name: The component's logical name.
            args: The arguments below as a dict, instead of keywords.
            opts: The usual resource options.
            backup_id: Backup to restore, in `region`, such as `dr.latest[file_system_id]` of a `DrRegion` or the `id`
                of a `BackupCopy` (`BackupId`).
            kind: Type of the file system: `WINDOWS`, `LUSTRE` or `OPENZFS` (`FileSystemType`).
            region: Region of the backup and of the new file system, such as `eu-west-1`.
            subnet_ids: Subnets of the file system (`SubnetIds`): two for a multi-AZ file system, with the preferred
                one first, and one for all others.
            security_group_ids: Security groups of the network interfaces (`SecurityGroupIds`). Default: the default
                security group of the VPC.
            kms_key_id: ARN of the KMS key of the file system (`KmsKeyId`). Default: the key of the backup.
            tags: Tags of the file system (`Tags`).
            settings: Other arguments of the resource in pulumi-aws, such as `{"throughput_capacity": 64}`. They
                override the settings in the backup. A Windows file system in a self-managed directory needs
                `self_managed_active_directory`, a dict with at least the password, which is kept secret.

        Raises:
            InvalidSettingsError: An argument is wrong, or FSx cannot restore the backup. Nothing is created.
        """
        require_declarable("RestoredFileSystem", name, opts)
        resource = f"RestoredFileSystem {name}"
        given = args_or_keywords(resource, args, keywords)
        require_complete(resource, given, RestoredFileSystemArgs)
        with validation.naming(resource):
            validation.require_arguments(given)
            restoration = _Restoration(name, given)
        super().__init__("pulumi-fsx-dr:index:RestoredFileSystem", name, None, opts)
        file_system = restoration.resource(
            name,
            **restoration.arguments(self.urn),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=opts is None or opts.protect is not False,
                ignore_changes=restoration.ignored(),
                custom_timeouts=_TIMEOUTS,
            ),
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
    """Return a backup, or None if it does not exist; the `aws:` settings of the stack set the credentials."""
    return lookup.of_this_run().region(region).fsx.find([backup_id]).get(backup_id)


class _Restoration:
    """The arguments of the resource in pulumi-aws: those of the program, and those in the backup."""

    def __init__(self, name: str, args: RestoredFileSystemArgs) -> None:
        self._name, self._kind = name, kind_of(args["kind"])
        self._args = {name: value for name, value in args.items() if name not in _NOT_OF_RESOURCE and value is not None}
        self._settings = {name: value for name, value in (args.get("settings") or {}).items() if value is not None}
        self._directory: Mapping[str, Any] | None = self._settings.get(ACTIVE_DIRECTORY)
        fsx = optional.import_pulumi_aws().fsx
        self.resource: Any = getattr(fsx, self._kind.resource)
        accepted = inspect.signature(getattr(fsx, f"{self._kind.resource}Args").__init__).parameters
        validation.require_settings(
            self._settings, accepted.keys() - RestoredFileSystemArgs.__annotations__.keys(), self._kind
        )

    def arguments(self, component: Output[str]) -> dict[str, Any]:
        """Return all arguments; those in the backup are outputs. `component` is the URN of the parent."""
        found = self._recorded(component)
        recorded = {name: _pick(found, name) for name in self._recorded_names()}
        given = {**self._kind.defaults, **self._settings, **self._args}
        subnet_ids = self._args["subnet_ids"]
        if self._kind.name == "LUSTRE":  # pulumi-aws accepts one subnet, not a list
            given["subnet_ids"] = Output.from_input(subnet_ids)[0]
        if self._directory is not None:
            given[ACTIVE_DIRECTORY] = self._whole_directory(self._directory, _pick(found, ACTIVE_DIRECTORY))
        return {**recorded, **given}

    def ignored(self) -> list[str]:
        """Return the inputs that keep the values with which the file system was created."""
        nested = [f"selfManagedActiveDirectory.{camel_case(name)}" for name in sorted(self._recorded_in_directory())]
        left_to_the_backup = {"backup_id", "storage_capacity"} - self._settings.keys()
        return [*sorted(left_to_the_backup | self._recorded_names()), *nested]

    def _recorded_names(self) -> set[str]:
        """Return the names of the arguments that come from the backup."""
        given = self._settings.keys() | self._args.keys()
        names = {*self._kind.arguments} - given
        if ACTIVE_DIRECTORY in given:
            names.discard("active_directory_id")
        if self._settings.get("automatic_backup_retention_days") == 0:
            names.discard("daily_automatic_backup_start_time")
        return names

    def _recorded_in_directory(self) -> set[str]:
        if self._directory is None:
            return set()
        by_secret = {"username"} if "domain_join_service_account_secret" in self._directory else set()
        return {*ACTIVE_DIRECTORY_ARGUMENTS} - self._directory.keys() - by_secret

    def _whole_directory(self, given: Mapping[str, Any], found: Output[dict[str, Any]]) -> dict[str, Any]:
        recorded = {name: _pick(found, name) for name in self._recorded_in_directory()}
        secret = {name: Output.secret(given[name]) for name in given.keys() & {"password", "password_wo"}}
        return {**recorded, **given, **secret}

    def _recorded(self, component: Output[str]) -> Output[dict[str, Any]]:
        """Return the arguments in the backup, once the values that they depend on are known."""
        named = {name: self._args[name] for name in ("backup_id", "region", "subnet_ids")}
        decisive = {name: self._settings.get(name) for name in ("deployment_type", "storage_capacity")}
        urn = component.future()  # an output would make the component depend on its own child
        return Output.all(component=urn, **named, **decisive).apply(self._look_up)

    def _look_up(self, known: Mapping[str, Any]) -> dict[str, Any]:
        backup_id = known["backup_id"]
        with validation.naming(f"RestoredFileSystem {self._name}"):
            validation.require_backup_id(backup_id)
            return self._arguments_in_backup(backup_id, known)

    def _arguments_in_backup(self, backup_id: str, known: Mapping[str, Any]) -> dict[str, Any]:
        try:
            backup = self._restorable_backup(backup_id, known["region"])
        except (InvalidSettingsError, ServiceError) as obstacle:
            if not self._is_in_state(known["component"], backup_id):
                raise
            pulumi.log.info(f"{self._name} stays unchanged. Its backup cannot be restored again: {obstacle}")
            return {ACTIVE_DIRECTORY: {}}  # the engine keeps the former values of all ignored inputs
        return self._arguments_of(backup, known)

    def _restorable_backup(self, backup_id: str, region: str) -> Backup:
        backup = find_backup(backup_id, region)
        if backup is None:
            raise InvalidSettingsError(f"Backup {backup_id} was not found in {region}. Correct backup_id or region.")
        validation.require_restorable(backup, self._kind)
        return backup

    def _is_in_state(self, component: str, backup_id: str) -> bool:
        """Whether the file system is in the state, perhaps under a former name."""
        type_: str = self.resource.pulumi_type
        found = stack_state.outputs_of_types(type_)
        return child_urn(component, type_, self._name) in found or backup_id in [
            outputs.get("backupId") for outputs in found.values()
        ]

    def _arguments_of(self, backup: Backup, known: Mapping[str, Any]) -> dict[str, Any]:
        recorded = arguments_of(backup, self._kind)
        validation.require_complete(backup, self._kind, recorded.keys() | self._settings.keys())
        deployment_type: str = known["deployment_type"] or recorded["deployment_type"]
        validation.require_persistent(deployment_type)
        validation.require_capacity(backup, known["storage_capacity"])
        validation.require_subnets(deployment_type, known["subnet_ids"])
        if deployment_type.startswith("MULTI_AZ"):
            recorded["preferred_subnet_id"] = known["subnet_ids"][0]
        return recorded | {ACTIVE_DIRECTORY: active_directory_of(backup)}


def _pick(found: Output[dict[str, Any]], name: str) -> Output[Any]:
    return found.apply(lambda all_: all_.get(name))
