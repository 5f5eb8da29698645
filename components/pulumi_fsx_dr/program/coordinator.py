"""Plan the DrRegions of a program together, and compare them with the state after all registrations.

This runs in the event loop of the program. Calls to AWS run in threads.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, TypeVar

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from pulumi_fsx_dr.copies.messages import missing_alias_text
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.rules.order import registration_order
from pulumi_fsx_dr.rules.plan import plan_copies
from pulumi_fsx_dr.rules.plan_outputs import OutputSource, add_unclaimed, plan_outputs
from pulumi_fsx_dr.rules.region_plan import PlannedCopy, RegionPlan, Undecided
from pulumi_fsx_dr.rules.specs import DrRegionSpec

from . import lookup
from .forecast import forecast
from .later import decided_for, merge, taken_back
from .per_run import once_a_run

_T = TypeVar("_T")
Register: TypeAlias = Callable[[PlannedCopy, Sequence[pulumi.Resource]], pulumi.CustomResource]


@dataclass(frozen=True, slots=True)
class _Declared:
    """A DrRegion of the program; `describe` returns its arguments, and `register` registers one of its copies."""

    describe: Callable[[], Awaitable[DrRegionSpec]]
    register: Register


def _is_dynamic(copy: StateCopy) -> bool:
    return copy.is_of_dr_region and not copy.is_native


class DrRegionCoordinator:
    """The DrRegions of one run. They are planned together, because a copy may have moved from one to another."""

    def __init__(
        self,
        seen: lookup.Lookup,
        owns: Callable[[StateCopy], bool] = _is_dynamic,
        reword: Callable[[str], str] = str,
    ) -> None:
        """Create it.

        Args:
            seen: the lookups of this run.
            owns: whether a copy in the state belongs to a DrRegion.
            reword: translates a message to the language of the program.
        """
        self.lookup = seen
        self._owns = owns
        self._reword = reword
        self._unplanned: dict[pulumi.Resource, _Declared] = {}
        self._plans: dict[str, RegionPlan] = {}  # by URN
        self._children: dict[str, dict[str, Any]] = {}  # by URN of the DrRegion and by name
        self._output_plans: list[RegionPlan] = []
        self._undecided: dict[str, list[Undecided]] = {}  # by DR Region
        self._awaiting_outputs: dict[str, str] = {}  # DR Regions by URN
        self._registered: dict[str, str] = {}  # ids by URN
        self._unregistered: set[pulumi.Resource] = set()  # DrRegions with copies that are not registered yet
        self._lock = asyncio.Lock()
        self._error: Exception | None = None  # why the plan failed

    def add(
        self,
        resource: pulumi.Resource,
        describe: Callable[[], Awaitable[DrRegionSpec]],
        register: Register,
    ) -> None:
        self._unplanned[resource] = _Declared(describe, register)
        self._unregistered.add(resource)

    @contextmanager
    def failing_all(self) -> Iterator[None]:
        """If the block fails, make all DrRegions of this run fail before they declare copies.

        An exception in the program's code is not enough: Pulumi still registers everything that was declared before.
        """
        try:
            yield
        except InvalidSettingsError as error:
            self._error = self._error or error
            raise

    async def plan_for(
        self, resource: pulumi.Resource, code: "asyncio.Task[Any] | None"
    ) -> tuple[RegionPlan, list[Any]]:
        """Return the plan of a DrRegion and its copies, after the code of the program has ended."""
        await end_of(code)
        # The first DrRegion that gets here plans for all, and the others use its plan or its error.
        async with self._lock:
            if self._unplanned and not self._error:
                try:
                    await self._plan_all()
                except Exception as error:  # noqa: BLE001  # every DrRegion must end with this error
                    self._error = error
        if self._error:
            raise self._error
        urn = await _urn(resource)
        plan = self._plans[urn]
        return plan, [self._children[urn][copy.name] for copy in (*plan.copies, *self._refused_of(plan))]

    async def _plan_all(self) -> None:
        declared, self._unplanned = self._unplanned, {}
        regions = {resource: await one.describe() for resource, one in declared.items()}
        specs = list(regions.values())
        undecided = [one for some in self._undecided.values() for one in some]
        decided = decided_for(specs, self._all_plans, undecided)
        copies = [copy for copy in self.lookup.state if self._owns(copy) and copy.urn not in decided]
        # In a thread, because the event loop must continue to register other resources.
        plans = await in_thread(lambda: self._ask_and_plan(specs, copies))
        for region in specs:
            plan = plans[region.urn]
            new = [copy for copy in plan.copies if copy.state is None and not copy.exists]
            missing = await in_thread(partial(self._missing_aliases, region, new))
            if missing and pulumi.runtime.is_dry_run():
                raise InvalidSettingsError(" ".join(missing))
            # An update only warns, so that all other copies are created. Existing copies keep their key.
            present = [copy for copy in plan.copies if copy.state]
            missing += await in_thread(partial(self._missing_aliases, region, present))
            plan.warnings += dict.fromkeys(missing)
        for plan in plans.values():
            plan.notes += taken_back(plan, self._all_plans)
        merge(plans, self._all_plans, self._undecided)
        self._plans |= plans
        for resource, region in regions.items():
            plan = plans[region.urn]
            self._undecided.setdefault(region.region, []).extend(plan.undecided)
            self._awaiting_outputs |= {region.urn: region.region} if region.has_outputs else {}
            self._log(plan, resource)
        while self.lookup.warnings:
            pulumi.log.warn(self._reword(self.lookup.warnings.pop(0)))
        self._register(plans, {region.urn: declared[resource] for resource, region in regions.items()})

    def _ask_and_plan(self, regions: Sequence[DrRegionSpec], copies: Sequence[StateCopy]) -> dict[str, RegionPlan]:
        self.lookup.ask_ahead((dr.region for dr in regions), (source for dr in regions for source in dr.sources))
        return plan_copies(regions, copies, self.lookup)

    def _missing_aliases(self, region: DrRegionSpec, copies: Iterable[PlannedCopy]) -> list[str]:
        """Return a message for each alias that does not exist, unless the state of the copy has it already."""
        # Outputs are skipped: an alias of this program may not exist yet, and an output may be secret.
        named = [(copy.args.get("kms_key_id", region.kms_key_id), copy.state) for copy in copies]
        keys = {k for k, state in named if isinstance(k, str) and not (state and state.output("kms_key_id") == k)}
        missing = filter(self.lookup.region(region.region).lacks_alias, sorted(keys))
        return [missing_alias_text(key, region.region, f"DrRegion {region.name}") for key in missing]

    def _register(self, plans: Mapping[str, RegionPlan], declared: Mapping[str, _Declared]) -> None:
        """Register the copies of several DrRegions in their common order; copies that will fail come last."""
        self._children |= {urn: {} for urn in plans}
        for urn, copy in registration_order(plans):
            self._children[urn][copy.name] = declared[urn].register(copy, ())
        # Without `--continue-on-error` the engine starts nothing new after a failed create.
        others = [child for of_one in self._children.values() for child in of_one.values()]
        for urn, plan in plans.items():
            for copy in self._refused_of(plan):
                self._children[urn][copy.name] = declared[urn].register(copy, others)

    @staticmethod
    def _refused_of(plan: RegionPlan) -> Sequence[PlannedCopy]:
        # A preview only warns of them, and shows the copies that will really be created.
        return () if pulumi.runtime.is_dry_run() else plan.refused

    def plan_for_outputs(
        self, resource: pulumi.Resource, region: DrRegionSpec, sources: Sequence[OutputSource]
    ) -> RegionPlan:
        """Return the plan of a DrRegion for its sources that are outputs, after they are known."""
        undecided = self._undecided.get(region.region, [])
        plan, unclaimed = plan_outputs(region, sources, undecided, self._plans[region.urn])
        self._awaiting_outputs.pop(region.urn, None)
        # A source of another DrRegion in the same Region may still claim the others.
        if region.region not in self._awaiting_outputs.values():
            add_unclaimed(plan, region, unclaimed)
            unclaimed = []
        self._undecided[region.region] = unclaimed
        self._output_plans.append(plan)
        self._log(plan, resource)
        return plan

    def _log(self, plan: RegionPlan, resource: pulumi.Resource) -> None:
        is_preview = pulumi.runtime.is_dry_run()
        for note in (*plan.removed, *plan.notes, *(plan.preview_notes if is_preview else ())):
            pulumi.log.info(self._reword(str(note)), resource=resource)
        for warning in (*plan.warnings, *(plan.preview_warnings if is_preview else ())):
            pulumi.log.warn(self._reword(warning), resource=resource)

    async def log_forecast(
        self, resource: pulumi.Resource, region: str, kms_key_id: str | None, copies: Sequence[PlannedCopy]
    ) -> None:
        has_lines = pulumi.Config("fsx-dr").get_bool("previewCopies")

        def ask() -> list[str]:
            new = forecast(self.lookup, region, kms_key_id, copies)
            return [*new.total(self.lookup.copies_in(region)), *(new.lines if has_lines else ())]

        for line in await in_thread(ask):
            pulumi.log.info(line, resource=resource)

    async def refuse_unexplained_deletes(
        self, resource: pulumi.Resource, children: Iterable[pulumi.CustomResource]
    ) -> None:
        """Refuse deletes that no plan explains, by comparing the state with the registered resources.

        The last DrRegion that is registered does this for all.

        Raises:
            InvalidSettingsError: a copy would be deleted without a reason; the run fails, and nothing is deleted.
        """
        for child in children:
            self._registered[await _urn(child)] = await child.id.future() or ""
        self._unregistered.discard(resource)
        if self._unregistered or self._unplanned:
            return
        # A planned copy is not lost: its URN in the state is an alias of its new URN. If a copy is renamed and
        # replaced in one run, both its URN and its id are new, and only the plan knows it.
        known = {*self._registered, *self._registered.values()} | self._decided_urns()
        # By URN or by id: a renamed copy has a new URN, and a replaced copy a new id.
        lost = [copy for copy in self.lookup.state if self._owns(copy) and not {copy.urn, copy.id} & known]
        if lost:
            # The engine deletes unregistered resources only after the program has succeeded.
            raise InvalidSettingsError(_without_reason(lost))

    @property
    def _all_plans(self) -> list[RegionPlan]:
        return [*self._plans.values(), *self._output_plans]

    def _decided_urns(self) -> set[str]:
        return {copy.urn for plan in self._all_plans for copy in plan.in_state}


def _without_reason(lost: list[StateCopy]) -> str:
    ids = ", ".join(f"{copy.id} in {copy.region}" for copy in lost)
    return (
        f"Refusing to delete {ids}: the program no longer declares these copies, and no retention rule explains it. "
        "Nothing was deleted. Look for a transform that renames copies. To keep them without this stack, remove their "
        "entries with `pulumi state delete`."
    )


async def in_thread(ask: Callable[[], _T]) -> _T:
    """Return the result of a slow call, which runs in a thread."""
    return await asyncio.get_running_loop().run_in_executor(None, ask)


@once_a_run
def of_this_run() -> DrRegionCoordinator:
    return DrRegionCoordinator(lookup.of_this_run())


def current_code() -> "asyncio.Task[Any] | None":
    """Return the task that runs the code of the program; None in a unit test."""
    if isinstance(get_monitor(), MockMonitor):
        return None
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


async def end_of(code: "asyncio.Task[Any] | None") -> None:
    """Wait until the code of the program has ended.

    Normally the code ends before anything else runs in the event loop, and this function returns immediately. But a
    synchronous invoke in the code runs the event loop until it has its answer, so this function polls. The task cannot
    be awaited: it also waits for all resources, and they wait for this function.
    """
    coroutine = code.get_coro() if code else None
    while code and not code.done() and getattr(coroutine, "cr_running", False):  # noqa: ASYNC110  # as above
        await asyncio.sleep(0.005)


async def _urn(resource: pulumi.Resource) -> str:
    return await resource.urn.future() or ""
