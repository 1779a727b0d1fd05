# SPDX-License-Identifier: MIT
"""Objects that the interpreter's own state holds, one each, and no variable does."""

import atexit
import codecs
import gc
import os
import sys
import threading

from commands import serve

STOP = threading.Event()


class Held:
    """Tells what holds it by its attribute."""

    def __init__(self, by):
        self.by = by

    def call(self, *_):
        """Be something that can be registered."""


def wait():
    """Hold one in a variable of a thread."""
    mine = Held("thread")
    STOP.wait()
    return mine


atexit.register(Held("atexit").call)
os.register_at_fork(before=Held("fork hooks").call)
codecs.register(Held("codecs search path").call)
codecs.register_error("held", Held("codecs error handlers").call)
gc.callbacks.append(Held("gc.callbacks").call)
sys.addaudithook(Held("audit hooks").call)
if sys.version_info >= (3, 12):
    sys.monitoring.use_tool_id(3, "held")
    sys.monitoring.register_callback(
        3, sys.monitoring.events.STOP_ITERATION, Held("monitoring callback").call
    )
threading.Thread(target=wait, name="waiter", daemon=True).start()
serve()
