# SPDX-License-Identifier: MIT
"""Functions, methods, what functools makes of them, and their code."""

from holders import holder


def callable_of(held):
    """Make an object callable and return it."""
    type(held).__call__ = lambda self, *args, **keywords: None
    return held


# -- the fields of a function -------------------------------------------------------------


@holder("functions.closure.kept.__closure__.conn")
def closure(conn):
    """A variable in a function's closure"""
    closure.kept = lambda: conn


@holder("functions.closure_inner.kept.__closure__.inner.__closure__.conn")
def closure_inner(conn):
    """A variable in the closure of a function in a closure"""

    def inner():
        return conn

    closure_inner.kept = lambda: inner


@holder("functions.default.kept.__defaults__[1]")
def default(held):
    """The default of an argument"""
    default.kept = lambda a=1, b=held: None


@holder("functions.keyword_default.kept.__kwdefaults__['key']")
def keyword_default(held):
    """The default of a keyword argument"""
    keyword_default.kept = lambda *, key=held: None


@holder("functions.attribute.kept")
def attribute(held):
    """An attribute of a function"""
    attribute.kept = held


@holder("functions.annotation.kept.__annotations__['x']",
        versions=dict.fromkeys(("3.14", "3.15"),
                               "functions.annotation.kept.__annotate__.__closure__.held"))
def annotation(held):
    """An annotation that nobody has read yet"""

    def function(x: held):
        pass

    annotation.kept = function


@holder("functions.annotation_read.kept.__annotations__['return']")
def annotation_read(held):
    """The dict of a function's annotations"""

    def function():
        pass

    function.__annotations__ = {"return": held}
    annotation_read.kept = function


@holder("functions.constant.kept.__code__.co_consts[0]")
def constant(held):
    """A constant of a function's code"""
    code = (lambda: None).__code__
    function = (lambda: None)
    function.__code__ = code.replace(co_consts=(held,))
    constant.kept = function


@holder("functions.constant_inner.kept.__code__.co_consts[0].co_consts[0][1]")
def constant_inner(held):
    """A part of a constant of a nested function's code"""
    code = (lambda: None).__code__
    inner = code.replace(co_consts=((1, held),))
    function = (lambda: None)
    function.__code__ = code.replace(co_consts=(inner,))
    constant_inner.kept = function


@holder("functions.lost_module.kept.__globals__['CACHE']")
def lost_module(held):
    """A variable of a module that is no longer in sys.modules"""
    from types import ModuleType

    module = ModuleType("plugin")
    module.CACHE = held
    exec("def work(): return CACHE", vars(module))
    lost_module.kept = module.work


@holder("functions.module_object.kept.CACHE")
def module_object(held):
    """A variable of a module object that was never in sys.modules"""
    from types import ModuleType

    module_object.kept = ModuleType("plugin")
    module_object.kept.CACHE = held


@holder("functions.exec_namespace.kept['made']")
def exec_namespace(held):
    """A variable that exec has made"""
    namespace = {"given": [held]}
    exec("made = given.pop()", namespace)
    exec_namespace.kept = namespace


@holder("functions.class_cell.kept.__closure__.__class__.tag")
def class_cell(held):
    """An attribute of the class that a method with super() refers to"""

    class Base:
        def method(self):
            return super().method

    Base.tag = held
    class_cell.kept = Base.method


# -- methods -------------------------------------------------------------------------------


@holder("functions.bound_method.kept.__self__")
def bound_method(held):
    """The object of a bound method"""
    type(held).work = lambda self: None
    bound_method.kept = held.work


@holder("functions.method_function.kept.__func__")
def method_function(held):
    """The callable of a bound method"""
    from types import MethodType

    method_function.kept = MethodType(callable_of(held), 1)


@holder("functions.builtin_method.kept.__self__[0]")
def builtin_method(held):
    """The object of a built-in method"""
    builtin_method.kept = [held].append


@holder("functions.method_wrapper.kept.__self__")
def method_wrapper(held):
    """The object of a special method in C"""
    method_wrapper.kept = held.__str__


# -- functools -----------------------------------------------------------------------------


