"""Sources as syntax trees."""

import ast
import gc
from pathlib import Path


def parsed(module: Path) -> ast.Module:
    """Parse a source while nothing else can parse."""
    # A future that is collected meanwhile shows a traceback, for which Python 3.11 parses, too, and parsing in parsing
    # is a SystemError: https://github.com/python/cpython/issues/106905
    gc.disable()
    try:
        return ast.parse(module.read_text())
    finally:
        gc.enable()
