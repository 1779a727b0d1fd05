# SPDX-License-Identifier: MIT
"""An agent works in other patch releases than the one it was built with.

The interpreters are those that the machine has beside the ones the build was set up
for (Debian's own beside pyenv's), and any that MEMALOT_OTHER_PYTHONS names. Which
fields moved between patch releases: docs/internals/python-versions.md.
"""

import pytest
from harness import find_other_patch_releases, wait_until

OTHERS = find_other_patch_releases()

PROGRAM = """
import asyncio, contextvars, sys, threading
class InDict: pass
class InList: pass
class InTuple: pass
class InInstance: pass
class InThread: pass
class InGenerator: pass
class InTask: pass
class InContext: pass
class InClosure: pass

class Box:
    def __init__(self, attr):
        self.attr = attr

CACHE = {number: InDict() for number in range(3000)}
NESTED = ([(1, InTuple())],)
BOX = Box(InInstance())
VARIABLE = contextvars.ContextVar('VARIABLE')
VARIABLE.set(InContext())
ended = threading.Event()

def work():
    local = [0, InThread()]
    ended.wait()

def generator():
    held = InGenerator()
    yield
    del held

def close_over(held):
    return lambda: held

async def suspended():
    held = InTask()
    await asyncio.sleep(100)
    del held

async def main():
    task = asyncio.create_task(suspended(), name='job')
    await asyncio.sleep(0)
    print('ready', flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    ended.set()
    task.cancel()

GENERATOR = generator()
next(GENERATOR)
CLOSURE = close_over(InClosure())
YOUNG = []

def leak():
    while not ended.wait(0.002):
        YOUNG.append((len(YOUNG), [InList()]))

threading.Thread(target=work, name='worker').start()
threading.Thread(target=leak).start()
asyncio.run(main())
"""

EXPECTED = {
    "InTuple": "__main__.NESTED[0][0][1]",
    "InInstance": "__main__.BOX.attr",
    "InThread": 'thread "worker": work() local[1]',
    "InGenerator": "__main__.GENERATOR.gi_frame.f_locals['held']",
    "InTask": 'task "job": suspended() held',
    "InContext": 'context of thread "MainThread": var VARIABLE',
    "InClosure": "__main__.CLOSURE.__closure__.held",
}


def young_leaks(ctl, program):
    """Return the findings of a monitor's report that has some."""
    for report in ctl.json("list")["reports"]:
        iterations = ctl.json("print", report["report_id"])["iterations"]
        if iterations[-1].get("monitor") and iterations[-1]["findings"]:
            return iterations[-1]["findings"]
    return None


@pytest.mark.skipif(not OTHERS, reason="no interpreter of another patch release is here")
@pytest.mark.parametrize("other", OTHERS or [None], ids=lambda python: python and python.name)
def test_an_agent_built_for_another_patch_release_knows_its_way(target, ctl, other):
    program = target(["-c", PROGRAM], python=other)
    first = program.call("snapshot", save=False)["iteration"]["findings"][0]
    assert (first["path"], first["count"]) == ("__main__.CACHE[*]", 3000)
    told = {}
    for name in EXPECTED:
        answer = ctl.json("paths", program.pid, "--type", f"__main__.{name}")
        told[name] = answer["targets"][0]["paths"][0]["expression"]
    assert told == EXPECTED
    counts = program.call("refcounts")
    assert counts["fewer"] == 0
    assert counts["exact"] + counts["named"] > 0.999 * counts["countable"]
    assert program.call("memory")["memory"]["arenas"]["count"] > 0
    program.call("monitor.start", max_object_lifetime=0.2, warmup=0)
    made = wait_until(lambda: young_leaks(ctl, program), "its monitor reports")
    assert made[0]["path"] == "__main__.YOUNG[*]"
    program.process.stdin.close()
    assert program.process.wait(30) == 0, program.stderr()
    assert program.stderr() == ""
