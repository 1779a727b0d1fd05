# SPDX-License-Identifier: MIT
"""What births promise, each in a process of its own: births_checks.py NAME [ARG].

A check is a function here; it asserts, and an exit code of 0 says that all held.
"""

import gc
import os
import sys
import threading
import tracemalloc

from memalot._agent import _birth


def stamps(objects):
    _birth("settle")
    return set(_birth("stamps", objects))


def objects(number=300):
    """Return objects of each way to be stamped: hook, death, collector."""
    return [[object() for _ in range(number)], [{"a": 1} for _ in range(number)],
            [[i] for i in range(number)], [(i, number) for i in range(number)],
            [i + .5 for i in range(number)]]


def assert_stamped(epoch):
    for column in objects():
        assert stamps(column) == {epoch}, (epoch, type(column[0]), stamps(column))


def reserved():
    """Return the bytes of memory that is not to be in core dumps: the table."""
    total = 0
    with open("/proc/self/smaps") as smaps:
        for line in smaps:
            if line.startswith("Size:"):
                size = int(line.split()[1])
            elif line.startswith("VmFlags:") and " dd" in line and " nh" in line:
                total += size
    return total - OTHERS


OTHERS = 0
OTHERS = reserved()  # sanitizers have such memory too


def recycled():
    before = objects(400)
    _birth("start")
    assert [stamps(column) for column in before] == [{0}] * 5
    outside = objects(400)
    del before
    assert_stamped(1)
    for number in range(2, 30):
        assert _birth("turn", 7) == number
        kept = objects(400)
        assert [stamps(column) for column in kept] == [{number}] * 5
        assert [stamps(column) for column in outside] == [{1}] * 5
        del kept
        assert_stamped(number)


def recycled_without_collector():
    gc.disable()
    recycled()


def small_things():
    """What 3.14 and 3.15 keep free lists for, and the collector never sees."""
    def make(number):
        return [[number * 10_000 + i for i in range(100)],
                [range(i, 9) for i in range(20)],
                [iter(range(i, 9)) for i in range(20)], [(i, "a") for i in range(3000)],
                [(str(i),) * 20 for i in range(300)],
                [complex(i, 1) for i in range(120)], [[].append for _ in range(40)],
                [iter(()) if i % 2 else iter((i, 1)) for i in range(20)]]

    _birth("start")
    old = make(1)
    for number in range(2, 12):
        _birth("turn", 1)
        _birth("settle")
        del old[:]
        kept = make(number)
        if number % 3:
            _birth("turn", 1)
            _birth("turn", 1)
        now = _birth("now") - (2 if number % 3 else 0)
        assert [stamps(column) for column in kept] == [{now}] * 8, (number, now)
        old = kept


def slices_and_contexts():
    import contextvars
    _birth("start")
    for number in range(2, 20):
        slices = [slice(i, [i]) for i in range(5)]
        contexts = [contextvars.copy_context() for _ in range(50)]
        _birth("turn", 1)
        del slices[::2], contexts[::2]
        new = slice(1, 2), contextvars.copy_context(), MemoryError(1)
        assert stamps(list(new)) == {number}, stamps(list(new))
        assert number not in stamps(slices + contexts)


def late_dicts():
    """A dict tracked long after it was born keeps its age."""
    _birth("start")
    junk = [{"a": [i]} for i in range(100)]
    _birth("turn", 1)
    del junk
    caches = [{} for _ in range(150)] + [{"a": 1} for _ in range(150)]
    for _ in range(5):
        _birth("turn", 1)
        gc.collect()
    for cache in caches:
        cache["list"] = []
    assert stamps(caches) == {2}
    gc.collect()
    for cache in caches:
        cache.clear()
    gc.collect()  # untracks them, up to 3.13
    _birth("turn", 1)
    for cache in caches:
        cache["list"] = []
    assert stamps(caches) == {2}


def frozen():
    _birth("start")
    old = objects()
    _birth("turn", 1)
    del old
    new = objects()
    gc.freeze()
    newer = objects()
    assert [stamps(column) for column in new + newer] == [{2}] * 10
    gc.unfreeze()
    _birth("turn", 1)
    gc.collect()
    assert [stamps(column) for column in new + newer] == [{2}] * 10
    assert_stamped(3)


def collected():
    """Collections of each generation between birth and question."""
    _birth("start")
    for number in range(2, 12):
        junk = objects()
        _birth("turn", 1)
        del junk
        kept = [objects()]
        gc.collect(0)
        kept += [objects()]
        gc.collect(number % 3)
        _birth("turn", 2)
        gc.collect()
        for columns in kept:
            assert [stamps(column) for column in columns] == [{number * 2 - 2}] * 5


def callbacks_replaced():
    """A program that clears gc.callbacks: at turns and sweeps all is well again."""
    _birth("start")
    junk = objects()
    gc.callbacks.clear()
    assert "gc.callbacks" in _birth("words"), _birth("words")
    _birth("turn", 1)
    del junk
    kept = objects(100)
    assert [stamps(column) for column in kept] == [{2}] * 5
    _birth("stop")
    assert gc.callbacks == []


