"""Client request tokens: each stands for one accepted request of one action."""

from simulator.fsx.calls import Call
from simulator.fsx.errors import FsxError
from simulator.fsx.records import Accepted, Backup, FileSystem
from simulator.fsx.regions import new_id
from simulator.fsx.service_state import ServiceState


def earlier(world: ServiceState, call: Call) -> Accepted | None:
    """Return the request that the call's token came with before."""
    return world.region(call.region, call.account).accepted.get(_key(call))


def repeated(world: ServiceState, call: Call) -> Backup | FileSystem | None:
    """Return what the call's token stands for, if it came before.

    Raises:
        FsxError: `IncompatibleParameterError` if the token came with other parameters.
    """
    found = earlier(world, call)
    if found and found.parameters != call.parameters:
        raise incompatible()
    return found.subject if found else None


def accept(world: ServiceState, call: Call, subject: Backup | FileSystem) -> None:
    """Let the call's token stand for `subject`."""
    world.region(call.region, call.account).accepted[_key(call)] = Accepted(call.parameters, subject)


def incompatible() -> FsxError:
    """Return the refusal of a token that stands for another request."""
    message = "This client request token was used with other parameters."
    return FsxError("IncompatibleParameterError", message, Parameter="ClientRequestToken")


def _key(call: Call) -> tuple[str, str]:
    # Without a token each request stands for itself.
    return call.action, call.parameters.get("ClientRequestToken") or new_id("untold")
