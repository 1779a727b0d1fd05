# SPDX-License-Identifier: MIT
"""What the interpreter and the standard library were asked to call later.

Most of these are one of a kind in a process: they stay registered, each way with an
object of its own, or have a process to themselves.
"""

import sys

from holders import holder


@holder("interpreter: atexit*[0]", root="interpreter", alone=True)
def atexit_argument(held):
    """An argument of an atexit function"""
    import atexit

    atexit.register(len, held)


@holder("interpreter: atexit*['mine']", root="interpreter", alone=True)
def atexit_keyword(held):
    """A keyword argument of an atexit function"""
    import atexit

    atexit.register(dict, mine=held)


@holder("interpreter: atexit*.__self__", root="interpreter", alone=True)
def atexit_method(held):
    """The object of a method registered with atexit"""
    import atexit

    type(held).bye = lambda self: None
    atexit.register(held.bye)


@holder("interpreter: signal handler*.__self__", root="interpreter", alone=True)
def signal_handler(held):
    """A signal handler"""
    import signal

    type(held).handle = lambda self, number, frame: None
    signal.signal(signal.SIGUSR1, held.handle)


@holder('thread "MainThread": trace function.__self__', root="thread", alone=True)
def trace_function(held):
    """The function of sys.settrace"""
    type(held).trace = lambda self, *event: None
    sys.settrace(held.trace)


@holder('thread "MainThread": profile function.__self__', root="thread", alone=True)
def profile_function(held):
    """The function of sys.setprofile"""
    type(held).profile = lambda self, *event: None
    sys.setprofile(held.profile)


@holder("threading._profile_hook.__self__", alone=True)
def threading_profile(held):
    """The function of threading.setprofile"""
    import threading

    type(held).profile = lambda self, *event: None
    threading.setprofile(held.profile)


@holder("threading._trace_hook.__self__", alone=True)
def threading_trace(held):
    """The function of threading.settrace"""
    import threading

    type(held).trace = lambda self, *event: None
    threading.settrace(held.trace)


@holder("interpreter: monitoring callback*.__self__", root="interpreter", alone=True,
        versions={v: "no: sys.monitoring came with 3.12" for v in ("3.10", "3.11")})
def monitoring_callback(held):
    """A callback of sys.monitoring"""
    type(held).call = lambda self, *event: None
    sys.monitoring.use_tool_id(3, "catalogue")
    sys.monitoring.register_callback(3, sys.monitoring.events.RAISE, held.call)


@holder("gc.callbacks[0].__self__", alone=True)
def gc_callback(held):
    """A function in gc.callbacks"""
    import gc

    type(held).call = lambda self, phase, info: None
    gc.callbacks.append(held.call)


@holder("gc.garbage*", alone=True,
        versions={"3.10": ("gc.garbage*", "gc.garbage*['me']")})
def gc_garbage(held):
    """An object in gc.garbage"""
    import gc

    gc.set_debug(gc.DEBUG_SAVEALL)
    mine = type(held)()  # held is in use until we return
    mine.me = mine
    del mine
    gc.collect()
    gc.set_debug(0)


@holder("sys.excepthook.__self__", alone=True)
def excepthook(held):
    """sys.excepthook"""
    type(held).call = lambda self, *what: None
    sys.excepthook = held.call


@holder("sys.displayhook.__self__", alone=True)
def displayhook(held):
    """sys.displayhook"""
    type(held).call = lambda self, what: None
    sys.displayhook = held.call


@holder("builtins._", alone=True)
def displayed(held):
    """The last value that an interactive Python showed"""
    import io

    before, sys.stdout = sys.stdout, io.StringIO()
    sys.__displayhook__(held)
    sys.stdout = before


@holder("sys.stderr", alone=True)
def standard_error(held):
    """An object in place of sys.stderr"""
    before = sys.stderr
    type(held).write = lambda self, text: before.write(text)
    sys.stderr = held


@holder("interpreter: codecs search path*.__self__", root="interpreter", alone=True)
def codec_search(held):
    """A search function of codecs.register"""
    import codecs

    type(held).search = lambda self, name: None
    codecs.register(held.search)


@holder("interpreter: codecs error handlers['mine'].__self__", root="interpreter")
def codec_errors(held):
    """An error handler of codecs.register_error"""
    import codecs

    type(held).handle = lambda self, problem: ("", problem.end)
    codecs.register_error("mine", held.handle)


@holder("interpreter: codecs cache['catalogue'][0].__self__",
        "interpreter: codecs cache['catalogue'][1].__self__", root="interpreter",
        alone=True)
def codec_cache(held):
    """A codec that was looked up once"""
    import codecs

    type(held).encode = lambda self, text, errors="": (b"", 0)
    box = [codecs.CodecInfo(held.encode, held.encode, name="catalogue")]
    del held

    def search(name):
        return box.pop() if name == "catalogue" else None

    codecs.register(search)
    codecs.lookup("catalogue")


@holder("interpreter: fork hooks*.__self__", root="interpreter", alone=True)
def fork_hook(held):
    """A function of os.register_at_fork"""
    import os

    type(held).call = lambda self: None
    os.register_at_fork(before=held.call)


