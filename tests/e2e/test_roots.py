# SPDX-License-Identifier: MIT
"""Where paths begin: threads, tasks, loops, contexts, the interpreter's own holders.

Every case is a tiny program with one object of type Leaked (or several alike), that says
`ready` when it stands still. Sub-interpreters are in test_interpreters.py.
"""

import fnmatch

import pytest

from harness import TARGETS

pytestmark = pytest.mark.few_versions

HEAD = """
import asyncio, atexit, codecs, contextvars, os, signal, sys, threading, warnings
sys.path.insert(0, {targets!r})
from commands import serve

class Leaked:
    def __call__(self, *args):
        return None

class Box:
    def __init__(self, attr):
        self.attr = attr

def in_thread(work, name):
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread

async def rest():
    await asyncio.sleep(3600)

def stand_still():
    asyncio.get_running_loop().call_soon(serve)
"""


def run(target, ctl, tmp_path, source, serving=True):
    """Start the source; it serves at its end, unless it does so itself."""
    script = tmp_path / "program.py"
    tail = "\nserve()\n" if serving else "\n"
    script.write_text(HEAD.format(targets=str(TARGETS)) + source + tail)
    return target([str(script)])


def paths_of(ctl, program, name="__main__.Leaked"):
    """Return the shortest path of each object of that class."""
    answer = ctl.json("paths", program.pid, "--type", name)
    return [found["paths"][0] for found in answer["targets"]]


def expressions(ctl, program, name="__main__.Leaked"):
    return [path["expression"] for path in paths_of(ctl, program, name)]


# -- threads ---------------------------------------------------------------------------

WORKERS = """
gate, there = threading.Event(), threading.Semaphore(0)
def work():
    held = Leaked()
    print("worker", threading.get_native_id(), threading.get_ident(), flush=True)
    there.release()
    gate.wait()
"""


def test_a_thread_has_its_name_and_numbers(target, python, ctl, tmp_path):
    source = WORKERS + "in_thread(work, 'worker-3')\nthere.acquire()"
    program = run(target, ctl, tmp_path, source)
    words = next(line for line in program.seen if line.startswith("worker")).split()
    path, = paths_of(ctl, program)
    assert path["expression"] == 'thread "worker-3": work() held'
    root = path["root"]
    assert (root["kind"], root["name"]) == ("thread", "worker-3")
    assert [root["native_id"], root["thread"]] == [int(words[1]), int(words[2])]
    assert root["function"] == "work" and root["file"].endswith("program.py")


def test_namesakes_are_told_apart_by_number(target, python, ctl, tmp_path):
    source = WORKERS + "for i in range(2):\n    in_thread(work, 'twin')\n    there.acquire()"
    program = run(target, ctl, tmp_path, source)
    ids = {line.split()[1] for line in program.seen if line.startswith("worker")}
    assert set(expressions(ctl, program)) == {
        f'thread "twin" ({number}): work() held' for number in ids
    }


def test_a_thread_python_has_no_name_for_goes_by_its_number(target, python, ctl, tmp_path):
    source = (
        "import _thread\n"
        "gate, there = _thread.allocate_lock(), _thread.allocate_lock()\n"
        "gate.acquire(), there.acquire()\n"
        "def work():\n    held = Leaked()\n"
        "    print('worker', _thread.get_native_id(), _thread.get_ident(), flush=True)\n"
        "    there.release()\n    gate.acquire()\n"
        "_thread.start_new_thread(work, ())\nthere.acquire()"
    )
    program = run(target, ctl, tmp_path, source)
    words = next(line for line in program.seen if line.startswith("worker")).split()
    number = words[2] if python.version < (3, 11) else words[1]  # 3.10 keeps no other
    assert expressions(ctl, program) == [f'thread "{number}": work() held']


# -- tasks -----------------------------------------------------------------------------

