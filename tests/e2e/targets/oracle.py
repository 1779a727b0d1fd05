# SPDX-License-Identifier: MIT
"""A random graph of objects, and Python's own word on each of them.

The argument is the seed. `addresses` says what was made, `check` evaluates a path,
`referents`, `sizes` and `collect` answer what gc and sys say.
"""

import collections
import functools
import gc
import inspect
import json
import random
import re
import sys
import types

from commands import serve

DICE = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
KEYS = ["k", "it's", 'a "quoted" one', "back\\slash", "new\nline", "ünï", 7, -1, 2.5, None,
        True, b"by'tes", ("a", 1), ("one",), (), "x y", "class", "\x7f\x00", "", "'", 1 << 80]


class Leaf:
    """Held, and holds nothing."""


class Node:
    """Attributes in its own dict."""


class Slotted:
    """Attributes in slots, one of them private."""

    __slots__ = ("first", "__second", "third")

    def fill(self, held):
        """Put it into the private one."""
        self.__second = held


class SlottedMore(Slotted):
    """And a dict besides."""

    __slots__ = ("fourth", "__dict__", "__weakref__")


class Rows(list):
    """A list with attributes."""


class Table(dict):
    """A dict with attributes."""


Pair = collections.namedtuple("Pair", "left right")


def with_attribute(one, held):
    """Return it with something as an attribute."""
    setattr(one, DICE.choice(["held", "other", "third", "x1"]), held)
    if DICE.random() < 0.3:
        note(vars(one))
    return one


def in_dict(held, cls=dict):
    """Return a dict with a few entries around it."""
    keys = DICE.sample(KEYS, 4)
    made = cls({key: None for key in keys})
    made[DICE.choice(keys)] = held
    return made


def in_list(held, cls=list):
    """Return a sequence with a few items around it."""
    made = [None] * DICE.randrange(4) + [held] + [None] * DICE.randrange(4)
    return cls(made)


def closure(held):
    """Return a function that remembers it."""
    before, after = None, 0

    def f():
        return before, held, after
    return f


def decorated(held):
    """Return a function with a default, a keyword default and an attribute."""
    def f(a, b=None, c=held, *, d=None, e=None):
        return a, b, c, d, e
    if DICE.random() < 0.5:
        f.__defaults__, f.__kwdefaults__ = (None,), {"d": 1, "e": held}
    elif DICE.random() < 0.5:
        f.__defaults__, f.__kwdefaults__, f.note = None, None, held
    return f


def in_class(held):
    """Return a class that has it."""
    return type("Made", (Node,), {"shared": held, "other": 1})


def wrapped(held):
    """Return a descriptor or the like around a function that remembers it."""
    return DICE.choice([
        lambda f: property(f), lambda f: property(None, f),
        lambda f: types.MethodType(f, None if False else 1),
        lambda f: functools.partial(f, 1, x=2),
    ])(closure(held))


def bound(held):
    """Return a bound method of an instance that has it."""
    one = Slotted()
    one.fill(held)
    return one.fill


def failed(held):
    """Return an exception that names it."""
    return ValueError("why", held)


def generator(held):
    """Return a generator that stands at its yield."""
    def g(kept):
        yield 1
        yield kept
    made = g(held)
    next(made)
    return made


MAKERS = [
    in_dict, lambda x: in_dict(x, Table), lambda x: in_dict(x, collections.OrderedDict),
    lambda x: with_attribute(collections.OrderedDict(), x),
    lambda x: types.MappingProxyType(in_dict(x)),
    lambda x: collections.defaultdict(closure(x)),
    lambda x: collections.ChainMap({}, in_dict(x)), collections.Counter,
    in_list, lambda x: in_list(x, tuple), lambda x: in_list(x, Rows),
    lambda x: in_list(x, collections.deque), lambda x: collections.deque([1] * 200 + [x]),
    lambda x: Pair(None, x), lambda x: with_attribute(Node(), x),
    lambda x: with_attribute(SlottedMore(), x), lambda x: with_attribute(Rows(), x),
    lambda x: with_attribute(Table(), x), lambda x: types.SimpleNamespace(a=1, b=x),
    lambda x: functools.partial(print, None, x), lambda x: functools.partial(print, k=x),
    lambda x: frozenset([id(x), x]) if type(x) is Leaf else [x],
    lambda x: slice(None, x), closure, decorated, in_class, wrapped, bound, failed,
    generator, staticmethod, classmethod,
]
MAKERS[7] = lambda x: with_attribute(collections.Counter(), x)
IDS = {}