@holder("interpreter: audit hooks[0].__self__", root="interpreter", alone=True)
def audit_hook(held):
    """A function of sys.addaudithook"""
    type(held).call = lambda self, event, arguments: None
    sys.addaudithook(held.call)


@holder("sys.meta_path*", alone=True)
def meta_path(held):
    """A finder in sys.meta_path"""
    type(held).find_spec = lambda self, *what: None
    sys.meta_path.append(held)


@holder("sys.path_hooks*.__self__", alone=True)
def path_hook(held):
    """A function in sys.path_hooks"""

    def hook(self, path):
        raise ImportError

    type(held).hook = hook
    sys.path_hooks.append(held.hook)


@holder("sys.path_importer_cache['nowhere']", alone=True)
def path_importer(held):
    """A finder that the import system remembers"""
    sys.path_importer_cache["nowhere"] = held


@holder("module_that_is_none.mine", alone=True)
def module_variable(held):
    """A variable of a module made at run time"""
    import types

    module = types.ModuleType("module_that_is_none")
    module.mine = held
    sys.modules["module_that_is_none"] = module


@holder("sys.modules['object_as_module']", alone=True)
def object_as_module(held):
    """An object in sys.modules that is no module"""
    sys.modules["object_as_module"] = held


@holder("warnings.showwarning.__self__", alone=True)
def showwarning(held):
    """warnings.showwarning"""
    import warnings

    type(held).show = lambda self, *what: None
    warnings.showwarning = held.show


@holder("warnings.filters[0][2].mine", alone=True)
def warning_filter(held):
    """What hangs on a filter of the warnings module"""
    import warnings

    class Mine(UserWarning):
        mine = held

    del held
    warnings.filterwarnings("ignore", category=Mine)


@holder("logging.*manager.loggerDict['hooks'].handlers[0].mine")
def logging_handler(held):
    """An attribute of a logging handler"""
    import logging

    handler = logging.NullHandler()
    handler.mine = held
    logging.getLogger("hooks").addHandler(handler)


@holder("logging.*manager.loggerDict['hooks.filter'].filters[0]")
def logging_filter(held):
    """A filter of a logger"""
    import logging

    type(held).filter = lambda self, record: True
    logging.getLogger("hooks.filter").addFilter(held)


@holder("logging._logRecordFactory.__self__", alone=True)
def logging_factory(held):
    """The factory of log records"""
    import logging

    type(held).make = lambda self, *what, **more: logging.LogRecord(*what, **more)
    logging.setLogRecordFactory(held.make)


@holder("*.dispatch_table[<class *>].__self__")
def copyreg_reducer(held):
    """A function of copyreg.pickle"""
    import copyreg

    class Odd:
        pass

    type(held).reduce = lambda self, odd: (Odd, ())
    copyreg.pickle(Odd, held.reduce)


@holder("hooks.weakref_callback.kept.__callback__.__self__")
def weakref_callback(held):
    """The callback of a weak reference"""
    import weakref

    class Odd:
        pass

    type(held).gone = lambda self, reference: None
    weakref_callback.other = Odd()
    weakref_callback.kept = weakref.ref(weakref_callback.other, held.gone)


@holder("weakref.finalize._registry[<weakref.finalize object at *>].args[0]")
def finalize_argument(held):
    """An argument of weakref.finalize"""
    import weakref

    class Odd:
        pass

    finalize_argument.other = Odd()
    weakref.finalize(finalize_argument.other, print, held).atexit = False


@holder("weakref.finalize._registry[<weakref.finalize object at *>].kwargs['mine']")
def finalize_keyword(held):
    """A keyword argument of weakref.finalize"""
    import weakref

    class Odd:
        pass

    finalize_keyword.other = Odd()
    weakref.finalize(finalize_keyword.other, print, mine=held).atexit = False


@holder('thread "MainThread": async generator hook.__self__', root="thread", alone=True)
def asyncgen_hook(held):
    """A hook of sys.set_asyncgen_hooks"""
    type(held).hook = lambda self, generator: None
    sys.set_asyncgen_hooks(finalizer=held.hook)


@holder("builtins.mine", alone=True)
def builtin(held):
    """A name added to builtins"""
    import builtins

    builtins.mine = held


@holder("os.environ.encodekey.__self__", alone=True)
def environment(held):
    """What os.environ converts names with"""
    import os

    before = os.environ.encodekey
    type(held).encode = lambda self, text: before(text)
    os.environ.encodekey = held.encode


@holder("sys.ps1", alone=True)
def prompt(held):
    """The prompt of an interactive Python"""
    sys.ps1 = held


@holder("linecache.cache['mine'][0].__self__", alone=True)
def line_cache(held):
    """Where linecache will get lines from"""
    import linecache

    type(held).get_source = lambda self: ""
    linecache.cache["mine"] = (held.get_source,)


@holder("mimetypes._db.mine", alone=True)
def module_instance(held):
    """An attribute of an object that a module of the standard library keeps"""
    import mimetypes

    mimetypes.init()
    mimetypes._db.mine = held


@holder("hooks.single_dispatch.kept.registry*[<class *>].__self__")
def single_dispatch(held):
    """A function registered with functools.singledispatch"""
    import functools

    class Odd:
        pass

    type(held).call = lambda self, value: None
    single_dispatch.kept = functools.singledispatch(print)
    single_dispatch.kept.register(Odd, held.call)
