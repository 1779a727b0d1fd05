# SPDX-License-Identifier: MIT
"""Who keeps it alive: for each way Python has of holding an object, the expression.

Every case is a tiny program with one object of type Leaked; the expression is what a
user could paste into a debugger. Locals of the main thread stand without the thread.
"""

import pytest

from harness import TARGETS

pytestmark = pytest.mark.few_versions

HEAD = """
import sys, threading, collections, types
sys.path.insert(0, {targets!r})
from commands import serve

class Leaked:
    def method(self):
        pass

class Box:
    def __init__(self, attr):
        self.attr = attr

class Slotted:
    __slots__ = ("number", "attr")
    def __init__(self, attr):
        self.number = 1
        self.attr = attr
"""

CASES = {
    "module global": ("HELD = Leaked()", "__main__.HELD"),
    "module global that multiprocessing has a second name for": (
        "import multiprocessing\nROWS = [None, [Leaked()]]", "__main__.ROWS[1][0]"
    ),
    "value of a str key": ("CACHE = {'k': Leaked()}", "__main__.CACHE['k']"),
    "value of an int key": ("CACHE = {7: Leaked()}", "__main__.CACHE[7]"),
    "value of a tuple key": (
        "CACHE = {('a', 1): Leaked()}", "__main__.CACHE[('a', 1)]"
    ),
    "value in a dict that shrank": (
        "CACHE = {i: None for i in range(9)}\nfor i in range(8):\n    del CACHE[i]\n"
        "CACHE['late'] = Leaked()",
        "__main__.CACHE['late']",
    ),
    "list index": ("ROWS = [0, 1, Leaked()]", "__main__.ROWS[2]"),
    "tuple index": ("PAIR = (None, Leaked())", "__main__.PAIR[1]"),
    "deque index": ("QUEUE = collections.deque([0, 1, Leaked()])", "__main__.QUEUE[2]"),
    "deque index after a rotation": (
        "QUEUE = collections.deque(range(200))\nQUEUE.append(Leaked())\n"
        "QUEUE.rotate(70)",
        "__main__.QUEUE[69]",
    ),
    "attribute": ("BOX = Box(Leaked())", "__main__.BOX.attr"),
    "attribute in a __dict__": (
        "BOX = Box(Leaked())\nvars(BOX)['later'] = 1", "__main__.BOX.attr"
    ),
    "attribute in __slots__": ("BOX = Slotted(Leaked())", "__main__.BOX.attr"),
    "attribute of a class": (
        "class Config:\n    current = Leaked()", "__main__.Config.current"
    ),
    "attribute of a module": (
        "extra = types.ModuleType('extra')\nextra.thing = Leaked()\n"
        "sys.modules['extra'] = extra\ndel extra",
        "extra.thing",
    ),
    "nested": (
        "CACHE = {'k': [0, 1, 2, Box(Leaked())]}", "__main__.CACHE['k'][3].attr"
    ),
    "closure": (
        "def make():\n    x = Leaked()\n    def f():\n        return x\n    return f\n"
        "f = make()",
        "__main__.f.__closure__.x",
    ),
    "default": ("def f(x=Leaked()):\n    pass", "__main__.f.__defaults__[0]"),
    "keyword default": (
        "def f(*, x=Leaked()):\n    pass", "__main__.f.__kwdefaults__['x']"
    ),
    "attribute of a function": (
        "def f():\n    pass\nf.cache = Leaked()", "__main__.f.cache"
    ),
    "bound method": ("callback = Leaked().method", "__main__.callback.__self__"),
    "list of a subclass": (
        "class Rows(list):\n    pass\nROWS = Rows([Leaked()])", "__main__.ROWS[0]"
    ),
    "dict of a subclass": (
        "CACHE = collections.defaultdict(list)\nCACHE['k'].append(Leaked())",
        "__main__.CACHE['k'][0]",
    ),
    "local of the main thread": (
        "def main():\n    items = [None, Leaked()]\n    serve()\nmain()",
        'main() items[1]',
    ),
    "local of another thread": (
        "gate, there = threading.Event(), threading.Event()\n"
        "def work():\n    held = Box(Leaked())\n    there.set()\n    gate.wait()\n"
        "threading.Thread(target=work, name='worker-3', daemon=True).start()\n"
        "there.wait()",
        'thread "worker-3": work() held.attr',
    ),
    "argument of an outer call": (
        "def inner():\n    serve()\ndef outer(held):\n    inner()\nouter(Leaked())",
        'outer() held',
    ),
    "variable of an enclosing call": (
        "def outer():\n    x = [Leaked()]\n    def inner():\n        return x\n"
        "    serve()\nouter()",
        'outer() x[0]',
    ),
}


