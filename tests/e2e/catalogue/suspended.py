# SPDX-License-Identifier: MIT
"""Functions that wait in the middle, and frames that outlive their call."""

from holders import holder

FROM_313 = ("3.13", "3.14", "3.15")
FROM_314 = ("3.14", "3.15")


class Pause:
    """An awaitable that stops whoever awaits it."""

    def __await__(self):
        yield


@holder("suspended.generator_local.kept.gi_frame.f_locals['mine']")
def generator_local(held):
    """A local variable of a suspended generator"""

    def generate(mine):
        yield

    generator_local.kept = generate(held)
    next(generator_local.kept)


@holder("suspended.generator_fresh.kept.gi_frame.f_locals['mine']")
def generator_fresh(held):
    """An argument of a generator that has not been started"""

    def generate(mine):
        yield mine

    generator_fresh.kept = generate(held)


@holder("suspended.generator_expression.kept.gi_frame.f_locals['.0']*[1]")
def generator_expression(held):
    """What a generator expression iterates over"""
    generator_expression.kept = (None for _ in [None, held])
    next(generator_expression.kept)


@holder("suspended.generator_cell.kept.gi_frame.f_locals['mine']")
def generator_cell(held):
    """A variable of a suspended generator that a nested function uses"""

    def generate(mine):
        def use():
            return mine

        yield len(use.__name__)

    generator_cell.kept = generate(held)
    next(generator_cell.kept)


@holder("suspended.generator_free.kept.gi_frame.f_locals['held']")
def generator_free(held):
    """A variable of the enclosing function that a suspended generator uses"""

    def generate():
        yield
        yield held

    kept = generate()
    next(kept)
    del generate
    generator_free.kept = kept


@holder("suspended.generator_stack.kept.gi_frame.<value in use>[0]")
def generator_stack(held):
    """A value that an expression of a suspended generator has half done"""

    def generate(box):
        print([box.pop()], (yield))

    box = [held]
    del held
    generator_stack.kept = generate(box)
    next(generator_stack.kept)


@holder("suspended.generator_loop.kept.gi_frame.<value in use>*[1]")
def generator_loop(held):
    """What a for loop of a suspended generator goes through"""

    def generate(box):
        for _ in [None, box.pop()]:
            yield

    box = [held]
    del held
    generator_loop.kept = generate(box)
    next(generator_loop.kept)


@holder("suspended.generator_handling.kept.gi_exc_state.exc_value.args[0]")
def generator_handling(held):
    """The exception that a suspended generator handles"""

    def generate(box):
        try:
            raise ValueError(box.pop())
        except ValueError:
            yield

    box = [held]
    del held
    generator_handling.kept = generate(box)
    next(generator_handling.kept)


@holder("suspended.generator_delegate.kept.gi_yieldfrom.gi_frame.f_locals['mine']",
        versions={"3.10": "suspended.generator_delegate.kept.gi_frame.<value in use>"
                          ".gi_frame.f_locals['mine']"})
def generator_delegate(held):
    """A local variable of a generator that another yields from"""

    def inner(mine):
        yield

    def outer(box):
        yield from inner(box.pop())

    box = [held]
    del held
    generator_delegate.kept = outer(box)
    next(generator_delegate.kept)


@holder("suspended.generator_frame.kept.f_locals['mine']",
        versions={v: "no: the frame's variables go with the generator"
                  for v in FROM_313})
def generator_frame(held):
    """The frame of a generator that has gone"""

    def generate(mine):
        yield

    generator = generate(held)
    next(generator)
    generator_frame.kept = generator.gi_frame


@holder("suspended.coroutine_local.kept.cr_frame.f_locals['mine']")
def coroutine_local(held):
    """A local variable of a coroutine"""

    async def wait(mine):
        await Pause()

    coroutine_local.kept = wait(held)
    coroutine_local.kept.send(None)


@holder("suspended.coroutine_inner.kept.cr_await.cr_frame.f_locals['mine']",
        versions={"3.10": "suspended.coroutine_inner.kept.cr_frame.<value in use>"
                          ".cr_frame.f_locals['mine']"})
def coroutine_inner(held):
    """A local variable of a coroutine that another awaits"""

    async def inner(mine):
        await Pause()

    async def outer(box):
        await inner(box.pop())

    box = [held]
    del held
    coroutine_inner.kept = outer(box)
    coroutine_inner.kept.send(None)


@holder("suspended.coroutine_wrapper.kept.cr_await.cw_coroutine.cr_frame"
        ".f_locals['mine']",
        versions={"3.10": "suspended.coroutine_wrapper.kept.cr_frame.<value in use>"
                          ".cw_coroutine.cr_frame.f_locals['mine']"})
def coroutine_wrapper(held):
    """A coroutine behind the iterator that its __await__ gave"""

    async def inner(mine):
        await Pause()

    class Promise:
        def __init__(self, coroutine):
            self.iterator = coroutine.__await__()

        def __await__(self):
            iterator, self.iterator = self.iterator, None
            return iterator

    async def outer(box):
        await Promise(inner(box.pop()))

    box = [held]
    del held
    coroutine_wrapper.kept = outer(box)
    coroutine_wrapper.kept.send(None)