@holder("functions.partial_function.kept.func")
def partial_function(held):
    """The function of functools.partial"""
    from functools import partial

    partial_function.kept = partial(callable_of(held))


@holder("functions.partial_argument.kept.args[1]")
def partial_argument(held):
    """An argument of functools.partial"""
    from functools import partial

    partial_argument.kept = partial(print, 1, held)


@holder("functions.partial_keyword.kept.keywords['key']")
def partial_keyword(held):
    """A keyword argument of functools.partial"""
    from functools import partial

    partial_keyword.kept = partial(print, key=held)


@holder("functions.partial_attribute.kept.tag")
def partial_attribute(held):
    """An attribute of functools.partial"""
    from functools import partial

    partial_attribute.kept = partial(print)
    partial_attribute.kept.tag = held


@holder("functions.partial_bound.kept.func.__self__")
def partial_bound(held):
    """The object of a method in functools.partial"""
    from functools import partial

    type(held).work = lambda self: None
    partial_bound.kept = partial(held.work)


@holder("functions.partial_method.kept.work.args[0]")
def partial_method(held):
    """An argument of functools.partialmethod"""
    from functools import partialmethod

    partial_method.kept = type("Job", (), {"work": partialmethod(print, held)})


@holder("functions.lru_result.kept.cache[1]")
def lru_result(held):
    """A result that functools.lru_cache keeps"""
    from functools import lru_cache

    lru_result.kept = lru_cache(maxsize=8)([1, held].__getitem__)
    lru_result.kept(0)
    lru_result.kept(1)
    lru_result.kept.__wrapped__.__self__.clear()


@holder("functions.lru_argument.kept.cache.keys()[0][0]")
def lru_argument(held):
    """An argument that functools.lru_cache keeps as a key"""
    from functools import lru_cache

    lru_argument.kept = lru_cache(maxsize=8)(id)
    lru_argument.kept(held)


@holder("functions.lru_self.kept.work.cache.keys()[0][0]")
def lru_self(held):
    """The object of a method with functools.lru_cache"""
    from functools import lru_cache

    class Job:
        @lru_cache(maxsize=8)
        def work(self, number):
            return number

    Job.work(held, 1)
    lru_self.kept = Job


@holder("functions.cache_result.kept.cache[1]")
def cache_result(held):
    """A result that functools.cache keeps"""
    from functools import cache

    cache_result.kept = cache([1, held].__getitem__)
    cache_result.kept(1)
    cache_result.kept.__wrapped__.__self__.clear()


@holder("functions.cache_argument.kept.cache.keys()[*][0]")
def cache_argument(held):
    """An argument that functools.cache keeps as a key"""
    from functools import cache

    cache_argument.kept = cache(id)
    cache_argument.kept(held)


@holder("functions.lru_function.kept.func", "functions.lru_function.kept.__wrapped__")
def lru_function(held):
    """The function behind functools.lru_cache"""
    from functools import lru_cache

    lru_function.kept = lru_cache(callable_of(held))


@holder("functions.cached_value.kept.value")
def cached_value(held):
    """What functools.cached_property has put into its object"""
    from functools import cached_property

    class Job:
        value = cached_property(lambda self: self.made.pop())

    cached_value.kept = Job()
    cached_value.kept.made = [held]
    assert cached_value.kept.value is held


@holder("functions.dispatched.kept.registry[<class 'int'>]")
def dispatched(held):
    """A function registered with functools.singledispatch"""
    from functools import singledispatch

    dispatched.kept = singledispatch(lambda value: None)
    dispatched.kept.register(int, callable_of(held))


@holder("functions.wrapped.kept.__wrapped__")
def wrapped(held):
    """What functools.wraps has wrapped"""
    from functools import wraps

    wrapped.kept = wraps(callable_of(held))(lambda: None)


@holder("functions.decorated.kept.__wrapped__.__defaults__[0]")
def decorated(held):
    """The default of a function behind a decorator"""
    from functools import wraps

    def decorator(function):
        @wraps(function)
        def call():
            return function()

        return call

    decorated.kept = decorator(lambda value=held: value)
