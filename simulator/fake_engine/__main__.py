"""Run the fake engine: ``python -m simulator.fake_engine preview|up|refresh|destroy|cancel|stack|config``."""

from simulator.fake_engine.cli import main

main(prog_name="fake-engine")
