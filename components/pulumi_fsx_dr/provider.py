"""The dynamic provider of BackupCopy; `lifecycle` implements its methods.

States contain the pickled provider, which is the name of this module and class. So the name
`pulumi_fsx_dr.provider.BackupCopyProvider` must never change, and the class has no attributes.
"""

from functools import partial
from typing import Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from .copies.ownership import is_owner_id, new_owner_id
from .copies.state_copy import StateCopy
from .engine import host
from .fsx.client import FsxRegion
from .fsx.credentials import Credentials, default_region
from .lifecycle.check import check
from .lifecycle.create import create
from .lifecycle.delete import delete
from .lifecycle.diff import diff
from .lifecycle.read import read
from .lifecycle.update import update
from .runtime.call import Call
from .runtime.hints import HINTS, Hints
from .runtime.provider_runtime import ProviderRuntime


class BackupCopyProvider(ResourceProvider):
    """Copies of FSx backups, made by CopyBackup and deleted by DeleteBackup."""

    serialize_as_secret_always = False  # the pickle is a name and contains no secret

    def configure(self, req: ConfigureRequest) -> None:
        """Read the `aws:` settings of the stack; called once per process, before all other methods."""
        host.prepare()
        self._configure(req)

    @host.entry_point
    def _configure(self, req: ConfigureRequest) -> None:
        start(new_runtime(Credentials.from_config(req.config.get), req.config.get("aws:region")))

    @host.entry_point
    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Fill in defaults, and refuse wrong arguments before anything is changed."""
        runtime = current()
        # Create gets only the result of check, so the hints are stored until then.
        runtime.checked.hints[host.current_call().urn] = Hints.of(news)
        given = {name: value for name, value in news.items() if name not in (host.PROVIDER_KEY, HINTS)}
        checked = check(_call(runtime), runtime, olds, given)
        return CheckResult(checked.inputs, [CheckFailure(*problem) for problem in checked.problems])

    @host.entry_point
    def diff(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Return whether changed arguments update the copy, replace it, or change nothing."""
        runtime = current()
        call = _call(runtime)
        found = diff(call, runtime, StateCopy.read(call.urn, id_, olds), news)
        # Without a change the state would keep the former provider, and deletes would use it.
        moved = host.PROVIDER_KEY in olds and olds[host.PROVIDER_KEY] != news.get(host.PROVIDER_KEY)
        # The new copy is created before the old one is deleted, so the DR Region always has a copy.
        return DiffResult(changes=found.changes or moved, replaces=found.replaced, delete_before_replace=False)

    @host.entry_point
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Create the copy, or resume the copy of an earlier run, and return when it is AVAILABLE."""
        runtime = current()
        created = create(_call(runtime), runtime, props)
        return CreateResult(created.id, created.outputs)

    @host.entry_point
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return the current copy."""
        call = host.current_call()
        found = read(call, current(), StateCopy.read(call.urn, id_, props))
        return ReadResult(id_, found.outputs, found.inputs) if found else ReadResult(None, {})

    @host.entry_point
    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Change tags in place. An unfinished copy is finished first."""
        runtime = current()
        call = _call(runtime)
        return UpdateResult(update(call, runtime, StateCopy.read(call.urn, id_, olds), news))

    @host.entry_point
    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Delete the copy if this resource owns it, and return when it is gone."""
        call = host.current_call()
        delete(call, current(), StateCopy.read(call.urn, id_, props))


class OwnerProvider(ResourceProvider):
    """The owner id of a stack. It is random, and stays while the stack has copies."""

    serialize_as_secret_always = False  # the pickle is a name and contains no secret

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Choose the owner id."""
        owner_id = new_owner_id()
        return CreateResult(owner_id, {**props, "owner_id": owner_id})

    def diff(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Replace the owner id only if the state is damaged."""
        del id_, news
        damaged = [] if is_owner_id(olds.get("owner_id")) else ["owner_id"]
        return DiffResult(changes=bool(damaged), replaces=damaged)


def _call(runtime: ProviderRuntime) -> Call:
    """Return the current call, with the hints for its resource."""
    call = host.current_call()
    # Without a URN, the hints could belong to another resource.
    hints = runtime.checked.hints.get(call.urn) if call.urn else None
    call.knows_state = hints is not None
    if hints:
        call.owner_id, call.state = hints.owner_id, hints.state
        call.expired, call.siblings = hints.expired, hints.siblings
    return call


def new_runtime(credentials: Credentials, stack_region: str | None = None) -> ProviderRuntime:
    """Return a new runtime. Without `aws:region` of the stack, it uses the Region of the environment."""
    return ProviderRuntime(
        partial(FsxRegion, credentials=credentials),
        stack_region=stack_region,
        environment_region=partial(default_region, credentials),
    )


_runtime = new_runtime(Credentials())


def start(runtime: ProviderRuntime) -> ProviderRuntime:
    """Set the runtime of this process, and return the former one."""
    global _runtime  # the engine stores pickled providers, so they cannot have attributes
    _runtime, former = runtime, _runtime
    return former


def current() -> ProviderRuntime:
    """Return the runtime of this process."""
    return _runtime
