# SPDX-License-Identifier: MIT
"""Writes docs/holders.md from the catalogue: `table.py docs/holders.md`."""

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from holders import REGISTRY  # noqa: E402

HEAD = """# Holders, and the paths that tell of them

Every way of holding an object that memalot is tested with, on every CPython it
supports, and the path that it shows: what the object hangs on, in the words one would
use in a debugger. `*` stands for what differs from run to run. The programs are in
`tests/e2e/catalogue/`, one file for each section; this page is written from them by
`make golden`.
"""

OTHERS = ("holders", "run", "table")


def families():
    """Import every family and return their names with their titles."""
    for path in sorted(HERE.glob("*.py")):
        if path.stem not in OTHERS:
            module = importlib.import_module(path.stem)
            yield path.stem, module.__doc__.strip().split("\n")[0].rstrip(".")


def code(text):
    """Return text as code in a cell of a table."""
    return f"`{text}`".replace("|", "\\|")


def row(way):
    """Return one line of a table."""
    shown = "not there: nothing holds it" if way.gone else \
        "<br>".join(code(path) for path in way.paths)
    for version, said in way.versions.items():
        if isinstance(said, str) and not way.is_path(said):
            said = said.removeprefix("no: ")
        else:
            said = "<br>".join(code(p) for p in ([said] if isinstance(said, str) else said))
        shown += f"<br>{version}: {said}"
    return f"| {way.title} | {shown} |"


def page():
    """Return the whole page."""
    lines = [HEAD]
    for family, title in families():
        ways = [way for way in REGISTRY.values() if way.make.__module__ == family]
        if ways:
            lines += [f"## {title}", "", "| held by | path |", "| --- | --- |",
                      *map(row, ways), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
