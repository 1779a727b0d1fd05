# SPDX-License-Identifier: MIT
"""What the kernel says of a process: the tests' only witness beside the program itself.

Everything is read from /proc at the moment of the call and returned as plain values, so
that a "before" and an "after" can be compared with ==.
"""

import os
import re
from dataclasses import dataclass


def _read(pid: int, name: str) -> str:
    with open(f"/proc/{pid}/{name}", encoding="utf-8", errors="replace") as file:
        return file.read()


def status(pid: int) -> dict[str, str]:
    """Return /proc/PID/status as a dictionary."""
    lines = (line.partition(":") for line in _read(pid, "status").splitlines())
    return {key: value.strip() for key, _, value in lines}


def alive(pid: int) -> bool:
    """Tell whether the process runs (a zombie does not)."""
    try:
        return not status(pid)["State"].startswith(("Z", "X"))
    except (FileNotFoundError, ProcessLookupError):
        return False


def fds(pid: int) -> dict[int, str]:
    """Return what each descriptor refers to."""
    found = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            pass  # closed between the listing and the look
    return found


def threads(pid: int) -> set[int]:
    """Return the kernel ids of its threads."""
    return {int(name) for name in os.listdir(f"/proc/{pid}/task")}


def mapped_files(pid: int) -> set[str]:
    """Return every file that is mapped: libraries, locale archives, ...

    Shared anonymous memory, which the kernel shows as /dev/zero, is no file.
    """
    lines = (line.split(maxsplit=5) for line in _read(pid, "maps").splitlines())
    names = {line[5] for line in lines if len(line) == 6 and line[5].startswith("/")}
    return names - {"/dev/zero (deleted)"}


def mappings(pid: int) -> int:
    """Return how many mappings there are, of files or not."""
    return len(_read(pid, "maps").splitlines())


def children(pid: int) -> set[int]:
    """Return its child processes, also those without an exit signal, also zombies."""
    found = set()
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            fields = _read(int(name), "stat").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            found.add(int(name))
    return found


def name(pid: int) -> str:
    """Return the process's name as the kernel keeps it, "" once it is gone."""
    try:
        return _read(pid, "comm").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def rss(pid: int) -> int:
    """Return the resident bytes."""
    return int(re.match(r"\d+", status(pid)["VmRSS"])[0]) * 1024


@dataclass
class Outside:
    """What can be seen of a process from outside, to be compared before and after."""

    fds: dict[int, str]
    threads: int
    mapped_files: set[str]
    children: set[int]
    signals: dict[str, str]


def look(pid: int) -> Outside:
    """Take the picture."""
    state = status(pid)
    masks = ("SigBlk", "SigIgn", "SigCgt")
    return Outside(
        fds=fds(pid),
        threads=len(threads(pid)),
        mapped_files=mapped_files(pid),
        children=children(pid),
        signals={mask: state[mask] for mask in masks},
    )
