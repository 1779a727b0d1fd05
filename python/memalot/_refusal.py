# SPDX-License-Identifier: MIT
"""Refuses interpreters that cannot have an agent, before the extension is loaded.

Loading an extension that knows nothing of it makes a free-threaded build take its GIL
back, for the whole program; so this is asked of the interpreter itself.
"""

from __future__ import annotations

import sys

if "t" in getattr(sys, "abiflags", ""):
    raise ImportError(
        "memalot needs a build of CPython with a GIL (3.10 to 3.15); this one, %d.%d.%d, "
        "is free-threaded" % sys.version_info[:3],
        name=__package__,
    )
try:
    import memalot._agent  # noqa: F401
except ModuleNotFoundError:
    # With the name of the package `python -m memalot.x` makes one line of it.
    raise ImportError(
        "memalot was installed without an agent for CPython %d.%d" % sys.version_info[:2],
        name=__package__,
    ) from None
