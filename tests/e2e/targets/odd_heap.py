# SPDX-License-Identifier: MIT
"""Heaps that are odd but legal, one for each argument.

A case returns objects to look at one by one; `addresses` answers where they are. What a
case leaves running (threads, a sort, a class body) says so before `ready` is printed.
"""

import array
import asyncio
import collections
import contextvars
import ctypes
import enum
import functools
import gc
import itertools
import os
import sys
import threading
import types
import weakref

from commands import serve

KEPT = []


class Plain:
    """An ordinary object."""


def there(work, *arguments):
    """Run `work(reached, never, ...)` in a thread; return once it has said it is there."""
    reached, never = threading.Event(), threading.Event()
    threading.Thread(target=work, args=(reached, never, *arguments), daemon=True).start()
    assert reached.wait(30)
    return never


def subclasses():
    """Of every builtin that has a layout of its own, with and without slots."""
    bases = [str, int, float, bytes, tuple, list, dict, set, frozenset, bytearray,
             collections.deque, collections.OrderedDict, collections.defaultdict, complex,
             types.ModuleType, type, Exception, OSError, property, staticmethod,
             classmethod, types.SimpleNamespace, array.array, weakref.ref, super,
             functools.partial, threading.local, BaseExceptionGroup
             if sys.version_info >= (3, 11) else KeyError]
    made = []
    for base in bases:
        for body in ({}, {"__slots__": ("x", "__y")}, {"__slots__": ()},
                     {"__slots__": ("__dict__", "__weakref__")}):
            try:
                cls = type(base)("Sub", (base,), dict(body))
            except TypeError:
                continue
            made.append(cls)
            for arguments in ((), ("text",), ((1, 2),), (Plain,), (len,), ("i", [1, 2]),
                              ("m", (ValueError(1),)), (1 << 90,), ("T", (), {})):
                try:
                    one = cls(*arguments)
                except Exception:
                    continue
                for name in ("x", "_Sub__y", "anything"):
                    try:
                        setattr(one, name, [Plain()])
                    except Exception:
                        pass
                made.append(one)
    return made


def strange_names():
    """Classes and modules whose names are not what one expects."""
    made = []
    for module in (None, 7, "", "a\ud800b", "x" * 5000, b"bytes", "ünïcödé", "a\0b"):
        cls = type("Odd", (), {"__module__": module})
        made += [cls, cls()]
    for name in ("a\ud800b"[:1], "é" * 300, "x" * 3000, "with.dots", "", "two\nlines"):
        cls = type(name, (), {"__qualname__": name * 2})
        made += [cls, cls()]
    module = types.ModuleType("odd")
    vars(module).update({"name": 1, "\ud800": Plain()})
    vars(module)[7] = Plain()
    vars(module)[("t",)] = Plain()
    vars(module)[type("S", (str,), {})("sub")] = Plain()
    module.__name__ = 3
    module.__file__ = 4
    sys.modules["odd"] = module
    sys.modules["odd_int"] = 7
    sys.modules["odd_plain"] = Plain()
    sys.modules["odd_none"] = None
    sys.modules["odd_bare"] = types.ModuleType.__new__(types.ModuleType)
    sys.modules["odd\ud800"] = types.ModuleType("odd\ud800")
    sys.modules[type("S", (str,), {})("odd_sub")] = types.ModuleType("sub")
    cleared = types.ModuleType("cleared")
    vars(cleared).clear()
    sys.modules["cleared"] = cleared
    del sys.__doc__
    names = set(sys.stdlib_module_names)
    for name in list(names)[:50]:
        names.discard(name)
    sys.stdlib_module_names = names
    threading._active[12345] = 7  # somebody's monkey patch
    return made + [module, cleared]


