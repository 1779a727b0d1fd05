# SPDX-License-Identifier: MIT
"""Short programs that test the package memalot from the inside: `run` plays a text after
PRELUDE, and what it asserts is the test."""

import pytest
from monitored import play

# `told` gets the opening sentence and then one text for each report.
PRELUDE = """
import asyncio, gc, inspect, sys, threading, warnings, weakref
import memalot

warnings.filterwarnings("ignore", "'asyncio.iscoroutinefunction' is deprecated")  # 3.14

told = []
OPTIONS = dict(output_func=told.append, save_reports=False, max_object_details=1)

def reports():
    count = sum(not text.startswith("memalot looks for") for text in told)
    told.clear()
    return count

class Thing:
    pass

"""


@pytest.fixture
def run(python, ctl, tmp_path):
    """Runs a program's text after PRELUDE; its own assertions are the test."""

    def run(text, **more):
        lines = [line[8:] if line.startswith(" " * 8) else line
                 for line in text.splitlines()]
        played = play(python, ctl, tmp_path, PRELUDE + "\n".join(lines), **more)
        assert played.err == ""
        return played

    return run
