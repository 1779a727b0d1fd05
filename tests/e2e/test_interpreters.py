# SPDX-License-Identifier: MIT
"""Programs with several interpreters: each one's modules, threads and own holders.

To 3.11 all share one GIL. From 3.12 on an interpreter has its own unless it is made with
the configuration "legacy": then its heap is looked at only when nobody runs in it.
"""

import json

import pytest

from harness import TARGETS

pytestmark = pytest.mark.few_versions

HEAD = """
import os, sys, threading, time
sys.path.insert(0, {targets!r})
from commands import serve
try:
    import _interpreters as sub
except ImportError:
    import _xxsubinterpreters as sub

def make(isolated):
    if sys.version_info >= (3, 13):
        return sub.create("isolated" if isolated else "legacy")
    return sub.create(isolated=isolated)

def execute(number, source):
    if sys.version_info >= (3, 13):
        problem = sub.exec(number, source)
        assert problem is None, problem
    else:
        sub.run_string(number, source)

INNER = '''
class Leaked:
    pass
HELD = [Leaked()]
'''
"""


def run(target, tmp_path, source):
    """Start the source, which serves at its end."""
    script = tmp_path / "program.py"
    script.write_text(HEAD.format(targets=str(TARGETS)) + source + "\nserve()\n")
    return target([str(script)])


def found(ctl, program):
    """Return expressions and roots of the objects of type Leaked, and the warnings."""
    done = ctl.run("paths", program.pid, "--type", "__main__.Leaked", "--json", code=None)
    if "no live object" in done.stderr:
        return {}
    answer = json.loads(done.stdout)
    paths = [target["paths"][0] for target in answer["targets"]]
    return {path["expression"]: path["root"] for path in paths}


def warnings(program):
    return program.call("types", limit=1)["sweep"]["warnings"]


@pytest.mark.parametrize("isolated", [False, True], ids=["shared GIL", "own GIL"])
def test_variables_of_another_interpreter(target, python, ctl, tmp_path, isolated):
    source = f"other = make({isolated})\nexecute(other, INNER)"
    program = run(target, tmp_path, source)
    assert found(ctl, program) == {
        "interpreter 1: __main__.HELD[0]":
            {"kind": "module", "name": "__main__", "interpreter": 1},
    }
    assert warnings(program) == []


@pytest.mark.parametrize("isolated", [False, True], ids=["shared GIL", "own GIL"])
def test_a_thread_in_another_interpreter(target, python, ctl, tmp_path, isolated):
    source = f"""
r, w = os.pipe()
a, b = os.pipe()
inner = INNER.replace("HELD", "NOT") + f'''
import os
del NOT
def work():
    held = Leaked()
    os.write({{w}}, b"x")
    os.read({{a}}, 1)
work()
'''
other = make({isolated})
threading.Thread(target=execute, args=(other, inner), daemon=True).start()
os.read(r, 1)
"""
    program = run(target, tmp_path, source)
    (expression, root), = found(ctl, program).items()
    assert expression.startswith("interpreter 1: ")  # to 3.12 main's thread made it
    assert expression.endswith("work() held")
    assert (root["kind"], root["interpreter"], root["function"]) == ("thread", 1, "work")


@pytest.mark.parametrize("isolated", [False, True], ids=["shared GIL", "own GIL"])
def test_hooks_of_another_interpreter(target, python, ctl, tmp_path, isolated):
    inner = "INNER + 'import codecs\\ncodecs.register_error(\"mine\", lambda e, x=HELD.pop(): x)'"
    source = f"other = make({isolated})\nexecute(other, {inner})"
    program = run(target, tmp_path, source)
    shown, = found(ctl, program)
    assert shown == "interpreter 1: codecs error handlers['mine'].__defaults__[0]"


def test_many_interpreters(target, python, ctl, tmp_path):
    source = "ALL = [make(n % 2 == 0) for n in range(5)]\n" \
             "for one in ALL:\n    execute(one, INNER)"
    program = run(target, tmp_path, source)
    assert set(found(ctl, program)) == {
        f"interpreter {n}: __main__.HELD[0]" for n in range(1, 6)
    }


BUSY = """
other = make(True)
execute(other, INNER)
r, w = os.pipe()
def work():
    execute(other, f"import os\\nos.write({w}, b'x')\\nwhile True:\\n    pass")
threading.Thread(target=work, daemon=True).start()
os.read(r, 1)
class Leaked:
    pass
HERE = Leaked()
"""


@pytest.mark.versions((3, 12), (3, 15))
def test_a_busy_interpreter_is_left_out_and_said_so(target, python, ctl, tmp_path):
    program = run(target, tmp_path, BUSY)
    assert list(found(ctl, program)) == ["__main__.HERE"]
    assert warnings(program) == [
        "interpreter 1 has a GIL of its own and was busy: its objects are not in this "
        "report"
    ]
    assert program.ask("ping") == "pong"


STORM = """
def storm():
    while True:
        other = make(True)
        execute(other, INNER)
        sub.destroy(other)
def busy(other):
    while True:
        execute(other, INNER + "\\nimport time\\ntime.sleep(0.001)")
threading.Thread(target=storm, daemon=True).start()
for n in range(3):
    threading.Thread(target=busy, args=(make(True),), daemon=True).start()
class Mine:
    pass
KEPT = Mine()
"""


@pytest.mark.versions((3, 12), (3, 15))
def test_interpreters_that_come_and_go(target, python, ctl, tmp_path):
    """No sweep harms the program, and none is harmed."""
    program = run(target, tmp_path, STORM)
    for _ in range(10):
        answer = program.call("paths", type="__main__.Mine")
        assert answer["targets"][0]["paths"][0]["expression"] == "__main__.KEPT"
    assert program.ask("ping") == "pong"
    assert program.process.poll() is None
