"""What a program looks up in FSx while it runs: the sources, and the copies that are already there."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.settings import get_monitor

from .errors import TransientError
from .fsx import Backup, Credentials, FsxRegion
from .ownership import Mark
from .process import Process, Region
from .stack_state import held_copies, holds

_T = TypeVar("_T")


class Lookup:
    """FSx as one run of a program sees it: each Region and file system is asked once."""

    def __init__(self, credentials: Credentials) -> None:
        self._process = Process(credentials)
        self._dark: set[str] = set()
        self._source_region = functools.cache(lambda name: FsxRegion(name, credentials, impatient=True))
        self._held_copies = functools.cache(held_copies)
        self.backups_of = functools.cache(self._backups_of)

    def fresh_copies_in(self, region: str) -> tuple[Backup, ...]:
        """Return the copies that are in a DR Region now, whoever made them.

        Raises:
            ServiceError: the Region does not say; without it nothing can be decided.
        """
        return self._copies(region, fresh=True)

    def copies_in(self, region: str) -> tuple[Backup, ...]:
        """Return the copies that were in a DR Region when this run first asked.

        Raises:
            ServiceError: as above.
        """
        return self._copies(region, fresh=False)

    def _copies(self, region: str, *, fresh: bool) -> tuple[Backup, ...]:
        return tuple(b for b in self.region(region).backups(fresh=fresh) if b.source_backup_id)

    def region(self, name: str) -> Region:
        """Return a DR Region, the same object each time."""
        return self._process.region(name)

    def _backups_of(self, file_system_id: str, region: str) -> tuple[Backup, ...] | None:
        """Return a file system's backups in its own Region, or None, with a warning, if that Region is dark.

        Raises:
            ServiceError: the Region answers, but not what was asked.
        """
        return self._unless_dark(region, lambda: tuple(self._source_region(region).backups(file_system_id)))

    def file_system_exists(self, file_system_id: str, region: str) -> bool:
        """Tell whether a file system exists; one whose Region is dark is taken to."""
        source = self._source_region(region)
        return self._unless_dark(region, lambda: source.file_system_exists(file_system_id)) is not False

    def state_holds(self, mark: Mark, names: list[str]) -> bool:
        """Tell whether the stack's state holds a copy with this mark as a resource of one of these names.

        Raises:
            InvalidSettingsError: the engine does not tell.
        """
        return holds(mark, names, self._held_copies())

    def _unless_dark(self, region: str, ask: Callable[[], _T]) -> _T | None:
        if region in self._dark:
            return None
        try:
            return ask()
        except TransientError as error:
            self._dark.add(region)
            pulumi.log.warn(
                f"Source Region {region} does not answer, so its copies stay as they are and none is retired: {error}"
            )
            return None


_of_runs: WeakKeyDictionary[Any, Lookup] = WeakKeyDictionary()


def of_this_run() -> Lookup:
    """Return the look-up of the program that runs now, with its stack's AWS settings.

    One process may run programs again and again, and what the last run saw is no ground for what this one retires.
    """
    run = get_monitor()  # each run has a monitor of its own
    if run not in _of_runs:
        _of_runs[run] = Lookup(Credentials.from_config(_setting))
    return _of_runs[run]


def _setting(key: str) -> str | None:
    namespace, _, name = key.partition(":")
    return pulumi.Config(namespace).get(name)
