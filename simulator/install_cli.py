"""`make setup`, its last step: the Pulumi CLI, which pip does not bring."""

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
    """See that there is an engine, and say in one line which."""
    if _has_cli():
        said = "The Pulumi CLI is there already."
    elif _is_reachable() and _install() and _has_cli():
        said = f"The Pulumi CLI was installed into {INSTALLED.name}."
    else:
        said = f"No Pulumi CLI here, none from {_INSTALLER}: demo and tests fall back to the fake engine."
    sys.stdout.write(f"{said}\n")


def _has_cli() -> bool:
    return find_engine()[0] != sys.executable


def _is_reachable() -> bool:
    """Probe first: the installer waits without limit for a network that swallows its packets."""
    try:
        with urlopen(_INSTALLER, timeout=_CONNECT_SECONDS):
            return True
    except OSError:
        return False


def _install() -> bool:
    """Run Pulumi's own installer, which takes the version of the SDK, within a limit."""
    command = [sys.executable, "-c", _INSTALL]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as installer:  # noqa: S603 - our own interpreter
        try:
            return installer.wait(_INSTALL_SECONDS) == 0
        except subprocess.TimeoutExpired:
            os.killpg(installer.pid, signal.SIGKILL)
            return False


if __name__ == "__main__":
    main()
