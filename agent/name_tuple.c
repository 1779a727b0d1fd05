/* SPDX-License-Identifier: MIT
 *
 * Names of what tuples hold. Most are lists that do not change, and say [3]. Some are
 * records whose fields have names (namedtuple, os.stat_result), and some are parts of a
 * function: its closure's cells, and annotations that nobody has read yet, which are
 * names and values in turn.
 */
#include "name_edge.h"

#include <stdio.h>

#include "compat/compat.h"

static Py_ssize_t
index_of(PyObject *tuple, PyObject *to)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++) {
        if (PyTuple_GET_ITEM(tuple, i) == to) {
            return i;
        }
    }
    return -1;
}

static void
name_in_closure(PyFunctionObject *f, Py_ssize_t i, struct take_name *out)
{
    char function[96], variable[64];
    name_of_str(f->func_qualname, 80, function, sizeof(function));
    name_of_str(compat_code_free_name((PyCodeObject *)f->func_code, i), 60, variable,
                sizeof(variable));
    name_set(out, EDGE_CLOSURE, false);
    snprintf(out->expr, sizeof(out->expr), ".%s", variable);
    snprintf(out->words, sizeof(out->words), "%s.%s (closure)", function, variable);
}

static bool
name_annotation(PyObject *annotations, Py_ssize_t i, struct take_name *out)
{
    PyObject *name = i % 2 == 1 ? PyTuple_GET_ITEM(annotations, i - 1) : NULL;
    if (name == NULL || !PyUnicode_Check(name)) {
        return false;
    }
    char text[112];
    name_of_str(name, 100, text, sizeof(text));
    name_set(out, EDGE_KEY, false);
    snprintf(out->expr, sizeof(out->expr), "['%s']", text);
    snprintf(out->words, sizeof(out->words), "dict key=%s", text);
    return true;
}

static bool
name_in_function_part(const struct take *t, uint32_t before, PyObject *tuple,
                      Py_ssize_t i, struct take_name *out)
{
    if (before == ML_NO_NODE || take_kind_of(t, before)->shape != SHAPE_FUNCTION) {
        return false;
    }
    PyFunctionObject *f = (PyFunctionObject *)take_object(t, before);
    if (f->func_closure == tuple) {
        name_in_closure(f, i, out);
        return true;
    }
    return f->func_annotations == tuple && name_annotation(tuple, i, out);
}

/* The class's own `_fields` or one that it inherits: a namedtuple's. */
static PyObject *
field_names(PyTypeObject *type)
{
    for (; type != NULL && (type->tp_flags & Py_TPFLAGS_HEAPTYPE); type = type->tp_base) {
        PyObject *dict = compat_type_dict(type);
        PyObject *fields = dict != NULL ? take_dict_get(dict, "_fields") : NULL;
        if (fields != NULL) {
            return PyTuple_Check(fields) ? fields : NULL;
        }
    }
    return NULL;
}

static bool
name_in_record(PyObject *tuple, PyObject *to, Py_ssize_t i, struct take_name *out)
{
    if (PyTuple_CheckExact(tuple)) {
        return false;
    }
    PyObject *fields = field_names(Py_TYPE(tuple));
    PyObject *field = fields != NULL && i < PyTuple_GET_SIZE(fields)
                          ? PyTuple_GET_ITEM(fields, i)
                          : NULL;
    if (field == NULL || !PyUnicode_Check(field)) {
        return name_in_members(tuple, to, out);
    }
    char owner[96], attr[112];
    name_of_type(Py_TYPE(tuple), owner, sizeof(owner));
    name_of_str(field, 100, attr, sizeof(attr));
    name_attr(out, owner, attr, "instance attribute");
    return true;
}

bool
name_in_tuple(const struct take *t, uint32_t before, PyObject *tuple, PyObject *to,
              bool spread, struct take_name *out)
{
    Py_ssize_t i = index_of(tuple, to);
    if (i < 0) {
        return false;
    }
    if (!name_in_function_part(t, before, tuple, i, out) &&
        !name_in_record(tuple, to, i, out)) {
        name_index(out, "tuple", i, spread);
    }
    return true;
}