def odd_values():
    """Numbers, texts and keys at the edges."""
    instance = Plain()
    vars(instance)[3] = Plain()
    vars(instance)["\ud800"] = Plain()
    vars(instance)[(1, "x")] = Plain()
    holes = {i: Plain() for i in range(100)}
    for i in range(99):
        del holes[i]
    made = [1 << 100000, -(1 << 70), True, 0, -1, "\ud800", "\U0001F600" * 100,
            "a\0b", "\n" * 50, b"\0\xff" * 20, float("nan"), float("-inf"), 1e308,
            complex(1, float("nan")), "x" * 100000, {float("nan"): Plain()},
            {"it's": Plain(), 'q"': Plain(), "\\": Plain(), b"b'": Plain(), None: Plain()},
            {(): Plain(), (("deep",),): Plain(), frozenset([1]): Plain(), 1.5: Plain()},
            {Plain(): Plain()}, holes, instance, [], (), {}, set(), frozenset(),
            range(10), slice(1, 2, 3), ..., NotImplemented, memoryview(b"abc"),
            bytearray(b"x" * 1000), collections.deque(range(1000), maxlen=10)]
    text = type("S", (str,), {})("legacy")
    made += [text, type("I", (int,), {})(1 << 500), type("B", (bytes,), {})(b"b" * 99)]
    emptied = set(range(100))
    for i in range(95):
        emptied.discard(i)
    made.append(emptied)
    if sys.version_info < (3, 12):  # strings with a wchar_t copy
        api = ctypes.pythonapi.PyUnicode_AsUnicode
        api.argtypes, api.restype = [ctypes.py_object], ctypes.c_wchar_p
        for text in ("wide é \u1234", "ascii wide", "".join(["né", "w"])):
            api(text)
            made.append(text)
        new = ctypes.pythonapi.PyUnicode_FromUnicode
        new.argtypes, new.restype = [ctypes.c_void_p, ctypes.c_ssize_t], ctypes.py_object
        made.append(new(None, 20))  # a legacy string that is not ready
    return made


def exceptions():
    """With tracebacks, causes and frames; also one being handled."""
    def fail(depth, held):
        if depth == 0:
            raise ValueError(held)
        try:
            fail(depth - 1, held)
        except ValueError as problem:
            raise KeyError(depth) from problem

    try:
        fail(20, Plain())
    except KeyError as problem:
        kept = problem

    def handle(reached, never):
        try:
            raise OSError(5, "handled", Plain())
        except OSError:
            reached.set()
            never.wait()

    there(handle)
    bare = ValueError.__new__(ValueError)
    frame = sys._getframe()
    return [kept, kept.__traceback__, kept.__cause__, bare, frame, frame.f_back]


def generators():
    """New, suspended, running, finished and closed ones of every sort."""
    def numbers(held):
        got = yield held
        yield got

    async def coroutine(held):
        await asyncio.sleep(1000)
        return held

    async def agen(held):
        yield held

    def delegates(held):
        yield from numbers(held)

    new, suspended, finished, closed = (numbers(Plain()) for _ in range(4))
    next(suspended)
    list(finished)
    next(closed)
    closed.close()
    through = delegates(Plain())
    next(through)

    def running(reached, never, held):
        reached.set()
        never.wait()
        yield held

    def run(reached, never):
        list(running(reached, never, Plain()))

    there(run)
    new_coroutine = coroutine(Plain())
    loop = asyncio.new_event_loop()

    def run_loop(reached, never):
        async def main():
            tasks = [loop.create_task(coroutine(Plain())) for _ in range(5)]
            started = agen(Plain())
            await started.__anext__()
            KEPT.extend([tasks, started])
            await asyncio.sleep(0)
            reached.set()
            await asyncio.sleep(1000)
            del never

        loop.run_until_complete(main())

    there(run_loop)
    return [new, suspended, finished, closed, through, new_coroutine, agen(Plain()), loop,
            *KEPT[0], KEPT[1], suspended.gi_frame]


def class_bodies():
    """A class body, exec'd code and a comprehension that do not come to their end."""
    def body(reached, never):
        class Unfinished:
            held = Plain()
            also = [reached.set() for _ in range(1)]
            never.wait()

        KEPT.append(Unfinished)

    def executed(reached, never):
        exec("held = [1]\nreached.set()\nnever.wait()",
             {"reached": reached, "never": never}, {"local": Plain()})

    def in_comprehension(reached, never):
        held = Plain()
        return [(x, never.wait()) for x in [held] if not reached.set()]

    class Meta(type):
        def mro(cls):
            if cls.__name__ == "Slow":
                reached.set()
                never.wait()
            return super().mro()

        @classmethod
        def __prepare__(mcs, name, bases):
            return collections.OrderedDict()

    reached, never = threading.Event(), threading.Event()
    threading.Thread(target=Meta, args=("Slow", (), {}), daemon=True).start()
    assert reached.wait(30)
    there(body)
    there(executed)
    there(in_comprehension)
    return [Meta, Meta("Quick", (), {"x": Plain()})]


