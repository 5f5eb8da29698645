"""One run of a program: what all its DrRegions declare together, and what is left to do once all is registered.

Everything here runs in the program's own event loop; what asks AWS runs in threads beside it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import FsxDrError, InvalidSettingsError
from pulumi_fsx_dr.rules.declaration import Declaration, Declared, DrRegionSpec, declare
from pulumi_fsx_dr.rules.declared_outputs import declare_outputs, is_of_output

from . import lookup
from .forecast import forecast
from .per_run import once_a_run

_T = TypeVar("_T")


class Program:
    """The DrRegions of one run: they are decided on together, because a copy of one may have been another's."""

    def __init__(self, seen: lookup.Lookup, owns: Callable[[StateCopy], bool] | None = None) -> None:
        """Begin.

        Args:
            seen: what this run looks up.
            owns: whether a copy in the state is one of a DrRegion of this program; by default those are that a program
                in Python makes with the dynamic provider.
        """
        self.lookup = seen
        self._owns = owns or _is_dynamic
        self._waiting: dict[pulumi.Resource, Callable[[], Awaitable[DrRegionSpec]]] = {}
        self._declarations: dict[str, Declaration] = {}
        self._registered: dict[str, str] = {}  # ids by URN
        self._of_outputs: set[str] = set()  # URNs in the state of copies whose sources are outputs
        self._open: set[pulumi.Resource] = set()  # DrRegions whose copies are not registered yet
        self._turn = asyncio.Lock()
        self._error: FsxDrError | None = None  # for which nothing can be declared

    def add(self, resource: pulumi.Resource, described: Callable[[], Awaitable[DrRegionSpec]]) -> None:
        """Take note of a DrRegion as soon as the program has it.

        Args:
            resource: the DrRegion.
            described: gives what it is to declare.
        """
        self._waiting[resource] = described
        self._open.add(resource)

    async def decide_for(self, resource: pulumi.Resource, code: "asyncio.Task[Any] | None") -> Declaration:
        """Return what a DrRegion declares, once the program's code has come to its end and all of them are known.

        Args:
            resource: the DrRegion.
            code: the task that runs the program's code.
        """
        while _is_running(code):  # noqa: ASYNC110  # nothing tells when the program's code ends
            await asyncio.sleep(0.005)
        # All DrRegions come here. The first one declares for all, and the others find it done, or the same error.
        async with self._turn:
            if self._waiting and not self._error:
                try:
                    await self._declare_all()
                except FsxDrError as error:
                    self._error = error
        if self._error:
            raise self._error
        return self._declarations[await _urn(resource)]

    async def _declare_all(self) -> None:
        resources, self._waiting = self._waiting, {}
        regions = {resource: await described() for resource, described in resources.items()}
        # A DrRegion may be declared later than others, as in an `apply`: what was decided before stays decided.
        settled = {copy.urn for declaration in self._declarations.values() for copy in _in_state(declaration)}
        copies = [
            copy
            for copy in self.lookup.state
            if self._owns(copy) and copy.urn not in settled and not is_of_output(copy, regions.values())
        ]
        # Beside the event loop, which must go on to register the rest of the program.
        made = await in_thread(lambda: declare(list(regions.values()), copies, self.lookup))
        self._declarations |= made
        tellers = {region.urn: resource for resource, region in regions.items()}
        for urn, declaration in made.items():
            explained = declaration.explained if pulumi.runtime.is_dry_run() else ()
            for note in (*declaration.removed, *declaration.notes, *explained):
                pulumi.log.info(str(note), resource=tellers[urn])
            for warning in declaration.warnings:
                pulumi.log.warn(warning, resource=tellers[urn])
        while self.lookup.warnings:
            pulumi.log.warn(self.lookup.warnings.pop(0))

    async def decide_for_outputs(
        self, resource: pulumi.Resource, region: DrRegionSpec, sources: Mapping[int, tuple[str | None, str]]
    ) -> Declaration:
        """Return what a DrRegion declares for the sources that are outputs, once they are known."""
        copies = [
            c
            for c in self.lookup.state
            if self._owns(c) and is_of_output(c, [region]) and c.urn not in self._of_outputs
        ]
        made = declare_outputs(region, sources, copies)
        self._of_outputs |= {copy.urn for copy in _in_state(made)}
        self._declarations[f"{region.urn} outputs"] = made
        for removed in made.removed:
            pulumi.log.info(str(removed), resource=resource)
        return made

    async def say_what_is_copied(
        self, resource: pulumi.Resource, region: str, kms_key_id: str | None, copies: Sequence[Declared]
    ) -> None:
        """Say in a preview how much each copy that is going to be made will copy, as far as FSx tells."""
        for line in await in_thread(lambda: forecast(self.lookup, region, kms_key_id, copies)):
            pulumi.log.info(line, resource=resource)

    async def require_nothing_lost(self, resource: pulumi.Resource, children: Iterable[pulumi.CustomResource]) -> None:
        """Compare the copies in the state with what was really registered, whatever was decided and whatever its name.

        The last DrRegion to be registered does it for all.

        Raises:
            InvalidSettingsError: a copy would leave without a reason; the run ends, and the engine deletes nothing.
        """
        for child in children:
            self._registered[await _urn(child)] = await child.id.future() or ""
        self._open.discard(resource)
        if self._open or self._waiting:
            return
        known = {*self._registered, *self._registered.values()}
        # The URN that a declared copy has in the state is an alias of its new one, so it is not lost. If a copy is
        # renamed and replaced in one run, only this tells: its URN and its id are both new.
        known |= {copy.urn for declaration in self._declarations.values() for copy in _in_state(declaration)}
        # By URN or by id, because a renamed copy has another URN, and one that is replaced another id.
        lost = [copy for copy in self.lookup.state if self._owns(copy) and not {copy.urn, copy.id} & known]
        if lost:
            # The engine deletes what was not registered when the program has ended well, so an error here is in time.
            raise InvalidSettingsError(_without_reason(lost))


def _is_dynamic(copy: StateCopy) -> bool:
    return copy.is_of_dr_region and not copy.is_native


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
def of_this_run() -> Program:
    """Return the program that runs now."""
    return Program(lookup.of_this_run())


def current_code() -> "asyncio.Task[Any] | None":
    """Return the task in which the program's code runs now; None in a unit test, whose code has no such end."""
    if isinstance(get_monitor(), MockMonitor):
        return None
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def _is_running(code: "asyncio.Task[Any] | None") -> bool:
    """Whether the program's code still runs.

    A synchronous invoke in the middle of it runs the event loop until it has its answer, and so everything else here.
    """
    coroutine = code.get_coro() if code and not code.done() else None
    return bool(getattr(coroutine, "cr_running", False))


def _in_state(declaration: Declaration) -> list[StateCopy]:
    kept = [declared.state for declared in declaration.copies if declared.state]
    return [*kept, *(removed.copy for removed in declaration.removed)]


async def _urn(resource: pulumi.Resource) -> str:
    return await resource.urn.future() or ""
