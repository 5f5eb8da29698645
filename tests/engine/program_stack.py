"""Whole stacks in this process: programs of DrRegions and single copies, run as the engine runs them.

`Stack` imitates the engine for one copy after another. This module adds the program: the declarations of DrRegions,
messages, and the guard against unexplained deletes. State entries are identified by URN.
"""

import functools
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from pulumi_fsx_dr.copies.copy import BACKUP_COPY_TYPE, DR_REGION_TYPE
from pulumi_fsx_dr.copies.ownership import new_owner_id
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.engine.stack_state import StackState
from pulumi_fsx_dr.errors import FsxDrError
from pulumi_fsx_dr.program.lookup import Lookup
from pulumi_fsx_dr.rules.plan import plan_copies
from pulumi_fsx_dr.rules.region_plan import PlannedCopy, RegionPlan
from pulumi_fsx_dr.rules.specs import DrRegionSpec
from pulumi_fsx_dr.runtime.hints import Hints

from .process import Properties, Run
from .stack import RefusedError, Stack, State
from .wire import Killed, Wire


def name_of(urn: str) -> str:
    return urn.split("::", 3)[3]


def is_dr(urn: str) -> bool:
    """Whether a DrRegion declared a copy."""
    return DR_REGION_TYPE in urn.split("::", 3)[2].split("$")


class FailedError(Exception):
    """A command ended with errors."""

    def __init__(self, errors: Iterable[object]) -> None:
        super().__init__(" | ".join(f"{type(error).__name__}: {error}" for error in errors))


@dataclass(frozen=True)
class Code:
    """A program.

    Attributes:
        regions: arguments of DrRegions, by name.
        copies: arguments of single BackupCopies, by name.
        under: types of the component that contains the DrRegions; "" for none.
    """

    regions: Mapping[str, Properties] = field(default_factory=dict)
    copies: Mapping[str, Properties] = field(default_factory=dict)
    under: str = ""


class WiredLookup(Lookup):
    """Looks up backups through a `Wire`."""

    def __init__(self, wire: Wire, state: StackState) -> None:
        super().__init__(Run(wire))
        self._stack = state


