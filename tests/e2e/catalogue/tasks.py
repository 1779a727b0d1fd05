# SPDX-License-Identifier: MIT
"""asyncio and context variables: loops that run in another thread, or do not run."""

import asyncio
import threading

from holders import holder


def new_loop():
    """Return a loop of its own that does not run."""
    return asyncio.new_event_loop()


def run_in_thread(way, start):
    """Let `start(loop)` run in a loop in a thread called like the way; keep nothing."""
    reached = threading.Event()
    box = [start]

    def work():
        loop = asyncio.new_event_loop()
        loop.call_soon(box.pop(), loop)
        loop.call_later(0.01, reached.set)
        loop.run_forever()

    threading.Thread(target=work, daemon=True, name=way).start()
    del start
    assert reached.wait(20)


@holder("tasks.task_local.kept._coro.cr_frame.f_locals['mine']")
def task_local(held):
    """A local variable of a task's coroutine"""

    async def wait(mine):
        await forever

    loop = new_loop()
    forever = loop.create_future()
    task_local.kept = wait_in_vain(loop, wait(held))


@holder('task "Task-*": *wait() mine', root="task")
def task_fresh(held):
    """A local variable of a task that has not begun"""

    async def wait(mine):
        pass

    task_fresh.kept = new_loop()
    task_fresh.kept.create_task(wait(held))


@holder("tasks.future_result.kept._result")
def future_result(held):
    """The result of a future"""
    future_result.kept = new_loop().create_future()
    future_result.kept.set_result(held)


@holder("tasks.future_exception.kept._exception.args[0]")
def future_exception(held):
    """The exception of a future"""
    future_exception.kept = new_loop().create_future()
    future_exception.kept.set_exception(ValueError(held))


@holder("tasks.future_callback.kept._callbacks[0][0].__self__")
def future_callback(held):
    """The done callback of a future"""
    type(held).done = lambda self, future: None
    future_callback.kept = new_loop().create_future()
    future_callback.kept.add_done_callback(held.done)


@holder("tasks.future_second_callback.kept.fut_callbacks[0][0].args[0]")
def future_second_callback(held):
    """The second done callback of a future"""
    from functools import partial

    kept = new_loop().create_future()
    kept.add_done_callback(print)
    kept.add_done_callback(partial(print, held))
    future_second_callback.kept = kept


@holder("tasks.future_context.kept._callbacks[0][1][<ContextVar 'mine'>]")
def future_context(held):
    """A context variable in the context of a future's callback"""
    import contextvars

    variable = contextvars.ContextVar("mine")
    context = contextvars.Context()
    context.run(variable.set, held)
    future_context.kept = new_loop().create_future()
    future_context.kept.add_done_callback(print, context=context)


@holder("tasks.task_result.kept._result")
def task_result(held):
    """The result of a task"""

    async def give(mine):
        return mine

    loop = new_loop()
    task_result.kept = loop.create_task(give(held))
    del held
    loop.run_until_complete(task_result.kept)


@holder("tasks.task_exception.kept._exception.args[0]")
def task_exception(held):
    """The exception of a task"""

    async def fail(box):
        raise ValueError(box.pop())

    loop = new_loop()
    box = [held]
    del held
    kept = loop.create_task(fail(box))
    loop.run_until_complete(asyncio.wait([kept]))
    task_exception.kept = kept


@holder("tasks.call_soon_argument.kept._ready[0]._args[1]")
def call_soon_argument(held):
    """An argument of loop.call_soon"""
    call_soon_argument.kept = new_loop()
    call_soon_argument.kept.call_soon(print, 1, held)


@holder("tasks.call_later.kept._scheduled[0]._args[0]")
def call_later(held):
    """An argument of loop.call_later"""
    call_later.kept = new_loop()
    call_later.kept.call_later(1e6, print, held)


@holder("tasks.call_soon_threadsafe.kept._ready[0]._args[0]")
def call_soon_threadsafe(held):
    """An argument of loop.call_soon_threadsafe"""
    call_soon_threadsafe.kept = new_loop()
    call_soon_threadsafe.kept.call_soon_threadsafe(print, held)


@holder("tasks.handle_callback.kept._callback.__self__")
def handle_callback(held):
    """The callback of a Handle"""
    type(held).call = lambda self: None
    loop = new_loop()
    handle_callback.kept = loop.call_soon(held.call)
    loop._ready.clear()


@holder("tasks.handle_context.kept._context[<ContextVar 'mine'>]")
def handle_context(held):
    """A context variable in the context of a Handle"""
    import contextvars

    variable = contextvars.ContextVar("mine")
    context = contextvars.Context()
    context.run(variable.set, held)
    loop = new_loop()
    handle_context.kept = loop.call_soon(print, context=context)
    loop._ready.clear()


@holder("tasks.reader.kept._selector._fd_to_key[?*].data[0]._args[0]")
def reader(held):
    """An argument of loop.add_reader"""
    import socket

    reader.kept = new_loop()
    reader.sockets = socket.socketpair()
    reader.kept.add_reader(reader.sockets[0], print, held)


