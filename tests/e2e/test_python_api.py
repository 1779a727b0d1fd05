# SPDX-License-Identifier: MIT
"""The Python functions beside what they report: every kind of callable stays what it
was, calls go through unharmed, and each counts as the one call that it is."""

import pytest
from monitored import play

# `told` gets the opening sentence and then one text for each report.
PRELUDE = """
import asyncio, gc, inspect, sys, threading, weakref
import memalot

told = []
OPTIONS = dict(output_func=told.append, save_reports=False, max_object_details=1)

def reports():
    count = sum(not text.startswith("memalot looks for") for text in told)
    told.clear()
    return count

class Thing:
    pass

"""


@pytest.fixture
def run(python, ctl, tmp_path):
    """Runs a program's text after PRELUDE; its own assertions are the test."""

    def run(text, **more):
        lines = [line[8:] if line.startswith(" " * 8) else line
                 for line in text.splitlines()]
        played = play(python, ctl, tmp_path, PRELUDE + "\n".join(lines), **more)
        assert played.err == ""
        return played

    return run


# -- what a function is ---------------------------------------------------------------


def test_what_is_wrapped_keeps_its_face(run):
    run("""
        import functools

        def plain(a: int, /, b="x", *rest, c, **more) -> str: "doc"
        def generator(): yield 1
        async def coroutine(): pass
        async def agen(): yield 1

        plain.mark = 1
        for func in (plain, generator, coroutine, agen):
            wrapped = memalot.leak_monitor(**OPTIONS)(func)
            assert wrapped is not func
            assert wrapped.__wrapped__ is func
            for name in ("__name__", "__qualname__", "__doc__", "__module__",
                         "__annotations__"):
                assert getattr(wrapped, name) == getattr(func, name), name
            assert inspect.signature(wrapped) == inspect.signature(func)
            assert getattr(wrapped, "mark", 0) == getattr(func, "mark", 0)
            for question in (inspect.isfunction, inspect.iscoroutinefunction,
                             inspect.isgeneratorfunction, inspect.isasyncgenfunction,
                             asyncio.iscoroutinefunction):
                assert question(wrapped) == question(func), (func, question)
        assert wrapped.__qualname__ in told[-1]
    """)


def test_methods_of_all_kinds(run):
    run("""
        class Service:
            @memalot.leak_monitor(**OPTIONS)
            def method(self, a): return self, a

            @memalot.leak_monitor(**OPTIONS)
            @staticmethod
            def static_above(a): return a

            @staticmethod
            @memalot.leak_monitor(**OPTIONS)
            def static_below(a): return a

            @memalot.leak_monitor(**OPTIONS)
            @classmethod
            def class_above(cls, a): return cls, a

            @classmethod
            @memalot.leak_monitor(**OPTIONS)
            def class_below(cls, a): return cls, a

            @property
            @memalot.leak_monitor(**OPTIONS)
            def value(self): return 5

            __call__ = memalot.leak_monitor(**OPTIONS)(lambda self: 6)

        assert isinstance(vars(Service)["static_above"], staticmethod)
        assert isinstance(vars(Service)["class_above"], classmethod)
        told.clear()
        service = Service()
        assert service.method(1) == (service, 1)
        assert service.static_above(2) == Service.static_below(2) == 2
        assert Service.class_above(3) == service.class_below(3) == (Service, 3)
        assert service.value == 5 and service() == 6
        assert reports() == 7
    """)


def test_what_is_callable_but_no_function(run):
    run("""
        import functools

        class Callable:
            def __call__(self, a): return a

        async def coroutine(a): return a

        for func in (Callable(), functools.partial(Callable(), 1), len):
            wrapped = memalot.leak_monitor(func, **OPTIONS)
            told.clear()
            assert wrapped(*(() if isinstance(func, functools.partial) else ([],))) in (1, 0, [])
            assert reports() == 1
        wrapped = memalot.leak_monitor(functools.partial(coroutine, 1), **OPTIONS)
        assert asyncio.iscoroutinefunction(wrapped)
        assert asyncio.run(wrapped()) == 1
        for func in (Callable, 3, "name", property(len), None.__class__):
            try:
                memalot.leak_monitor(func, **OPTIONS)
            except TypeError as error:
                assert "decorates functions and methods" in str(error)
            else:
                raise AssertionError(func)
    """)


