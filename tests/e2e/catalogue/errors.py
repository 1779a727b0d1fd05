# SPDX-License-Identifier: MIT
"""Exceptions and what they bring along."""

from holders import holder

BEFORE_311 = {"3.10": "no: it came with 3.11"}


def fail(mine):
    raise ValueError


def caught(call, *box):
    """Return the exception of a call, without the frames of our own."""
    try:
        call(*box)
    except Exception as problem:
        problem.__traceback__ = problem.__traceback__.tb_next
        return problem


@holder("errors.traceback_local.kept.__traceback__.tb_frame.f_locals['mine']")
def traceback_local(held):
    """A local variable of a function that failed"""
    box = [held]
    del held
    traceback_local.kept = caught(lambda: fail(box.pop()))
    traceback_local.kept.__traceback__ = traceback_local.kept.__traceback__.tb_next


@holder("errors.traceback_next.kept.__traceback__.tb_next.tb_frame.f_locals['mine']")
def traceback_next(held):
    """A local variable of a function further in that failed"""
    box = [held]
    del held
    traceback_next.kept = caught(lambda: fail(box.pop()))


@holder("errors.traceback_alone.kept.tb_frame.f_locals['mine']")
def traceback_alone(held):
    """A traceback without its exception"""
    box = [held]
    del held
    traceback_alone.kept = caught(lambda: fail(box.pop())).__traceback__.tb_next


@holder("errors.traceback_caller.kept.__traceback__.tb_frame.f_back.f_back"
        ".f_locals['mine']")
def traceback_caller(held):
    """A local variable of the caller of a function that failed"""

    def outer(mine):
        traceback_caller.kept = caught(fail, None)

    box = [held]
    del held
    outer(box.pop())


@holder("errors.argument.kept.args[1]")
def argument(held):
    """An argument of an exception"""
    argument.kept = ValueError(1, held)


@holder("errors.attribute_set.kept.mine")
def attribute_set(held):
    """An attribute of an exception"""
    attribute_set.kept = ValueError()
    attribute_set.kept.mine = held


@holder("errors.context.kept.__context__.args[0]")
def context(held):
    """The exception during whose handling another was raised"""

    def work(box):
        try:
            raise ValueError(box.pop())
        except ValueError:
            raise KeyError

    box = [held]
    del held
    context.kept = caught(work, box)
    context.kept.__traceback__ = context.kept.__context__.__traceback__ = None


@holder("errors.cause.kept.__cause__.args[0]")
def cause(held):
    """The cause of an exception"""

    def work(problem):
        raise KeyError from problem

    cause.kept = caught(work, ValueError(held))
    cause.kept.__traceback__ = None


@holder("errors.note.kept.__notes__[0]", versions=BEFORE_311)
def note(held):
    """A note of an exception"""
    note.kept = ValueError()
    note.kept.__notes__ = [held]


@holder("errors.group_member.kept.exceptions[1].args[0]", versions=BEFORE_311)
def group_member(held):
    """An exception of an ExceptionGroup"""
    group_member.kept = ExceptionGroup("both", [KeyError(), ValueError(held)])


@holder("errors.stop_iteration.kept.value", "errors.stop_iteration.kept.args[0]")
def stop_iteration(held):
    """The value of a StopIteration"""
    stop_iteration.kept = StopIteration(held)


@holder("errors.system_exit.kept.code", "errors.system_exit.kept.args[0]")
def system_exit(held):
    """The code of a SystemExit"""
    system_exit.kept = SystemExit(held)


@holder("errors.import_error.kept.path")
def import_error(held):
    """The path of an ImportError"""
    import_error.kept = ImportError("", path=held)


@holder("errors.os_error.kept.filename")
def os_error(held):
    """The file name of an OSError"""
    os_error.kept = OSError(2, "", held)


@holder("errors.attribute_error.kept.obj")
def attribute_error(held):
    """The object of an AttributeError"""
    attribute_error.kept = AttributeError("", name="x", obj=held)


@holder("errors.key_error.kept.args[0]")
def key_error(held):
    """The key of a KeyError"""

    def work(box):
        return {}[box.pop()]

    box = [held]
    del held
    key_error.kept = caught(work, box)
    key_error.kept.__traceback__ = None


