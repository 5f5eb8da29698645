"""Which module may know what: read from the sources, so that an import in the wrong place fails here."""

import ast
import functools
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

from tests.parsing import parsed

ROOT = Path(__file__).parents[1]
COMPONENTS = ROOT / "components"
SOURCES = {file.relative_to(COMPONENTS).as_posix(): file for file in COMPONENTS.glob("pulumi_fsx_dr/**/*.py")}
STAND_INS = {file.relative_to(ROOT).as_posix(): file for file in ROOT.glob("simulator/**/*.py")}
# Rooms and modules, lowest first, as docs/architecture.md tells; "" stands for the other modules at the root.
LAYERS = (
    {"errors"},
    {"copies", "fsx"},
    {"runtime"},
    {"lifecycle"},
    {"engine"},
    {"rules", "program"},
    {""},
    {"doctor", "restore"},
    {"cli"},
)


@functools.cache
def _parsed(file: str) -> ast.Module:
    return parsed((SOURCES | STAND_INS)[file])


def _imported(file: str) -> Iterator[str]:
    """Yield the dotted names that a module imports."""
    package = ".".join(Path(file).parent.parts)
    for node in ast.walk(_parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _importing(*packages: str, files: Iterable[str] = SOURCES) -> set[str]:
    return {file for file in files for name in _imported(file) if f"{name}.".startswith(packages)}


def _source(name: str) -> str:
    """Return the file of a module, or of the module that has a member of that dotted name."""
    paths = (f"{path}{end}" for path in (name, name.rpartition(".")[0]) for end in (".py", ".__init__.py"))
    return next((file for path in paths if (file := path[:-3].replace(".", "/") + ".py") in SOURCES), "")


def _layer(file: str) -> int:
    room = Path(file).with_suffix("").parts[1]
    return next((height for height, rooms in enumerate(LAYERS) if room in rooms), LAYERS.index({""}))


def test_no_room_uses_what_lies_above_it() -> None:
    """The package's own `__init__` is above all: it names what users import."""
    uses = ((file, _source(name)) for file in SOURCES for name in _imported(file) if _source(name))
    inside = ((file, used) for file, used in uses if file != "pulumi_fsx_dr/__init__.py")

    assert {f"{file} uses {used}" for file, used in inside if _layer(used) > _layer(file)} == set()


def test_only_the_fsx_package_imports_boto() -> None:
    assert {Path(file).parent.name for file in _importing("boto3.", "botocore.")} == {"fsx"}


def test_only_the_host_module_knows_the_plugin_host_and_only_its_room_speaks_with_the_engine() -> None:
    assert _importing("grpc.", "google.", "pulumi.runtime.proto.") == {
        "pulumi_fsx_dr/engine/host.py",
        "pulumi_fsx_dr/engine/grpc_call.py",
        "pulumi_fsx_dr/engine/stack_state.py",
    }
    assert {name for name, file in SOURCES.items() if "_getframe" in file.read_text()} == {
        "pulumi_fsx_dr/engine/host.py"
    }


def test_the_package_knows_nothing_of_the_plugin_and_the_plugin_nothing_of_the_other_host() -> None:
    native = COMPONENTS.parent / "plugin" / "fsx_dr_plugin"
    texts = {file.name: file.read_text() for file in native.glob("*.py")}

    assert not _importing("fsx_dr_plugin.")
    assert {name for name, text in texts.items() if "import grpc" in text} == {"server.py"}
    assert {name for name, text in texts.items() if "engine.host" in text or "pulumi_fsx_dr.provider" in text} == set()
    assert {name for name, text in texts.items() if "boto" in text} == set()


def test_imports_point_one_way() -> None:
    uses = {file: {_source(name) for name in _imported(file)} - {""} for file in SOURCES}

    assert list(TopologicalSorter(uses).static_order())


def test_the_core_knows_neither_a_host_nor_the_program() -> None:
    core = {file for file in SOURCES if Path(file).parent.name in ("copies", "runtime", "lifecycle")}

    assert not core & _importing(
        "pulumi.runtime.", "pulumi.dynamic.", "pulumi_fsx_dr.engine.", "pulumi_fsx_dr.program."
    )


def test_nothing_but_the_command_itself_imports_the_command() -> None:
    assert {Path(file).parent.name for file in _importing("pulumi_fsx_dr.cli.")} == {"cli"}


def test_nothing_of_the_package_imports_what_users_test_their_programs_with() -> None:
    assert not _importing("pulumi_fsx_dr.testing.")


def test_the_package_needs_nothing_that_is_not_installed_with_it() -> None:
    assert not _importing("simulator.", "tests.", "benchmarks.", "moto.")


def test_what_stands_in_for_the_outside_imports_neither_the_package_nor_what_tests_it() -> None:
    assert not _importing("pulumi_fsx_dr.", "tests.", "benchmarks.", files=STAND_INS)
