# SPDX-License-Identifier: MIT
"""The commands that pip installs: each becomes the program inside this package.

memalotctl itself is C. These functions tell it by which Python they run, for the parts
of it that are written in Python, and are gone. MEMALOT=1 brings no agent into them:
_boot.py knows them by name.
"""

from __future__ import annotations

import os
import sys

_PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "memalotctl")


def memalotctl() -> None:
    """Become memalotctl."""
    _become("memalotctl", *sys.argv[1:])


def memalot() -> None:
    """Become memalotctl under the name by which it lists and prints only."""
    _become("memalot", *sys.argv[1:])


def memalot_mcp() -> None:
    """Become the MCP server on standard input and output."""
    _become("memalotctl", "mcp", *sys.argv[1:])


def _become(name: str, *words: str) -> None:
    os.environ["MEMALOT_PYTHON"] = sys.executable
    try:
        os.execv(_PROGRAM, [name, *words])
    except OSError as error:
        sys.exit(f"{name}: cannot start {_PROGRAM}: {error.strerror}")
