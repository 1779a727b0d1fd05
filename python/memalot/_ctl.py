# SPDX-License-Identifier: MIT
"""memalotctl as Python sees it: where it is, and what it answers with --json.

Everything in Python that looks at other processes (the MCP server, the exporter) asks
through here, so that finding agents, permissions and time limits are decided in one
place: memalotctl.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

from ._life import find_ctl


class CtlError(Exception):
    """memalotctl said no.

    Attributes:
        exit_code: 1 it failed, 2 wrong usage, 3 no agent or not clear which, 4 refused.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        """Keep the one line that memalotctl wrote, without its name before it."""
        super().__init__(message)
        self.exit_code = exit_code


def ask(*words: str, timeout: float | None = None) -> Any:
    """Run `memalotctl WORDS --json` and return the document it prints.

    Raises:
        CtlError: As `run` does.
    """
    return json.loads(run(*words, "--json", timeout=timeout))


def run(*words: str, timeout: float | None = None) -> str:
    """Run `memalotctl WORDS` and return what it prints.

    Raises:
        CtlError: It ended with another exit code than 0, is not installed, or took
            longer than `timeout` seconds.
    """
    ctl = find_ctl()
    if ctl is None:
        raise CtlError("memalotctl is not installed beside this package or on PATH", 1)
    try:
        done = subprocess.run(
            [ctl, *words], stdin=subprocess.DEVNULL, capture_output=True,
            encoding="utf-8", errors="replace", timeout=timeout, check=False,
        )
    except subprocess.TimeoutExpired:
        raise CtlError(f"memalotctl {words[0]} took longer than {timeout:g} s", 1) from None
    except OSError as error:
        raise CtlError(f"{ctl}: {error.strerror}", 1) from None
    if done.returncode != 0:
        raise CtlError(_said(done.stderr) or f"memalotctl {words[0]} failed", done.returncode)
    return done.stdout


def _said(text: str) -> str:
    lines = [line.removeprefix("memalotctl: ") for line in text.splitlines() if line.strip()]
    return "; ".join(lines)
