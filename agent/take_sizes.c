/* SPDX-License-Identifier: MIT
 *
 * Shallow sizes: what sys.getsizeof says, and inline attribute values on top, which it
 * leaves out. Which formula holds for a type is decided once, by the `__sizeof__` that
 * its method resolution order finds; one written in Python is never run.
 */
#include "take.h"

#include <string.h>

#include "compat/compat.h"

#define MAX_SIZE (1LL << 47)

/* The `__sizeof__` descriptor in C that instances of `type` use; NULL for object's
 * and for one written in Python. */
static PyMethodDescrObject *
find_sizeof(PyTypeObject *type)
{
    PyObject *mro = type->tp_mro;
    Py_ssize_t n = mro != NULL && PyTuple_Check(mro) ? PyTuple_GET_SIZE(mro) : 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        PyObject *dict = compat_type_dict(base);
        PyObject *found = dict != NULL ? take_dict_get(dict, "__sizeof__") : NULL;
        if (found != NULL) {
            bool in_c = Py_IS_TYPE(found, &PyMethodDescr_Type) &&
                        base != &PyBaseObject_Type;
            return in_c ? (PyMethodDescrObject *)found : NULL;
        }
    }
    return NULL;
}

uint8_t
take_sizing(PyTypeObject *type, PyCFunction *size_of)
{
    static const struct {
        PyTypeObject *type;
        uint8_t sizing;
    } known[] = {{&PyDict_Type, SIZING_DICT},     {&PyList_Type, SIZING_LIST},
                 {&PySet_Type, SIZING_SET},       {&PyFrozenSet_Type, SIZING_SET},
                 {&PyUnicode_Type, SIZING_STR},   {&PyLong_Type, SIZING_INT},
                 {&PyByteArray_Type, SIZING_BYTEARRAY}};
    PyMethodDescrObject *descr = find_sizeof(type);
    if (descr == NULL) {
        return SIZING_OBJECT;
    }
    PyTypeObject *owner = descr->d_common.d_type;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (owner == known[i].type) {
            return known[i].sizing;
        }
    }
    if (!(descr->d_method->ml_flags & METH_NOARGS)) {
        return SIZING_OBJECT;
    }
    *size_of = descr->d_method->ml_meth;
    return SIZING_METHOD;
}

static size_t
object_size(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    size_t size = (size_t)type->tp_basicsize;
    if (type->tp_itemsize > 0) {
        Py_ssize_t items = Py_SIZE(op) < 0 ? -Py_SIZE(op) : Py_SIZE(op);
        size += (size_t)items * (size_t)type->tp_itemsize;
    }
    return size;
}

/* Whatever it answers, an object is not larger than the address space. */
static size_t
size_by_method(const struct take_kind *kind, PyObject *op)
{
    PyObject *result = kind->size_of(op, NULL);
    long long size = result != NULL && PyLong_Check(result) ? PyLong_AsLongLong(result) : -1;
    PyErr_Clear();
    Py_XDECREF(result);
    return size >= 0 && size < MAX_SIZE ? (size_t)size : object_size(op);
}

static size_t
set_size(PyObject *op)
{
    PySetObject *set = (PySetObject *)op;
    size_t table = set->table != set->smalltable
                       ? ((size_t)set->mask + 1) * sizeof(setentry)
                       : 0;
    return (size_t)Py_TYPE(op)->tp_basicsize + table;
}

uint64_t
take_size(const struct take_kind *kind, PyObject *op)
{
    size_t size = 0;
    switch ((enum take_sizing)kind->sizing) {
    case SIZING_OBJECT:
        size = object_size(op);
        break;
    case SIZING_DICT:
        size = compat_dict_size(op);
        break;
    case SIZING_LIST:
        size = (size_t)Py_TYPE(op)->tp_basicsize +
               (size_t)((PyListObject *)op)->allocated * sizeof(PyObject *);
        break;
    case SIZING_SET:
        size = set_size(op);
        break;
    case SIZING_STR:
        size = compat_str_size(op);
        break;
    case SIZING_INT:
        size = compat_long_size(op);
        break;
    case SIZING_BYTEARRAY:
        size = compat_bytearray_size(op);
        break;
    case SIZING_METHOD:
        size = size_by_method(kind, op);
        break;
    }
    size += compat_preheader_size(op);
    return kind->shape == SHAPE_INSTANCE ? size + compat_instance_values_size(op) : size;
}
