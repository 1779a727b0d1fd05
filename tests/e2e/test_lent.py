# SPDX-License-Identifier: MIT
"""What a local lends to the evaluation stack is one reference, not two.

From 3.14 on `use(box, (yield))` puts `box` on the stack without a reference of its own,
and the traverse of the suspended generator shows it twice. Counted twice, a reference
that native code has would be covered up, and what it holds would pass for garbage.
"""

import pytest

from harness import TARGETS, RpcError

HEAD = """
import ctypes, sys
sys.path.insert(0, {targets!r})
from commands import serve

ctypes.pythonapi.Py_IncRef.argtypes = [ctypes.py_object]
ctypes.pythonapi.Py_IncRef.restype = None

class Box:
    pass

def lend():
    box = Box()
    box.generator = yield
    if {native}:
        ctypes.pythonapi.Py_IncRef(box)
    print(box, box, (yield))

generator = lend()
next(generator)
generator.send(generator)
del generator
serve()
"""


@pytest.mark.parametrize("native", [False, True])
def test_a_generator_that_lends_a_local(target, python, native):
    program = target(["-c", HEAD.format(targets=str(TARGETS), native=native)])
    if native:
        box, = program.call("paths", type="Box", limit=5)["targets"]
        assert [path["held_by"] for path in box["paths"]] == ["native"]
    else:
        with pytest.raises(RpcError, match="no live object"):
            program.call("paths", type="Box", limit=5)
