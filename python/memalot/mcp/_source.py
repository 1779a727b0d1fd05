# SPDX-License-Identifier: MIT
"""Where in the source to look for a leak. Files are read and parsed, nothing is run.

From a finding's way (root first: `shop.events.bus` of type shop.events.EventBus, then
`.handlers`, …) come names; the program's files have the lines at which they are bound,
and those that add to the container in which the objects pile up. Likeliest first: the
function that runs, what adds, the variable, the attribute, the classes.

A module's file is looked for where the process would find it (_places.py). What is made
by exec, or lies in a zip file or an extension module, is not found, and that is said.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from typing import Any

from ._models import SourcePlace, SourcePlaces
from ._places import main_module, module_file, search_directories, source_files

ADDS = {"append", "add", "setdefault", "update", "extend", "insert", "appendleft", "put",
        "put_nowait", "connect", "register", "subscribe", "push"}
MAX_PLACES = 40
MAX_NAMES = 10  # that were not found

Doc = dict[str, Any]


def find_places(finding: Doc, summary: Doc, directories: list[str] | None) -> SourcePlaces:
    """Find the places of a finding in the files of the program that `summary` names."""
    return _Search(finding, summary, directories).run()


class _Search:
    def __init__(self, finding: Doc, summary: Doc, directories: list[str] | None) -> None:
        self.finding = finding
        self.nodes: list[Doc] = finding.get("path_nodes") or []
        self.directories = search_directories(summary, directories)
        self.main = main_module(summary, self.directories)
        self.places: list[SourcePlace] = []
        self.not_found: list[str] = []
        self._parsed: dict[str, ast.Module | None] = {}
        self._text: dict[str, list[str]] = {}

    def run(self) -> SourcePlaces:
        self._running()
        bound = [*self._variable(), *self._attributes(), *self._classes()]
        self._growing()
        for place in bound:
            self._add(*place)
        return SourcePlaces(
            title=self.finding["title"], searched=self.directories,
            not_found=self.not_found[:MAX_NAMES], places=self.places[:MAX_PLACES],
        )

    def _add(self, file: str, line: int, why: str) -> None:
        if any(place.file == file and place.line == line for place in self.places):
            return
        lines = self._lines(file)
        code = lines[line - 1].strip() if 0 < line <= len(lines) else ""
        self.places.append(SourcePlace(file=file, line=line, why=why, code=code))

    def _running(self) -> None:
        root = self.finding.get("root", {})
        if root.get("file") and root.get("line"):
            why = f"{root.get('function') or 'the function'}() runs here and holds it"
            self._add(root["file"], root["line"], why)

    def _variable(self) -> Iterator[tuple[str, int, str]]:
        """The module's variable at which the way begins."""
        root = self.finding.get("root", {})
        if root.get("kind") != "module" or not self.nodes:
            return
        module, label = root["name"], self.nodes[0]["label"]
        name = label.removeprefix(f"{module}.").split(".")[0].split("[")[0]
        file = self._module(module)
        if file is not None:
            for line in _bindings(self._tree(file), name):
                yield file, line, f"variable {name} of module {module}"

    def _attributes(self) -> Iterator[tuple[str, int, str]]:
        """Instance attributes on the way, where their classes bind them."""
        for owner, held in zip(self.nodes, self.nodes[1:]):
            label = held["label"]
            found = self._class(owner["type"]) if label.startswith(".") else None
            if found is not None:
                file, node = found
                for line in _attribute_bindings(node, label[1:]):
                    yield file, line, f"attribute {label} of {owner['type']}"

    def _classes(self) -> Iterator[tuple[str, int, str]]:
        """The leaking objects' own class, and those on the way, nearest first."""
        names = [self.finding["type"], *(node["type"] for node in reversed(self.nodes))]
        for name in dict.fromkeys(names):
            found = self._class(name)
            if found is not None:
                yield found[0], found[1].lineno, f"class {name}"

    def _growing(self) -> None:
        """Lines that add to the container, by its name: first in the files of what is
        on the way, then in all of the directories that those are in.
        """
        name = _last_name((self.finding.get("accumulation") or {}).get("path") or "")
        if not name:
            return
        known = list(self._text)  # the files of what holds it
        own = [path for path in self.directories if _any_below(known, path)]
        for file in dict.fromkeys([*known, *source_files(own)]):
            if name in "\n".join(self._lines(file)):
                for line in _additions(self._tree(file), name):
                    self._add(file, line, f"adds to {name}")

    def _module(self, name: str) -> str | None:
        file = self._file(name)
        if file is None and name not in self.not_found:
            self.not_found.append(name)
        return file

    def _file(self, name: str) -> str | None:
        return self.main if name == "__main__" else module_file(name, self.directories)

    def _class(self, type_name: str) -> tuple[str, ast.ClassDef] | None:
        """Find the file and definition of a class by its full name, `mod.Outer.Inner`."""
        module, _, name = type_name.rpartition(".")
        if module in ("", "builtins") or not name.isidentifier():
            return None
        outer = module.partition(".<locals>")[0]
        while "." in outer and self._file(outer) is None:
            outer = outer.rpartition(".")[0]
        file = self._module(outer) or ""
        for node in ast.walk(self._tree(file)):
            if isinstance(node, ast.ClassDef) and node.name == name:
                return file, node
        return None

    def _lines(self, file: str) -> list[str]:
        if file not in self._text:
            try:
                with open(file, encoding="utf-8", errors="replace") as source:
                    self._text[file] = source.read().splitlines()
            except OSError:
                self._text[file] = []
        return self._text[file]

    def _tree(self, file: str) -> ast.Module:
        if file not in self._parsed:
            try:
                self._parsed[file] = ast.parse("\n".join(self._lines(file)))
            except (SyntaxError, ValueError, RecursionError):
                self._parsed[file] = None  # of another version of Python, or none
        return self._parsed[file] or ast.Module(body=[], type_ignores=[])