def callbacks_kept():
    """Other callbacks stay, in their order, wherever ours has got to."""
    first, last = (lambda *_: None), (lambda *_: None)
    gc.callbacks.append(first)
    _birth("start")
    gc.callbacks.append(last)
    gc.callbacks.reverse()
    gc.collect()
    _birth("stop")
    assert gc.callbacks == [last, first]


def resized():
    """What grows or shrinks in place or elsewhere is as old as it was."""
    _birth("start")
    text, data = "x" * len(sys.argv[0]), b"y" * len(sys.argv[0])
    numbers = [1]
    for i in range(300):
        if i == 200:
            _birth("turn", 1)
        text += "x" * 1000  # in place, once the loop is warm: the only reference
    numbers.extend(range(100_000))
    assert stamps([text, numbers]) == {1}
    assert stamps([data * 2]) == {2}
    array = bytearray(b"z")
    _birth("turn", 1)
    for _ in range(100):
        array.extend(b"z" * 1000)
    assert stamps([array]) == {2}


def threads():
    """Births in many threads while epochs turn and merge."""
    _birth("start")
    stop, wrong, kept = threading.Event(), [], []
    sys.setswitchinterval(1e-5)

    def work():
        while not stop.is_set():
            first = _birth("epoch")[3]
            made = [[], {"a": 1}, (stop,), object(), "a%d" % first]
            last = _birth("epoch")[3]
            kept.append((first, last, made))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for _ in range(600):
        if _birth("left") < 5:
            _birth("merge", 40, 5)
        _birth("turn", 1)
        sum(range(200))
    stop.set()
    for worker in workers:
        worker.join()
    assert len(kept) > 100
    for first, last, made in kept:
        for stamp in stamps(made):
            _, _, begins, ends, _ = _birth("epoch", stamp)
            if not (begins <= last and first <= ends):
                wrong.append((first, last, begins, ends))
    assert not wrong, wrong[:10]


def merged():
    """A thousand turns of three owners: order is never lost, the young stay apart."""
    _birth("start")
    rows = []
    for i in range(1000):
        if _birth("left") < 3:
            assert _birth("merge", 60, 10) >= 60
        owner = i % 3 + 1
        number = _birth("turn", owner)
        assert number > 1
        rows.append((owner, _birth("epoch", number)[2], object()))
    seen = {1: [], 2: [], 3: []}
    for (owner, turn, _), stamp in zip(rows, _birth("stamps", [row[2] for row in rows])):
        opened, closed, first, last, whose = _birth("epoch", stamp)
        assert whose == owner and first <= turn <= last, (turn, first, last)
        assert opened <= closed or stamp == _birth("now")
        seen[owner].append(first)
    for firsts in seen.values():
        assert firsts == sorted(firsts)
        assert len(set(firsts)) > 40, len(set(firsts))
        assert len(set(firsts[-10:])) == 10
    assert _birth("merge", 250, 0) >= 250
    assert _birth("left") >= 250
    for (owner, turn, _), stamp in zip(rows, _birth("stamps", [row[2] for row in rows])):
        _, _, first, last, whose = _birth("epoch", stamp)
        assert whose == owner and first <= turn <= last


def none_left():
    _birth("start")
    numbers = [_birth("turn", owner + 1) for owner in range(254)]
    assert len(set(numbers)) == 254 and _birth("left") == 0
    assert _birth("turn", 1) == 1  # no new epoch
    assert _birth("now") == numbers[-1]
    assert_stamped(numbers[-1])
    assert _birth("merge", 1, 0) == 0  # each owner has but one
    _birth("outside")
    assert_stamped(1)


def nothing_left():
    """After stop all is as before: callbacks, allocator's behaviour, types, mappings."""
    callbacks = list(gc.callbacks)
    assert reserved() == 0
    for _ in range(20):
        _birth("start")
        assert reserved() > 0
        _birth("turn", 1)
        kept = objects()
        _birth("stop")
        assert gc.callbacks == callbacks and reserved() == 0
        assert stamps([kept]) == {0} and not _birth("running")
        assert _birth("words") == "births: off"


def started_twice():
    _birth("start")
    try:
        _birth("start")
    except RuntimeError as error:
        assert "already" in str(error)
    else:
        raise AssertionError("not refused")
    assert_stamped(1)
    _birth("stop")
    _birth("stop")


def tracemalloc_after():
    _birth("start")
    tracemalloc.start()
    assert_stamped(1)
    assert tracemalloc.get_traced_memory()[0] > 0
    _birth("stop")
    assert "another tool" in _birth("words")
    assert stamps(objects()) == {0}
    _birth("start")
    assert_stamped(1)
    tracemalloc.stop()
    assert_stamped(1)
    _birth("stop")
    assert _birth("words") == "births: off" and reserved() == 0


