# SPDX-License-Identifier: MIT
"""The Python functions beside what they report: every kind of callable stays what it
was, calls go through unharmed, and each counts as the one call that it is."""

import pytest
from monitored import play
from programs import run  # noqa: F401  a fixture

pytestmark = pytest.mark.few_versions


def test_importing_is_light_and_does_nothing(python, ctl, tmp_path):
    play(python, ctl, tmp_path, """
        import gc, sys, threading
        before = len(gc.callbacks), threading.active_count()
        import memalot
        heavy = {"argparse", "asyncio", "ctypes", "dataclasses", "inspect", "json",
                 "logging", "pathlib", "shutil", "socket", "subprocess", "tempfile"}
        assert not heavy & set(sys.modules), heavy & set(sys.modules)
        assert not memalot.running()
        assert (len(gc.callbacks), threading.active_count()) == before
        assert set(memalot.__all__) <= set(dir(memalot))
    """, options=("-S",))


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
            given = () if isinstance(func, functools.partial) else ([],)
            assert wrapped(*given) in (1, 0, [])
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


def test_calls_go_on_when_the_agent_has_gone_and_come_back(run):
    run("""
        @memalot.leak_monitor(**OPTIONS)
        def func(): return 5

        def leaves():
            assert memalot.stop()
            return func()

        monitor = memalot.create_leak_monitor(**OPTIONS)
        assert func() == 5 and reports() == 1
        with monitor:
            memalot.stop()
        assert not memalot.running()
        assert func() == 5 and reports() == 0
        memalot.start()
        assert func() == 5 and reports() == 1
        with monitor:
            memalot.stop()
            memalot.start()
        assert reports() == 0
        assert func() == 5 and reports() == 1
        wrapped = memalot.leak_monitor(leaves, **OPTIONS)
        told.clear()
        assert wrapped() == 5 and reports() == 0
    """)


def test_an_interrupt_while_a_report_is_made_goes_through(run):
    run("""
        import signal, time

        class Alarm(Exception): pass

        def ring(number, frame): raise Alarm

        signal.signal(signal.SIGALRM, ring)
        monitor = memalot.create_leak_monitor(**OPTIONS)
        kept = [[] for _ in range(400_000)]  # a sweep of some length
        rung = 0
        for _ in range(20):
            try:
                with monitor:
                    signal.setitimer(signal.ITIMER_REAL, 0.02)
                time.sleep(1)
            except Alarm:
                rung += 1
        assert rung == 20
        with monitor:
            pass
        assert told and sys.exc_info() == (None, None, None)
    """)