TASKS = {
    "a task by its name": (
        "async def fetch(request):\n    await rest()\n"
        "async def main():\n"
        "    asyncio.create_task(fetch(Leaked()), name='fetch-7')\n"
        "    await asyncio.sleep(0)\n    stand_still()\n    await rest()\n",
        'task "fetch-7": fetch() request',
    ),
    "a task without a name of its own": (
        "async def main(held):\n    stand_still()\n    await rest()\n"
        "main = lambda f=main: f(Leaked())\n",
        'task "Task-*": main() held',
    ),
    "a coroutine that another waits for": (
        "async def inner(held):\n    await rest()\n"
        "async def outer():\n    await inner(Leaked())\n"
        "async def main():\n"
        "    asyncio.create_task(outer(), name='outer')\n"
        "    await asyncio.sleep(0)\n    stand_still()\n    await rest()\n",
        'task "outer": inner() held',
    ),
    "an async generator in between": (
        "async def items(held):\n    await rest()\n    yield held\n"
        "async def outer():\n    async for item in items(Leaked()):\n        pass\n"
        "async def main():\n"
        "    asyncio.create_task(outer(), name='outer')\n"
        "    await asyncio.sleep(0)\n    stand_still()\n    await rest()\n",
        'task "outer": items() held',
    ),
    "a task that runs just now": (
        "async def fetch(request):\n    serve()\n"
        "async def main():\n"
        "    await asyncio.create_task(fetch(Box(Leaked())), name='busy')\n",
        'task "busy": fetch() request.attr',
    ),
    "a coroutine called by one that runs just now": (
        "async def inner(held):\n    serve()\n"
        "async def main():\n    asyncio.current_task().set_name('busy')\n"
        "    await inner(Leaked())\n",
        'task "busy": inner() held',
    ),
    "a task that sleeps": (
        "async def poll(held):\n    await asyncio.sleep(3600)\n"
        "async def main():\n"
        "    asyncio.create_task(poll(Leaked()), name='poll')\n"
        "    await asyncio.sleep(0)\n    stand_still()\n    await rest()\n",
        'task "poll": poll() held',
    ),
    "a task made in Python": (
        "async def fetch(held):\n    await asyncio.sleep(3600)\n"
        "async def main():\n"
        "    loop = asyncio.get_running_loop()\n"
        "    asyncio.tasks._PyTask(fetch(Leaked()), loop=loop, name='slow')\n"
        "    await asyncio.sleep(0)\n    stand_still()\n    await rest()\n",
        'task "slow": fetch() held',
    ),
    "a subclass of Task": (
        "class Mine(asyncio.Task):\n    pass\n"
        "async def fetch(held):\n    await asyncio.sleep(3600)\n"
        "async def main():\n"
        "    Mine(fetch(Leaked()), loop=asyncio.get_running_loop(), name='mine')\n"
        "    await asyncio.sleep(0)\n    stand_still()\n    await rest()\n",
        'task "mine": fetch() held',
    ),
    "a variable of the user's wins": (
        "KEPT = []\n"
        "async def fetch(held):\n    KEPT.append(held)\n    await asyncio.sleep(3600)\n"
        "async def main():\n"
        "    asyncio.create_task(fetch(Leaked()), name='fetch-7')\n"
        "    await asyncio.sleep(0)\n    stand_still()\n    await rest()\n",
        "__main__.KEPT[0]",
    ),
    "what the loop itself holds": (
        "async def main():\n"
        "    asyncio.get_running_loop().call_later(3600, print, Leaked())\n"
        "    stand_still()\n    await rest()\n",
        'event loop of thread "MainThread"._scheduled[0]._args[0]',
    ),
}


@pytest.mark.parametrize("case", TASKS, ids=lambda case: case.replace(" ", "_"))
def test_task(target, python, ctl, tmp_path, case):
    source, expected = TASKS[case]
    program = run(target, ctl, tmp_path, source + "asyncio.run(main())", serving=False)
    shown, = expressions(ctl, program)
    assert fnmatch.fnmatchcase(shown, expected.replace("[", "[[]")), shown


def test_a_task_is_told_with_function_file_and_line(target, python, ctl, tmp_path):
    source, _ = TASKS["a task by its name"]
    program = run(target, ctl, tmp_path, source + "asyncio.run(main())", serving=False)
    root = paths_of(ctl, program)[0]["root"]
    script = tmp_path / "program.py"
    lines = script.read_text().splitlines()
    assert root == {
        "kind": "task", "name": "fetch-7", "function": "fetch", "file": str(script),
        "line": lines.index("async def fetch(request):") + 2,
    }


MANY = """
class Request:
    def __init__(self):
        self.body = bytearray(1000)
async def fetch(request):
    await asyncio.sleep(3600)
async def main():
    for i in range(200):
        asyncio.create_task(fetch(Request()), name=f"fetch-{i}")
    await asyncio.sleep(0)
    stand_still()
    await rest()
asyncio.run(main())
"""


