"""The component `DrRegion`."""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict, Unpack, overload

import pulumi

from . import declarations
from .args_or_keywords import args_or_keywords, require_complete, require_declarable
from .backup_copy import BackupCopy, BackupCopyArgs
from .copies.copy import BACKUP_COPY_TYPE, DR_REGION_TYPE
from .owner import owner_of_this_run
from .program import coordinator
from .program.latest import latest_of, point_of
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
        source_backup_id: Id of the source backup (`SourceBackupId`).
        backup_id: Id of the copy (`BackupId`).
        arn: ARN of the copy (`ResourceARN`).
        creation_time: Creation time of the copy, in ISO 8601 and UTC (`CreationTime`).
    """

    source_backup_id: str
    backup_id: str
    arn: str
    creation_time: str


class DrRegion(pulumi.ComponentResource):
    """The copies of several sources in one DR Region. Each copy is a `BackupCopy` named `<name>-<source backup id>`.

    A copy in the state is deleted only for a reason that `preview` and `up` show. If a source Region is unreachable,
    its copies stay unchanged, and a warning names the Region.

    Attributes:
        region: The DR Region.
        copies: The copies; the copy of the newest source backup is first.
        latest: Backup id of the newest AVAILABLE copy, by file system id, such as `dr.latest["fs-0123456789abcdef0"]`.
    """

    region: pulumi.Output[str]
    # The SDK does not accept a TypedDict as the type of an output. The schema of the plugin reads the annotation.
    copies: pulumi.Output[list[Annotated[dict[str, str], CopyRow]]]
    latest: pulumi.Output[dict[str, str]]

    # The plugin overrides the types, and the methods that depend on its host.
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
        """Declare the copies in a DR Region.

        All DrRegions are planned together when the code of the program has ended. The run then fails with
        `InvalidSettingsError` if a file system does not exist, and with `ServiceError` if the copies in the DR Region
        cannot be listed. Nothing is changed in either case.

        Args:
            name: The component's logical name.
            args: The arguments below as a dict, instead of keywords.
            opts: The usual resource options.
            region: DR Region of the copies, such as `eu-west-1`.
            sources: File systems, tag selectors and backups to copy, such as
                `[{"file_system_id": "fs-0123456789abcdef0", "region": "eu-central-1"}]`. The list may be empty. The
                copies of a removed source are deleted.
            kms_key_id: KMS key of all copies, in `region`: a key id, key ARN, alias such as `alias/fsx-dr`, or alias
                ARN (`KmsKeyId`). Default: the AWS managed key for FSx.
            copy_tags: Whether FSx copies the tags of the source backups (`CopyTags`). Default: True.
            tags: Tags of all copies, at most 49, such as `{"team": "storage"}` (`Tags`).
            keep: Number of newest backups of each file system (ONTAP: of each volume) that have a copy, or rules by
                time, such as `{"last": 2, "daily": 7}`. Default: 7.
            adopt_existing: Whether existing copies of the sources are adopted instead of creating new ones. They must
                have the right KMS key and no ownership tag, and not be made by AWS Backup. Default: False.
            deletion_protection: Whether `pulumi destroy`, and removing the DrRegion or a source, fail instead of
                deleting copies. Retention, and a replacement that is AVAILABLE, still delete copies. Default: False.

        Raises:
            InvalidSettingsError: An argument is wrong. Nothing is changed.
        """
        require_declarable("DrRegion", name, opts)
        asked = args_or_keywords(f"DrRegion {name}", args, keywords)
        require_complete(f"DrRegion {name}", asked, DrRegionArgs)
        require_valid(name, asked)
        declarations.record(asked)
        # The component has no inputs. Its copies show all changes, and another name of the same key is not a change.
        super().__init__(self._type, name, None, opts)
        self._args, self._coordinator = asked, self._coordinator_of_this_run()
        self._plan = RegionPlan()  # until the DrRegions are planned
        self._coordinator.add(self, self._spec, self._copy)
        made: Awaitable[list[BackupCopy]] = self._register_copies(coordinator.current_code())
        children: pulumi.Output[list[BackupCopy]] = pulumi.Output.from_input(made)
        self.region = pulumi.Output.from_input(asked["region"])
        self.copies = children.apply(
            lambda made: pulumi.Output.all(*(self._copy_row(child) for child in made)).apply(list)
        )
        self._points: pulumi.Output[list[Any]] = children.apply(
            lambda made: pulumi.Output.all(*(point_of(child) for child in made)).apply(list)
        )
        self.latest = self._points.apply(lambda points: latest_of(points, self._plan.gone))
        self.register_outputs({"region": self.region, "copies": self.copies, "latest": self.latest})

    def readiness(self, rpo_hours: float = RPO_HOURS) -> pulumi.Output[list[ReadinessRow]]:
        """Return a row for each source once all copies are made: its newest copy and the allowed age.

        Export it as the stack output `readiness` for `fsx-dr report`, which computes the age of each copy.

        Args:
            rpo_hours: maximum age of the source backup of the newest copy.

        Raises:
            InvalidSettingsError: `rpo_hours` is not a positive number.
        """
        with self._coordinator.failing_all():
            target = require_hours(rpo_hours)

        def rows_of(known: list[Any]) -> list[ReadinessRow]:
            outputs, points = known
            sources = [*map(self._with_name_and_obstacle, self._plan.sources), *outputs]
            times = {point["id"]: datetime.fromisoformat(point["time"]) for point in points if point.get("time")}
            declared, region = {point["id"] for point in points}, self._args["region"]
            present = self._coordinator.lookup.fresh_copies_in(region)
            # Others may delete their copies at any time, so only the copies of this stack count.
            counted = [copy for copy in present if copy.id in declared or copy.is_running_copy]
            return rows(sources, region, counted, times, target)

        outputs = [{"backup_id": s["backup_id"], "region": s["region"]} for s in self._args["sources"] if _is_output(s)]
        return pulumi.Output.all(outputs, self._points).apply(rows_of)

    def _with_name_and_obstacle(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """Return a source with the name of its file system, and with the reason why it cannot be copied."""
        # Without its key, which may be a secret.
        known = {key: source[key] for key in ("file_system_id", "backup_id", "tags", "region") if key in source}
        name, region = source.get("file_system_id"), source["region"]
        if "tags" in source:
            known["obstacle"] = f"no file system in {region} has these tags"
        if name:
            found = self._coordinator.lookup.name_of(name, region)
            known |= {"name": found, "obstacle": self._plan.obstacles.get(name)}
        return known

    async def _register_copies(self, code: Any) -> list[BackupCopy]:
        """Register the copies, and return those that were created."""
        await self._wait_for_owner_id()
        plan, children = await self._coordinator.plan_for(self, code)
        self._plan = plan
        children += await self._register_copies_of_outputs()
        # The engine deletes unregistered copies when the program has ended, so this must happen before.
        await self._coordinator.refuse_unexplained_deletes(self, children)
        if pulumi.runtime.is_dry_run():
            await self._log_forecast(plan.copies)
        return [child for child in children if await _is_there(child)]

    async def _register_copies_of_outputs(self) -> list[BackupCopy]:
        """Register the copies of sources that are outputs, which may be known only after the program's code ended."""
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
        # After all registrations, because the program may create the key.
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
        # The owner id is saved even if no copy is declared, for example because the source Region is unreachable.
        # Without it, a later run could not resume the copy of a killed run.
        owner_of_this_run()
        return coordinator.of_this_run()

    async def _wait_for_owner_id(self) -> None:
        # A copy that starts to wait just before the owner id is known would be registered after all other copies.
        await owner_of_this_run().owner_id.future()

    def _register(self, name: str, args: BackupCopyArgs, opts: pulumi.ResourceOptions) -> BackupCopy:
        return BackupCopy(name, args, opts)


def _former_urns(planned: PlannedCopy) -> list[pulumi.Input[str | pulumi.Alias]]:
    """Return the URN of the copy in the state; the engine ignores an alias with the URN of the resource itself."""
    return [planned.state.urn] if planned.state else []


def _together(tags: Any, added: Mapping[str, str]) -> Any:
    if isinstance(tags, Mapping):
        return {**tags, **added}
    return pulumi.Output.from_input(tags).apply(lambda known: {**known, **added})


def _is_output(source: Source) -> bool:
    return not isinstance(source.get("backup_id", ""), str)


async def _known(value: pulumi.Input[str]) -> str | None:
    """Return the value of an output; None if a preview does not know it."""
    return await pulumi.Output.from_input(value).future()


async def _is_there(child: BackupCopy) -> bool:
    """Whether a copy was created; always true in a preview."""
    return pulumi.runtime.is_dry_run() or await child.id.is_known()
