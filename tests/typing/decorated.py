# SPDX-License-Identifier: MIT
"""What type checkers must know of a decorated function: all that they knew before. Run
with --strict; each `type: ignore` must be needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

from memalot import LeakMonitor, Report, Stoppable, leak_monitor
import memalot


@leak_monitor
def plain(a: int, b: str = "") -> float:
    return float(a)


@leak_monitor(max_object_age_calls=2, included_type_names=["a"], output_func=print)
def with_options(a: int, *, key: str) -> list[int]:
    return [a]


@leak_monitor
def generator() -> Iterator[int]:
    yield 1


@leak_monitor()
async def coroutine(a: int) -> str:
    return str(a)


@leak_monitor
async def async_generator() -> AsyncIterator[int]:
    yield 1


class Service:
    @leak_monitor
    def method(self, a: int) -> Service:
        return self

    @leak_monitor
    @staticmethod
    def static_above(a: int) -> int:
        return a

    @staticmethod
    @leak_monitor
    def static_below(a: int) -> int:
        return a

    @leak_monitor(save_reports=False)
    @classmethod
    def class_above(cls, a: int) -> Service:
        return cls()

    @classmethod
    @leak_monitor
    def class_below(cls, a: int) -> Service:
        return cls()


result: float = plain(1, b="x")
plain("1")  # type: ignore[arg-type]
plain(1, 2, 3)  # type: ignore[call-arg, arg-type]
numbers: list[int] = with_options(1, key="k")
with_options(1)  # type: ignore[call-arg]
iterator: Iterator[int] = generator()
awaitable: Coroutine[Any, Any, str] = coroutine(1)
async_iterator: AsyncIterator[int] = async_generator()
service: Service = Service().method(1).class_above(1).class_below(2)
number: int = Service.static_above(1) + Service.static_below(2)
directly: Callable[[int], str] = leak_monitor(hex, max_object_details=3)

leak_monitor(max_object_details="3")  # type: ignore[call-overload]
leak_monitor(3)  # type: ignore[call-overload]
leak_monitor(max_objekt_details=3)  # type: ignore[call-overload]

monitor: LeakMonitor = memalot.create_leak_monitor(function_name="block")
with monitor as one, monitor() as other:
    same: tuple[LeakMonitor, LeakMonitor] = (one, other)

monitoring: Stoppable = memalot.start_leak_monitoring(60.0, color=False)
monitoring.stop()
monitoring.join(timeout=1.5)

report: Report = memalot.snapshot(excluded_type_names=("dict",))
identifier: str | None = report.id
found: object | None = memalot.find("ab12-cd34", 0x7F00)
