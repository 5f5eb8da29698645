"""One run of a program: its DrRegions are planned together, and compared with the state once all is registered.

Everything here runs in the program's own event loop; what asks AWS runs in threads beside it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import FsxDrError, InvalidSettingsError
from pulumi_fsx_dr.rules.plan import plan_copies
from pulumi_fsx_dr.rules.plan_outputs import OutputSource, add_unclaimed, plan_outputs
from pulumi_fsx_dr.rules.region_plan import PlannedCopy, RegionPlan, Undecided
from pulumi_fsx_dr.rules.specs import DrRegionSpec

from . import lookup
from .forecast import forecast
from .per_run import once_a_run
from .quota import quota_warnings

_T = TypeVar("_T")


class DrRegionCoordinator:
    """The DrRegions of one run: they are planned together, because a copy of one may have been another's."""

    def __init__(self, seen: lookup.Lookup, owns: Callable[[StateCopy], bool] | None = None) -> None:
        """Begin.

        Args:
            seen: what this run looks up.
            owns: whether a copy in the state is one of a DrRegion of this program; by default those are that a program
                in Python makes with the dynamic provider.
        """
        self.lookup = seen
        self._owns = owns or _is_dynamic
        self._unplanned: dict[pulumi.Resource, Callable[[], Awaitable[DrRegionSpec]]] = {}
        self._plans: dict[str, RegionPlan] = {}  # by URN
        self._output_plans: list[RegionPlan] = []
        self._undecided: dict[str, list[Undecided]] = {}  # by DR Region
        self._awaiting_outputs: dict[str, str] = {}  # DR Regions by URN
        self._registered: dict[str, str] = {}  # ids by URN
        self._unregistered: set[pulumi.Resource] = set()  # DrRegions whose copies are not registered yet
        self._lock = asyncio.Lock()
        self._error: FsxDrError | None = None  # for which nothing can be planned

    def add(self, resource: pulumi.Resource, describe: Callable[[], Awaitable[DrRegionSpec]]) -> None:
        """Add a DrRegion as soon as the program has it.

        Args:
            resource: the DrRegion.
            describe: returns what it is to declare.
        """
        self._unplanned[resource] = describe
        self._unregistered.add(resource)

    async def plan_for(self, resource: pulumi.Resource, code: "asyncio.Task[Any] | None") -> RegionPlan:
        """Return what a DrRegion declares, once the program's code has ended and all of them are known.

        Args:
            resource: the DrRegion.
            code: the task that runs the program's code.
        """
        await _end_of(code)
        # All DrRegions come here. The first one plans for all, and the others find it done, or the same error.
        async with self._lock:
            if self._unplanned and not self._error:
                try:
                    await self._plan_all()
                except FsxDrError as error:
                    self._error = error
        if self._error:
            raise self._error
        return self._plans[await _urn(resource)]

    async def _plan_all(self) -> None:
        resources, self._unplanned = self._unplanned, {}
        regions = {resource: await describe() for resource, describe in resources.items()}
        # A DrRegion may be declared later than others, as in an `apply`: what was decided before stays decided.
        decided = self._decided_urns() | {one.copy.state.urn for some in self._undecided.values() for one in some}
        copies = [copy for copy in self.lookup.state if self._owns(copy) and copy.urn not in decided]
        # Beside the event loop, which must go on to register the rest of the program.
        plans = await in_thread(lambda: plan_copies(list(regions.values()), copies, self.lookup))
        self._plans |= plans
        for resource, region in regions.items():
            plan = plans[region.urn]
            self._undecided.setdefault(region.region, []).extend(plan.undecided)
            self._awaiting_outputs |= {region.urn: region.region} if region.has_outputs else {}
            _log(plan, resource)
        while self.lookup.warnings:
            pulumi.log.warn(self.lookup.warnings.pop(0))

    def plan_for_outputs(
        self, resource: pulumi.Resource, region: DrRegionSpec, sources: Sequence[OutputSource]
    ) -> RegionPlan:
        """Return what a DrRegion declares for the sources that are outputs, once they are known."""
        undecided = self._undecided.get(region.region, [])
        plan, unclaimed = plan_outputs(region, sources, undecided, self._plans[region.urn])
        self._awaiting_outputs.pop(region.urn, None)
        # An output of another DrRegion in the same Region may ask for the rest.
        if region.region not in self._awaiting_outputs.values():
            add_unclaimed(plan, region, unclaimed)
            unclaimed = []
        self._undecided[region.region] = unclaimed
        self._output_plans.append(plan)
        _log(plan, resource)
        return plan

    async def log_forecast(
        self, resource: pulumi.Resource, region: str, kms_key_id: str | None, copies: Sequence[PlannedCopy]
    ) -> None:
        """Log in a preview how much each new copy will copy, as far as FSx tells."""
        for line in await in_thread(lambda: forecast(self.lookup, region, kms_key_id, copies)):
            pulumi.log.info(line, resource=resource)

    async def warn_of_quota(self, resource: pulumi.Resource, region: str, copies: Sequence[PlannedCopy]) -> None:
        """Warn in a preview if the new copies may exceed the quota of backups."""
        for warning in await in_thread(lambda: list(quota_warnings(self.lookup, region, copies))):
            pulumi.log.warn(warning, resource=resource)

    async def refuse_unexplained_deletes(
        self, resource: pulumi.Resource, children: Iterable[pulumi.CustomResource]
    ) -> None:
        """Compare the copies in the state with what was really registered, whatever was planned and whatever its name.

        The last DrRegion to be registered does it for all.

        Raises:
            InvalidSettingsError: a copy would leave without a reason; the run ends, and the engine deletes nothing.
        """
        for child in children:
            self._registered[await _urn(child)] = await child.id.future() or ""
        self._unregistered.discard(resource)
        if self._unregistered or self._unplanned:
            return
        # The URN that a declared copy has in the state is an alias of its new one, so it is not lost. If a copy is
        # renamed and replaced in one run, only this tells: its URN and its id are both new.
        known = {*self._registered, *self._registered.values()} | self._decided_urns()
        # By URN or by id, because a renamed copy has another URN, and one that is replaced another id.
        lost = [copy for copy in self.lookup.state if self._owns(copy) and not {copy.urn, copy.id} & known]
        if lost:
            # The engine deletes what was not registered when the program has ended well, so an error here is in time.
            raise InvalidSettingsError(_without_reason(lost))

    def _decided_urns(self) -> set[str]:
        plans = (*self._plans.values(), *self._output_plans)
        return {copy.urn for plan in plans for copy in plan.in_state}


