"""What the engine is to keep of a create or an update that fails."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pulumi_fsx_dr.copies.copy import Copy, UnfinishedCopyError
from pulumi_fsx_dr.errors import CopyError
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.ledger import Ledger


@contextmanager
def kept_if_unfinished(
    call: Call, ledger: Ledger, describe: Callable[[Copy], dict[str, Any]], failed: Copy | None = None
) -> Iterator[None]:
    """Have the engine keep a copy that FSx has accepted, and note that it was not made.

    Args:
        call: the create or update under way.
        ledger: of this process.
        describe: makes outputs of a copy.
        failed: the copy that the state has already, to be kept as FAILED if the update fails.
    """
    try:
        yield
    except UnfinishedCopyError as error:
        # The engine keeps nothing of a create that fails, so without this no destroy would ever find the copy.
        ledger.create_failed(call.urn, error.copy.backup.subject, kept=True)
        call.keep(error.copy.backup.id, describe(error.copy), str(error))
        raise
    except Exception as error:
        ledger.create_failed(call.urn)
        # With FAILED in the outputs the next diff asks for a new copy. Without it the engine keeps the former ones, and
        # each later run waits for a copy that is gone.
        if failed and isinstance(error, CopyError):
            dead = replace(failed, backup=replace(failed.backup, lifecycle="FAILED"))
            call.keep(failed.backup.id, describe(dead), str(error))
        raise
