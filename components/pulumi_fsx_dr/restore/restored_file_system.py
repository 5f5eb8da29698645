"""A file system restored from a backup: the component `RestoredFileSystem`."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict, Unpack, overload

import pulumi
from pulumi import Input, Output

from pulumi_fsx_dr import optional
from pulumi_fsx_dr.args_or_keywords import args_or_keywords, require_complete
from pulumi_fsx_dr.engine import stack_state
from pulumi_fsx_dr.errors import InvalidSettingsError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.program import lookup

from . import checks, kinds

# Restoring terabytes outlasts the 30 to 60 minutes that pulumi-aws waits.
_TIMEOUTS = pulumi.CustomTimeouts(create="24h", delete="2h")


class RestoredFileSystemArgs(TypedDict):
    """Arguments of a `RestoredFileSystem`, which describes them."""

    backup_id: Input[str]
    kind: str
    region: Input[str]
    subnet_ids: Input[Sequence[Input[str]]]
    security_group_ids: NotRequired[Input[Sequence[Input[str]]]]
    kms_key_id: NotRequired[Input[str]]
    tags: NotRequired[Input[Mapping[str, Input[str]]]]
    settings: NotRequired[Mapping[str, Any]]


class RestoredFileSystem(pulumi.ComponentResource):
    """A new file system with the contents of a backup and, unless set otherwise, the settings that it records.

    It is made from the backup that `backup_id` names at that time. Neither a newer copy nor other settings in it ever
    change or replace the file system, and it needs the backup no longer: that one may go. Everything given in `args`
    takes effect as usual. Other subnets, security groups or another key can only be had by a replacement, made from
    the backup named then, with which all that was written since is lost: therefore the file system is protected, and
    leaves a final backup behind, unless `protect` in `opts` or `skip_final_backup` in the settings say otherwise.

    Attributes:
        id: the file system's id.
        arn: its ARN.
        dns_name: its DNS name, never that of the original.
        region: its Region.
        backup_id: the backup it was made from.
        file_system: the pulumi_aws resource, with all its other outputs, such as the `mount_name` of Lustre.
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
        """Restore the file system.

        Args:
            name: The component's logical name.
            args: The arguments below in a dict, in place of keywords.
            opts: The ordinary resource options.
            backup_id: A backup in the Region, such as `DrRegion.latest[file_system_id]` or the id of a `BackupCopy`.
            kind: WINDOWS, LUSTRE or OPENZFS; a plain value, as it decides which resource is made.
            region: The backup's Region, where the file system will be.
            subnet_ids: Two subnets for a multi-AZ file system, the preferred one first; otherwise one.
            security_group_ids: Security groups of the network interfaces. Default: that of the VPC.
            kms_key_id: ARN of the key for the file system. Default: the backup's key.
            tags: Tags of the file system.
            settings: Any other argument of the pulumi_aws resource; each wins over what the backup records. A Windows
                file system that had joined a self-managed directory needs `self_managed_active_directory`, a dict with
                at least the password, which is kept secret; the rest is filled in.

        Raises:
            InvalidSettingsError: FSx cannot restore with these arguments; nothing is made.
        """
        asked = args_or_keywords(f"RestoredFileSystem {name}", args, keywords)
        require_complete(f"RestoredFileSystem {name}", asked, RestoredFileSystemArgs)
        restoration = _Restoration(asked)
        super().__init__("pulumi-fsx-dr:index:RestoredFileSystem", name, None, opts)
        file_system = restoration.resource(
            name,
            **restoration.arguments(name, self.urn),
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
    """Return a backup as the stack's `aws` settings let it be seen, or None if there is none.

    Raises:
        ServiceError: FSx did not answer.
    """
    return lookup.of_this_run().region(region).fsx.find([backup_id]).get(backup_id)


class _Restoration:
    """The arguments of the pulumi_aws resource: those given, and those that the backup fills in once it is known."""

    def __init__(self, args: RestoredFileSystemArgs) -> None:
        self._kind = kinds.kind_of(args["kind"])
        self._kind_name = args["kind"]
        own: Mapping[str, Any] = args
        self._own = {name: own[name] for name in own.keys() - {"kind", "settings"} if own[name] is not None}
        settings = args.get("settings") or {}
        self._settings = {name: value for name, value in settings.items() if value is not None}
        fsx = optional.import_pulumi_aws().fsx
        self.resource: Any = getattr(fsx, self._kind.resource)
        accepted = inspect.signature(getattr(fsx, f"{self._kind.resource}Args").__init__).parameters
        checks.check_settings(self._settings, accepted.keys() - _OWN_ARGUMENTS, self._kind)

    def arguments(self, name: str, component: Output[str]) -> dict[str, Any]:
        """Return all arguments; what the backup records comes as outputs.

        Args:
            name: of the resource.
            component: the URN of its parent.
        """
        found = self._look_up(name, component)
        filled = {argument: _pick(found, argument) for argument in self._filled_in()}
        given = {**self._kind.defaults, **self._settings, **self._own}
        return {**filled, **given, **self._directory(found), "subnet_ids": self._subnets()}

    def ignored(self) -> list[str]:
        """Return the inputs that stay as they were when the file system was made."""
        nested = [f"selfManagedActiveDirectory.{_camel_case(name)}" for name in sorted(self._filled_in_directory())]
        left_to_the_backup = {"backup_id", "storage_capacity"} - self._settings.keys()
        return [*sorted(left_to_the_backup | self._filled_in()), *nested]

    def _filled_in(self) -> set[str]:
        given = self._settings.keys() | self._own.keys()
        filled = {*self._kind.arguments} - given
        if kinds.ACTIVE_DIRECTORY in given:
            filled.discard("active_directory_id")
        if self._settings.get("automatic_backup_retention_days") == 0:
            filled.discard("daily_automatic_backup_start_time")
        return filled

    def _look_up(self, name: str, component: Output[str]) -> Output[dict[str, Any]]:
        named = {argument: self._own[argument] for argument in ("backup_id", "region", "subnet_ids")}
        decisive = {setting: self._settings.get(setting) for setting in ("deployment_type", "storage_capacity")}
        urn = component.future()  # as an output it would make the component depend on its own child
        return Output.all(component=urn, **named, **decisive).apply(lambda known: self._look(name, **known))

    def _look(self, name: str, component: str, backup_id: str, region: str, **known: Any) -> dict[str, Any]:
        checks.check_id(backup_id)
        try:
            backup = checks.check_backup(find_backup(backup_id, region), backup_id, region, self._kind_name)
        except (InvalidSettingsError, ServiceError) as obstacle:
            if not self._is_in_state(name, component, backup_id):
                raise
            pulumi.log.info(f"{name} stays as it is, but could not be restored again. {obstacle}")
            return {kinds.ACTIVE_DIRECTORY: {}}  # the engine goes on with all that is ignored
        return self._fill_in(backup, **known)

    def _is_in_state(self, name: str, component: str, backup_id: str) -> bool:
        """Whether the file system is in the state, perhaps under a name that an alias has to change."""
        type_: str = self.resource.pulumi_type
        found = stack_state.outputs_of_types(type_)
        return _child(component, type_, name) in found or backup_id in [of.get("backupId") for of in found.values()]

    def _fill_in(
        self, backup: Backup, subnet_ids: Sequence[str], deployment_type: str | None, storage_capacity: float | None
    ) -> dict[str, Any]:
        filled = kinds.arguments(backup, self._kind)
        checks.check_complete(backup, self._kind, filled.keys() | self._settings.keys())
        deployed_as: str = deployment_type or filled["deployment_type"]
        checks.check_deployment_type(deployed_as)
        checks.check_capacity(backup, storage_capacity)
        checks.check_subnets(deployed_as, subnet_ids)
        if deployed_as.startswith("MULTI_AZ"):
            filled["preferred_subnet_id"] = subnet_ids[0]
        return filled | {kinds.ACTIVE_DIRECTORY: kinds.active_directory(backup)}

    def _subnets(self) -> Any:
        # pulumi_aws takes one id, not a list, where FSx permits no second subnet.
        subnet_ids = self._own["subnet_ids"]
        return Output.from_input(subnet_ids)[0] if self._kind_name == "LUSTRE" else subnet_ids

    def _directory(self, found: Output[dict[str, Any]]) -> dict[str, Any]:
        given = self._settings.get(kinds.ACTIVE_DIRECTORY)
        if given is None:
            return {}
        directory = _pick(found, kinds.ACTIVE_DIRECTORY)
        filled = {name: _pick(directory, name) for name in self._filled_in_directory()}
        secret = {name: Output.secret(given[name]) for name in given.keys() & {"password", "password_wo"}}
        return {kinds.ACTIVE_DIRECTORY: {**filled, **given, **secret}}

    def _filled_in_directory(self) -> set[str]:
        given: Mapping[str, Any] | None = self._settings.get(kinds.ACTIVE_DIRECTORY)
        if given is None:
            return set()
        by_secret = {"username"} if "domain_join_service_account_secret" in given else set()
        return {*kinds.ACTIVE_DIRECTORY_ARGUMENTS} - given.keys() - by_secret


_OWN_ARGUMENTS = RestoredFileSystemArgs.__annotations__.keys()


def _pick(found: Output[dict[str, Any]], name: str) -> Output[Any]:
    return found.apply(lambda all_: all_.get(name))


def _child(component: str, type_: str, name: str) -> str:
    """Return the URN of a component's child."""
    stack, project, types, _ = component.split("::", 3)
    return f"{stack}::{project}::{types}${type_}::{name}"


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