@holder("tasks.signal_handler.kept._signal_handlers[10]._args[0]", alone=True)
def signal_handler(held):
    """An argument of loop.add_signal_handler"""
    import signal

    signal_handler.kept = new_loop()
    signal_handler.kept.add_signal_handler(signal.SIGUSR1, print, held)


@holder("tasks.exception_handler.kept._exception_handler.__self__")
def exception_handler(held):
    """A loop's exception handler"""
    type(held).handle = lambda self, loop, context: None
    exception_handler.kept = new_loop()
    exception_handler.kept.set_exception_handler(held.handle)


@holder("tasks.task_factory.kept._task_factory.__closure__.held")
def task_factory(held):
    """A loop's task factory"""
    task_factory.kept = new_loop()
    task_factory.kept.set_task_factory(lambda loop, coroutine: held)


@holder("tasks.queue_item.kept._queue[0]")
def queue_item(held):
    """An item of an asyncio.Queue"""
    queue_item.kept = asyncio.Queue()
    queue_item.kept.put_nowait(held)


@holder("tasks.priority_queue_item.kept._queue[0][1]")
def priority_queue_item(held):
    """An item of an asyncio.PriorityQueue"""
    priority_queue_item.kept = asyncio.PriorityQueue()
    priority_queue_item.kept.put_nowait((1, held))


def wait_in_vain(loop, waiting):
    """Let a coroutine run in `loop` until it stops, and drop what drives it."""
    task = loop.create_task(waiting)
    loop.call_soon(loop.stop)
    loop.run_forever()
    return task


@holder('task "Task-*": *wait() mine', root="task")
def event_waiter(held):
    """A task that waits for an asyncio.Event"""
    event_waiter.kept = asyncio.Event()

    async def wait(mine):
        await event_waiter.kept.wait()

    wait_in_vain(new_loop(), wait(held))


@holder('task "Task-*": *wait() mine', root="task")
def lock_waiter(held):
    """A task that waits for an asyncio.Lock"""
    lock_waiter.kept = asyncio.Lock()
    lock_waiter.kept._locked = True

    async def wait(mine):
        await lock_waiter.kept.acquire()

    wait_in_vain(new_loop(), wait(held))


@holder('task "Task-*": *wait() mine', root="task")
def queue_getter(held):
    """A task that waits for an item of an asyncio.Queue"""
    queue_getter.kept = asyncio.Queue()

    async def wait(mine):
        await queue_getter.kept.get()

    wait_in_vain(new_loop(), wait(held))


@holder('task "Task-*": *wait() mine', root="module or task",
        versions={v: "tasks.future_waiter.kept.fut_awaited_by._coro.cr_frame"
                      ".f_locals['mine']" for v in ("3.14", "3.15")})
def future_waiter(held):
    """A task that awaits a future"""
    loop = new_loop()
    future_waiter.kept = loop.create_future()

    async def wait(mine):
        await future_waiter.kept

    wait_in_vain(loop, wait(held))


@holder("tasks.task_waits_for.kept._fut_waiter.fut_callbacks[1][0].args[0]")
def task_waits_for(held):
    """The future that a task waits for"""
    from functools import partial

    loop = new_loop()

    async def wait(future):
        await asyncio.shield(future)

    future = loop.create_future()
    kept = wait_in_vain(loop, wait(future))
    kept._fut_waiter.add_done_callback(partial(print, held))
    task_waits_for.kept = kept


@holder('task "Task-*": *wait() mine', root="task")
def gathered(held):
    """A task given to asyncio.gather"""
    loop = new_loop()
    forever = loop.create_future()

    async def wait(mine):
        await forever

    async def main(box):
        gathered.kept = asyncio.gather(wait(box.pop()), forever)

    box = [held]
    del held
    loop.run_until_complete(main(box))
    loop.call_soon(loop.stop)
    loop.run_forever()


@holder('task "Task-*": *wait() mine', root="task",
        versions={"3.10": "no: TaskGroup came with 3.11"})
def task_group(held):
    """A task of a TaskGroup"""
    loop = new_loop()

    async def wait(mine):
        await loop.create_future()

    async def main(box):
        async with asyncio.TaskGroup() as task_group.kept:
            task_group.kept.create_task(wait(box.pop()))
            await loop.create_future()

    box = [held]
    del held
    task = loop.create_task(main(box))
    for _ in range(3):
        loop.call_soon(loop.stop)
        loop.run_forever()
    assert not task.done()


@holder('thread "ThreadPoolExecutor-0_0": _worker() work_queue[0].*[0]',
        root="thread", alone=True)
def executor_future(held):
    """An argument of a function that waits for an executor"""
    import concurrent.futures

    loop = new_loop()
    pool = concurrent.futures.ThreadPoolExecutor(1)
    pool.submit(threading.Event().wait)
    executor_future.pool = pool
    loop.run_in_executor(pool, print, held)


@holder("tasks.variable_default.kept.var_default")
def variable_default(held):
    """The default of a context variable"""
    import contextvars

    variable_default.kept = contextvars.ContextVar("variable", default=held)


