# SPDX-License-Identifier: MIT
"""Evaluates calls of memalot's functions, one a line of standard input, and prints for
each what came of it as a line of JSON."""

import json
import os  # noqa: F401  for what is evaluated
import sys
from collections import deque  # noqa: F401
from pathlib import Path  # noqa: F401

import memalot
from memalot import _options


def settings(**given):
    """Return what the agent would be told."""
    return _options.settings(given, _options.check_all(given))


def outcome(call):
    try:
        result = eval(call)
    except memalot.InvalidOptionsError as error:
        assert isinstance(error, ValueError)
        return {"option": error.option, "value": repr(error.value)[:200],
                "allowed": error.allowed, "text": str(error)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    if isinstance(result, memalot.Stoppable):
        result.stop()
        result.join()
    return {"result": result if isinstance(result, str) else type(result).__name__}


def quiet(text):
    pass


for line in sys.stdin:
    print("answer", json.dumps(outcome(line)), flush=True)
