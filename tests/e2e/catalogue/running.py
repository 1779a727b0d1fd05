# SPDX-License-Identifier: MIT
"""Functions that run while memalotctl looks: threads that stop in the middle."""

import threading

from holders import holder


def stop(reached):
    """Say that we are here, and stay."""
    reached.set()
    threading.Event().wait()


def run(way, box, target):
    """Let a thread called like the way run `target(box, here)` up to `here()`."""
    reached = threading.Event()
    threading.Thread(target=target, args=(box, lambda: stop(reached)), daemon=True,
                     name=way).start()
    assert reached.wait(20)


@holder('thread "running.local": *work() mine', root="thread")
def local(held):
    """A local variable of another thread's function"""

    def work(box, here):
        mine = box.pop()
        here()
        return mine

    run("running.local", [held], work)


@holder('thread "running.argument": *call() mine', root="thread")
def argument(held):
    """An argument of a function further out"""

    def call(mine, here):
        here()

    def work(box, here):
        call(box.pop(), here)

    run("running.argument", [held], work)


@holder('thread "running.star_arguments": *call() rest[1]', root="thread")
def star_arguments(held):
    """One of the *arguments of a running function"""

    def call(here, *rest):
        here()

    def work(box, here):
        call(here, 1, box.pop())

    run("running.star_arguments", [held], work)


@holder("thread \"running.keyword_arguments\": *call() rest['mine']", root="thread")
def keyword_arguments(held):
    """One of the **arguments of a running function"""

    def call(here, **rest):
        here()

    def work(box, here):
        call(here, mine=box.pop())

    run("running.keyword_arguments", [held], work)


@holder('thread "running.lambda_argument": *<lambda>() mine', root="thread")
def lambda_argument(held):
    """An argument of a running lambda"""

    def work(box, here):
        (lambda mine: here())(box.pop())

    run("running.lambda_argument", [held], work)


@holder('thread "running.value_in_use": *work() <value in use>', root="thread")
def value_in_use(held):
    """A value that a running expression has half done"""

    def work(box, here):
        print(box.pop(), here())

    run("running.value_in_use", [held], work)


@holder('thread "running.loop": *work() <value in use>*[1]', root="thread")
def loop(held):
    """What a running for loop goes through"""

    def work(box, here):
        for _ in [None, box.pop()]:
            here()

    run("running.loop", [held], work)


@holder('thread "running.with_block": *work() <value in use>.__self__', root="thread",
        versions={v: 'thread "running.with_block": *work() <value in use>'
                  for v in ("3.14", "3.15")})
def with_block(held):
    """The manager of a running with block"""

    def work(box, here):
        with box.pop():
            here()

    type(held).__enter__ = lambda self: None
    type(held).__exit__ = lambda self, *problem: None
    run("running.with_block", [held], work)


@holder('thread "running.variable_of_enclosing": *inner() mine', root="thread")
def variable_of_enclosing(held):
    """A variable of an enclosing function that runs no more"""

    def enclose(mine, here):
        def inner():
            here()
            return mine

        return inner

    def work(box, here):
        enclose(box.pop(), here)()

    run("running.variable_of_enclosing", [held], work)


@holder('thread "running.variable_shared": *work() mine', root="thread")
def variable_shared(held):
    """A variable that a nested function uses, of a running function"""

    def work(box, here):
        def inner():
            return mine

        mine = box.pop()
        here()
        inner()

    run("running.variable_shared", [held], work)


@holder("thread \"running.class_body\": *Body() locals()['mine']", root="thread")
def class_body(held):
    """A name in a class body that is being executed"""

    def work(box, here):
        class Body:
            mine = box.pop()
            here()

    run("running.class_body", [held], work)


@holder("thread \"running.executed\": <module>() locals()['mine']", root="thread")
def executed(held):
    """A name in a namespace of code run by exec"""

    def work(box, here):
        exec("mine = box.pop()\nhere()", {"box": box, "here": here, "__builtins__": {}})

    run("running.executed", [held], work)


