# SPDX-License-Identifier: MIT
"""Threads, what belongs to each, and what waits between them."""

import threading

from holders import holder


def stay(way, prepare=lambda: None):
    """Start a thread called like the way that prepares something and stays."""
    reached = threading.Event()

    def work(reached, prepare):
        prepare()
        del prepare
        reached.set()
        threading.Event().wait()

    thread = threading.Thread(target=work, args=(reached, prepare), daemon=True,
                              name=way)
    del prepare
    thread.start()
    assert reached.wait(20)


@holder("threads.thread_local.kept.mine", alone=True)
def thread_local(held):
    """An attribute of a threading.local, set in the main thread"""
    thread_local.kept = threading.local()
    thread_local.kept.mine = held


@holder("threads.thread_local_other.kept.mine", alone=True)
def thread_local_other(held):
    """An attribute of a threading.local, set in another thread"""
    thread_local_other.kept = threading.local()
    box = [held]
    del held

    def prepare():
        thread_local_other.kept.mine = box.pop()

    stay("threads.thread_local_other", prepare)


@holder("threads.thread_local_argument.kept.<args>[0]")
def thread_local_argument(held):
    """An argument of a subclass of threading.local, kept for other threads"""

    class Local(threading.local):
        def __init__(self, mine):
            pass

    thread_local_argument.kept = Local(held)


@holder("threads.thread_target.kept._target.__self__")
def thread_target(held):
    """The target of a thread that has not started"""
    type(held).work = lambda self: None
    thread_target.kept = threading.Thread(target=held.work)


@holder("threads.thread_argument.kept._args[1]")
def thread_argument(held):
    """An argument of a thread that has not started"""
    thread_argument.kept = threading.Thread(target=print, args=(1, held))


@holder("threads.thread_keyword.kept._kwargs['mine']")
def thread_keyword(held):
    """A keyword argument of a thread that has not started"""
    thread_keyword.kept = threading.Thread(target=print, kwargs={"mine": held})


@holder("threads.thread_attribute.kept.mine")
def thread_attribute(held):
    """An attribute of a thread that is over"""

    class Worker(threading.Thread):
        def run(self):
            self.mine = box.pop()

    box = [held]
    del held
    thread_attribute.kept = Worker()
    thread_attribute.kept.start()
    thread_attribute.kept.join()


@holder('thread "threads.thread_running_attribute": *run() self.mine', root="thread")
def thread_running_attribute(held):
    """An attribute of a thread that runs"""

    class Worker(threading.Thread):
        def __init__(self, mine):
            super().__init__(name="threads.thread_running_attribute", daemon=True)
            self.mine = mine

        def run(self):
            threading.Event().wait()

    Worker(held).start()


@holder('thread "threads.thread_running_argument": *run() self._args[0]', root="thread")
def thread_running_argument(held):
    """An argument of a thread whose target is running and has dropped it"""

    def work(mine):
        del mine
        threading.Event().wait()

    threading.Thread(target=work, args=(held,), daemon=True,
                     name="threads.thread_running_argument").start()


@holder("threads.timer_argument.kept.args[0]")
def timer_argument(held):
    """An argument of a threading.Timer"""
    timer_argument.kept = threading.Timer(1e6, print, (held,))


@holder("threads.queue_item.kept.queue[0]")
def queue_item(held):
    """An item of a queue.Queue"""
    import queue

    queue_item.kept = queue.Queue()
    queue_item.kept.put(held)


@holder("threads.simple_queue_item.kept[0]")
def simple_queue_item(held):
    """An item of a queue.SimpleQueue"""
    import queue

    simple_queue_item.kept = queue.SimpleQueue()
    simple_queue_item.kept.put(held)


@holder("threads.priority_queue_item.kept.queue[0][1]")
def priority_queue_item(held):
    """An item of a queue.PriorityQueue"""
    import queue

    priority_queue_item.kept = queue.PriorityQueue()
    priority_queue_item.kept.put((1, held))


@holder('thread "ThreadPoolExecutor-*": _worker() work_queue[0].*[0]',
        root="thread")
