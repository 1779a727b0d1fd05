# SPDX-License-Identifier: MIT
from collections.abc import Callable
from os import PathLike
from typing import Any

def start(config_file: str | PathLike[str] | None = ..., ctl: str | None = ...) -> bool: ...
def stop() -> bool: ...
def running() -> bool: ...
def follows_execs() -> bool: ...
def attach(order: str) -> bool: ...  # what `memalotctl attach` asks for

# Monitoring. A report is (kind, text, report_id, iteration): kind is "report", "note" (a
# sentence to show the user), "error" (likewise: this report failed), "closed".
_Report = tuple[str, str, str | None, int]

def monitor_open(
    settings: str,
    *,
    lifetime: float | None = ...,  # time-based when given, and begins at once
    warmup: float = ...,
    calls: int = ...,
    subject: str = ...,
    save: bool = ...,
    width: int = ...,
    color: bool = ...,
    boxes: bool = ...,
    str_func: Callable[[Any, int], str] | None = ...,
) -> int: ...
def monitor_enter(handle: int) -> bool: ...
def monitor_leave(handle: int, *in_flight: object) -> _Report | None: ...
def monitor_wait(handle: int, timeout: float | None = ...) -> _Report | None: ...
def monitor_close(handle: int) -> None: ...
def snapshot(
    settings: str,
    save: bool = ...,
    width: int = ...,
    color: bool = ...,
    boxes: bool = ...,
    str_func: Callable[[Any, int], str] | None = ...,
) -> _Report: ...
# (the object, seconds since it was born at least); None once it is gone
def find(address: int) -> tuple[object, float | None] | None: ...