@holder("suspended.async_generator_local.kept.ag_frame.f_locals['mine']")
def async_generator_local(held):
    """A local variable of an async generator"""

    async def generate(mine):
        yield

    kept = generate(held)
    try:
        kept.__anext__().send(None)
    except StopIteration:
        pass
    async_generator_local.kept = kept


@holder("suspended.async_generator_send.kept.ags_gen.ag_frame.f_locals['mine']")
def async_generator_send(held):
    """An async generator whose next value is being awaited"""

    async def generate(mine):
        await Pause()
        yield

    async_generator_send.kept = generate(held).__anext__()
    async_generator_send.kept.send(None)


@holder("suspended.async_generator_sent.kept.ags_sendval")
def async_generator_sent(held):
    """A value on its way into an async generator"""

    async def generate():
        yield

    async_generator_sent.kept = generate().asend(held)


@holder("suspended.async_generator_thrown.kept.agt_args[0].args[0]",
        versions={"3.15": "suspended.async_generator_thrown.kept.agt_typ.args[0]"})
def async_generator_thrown(held):
    """An exception on its way into an async generator"""

    async def generate():
        yield

    async_generator_thrown.kept = generate().athrow(ValueError(held))


@holder("suspended.async_for.kept.cr_frame.<value in use>.ag_frame.f_locals['mine']")
def async_for(held):
    """An async generator that a coroutine iterates over"""

    async def generate(mine):
        await Pause()
        yield

    async def consume(box):
        async for _ in generate(box.pop()):
            pass

    box = [held]
    del held
    async_for.kept = consume(box)
    async_for.kept.send(None)


@holder("suspended.context_manager.kept.gen.gi_frame.f_locals['mine']")
def context_manager(held):
    """A local variable of a function under @contextmanager"""
    from contextlib import contextmanager

    @contextmanager
    def manage(mine):
        yield

    kept = manage(held)
    kept.__enter__()
    context_manager.kept = kept


@holder("suspended.exit_stack_callback.kept._exit_callbacks[0][1].__closure__.args[0]")
def exit_stack_callback(held):
    """An argument of a callback in an ExitStack"""
    from contextlib import ExitStack

    exit_stack_callback.kept = ExitStack()
    exit_stack_callback.kept.callback(print, held)


@holder("suspended.exit_stack_entered.kept._exit_callbacks[0][1].__self__")
def exit_stack_entered(held):
    """A context manager that an ExitStack has entered"""
    from contextlib import ExitStack

    type(held).__enter__ = lambda self: None
    type(held).__exit__ = lambda self, *problem: None
    exit_stack_entered.kept = ExitStack()
    exit_stack_entered.kept.enter_context(held)


@holder("suspended.with_block.kept.gi_frame.<value in use>.__self__",
        versions={v: "suspended.with_block.kept.gi_frame.<value in use>"
                  for v in FROM_314})
def with_block(held):
    """The manager of a with block of a suspended generator"""

    def generate(box):
        with box.pop():
            yield

    type(held).__enter__ = lambda self: None
    type(held).__exit__ = lambda self, *problem: None
    box = [held]
    del held
    with_block.kept = generate(box)
    next(with_block.kept)


@holder("suspended.frame_kept.kept.f_locals['mine']")
def frame_kept(held):
    """A frame kept by sys._getframe"""
    import sys

    def call(mine):
        return sys._getframe()

    box = [held]
    del held
    frame_kept.kept = call(box.pop())


@holder("suspended.frame_back.kept.f_back.f_locals['mine']")
def frame_back(held):
    """The caller's frame, of a frame that is kept"""
    import sys

    def inner():
        return sys._getframe()

    def outer(mine):
        return inner()

    box = [held]
    del held
    frame_back.kept = outer(box.pop())


@holder("suspended.frame_snapshot.kept['mine']")
def frame_snapshot(held):
    """A copy of a frame's variables, as locals() makes it"""

    def call(mine):
        return locals()

    frame_snapshot.kept = call(held)


@holder("suspended.frame_namespace.kept.f_locals['mine']")
def frame_namespace(held):
    """The frame of code run by exec"""
    import sys

    space = {"mine": held, "sys": sys, "keep": frame_namespace}
    del held
    exec("keep.kept = sys._getframe()", {"__builtins__": {}}, space)


@holder("suspended.frame_trace.kept.f_trace.__self__")
def frame_trace(held):
    """A trace function set on one frame"""
    import sys

    def call():
        return sys._getframe()

    type(held).trace = lambda self, *event: None
    kept = call()
    kept.f_trace = held.trace
    del held
    frame_trace.kept = kept


@holder("suspended.nested_function.kept.__closure__.mine")
def nested_function(held):
    """A variable of an enclosing call that a nested function uses"""

    def enclose(mine):
        return lambda: mine

    nested_function.kept = enclose(held)


@holder("suspended.nested_twice.kept.__closure__.inner.__closure__.mine")
def nested_twice(held):
    """A closure of a closure"""

    def enclose(mine):
        def inner():
            return mine

        return lambda: inner()

    nested_twice.kept = enclose(held)


@holder("suspended.cell_alone.kept.cell_contents")
def cell_alone(held):
    """A cell without its function"""

    def enclose(mine):
        return (lambda: mine).__closure__[0]

    cell_alone.kept = enclose(held)