def busy_containers():
    """A list in the middle of its sort, a dict in the middle of a look-up."""
    items = [Plain() for _ in range(50)]

    def sort(reached, never):
        def key(item):
            if not reached.is_set():
                reached.set()
                never.wait()
            return id(item)

        items.sort(key=key)

    class Slow:
        def __hash__(self):
            return 1

        def __eq__(self, other):
            if gate:
                gate[0].set()
                gate[1].wait()
            return False

    gate = []
    table, members = {Slow(): Plain()}, {Slow()}

    def look(reached, never):
        gate[:] = [reached, never]
        table[Slow()] = Plain()

    there(sort)
    there(look)

    def construct(reached, never):
        def source():
            yield Plain()
            reached.set()
            never.wait()

        KEPT.append(tuple(source()))

    there(construct)

    def reduce_into_list(reached, never):
        def source():
            yield Plain()
            reached.set()
            never.wait()

        KEPT.append(list(map(lambda x: (x, x), source())))

    there(reduce_into_list)
    return [items, table, members]


def deep():
    """A chain of a million, lists nested 100 000 deep, methods of methods."""
    chain = None
    for _ in range(1_000_000):
        chain = (chain, None)
    nested = []
    for _ in range(100_000):
        nested = [nested]
    instance = Plain()
    for _ in range(100_000):
        outer = Plain()
        outer.inner = instance
        instance = outer
    method = types.MethodType(print, Plain())
    for _ in range(200_000):
        method = types.MethodType(print, method)
    function = functools.partial(print)
    KEPT.extend([chain, nested, instance, method, function])
    itself = []
    itself.append(itself)
    mapping = {}
    mapping["me"] = mapping
    return [chain, nested, instance, method, itself, mapping]


def weak():
    """A heap of weak references, proxies and finalizers."""
    objects = [type("W", (), {})() for _ in range(3000)]
    refs = [weakref.ref(o, lambda r: None) for o in objects]
    proxies = [weakref.proxy(o) for o in objects]
    values = weakref.WeakValueDictionary((i, o) for i, o in enumerate(objects))
    keys = weakref.WeakKeyDictionary((o, [i]) for i, o in enumerate(objects))
    for o in objects[:100]:
        weakref.finalize(o, print, Plain())
    del objects[1000:]
    return [refs, proxies[0], values, keys, refs[0], refs[2000], proxies[2000]]


def frozen():
    """What gc.freeze() has put away, with the collector off."""
    kept = [Plain() for _ in range(1000)]
    gc.freeze()
    gc.disable()
    young = [Plain() for _ in range(1000)]
    return [kept, young, kept[0], young[0]]


def collecting():
    """A collection that does not end: a finalizer waits in another thread."""
    gc.disable()

    class Waits:
        def __init__(self, reached, never):
            self.me, self.reached, self.never = self, reached, never

        def __del__(self):
            self.reached.set()
            self.never.wait()

    def collect(reached, never):
        Waits(reached, never)
        gc.collect()

    there(collect)
    return [Plain()]


def interpreters():
    """Other interpreters, with modules and objects of their own."""
    try:
        import _interpreters as sub
    except ImportError:
        import _xxsubinterpreters as sub
    for how in ({}, {"isolated": False}):
        try:
            one = sub.create(**how)
        except TypeError:
            one = sub.create()
        run = getattr(sub, "run_string", None) or sub.exec
        run(one, "import json, collections\nx = [json, {}]\n"
                 "class C:\n    pass\nkept = [C() for _ in range(100)]")
        KEPT.append(one)
    return [KEPT]


def churning_threads():
    """Threads that start and end all the time."""
    def briefly():
        local = threading.local()
        local.x = [Plain()]

    def churn():
        while True:
            many = [threading.Thread(target=briefly) for _ in range(8)]
            for one in many:
                one.start()
            for one in many:
                one.join()

    for _ in range(2):
        threading.Thread(target=churn, daemon=True).start()
    return [threading.enumerate()]


def allocating_threads():
    """Threads that make classes, instances, generators and garbage all the time."""
    def churn():
        kept = collections.deque(maxlen=500)
        while True:
            cls = type("Made", (), {"__slots__": ("a",)} if len(kept) % 2 else {})
            one = cls()
            one.a = [one, {"k": (one, lambda: one)}]
            kept.append((one, (i for i in [one]), iter([one]), {one: one}, {one}))

    for _ in range(3):
        threading.Thread(target=churn, daemon=True).start()
    return [Plain()]


