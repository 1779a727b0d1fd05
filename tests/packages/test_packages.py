# SPDX-License-Identifier: MIT
"""Programs that use real packages: memalot sees nearly all they hold, by its name.

Each package works in a process of its own, then all of them in one. A healthy program
must come out healthy: a sweep without warnings, no finding that native code holds unless
the library is told whose variable it is (Cython has such), and at least 99 % of the
objects reachable from a root that has a name.
"""

import pytest
from conftest import VENV
from exercises import EXERCISES

import data  # noqa: F401
import native  # noqa: F401
import tools  # noqa: F401
import waiting  # noqa: F401
import web  # noqa: F401

NAMED = 99.0  # per cent
# Cython keeps its scanner, a million objects, in a variable of C, and only there: they
# have a holder whose library is told, but no root in Python.
IN_C = {"cython"}
# matplotlib's fonts, objects of C++, hold the files they read.
IN_HEAP = {"io.BufferedReader", "_io.BufferedReader"}
# Wheels without the compiled part, by version of CPython.
HOLLOW = {"3.15": {"lmdb"}}


def exercises():
    """Return the names of what can be run with this interpreter."""
    return [name for name in EXERCISES if name not in HOLLOW.get(VENV.name, ())]


def begin(start, names):
    """Start the program; return it and what it did, {name: version}."""
    target = start(*names)
    did = {}
    while True:
        word, *rest = target.line(timeout=120).split()
        if word == "ready":
            target.pid = int(rest[0])
            return target, did
        assert word != "broke", " ".join(rest)
        if word == "did":
            did[rest[0]] = rest[1]


def is_unproven(finding):
    """Say whether native code holds it and nobody can say where."""
    if finding["held_by"] != "native" or finding["type"] in IN_HEAP:
        return False
    holders = (finding.get("native") or {}).get("holders", [])
    return not any(holder["kind"] == "data" and holder["library"] for holder in holders)


def outside(types):
    """Say which types are held from outside, worst first."""
    rows = sorted((row for row in types if row["outside"]), key=lambda r: -r["outside"])
    return ", ".join(f"{row['outside']} of {row['count']} {row['type']}" for row in rows[:12])


def check(target, named_at_least=NAMED):
    """Take a snapshot and look at it; return (objects, named per cent, seconds)."""
    iteration = target.call("snapshot", save=False)["iteration"]
    assert iteration["sweep"]["mode"] == "clone"
    assert iteration["sweep"].get("warnings", []) == []
    unproven = [f["title"] for f in iteration["findings"] if is_unproven(f)]
    assert not unproven, unproven
    totals = iteration["totals"]
    named = 100 * totals["named_objects"] / totals["live_objects"]
    if named < named_at_least:
        types = target.call("types", limit=100_000)["types"]
        pytest.fail(f"only {named:.2f} % named; from outside: {outside(types)}")
    return totals["live_objects"], named, iteration["sweep"]["duration_s"]


@pytest.mark.parametrize("name", EXERCISES)
def test_what_a_package_holds_is_found(program, record_property, name):
    target, did = begin(program, [name]) if name in exercises() else (None, {})
    if not did:
        pytest.skip(f"{name} is not to be had for {VENV.name}")
    record_property(name, (did[name], *check(target, 0 if name in IN_C else NAMED)))


def test_all_in_one_process(program, record_property):
    target, did = begin(program, [name for name in exercises() if name not in IN_C])
    assert len(did) >= 40
    record_property("~ all in one process", (f"{len(did)} packages", *check(target)))