@holder('thread "running.comprehension": * one', root="thread")
def comprehension(held):
    """The variable of a running comprehension"""

    def work(box, here):
        [here() for one in iter(box.pop, None)]

    run("running.comprehension", [held], work)


@holder('thread "running.handled_unnamed": exception being handled.args[0]', root="thread")
def handled_unnamed(held):
    """The exception that a thread handles"""

    def work(box, here):
        try:
            raise ValueError(box.pop())
        except ValueError:
            here()

    run("running.handled_unnamed", [held], work)


@holder('thread "running.handled_named": *work() problem.args[0]', root="thread")
def handled_named(held):
    """The exception that a thread handles under a name"""

    def work(box, here):
        try:
            raise ValueError(box.pop())
        except ValueError as problem:
            here()
            print(problem)

    run("running.handled_named", [held], work)


@holder('thread "running.handled_outer": *work() <value in use>.args[0]', root="thread",
        versions={"3.10": 'thread "running.handled_outer": exception being handled'
                          ".__context__.args[0]"})
def handled_outer(held):
    """An exception whose handler raised another that is being handled"""

    def work(box, here):
        try:
            raise ValueError(box.pop())
        except ValueError:
            try:
                raise KeyError
            except KeyError:
                here()

    run("running.handled_outer", [held], work)


@holder('thread "running.handled_below": *call() <value in use>.args[0]', root="thread")
def handled_below(held):
    """An exception being handled below a call that handles another"""

    def call(here):
        try:
            raise KeyError from None
        except KeyError as problem:
            problem.__context__ = None
            here()

    def work(box, here):
        try:
            raise ValueError(box.pop())
        except ValueError:
            call(here)

    run("running.handled_below", [held], work)


@holder('thread "running.generator": *generate() mine',
        'thread "running.generator": *work() <value in use>.gi_frame'
        ".f_locals['mine']", root="thread",
        versions={"3.10": 'thread "running.generator": generate() mine'})
def generator(held):
    """A local variable of a generator that runs"""

    def generate(mine, here):
        here()
        yield mine

    def work(box, here):
        next(generate(box.pop(), here))

    run("running.generator", [held], work)


@holder('thread "running.coroutine": *wait() mine',
        'thread "running.coroutine": *work() <value in use>.cr_frame'
        ".f_locals['mine']", root="thread",
        versions={"3.10": 'thread "running.coroutine": wait() mine'})
def coroutine(held):
    """A local variable of a coroutine that runs"""

    async def wait(mine, here):
        here()
        return mine

    def work(box, here):
        wait(box.pop(), here).send(None)

    run("running.coroutine", [held], work)


@holder('thread "running.method": *wait() self', root="thread")
def method(held):
    """The object whose method runs"""

    def wait(self, here):
        here()

    type(held).wait = wait

    def work(box, here):
        box.pop().wait(here)

    run("running.method", [held], work)


@holder('thread "running.sort_key": *key() mine', root="thread")
def sort_key(held):
    """A value that list.sort asks a key function about"""

    def work(box, here):
        def key(mine):
            here()

        [box.pop()].sort(key=key)

    run("running.sort_key", [held], work)


@holder('*hold_and_serve() mine', root="thread", alone=True)
def main_local(held):
    """A local variable of the main thread's function"""
    from commands import serve

    def hold_and_serve(mine):
        serve()

    box = [held]
    del held
    hold_and_serve(box.pop())


@holder('*hold_and_serve() <value in use>', root="thread", alone=True)
def main_value_in_use(held):
    """A value in the middle of an expression of the main thread"""
    from commands import serve

    def hold_and_serve(box):
        print(box.pop(), serve())

    box = [held]
    del held
    hold_and_serve(box)


@holder("*Body() locals()['mine']", root="thread", alone=True)
def main_class_body(held):
    """A name in a class body of the main thread"""
    from commands import serve

    box = [held]
    del held

    class Body:
        mine = box.pop()
        serve()
