# SPDX-License-Identifier: MIT
"""Exercises: what waits. Loops stay alive in threads of their own, tasks suspended."""

import asyncio
import threading

from exercises import exercise


def _live(make_loop, *coroutines):
    """Run tasks in a loop in a thread; returns when each has begun to wait."""
    begun = threading.Semaphore(0)
    loop = make_loop()

    async def all_of_them():
        tasks = [asyncio.ensure_future(each()) for each in coroutines]
        for task in tasks:
            task.add_done_callback(lambda task: None)
        await asyncio.sleep(0.05)
        begun.release()
        await asyncio.gather(*tasks)

    def run():
        asyncio.set_event_loop(loop)
        loop.run_until_complete(all_of_them())

    threading.Thread(target=run, daemon=True).start()
    assert begun.acquire(timeout=20)
    return loop


@exercise
def anyio():
    import anyio

    async def work():
        send, receive = anyio.create_memory_object_stream(100)
        async with anyio.create_task_group() as group:
            for n in range(10):
                group.start_soon(send.send, f"message {n}")
        return send, receive, await anyio.to_thread.run_sync(lambda: ["from a thread"])

    return anyio.run(work)


@exercise
def asyncpg():
    import asyncpg

    async def work():
        try:
            await asyncpg.connect("postgresql://u:p@127.0.0.1:9/base", timeout=2, ssl=False)
        except OSError as error:
            return error.with_traceback(None)

    ranges = [asyncpg.Range(n, n + 10, lower_inc=True) for n in range(100)]
    return asyncio.run(work()), ranges, asyncpg.Box((1, 2), (3, 4))


@exercise
def celery():
    import celery

    app = celery.Celery("exercise", broker="memory://", backend="cache+memory://")
    app.conf.task_always_eager = True

    @app.task
    def add(a, b):
        return a + b

    results = [add.delay(n, n) for n in range(20)]
    assert results[4].get() == 8
    return app, results, celery.chain(add.s(1, 2), add.s(3))


@exercise
def trio():
    import trio

    async def work():
        send, receive = trio.open_memory_channel(50)
        async with trio.open_nursery() as nursery:
            for n in range(10):
                nursery.start_soon(send.send, {"n": n})
        await trio.sleep(0)
        return send, receive, trio.lowlevel.current_task().name

    return trio.run(work)


@exercise
def uvloop():
    import uvloop

    async def serve():
        server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
        local = [f"local {n}" for n in range(50)]
        await server.serve_forever()
        return local

    async def wait():
        local = {"reply": [f"value {n}" for n in range(50)]}
        await asyncio.sleep(3600)
        return local

    return _live(uvloop.new_event_loop, serve, wait, wait)


@exercise
def pyzmq():
    import zmq

    context = zmq.Context()
    pull, push = context.socket(zmq.PULL), context.socket(zmq.PUSH)
    pull.bind("inproc://exercise")
    push.connect("inproc://exercise")
    for n in range(20):
        push.send_pyobj({"n": n})
    frames = [pull.recv(copy=False) for _ in range(10)]
    return context, pull, push, frames