@holder("sys.last_*.args[0]", alone=True)
def last_value(held):
    """The last exception that nobody caught, in an interactive Python"""
    import code

    interpreter = code.InteractiveInterpreter({"box": [held]})
    del held
    import sys

    sys.stderr = open("/dev/null", "w")
    interpreter.runcode(compile("raise ValueError(box.pop())", "x", "exec"))
    sys.stderr = sys.__stderr__


@holder("sys.last_traceback.tb_frame.f_locals['mine']", alone=True)
def last_traceback(held):
    """The traceback of the last exception that nobody caught"""
    import sys

    box = [held]
    del held
    sys.last_traceback = caught(lambda: fail(box.pop())).__traceback__.tb_next


@holder("errors.log_record.kept.exc_info[1].args[0]")
def log_record(held):
    """The exception of a log record that is kept"""
    import logging

    log_record.kept = logging.LogRecord("", 10, "", 1, "", (),
                                        (ValueError, ValueError(held), None))


@holder("errors.log_argument.kept.args[0]")
def log_argument(held):
    """An argument of a log record that is kept"""
    import logging

    log_argument.kept = logging.LogRecord("", 10, "", 1, "%s", (held,), None)


@holder("errors.log_memory.kept.buffer[0].args[0]")
def log_memory(held):
    """A record in a MemoryHandler"""
    import logging.handlers

    log_memory.kept = logging.handlers.MemoryHandler(100)
    record = logging.LogRecord("", 10, "", 1, "%s", (held,), None)
    log_memory.kept.emit(record)


@holder("errors.unraisable.kept.exc_value.args[0]", alone=True)
def unraisable(held):
    """What sys.unraisablehook was given"""
    import sys

    class Fails:
        def __del__(self):
            raise ValueError(box.pop())

    def keep(arguments):
        unraisable.kept = arguments

    box = [held]
    del held
    sys.unraisablehook = keep
    Fails()
    unraisable.kept.exc_value.__traceback__ = None


@holder("errors.traceback_exception.kept.mine")
def traceback_exception(held):
    """An attribute of a traceback.TracebackException"""
    import traceback

    traceback_exception.kept = traceback.TracebackException(ValueError, ValueError(),
                                                            None)
    traceback_exception.kept.mine = held


@holder(gone=True)
def traceback_summary(held):
    """A traceback.TracebackException holds no frames and no exception"""
    import traceback

    box = [held]
    del held
    problem = caught(lambda: fail(box.pop()))
    traceback_summary.kept = traceback.TracebackException.from_exception(problem)


@holder(gone=True)
def handled(held):
    """An exception that has been handled"""
    box = [held]
    del held
    caught(lambda: fail(box.pop()))


@holder("errors.warning_record.kept[0].message.args[0]")
def warning_record(held):
    """A warning caught by catch_warnings(record=True)"""
    import warnings

    with warnings.catch_warnings(record=True) as warning_record.kept:
        warnings.simplefilter("always")
        warnings.warn_explicit(UserWarning(held), None, "file", 1)


@holder("errors.warning_source.kept[0].source")
def warning_source(held):
    """The source of a ResourceWarning that was caught"""
    import warnings

    with warnings.catch_warnings(record=True) as warning_source.kept:
        warnings.simplefilter("always")
        warnings.warn_explicit("text", UserWarning, "file", 1, source=held)


@holder("errors.warning_registry.kept.keys()[*][0].mine")
def warning_registry(held):
    """A text of a warning in __warningregistry__"""
    import warnings

    class Text(str):
        pass

    text = Text("watch out")
    text.mine = held
    warning_registry.kept = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("default")
        warnings.showwarning = lambda *what, **more: None
        warnings.warn_explicit(text, UserWarning, "file", 1,
                               registry=warning_registry.kept)


@holder("errors.test_result.kept.errors[0][0].mine")
def test_result(held):
    """An attribute of a unittest.TestCase that failed"""
    import unittest

    class Test(unittest.TestCase):
        def test(self):
            self.mine = box.pop()
            raise ValueError

    box = [held]
    del held
    test_result.kept = unittest.TestResult()
    Test("test").run(test_result.kept)