def _is_dynamic(copy: StateCopy) -> bool:
    return copy.is_of_dr_region and not copy.is_native


def _log(plan: RegionPlan, resource: pulumi.Resource) -> None:
    explained = plan.explained if pulumi.runtime.is_dry_run() else ()
    for note in (*plan.removed, *plan.notes, *explained):
        pulumi.log.info(str(note), resource=resource)
    for warning in plan.warnings:
        pulumi.log.warn(warning, resource=resource)


def _without_reason(lost: list[StateCopy]) -> str:
    """Say that copies would leave the program for no known reason."""
    ids = ", ".join(f"{copy.id} in {copy.region}" for copy in lost)
    return (
        f"{ids} would leave the program without a reason. Nothing was deleted. Look for a transform that gives copies "
        "other names, or remove their entries with `pulumi state delete` to leave the copies alone."
    )


async def in_thread(ask: Callable[[], _T]) -> _T:
    """Return what a call returns that may take its time."""
    return await asyncio.get_running_loop().run_in_executor(None, ask)


@once_a_run
def of_this_run() -> DrRegionCoordinator:
    """Return the coordinator of the program that runs now."""
    return DrRegionCoordinator(lookup.of_this_run())


def current_code() -> "asyncio.Task[Any] | None":
    """Return the task in which the program's code runs now; None in a unit test, whose code has no such end."""
    if isinstance(get_monitor(), MockMonitor):
        return None
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


async def _end_of(code: "asyncio.Task[Any] | None") -> None:
    """Wait until the program's code has ended.

    Its coroutine runs until then without giving way, so that this finds it ended at once. The exception is a
    synchronous invoke in the middle of the code, which runs the event loop until it has its answer: then this polls.
    The SDK has no hook: its task goes on to wait for all resources, and `RPCManager.rpcs`, which it awaits next, would
    have to wait for this.
    """
    coroutine = code.get_coro() if code else None
    while code and not code.done() and getattr(coroutine, "cr_running", False):  # noqa: ASYNC110  # as above
        await asyncio.sleep(0.005)


async def _urn(resource: pulumi.Resource) -> str:
    return await resource.urn.future() or ""
