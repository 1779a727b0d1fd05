# SPDX-License-Identifier: MIT
"""What packages hide from the collector is followed and named, not just counted."""

import collections
import re

import pytest
from test_packages import begin


def paths(target, type_name, matched):
    """Return first paths to objects of a type, numbers in brackets as [*]."""
    answer = target.call("paths", type=type_name, limit=100)
    assert answer["matched"] == matched
    found = [one["paths"][0]["expression"] for one in answer["targets"]]
    return collections.Counter(re.sub(r"\[\d+\]", "[*]", path) for path in found)


def needs(did, name):
    """Skip where there is no wheel of it."""
    if name not in did:
        pytest.skip(f"{name} is not to be had for this Python")


def test_items_of_numpy_arrays_and_records_are_named(program):
    target, did = begin(program, ["numpy"])
    needs(did, "numpy")
    path = "exercises.KEPT['numpy'][*].base[*]"  # a view is kept, its base has the items
    assert paths(target, "data.numpy.<locals>.Thing", 2000) == {path: 100}
    assert paths(target, "data.numpy.<locals>.Field", 100) == {path: 100}


def test_variables_of_suspended_greenlets_are_named(program):
    target, did = begin(program, ["greenlet"])
    needs(did, "greenlet")
    assert paths(target, "web.greenlet.<locals>.Local", 40) == {
        "exercises.KEPT['greenlet'][*].gr_frame.f_locals['inner']": 20,
        "exercises.KEPT['greenlet'][*].gr_frame.f_back.f_locals['outer']": 20,
    }