# -- calls ------------------------------------------------------------------------------


def test_arguments_and_results_go_through(run):
    run("""
        @memalot.leak_monitor(**OPTIONS)
        def func(a, /, b, *rest, self=None, **more): return a, b, rest, self, more

        assert func(1, 2, 3, self=4, func=5, args=6) == (1, 2, (3,), 4,
                                                         {"func": 5, "args": 6})
        assert reports() == 1
        try:
            func()
        except TypeError as error:
            assert "missing" in str(error)
        assert reports() == 1
    """)


def test_an_exception_goes_through_as_it_was_and_is_reported(run):
    run("""
        class Mine(BaseException): pass
        the_one = Mine("it")

        def inner(): raise the_one from KeyError(1)

        @memalot.leak_monitor(**OPTIONS)
        def func(): inner()

        try:
            func()
        except Mine as error:
            assert error is the_one
            assert type(error.__cause__) is KeyError and error.__context__ is None
            frames = []
            trace = error.__traceback__
            while trace:
                frames.append(trace.tb_frame.f_code.co_name)
                trace = trace.tb_next
            assert frames[-2:] == ["func", "inner"] and len(frames) == 4, frames
        assert reports() == 1
        monitor = memalot.create_leak_monitor(**OPTIONS)
        told.clear()
        try:
            with monitor:
                raise the_one
        except Mine as error:
            assert error is the_one
        assert reports() == 1
        assert sys.exc_info() == (None, None, None)
    """)


def test_nothing_of_a_call_is_kept(run):
    run("""
        seen = []
        gc.disable()

        class Oops(Exception): pass

        @memalot.leak_monitor(**OPTIONS)
        def func(thing, fail=False):
            made = Thing()
            seen.append(weakref.ref(thing))
            seen.append(weakref.ref(made))
            if fail:
                raise Oops
            return made

        func(Thing())
        try:
            func(thing=Thing(), fail=True)
        except Oops:
            pass

        @memalot.leak_monitor(**OPTIONS)
        def generate(thing):
            seen.append(weakref.ref(thing))
            yield thing
            del thing
            fresh = Thing()
            seen.append(weakref.ref(fresh))
            yield fresh

        for thing in generate(Thing()):
            del thing

        async def consume():
            @memalot.leak_monitor(**OPTIONS)
            async def generate():
                fresh = Thing()
                seen.append(weakref.ref(fresh))
                yield fresh
                del fresh
                assert seen[-1]() is None  # not held while suspended, nor after
                yield 1
            async for thing in generate():
                del thing
            @memalot.leak_monitor(**OPTIONS)
            async def coroutine(thing):
                seen.append(weakref.ref(thing))
                return thing
            await coroutine(Thing())

        asyncio.run(consume())
        alive = [index for index, ref in enumerate(seen) if ref() is not None]
        assert len(seen) == 8 and not alive, alive
    """)


def test_recursion_is_one_call(run):
    run("""
        @memalot.leak_monitor(**OPTIONS)
        def count(n): return 0 if n == 0 else 1 + count(n - 1)

        assert count(20) == 20
        assert reports() == 1
        assert count(5) == 5
        assert reports() == 1
    """)


def test_nested_blocks_of_one_monitor_are_one(run):
    run("""
        monitor = memalot.create_leak_monitor(**OPTIONS)
        with monitor as entered:
            assert entered is monitor
            with monitor():
                pass
            assert reports() == 0
        assert reports() == 1
    """)


def test_overlapping_threads_are_one_call(run):
    run("""
        inside = threading.Barrier(3)

        @memalot.leak_monitor(**OPTIONS)
        def func():
            inside.wait(60)
            inside.wait(60)

        threads = [threading.Thread(target=func) for _ in range(2)]
        for thread in threads:
            thread.start()
        inside.wait(60)
        assert reports() == 0
        inside.wait(60)
        for thread in threads:
            thread.join()
        assert reports() == 1
    """)


