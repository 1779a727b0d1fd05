# SPDX-License-Identifier: MIT
"""The decorator's wrappers: one for each kind of callable.

A wrapper is of the same kind as what it wraps (a coroutine function stays one), begins
the window as the last thing before the caller's code and ends it as the first thing
after, and then lets go of arguments, result and exception. Nothing here decides what is
reported.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable
from typing import Any

from ._monitors import LeakMonitor

_GENERATOR = 0x20  # co_flags, as in inspect, which takes too long to import
_COROUTINE = 0x80
_ITERABLE_COROUTINE = 0x100
_ASYNC_GENERATOR = 0x200


def wrap(func: Any, make_monitor: Callable[[str], LeakMonitor]) -> Any:
    """Return `func` watched by the monitor that `make_monitor(its name)` returns.

    Raises:
        TypeError: It is nothing that is called.
    """
    if isinstance(func, (staticmethod, classmethod)):
        return type(func)(wrap(func.__func__, make_monitor))
    if isinstance(func, type) or not callable(func):
        raise TypeError(
            "leak_monitor decorates functions and methods, "
            f"not {'the class ' + func.__name__ if isinstance(func, type) else func!r}"
        )
    name = getattr(func, "__qualname__", None) or type(func).__qualname__
    return _wrapper_for(func)(func, make_monitor(name))


def _wrapper_for(func: Any) -> Callable[[Any, LeakMonitor], Any]:
    inner = func
    while isinstance(inner, (functools.partial, types.MethodType)):
        inner = inner.func if isinstance(inner, functools.partial) else inner.__func__
    flags = getattr(getattr(inner, "__code__", None), "co_flags", 0)
    inspect = sys.modules.get("inspect")  # who marks coroutine functions has it
    if flags & _COROUTINE or (inspect and inspect.iscoroutinefunction(func)):
        return _wrap_coroutine
    if flags & _ASYNC_GENERATOR:
        return _wrap_async_generator
    if flags & _ITERABLE_COROUTINE:
        return _wrap_old_coroutine
    return _wrap_generator if flags & _GENERATOR else _wrap_function


def _wrap_function(func: Any, monitor: LeakMonitor) -> Any:
    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        watched = monitor.enter()
        try:
            result = func(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            monitor.leave(watched, error)
            raise
        del args, kwargs
        monitor.leave(watched, result)
        return result

    return call


def _wrap_coroutine(func: Any, monitor: LeakMonitor) -> Any:
    @functools.wraps(func)
    async def call(*args: Any, **kwargs: Any) -> Any:
        watched = monitor.enter()
        try:
            result = await func(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            monitor.leave(watched, error)
            raise
        del args, kwargs
        monitor.leave(watched, result)
        return result

    return call


def _wrap_generator(func: Any, monitor: LeakMonitor) -> Any:
    @functools.wraps(func)
    def iterate(*args: Any, **kwargs: Any) -> Any:
        watched = monitor.enter()
        try:
            result = yield from func(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            monitor.leave(watched, error)
            raise
        del args, kwargs
        monitor.leave(watched, result)
        return result

    return iterate


def _wrap_old_coroutine(func: Any, monitor: LeakMonitor) -> Any:
    """Wrap a generator function that @types.coroutine made awaitable."""
    return types.coroutine(_wrap_generator(func, monitor))


def _wrap_async_generator(func: Any, monitor: LeakMonitor) -> Any:
    @functools.wraps(func)
    async def iterate(*args: Any, **kwargs: Any) -> Any:
        watched = monitor.enter()
        inner = step = None
        try:
            inner = func(*args, **kwargs)
            del args, kwargs
            step = inner.__anext__()
            while True:
                # What is yielded goes through a list, so that no variable of ours keeps
                # it while we are suspended.
                passing = [await step]
                step = None
                try:
                    passing.append((yield passing.pop()))
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as error:
                    step = inner.athrow(error)
                else:
                    step = inner.asend(passing.pop())
        except StopAsyncIteration:  # of `await step` alone: others become RuntimeError
            inner = step = None
        except BaseException as error:
            inner = step = None
            monitor.leave(watched, error)
            raise
        monitor.leave(watched)

    return iterate
