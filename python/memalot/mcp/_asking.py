# SPDX-License-Identifier: MIT
"""memalotctl's answers and refusals, as tools of the server give them on.

What memalotctl refuses it refuses in one line that says what would be right; that line
is the tool's error. Nothing of it is a fault of the server.
"""

from __future__ import annotations

from typing import Any

from mcp.server.mcpserver.exceptions import ToolError

from .._ctl import CtlError
from .._ctl import ask as ask_ctl
from .._ctl import run as run_ctl

TIMEOUT = 600.0  # seconds; sweeps have a shorter limit of their own


def ask(*words: str) -> Any:
    """Return the document that `memalotctl WORDS --json` prints; ToolError if none."""
    try:
        return ask_ctl(*words, timeout=TIMEOUT)
    except CtlError as error:
        raise ToolError(_one_line(error)) from error


def tell(*words: str) -> str:
    """Run `memalotctl WORDS` and return what it prints; ToolError if it says no."""
    try:
        return run_ctl(*words, timeout=TIMEOUT)
    except CtlError as error:
        raise ToolError(_one_line(error)) from error


def _one_line(error: CtlError) -> str:
    return " ".join(str(error).replace(":; ", ": ").split())
