# SPDX-License-Identifier: MIT
"""Stamps say when an object was born: for every type, whatever the program does.

Each check runs in a process of its own (targets/births_checks.py), with the agent's
module but without an agent: what is tested is births alone.
"""

import json
import os
import subprocess

import pytest

from drift import build_drifted
from harness import BUILD, PATIENCE, TARGETS, build_extension

pytestmark = pytest.mark.few_versions


def run(python, script, *args, env=None):
    """Run a script in an interpreter that can import the agent; returns its output."""
    done = subprocess.run(
        [python.path, str(TARGETS / script), *map(str, args)], text=True,
        capture_output=True, timeout=4 * PATIENCE,
        env={**os.environ, "PYTHONPATH": str(BUILD / "lib"), **(env or {})},
    )
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr[-4000:])
    return done.stdout


@pytest.mark.parametrize("name", [
    "recycled", "recycled_without_collector", "small_things", "slices_and_contexts",
    "late_dicts", "frozen", "collected", "callbacks_replaced", "callbacks_kept",
    "resized", "threads", "merged", "none_left", "nothing_left",
    "started_twice", "tracemalloc_after", "tracemalloc_before", "forked",
    "deep_nests", "inherited_while_watched", "from_destructors", "subinterpreters", "memory",
])
def test_births(python, name):
    run(python, "births_checks.py", name)


@pytest.mark.parametrize("allocator", ["debug", "malloc", "malloc_debug",
                                       "pymalloc_debug"])
@pytest.mark.parametrize("name", ["recycled", "late_dicts", "nothing_left",
                                  "tracemalloc_before", "resized"])
def test_births_above_other_allocators(python, name, allocator):
    run(python, "births_checks.py", name, env={"PYTHONMALLOC": allocator})


@pytest.mark.parametrize("allocator", ["", "debug"])
def test_births_beside_another_hook(python, tmp_path, allocator):
    """It stands on top of ours, below it, and comes back after it had gone."""
    build_extension(python, "otherhook", tmp_path)
    paths = f"{BUILD / 'lib'}:{tmp_path}"
    run(python, "births_checks.py", "foreign",
        env={"PYTHONPATH": paths, "PYTHONMALLOC": allocator or "default"})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_stamps_of_a_random_program(python, seed):
    """Seventy types, collections, freezes, merges: every stamp is the right one."""
    told = json.loads(run(python, "births_random.py", seed, 100_000))
    wrong = {
        kind: (told["old"].get(kind, 0), told["young"].get(kind, 0), looked)
        for kind, looked in told["looked"].items()
        if told["old"].get(kind) or told["young"].get(kind)
    }
    print(f"seed {seed}: {told['turns']} turns, {sum(told['looked'].values())} looks")
    assert not wrong, f"seed {seed}: type: (too old, too young, looked at) {wrong}"
    assert told["baseline"] == [0]
    assert told["turns"] > 50 and len(told["looked"]) > 65


@pytest.mark.versions((3, 14), (3, 99))
def test_free_lists_in_other_places(python):
    """An agent built for a release with one list more: those behind it are not where it
    thinks. What comes out of them looks too old, nothing too young."""
    ctl = build_drifted(python, "free lists", {"internal/pycore_freelist_state.h": [
        (r"struct _Py_freelist ints;", "struct _Py_freelist more, ints;")]})
    told = json.loads(run(python, "births_random.py", 1, 40_000,
                          env={"PYTHONPATH": str(ctl.parents[1] / "lib")}))
    assert told["young"] == {}
    assert told["old"] and all(
        kind.startswith(("int", "tuple", "range", "match")) for kind in told["old"])
