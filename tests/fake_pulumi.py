"""A fake `pulumi` command: one file system, in a folder that is both the cloud and the state.

It reacts to signals as version 3.260 of the CLI does; tests/end_to_end/test_drill_on_cli.py runs the same drill on
that CLI. The first SIGINT lets `up` finish its current step and record it. A second SIGINT, or SIGTERM, kills it, and
the file system it was making is not recorded. The journal has one line for each step and each SIGINT. A step waits
while there is a file with its name.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

CLOUD = Path(os.environ["FAKE_CLOUD"])
RUNNING, STATE, JOURNAL = CLOUD / "running", CLOUD / "state.json", CLOUD / "journal"
HALF = 0.08  # seconds; half of a restore
LONGEST_WAIT = 60  # seconds
interrupts: list[int] = []


def note(line: str) -> None:
    with JOURNAL.open("a") as journal:
        journal.write(f"{line}\n")
    end = time.monotonic() + LONGEST_WAIT
    while (CLOUD / line).exists() and time.monotonic() < end:
        time.sleep(0.01)


def interrupted(_number: int, _frame: object) -> None:
    note("SIGINT")
    interrupts.append(1)
    if len(interrupts) > 1:
        os._exit(1)


def record(resources: list[str], pending: list[str]) -> None:
    operations = [{"resource": {"urn": urn}, "type": "creating"} for urn in pending]
    deployment = {"resources": [{"urn": urn} for urn in resources], "pending_operations": operations}
    STATE.write_text(json.dumps({"deployment": deployment}))


def up() -> int:
    note("up begins")
    time.sleep(HALF)
    if interrupts:
        return 255
    record([], ["files"])
    RUNNING.touch()
    note("restoring")
    time.sleep(HALF)
    record(["files"], [])
    note("restored")
    time.sleep(HALF)
    return 255 if interrupts else 0


def destroy() -> int:
    note("destroy begins")
    time.sleep(HALF)
    if json.loads(STATE.read_text())["deployment"].get("resources"):
        RUNNING.unlink()
    record([], [])
    note("destroyed")
    return 0


def read(what: str) -> int:
    note(what)
    answers = {
        "export": STATE.read_text(),
        "output": '{"dnsName": "fs-1.example.com"}',
        "get": os.environ["FAKE_CHECK"],
    }
    sys.stdout.write(answers[what])
    return 0


if __name__ == "__main__":
    if sys.argv[1] in ("up", "destroy"):
        signal.signal(signal.SIGINT, interrupted)
    sys.exit({"up": up, "destroy": destroy}[sys.argv[1]]() if sys.argv[1] in ("up", "destroy") else read(sys.argv[2]))
