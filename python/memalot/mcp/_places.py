# SPDX-License-Identifier: MIT
"""The files of a program that is, or was, somewhere on this machine.

While the process lives /proc says where it looks for modules: its script's directory,
its working directory, PYTHONPATH, its interpreter's site-packages. Of a process that has
ended the report has the command line; then, and always after those, this server's own
directory is searched, which AI tools start in the project at hand.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

MAX_FILES = 3000  # read when looking for what adds to a container
MAX_FOLDERS = 3000  # walked for them: the directory may be somebody's whole home
MAX_FILE_SIZE = 1_000_000
_NOT_OURS = {"site-packages", "dist-packages", "node_modules", "__pycache__", "build", "dist"}

Doc = dict[str, Any]


def search_directories(summary: Doc, named: list[str] | None) -> list[str]:
    """Return the directories that modules are looked for in, the likeliest first."""
    if named:
        found = [os.path.expanduser(directory) for directory in named]
    else:
        found = [*_of_process(summary), os.getcwd()]
        script = main_module(summary, found)
        found[:0] = [os.path.dirname(script)] if script else []
    existing = [os.path.realpath(path) for path in found if os.path.isdir(path)]
    return [path for path in dict.fromkeys(existing) if path != "/"]


def main_module(summary: Doc, directories: list[str]) -> str | None:
    """Return the file of the program's __main__, by its command line."""
    words = [str(word) for word in summary.get("arguments") or ()]
    while words and words[0].startswith("-") and words[0] != "-m":
        # -X and -W take the next word along; -u and its like do not.
        words = words[2:] if words[0] in ("-X", "-W") else words[1:]
    if words[:1] == ["-m"]:
        name = "".join(words[1:2])
        return module_file(f"{name}.__main__", directories) or module_file(name, directories)
    # The original tool has the script where memalot has the interpreter.
    entry = str(summary.get("entrypoint") or "")
    for word in (*words[:1], *([entry] if entry.endswith(".py") else [])):
        for directory in directories:
            path = os.path.join(directory, word)
            inside = os.path.join(path, "__main__.py")
            if os.path.isfile(inside):
                return os.path.realpath(inside)
            if os.path.isfile(path):
                return os.path.realpath(path)
    return None


def module_file(name: str, directories: list[str]) -> str | None:
    """Return the source file of a module, None when no directory has it."""
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    for directory in directories:
        base = os.path.join(directory, *parts)
        for path in (base + ".py", os.path.join(base, "__init__.py")):
            if os.path.isfile(path):
                return path
    return None


def source_files(directories: list[str]) -> Iterator[str]:
    """Yield the program's own files: no installed packages, not without end."""
    found = (path for path in _python_files(directories) if _size(path) <= MAX_FILE_SIZE)
    return islice(found, MAX_FILES)


def _python_files(directories: list[str]) -> Iterator[str]:
    own = [directory for directory in directories if not _is_installed(directory)]
    walks = chain.from_iterable(os.walk(directory) for directory in own)
    for folder, folders, files in islice(walks, MAX_FOLDERS):
        folders[:] = [name for name in sorted(folders) if _is_ours(folder, name)]
        for name in sorted(files):
            if name.endswith(".py"):
                yield os.path.join(folder, name)


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:  # a link to nowhere
        return MAX_FILE_SIZE + 1


def _is_ours(folder: str, name: str) -> bool:
    venv = os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
    return not (venv or name.startswith(".") or name in _NOT_OURS)


def _is_installed(directory: str) -> bool:
    parts = directory.split(os.sep)
    return any(part in _NOT_OURS or part.startswith("python3.") for part in parts)


def _of_process(summary: Doc) -> list[str]:
    cwd = _cwd(summary)
    found = [cwd] if cwd else []
    if cwd:
        found += [os.path.join(cwd, path) for path in _python_path(summary["pid"]) if path]
    entry, version = str(summary.get("entrypoint") or ""), summary.get("python_version") or ""
    minor = ".".join(str(version).split(".")[:2])
    for program in dict.fromkeys([entry, os.path.realpath(entry)] if entry else []):
        library = os.path.join(os.path.dirname(program), "..", "lib", f"python{minor}")
        found += [os.path.join(library, "site-packages"), library]
    return found


def _cwd(summary: Doc) -> str | None:
    """Return the working directory of the process, if it still is the one reported."""
    pid = summary.get("pid")
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            words = file.read().split("\0")[1:-1]
        same = words == [str(word) for word in summary.get("arguments") or ()]
        return os.readlink(f"/proc/{pid}/cwd") if same else None
    except OSError:
        return None


def _python_path(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/environ", encoding="utf-8", errors="replace") as file:
            variables = file.read().split("\0")
    except OSError:
        return []
    found = [text.partition("=")[2] for text in variables if text.startswith("PYTHONPATH=")]
    paths = found[0].split(os.pathsep) if found else []
    return [path for path in paths if not path.endswith("/memalot/boot")]
