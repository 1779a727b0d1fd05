# SPDX-License-Identifier: MIT
"""`memalotctl attach` through the door that CPython has from 3.14 on (PEP 768).

That it was this way is seen by the audit event that the interpreter raises.
"""

import re
from pathlib import Path

import pytest
from harness import wait_until

pytestmark = pytest.mark.versions((3, 14), (3, 15))

EVENT = "cpython.remote_debugger_script"

# Its main thread is in Python code many times a second.
BUSY = f"""
import os, sys, threading, time
def hook(event, args):
    if event == {EVENT!r}:
        print('asked', *args, flush=True)
sys.addaudithook(hook)
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
print('ready', os.getpid(), flush=True)
before = list(sys.modules)
while not ended.is_set():
    time.sleep(0.001)
added = [name for name in sys.modules if name not in before]
print('added', added, flush=True)
"""

# Its main thread comes out of a call only when its stdin ends.
BLOCKED = BUSY.replace("while not ended.is_set():\n    time.sleep(0.001)",
                       "ended.wait()").replace("daemon=True", "")


@pytest.fixture
def start(target, python):
    """Starts one of these programs without an agent."""
    return lambda code, **options: target(["-c", code], agent=False, **options)


def end(program):
    """Close its stdin; returns what it says it saw."""
    program.process.stdin.close()
    assert program.process.wait(30) == 0, program.stderr()
    words = []
    while True:
        try:
            words.append(program.line())
        except AssertionError:
            return words


def is_blocked(pid):
    """Wait until its main thread has not run for a while."""
    seen = []

    def rests():
        stat = Path(f"/proc/{pid}/task/{pid}/status").read_text()
        seen.append(re.findall(r"ctxt_switches:\s+(\d+)", stat))
        return "State:\tS" in stat and seen[-20:].count(seen[-1]) == 20

    wait_until(rests, "it is blocked")


def left_behind():
    """Return temporary directories of attaches that are left."""
    return set(Path("/tmp").glob("memalot-attach-*"))


def test_it_comes_in_by_the_door(ctl, start):
    program = start(BUSY)
    ctl.run("attach", program.pid)
    script = program.expect("asked")
    assert script.startswith("/tmp/memalot-attach-") and script.endswith("/script.py")
    assert not Path(script).parent.exists()
    assert program.call("status")["pid"] == program.pid
    assert end(program) == ["added []"] and program.stderr() == ""


def test_it_comes_in_again_after_a_detach(ctl, start):
    program = start(BUSY)
    for _ in range(5):
        ctl.run("attach", program.pid)
        program.expect("asked")
        ctl.run("detach", program.pid)
        wait_until(lambda: not program.ctl.socket(program.pid).exists(), "it has gone")
    assert end(program) == ["added []"] and program.stderr() == ""


def test_shut_by_the_environment_the_other_way_is_taken(ctl, start):
    program = start(BUSY, env={"PYTHON_DISABLE_REMOTE_DEBUG": "1"})
    ctl.run("attach", program.pid)
    assert program.call("status")["pid"] == program.pid
    assert end(program) == ["added []"] and program.stderr() == ""


def test_a_main_thread_that_does_not_come_by_is_not_waited_for(ctl, start):
    before = left_behind()
    program = start(BLOCKED)
    is_blocked(program.pid)
    ctl.run("attach", program.pid)
    assert program.call("status")["pid"] == program.pid
    new = left_behind() - before  # other tests' too, for a moment
    wait_until(lambda: not new & left_behind(), "its directory is removed")
    # It comes by now; what was asked of it has been taken back.
    assert end(program) == ["added []"] and program.stderr() == ""


def test_an_audit_hook_that_forbids_it_leaves_the_other_way(ctl, start):
    forbids = BUSY.replace("print('asked', *args, flush=True)",
                           "raise RuntimeError('not here')")
    program = start(forbids)
    ctl.run("attach", program.pid)
    assert program.call("status")["pid"] == program.pid
    end(program)  # the interpreter's own report of it imports, from 3.15 on
    assert "not here" in program.stderr()


def test_what_a_broken_import_system_holds_up_is_said(ctl, start):
    broken = BUSY.replace("print('ready'", "del sys.modules['_imp']\nprint('ready'")
    program = start(broken)
    done = ctl.run("attach", program.pid, code=1)
    assert "could not be loaded" in done.stderr and "_imp" in done.stderr
    assert done.stderr.count("\n") == 1
    program.expect("asked")
    assert end(program) == ["added []"] and program.stderr() == ""


def test_with_subinterpreters_the_main_one_is_asked(ctl, start):
    program = start("import _interpreters\nkept = _interpreters.create()\n" + BUSY)
    ctl.run("attach", program.pid)
    program.expect("asked")
    assert program.call("status")["pid"] == program.pid
    assert end(program) == ["added []"]
