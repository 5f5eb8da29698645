"""What the engine is to keep of a create or an update that fails."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pulumi_fsx_dr.copies.copy import Copy, UnfinishedCopyError
from pulumi_fsx_dr.errors import CopyError
from pulumi_fsx_dr.session.call import Call
from pulumi_fsx_dr.session.ledger import Ledger


@contextmanager
def kept_if_unfinished(
    call: Call, ledger: Ledger, describe: Callable[[Copy], dict[str, Any]], dead: Copy | None = None
) -> Iterator[None]:
    """Have the engine keep a copy that FSx has accepted, and note that it was not made.

    Args:
        call: the create or update under way.
        ledger: of this process.
        describe: makes outputs of a copy.
        dead: the copy that the state holds already, to be kept as FAILED if it comes to nothing.
    """
    try:
        yield
    except UnfinishedCopyError as error:
        # The engine keeps nothing of a create that fails, so without this no destroy would ever find the copy.
        ledger.not_made(call.urn, error.copy.backup.subject)
        call.keep(error.copy.backup.id, describe(error.copy), str(error))
        raise
    except Exception as error:
        ledger.not_made(call.urn)
        # With FAILED in the outputs the next diff asks for a new copy. Without it the engine keeps the former ones, and
        # each later run waits for a copy that is no more.
        if dead and isinstance(error, CopyError):
            failed = replace(dead, backup=replace(dead.backup, lifecycle="FAILED"))
            call.keep(dead.backup.id, describe(failed), str(error))
        raise
