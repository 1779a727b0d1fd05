# SPDX-License-Identifier: MIT
"""The program of the catalogue: `run.py WAY...` holds, says ready, obeys."""

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "targets")]

from commands import serve  # noqa: E402
from holders import hold  # noqa: E402


def main(names):
    for name in names:
        importlib.import_module(name.partition(".")[0])
        hold(name)
    serve()


if __name__ == "__main__":
    main(sys.argv[1:])
