"""Client request tokens: each belongs to one accepted request of one action."""

from simulator.fsx.calls import Call
from simulator.fsx.errors import FsxError
from simulator.fsx.records import Backup
from simulator.fsx.state import State


def earlier(state: State, call: Call) -> Backup | None:
    """Return the backup of an earlier request with the call's token, even with other parameters."""
    found = state.region(call.region, call.account).accepted.get(_key(call))
    return found[1] if found else None


def repeated(state: State, call: Call) -> Backup | None:
    """Return the backup of an earlier request with the call's token and parameters.

    Raises:
        FsxError: `IncompatibleParameterError` if the earlier request had other parameters.
    """
    parameters, backup = state.region(call.region, call.account).accepted.get(_key(call), ({}, None))
    if backup and parameters != call.parameters:
        raise incompatible()
    return backup


def accept(state: State, call: Call, backup: Backup) -> None:
    """Record the call's token, if it has one."""
    if "ClientRequestToken" in call.parameters:
        state.region(call.region, call.account).accepted[_key(call)] = (call.parameters, backup)


def incompatible() -> FsxError:
    """Return the error for a token that another request used."""
    message = "This client request token was used with other parameters."
    return FsxError("IncompatibleParameterError", message, Parameter="ClientRequestToken")


def _key(call: Call) -> tuple[str, str]:
    return call.action, call.parameters.get("ClientRequestToken", "")