def ask_paths(target, ctl, tmp_path, source):
    """Run the source and return what memalotctl says of its Leaked."""
    script = tmp_path / "program.py"
    script.write_text(HEAD.format(targets=str(TARGETS)) + source + "\nserve()\n")
    program = target([str(script)])
    answer = ctl.json("paths", program.pid, "--type", "__main__.Leaked")
    assert answer["matched"] == 1, answer
    return answer["targets"][0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.replace(" ", "_"))
def test_expression(target, python, ctl, tmp_path, case):
    source, expected = CASES[case]
    found = ask_paths(target, ctl, tmp_path, source)
    assert found["paths"][0]["expression"] == expected


def test_a_local_is_told_with_thread_file_and_line(target, python, ctl, tmp_path):
    source = "def main():\n    held = Leaked()\n    serve()\nmain()"
    path = ask_paths(target, ctl, tmp_path, source)["paths"][0]
    script = tmp_path / "program.py"
    assert path["root"].pop("native_id") > 0 and path["root"].pop("thread") > 0
    assert path["root"] == {
        "kind": "thread", "name": "MainThread", "function": "main", "file": str(script),
        "line": script.read_text().splitlines().index("    serve()") + 1,
    }


@pytest.mark.parametrize("holder", ["{None, Leaked()}", "frozenset([Leaked()])"])
def test_a_set_is_named_and_its_member_marked(target, python, ctl, tmp_path, holder):
    found = ask_paths(target, ctl, tmp_path, f"SEEN = {holder}")
    path = found["paths"][0]
    assert path["expression"].startswith("__main__.SEEN")
    assert "set member" in [node["name"] for node in path["nodes"]]


def test_a_key_is_told_from_a_value(target, python, ctl, tmp_path):
    found = ask_paths(target, ctl, tmp_path, "CACHE = {Leaked(): 'value'}")
    expression = found["paths"][0]["expression"]
    assert expression.startswith("__main__.CACHE")
    assert "'value'" not in expression and "key" in expression


def test_nodes_carry_the_wording_of_the_version_1_format(target, python, ctl, tmp_path):
    found = ask_paths(target, ctl, tmp_path, "CACHE = {'k': [0, (1, Box(Leaked()))]}")
    names = [node["name"] for node in found["paths"][0]["nodes"]]
    for name in ("dict key=k", "list index=1", "tuple index=1",
                 "Box.attr (instance attribute)"):
        assert name in names, names
    assert any(name.endswith(("(global)", "(module variable)")) for name in names)


def test_several_holders_are_several_paths(target, python, ctl, tmp_path):
    found = ask_paths(target, ctl, tmp_path, "A = [Leaked()]\nB = {'b': A[0]}")
    expressions = {path["expression"] for path in found["paths"]}
    assert {"__main__.A[0]", "__main__.B['b']"} <= expressions


def test_what_nobody_holds_any_more_is_not_found(target, python, ctl, tmp_path):
    script = tmp_path / "program.py"
    source = "import gc\ngc.disable()\nbox = Leaked()\nbox.me = box\ndel box\n"
    script.write_text(HEAD.format(targets=str(TARGETS)) + source + "serve()\n")
    program = target([str(script)])
    done = ctl.run("paths", program.pid, "--type", "__main__.Leaked", code=1)
    assert "no live object" in done.stderr