def note(one):
    """Remember where it is, without holding it."""
    IDS[id(one)] = type(one).__name__
    return one


def build(count):
    """Hang that many chains of random holders on a few of this module's variables."""
    roots = {"LIST": [], "DICT": {}, "BOX": Node(), "SLOTS": SlottedMore()}
    for _ in range(count):
        held = note(Leaf())
        for _ in range(DICE.randrange(1, 5)):
            held = note(DICE.choice(MAKERS)(held))
        where = DICE.randrange(4)
        if where == 0:
            roots["LIST"].append(held)
        elif where == 1:
            roots["DICT"][f"key {len(roots['DICT'])}"] = held
        elif where == 2:
            setattr(roots["BOX"], f"a{len(vars(roots['BOX']))}", held)
        else:
            roots[f"VARIABLE_{len(roots)}"] = held
    globals().update(roots)


def step(value, text):
    """Evaluate a path's piece on a value; a closure's variables stand by name."""
    while ".__closure__." in text:
        before, after = text.split(".__closure__.", 1)
        name = re.match(r"\w+", after).group()
        function = eval("value" + before, {"value": value})
        cell = function.__closure__[function.__code__.co_freevars.index(name)]
        value, text = cell.cell_contents, after[len(name):]
    return eval("value" + text, {"value": value})


def check(*words):
    """Say whether the expression gives the object: `check ADDRESS JSON`.

    What a class binds when it is asked for (a classmethod) is taken from it unbound.
    """
    address, expression = int(words[0]), json.loads(" ".join(words[1:]))
    module, _, rest = expression.partition(".")
    found = step(sys.modules[module], "." + rest)
    holder, dot, name = rest.rpartition(".")
    if id(found) != address and dot and name.isidentifier():
        found = inspect.getattr_static(step(sys.modules[module], "." + holder), name)
    return "same" if id(found) == address else f"not the same: {found!r:.80}"


def find(address):
    """Return the live object at an address."""
    for holder in gc.get_objects():
        if id(holder) == address:
            return holder
        # a later collection may have untracked it: a tuple of tuples takes several
        for one in gc.get_referents(holder):
            if id(one) == address:
                return one
    raise LookupError(f"{address:#x} is gone")


def referents(address):
    """Say what gc.get_referents says."""
    one = find(int(address))
    return json.dumps([[id(x) for x in gc.get_referents(one)], id(type(one))])


def garbage(count):
    """Make cycles that nobody holds; nothing else is garbage."""
    gc.collect()
    gc.disable()
    for _ in range(int(count)):
        ring = [DICE.choice([list, dict, Node, Slotted, set, collections.deque, Table,
                             collections.OrderedDict, Rows])()
                for _ in range(DICE.randrange(1, 6))]
        for one, after in zip(ring, ring[1:] + ring[:1]):
            join(one, after)
        if DICE.random() < 0.5:
            join(ring[0], lambda kept=ring[0]: kept)


def join(one, other):
    """Let one hold the other."""
    if isinstance(one, (list, collections.deque)):
        one.append(other)
    elif isinstance(one, dict):
        one[len(one)] = other
    elif isinstance(one, set):
        one.add(types.MethodType(print, other))
    else:
        one.first = other


if __name__ == "__main__":
    build(150)
    gc.collect()
    serve(
        addresses=lambda: json.dumps(IDS), check=check, referents=referents,
        garbage=garbage, collect=gc.collect,
    )
