# SPDX-License-Identifier: MIT
"""Extension modules, ctypes, and objects that the collector does not know."""

from holders import holder


def as_atom(held):
    """Return an object of the same name that the collector does not know."""
    import opaque

    return opaque.atom("held." + type(held).__name__)


def instance(held, base, **names):
    """Return an instance of a ctypes type of the same name."""
    return type(type(held).__name__, (base,), {"__module__": "held", **names})()


# -- types of an extension module ----------------------------------------------------------


@holder("native.opaque_field.kept.<+24>", needs=("opaque",))
def opaque_field(held):
    """A field of an extension type that shows it to the collector"""
    import opaque

    opaque_field.kept = opaque.Open(held)


@holder("<Closed object at 0x*>", root="native", needs=("opaque",))
def closed(held):
    """A field that an extension type does not show to the collector"""
    import opaque

    closed.kept = opaque.Closed(held)


@holder("<Plain object at 0x*>", root="native", needs=("opaque",))
def plain(held):
    """A field of an extension type that the collector does not know"""
    import opaque

    plain.kept = opaque.Plain(held)


@holder("native.atom_in_tuples.kept[0][0]", needs=("opaque",))
def atom_in_tuples(held):
    """An item of tuples that the collector has stopped to track"""
    import gc

    atom_in_tuples.kept = ((as_atom(held), "text"), 1)
    del held
    while gc.is_tracked(atom_in_tuples.kept):
        gc.collect()


@holder("native.atom_in_dict.kept['k']", needs=("opaque",))
def atom_in_dict(held):
    """A value of a dict that the collector need not track"""
    import gc

    atom_in_dict.kept = {"k": as_atom(held)}
    gc.collect()


@holder("native.atom_in_slice.kept[1].stop", needs=("opaque",))
def atom_in_slice(held):
    """A bound of a slice in a tuple"""
    atom_in_slice.kept = (1, slice(as_atom(held)), 2)


# -- ctypes ---------------------------------------------------------------------------------


@holder("native.ctypes_object.kept._objects", needs=("_ctypes",))
def ctypes_object(held):
    """The object in a ctypes.py_object"""
    import ctypes

    ctypes_object.kept = ctypes.py_object(held)


@holder("native.ctypes_field.kept._objects['1']", needs=("_ctypes",))
def ctypes_field(held):
    """The object in a field of a ctypes.Structure"""
    import ctypes

    class Job(ctypes.Structure):
        _fields_ = [("id", ctypes.c_int), ("user", ctypes.py_object)]

    ctypes_field.kept = Job(1, held)


@holder("native.ctypes_array.kept._objects['2']", needs=("_ctypes",))
def ctypes_array(held):
    """The object in an array of ctypes.py_object"""
    import ctypes

    ctypes_array.kept = (ctypes.py_object * 3)()
    ctypes_array.kept[2] = held


@holder("native.ctypes_pointer.kept._objects['1']", needs=("_ctypes",))
def ctypes_pointer(held):
    """What a pointer of ctypes points to"""
    import ctypes

    ctypes_pointer.kept = ctypes.pointer(instance(held, ctypes.c_int))


@holder("native.ctypes_base.kept._b_base_", needs=("_ctypes",))
def ctypes_base(held):
    """The structure that a structure inside of it belongs to"""
    import ctypes

    class Inner(ctypes.Structure):
        _fields_ = [("x", ctypes.c_int)]

    ctypes_base.kept = instance(held, ctypes.Structure, _fields_=[("inner", Inner)]).inner


@holder("native.ctypes_callback.kept.callable",
        "native.ctypes_callback.kept.thunk.callable", needs=("_ctypes",))
def ctypes_callback(held):
    """The Python function behind a C callback of ctypes"""
    import ctypes

    type(held).__call__ = lambda self: None
    ctypes_callback.kept = ctypes.CFUNCTYPE(None)(held)


@holder("native.ctypes_in_struct.kept._objects*", needs=("_ctypes",))
def ctypes_in_struct(held):
    """The Python function behind a C callback in a structure"""
    import ctypes

    kind = ctypes.CFUNCTYPE(None)

    class Hooks(ctypes.Structure):
        _fields_ = [("done", kind)]

    type(held).__call__ = lambda self: None
    ctypes_in_struct.kept = Hooks(kind(held))


@holder("native.ctypes_buffer.kept.obj", needs=("_ctypes",))
def ctypes_buffer(held):
    """The ctypes buffer that a memoryview looks into"""
    import ctypes

    ctypes_buffer.kept = memoryview(instance(held, ctypes.c_char * 8))


@holder("native.ctypes_cast.kept._objects[1*", needs=("_ctypes",))
def ctypes_cast(held):
    """What a cast pointer of ctypes points into"""
    import ctypes

    made = instance(held, ctypes.c_int * 4)
    ctypes_cast.kept = ctypes.cast(made, ctypes.POINTER(ctypes.c_int))


@holder("native.numpy_item.kept[1]", needs=("numpy",))
def numpy_item(held):
    """An item of a numpy array of objects"""
    import numpy

    numpy_item.kept = numpy.array([None, held, None], dtype=object)


@holder("native.numpy_base.kept.base[0]", needs=("numpy",))
def numpy_base(held):
    """An item of the array that a numpy view looks into"""
    import numpy

    numpy_base.kept = numpy.array([held, None], dtype=object)[1:]
