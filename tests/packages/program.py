# SPDX-License-Identifier: MIT
"""The program under the test: does the exercises that its arguments name, then waits.

Prints a line for each, `did NAME VERSION`, `lacks NAME: why` or `broke NAME: why`, then
`ready`, and ends with its standard input.
"""

import importlib.metadata
import os
import sys
import warnings

import data  # noqa: F401
import native  # noqa: F401
import tools  # noqa: F401
import waiting  # noqa: F401
import web  # noqa: F401
from exercises import run

warnings.simplefilter("ignore")
for name in sys.argv[1:]:
    distribution = name.replace("_", "-")
    try:
        version = importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        print(f"lacks {name}: not installed", flush=True)
        continue
    try:
        run(name)
    except Exception as error:
        line = f"{type(error).__name__}: {error}".split("\n")[0]
        print(f"broke {name}: {line}", flush=True)
    else:
        print(f"did {name} {version}", flush=True)
print("ready", os.getpid(), flush=True)
sys.stdin.read()
