# SPDX-License-Identifier: MIT
"""Kinds of objects for exact.py: how one is made, and how one is changed.

Each maker returns one new object whose parts are from before (BASE) or hang from it
alone. `r` is a random.Random.
"""

import array
import collections
import contextvars
import dataclasses
import datetime
import decimal
import fractions
import functools
import io
import itertools
import re
import threading
import types
import weakref

BASE = [f"base {i}" for i in range(64)]
OTHERS = [["base"], {"base": 1}, {"base"}, object()]
TEXT = "abc def ghi " * 8
PATTERN = re.compile("[a-z]+ ")


class Plain:
    """An instance with attributes."""

    def method(self):
        """Be bound."""


class Slots:
    """An instance without a dict."""

    __slots__ = ("a", "b")


class Referent:
    """Something to refer to weakly."""


class MyList(list):
    """A subclass of a builtin container."""


class MyStr(str):
    """A subclass of a builtin atom."""


class MyError(Exception):
    """An exception of the program."""


@dataclasses.dataclass
class Data:
    """A dataclass."""

    a: object
    b: object = None


Pair = collections.namedtuple("Pair", "left right")
PLAIN = Plain()
REFERENT = Referent()


def plain(r):
    made = Plain()
    made.a = r.choice(BASE)
    return made


def slots(r):
    made = Slots()
    made.a = r.choice(BASE)
    return made


def numbers():
    yield None


def generator(r):
    made = numbers()
    next(made)
    return made


async def waiting(x):
    return x


COROUTINES = []


def coroutine(r):
    return waiting(None)


async def produce():
    yield None


def closure(r):
    kept = r.choice(BASE)

    def inner():
        return kept

    return inner


def no_callback(ref):
    """Do nothing."""


def cyclic_list(r):
    made = [None]
    made[0] = made
    return made


def cyclic_plain(r):
    made = Plain()
    made.me = made
    return made


MAKERS = {
    "float": lambda r: r.random() + 1.5,
    "int": lambda r: r.getrandbits(80) + (1 << 81),
    "small int": lambda r: r.randrange(1000, 1 << 29),
    "complex": lambda r: complex(r.random(), 1.0),
    "str": lambda r: "text %d" % r.getrandbits(40),
    "str ucs2": lambda r: "\u0416 %d" % r.getrandbits(40),
    "long str": lambda r: "x" * r.randrange(600, 5000),
    "bytes": lambda r: bytes(r.randrange(3, 700)),
    "bytearray": lambda r: bytearray(r.randrange(1, 900)),
    "tuple 1": lambda r: (r.choice(BASE),),
    "tuple 3": lambda r: (r.choice(OTHERS), r.choice(BASE), None),
    "tuple n": lambda r: tuple(r.choices(BASE, k=r.randrange(2, 30))),
    "list": lambda r: [r.choice(BASE)],
    "empty list": lambda r: [],
    "long list": lambda r: r.choices(BASE, k=r.randrange(5, 60)),
    "dict": lambda r: {"a": r.choice(BASE)},
    "dict of container": lambda r: {"a": OTHERS[0], "b": r.choice(BASE)},
    "empty dict": lambda r: {},
    "big dict": lambda r: dict.fromkeys(BASE[:r.randrange(6, 60)]),
    "set": lambda r: {r.choice(BASE)},
    "frozenset": lambda r: frozenset(r.choices(BASE, k=5)),
    "deque": lambda r: collections.deque(r.choices(BASE, k=3)),
    "plain instance": plain,
    "slots instance": slots,
    "dataclass": lambda r: Data(r.choice(BASE)),
    "list subclass": lambda r: MyList(BASE[:3]),
    "str subclass": lambda r: MyStr("text %d" % r.getrandbits(40)),
    "namedtuple": lambda r: Pair(r.choice(BASE), OTHERS[0]),
    "generator": generator,
    "coroutine": coroutine,
    "async generator": lambda r: produce(),
    "closure": closure,
    "lambda": lambda r: lambda: None,
    "bound method": lambda r: PLAIN.method,
    "builtin method": lambda r: OTHERS[0].append,
    "exception": lambda r: MyError(r.choice(BASE)),
    "cell": lambda r: types.CellType(r.choice(BASE)),
    "weakref": lambda r: weakref.ref(REFERENT, no_callback),
    "memoryview": lambda r: memoryview(TEXT.encode()),
    "array": lambda r: array.array("d", [1.0] * r.randrange(1, 40)),
    "decimal": lambda r: decimal.Decimal("%d.5" % r.getrandbits(40)),
    "datetime": lambda r: datetime.datetime.fromtimestamp(r.randrange(1 << 30)),
    "timedelta": lambda r: datetime.timedelta(seconds=r.randrange(1 << 20)),
    "fraction": lambda r: fractions.Fraction(r.randrange(1 << 40), 7),
    "range": lambda r: range(r.randrange(1 << 20)),
    "slice": lambda r: slice(None, BASE[0], BASE[1]),
    "partial": lambda r: functools.partial(print, r.choice(BASE)),
    "property": lambda r: property(no_callback),
    "ordered dict": lambda r: collections.OrderedDict(a=r.choice(BASE)),
    "default dict": lambda r: collections.defaultdict(list, a=r.choice(BASE)),
    "counter": lambda r: collections.Counter(BASE[:4]),
    "namespace": lambda r: types.SimpleNamespace(a=r.choice(BASE)),
    "object": lambda r: object(),
    "match": lambda r: PATTERN.search(TEXT),
    "iterator": lambda r: iter(BASE),
    "zip": lambda r: zip(BASE, BASE),
    "chain": lambda r: itertools.chain(BASE, BASE),
    "string io": lambda r: io.StringIO(BASE[0]),
    "bytes io": lambda r: io.BytesIO(),
    "lock": lambda r: threading.Lock(),
    "context": lambda r: contextvars.copy_context(),
    "mapping proxy": lambda r: types.MappingProxyType(OTHERS[1]),
    "cyclic list": cyclic_list,
    "cyclic instance": cyclic_plain,
}


def change(op, r):
    """Change an object in place: grow it, shrink it, let it hold a container."""
    kind = type(op)
    if kind in (list, MyList):
        if r.random() < 0.3 and len(op) > 1:
            del op[len(op) // 2:]
        else:
            op.extend(BASE[:r.randrange(1, 30)])
    elif kind in (dict, collections.OrderedDict):
        if r.random() < 0.3:
            op.pop(BASE[0], None)
        else:
            op[r.choice(BASE)] = r.choice(OTHERS)
    elif kind is set:
        op.update(BASE[:r.randrange(1, 30)])
    elif kind is bytearray:
        op.extend(b"x" * r.randrange(1, 2000))
    elif kind is collections.deque:
        op.extend(BASE[:r.randrange(1, 80)])
    elif kind is Plain:
        setattr(op, r.choice("abcdefghijkl"), r.choice(OTHERS))
    elif kind is Slots:
        op.b = r.choice(OTHERS)
    elif kind is types.CellType:
        op.cell_contents = r.choice(OTHERS)
