# SPDX-License-Identifier: MIT
"""The catalogue of holders: ways in which a program can hold an object.

Each way is a function that is given one object, makes something of the program hold it
and lets go of it itself; what it needs later it keeps on itself. The decorator says
which path memalotctl must show:

    @holder("containers.dict_value.kept['k']")
    def dict_value(held):
        dict_value.kept = {"k": held}

All ways of a family (a file) run in one process, `alone` ones each in its own. Families
are imported by the tests too, whatever their Python: they import inside the functions.
"""

import sys
from dataclasses import dataclass, field
from typing import Callable

REGISTRY: dict[str, "Way"] = {}


@dataclass(frozen=True)
class Way:
    """One way of holding, and what memalotctl must say of it."""

    make: Callable
    paths: tuple[str, ...]  # all that there are, the best first; `*` stands for anything
    title: str  # the first line of the docstring
    root: str  # the best path starts at: module, thread, task, interpreter, type, native
    alone: bool
    needs: tuple[str, ...]  # modules without which it is skipped
    versions: dict = field(default_factory=dict)  # {"3.10": paths or a reason}
    gone: bool = False  # it does not hold: the object is not there

    @property
    def name(self) -> str:
        """Return `family.function`."""
        return f"{self.make.__module__}.{self.make.__name__}"

    def expected(self, version: tuple[int, ...]) -> tuple[str, ...] | str:
        """Return the paths on that version, or the reason why there is none."""
        said = self.versions.get(f"{version[0]}.{version[1]}", self.paths)
        return (said,) if isinstance(said, str) and self.is_path(said) else said

    @staticmethod
    def is_path(text: str) -> bool:
        """Tell a path from a reason: reasons are sentences that begin with `no: `."""
        return not text.startswith("no: ")


def holder(*paths, root="module", alone=False, needs=(), versions=None, gone=False):
    """Enter a function in the catalogue.

    `versions={"3.10": "no: why it cannot be"}` or `{"3.10": "another.path"}` says what
    differs; `gone=True` that the object must not be there at all.
    """

    def enter(make):
        title = (make.__doc__ or "").strip().split("\n")[0].rstrip(".")
        assert title, f"{make.__name__}: a docstring says what holds"
        way = Way(make, paths, title, root, alone, tuple(needs), versions or {}, gone)
        REGISTRY[way.name] = way
        return make

    return enter


def held_class(name: str) -> type:
    """Return a class of its own for the object of one way; no name begins another."""
    return type(f"Held_{name.replace('.', '_')}_object", (), {"__module__": "held"})


def hold(name: str) -> None:
    """Let one way hold an object that nobody else holds."""
    way = REGISTRY[name]
    way.make(held_class(name)())
    sys.stdout.flush()
