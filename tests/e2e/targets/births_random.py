# SPDX-License-Identifier: MIT
"""A random program that knows when each of its objects was born, and asks the stamps.

    births_random.py SEED STEPS

It makes, keeps, changes and drops objects of many types, turns and merges epochs,
collects, freezes, switches the collector off and on. Every so often all that live are
compared with what is known of them. Prints one JSON document: by type, how many were
looked at, how many looked too old, how many too young.
"""

import array
import asyncio
import collections
import contextvars
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import gc
import io
import json
import random
import re
import sys
import types
import warnings
import weakref

from memalot._agent import _birth

warnings.simplefilter("ignore")
SEED, STEPS = int(sys.argv[1]), int(sys.argv[2])
rng = random.Random(SEED)


class Plain:
    def __init__(self, value):
        self.value = value

    def method(self):
        return self


class Slots:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


class Many:
    def __init__(self, value):
        for i in range(40):  # more attributes than share keys
            setattr(self, f"a{i}_{id(value) % 3}", value)


@dataclasses.dataclass
class Point:
    x: int
    y: object


class Text(str):
    pass


class Number(float):
    pass


class Table(dict):
    pass


Pair = collections.namedtuple("Pair", "a b")


def fresh():
    """Return an int that is not one of the small ones."""
    return rng.randrange(1 << 40, 1 << 60)


def compact():
    """Return an int of one digit, that is not one of the small ones."""
    return rng.randrange(1 << 12, 1 << 30)


def generator(value):
    yield value


async def coroutine(value):
    return value


async def async_generator(value):
    yield value


def closure(value):
    def inner():
        return value
    return inner


def error(value):
    try:
        raise KeyError(value)
    except KeyError as err:
        return err


MAKERS = {
    "float": lambda v: rng.random() + 1,
    "int": lambda v: fresh(),
    "int of one digit": lambda v: compact(),
    "complex": lambda v: complex(rng.random(), 1),
    "str": lambda v: f"text {fresh()}",
    "bytes": lambda v: b"%d" % fresh(),
    "bytearray": lambda v: bytearray(8),
    "tuple of one": lambda v: (v,),
    "tuple": lambda v: (v, 1, v),
    "tuple of atoms": lambda v: (1, str(v)),
    "tuple of ints": lambda v: (1, compact()),
    "tuple of tuples of atoms": lambda v: (compact(), (2.5, "b")),
    "tuple sliced": lambda v: (compact(), "a", "b", "c")[:2],
    "long tuple": lambda v: tuple(range(rng.randrange(21, 60))),
    "tuple from list": lambda v: tuple([v, v]),
    "list": lambda v: [v],
    "list comprehension": lambda v: [v for _ in range(5)],
    "sorted list": lambda v: sorted("abc"),
    "dict empty": lambda v: {},
    "dict of atoms": lambda v: {"a": 1, "b": fresh()},
    "dict of containers": lambda v: {"a": [v]},
    "dict()": lambda v: dict(a=v),
    "dict copied": lambda v: {"a": v, "b": 1}.copy(),
    "dict from pairs": lambda v: dict([(1, v)]),
    "set": lambda v: {1, fresh()},
    "frozenset": lambda v: frozenset((1, fresh())),
    "deque": lambda v: collections.deque((v,)),
    "ordered dict": lambda v: collections.OrderedDict(a=v),
    "default dict": lambda v: collections.defaultdict(list, a=v),
    "counter": lambda v: collections.Counter("abca"),
    "dict subclass": lambda v: Table(a=v),
    "float subclass": lambda v: Number(rng.random()),
    "str subclass": lambda v: Text(fresh()),
    "instance": Plain,
    "instance of many": Many,
    "instance dict": lambda v: Plain(v).__dict__,
    "slots": Slots,
    "dataclass": lambda v: Point(1, v),
    "named tuple": lambda v: Pair(1, v),
    "generator": generator,
    "coroutine": coroutine,
    "async generator": async_generator,
    "asend": lambda v: async_generator(v).asend(None),
    "function": closure,
    "cell": lambda v: closure(v).__closure__[0],
    "lambda": lambda v: lambda: None,
    "bound method": lambda v: Plain(v).method,
    "builtin method": lambda v: [v].append,
    "partial": lambda v: functools.partial(int, v),
    "exception": lambda v: ValueError(v),
    "raised exception": error,
    "memory error": lambda v: MemoryError(v),
    "traceback": lambda v: error(v).__traceback__,
    "class": lambda v: type("C", (), {"v": v}),
    "weakref": lambda v: weakref.ref(Plain(v), lambda r: None),
    "memoryview": lambda v: memoryview(bytearray(8)),
    "array": lambda v: array.array("d", (1, 2)),
    "decimal": lambda v: decimal.Decimal(fresh()),
    "fraction": lambda v: fractions.Fraction(fresh(), 7),
    "datetime": lambda v: datetime.datetime.fromtimestamp(rng.randrange(1 << 30)),
    "timedelta": lambda v: datetime.timedelta(rng.randrange(1, 1000)),
    "match": lambda v: re.match("a+", "aaa"),
    "slice": lambda v: slice(v, 1),
    "range": lambda v: range(fresh()),
    "range of few": lambda v: range(3),
    "range iterator": lambda v: iter(range(1, 5)),
    "method of a tuple": lambda v: (compact(), 1).index,
    "method with its class": lambda v: PATTERN.match,
    "iterator": lambda v: iter([v]),
    "tuple iterator": lambda v: iter((v, 1)),
    "enumerate": lambda v: enumerate([v]),
    "zip": lambda v: zip([v], [v]),
    "map": lambda v: map(str, [v]),
    "dict view": lambda v: {1: v}.items(),
    "property": lambda v: property(closure(v)),
    "namespace": lambda v: types.SimpleNamespace(v=v),
    "module": lambda v: types.ModuleType("m"),
    "context": lambda v: contextvars.copy_context(),
    "context variable": lambda v: contextvars.ContextVar("v"),
    "bytes io": lambda v: io.BytesIO(b"abc"),
    "generic alias": lambda v: list[Plain],
    "enum member's class": lambda v: enum.Enum("E", "a"),
    "future": lambda v: asyncio.Future(loop=LOOP),
    "future iterator": lambda v: iter(asyncio.Future(loop=LOOP)),
}
if sys.version_info >= (3, 15):
    MAKERS["frozen dict"] = lambda v: frozendict(a=v, b=compact())  # noqa: F821
