# SPDX-License-Identifier: MIT
"""Classes, instances, and what derives from built-in types."""

from holders import holder


def derived(base, *args):
    """Return an instance of a class of its own derived from a built-in type."""
    return type("Own" + base.__name__.title(), (base,), {})(*args)


def class_of(held, **names):
    """Return a class whose metaclass has the name of the object."""
    meta = type(type(held).__name__, (type,), {"__module__": "held"})
    return meta("Made", (), names)


# -- attributes of instances -----------------------------------------------------------------


@holder("classes.instance_attribute.kept.user")
def instance_attribute(held):
    """An attribute of an instance"""
    instance_attribute.kept = derived(object)
    instance_attribute.kept.user = held


@holder("classes.instance_vars.kept.user")
def instance_vars(held):
    """An attribute of an instance whose __dict__ was asked for"""
    instance_vars.kept = derived(object)
    vars(instance_vars.kept)["user"] = held


@holder("classes.instance_dict.kept['user']")
def instance_dict(held):
    """An instance's __dict__ that has outlived it"""
    gone = derived(object)
    gone.user = held
    instance_dict.kept = vars(gone)


@holder("classes.instance_wide.kept.user")
def instance_wide(held):
    """An attribute of an instance with a hundred of them"""
    instance_wide.kept = derived(object)
    for i in range(100):
        setattr(instance_wide.kept, f"a{i}", i)
    instance_wide.kept.user = held


@holder("classes.instance_odd_name.kept.__dict__['two words']")
def instance_odd_name(held):
    """An attribute whose name is no identifier"""
    instance_odd_name.kept = derived(object)
    setattr(instance_odd_name.kept, "two words", held)


@holder("classes.attribute_name.kept.__dict__.keys()[*]")
def attribute_name(held):
    """The name of an attribute, of a class derived from str"""
    text = type(type(held).__name__, (str,), {"__module__": "held"})
    attribute_name.kept = derived(object)
    vars(attribute_name.kept)[text("name")] = 1


@holder("classes.slot.kept.user")
def slot(held):
    """A slot of an instance"""
    slot.kept = type("Slotted", (), {"__slots__": ("id", "user")})()
    slot.kept.user = held


@holder("classes.slot_of_base.kept.user")
def slot_of_base(held):
    """A slot of a base class"""
    base = type("Slotted", (), {"__slots__": ("id", "user")})
    slot_of_base.kept = type("More", (base,), {"__slots__": ("more",)})()
    slot_of_base.kept.user = held


@holder("classes.slot_beside_dict.kept.user.more")
def slot_beside_dict(held):
    """An attribute of an instance in a slot, of a class that has both"""
    made = type("Both", (), {"__slots__": ("user", "__dict__")})
    slot_beside_dict.kept = made()
    slot_beside_dict.kept.user = made()
    slot_beside_dict.kept.user.more = held


@holder("classes.private_name.kept._Vault__secret")
def private_name(held):
    """A private attribute"""

    class Vault:
        def __init__(self, secret):
            self.__secret = secret

    private_name.kept = Vault(held)


# -- derived from built-in types --------------------------------------------------------------


@holder("classes.of_list.kept.user")
def of_list(held):
    """An attribute of an instance of a class derived from list"""
    of_list.kept = derived(list, [1, 2])
    of_list.kept.user = held


@holder("classes.of_dict.kept.user")
def of_dict(held):
    """An attribute of an instance of a class derived from dict"""
    of_dict.kept = derived(dict, {"user": 1})
    of_dict.kept.user = held


@holder("classes.of_set.kept.user")
def of_set(held):
    """An attribute of an instance of a class derived from set"""
    of_set.kept = derived(set, [1])
    of_set.kept.user = held


@holder("classes.of_tuple.kept.user")
def of_tuple(held):
    """An attribute of an instance of a class derived from tuple"""
    of_tuple.kept = derived(tuple, (1, 2))
    of_tuple.kept.user = held


@holder("classes.of_int.kept.user")
def of_int(held):
    """An attribute of an instance of a class derived from int"""
    of_int.kept = derived(int, 2 ** 70)
    of_int.kept.user = held


