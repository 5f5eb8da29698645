"""Run the Pulumi program of the current folder, as the CLI's language host for Python does."""

import asyncio
import os
import runpy
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

from pulumi import RunError, runtime
from pulumi.runtime.config import get_config_env, set_all_config

# Stdin ends when the engine ends. The program would otherwise wait for the engine without a limit.
Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()
address, project, stack, parallel, dry_run = sys.argv[1:]
set_all_config(get_config_env(), [])
settings = runtime.Settings(project, stack, address, address, int(parallel), dry_run == "true")
settings.organization, settings.root_directory = "organization", os.getcwd()  # noqa: PTH109 - Pulumi wants a str
runtime.configure(settings)
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.set_default_executor(ThreadPoolExecutor(4 * int(parallel)))
sys.argv = ["."]


def run() -> None:
    """Run ``__main__.py``."""
    runpy.run_path(".", run_name="__main__")


try:
    loop.run_until_complete(runtime.run_in_stack(run))
except RunError as error:
    sys.exit(f"error: {error}")
