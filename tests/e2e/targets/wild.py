# SPDX-License-Identifier: MIT
"""Holds objects of an extension type whose tp_traverse goes wrong in a copy of the
process. Arguments: the folder of the extension, and what goes wrong."""

import sys

from commands import serve

sys.path.insert(0, sys.argv[1])
import badtraverse  # noqa: E402  built by the test


class Neighbour:
    """An ordinary object, found or not found by the sweep."""


badtraverse.arm(sys.argv[2])
WILD = [badtraverse.Wild() for _ in range(10)]
NEIGHBOURS = [Neighbour() for _ in range(5)]

serve(arm=badtraverse.arm)