def library():
    """Objects of the standard library's C types."""
    import bz2
    import csv
    import datetime
    import decimal
    import fractions
    import hashlib
    import io
    import json
    import lzma
    import mmap
    import pickle
    import queue
    import random
    import re
    import select
    import socket
    import sqlite3
    import struct
    import xml.etree.ElementTree as tree
    import zlib

    class Structure(ctypes.Structure):
        _fields_ = [("a", ctypes.c_int), ("b", ctypes.py_object)]

    element = tree.fromstring("<a><b x='1'>t</b></a>")
    made = [
        io.StringIO("text"), io.BytesIO(b"bytes"), open(os.devnull, "rb"),
        open(os.devnull, encoding="utf-8"), mmap.mmap(-1, 4096), array.array("d", range(99)),
        datetime.datetime.now(), datetime.timedelta(1), decimal.Decimal("1.1"),
        decimal.getcontext(), fractions.Fraction(1, 3), hashlib.sha256(b"x"),
        re.compile("a+(b)"), re.match("a(b)", "ab"), struct.Struct("<IQ"), random.Random(),
        socket.socket(), sqlite3.connect(":memory:"), select.epoll(), zlib.compressobj(),
        bz2.BZ2Compressor(), lzma.LZMACompressor(), pickle.Pickler(io.BytesIO()),
        pickle.Unpickler(io.BytesIO()), csv.reader(["a,b"]), queue.SimpleQueue(),
        element, element[0], tree.TreeBuilder(), json.JSONEncoder(), Structure(1, Plain()),
        (ctypes.c_int * 10)(), ctypes.pointer(ctypes.c_int(3)), ctypes.CFUNCTYPE(None)(
            lambda: None), contextvars.copy_context(), contextvars.ContextVar("v", default=1),
        itertools.chain([1], [2]), itertools.count(), itertools.groupby([1]),
        itertools.tee([1, 2])[0], functools.lru_cache(len), functools.partial(print, 1),
        functools.cmp_to_key(max)(1), threading.Lock(), threading.RLock(),
        threading.local(), operator_things(), types.MappingProxyType({}),
        types.SimpleNamespace(a=1), list[int], int | None, enumerate([1]), zip([1]),
        map(str, [1]), filter(None, [1]), reversed([1]), os.stat("/"), sys.flags,
        sys.float_info, os.scandir("/"), object(), iter({}), iter({}.items()), {}.keys(),
        sys.version_info, time_struct(), super(Plain, Plain()), memoryview(b"abc")[1:],
    ]
    cached = functools.lru_cache(maxsize=10)(lambda x: [x])
    for i in range(20):
        cached(i)
    variable = contextvars.ContextVar("x")
    token = variable.set(Plain())
    return [*made, cached, variable, token]


def operator_things():
    """Things that get attributes and items."""
    import operator
    return [operator.attrgetter("a.b"), operator.itemgetter(1), operator.methodcaller("m")]


def time_struct():
    """A struct sequence."""
    import time
    return time.localtime()


def metaclasses():
    """Classes of classes, with slots and attributes of their own."""
    class Meta(type):
        registry = []

        def __init__(cls, *arguments):
            super().__init__(*arguments)
            cls.registry.append(cls)

    class MetaMeta(type):
        pass

    class Of(type, metaclass=MetaMeta):
        pass

    class A(metaclass=Meta):
        shared = Plain()

    class B(metaclass=Meta):
        __slots__ = ("x", "y", "__dict__")

    class C(metaclass=Of):
        pass

    enumeration = enum.Enum("Colour", "RED GREEN")
    b = B()
    b.x, b.z = Plain(), Plain()
    many = [type(f"T{i}", (A,), {f"a{i}": i}) for i in range(500)]
    moved = A()
    moved.a = 1
    moved.__class__ = type("Other", (A,), {})
    moved.b = Plain()
    shared = Plain()
    vars(shared)["x"] = 1
    other = Plain()
    other.__dict__ = vars(shared)
    wide = Plain()
    for i in range(100):
        setattr(wide, f"a{i}", i)
    for i in range(99):
        delattr(wide, f"a{i}")
    return [Meta, MetaMeta, Of, A, B, C, C(), b, enumeration, enumeration.RED, many[0],
            moved, shared, other, wide, vars(wide), dict.__dict__["get"]]


if __name__ == "__main__":
    OBJECTS = globals()[sys.argv[1]]()
    serve(addresses=lambda: " ".join(hex(id(o)) for o in OBJECTS))
