# SPDX-License-Identifier: MIT
"""Monitored generators, coroutines and asynchronous generators: one call each, however
they are driven and ended."""

import pytest
from programs import run  # noqa: F401  a fixture

pytestmark = pytest.mark.few_versions


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


def test_a_generator_may_end_in_another_thread(run):
    run("""
        @memalot.leak_monitor(warmup_calls=2, **OPTIONS)
        def numbers():
            yield 1
            yield 2

        for expected in (0, 1):   # a call that is skipped to warm up, and a watched one
            running = numbers()
            next(running)
            rest = []
            thread = threading.Thread(target=lambda: rest.extend(running))
            thread.start()
            thread.join()
            assert rest == [2]
            assert reports() == expected
        assert list(numbers()) == [1, 2] and reports() == 1
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
