"""A wrong program is refused in its own process, before anything is declared, in sentences that name the argument.

An error that only the provider finds ends the program from outside, and the CLI then shows tracebacks of the SDK.
"""

import runpy
from pathlib import Path

import pytest
from pulumi_fsx_dr.errors import InvalidSettingsError

from tests.recording import RecordingEngine
from tests.wrong_programs import HEAD, PROGRAMS


@pytest.mark.parametrize(("program", "words"), PROGRAMS.items(), ids=PROGRAMS)
def test_wrong_program_is_refused_with_argument_name(program: str, words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text(f"{HEAD}\n\n{program}\n")
    engine = RecordingEngine()

    with pytest.raises(InvalidSettingsError) as refused:
        engine.run(lambda: runpy.run_path(str(tmp_path / "__main__.py")))

    said = str(refused.value)
    assert [word for word in words if word not in said] == []
    assert said.endswith((".", "?"))
    assert "\n" not in said
    assert engine.registered == []
