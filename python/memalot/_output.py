# SPDX-License-Identifier: MIT
"""Where a monitor's text goes: the console, the caller's function, or both.

What the text says and how it is laid out is the agent's business; here it is decided
once, when a monitor opens, how wide it may be, whether it may have colours (terminals
may) and whether boxes and letters beyond ASCII (where the encoding has them).
Nothing in this file lets an exception through to the program.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from ._threads import Threads

BOX = "╭─│"


class Output:
    """The way out for the texts of one monitor."""

    def __init__(
        self,
        *,
        output_func: Callable[[str], object] | None,
        tee_console: bool,
        force_terminal: bool | None,
        color: bool,
    ) -> None:
        self._func = output_func
        self._console = output_func is None or tee_console
        self._plain_func = not force_terminal
        self._told = False  # that output_func raised
        self._busy = Threads()  # in deliver()
        stream = sys.stdout if self._console else None
        terminal = _is_terminal(stream) if force_terminal is None else force_terminal
        self.color = terminal and color and not os.environ.get("NO_COLOR")
        self.boxes = _can_show(stream, BOX)
        self.width = _columns(stream)

    def deliver(self, text: str) -> None:
        """Hand one report or sentence, if it is one, to whoever is to get it."""
        if not text or self._busy.me():
            return
        self._busy.come()
        try:
            self._hand_over(text)
        finally:
            self._busy.go()

    def busy(self) -> bool:
        """Say whether the calling thread is in the caller's output_func just now."""
        return self._busy.me()

    def _hand_over(self, text: str) -> None:
        if self._console:
            # an empty line parts a report from what the program prints next
            _write(text + "\n" if "\n" in text.rstrip("\n") else text)
        if self._func is None:
            return
        try:
            self._func(without_colors(text) if self._plain_func else text)
        except Exception as error:
            if not self._told:
                self._told = True
                _write(f"memalot: output_func raised {_one_line(error)} (said once)")


def _one_line(error: BaseException) -> str:
    try:
        words = " ".join(str(error).split())
    except Exception:
        words = ""
    return f"{type(error).__name__}: {words}"[:200]


def without_colors(text: str) -> str:
    """Return `text` without the sequences that switch colours (ESC [ ... m)."""
    first, *others = text.split("\x1b[")
    return first + "".join(part.partition("m")[2] for part in others)


def _write(text: str) -> None:
    """Print to standard output as it is now; where there is none, or a closed one, or
    one that cannot take the text, the program goes on without it."""
    stream = sys.stdout
    if stream is None:
        return
    line = text if text.endswith("\n") else text + "\n"
    try:
        try:
            stream.write(line)
        except UnicodeEncodeError:
            coding = stream.encoding
            stream.write(line.encode(coding, "replace").decode(coding))
        stream.flush()
    except Exception:
        pass


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"
    except Exception:
        return False


def _can_show(stream: Any, text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeError, LookupError, TypeError):
        return False
    return True


def _columns(stream: Any) -> int:
    """Return the terminal's width, as shutil.get_terminal_size() finds it out."""
    try:
        columns = int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        columns = 0
    if columns <= 0:
        try:
            columns = os.get_terminal_size(stream.fileno()).columns
        except Exception:
            columns = 0
    return min(max(columns or 80, 40), 400)
