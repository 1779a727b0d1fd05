# SPDX-License-Identifier: MIT
"""Layouts that moved since the agent was built: it finds what moved, or it refuses with
one line. It never guesses.

Patch releases of 3.14 do that (fields of the interpreter's state stand elsewhere in
3.14.0, 3.14.4 and 3.14.10). Here an agent is built with headers that are wrong by some
bytes and meets an interpreter whose layout is not what it was compiled for.
"""

import pytest

from drift import build_drifted
from harness import TARGETS, Target

STATE = {13: "internal/pycore_interp.h"}
FRAME = {13: "internal/pycore_frame.h"}


def state_header(python):
    """Return the header that has the interpreter's state."""
    return STATE.get(python.version[1], "internal/pycore_interp_structs.h")


def after(member, size):
    """Return an edit that inserts bytes after a member of the interpreter's state."""
    return (rf"(\n    struct {member};\n)", rf"\1    char drift_{size}[{size}];\n")


@pytest.fixture
def drifted(python, ctl, tmp_path):
    """Starts a program under an agent that was built with edited headers."""
    started = []

    def start(name, edits):
        memalotctl = build_drifted(python, name, edits)
        program = TARGETS / "held_by_interpreter.py"
        command = [str(memalotctl), "run", "--", python.path, "-u", str(program)]
        target = Target(ctl, command, ctl.env, tmp_path)
        started.append(target)
        target.pid = int(target.expect("ready"))
        return target

    yield start
    for target in started:
        target.stop()


def holders(program, python):
    """Return {what holds it: the path's words} of each object of held_by_interpreter."""
    expected = ["atexit", "fork hooks", "codecs search path", "codecs error handlers",
                "gc.callbacks", "audit hooks", "thread"]
    expected += ["monitoring callback"] if python.version >= (3, 12) else []
    paths = [one["paths"][0]["expression"]
             for one in program.call("paths", type="Held", limit=20)["targets"]]
    found = {name: [path for path in paths if name in path] for name in expected}
    return {name: path for name, path in found.items() if len(path) == 1}, expected, paths


def test_what_the_interpreter_holds_is_named(target, python):
    program = target("held_by_interpreter.py")
    found, expected, paths = holders(program, python)
    assert sorted(found) == sorted(expected), paths


@pytest.mark.versions((3, 13), (3, 99))
def test_it_is_named_when_fields_have_moved(drifted, python):
    program = drifted("state", {
        state_header(python): [after("_gc_runtime_state gc", 24)],
    })
    found, expected, paths = holders(program, python)
    assert sorted(found) == sorted(expected), paths


@pytest.mark.versions((3, 13), (3, 99))
def test_what_cannot_be_found_is_left_out(drifted, python):
    program = drifted("pieces", {
        state_header(python): [
            after("_gc_runtime_state gc", 24), after("atexit_state atexit", 40),
            after("types_state types", 16),
        ],
    })
    found, expected, paths = holders(program, python)
    missing = set(expected) - set(found)
    assert missing <= {"audit hooks", "atexit", "monitoring callback"}, paths
    assert sum(path.startswith("<") for path in paths) == len(missing), paths
    assert program.call("status")["pid"] == program.pid


@pytest.mark.versions((3, 13), (3, 99))
def test_frames_that_are_not_as_they_were_are_refused(drifted, python):
    header = FRAME.get(python.version[1], "internal/pycore_interpframe_structs.h")
    program = drifted("frames", {
        header: [(r"(\n    struct _PyInterpreterFrame \*previous;)", r"\n    void *drift;\1")],
    })
    assert program.ask("ping") == "pong"
    assert program.finish() == 0
    said = [line for line in program.stderr().splitlines() if line]
    assert len(said) == 1 and "lays out" in said[0] and "does not know" in said[0], said
    assert "frames" in said[0] or "generators" in said[0] or "threads" in said[0]


@pytest.mark.few_versions
@pytest.mark.versions((3, 13), (3, 99))
def test_collector_s_lists_that_stand_elsewhere_are_refused(drifted, python):
    header = "internal/pycore_gc.h" if python.version[1] == 13 else state_header(python)
    program = drifted("collector", {
        header: [(r"(\n    struct gc_generation permanent_generation;)"
                  r"(\n    struct gc_\w+ \*?generation_stats[^;]*;)", r"\2\1")],
    })
    assert program.ask("ping") == "pong"
    assert program.finish() == 0
    said = [line for line in program.stderr().splitlines() if line]
    assert len(said) == 1 and "the collector's lists" in said[0], said
