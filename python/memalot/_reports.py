# SPDX-License-Identifier: MIT
"""Reports as Python sees them: what snapshot() returns, and the way from a line in a
report back to the living object.

Saved reports are directories of JSON (docs/internals/result-format.md); memalotctl
writes them, here they are only read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import _agent

if TYPE_CHECKING:
    from pathlib import Path

CLOCK_STEP = 0.05  # seconds by which the clock may have been set meanwhile
_used: list[str] = []  # report directories that were named in this process


def remember(directory: str | None) -> None:
    """Note a report directory, so that find() looks there too."""
    if directory is not None and directory not in _used:
        _used.append(directory)


class Report:
    """One report of this process. It holds texts and numbers, none of the objects.

    Attributes:
        id: The report's id, as `memalotctl print` takes it; None when it was not saved.
        iteration: Which iteration of that report this is, from 1 on.
        text: The report as it is printed, without colours.
    """

    __slots__ = ("id", "iteration", "text")

    def __init__(self, id: str | None, iteration: int, text: str) -> None:
        self.id = id
        self.iteration = iteration
        self.text = text

    def __repr__(self) -> str:
        return f"Report(id={self.id!r}, iteration={self.iteration})"

    def __str__(self) -> str:
        return self.text

    @property
    def directory(self) -> Path | None:
        """The directory with the report's files; None when it was not saved."""
        from pathlib import Path

        found = None if self.id is None else _locate(self.id, None)
        return None if found is None else Path(found)

    def load(self) -> dict[str, Any]:
        """Read the iteration as data, in the shape of `iteration_report_N.json`.

        Raises:
            LookupError: It was not saved, or the files are gone.
        """
        found = None if self.id is None else _locate(self.id, None)
        if found is None:
            raise LookupError("this report is not among the saved ones")
        return _load(os.path.join(found, f"iteration_report_{self.iteration}.json"))


def find(
    report_id: str,
    object_id: int | str,
    *,
    report_directory: str | os.PathLike[str] | None = None,
) -> object | None:
    """Return an object that a report tells of, if it is still alive.

    The program waits while its whole heap is searched: for a person at a debugger.

    Args:
        report_id: The id of a saved report of this process.
        object_id: The object's address, as a number (`object_id`) or as in `"0x7f…"`.
        report_directory: Where the report is saved; by default the directories named in
            this process are searched, then the default one.

    Returns:
        The object itself; None once it is gone, when it can no longer be told from one
        that was born later at the same address, and for a report of another process.

    Raises:
        LookupError: There is no such report, or it tells of no such object.
    """
    address = int(object_id, 16) if isinstance(object_id, str) else int(object_id)
    place = None if report_directory is None else os.path.expanduser(report_directory)
    directory = _locate(report_id, place)
    if directory is None:
        raise LookupError(f"no report {report_id} in {', '.join(_places(place))}")
    for told in _told_of(directory, address):
        return _alive(directory, address, told)
    raise LookupError(f"report {report_id} tells of no object at {address:#x}")


def _alive(directory: str, address: int, told: dict[str, Any]) -> object | None:
    if _load(os.path.join(directory, "summary.json")).get("pid") != os.getpid():
        return None
    found = _agent.find(address)
    if found is None:
        return None
    # The address may be another object's by now: one of another type, or born since.
    live, age = found
    if told["type"].rpartition(".")[2] != type(live).__name__:
        return None
    if age is not None and told["age_s"] is not None:
        if age + CLOCK_STEP < _seconds_since(told["at"]):
            return None
    return live


def _seconds_since(moment: str) -> float:
    from datetime import datetime, timezone

    then = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return (datetime.now(timezone.utc) - then).total_seconds()


def _told_of(directory: str, address: int) -> Iterator[dict[str, Any]]:
    """Yield what the report says of the object, the newest iteration first."""
    names = [name for name in os.listdir(directory) if name.startswith("iteration_rep")]
    for name in sorted(names, key=lambda name: (len(name), name), reverse=True):
        iteration = _load(os.path.join(directory, name))
        at = iteration["start_time"]
        for details in iteration.get("object_details_list", ()):
            if details["object_id"] == address:
                kind = details["object_type_name"]
                yield {"at": at, "type": kind, "age_s": details.get("age_s")}
        for finding in iteration.get("findings", ()):
            for example in finding["examples"]:
                if int(example["address"], 16) == address:
                    kind = finding["type"]
                    yield {"at": at, "type": kind, "age_s": example.get("age_s")}


def _places(directory: str | None) -> list[str]:
    if directory is not None:
        return [directory]
    return [*_used, os.path.expanduser("~/.memalot/reports")]


def _locate(report_id: str, directory: str | None) -> str | None:
    if os.sep in report_id:
        return None
    for place in _places(directory):
        path = os.path.join(place, f"memalot_report_{report_id}")
        if os.path.isdir(path):
            return path
    return None


def _load(path: str) -> dict[str, Any]:
    import json

    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except (OSError, ValueError) as error:
        raise LookupError(f"{path}: {error}") from None
    return data if isinstance(data, dict) else {}
