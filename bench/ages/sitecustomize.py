# SPDX-License-Identifier: MIT
"""Makes a benchmark's process what it is measured as; bench_ages.py puts this directory
on PYTHONPATH and says in ML_BENCH_MODE what is to be.

    plain        nothing
    ages         what a running monitor by time costs between two reports
    tracemalloc  the interpreter's own way to ask where an object came from, one frame

The monitor's lifetime is 60 s, so its epochs turn every 15 s; a benchmark that ends
before sees no turn, hence one is timed at the end. What was on goes to ML_BENCH_NOTE as
JSON: a benchmark that ran without what it was to run with must not count.
"""

import atexit
import json
import os
import time

LIFETIME = 60.0
MODE = os.environ.get("ML_BENCH_MODE", "plain")

if os.environ.get("ML_BENCH_CLOCK") == "cpu":
    # What pyperf reads: processor time of all threads of this process, the agent's too,
    # which another program on the same machine cannot lengthen by taking the processor.
    time.perf_counter = time.process_time


def timed(call, *args):
    """Return how many seconds a call took."""
    start = time.perf_counter()
    call(*args)
    return time.perf_counter() - start


def monitor():
    """Start a monitor; return what is to be noted of it at the end."""
    import memalot
    from memalot import _agent

    memalot.start_leak_monitoring(LIFETIME, 0, output_func=lambda text: None,
                                  save_reports=False)
    while not _agent._birth("running"):
        time.sleep(0.001)

    def note():
        return {"running": _agent._birth("running"), "words": _agent._birth("words"),
                "turn": timed(_agent._birth, "turn", 1),
                "memory": _agent._birth("memory")}

    return note


def trace():
    """Start tracemalloc; return what is to be noted of it at the end."""
    import _tracemalloc  # the module around it imports pickle, which is measured, too

    _tracemalloc.start(1)
    return lambda: {"running": _tracemalloc.is_tracing(),
                    "memory": _tracemalloc.get_tracemalloc_memory()}


def write(note):
    """Leave the note; at exit."""
    with open(os.environ["ML_BENCH_NOTE"], "w") as out:
        json.dump(note(), out)


STARTS = {"plain": lambda: lambda: {"running": True}, "ages": monitor,
          "tracemalloc": trace}
if "ML_BENCH_NOTE" in os.environ:
    atexit.register(write, STARTS[MODE]())