@holder("classes.of_str.kept.user")
def of_str(held):
    """An attribute of an instance of a class derived from str"""
    of_str.kept = derived(str, "text")
    of_str.kept.user = held


@holder("classes.of_bytes.kept.user")
def of_bytes(held):
    """An attribute of an instance of a class derived from bytes"""
    of_bytes.kept = derived(bytes, b"text")
    of_bytes.kept.user = held


@holder("classes.of_float.kept.user")
def of_float(held):
    """An attribute of an instance of a class derived from float"""
    of_float.kept = derived(float, 1.5)
    of_float.kept.user = held


@holder("classes.of_exception.kept.user")
def of_exception(held):
    """An attribute of an exception"""
    of_exception.kept = derived(Exception, "text")
    of_exception.kept.user = held


@holder("classes.of_deque.kept.user")
def of_deque(held):
    """An attribute of an instance of a class derived from deque"""
    from collections import deque

    of_deque.kept = derived(deque, [1])
    of_deque.kept.user = held


@holder("classes.of_module.kept.user")
def of_module(held):
    """An attribute of an instance of a class derived from module"""
    from types import ModuleType

    of_module.kept = derived(ModuleType, "plugin")
    of_module.kept.user = held


# -- records -----------------------------------------------------------------------------------


@holder("classes.data_class.kept.user")
def data_class(held):
    """A field of a dataclass"""
    from dataclasses import make_dataclass

    data_class.kept = make_dataclass("Job", ["id", "user"])(1, held)


@holder("classes.data_class_slots.kept.user")
def data_class_slots(held):
    """A field of a dataclass with slots"""
    from dataclasses import make_dataclass

    data_class_slots.kept = make_dataclass("Job", ["id", "user"], slots=True)(1, held)


@holder("classes.named_tuple.kept.user")
def named_tuple(held):
    """A field of a namedtuple"""
    from collections import namedtuple

    named_tuple.kept = namedtuple("Job", "id user")(1, held)


@holder("classes.typed_tuple.kept.user")
def typed_tuple(held):
    """A field of a typing.NamedTuple"""
    import typing

    class Job(typing.NamedTuple):
        id: int
        user: object

    typed_tuple.kept = Job(1, held)


@holder("classes.struct_sequence.kept.lines")
def struct_sequence(held):
    """A field of a struct sequence, as os.stat gives them"""
    import os

    struct_sequence.kept = os.terminal_size((80, held))


ENUM_VALUE = ("classes.enum_value.kept._value_",
              "classes.enum_value.kept.__objclass__._unhashable_values_[0]",
              "classes.enum_value.kept.__objclass__._unhashable_values_map_['RED'][0]")


@holder(*ENUM_VALUE,
        versions={"3.10": ENUM_VALUE[0], "3.11": ENUM_VALUE[:2], "3.12": ENUM_VALUE[:2]})
def enum_value(held):
    """The value of an enum's member"""
    import enum

    type(held).__hash__ = None
    enum_value.kept = enum.Enum("Colour", {"RED": held}).RED


@holder("classes.slice_bound.kept.stop")
def slice_bound(held):
    """A bound of a slice"""
    slice_bound.kept = slice(1, held)


# -- classes -----------------------------------------------------------------------------------


@holder("classes.class_attribute.kept.REGISTRY")
def class_attribute(held):
    """An attribute of a class"""
    class_attribute.kept = type("Plugin", (), {"REGISTRY": held})


@holder("classes.class_of_instance.kept.__class__.REGISTRY")
def class_of_instance(held):
    """An attribute of the class of an instance"""
    class_of_instance.kept = type("Plugin", (), {"REGISTRY": held})()


@holder("classes.base_attribute.kept.__base__.REGISTRY")
def base_attribute(held):
    """An attribute of a class's base"""
    base = type("Base", (), {"REGISTRY": held})
    base_attribute.kept = type("Plugin", (base,), {})


@holder("classes.second_base.kept.__mro__[2].REGISTRY")
def second_base(held):
    """An attribute of a class's second base"""
    base = type("Base", (), {"REGISTRY": held})
    second_base.kept = type("Plugin", (type("First", (), {}), base), {})


