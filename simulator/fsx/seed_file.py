"""Seed files: YAML or JSON with the file systems, backups and keys that a simulator starts with."""

import difflib
import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from simulator.fsx.actions import GIB
from simulator.fsx.base_control import BaseControl
from simulator.fsx.regions import fsx_regions
from simulator.fsx.seeds import KINDS

_HOUR = 3600.0
_BACKUP_TYPES = ("AUTOMATIC", "USER_INITIATED", "AWS_BACKUP")


class SeedFileError(Exception):
    """A seed file is wrong; the message says where and why."""


@dataclass(frozen=True)
class _Part:
    """A value of a seed file and its place in it, such as `eu-central-1.file_systems[0].id`."""

    place: str
    value: Any

    def error(self, rule: str) -> SeedFileError:
        return SeedFileError(f"{self.place} {rule}")

    def members(self, known: Collection[str], noun: str = "key") -> dict[str, "_Part"]:
        """Return the parts of a mapping that may have these keys."""
        if not isinstance(self.value, dict):
            raise self.error(f"must be a mapping, not {self.value!r}.")
        for name in self.value:
            if name not in known:
                near = difflib.get_close_matches(str(name), known, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"Choose from: {', '.join(sorted(known))}."
                raise self.error(f"has an unknown {noun}: {name}. {hint}")
        return {name: _Part(f"{self.place}.{name}", value) for name, value in self.value.items()}

    def items(self) -> list["_Part"]:
        """Return the parts of a list."""
        if not isinstance(self.value, list):
            raise self.error(f"must be a list, not {self.value!r}.")
        return [_Part(f"{self.place}[{number}]", value) for number, value in enumerate(self.value)]

    def like(self, pattern: str, example: str) -> str:
        """Return a text that has this form."""
        if not (isinstance(self.value, str) and re.fullmatch(pattern, self.value)):
            raise self.error(f"must have the form {example}, not {self.value!r}.")
        return self.value

    def one_of(self, options: Collection[str]) -> str:
        """Return one of some texts."""
        if self.value not in options:
            raise self.error(f"must be one of {', '.join(options)}, not {self.value!r}.")
        return str(self.value)

    def number(self) -> float:
        """Return a number that is not negative."""
        is_number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        if not (is_number and 0 <= self.value < math.inf):
            raise self.error(f"must be a number of at least 0, not {self.value!r}.")
        return float(self.value)

    def tags(self) -> dict[str, str]:
        """Return tags."""
        if not isinstance(self.value, dict):
            raise self.error(f"must be a mapping, not {self.value!r}.")
        for key, value in self.value.items():
            if not (isinstance(key, str) and isinstance(value, str)):
                raise self.error(f"must map text to text. Write {key!r} and {value!r} in quotes.")
        return dict(self.value)


class _Seeder:
    """Puts the contents of a seed file into a simulator."""

    def __init__(self, control: BaseControl) -> None:
        self._control = control
        self._names: set[str] = set()

    def add_region(self, region: str, part: _Part) -> None:
        found = part.members(("file_systems", "keys"))
        for key in found["keys"].items() if "keys" in found else ():
            alias = key.like(r"alias/(?!aws/)[a-zA-Z0-9/_-]+", "alias/NAME")
            self._refuse_twice(key, f"{alias} in {region}")
            self._control.seed_key(region, alias)
        for file_system in found["file_systems"].items() if "file_systems" in found else ():
            self._add_file_system(region, file_system)

    def _add_file_system(self, region: str, part: _Part) -> None:
        found = part.members(("id", "type", "tags", "backups"))
        options: dict[str, Any] = {}
        if "id" in found:
            options["file_system_id"] = found["id"].like(r"fs-[0-9a-f]{8,17}", "fs-0123456789abcdef0")
            self._refuse_twice(found["id"], options["file_system_id"])
        if "tags" in found:
            options["tags"] = found["tags"].tags()
        kind = found["type"].one_of(KINDS) if "type" in found else "WINDOWS"
        made = self._control.seed_file_system(region, kind, **options)
        for backup in found["backups"].items() if "backups" in found else ():
            self._add_backup(region, made, backup)

    def _add_backup(self, region: str, file_system_id: str, part: _Part) -> None:
        found = part.members(("id", "type", "tags", "hours_old", "size_gb"))
        options: dict[str, Any] = {}
        if "id" in found:
            options["backup_id"] = found["id"].like(r"backup-[0-9a-f]{8,121}", "backup-0123456789abcdef0")
            self._refuse_twice(found["id"], options["backup_id"])
        if "type" in found:
            options["type"] = found["type"].one_of(_BACKUP_TYPES)
        if "tags" in found:
            options["tags"] = found["tags"].tags()
        if "size_gb" in found:
            options["size_in_bytes"] = int(found["size_gb"].number() * GIB)
        if "hours_old" in found:
            options["created"] = self._control.now() - found["hours_old"].number() * _HOUR
        self._control.seed_backup(region, file_system_id, **options)

    def _refuse_twice(self, part: _Part, name: str) -> None:
        if name in self._names:
            raise part.error(f"is in the file twice: {name}.")
        self._names.add(name)


def seed_from(file: Path, control: BaseControl) -> None:
    """Put everything that a seed file names into a simulator.

    Raises:
        SeedFileError: the file cannot be read, or its contents are wrong.
    """
    seeder = _Seeder(control)
    for region, part in _Part(file.name, _parsed(file)).members(fsx_regions(), "Region").items():
        seeder.add_region(region, _Part(f"{file.name}: {region}", part.value))


def _parsed(file: Path) -> Any:
    try:
        document = yaml.safe_load(file.read_text())
    except OSError as error:
        raise SeedFileError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SeedFileError(f"{file} is not a text file in UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SeedFileError(f"{file} is not valid YAML. Line {line}: {error.problem}.") from None
    except yaml.YAMLError as error:
        raise SeedFileError(f"{file} is not valid YAML: {error}.") from None
    return {} if document is None else document
