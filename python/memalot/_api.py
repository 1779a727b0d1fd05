# SPDX-License-Identifier: MIT
"""What programs call: monitoring by time, by function, by block, and snapshots.

Signatures, defaults and what they mean; the work is done in _monitors.py and _wrap.py,
the options are checked in _options.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, TypeVar, overload

from . import _agent, _life, _options, _reports, _wrap
from ._errors import InvalidOptionsError, MonitoringError
from ._monitors import LeakMonitor, Stoppable
from ._output import Output

if TYPE_CHECKING:
    from typing_extensions import TypedDict, Unpack

    class CallOptions(TypedDict, total=False):
        """The options of leak_monitor(), as type checkers see them."""

        warmup_calls: int
        max_object_age_calls: int
        included_type_names: Collection[str]
        excluded_type_names: Collection[str]
        max_types_in_leak_summary: int
        compute_size_in_leak_summary: bool
        max_untracked_search_depth: int
        check_referrers: bool
        max_object_details: int
        referrers_max_depth: int | None
        referrers_search_timeout: float | None
        single_object_referrer_limit: int | None
        referrers_module_prefixes: Collection[str] | None
        referrers_max_untracked_search_depth: int
        save_reports: bool
        report_directory: str | os.PathLike[str] | None
        str_func: Callable[[Any, int], str] | None
        str_max_length: int
        force_terminal: bool | None
        output_func: Callable[[str], object] | None
        tee_console: bool
        color: bool


PAGE = 100  # columns of a Report's text

Decorated = TypeVar(
    "Decorated",
    bound="Callable[..., Any] | staticmethod[..., Any] | classmethod[Any, ..., Any]",
)


def start_leak_monitoring(
    max_object_lifetime: float,
    warmup_time: float | None = None,
    *,
    warmup_period: float | None = None,
    included_type_names: Collection[str] = frozenset(),
    excluded_type_names: Collection[str] = frozenset(),
    max_types_in_leak_summary: int = 500,
    compute_size_in_leak_summary: bool = False,
    max_untracked_search_depth: int = 3,
    check_referrers: bool = True,
    max_object_details: int = 30,
    referrers_max_depth: int | None = 50,
    referrers_search_timeout: float | None = 300.0,
    single_object_referrer_limit: int | None = 100,
    referrers_module_prefixes: Collection[str] | None = None,
    referrers_max_untracked_search_depth: int = 30,
    save_reports: bool = True,
    report_directory: str | os.PathLike[str] | None = None,
    str_func: Callable[[Any, int], str] | None = None,
    str_max_length: int = 100,
    force_terminal: bool | None = None,
    output_func: Callable[[str], object] | None = None,
    tee_console: bool = False,
    color: bool = True,
) -> Stoppable:
    """Report, again and again, the objects that have lived for too long.

    Every `max_object_lifetime` seconds there is a report on the objects that were born
    after the warm-up, are older than `max_object_lifetime` and still reachable. The
    first only says that monitoring has begun. The agent is started when there is none.

    An option left at its default follows the agent's configuration, if that has a value
    for it (docs/config.md).

    Args:
        max_object_lifetime: Seconds (0.001 or more) that an object may live.
        warmup_time: Seconds (0 or more); objects born before they are over are never
            reported. None (the default) means `max_object_lifetime`.
        warmup_period: Another name for `warmup_time`; only one of them may be given.
        included_type_names: Only objects whose full type name ("module.Class") contains
            one of these strings. Empty (the default): all. At most 32 strings.
        excluded_type_names: No objects whose full type name contains one of these.
        max_types_in_leak_summary: Most types in the summary. Default 500.
        compute_size_in_leak_summary: Show shallow sizes in bytes in the summary.
            Default False.
        max_untracked_search_depth: Accepted for compatibility, without effect: the
            agent walks every reference once, so no object is too deep. Default 3.
        check_referrers: Find out what holds the objects shown. Default True.
        max_object_details: Most objects (0 to 10000) that are shown one by one.
            Default 30.
        referrers_max_depth: Most references that are followed from an object towards
            the roots; None: no limit. Default 50.
        referrers_search_timeout: Most seconds for one object's referrers; None: no
            limit. Default 300.0.
        single_object_referrer_limit: Most referrers of one object that are shown;
            None: no limit. Default 100.
        referrers_module_prefixes: Only variables of modules whose names begin with one
            of these count as holders. None (the default): of all modules.
        referrers_max_untracked_search_depth: Accepted for compatibility, without
            effect: the one graph has the untracked objects in it. Default 30.
        save_reports: Save reports to disk. Default True.
        report_directory: Where reports are saved, `~` being the home directory. None
            (the default): as configured, `~/.memalot/reports` if nothing is.
        str_func: Called as `str_func(object, length)`, returns the text that a report
            shows for the object. It runs in a copy of the process: what it changes is
            lost. None (the default): the object's own `__str__`.
        str_max_length: Most characters of such a text (0 to 100000). Default 100.
        force_terminal: True: control codes (colours) as on a terminal; False: none; None
            (the default): find out. Must not be True with `output_func` unless
            `tee_console` is set.
        output_func: Called with the text of each report and message instead of printing
            it. What it raises never reaches the program; it is told once.
        tee_console: Print as well when there is an `output_func`. Default False.
        color: Colours where the terminal has them. Default True; the environment
            variable NO_COLOR switches them off, too.

    Returns:
        A Stoppable; monitoring goes on until its `stop()` or the end of the program.

    Raises:
        InvalidOptionsError: An option has a wrong value.
        MonitoringError: There is a monitor already that this one cannot work beside, or
            this interpreter cannot have an agent.
        ValueError, OSError: The agent had to be started and could not: see `start()`.
    """
    given = _without_none(locals(), "warmup_time", "warmup_period")
    values = _options.check_all(given)
    if warmup_time is not None and warmup_period is not None:
        raise InvalidOptionsError(
            "warmup_period", warmup_period, "left out when warmup_time is given"
        )
    lifetime = values["max_object_lifetime"]
    warmup = values.get("warmup_time", values.get("warmup_period", lifetime))
    output = _output(values)
    opening = {**_opening(given, values), "lifetime": lifetime, "warmup": warmup}
    monitoring = Stoppable(opening, output)
    output.deliver(
        f"memalot looks for leaks by time: after a warm-up of {warmup:g} seconds, objects "
        f"that live for more than {lifetime:g} seconds are reported."
    )
    monitoring.begin()
    return monitoring


@overload
def leak_monitor(func: Decorated, **options: Unpack[CallOptions]) -> Decorated: ...


@overload
def leak_monitor(
    func: None = None, **options: Unpack[CallOptions]
) -> Callable[[Decorated], Decorated]: ...


def leak_monitor(
    func: Any = None,
    *,
    warmup_calls: int = 1,
    max_object_age_calls: int = 1,
    included_type_names: Collection[str] = frozenset(),
    excluded_type_names: Collection[str] = frozenset(),
    max_types_in_leak_summary: int = 500,
    compute_size_in_leak_summary: bool = False,
    max_untracked_search_depth: int = 3,
    check_referrers: bool = True,
    max_object_details: int = 30,
    referrers_max_depth: int | None = 50,
    referrers_search_timeout: float | None = 300.0,
    single_object_referrer_limit: int | None = 100,
    referrers_module_prefixes: Collection[str] | None = None,
    referrers_max_untracked_search_depth: int = 30,
    save_reports: bool = True,
    report_directory: str | os.PathLike[str] | None = None,
    str_func: Callable[[Any, int], str] | None = None,
    str_max_length: int = 100,
    force_terminal: bool | None = None,
    output_func: Callable[[str], object] | None = None,
    tee_console: bool = False,
    color: bool = True,
) -> Any:
    """Report, at the end of each call of a function, the objects born in it that are
    still alive.

    Used as `@leak_monitor` or `@leak_monitor(max_object_age_calls=2)`, above or below
    `@staticmethod` and `@classmethod`. The first call warms up. A generator's call lasts
    from the first `next()` to its end or `close()`, a coroutine's until it has been
    awaited to its end. Recursive calls, and calls that overlap in several threads or
    tasks, count as one, from the first entry to the last exit. Exceptions pass through;
    the report is made all the same.

    Args:
        func: The function, when used without parentheses.
        warmup_calls: The first so many calls report nothing. Default 1. (With 0 the
            warm-up is done at once, with nothing in it.)
        max_object_age_calls: Only objects that have survived so many calls (1 or more)
            are reported. Default 1.

    All other arguments are those of `start_leak_monitoring()`.

    Raises:
        InvalidOptionsError: An option has a wrong value.
        MonitoringError: There is a monitor already that this one cannot work beside. A
            call raises it as well, before the function is entered, if another monitor's
            window is open then.
        TypeError: What is decorated is a class, or nothing that is called.
    """
    given = _without(locals(), "func")
    values = _options.check_all(given)

    def decorate(func: Any) -> Any:
        return _wrap.wrap(func, lambda name: _by_calls(given, values, name))

    return decorate if func is None else decorate(func)


def create_leak_monitor(
    *,
    warmup_calls: int = 1,
    max_object_age_calls: int = 1,
    included_type_names: Collection[str] = frozenset(),
    excluded_type_names: Collection[str] = frozenset(),
    max_types_in_leak_summary: int = 500,
    compute_size_in_leak_summary: bool = False,
    max_untracked_search_depth: int = 3,
    check_referrers: bool = True,
    max_object_details: int = 30,
    referrers_max_depth: int | None = 50,
    referrers_search_timeout: float | None = 300.0,
    single_object_referrer_limit: int | None = 100,
    referrers_module_prefixes: Collection[str] | None = None,
    referrers_max_untracked_search_depth: int = 30,
    save_reports: bool = True,
    report_directory: str | os.PathLike[str] | None = None,
    str_func: Callable[[Any, int], str] | None = None,
    str_max_length: int = 100,
    force_terminal: bool | None = None,
    output_func: Callable[[str], object] | None = None,
    tee_console: bool = False,
    color: bool = True,
    function_name: str | None = None,
) -> LeakMonitor:
    """Return a monitor for a block of code: `with monitor: ...`.

    Call it once and use what it returns each time the block is entered. The options, and
    what counts as one use, are those of `leak_monitor()`.

    Args:
        function_name: What the reports call the block; None (the default): "block".

    Raises:
        InvalidOptionsError: An option has a wrong value.
        MonitoringError: There is a monitor already that this one cannot work beside.
    """
    given = _without(locals(), "function_name")
    if function_name is not None and not isinstance(function_name, str):
        raise InvalidOptionsError("function_name", function_name, "a str or None")
    return _by_calls(given, _options.check_all(given), function_name)


def snapshot(
    *,
    included_type_names: Collection[str] = frozenset(),
    excluded_type_names: Collection[str] = frozenset(),
    max_types_in_leak_summary: int = 500,
    compute_size_in_leak_summary: bool = False,
    check_referrers: bool = True,
    max_object_details: int = 30,
    referrers_max_depth: int | None = 50,
    referrers_search_timeout: float | None = 300.0,
    single_object_referrer_limit: int | None = 100,
    referrers_module_prefixes: Collection[str] | None = None,
    save_reports: bool = True,
    report_directory: str | os.PathLike[str] | None = None,
    str_func: Callable[[Any, int], str] | None = None,
    str_max_length: int = 100,
) -> _reports.Report:
    """Look at the heap once, now, as `memalotctl snapshot` does.

    The agent is started when there is none. Nothing is printed. The arguments are those
    of `start_leak_monitoring()`.

    Returns:
        The report; `print()` shows it.

    Raises:
        InvalidOptionsError: An option has a wrong value.
        MonitoringError: The sweep failed, or this interpreter cannot have an agent.
    """
    given = dict(locals())
    values = _options.check_all(given)
    try:
        _life.start()
        kind, text, report_id, iteration = _agent.snapshot(
            width=PAGE, color=False, boxes=False, **_opening(given, values)
        )
    except RuntimeError as error:
        raise MonitoringError(str(error)) from None
    if kind != "report":
        raise MonitoringError(text or "the agent has left this process")
    return _reports.Report(report_id, iteration, text)


def _without(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names}


def _without_none(given: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return `given` without those of `names` that were not given."""
    return {
        name: value
        for name, value in given.items()
        if value is not None or name not in names
    }


def _output(values: dict[str, Any]) -> Output:
    names = ("output_func", "tee_console", "force_terminal", "color")
    return Output(**{name: values[name] for name in names})


def _opening(given: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return what monitor_open() is told of any monitor, and snapshot()."""
    _reports.remember(values["report_directory"])
    return {
        "settings": _options.settings(given, values),
        "save": values["save_reports"],
        "str_func": values["str_func"],
    }


def _by_calls(
    given: dict[str, Any], values: dict[str, Any], name: str | None
) -> LeakMonitor:
    warmups, calls = values["warmup_calls"], values["max_object_age_calls"]
    opening = {
        **_opening(given, values),
        "calls": calls,
        "subject": "block" if name is None else f"function {name}",
    }
    output = _output(values)
    monitor = LeakMonitor(opening, output, warmups)
    what = "a block" if name is None else f"the function {name}"
    output.deliver(
        f"memalot looks for leaks in {what}: after {_times(warmups)} to warm up, objects "
        f"born in a call that are still alive after {_times(calls)} are reported."
    )
    return monitor


def _times(count: int) -> str:
    return "1 call" if count == 1 else f"{count} calls"
