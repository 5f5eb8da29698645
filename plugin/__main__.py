"""Run the provider plugin `fsx-dr`. The Pulumi engine starts it."""

import sys

from fsx_dr_plugin.server import serve

if __name__ == "__main__":
    serve(sys.argv[-1])
