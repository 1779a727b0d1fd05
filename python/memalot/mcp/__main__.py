# SPDX-License-Identifier: MIT
"""The command line of the server: `python -m memalot.mcp [--report-directory DIR]`.

Standard output belongs to the protocol; what goes wrong before it begins is one line on
standard error.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import warnings

# `python -m` puts the directory it is called in before everything else, and an AI tool
# calls us in its user's project: what is named like the SDK there is not the SDK.
if sys.path and sys.path[0] in ("", os.getcwd()) and not getattr(sys.flags, "safe_path", 0):
    del sys.path[0]


def main() -> int:
    """Serve until standard input ends. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="memalotctl mcp",
        description="The MCP server of memalot, on standard input and output.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--report-directory", metavar="DIR",
        help="where saved reports are (default: ~/.memalot/reports)",
    )
    options = parser.parse_args()
    # Of strings in the sources that where_in_source parses.
    warnings.simplefilter("ignore", SyntaxWarning)
    try:
        from ._server import build
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types", "pydantic"):
            raise
        print(
            "memalotctl: the MCP server needs the MCP SDK, version 2.1 or later, in "
            f"{sys.executable}: pip install 'memalotctl[mcp]'", file=sys.stderr,
        )
        return 1
    # There is nothing to put in order, and the SDK would wait for a line on stdin.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        build(options.report_directory).run("stdio")
    except BrokenPipeError:
        pass  # whoever asked is gone
    return 0


if __name__ == "__main__":
    sys.exit(main())