def test_what_many_tasks_hold_is_one_finding(target, python, ctl, tmp_path):
    program = run(target, ctl, tmp_path, MANY, serving=False)
    iteration = program.call("snapshot", save=False)["iteration"]
    found = [f for f in iteration["findings"] if f["type"] == "__main__.Request"]
    assert [f["count"] for f in found] == [200]
    assert found[0]["path"] == 'task "*": fetch() request'
    assert found[0]["held_by"] == "frame"
    assert found[0]["examples"][0]["path"].startswith('task "fetch-')


def test_tasks_name_and_hold_nothing(target, python, ctl, tmp_path):
    """A task that waits for a future nobody else has is garbage, not a leak."""
    source = (
        "import gc\ngc.disable()\n"
        "async def lost(held):\n    await asyncio.get_running_loop().create_future()\n"
        "async def main():\n"
        "    asyncio.create_task(lost(Leaked()))\n"
        "    await asyncio.sleep(0)\n    await asyncio.sleep(0)\n"
        "    serve()\n"
        "asyncio.run(main())"
    )
    program = run(target, ctl, tmp_path, source, serving=False)
    done = ctl.run("paths", program.pid, "--type", "__main__.Leaked", code=1)
    assert "no live object" in done.stderr


# -- contexts --------------------------------------------------------------------------

def test_values_of_context_variables(target, python, ctl, tmp_path):
    source = (
        "gate, there = threading.Event(), threading.Event()\n"
        "mine, his = contextvars.ContextVar('mine'), contextvars.ContextVar('his')\n"
        "others = [contextvars.ContextVar(f'other{i}') for i in range(100)]\n"
        "for number, other in enumerate(others):\n    other.set(number)\n"
        "def work():\n    his.set([Leaked()])\n    there.set()\n    gate.wait()\n"
        "in_thread(work, 'w')\nthere.wait()\nmine.set(Leaked())"
    )
    program = run(target, ctl, tmp_path, source)
    assert set(expressions(ctl, program)) == {
        'context of thread "MainThread": var mine', 'context of thread "w": var his[0]',
    }


# -- the interpreter's own -------------------------------------------------------------

INTERNALS = {
    "signal handler": (
        "signal.signal(signal.SIGUSR1, Leaked())",
        "interpreter: signal handler for SIGUSR1",
    ),
    "atexit callback": (
        "atexit.register(Leaked())", "interpreter: atexit callback*",
    ),
    "argument of an atexit callback": (
        "atexit.register(print, Leaked())", "interpreter: atexit callback*[[]0]",
    ),
    "codec error handler": (
        "codecs.register_error('mine', Leaked())",
        "interpreter: codecs error handlers[[]'mine']",
    ),
    "codec search function": (
        "codecs.register(Leaked())", "interpreter: codecs search path[[]*]",
    ),
    "fork hook": (
        "os.register_at_fork(before=Leaked())", "interpreter: fork hooks[[]*]",
    ),
    "audit hook": ("sys.addaudithook(Leaked())", "interpreter: audit hooks[[]0]"),
    "profile function": ("sys.setprofile(Leaked())", 'thread "MainThread": profile function'),
    "exception being handled": (
        "try:\n    raise ValueError(Leaked())\nexcept ValueError:\n    serve()",
        'thread "MainThread": exception being handled.args[[]0]',
    ),
}


@pytest.mark.parametrize("case", INTERNALS, ids=lambda case: case.replace(" ", "_"))
def test_internal(target, python, ctl, tmp_path, case):
    source, expected = INTERNALS[case]
    program = run(target, ctl, tmp_path, source)
    shown, = expressions(ctl, program)
    assert fnmatch.fnmatchcase(shown, expected), shown


@pytest.mark.versions((3, 12), (3, 15))
def test_a_monitoring_callback(target, python, ctl, tmp_path):
    source = (
        "m = sys.monitoring\nm.use_tool_id(3, 'mine')\n"
        "m.register_callback(3, m.events.PY_START, Leaked())"
    )
    program = run(target, ctl, tmp_path, source)
    assert expressions(ctl, program) == ["interpreter: monitoring callback"]


def test_a_hook_that_is_a_function_is_named(target, python, ctl, tmp_path):
    source = (
        "def make():\n    held = Leaked()\n    def on_exit(*args):\n        return held\n"
        "    return on_exit\n"
        "signal.signal(signal.SIGUSR1, make())\n"
    )
    program = run(target, ctl, tmp_path, source)
    shown, = expressions(ctl, program)
    assert shown.startswith("interpreter: signal handler for SIGUSR1"), shown
    assert shown.endswith(".__closure__.held")
