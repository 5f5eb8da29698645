"""A whole DR Region in one declaration: its copies, and which of them is the latest."""

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict, Unpack, overload

import pulumi

from . import declarations
from .args_or_keywords import args_or_keywords, require_declarable
from .backup_copy import BackupCopy, BackupCopyArgs
from .copies.copy import BACKUP_COPY_TYPE, DR_REGION_TYPE
from .errors import InvalidSettingsError
from .owner import owner_of_this_run
from .program import coordinator
from .program.secret_outputs import as_secret_as
from .readiness import RPO_HOURS, ReadinessRow, require_hours, rows
from .rules.dr_arguments import KEEP, DrRegionArgs, Source, require_valid
from .rules.plan_outputs import OutputSource
from .rules.region_plan import PlannedCopy, RegionPlan
from .rules.specs import DrRegionSpec

__all__ = ["DrRegion", "DrRegionArgs", "Source"]


class CopyRow(TypedDict):
    """A copy of a `DrRegion`.

    Attributes:
        source_backup_id: The source backup.
        backup_id: Its own id.
        arn: Its ARN.
        creation_time: When it was made, ISO 8601 in UTC.
    """

    source_backup_id: str
    backup_id: str
    arn: str
    creation_time: str


class DrRegion(pulumi.ComponentResource):
    """The copies in one DR Region, one `BackupCopy` named `<name>-<source backup id>` each.

    A copy in the state stays declared until there is a reason to delete it, which `preview` and `up` say. If a source
    Region does not answer, its copies stay as they are, and a warning says so.

    Attributes:
        region: The DR Region.
        copies: The copies, newest source first.
        latest: Backup id of the newest AVAILABLE copy by file system id.
    """

    region: pulumi.Output[str]
    # The SDK takes no TypedDict where the state holds outputs; the schema of the plugin has it from the annotation.
    copies: pulumi.Output[list[Annotated[dict[str, str], CopyRow]]]
    latest: pulumi.Output[dict[str, str]]

    # Another host has its own kinds of resources, and its own way to know what else the program declares.
    _type = DR_REGION_TYPE
    _copy_type = BACKUP_COPY_TYPE

    @overload
    def __init__(self, name: str, args: DrRegionArgs, opts: pulumi.ResourceOptions | None = None) -> None: ...

    @overload
    def __init__(
        self, name: str, *, opts: pulumi.ResourceOptions | None = None, **keywords: Unpack[DrRegionArgs]
    ) -> None: ...

    def __init__(
        self, name: str, args: DrRegionArgs | None = None, opts: pulumi.ResourceOptions | None = None, **keywords: Any
    ) -> None:
        """Declare the copies of a DR Region.

        All DrRegions of a program are planned together, after the program's code has ended. If a file system does not
        exist, the run then fails with `InvalidSettingsError`; if the DR Region cannot be listed, with `ServiceError`.
        Nothing is changed in both cases.

        Args:
            name: The component's logical name.
            args: The arguments below as a dict, instead of keywords.
            opts: The ordinary resource options.
            region: Where the copies are made. Known when the program runs: the copies that are there decide what is
                declared.
            sources: What is copied. If one is removed, its copies are deleted.
            kms_key_id: KMS key of all copies, in `region`. Default: the key that FSx manages.
            copy_tags: Whether the tags of a source backup come along. Default: True.
            tags: Tags of every copy, at most 49.
            keep: How many of a file system's newest backups have a copy, or which by time. Default: 7.
            adopt_existing: Whether copies of the sources that exist already, such as those of scripts, are adopted if
                they have the KMS key and do not have the ownership tag of a stack. Copies that AWS Backup made are not
                adopted. Default: False.
            deletion_protection: Whether `destroy`, and a program without the DrRegion or source, must not delete the
                copies. Retention, and a replacement that is AVAILABLE, delete them all the same. Default: False.

        Raises:
            InvalidSettingsError: An argument is wrong; nothing is changed.
        """
        require_declarable("DrRegion", name, opts)
        asked = args_or_keywords(f"DrRegion {name}", args, keywords)
        require_valid(name, asked)
        declarations.record(asked)
        # The component has no inputs: changes show in its copies, and another notation of a key is not a change.
        super().__init__(self._type, name, None, opts)
        self._args, self._coordinator = asked, self._coordinator_of_this_run()
        self._plan = RegionPlan()  # until it is made
        self._coordinator.add(self, self._spec, self._copy)
        made: Awaitable[list[BackupCopy]] = self._register_copies(coordinator.current_code())
        children: pulumi.Output[list[BackupCopy]] = pulumi.Output.from_input(made)
        self.region = pulumi.Output.from_input(asked["region"])
        self.copies = children.apply(
            lambda made: pulumi.Output.all(*(self._copy_row(child) for child in made)).apply(list)
        )
        self._points: pulumi.Output[list[Any]] = children.apply(
            lambda made: pulumi.Output.all(*(_point(child) for child in made)).apply(list)
        )
        self.latest = self._points.apply(self._latest_of)
        self.register_outputs({"region": self.region, "copies": self.copies, "latest": self.latest})

    def readiness(self, rpo_hours: float = RPO_HOURS) -> pulumi.Output[list[ReadinessRow]]:
        """Return a row for each source once all copies are made: its newest copy and the allowed age.

        Export it as the stack output `readiness`, which `fsx-dr report` reads. The report computes ages: as outputs,
        they would change in every preview.

        Args:
            rpo_hours: maximum age of the source backup of the newest copy.

        Raises:
            InvalidSettingsError: `rpo_hours` is not a positive number.
        """
        try:
            target = require_hours(rpo_hours)
        except InvalidSettingsError as error:
            self._coordinator.refuse(error)
            raise

        def rows_of(known: list[Any]) -> list[ReadinessRow]:
            outputs, points = known
            sources = [*map(self._with_what_is_known, self._plan.sources), *outputs]
            times = {point["id"]: datetime.fromisoformat(point["time"]) for point in points if point.get("time")}
            declared, region = {point["id"] for point in points}, self._args["region"]
            present = self._coordinator.lookup.fresh_copies_in(region)
            # Copies of others may be deleted at any time, so they make nothing ready.
            counted = [copy for copy in present if copy.id in declared or copy.is_running_copy]
            return rows(sources, region, counted, times, target)

        outputs = [{"backup_id": s["backup_id"], "region": s["region"]} for s in self._args["sources"] if _is_output(s)]
        return pulumi.Output.all(outputs, self._points).apply(rows_of)

    def _with_what_is_known(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """Return a source with the name of its file system, and with why nothing of it can be copied."""
        # Not its key, which may be a secret.
        known = {key: source[key] for key in ("file_system_id", "backup_id", "tags", "region") if key in source}
        name, region = source.get("file_system_id"), source["region"]
        if "tags" in source:
            known["obstacle"] = f"no file system in {region} has these tags"
        if name:
            found = self._coordinator.lookup.name_of(name, region)
            known |= {"name": found, "obstacle": self._plan.obstacles.get(name)}
        return known

    def _latest_of(self, points: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """Return the newest copy that can be restored from, by file system."""
        oldest_first = sorted(points, key=lambda point: point.get("time") or "")
        return {
            point["file_system_id"]: point["id"]
            for point in oldest_first
            if point.get("file_system_id")
            and point.get("lifecycle") in (None, "AVAILABLE")
            and point["id"] not in self._plan.gone
        }

    async def _register_copies(self, code: Any) -> list[BackupCopy]:
        """Register the copies, and return them once that is done; one that could not be made is left out."""
        await self._wait_for_owner_id()
        plan, children = await self._coordinator.plan_for(self, code)
        self._plan = plan
        children += await self._register_copies_of_outputs()
        # While the program still runs: the engine deletes what was not registered only when it has ended.
        await self._coordinator.refuse_unexplained_deletes(self, children)
        if pulumi.runtime.is_dry_run():
            await self._log_forecast(plan.copies)
        return [child for child in children if await _is_there(child)]

    async def _register_copies_of_outputs(self) -> list[BackupCopy]:
        """Register the copies of sources that are outputs, which may become known long after the program's code."""
        sources = [
            OutputSource(position, await _known(source["backup_id"]), source["region"])
            for position, source in enumerate(self._args["sources"])
            if _is_output(source)
        ]
        if not sources:
            return []
        plan = self._coordinator.plan_for_outputs(self, await self._spec(), sources)
        self._plan.gone |= plan.gone
        return [self._copy(planned) for planned in plan.copies]

    async def _log_forecast(self, copies: Sequence[PlannedCopy]) -> None:
        # Once all is registered: the key may be one of the same program.
        key = pulumi.Output.from_input(self._args.get("kms_key_id"))
        known = await key.future() if await key.is_known() else ""
        await self._coordinator.log_forecast(self, self._args["region"], known, copies)

    async def _spec(self) -> DrRegionSpec:
        args = self._args
        return DrRegionSpec(
            name=self._name,
            urn=await self.urn.future() or "",
            region=args["region"],
            sources=[source for source in args["sources"] if not _is_output(source)],
            keep=args.get("keep", KEEP),
            kms_key_id=args.get("kms_key_id"),
            copy_tags=args.get("copy_tags", True),
            tags=args.get("tags"),
            adopts=args.get("adopt_existing", False),
            copy_type=self._copy_type,
            has_outputs=any(_is_output(source) for source in args["sources"]),
        )

    def _copy(self, planned: PlannedCopy, depends_on: Sequence[pulumi.Resource] = ()) -> BackupCopy:
        args = self._args
        source = args["sources"][planned.position] if planned.position is not None else None
        own = {**planned.args, **(source or {})}
        copy: dict[str, Any] = {
            "region": args["region"],
            "copy_tags": args.get("copy_tags", True),
            "tags": args.get("tags", {}),
            "kms_key_id": args.get("kms_key_id"),
            "deletion_protection": args.get("deletion_protection", False),
        }
        copy |= {name: value for name, value in planned.args.items() if name != "add_tags"}
        if source:
            copy["source_backup_id"] = source["backup_id"]
            copy["kms_key_id"] = source.get("kms_key_id", copy["kms_key_id"])
        elif planned.args.get("kms_key_id"):
            copy["kms_key_id"] = as_secret_as(planned.args["kms_key_id"], args.get("kms_key_id"), planned.state)
        if added := own.get("add_tags"):
            copy["tags"] = _together(args.get("tags", {}), added)
        self._coordinator.lookup.planned[planned.name] = planned
        wanted: BackupCopyArgs = {name: value for name, value in copy.items() if value is not None}  # type: ignore[assignment]  # names and types are those of BackupCopyArgs
        opts = pulumi.ResourceOptions(parent=self, aliases=_former_urns(planned), depends_on=list(depends_on))
        return self._register(planned.name, wanted, opts)

    def _copy_row(self, copy: BackupCopy) -> dict[str, Any]:
        row = {
            "source_backup_id": copy.source_backup_id,
            "backup_id": copy.id,
            "arn": copy.arn,
            "creation_time": copy.creation_time,
        }
        return {self._spelled(name): value for name, value in row.items()}

    def _spelled(self, name: str) -> str:
        """Return a name in `copies`."""
        return name

    def _coordinator_of_this_run(self) -> coordinator.DrRegionCoordinator:
        # Also without any copy, as while the source Region is unreachable: without its owner id, no later run would
        # resume the copy of a run that was killed.
        owner_of_this_run()
        return coordinator.of_this_run()

    async def _wait_for_owner_id(self) -> None:
        # Copies that begin to wait for it just before it is known are sent after all others, whatever their order.
        await owner_of_this_run().owner_id.future()

    def _register(self, name: str, args: BackupCopyArgs, opts: pulumi.ResourceOptions) -> BackupCopy:
        return BackupCopy(name, args, opts)


def _former_urns(planned: PlannedCopy) -> list[pulumi.Input[str | pulumi.Alias]]:
    """Return the URN of the copy in the state; the engine ignores an alias that is the resource's own URN."""
    return [planned.state.urn] if planned.state else []


def _together(tags: Any, added: Mapping[str, str]) -> Any:
    if isinstance(tags, Mapping):
        return {**tags, **added}
    return pulumi.Output.from_input(tags).apply(lambda known: {**known, **added})


def _is_output(source: Source) -> bool:
    return not isinstance(source.get("backup_id", ""), str)


async def _known(value: pulumi.Input[str]) -> str | None:
    """Return a value once it is known; None in a preview that does not know it."""
    return await pulumi.Output.from_input(value).future()


async def _is_there(child: BackupCopy) -> bool:
    """Whether a copy was made; a preview assumes it."""
    return pulumi.runtime.is_dry_run() or await child.id.is_known()


def _point(copy: BackupCopy) -> dict[str, Any]:
    """Return a copy as a recovery point."""
    return {
        "id": copy.id,
        "file_system_id": copy.file_system_id,
        "time": copy.source_creation_time,
        "lifecycle": copy.lifecycle,
    }