def tracemalloc_before():
    """tracemalloc.stop() puts back what it found, which drops our hook."""
    tracemalloc.start()
    for _ in range(30):
        _birth("start")
        tracemalloc.stop()
        _birth("turn", 1)
        assert_stamped(2)
        tracemalloc.start()
        _birth("turn", 1)
        assert_stamped(3)
        _birth("stop")
        objects()
    tracemalloc.stop()


def foreign():
    """Another tool's hook: on top, below, put back much later."""
    import otherhook
    _birth("start")
    otherhook.install()
    seen = otherhook.calls()
    assert_stamped(1)
    assert otherhook.calls() > seen + 300
    _birth("stop")
    seen = otherhook.calls()
    objects()
    assert otherhook.calls() > seen + 300
    for _ in range(20):  # never a second one in the chain
        _birth("start")
        assert_stamped(1)
        _birth("stop")
    otherhook.remove()  # restores ours, silent
    objects()
    _birth("start")
    assert_stamped(1)
    _birth("stop")
    assert _birth("words") == "births: off", _birth("words")

    otherhook.install()
    _birth("start")
    otherhook.drop()  # restores the plain allocator, below both
    _birth("turn", 1)
    assert_stamped(2)
    otherhook.put_back()  # and itself once more, on top
    _birth("turn", 1)
    assert_stamped(3)
    _birth("stop")
    otherhook.drop()
    objects()


def forked():
    _birth("start")
    kept = objects()
    _birth("turn", 1)
    pid = os.fork()
    if pid == 0:
        _birth("fork")
        ok = not _birth("running") and reserved() == 0 and gc.callbacks == []
        gc.collect()
        objects()
        os._exit(0 if ok and stamps([kept]) == {0} else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert [stamps(column) for column in kept] == [{1}] * 5
    assert_stamped(2)


def deep_nests():
    """The interpreter's guard against deep nests of dicts works as without us."""
    _birth("start")
    for make in (lambda nest: {"a": nest}, lambda nest: [{"a": nest}, (nest,)][:1],
                 lambda nest: {"a": (nest,)}, lambda nest: (nest,),
                 lambda nest: (1, [nest])):
        nest = {}
        for _ in range(200_000):
            nest = make(nest)
        del nest

    class Table(dict):
        pass

    nest = Table()
    for _ in range(200_000):
        nest = Table(a=nest)
    del nest
    assert_stamped(1)


def inherited_while_watched():
    """A type made ready meanwhile has our dealloc for good; it works after the stop."""
    _birth("start")
    import _collections_abc  # noqa: F401
    import xml.etree.ElementTree  # noqa: F401  (types that inherit)
    tables = [type(f"T{i}", (dict,), {})(a=[i]) for i in range(50)]
    floats = [type(f"F{i}", (float,), {})(i) for i in range(50)]
    others = [type(f"O{i}", (kind,), {})() for i in range(20)
              for kind in (int, tuple, complex)]
    assert stamps(tables + floats + others) == {1}
    _birth("stop")
    del tables, floats, others
    gc.collect()
    objects()


def from_destructors():
    """Turns inside of destructors and of the collector's own callbacks."""
    class Turning:
        def __init__(self):
            self.me, self.junk = self, {"a": [1]}

        def __del__(self):
            _birth("turn", 1)

    def callback(phase, info):
        _birth("turn", 2)

    gc.disable()  # only those collections that are asked for
    _birth("start")
    gc.callbacks.insert(0, callback)
    gc.callbacks.append(callback)
    for _ in range(15):
        for _ in range(3):
            Turning()
        gc.collect()
        _birth("merge", 100, 2)
        assert_stamped(_birth("now"))
    gc.callbacks.clear()


def subinterpreters():
    """Others allocate meanwhile, from 3.12 on with a GIL of their own."""
    try:
        import _xxsubinterpreters as interpreters
    except ImportError:
        import _interpreters as interpreters
    script = """if True:
        import json, gc
        for i in range(300):
            kept = [json.loads('{"a": [1, 2.5, {"b": "c"}]}') for _ in range(50)]
            gc.collect(i % 3)
    """
    before = interpreters.create()
    _birth("start")
    others = [before, interpreters.create(), interpreters.create()]
    workers = [threading.Thread(target=interpreters.run_string, args=(other, script))
               for other in others]
    for worker in workers:
        worker.start()
    number = 1
    while any(worker.is_alive() for worker in workers):
        if _birth("left") < 3:
            _birth("merge", 40, 5)
        number = _birth("turn", 1)
        assert_stamped(number)
    for other in others:
        interpreters.destroy(other)
    assert_stamped(number)
    _birth("stop")
    assert reserved() == 0


def memory():
    _birth("start")
    small = _birth("memory")
    kept = [object() for _ in range(1_000_000)]
    large = _birth("memory")
    # 16 MB of objects have 1 MiB of stamps
    assert 900_000 < large - small < 1_600_000, (small, large)
    assert len(kept) == 1_000_000


globals()[sys.argv[1]]()
