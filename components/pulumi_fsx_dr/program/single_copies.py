"""Single BackupCopies, which no DrRegion declares: the forecast of a preview, and checks that need AWS."""

from collections import defaultdict
from collections.abc import Awaitable, Mapping
from functools import partial
from inspect import isawaitable
from typing import Any

import pulumi

from pulumi_fsx_dr.copies.arguments import ARGUMENTS
from pulumi_fsx_dr.copies.copy import BACKUP_COPY_TYPE, DR_REGION_TYPE
from pulumi_fsx_dr.copies.messages import missing_alias_text, resuming
from pulumi_fsx_dr.copies.ownership import description_of
from pulumi_fsx_dr.copies.verification import Facts, mismatch
from pulumi_fsx_dr.errors import AwsConfigError, FsxDrError, InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.credentials import Credentials, default_region
from pulumi_fsx_dr.rules.existing import resume_order, wanted_key
from pulumi_fsx_dr.rules.region_plan import PlannedCopy

from .coordinator import current_code, end_of, in_thread
from .forecast import forecast
from .lookup import Lookup, of_this_run
from .per_run import once_a_run

_PLACES = ("source_backup_id", "region", "source_region", "kms_key_id", "adopt_backup_id")


class SingleCopies:
    """The BackupCopies of one preview that no DrRegion declares."""

    def __init__(self, seen: Lookup) -> None:
        self._lookup = seen
        self._declared: dict[str, Mapping[str, Any]] = {}
        self._dependent: set[str] = set()  # copies with `depends_on`
        # The SDK does not know the stack in other threads.
        self._stack_urn = f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}"
        # Read now, so that `_log` does not block the event loop with it.
        _ = seen.state
        logged: Awaitable[bool] = self._log(current_code())
        # An output, for which the SDK waits before the program ends.
        self._logged: pulumi.Output[bool] = pulumi.Output.from_input(logged)

    def add(self, name: str, args: Mapping[str, Any], opts: pulumi.ResourceOptions | None) -> None:
        self._declared[name] = args
        if opts and opts.depends_on:
            self._dependent.add(name)

    async def _log(self, code: Any) -> bool:
        await end_of(code)
        copies: dict[str, list[PlannedCopy]] = defaultdict(list)
        for name, args in list(self._declared.items()):
            known = {key: await _known(args[key]) for key in _PLACES if args.get(key) is not None}
            # The value of an unknown output is None. The key may be created in this run.
            region = known.pop("region") if "region" in known else _default_region()
            if "kms_key_id" in known:
                known["kms_key_id"] = known["kms_key_id"] or ""
            if region:
                copies[region].append(self._planned(name, region, {"source_region": region, **known}))
        for region in sorted(copies):
            for line in await in_thread(partial(self._total, region, copies[region])):
                pulumi.log.info(line)
            for warning in filter(None, map(self._missing_source, copies[region])):
                pulumi.log.warn(warning)
        return bool(copies)

    def _total(self, region: str, copies: list[PlannedCopy]) -> list[str]:
        for copy in copies:
            self._require_alias(region, copy)
        try:
            resumed = {copy.name: backup for copy in copies if (backup := self._resumed(region, copy))}
            left = [copy for copy in copies if copy.name not in resumed]
            new = forecast(self._lookup, region, None, left)
            total = new.total(self._lookup.copies_in(region)) if new.made else []
            return [*total, *(resuming(backup) for backup in resumed.values())]
        except AwsConfigError:
            raise
        except FsxDrError:  # a preview must work while a Region is unreachable
            return []

    def _missing_source(self, copy: PlannedCopy) -> str | None:
        """Return a warning if FSx does not find the source backup, unless it is an output.

        The program may create the backup of an output.
        """
        args = self._declared[copy.name]
        source, region = args["source_backup_id"], copy.args["source_region"]
        if not isinstance(source, str) or (source, region) not in self._lookup.not_found:
            return None
        fix = (
            "Correct source_backup_id or source_region."
            if "source_region" in args
            else "Set source_region to the Region of the backup."
        )
        return f"Source backup {source} of BackupCopy {copy.name} was not found in {region}. {fix}"

    def _resumed(self, region: str, copy: PlannedCopy) -> Backup | None:
        """Return the copy of an interrupted run that the create of a BackupCopy resumes."""
        source, key = copy.args.get("source_backup_id"), copy.args.get("kms_key_id")
        if copy.state or not source or key == "" or "adopt_backup_id" in copy.args:
            return None
        urn = f"{self._stack_urn}::{BACKUP_COPY_TYPE}::{copy.name}"
        wanted = Facts(
            source_backup_id=source,
            region=region,
            source_region=copy.args["source_region"],
            key=wanted_key(self._lookup, region, key),
        )
        in_state = {other.id for other in self._lookup.related(copy.name, source)}
        found = [
            backup
            for backup in self._lookup.claimed_as(region, description_of(urn))
            if backup.id not in in_state and not backup.is_dead and mismatch(backup, wanted) is None
        ]
        return min(found, key=resume_order, default=None)

    def _require_alias(self, region: str, copy: PlannedCopy) -> None:
        """Refuse a new copy with an alias that does not exist, unless the program may create the alias.

        It may if the alias is an output, or if the copy depends on other resources.
        """
        key = self._declared[copy.name].get("kms_key_id")
        if copy.name in self._dependent or not isinstance(key, str):
            return
        if copy.state is None and self._lookup.region(region).lacks_alias(key):
            raise InvalidSettingsError(missing_alias_text(key, region, f"BackupCopy {copy.name}"))

    def _planned(self, name: str, region: str, args: dict[str, Any]) -> PlannedCopy:
        same = (c for c in self._lookup.related(name, None) if not c.is_of_dr_region and c.region == region)
        state = next((c for c in same if args.get("source_backup_id") in (None, c.source_backup_id)), None)
        return PlannedCopy(name=name, args=args, state=state)


def require_region(name: str, args: Mapping[str, Any]) -> None:
    """Refuse a new BackupCopy for which neither the program, the stack nor the environment names a Region."""
    is_unit_test = current_code() is None  # which may run without a Region
    if "region" in args or is_unit_test or _default_region():
        return
    if not of_this_run().related(name, args["source_backup_id"]):
        raise InvalidSettingsError(f"BackupCopy {name}: region is required.{ARGUMENTS['region'].hint}")


def note(name: str, args: Mapping[str, Any], opts: pulumi.ResourceOptions | None) -> None:
    parent = opts.parent if opts else None
    if pulumi.runtime.is_dry_run() and getattr(parent, "pulumi_resource_type", "") != DR_REGION_TYPE:
        _of_this_run().add(name, args, opts)


@once_a_run
def _of_this_run() -> SingleCopies:
    return SingleCopies(of_this_run())


@once_a_run  # a session takes 16 ms, and there may be thousands of copies
def _default_region() -> str | None:
    return pulumi.Config("aws").get("region") or default_region(Credentials.of_stack())


async def _known(value: pulumi.Input[Any]) -> Any:
    """Return a value; None if it is unknown or a coroutine, which only the SDK may await."""
    if isinstance(value, pulumi.Output):
        return await value.future()
    return None if isawaitable(value) else value
