"""What is done about the mark of a copy of an earlier run once its state is known to hold it."""

from collections.abc import Iterator

from pulumi_fsx_dr.copies.copy import Copy, mark_of, owner_of
from pulumi_fsx_dr.copies.ownership import Mark, Recorded, identity_of
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.session.listing import Listing
from pulumi_fsx_dr.session.work import Work

from .tag import record


def confirm(work: Work, copy: Copy, listing: Listing) -> Iterator[str]:
    """Bring the mark of a copy to what the state proves, as far as it may be replaced; yield what a person should know.

    Raises:
        CopyError: somebody deleted it.
        ServiceError: AWS refused.
    """
    backup = listing.by_id.get(copy.backup.id)
    if backup is None:
        return
    if not copy.may_mark(backup):
        yield belongs_to_another(backup)
    elif backup.is_available and not _says_so(mark_of(backup), copy, work.call.urn):
        record(work, copy)


def belongs_to_another(backup: Backup) -> str:
    """Say that a copy of this state bears another's mark."""
    return (
        f"{backup.id} in {backup.region} bears the mark of another resource or run ({owner_of(backup)}), and this "
        "state holds it too: remove it from one of the two; the one whose mark it bears can delete it."
    )


def _says_so(mark: Mark | None, copy: Copy, urn: str) -> bool:
    """Tell whether a mark says already whose the copy is."""
    return isinstance(mark, Recorded) and mark.nonce == copy.ownership.nonce and mark.identity == identity_of(urn)
