# SPDX-License-Identifier: MIT
"""Objects of many types; `sizes` answers what sys.getsizeof says of each."""

import collections
import functools
import json
import sys
import types

import odd_heap
from commands import serve


class Plain:
    """Attributes in its own dict, or inline."""


class Slots:
    """Three slots."""

    __slots__ = ("a", "b", "c")


class OwnSize:
    """Says what it likes."""

    def __sizeof__(self):
        return 12345


def shrunk(container, count):
    """Return it after adding and removing."""
    for i in range(count):
        container.add(i) if isinstance(container, set) else container.append(i)
    for _ in range(count - 3):
        container.pop()
    return container


def with_attributes():
    """Return instances whose attributes stand in a dict that was asked for."""
    one, two = Plain(), Plain()
    one.a, two.a, two.b = 1, 2, 3
    return [vars(one), vars(two)]


INLINE_VALUES = 1 << 2  # a flag of types
TEXT = ["", "a", "ascii" * 100, "é", "é" * 300, "\u1234" * 50, "\U0001F600" * 9]
NUMBERS = [0, 1, -1, 2**30, -(2**60), 2**1000, True, 1.5, 1j]
CONTAINERS = [
    [], [1], [1] * 1000, shrunk([], 1000), list(range(7)), (), (1,), tuple(range(99)), {},
    {"a": 1}, {i: i for i in range(7)}, {str(i): i for i in range(10_000)},
    {i: i for i in range(70_000)}, dict.fromkeys("abcdefgh"), set(), {1}, set(range(100)),
    shrunk(set(), 1000), frozenset(range(50)), frozenset(), bytearray(), bytearray(b"x" * 99),
    b"", b"x", b"bytes" * 50, collections.deque(), collections.deque(range(500)),
    collections.OrderedDict(a=1), collections.OrderedDict((i, i) for i in range(999)),
    collections.defaultdict(list, a=1), collections.Counter("abc"), range(9), slice(1, 2),
    memoryview(b"abc"), types.MappingProxyType({}), types.SimpleNamespace(a=1),
    collections.namedtuple("Two", "a b")(1, 2), *with_attributes(),
]
CODE = [
    len, print, "".join, Plain, int, type, Slots, types, shrunk, shrunk.__code__,
    (lambda: TEXT).__closure__, Slots().__init__, dict.__dict__["get"], property(len),
    staticmethod(len), classmethod(len), functools.partial(len, 1), functools.lru_cache(len),
    sys.flags, sys.version_info, None, ..., NotImplemented, object(), ValueError("x"),
    OSError(1, "x"), Slots(), (i for i in TEXT), iter([]), iter({}), sys._getframe(),
    OwnSize, type("Made", (), {}),
]
SUBCLASSES = [
    type("S", (base,), body)(*arguments)
    for body in ({}, {"__slots__": ()})
    for base, arguments in (
        (str, ("text",)), (str, ("é" * 40,)), (int, (2**99,)), (bytes, (b"abc",)),
        (tuple, ((1, 2, 3),)), (list, ([1, 2],)), (dict, ({"a": 1},)), (set, ([1],)),
        (float, (1.5,)), (bytearray, (b"abc",)), (collections.deque, ([1],)),
        (frozenset, ([1],)), (collections.OrderedDict, ()), (Exception, ("x",)),
    )
]
OBJECTS = [*TEXT, *NUMBERS, *CONTAINERS, *CODE, *SUBCLASSES, *odd_heap.library()]


def has_inline_attributes(one):
    """Say whether it is an instance whose attributes getsizeof leaves out.

    From 3.14 on instances of classes with a base of their own have inline attributes too.
    """
    inline = sys.version_info >= (3, 14) and type(one).__flags__ & INLINE_VALUES
    return isinstance(one, json.JSONEncoder) or bool(inline)


serve(sizes=lambda: json.dumps(
    [[id(one), sys.getsizeof(one), repr(type(one))[:60]] for one in OBJECTS
     if not has_inline_attributes(one)]
))