@holder("classes.method_order.kept.__mro__[1].REGISTRY")
def method_order(held):
    """An attribute of a class that a metaclass has put into the mro"""
    extra = type("Extra", (), {"REGISTRY": held})

    class Meta(type):
        def mro(cls):
            return [cls, *extras, object]

    extras = [extra]
    method_order.kept = Meta("Plugin", (), {})
    extras.clear()


@holder("classes.metaclass_attribute.kept.__class__.REGISTRY")
def metaclass_attribute(held):
    """An attribute of a metaclass"""
    meta = type("Meta", (type,), {"REGISTRY": held})
    metaclass_attribute.kept = meta("Plugin", (), {})


@holder("classes.property_getter.kept.price.fget.__closure__.held")
def property_getter(held):
    """What a property's function refers to"""
    property_getter.kept = type("Item", (), {"price": property(lambda self: held)})


@holder("classes.property_setter.kept.price.fset")
def property_setter(held):
    """The setter of a property"""
    property_setter.kept = type("Item", (), {"price": property(None, held)})


@holder("classes.static_method.kept.work.__func__")
def static_method(held):
    """The callable of a static method"""
    static_method.kept = type("Item", (), {"work": staticmethod(held)})


@holder("classes.class_method.kept.work.__func__")
def class_method(held):
    """The callable of a class method"""
    class_method.kept = type("Item", (), {"work": classmethod(held)})


@holder("classes.descriptor.kept.field.cache[1]")
def descriptor(held):
    """What a descriptor in a class keeps"""

    class Field:
        def __init__(self):
            self.cache = {}

        def __get__(self, instance, owner):
            return self

    descriptor.kept = type("Item", (), {"field": Field()})
    descriptor.kept.field.cache[1] = held


@holder("classes.super_object.kept.__self__")
def super_object(held):
    """The object of a super()"""
    super_object.kept = super(type(held), held)


@holder(gone=True)
def subclass(held):
    """A class does not hold its subclasses"""
    import gc

    subclass.kept = type("Base", (), {})
    meta = type(type(held).__name__, (type,), {"__module__": "held"})
    made = meta("Derived", (subclass.kept,), {})
    del made
    gc.collect()


@holder(gone=True)
def abstract_registry(held):
    """An abstract base class does not hold what is registered with it"""
    import abc
    import gc

    abstract_registry.kept = abc.ABCMeta("Base", (), {})
    abstract_registry.kept.register(class_of(held))
    assert not issubclass(int, abstract_registry.kept)
    gc.collect()


# -- typing ------------------------------------------------------------------------------------


@holder("classes.generic_alias.kept.__args__[0]")
def generic_alias(held):
    """A parameter of list[...]"""
    generic_alias.kept = list[held]


@holder("classes.union.kept.__args__[1].__args__[0]")
def union(held):
    """A part of a union of types"""
    union.kept = int | list[held]


@holder("classes.type_variable.kept.__bound__.__args__[0]")
def type_variable(held):
    """The bound of a TypeVar"""
    import typing

    type_variable.kept = typing.TypeVar("T", bound=list[held])


@holder("classes.type_default.kept.__default__.__args__[0]",
        versions=dict.fromkeys(("3.10", "3.11", "3.12"), "no: defaults are new in 3.13"))
def type_default(held):
    """The default of a TypeVar"""
    import typing

    type_default.kept = typing.TypeVar("T", default=list[held])


@holder("classes.type_alias.kept.__value__.__args__[0]",
        versions={"3.10": "no: type aliases are new in 3.12",
                  "3.11": "no: type aliases are new in 3.12"})
def type_alias(held):
    """The value of a type alias"""
    import typing

    type_alias.kept = typing.TypeAliasType("Alias", list[held])


IN_CACHES = ("typing._caches[<function Literal at *].cache.keys()[0][1]",
             "typing._caches[<function Literal at *].cache[0].__args__[0]")
IN_CLEANUPS = ("typing._cleanups?*?.__self__.cache.keys()[0][1]",
               "typing._cleanups?*?.__self__.cache[0].__args__[0]")


@holder(*IN_CACHES, alone=True, versions={"3.10": IN_CLEANUPS, "3.11": IN_CLEANUPS})
def literal(held):
    """A value of typing.Literal, which its cache keeps"""
    import typing

    typing.Literal[held]
