# SPDX-License-Identifier: MIT
"""`memory`: where the process's memory is, against what CPython and libc say themselves."""

import json

import pytest

from harness import build_library

pytestmark = pytest.mark.few_versions

MIB = 1 << 20


def ask(program):
    memory = program.call("memory")["memory"]
    parts = {part["key"]: part["size"] for part in memory["parts"]}
    return memory, parts


def test_the_parts_add_up_to_rss(target, python):
    memory, parts = ask(target("memory.py"))
    explained = sum(size or 0 for size in parts.values())
    assert explained == memory["rss"] + memory["not_resident"]
    assert parts["files"] > MIB and parts["stacks"] > 0
    assert memory["limit"] >= memory["limit_used"] > 0
    assert parts["other"] < memory["rss"] / 3


def test_arenas_are_counted_as_cpython_counts_them(target, python):
    program = target("memory.py")
    program.ask("holes 40")
    memory, parts = ask(program)
    arenas, used = map(int, program.ask("arenas").split())
    assert memory["arenas"]["count"] == arenas
    assert memory["arenas"]["size"] == arenas * MIB
    assert abs(memory["arenas"]["used"] - used) < 0.01 * used
    assert memory["arenas"]["free"] == parts["arenas_free"] > 15 * MIB
    assert "free but not given back" in memory["verdict"]


def test_one_arena_is_enough_to_find_them(target, python):
    program = target(["-c", "import sys; print('ready'); sys.stdin.read()"])
    memory, _ = ask(program)
    assert memory["arenas"]["count"] >= 1
    assert 0 < memory["arenas"]["used"] < memory["arenas"]["size"]


@pytest.mark.parametrize("deed, key, least", [
    ("objects 50", "python_live", 49), ("gaps 50", "malloc_free", 20),
    ("native 50", "native", 49), ("holes 50", "arenas_free", 20),
])
def test_what_grew_is_told_apart(target, python, deed, key, least):
    program = target("memory.py")
    _, before = ask(program)
    program.ask(deed)
    memory, after = ask(program)
    grown = {k: after[k] - before[k] for k in after}
    assert grown[key] > least * MIB, grown
    others = {"objects 50": {}, "gaps 50": {"python_live"}, "native 50": {},
              "holes 50": {"python_live"}}[deed]
    for other in grown.keys() - {key} - set(others):
        assert grown[other] < 10 * MIB, grown


def test_a_snapshot_has_the_same_anatomy(target, python):
    program = target("memory.py")
    memory = program.call("snapshot", save=False)["iteration"]["memory"]
    assert memory.keys() == ask(program)[0].keys()
    assert memory["verdict"].startswith("RSS ")


def test_a_python_without_arenas_says_so(target, python):
    program = target("memory.py", env={"PYTHONMALLOC": "malloc"})
    memory, parts = ask(program)
    assert memory["arenas"] is None and parts["arenas_free"] is None
    assert memory["malloc"]["used"] >= parts["python_live"]
    program = target("memory.py", env={"PYTHONMALLOC": "debug"})
    assert ask(program)[0]["arenas"]["count"] > 0


def test_arenas_are_found_while_the_program_traces_its_allocations(target, python):
    program = target("memory.py", env={"PYTHONTRACEMALLOC": "1"})
    assert ask(program)[0]["arenas"]["count"] > 0


def test_a_malloc_whose_lock_is_held_is_not_waited_for(target, python, tmp_path):
    library = build_library("stuckmalloc", tmp_path / "stuckmalloc.so")
    program = target("memory.py", env={"LD_PRELOAD": str(library)})
    memory, parts = ask(program)
    assert memory["malloc"] is None
    assert parts["malloc_free"] is None and parts["native"] is None
    assert memory["arenas"]["count"] > 0
    assert program.ask("ping") == "pong"


def test_memalotctl_prints_the_table(target, python, ctl):
    program = target("memory.py")
    text = ctl.run("memory", program.pid).stdout
    assert text.startswith("RSS ") and "live Python objects explain" in text
    for name in ("Python objects, alive", "free inside malloc", "mapped files", "other"):
        assert f"\n{name} " in text
    assert json.loads(ctl.run("memory", program.pid, "--json").stdout)["memory"]["rss"] > MIB