class ProgramStack(Stack):
    """One stack whose entries are identified by URN.

    Attributes:
        project: name of the project.
        code: the program.
        said: messages of the last command.
    """

    def __init__(self, wire: Wire, name: str = "prod", code: Code | None = None) -> None:
        super().__init__(wire, name)
        self.project = "files"
        self.code = code or Code()
        self.said: list[str] = []
        self.before: tuple[StateCopy, ...] = ()  # copies in the state before the command
        self.former: dict[str, str] = {}  # URNs named by aliases
        self.planned: dict[str, PlannedCopy] = {}  # declared by DrRegions in the last run
        self.registered: set[str] = set()  # URNs declared in the last run, or named by aliases

    def urn(self, resource: str) -> str:
        return resource

    def urn_of(self, name: str, types: str = BACKUP_COPY_TYPE) -> str:
        return f"urn:pulumi:{self.name}::{self.project}::{types}::{name}"

    def hints(self, resource: str, args: Properties) -> Hints:
        name, source = name_of(resource), args.get("source_backup_id")
        related = (copy for copy in self.before if copy.name == name or copy.source_backup_id == source)
        planned = self.planned.get(resource)
        retention = (planned.expired, planned.siblings) if planned else ()
        return Hints(self.owner_id, tuple(related), *retention)

    def deploy(  # the options of `pulumi up`
        self,
        *,
        code: Code | None = None,
        replacing: Collection[str] = (),
        continue_on_error: bool = False,
        interrupted_at: int | None = None,
        run: Run | None = None,
    ) -> None:
        """Do what `pulumi up` does.

        Args:
            code: the new program.
            replacing: names of copies, for `--replace`.
            continue_on_error: whether to continue after a failure.
            interrupted_at: the registration at which Ctrl-C arrives; None for never.
            run: the provider process.
        """
        self.code = code or self.code
        with self._listening():
            _Deployment(self, run or self.run(), replacing).up(
                continue_on_error=continue_on_error, interrupted_at=interrupted_at
            )

    def changes(self) -> list[str]:
        """Return the changes that `pulumi preview` shows."""
        with self._listening():
            return _Deployment(self, self.run(), ()).preview()

    def refresh(self) -> None:
        with self._listening():
            super().refresh()

    def destroy(self, *, run: Run | None = None) -> None:
        with self._listening():
            super().destroy(run=run)
        # The owner id is a resource that is deleted after the last copy.
        self.owner_id = new_owner_id()

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Collect messages of program and provider, and turn package errors into command errors."""
        self.said, self.former = [], {}
        self.before = tuple(StateCopy(urn, state.id, state.outputs) for urn, state in self.states.items())
        listener, log = _Listener(self.said), logging.getLogger("pulumi_fsx_dr")
        log.addHandler(listener)
        try:
            yield
        except (FsxDrError, RefusedError) as error:
            raise FailedError([error]) from error
        finally:
            log.removeHandler(listener)

    def _made(self, resource: str, new: State) -> None:
        if old := self.states.get(resource):
            self.replaced.append((self.former.get(resource, resource), old))
        self.states[resource] = new


class _Listener(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__()
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())


@dataclass(frozen=True)
class _Registration:
    urn: str
    args: Properties
    alias: str = ""


class _Deployment:
    """One run of a program by the engine."""

    def __init__(self, stack: ProgramStack, run: Run, replacing: Collection[str]) -> None:
        self._stack = stack
        self._run = run
        self._replacing = replacing
        self._lookup = WiredLookup(stack.wire, StackState(stack.before, stack.owner_id))
        self._plans: dict[str, RegionPlan] = {}
        stack.planned = {}
        self._seen = stack.registered = set()
        self._errors: list[Exception] = []

    def up(self, *, continue_on_error: bool, interrupted_at: int | None) -> None:
        has_ended = False  # because of Ctrl-C or an error
        for number, registration in enumerate(self._registrations()):
            has_ended |= number == interrupted_at
            self._tried(functools.partial(self._register, registration))
            # Started steps continue although the program has ended.
            has_ended |= bool(self._errors) and not continue_on_error
        if has_ended:
            raise FailedError([*self._errors, "update canceled"])
        self._refuse_unexplained_deletes()
        self._delete(continue_on_error=continue_on_error)
        if self._errors:
            raise FailedError(self._errors)

    def preview(self) -> list[str]:
        stack, shown = self._stack, []
        for registration in self._registrations():
            shown += self._changes(registration)
        self._refuse_unexplained_deletes()
        shown += [f"delete {old.id}, which was replaced" for _, old in stack.replaced]
        return shown + [f"delete {stack.states[urn].id}" for urn in stack.states if urn not in self._seen]

    def _registrations(self) -> Iterator[_Registration]:
        """Run the program: single copies are registered first, copies of DrRegions at the end."""
        stack, code = self._stack, self._stack.code
        for name, args in code.copies.items():
            yield _Registration(stack.urn_of(name), args)
        types = f"{code.under}${DR_REGION_TYPE}" if code.under else DR_REGION_TYPE
        regions = [
            DrRegionSpec(**{"name": name, "urn": stack.urn_of(name, types), "keep": 7, **_of_spec(args)})
            for name, args in code.regions.items()
        ]
        if not regions:
            return
        state = [copy for copy in stack.before if copy.is_of_dr_region]
        self._plans = plan_copies(regions, state, self._lookup)
        for plan in self._plans.values():
            stack.said += [*map(str, plan.removed), *plan.warnings]
        stack.said += self._lookup.warnings
        for region in regions:
            for planned in self._plans[region.urn].copies:
                registration = _registration(region, planned, code.regions[region.name].get("deletion_protection"))
                stack.planned[registration.urn] = planned
                yield registration

    def _register(self, registration: _Registration) -> None:
        stack, urn = self._stack, registration.urn
        self._claim_old_entry(registration)
        old = stack.states.get(urn)
        self._lookup.declared_names.add(StateCopy(urn, "", {}).name)
        replacing = StateCopy(urn, "", {}).name in self._replacing
        try:
            stack.register(self._run, urn, registration.args, replacing=replacing)
        except BaseException:
            if stack.states.get(urn) is old:
                self._restore_old_entry(urn)
            raise

    def _changes(self, registration: _Registration) -> list[str]:
        stack, urn = self._stack, registration.urn
        self._claim_old_entry(registration)
        old = stack.states.get(urn)
        try:
            planned = stack.plan(self._run, urn, registration.args)
        finally:
            self._restore_old_entry(urn)
        if planned.op == "same":
            return []
        why = f" {old.id}: {planned.diff.replaces or old.errors}" if old and planned.diff else f" {urn}"
        return [planned.op + why]

    def _claim_old_entry(self, registration: _Registration) -> None:
        """Find the old entry under the URN of a resource, or under its alias."""
        stack, urn, alias = self._stack, registration.urn, registration.alias
        assert urn not in self._seen, f"Duplicate resource URN {urn}"
        self._seen.add(urn)
        if urn not in stack.states and alias in stack.states:
            assert alias not in self._seen, f"{urn} and another resource are aliased to {alias}"
            self._seen.add(alias)
            stack.former[urn] = alias
            stack.states[urn] = stack.states.pop(alias)

    def _restore_old_entry(self, urn: str) -> None:
        """Move an entry back after a failure or a preview."""
        if alias := self._stack.former.get(urn):
            self._stack.states[alias] = self._stack.states.pop(urn)

    def _refuse_unexplained_deletes(self) -> None:
        """Do what `DrRegionCoordinator.refuse_unexplained_deletes` does."""
        stack = self._stack
        if not self._plans:
            return
        ids = {stack.states[urn].id for urn in self._seen if urn in stack.states}
        known = self._seen | ids
        known |= {removed.copy.urn for plan in self._plans.values() for removed in plan.removed}
        lost = [copy.id for copy in stack.before if copy.is_of_dr_region and not {copy.urn, copy.id} & known]
        assert not lost, f"the guard had to stop the run for {lost}"

    def _delete(self, *, continue_on_error: bool) -> None:
        for step in self._stack.deletions(self._run, self._seen):
            if continue_on_error or not self._errors:
                self._tried(step)

    def _tried(self, step: Callable[[], None]) -> None:
        try:
            step()
        except (FsxDrError, RefusedError) as error:
            if self._run.killed:
                raise Killed from None
            self._errors.append(error)


def _of_spec(args: Properties) -> Properties:
    return {name: value for name, value in args.items() if name != "deletion_protection"}


def _registration(region: DrRegionSpec, planned: PlannedCopy, protection: object) -> _Registration:
    args = {"region": region.region, "copy_tags": region.copy_tags, "tags": region.tags or {}}
    args["deletion_protection"] = protection
    args |= {"kms_key_id": region.kms_key_id, **planned.args}
    given = {name: value for name, value in args.items() if value is not None}
    return _Registration(region.child_urn(planned.name), given, planned.state.urn if planned.state else "")