def pool_work(held):
    """An argument of work that waits in a ThreadPoolExecutor"""
    from concurrent.futures import ThreadPoolExecutor

    pool_work.kept = ThreadPoolExecutor(1)
    pool_work.stop = threading.Event()
    reached = threading.Event()

    def block():
        reached.set()
        pool_work.stop.wait()

    pool_work.kept.submit(block)
    reached.wait(20)
    pool_work.kept.submit(print, held)


@holder("threads.pool_initializer.kept._initargs[0]",
        versions={"3.14": "threads.pool_initializer.kept.*initargs*",
                  "3.15": "threads.pool_initializer.kept.*initargs*"})
def pool_initializer(held):
    """An argument of a ThreadPoolExecutor's initializer"""
    from concurrent.futures import ThreadPoolExecutor

    pool_initializer.kept = ThreadPoolExecutor(initializer=print, initargs=(held,))


@holder("threads.future_result.kept._result")
def future_result(held):
    """The result of a concurrent.futures.Future"""
    from concurrent.futures import Future

    future_result.kept = Future()
    future_result.kept.set_result(held)


@holder("threads.future_exception.kept._exception.args[0]")
def future_exception(held):
    """The exception of a concurrent.futures.Future"""
    from concurrent.futures import Future

    future_exception.kept = Future()
    future_exception.kept.set_exception(ValueError(held))


@holder("threads.future_callback.kept._done_callbacks[0].__self__")
def future_callback(held):
    """A callback of a concurrent.futures.Future"""
    from concurrent.futures import Future

    type(held).done = lambda self, future: None
    future_callback.kept = Future()
    future_callback.kept.add_done_callback(held.done)


@holder('thread "threads.condition_waiter": *wait_with() mine', root="thread")
def condition_waiter(held):
    """A local variable of a thread that waits for a Condition"""
    condition = threading.Condition()
    reached = threading.Event()

    def wait_with(mine):
        with condition:
            reached.set()
            condition.wait()

    def work(box):
        wait_with(box.pop())

    threading.Thread(target=work, args=([held],), daemon=True,
                     name="threads.condition_waiter").start()
    del held
    assert reached.wait(20)
    with condition:
        pass


@holder("threads.barrier_action.kept._action.__self__")
def barrier_action(held):
    """The action of a Barrier"""
    type(held).act = lambda self: None
    barrier_action.kept = threading.Barrier(2, action=held.act)


@holder("threads.excepthook_arguments.kept.exc_value.args[0]")
def excepthook_arguments(held):
    """What threading.excepthook was given"""

    def keep(arguments):
        excepthook_arguments.kept = arguments

    def fail(box):
        raise ValueError(box.pop()) from None

    before, threading.excepthook = threading.excepthook, keep
    thread = threading.Thread(target=fail, args=([held],))
    del held
    thread.start()
    thread.join()
    threading.excepthook = before
    excepthook_arguments.kept.exc_value.__traceback__ = None


@holder("threads.lock_subclass.kept.mine")
def lock_subclass(held):
    """An attribute of a subclass of RLock"""

    class Lock(type(threading.RLock())):
        pass

    lock_subclass.kept = Lock()
    lock_subclass.kept.mine = held


@holder(gone=True)
def local_of_gone_thread(held):
    """An attribute of a threading.local, set in a thread that is over"""
    local_of_gone_thread.kept = threading.local()

    def work(box):
        local_of_gone_thread.kept.mine = box.pop()

    thread = threading.Thread(target=work, args=([held],))
    del held
    thread.start()
    thread.join()


@holder(gone=True)
def argument_of_gone_thread(held):
    """An argument of a thread that is over"""
    argument_of_gone_thread.kept = threading.Thread(target=print, args=("", held),
                                                    kwargs={"end": "", "file": None})
    import io

    argument_of_gone_thread.kept._kwargs["file"] = io.StringIO()
    argument_of_gone_thread.kept.start()
    argument_of_gone_thread.kept.join()
