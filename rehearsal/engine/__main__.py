"""Run the double: ``python -m rehearsal.engine preview|up|refresh|destroy|cancel|stack|config``."""

from rehearsal.engine.cli import main

main(prog_name="engine-double")