@holder("tasks.context_value.kept[<ContextVar 'mine'>]")
def context_value(held):
    """A context variable in a Context"""
    import contextvars

    variable = contextvars.ContextVar("mine")
    context_value.kept = contextvars.Context()
    context_value.kept.run(variable.set, held)


@holder("tasks.context_many.kept[<ContextVar 'mine'>]")
def context_many(held):
    """A context variable among many in a Context"""
    import contextvars

    context_many.kept = contextvars.Context()
    context_many.others = [contextvars.ContextVar(f"other{i}") for i in range(40)]
    for other in context_many.others:
        context_many.kept.run(other.set, None)
    context_many.kept.run(contextvars.ContextVar("mine").set, held)


@holder("tasks.context_key.kept.keys()[*].var_default")
def context_key(held):
    """The default of a variable that a Context has a value of"""
    import contextvars

    variable = contextvars.ContextVar("mine", default=held)
    context_key.kept = contextvars.Context()
    context_key.kept.run(variable.set, None)


@holder("tasks.context_copy.kept[<ContextVar 'mine'>]")
def context_copy(held):
    """A context variable in a copy of a Context that has gone"""
    import contextvars

    variable = contextvars.ContextVar("mine")

    def copy():
        variable.set(held)
        return contextvars.copy_context()

    context_copy.kept = contextvars.Context().run(copy)
    del copy


@holder("tasks.token_old_value.kept.old_value")
def token_old_value(held):
    """The old value in a token of a context variable"""
    import contextvars

    variable = contextvars.ContextVar("mine")

    def replace():
        variable.set(held)
        return variable.set(None)

    token_old_value.kept = contextvars.Context().run(replace)
    del replace


@holder("tasks.token_context.kept.tok_ctx[<ContextVar 'mine'>]")
def token_context(held):
    """The context that a token belongs to"""
    import contextvars

    variable = contextvars.ContextVar("mine")

    def replace():
        token = variable.set(None)
        variable.set(held)
        return token

    token_context.kept = contextvars.Context().run(replace)
    del replace


@holder("tasks.task_context.kept.task_context[<ContextVar 'mine'>]")
def task_context(held):
    """A context variable in a task's context"""
    import contextvars

    variable = contextvars.ContextVar("mine")
    loop = new_loop()

    async def wait():
        pass

    def create():
        variable.set(held)
        task_context.kept = loop.create_task(wait())
        loop._ready.clear()

    contextvars.copy_context().run(create)


@holder('context of thread "tasks.thread_context": var mine', root="thread")
def thread_context(held):
    """A context variable set in a thread"""
    import contextvars

    variable = contextvars.ContextVar("mine")
    reached = threading.Event()

    def work(box):
        variable.set(box.pop())
        reached.set()
        threading.Event().wait()

    threading.Thread(target=work, args=([held],), daemon=True,
                     name="tasks.thread_context").start()
    del held
    assert reached.wait(20)


@holder('thread "tasks.loop_scheduled": *loop._scheduled[0]._args[0]', root="thread")
def loop_scheduled(held):
    """An argument of loop.call_later of a loop that runs in another thread"""

    def start(loop):
        loop.call_later(1e6, print, held)

    run_in_thread("tasks.loop_scheduled", start)


@holder('task "napper": *nap() mine', root="task")
def loop_task(held):
    """A local variable of a task that sleeps, its loop running in another thread"""

    async def nap(mine):
        await asyncio.sleep(1e6)

    def start(loop):
        loop.create_task(nap(held), name="napper")

    run_in_thread("tasks.loop_task", start)


@holder("tasks.eager_task.kept._coro.cr_frame.f_locals['mine']",
        versions={v: "no: eager tasks came with 3.12" for v in ("3.10", "3.11")})
def eager_task(held):
    """A local variable of an eager task"""
    loop = new_loop()
    forever = loop.create_future()

    async def wait(mine):
        await forever

    async def main(box):
        eager_task.kept = asyncio.Task(wait(box.pop()), loop=loop, eager_start=True)

    box = [held]
    del held
    loop.run_until_complete(main(box))


@holder("tasks.python_task.kept._coro.cr_frame.f_locals['mine']", root="module or task",
        versions={"3.10": 'task "Task-*": wait() mine'})
def python_task(held):
    """A local variable of a task of the Python implementation"""
    loop = new_loop()

    async def wait(mine):
        pass

    python_task.kept = asyncio.tasks._PyTask(wait(held), loop=loop)
    loop._ready.clear()


@holder("tasks.protocol.kept._protocol")
def protocol(held):
    """The protocol of a transport"""
    import socket

    loop = new_loop()
    for name in ("connection_made", "data_received", "connection_lost"):
        setattr(type(held), name, lambda self, *what: None)
    pair = socket.socketpair()

    async def connect(box):
        transport, _ = await loop.create_connection(box.pop, sock=pair[0])
        transport.pause_reading()
        return transport

    box = [held]
    del held
    kept = loop.run_until_complete(connect(box))
    protocol.kept, protocol.pair = kept, pair