LOOP = asyncio.new_event_loop()
PATTERN = re.compile("a")
NAMES = list(MAKERS)
WEIGHTS = [6 if name.startswith(("dict", "float", "int of", "list", "tuple", "inst")) else
           0.05 if "class" in name else 1 for name in NAMES]


class Program:
    """The objects that live, each with the number of the turn it was born in."""

    def __init__(self):
        self.objects, self.born, self.kinds = [], [], []
        self.looked = collections.Counter()
        self.old, self.young = collections.Counter(), collections.Counter()
        self.frozen = False
        self.turn_number = 1
        self.outside = {1}  # turns to "outside", which is one epoch

    def drop(self, at):
        for column in (self.objects, self.born, self.kinds):
            column[at] = column[-1]
            column.pop()

    def make(self, number):
        pool = self.objects
        for kind in rng.choices(NAMES, WEIGHTS, k=number):
            held = rng.choice(pool) if pool and rng.random() < .3 else fresh()
            if isinstance(held, (Plain, Table)):
                held = None
            made = MAKERS[kind](held)
            if rng.random() < .4:
                self.objects.append(made)
                self.born.append(self.turn_number)
                self.kinds.append(kind)

    def thin(self, down_to):
        while len(self.objects) > down_to:
            self.drop(rng.randrange(len(self.objects)))

    def change(self):
        """Change what lives without making it new: late containers, growth, shrinking."""
        for _ in range(20):
            if not self.objects:
                return
            op = rng.choice(self.objects)
            if type(op) is dict:
                change = rng.randrange(4)
                if change == 0:
                    op[fresh()] = [1]
                elif change == 1:
                    op[fresh()] = 2
                elif change == 2:
                    op.clear()
                elif op:
                    op.popitem()
            elif type(op) is list and len(op) < 2000:
                op.extend([None] * rng.randrange(1, 50)) if rng.random() < .7 \
                    else op.clear()
            elif type(op) is bytearray and len(op) < 2000:
                op.extend(bytes(rng.randrange(100))) if not self.viewed(op) else None
            elif type(op) is set:
                op.add(fresh()) if len(op) < 500 else op.clear()
            elif type(op) is Plain:
                op.value = float(rng.random())

    @staticmethod
    def viewed(op):
        try:
            op.append(0)
            return False
        except BufferError:
            return True

    def turn(self):
        if _birth("left") == 0:
            _birth("merge", 40, 3)
        if rng.random() < .2:
            _birth("outside")
        else:
            _birth("turn", rng.randrange(1, 4))
        self.turn_number += 1
        if _birth("now") == 1:
            self.outside.add(self.turn_number)

    def collect(self):
        step = rng.randrange(12)
        if step == 0:
            gc.collect()
        elif step <= 4:
            gc.collect(rng.randrange(2))
        elif step == 5:
            gc.disable()
        elif step == 6:
            if self.frozen:  # twice without a look between: docs/internals/births.md
                _birth("settle")
            gc.freeze()
            self.frozen = True
        elif step == 7:
            gc.unfreeze()
        elif step == 8:
            gc.set_threshold(rng.choice([50, 700, 5000]), rng.choice([2, 10]), 10)
        else:
            gc.enable()

    def look(self):
        _birth("settle")
        stamps = _birth("stamps", self.objects)
        ranges = {n: _birth("epoch", n) for n in set(stamps)}
        for stamp, born, kind in zip(stamps, self.born, self.kinds):
            self.looked[kind] += 1
            _, _, first, last, _ = ranges[stamp]
            if stamp == 1:
                right = born in self.outside
                older = True  # than any other answer that could be meant
            else:
                right = first <= born <= last and born not in self.outside
                older = last < born
            if not right:
                (self.old if older else self.young)[kind] += 1

def main():
    program = Program()
    before = [[i, {}] for i in range(200)]
    _birth("start")
    step = 0
    while step < STEPS:
        chance = rng.random()
        if chance < .80:
            number = rng.randrange(1, 60)
            program.make(number)
            step += number
        elif chance < .88:
            program.thin(rng.randrange(200, 3000))
        elif chance < .94:
            program.change()
            step += 20
        elif chance < .96:
            program.collect()
        elif chance < .985:
            program.turn()
        else:
            program.look()
    program.look()
    gc.unfreeze()
    baseline = set(_birth("stamps", before))
    _birth("stop")
    print(json.dumps({
        "turns": program.turn_number, "looked": program.looked, "old": program.old,
        "young": program.young, "baseline": sorted(baseline),
        "alive": len(program.objects), "collections": gc.get_stats()[0]["collections"],
    }))


main()