def _any_below(files: list[str], directory: str) -> bool:
    return any(file.startswith(directory + os.sep) for file in files)


def _targets(node: ast.AST) -> list[ast.expr]:
    """Return what a statement binds."""
    if isinstance(node, ast.Assign):
        return node.targets
    if isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
        return [node.target]
    return []


def _bindings(tree: ast.Module, name: str) -> Iterator[int]:
    """Yield the lines at which a module binds one of its variables."""
    for node in ast.walk(tree):
        for target in _targets(node):
            if isinstance(target, ast.Name) and target.id == name:
                yield target.lineno
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name == name:
                yield node.lineno


def _attribute_bindings(class_: ast.ClassDef, name: str) -> Iterator[int]:
    """Yield the lines at which a class binds an attribute: its own, or `self.name`."""
    for node in ast.walk(class_):
        for target in _targets(node):
            if isinstance(target, ast.Attribute) and target.attr == name:
                yield target.lineno
            elif isinstance(target, ast.Name) and target.id == name and node in class_.body:
                yield target.lineno


def _additions(tree: ast.Module, name: str) -> Iterator[int]:
    """Yield the lines that add to what is called `name`, as variable or attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ADDS and _called(node.func.value, name):
                yield node.lineno
        for target in _targets(node):
            if isinstance(target, ast.Subscript) and _called(target.value, name):
                yield target.lineno
            elif isinstance(node, ast.AugAssign) and _called(target, name):
                yield target.lineno


def _called(node: ast.expr, name: str) -> bool:
    while isinstance(node, ast.Subscript):  # handlers[event].append(…)
        node = node.value
    if isinstance(node, ast.Attribute):
        return node.attr == name
    return isinstance(node, ast.Name) and node.id == name


def _last_name(path: str) -> str:
    """Return the last name of a path expression: `app.bus.handlers['x']` → handlers."""
    words = re.split(r"\W+", re.sub(r"\[[^][]*\]|\(\)", " ", path).strip())
    return words[-1] if words[-1].isidentifier() else ""