def test_monitors_cannot_be_nested_or_mixed(run):
    run("""
        def refused(call):
            try:
                call()
            except memalot.MonitoringError as error:
                assert isinstance(error, RuntimeError)
                return str(error)
            raise AssertionError("not refused")

        ran = []
        inner = memalot.leak_monitor(lambda: ran.append(1), **OPTIONS)
        outer = memalot.create_leak_monitor(**OPTIONS)
        with outer:
            assert "nested" in refused(inner)
            assert "inside" in refused(lambda: memalot.start_leak_monitoring(60, **OPTIONS))
        assert not ran
        clock = memalot.start_leak_monitoring(60, **OPTIONS)
        assert "runs already" in refused(lambda: memalot.start_leak_monitoring(60, **OPTIONS))
        assert "time-based" in refused(inner)
        assert "time-based" in refused(outer.__enter__)
        clock.stop()
        inner()
        with outer:
            pass
        assert ran == [1]
    """)


# -- generators and coroutines ----------------------------------------------------------


def test_a_generator_is_one_call_from_the_first_next_to_its_end(run):
    run("""
        @memalot.leak_monitor(**OPTIONS)
        def numbers(n):
            got = []
            try:
                for i in range(n):
                    got.append((yield i))
            except KeyError as error:
                yield error
            return got

        lazy = numbers(2)
        assert reports() == 0
        del lazy
        assert reports() == 0  # never begun
        assert list(numbers(3)) == [0, 1, 2]
        assert reports() == 1

        def delegate(): return (yield from numbers(2))
        running = delegate()
        assert next(running) == 0 and running.send("a") == 1
        assert reports() == 0
        try:
            running.send("b")
        except StopIteration as stop:
            assert stop.value == ["a", "b"]
        assert reports() == 1

        running = numbers(2)
        next(running)
        running.close()
        assert reports() == 1

        running = numbers(2)
        next(running)
        thrown = KeyError(1)
        assert running.throw(thrown) is thrown
        assert reports() == 0
        del running
        assert reports() == 1
    """)


def test_a_coroutine_is_one_call_until_it_ends(run):
    run("""
        @memalot.leak_monitor(**OPTIONS)
        async def work(n):
            await asyncio.sleep(0)
            if n < 0:
                raise KeyError(n)
            return n

        async def main():
            waiting = work(1)
            assert reports() == 0
            assert await waiting == 1
            assert reports() == 1
            try:
                await work(-1)
            except KeyError:
                pass
            assert reports() == 1
            assert await asyncio.gather(*(work(n) for n in range(5))) == [0, 1, 2, 3, 4]
            assert reports() == 1  # they overlap
            task = asyncio.ensure_future(work(2))
            await asyncio.sleep(0)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass
            assert reports() == 1

        asyncio.run(main())

        import types

        @memalot.leak_monitor(**OPTIONS)
        @types.coroutine
        def old(): return (yield from asyncio.sleep(0, "slept").__await__())

        async def main(): return await old()
        assert asyncio.run(main()) == "slept"
    """)


def test_an_async_generator_is_one_call(run):
    run("""
        closed = []

        @memalot.leak_monitor(**OPTIONS)
        async def numbers(n):
            got = []
            try:
                for i in range(n):
                    try:
                        got.append((yield i))
                    except KeyError as error:
                        yield error
            finally:
                await asyncio.sleep(0)
                closed.append(got)

        async def main():
            assert [i async for i in numbers(3)] == [0, 1, 2]
            assert reports() == 1 and closed.pop() == [None] * 3

            running = numbers(3)
            assert await running.__anext__() == 0
            assert await running.asend("a") == 1
            thrown = KeyError(1)
            assert await running.athrow(thrown) is thrown
            assert reports() == 0
            await running.aclose()
            assert reports() == 1 and closed.pop() == ["a"]

            running = numbers(3)
            await running.__anext__()
            try:
                await running.athrow(ValueError("through"))
            except ValueError as error:
                assert str(error) == "through" and error.__context__ is None
            assert reports() == 1

            @memalot.leak_monitor(**OPTIONS)
            async def stubborn():
                try:
                    yield 1
                finally:
                    yield 2
            running = stubborn()
            await running.__anext__()
            try:
                await running.aclose()
            except RuntimeError as error:
                assert "ignored GeneratorExit" in str(error)

        asyncio.run(main())
    """)
