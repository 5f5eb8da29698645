"""The last step of `make setup`: install the Pulumi CLI, which is not a Python package."""

import os
import signal
import subprocess
import sys
from urllib.request import urlopen

from simulator.fake_engine import INSTALLED, find_engine

_INSTALLER = "https://get.pulumi.com/install.sh"
_CONNECT_SECONDS = 10
_INSTALL_SECONDS = 300
_INSTALL = f"from pulumi.automation import PulumiCommand; PulumiCommand.install(root={str(INSTALLED)!r})"


def main() -> None:
    """Install the Pulumi CLI if it is missing, and print one line about the result."""
    if _has_cli():
        said = "Pulumi CLI found."
    elif _is_reachable() and _install() and _has_cli():
        said = f"Pulumi CLI installed into {INSTALLED.name}."
    else:
        said = f"The Pulumi CLI could not be installed from {_INSTALLER}. Demo and tests use the fake engine."
    sys.stdout.write(f"{said}\n")


def _has_cli() -> bool:
    return find_engine()[0] != sys.executable


def _is_reachable() -> bool:
    """Whether the installer's address answers; the installer itself would wait without a limit."""
    try:
        with urlopen(_INSTALLER, timeout=_CONNECT_SECONDS):
            return True
    except OSError:
        return False


def _install() -> bool:
    """Run Pulumi's installer for at most five minutes; it installs the CLI version of the SDK."""
    command = [sys.executable, "-c", _INSTALL]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as installer:  # noqa: S603 - our own interpreter
        try:
            return installer.wait(_INSTALL_SECONDS) == 0
        except subprocess.TimeoutExpired:
            os.killpg(installer.pid, signal.SIGKILL)
            return False


if __name__ == "__main__":
    main()
