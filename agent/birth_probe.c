/* SPDX-License-Identifier: MIT
 *
 * See birth_probe.h: one table of operations, each a few lines over birth.h.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "birth_probe.h"

#include <string.h>
#include <time.h>

#include "birth.h"
#include "compat/compat.h"
#include "python_error.h"
#include "clock.h"

const char ml_birth_probe_doc[] =
    "_birth(op, *args)\n"
    "--\n\n"
    "Births, for the tests; op is one of\n\n"
    "start() stop() running() ml_clock_seconds() left() settle() words() memory() fork()\n"
    "turn(owner) outside() merge(wanted, keep) stamp(object) stamps(list)\n"
    "epoch(number=the present one)";

static PyObject *
probe_start(PyObject *args)
{
    struct ml_error err = {0};
    if (ml_birth_start(&err) < 0) {
        return ml_python_raise(&err);
    }
    Py_RETURN_NONE;
}

static PyObject *
probe_stop(PyObject *args)
{
    ml_birth_stop();
    Py_RETURN_NONE;
}

static PyObject *
probe_fork(PyObject *args)
{
    ml_birth_after_fork_in_child();
    Py_RETURN_NONE;
}

static PyObject *
probe_settle(PyObject *args)
{
    ml_birth_settle();
    Py_RETURN_NONE;
}

static PyObject *
probe_running(PyObject *args)
{
    return PyBool_FromLong(ml_birth_running());
}

static PyObject *
probe_now(PyObject *args)
{
    return PyLong_FromLong(ml_birth_now());
}

static PyObject *
probe_left(PyObject *args)
{
    return PyLong_FromUnsignedLong(ml_birth_left());
}

static PyObject *
probe_words(PyObject *args)
{
    return PyUnicode_FromString(ml_birth_words());
}

static PyObject *
probe_memory(PyObject *args)
{
    return PyLong_FromUnsignedLongLong(ml_birth_memory());
}

static PyObject *
probe_turn(PyObject *args)
{
    unsigned owner;
    if (!PyArg_ParseTuple(args, "I", &owner)) {
        return NULL;
    }
    return PyLong_FromLong(ml_birth_turn(owner, ml_clock_seconds()));
}

static PyObject *
probe_outside(PyObject *args)
{
    ml_birth_turn_outside(ml_clock_seconds());
    Py_RETURN_NONE;
}

static PyObject *
probe_merge(PyObject *args)
{
    unsigned wanted, keep, left;
    if (!PyArg_ParseTuple(args, "II", &wanted, &keep)) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    left = ml_birth_merge(wanted, keep);
    Py_END_ALLOW_THREADS
    return PyLong_FromUnsignedLong(left);
}

static int
stamp_of(PyObject *op)
{
    return ml_birth_stamp((uintptr_t)op - compat_preheader_size(op));
}

static PyObject *
probe_stamp(PyObject *args)
{
    PyObject *op;
    return PyArg_ParseTuple(args, "O", &op) ? PyLong_FromLong(stamp_of(op)) : NULL;
}

/* Of each element, as bytes: asking makes one object only. */
static PyObject *
probe_stamps(PyObject *args)
{
    PyObject *list, *result;
    if (!PyArg_ParseTuple(args, "O!", &PyList_Type, &list)) {
        return NULL;
    }
    result = PyBytes_FromStringAndSize(NULL, PyList_GET_SIZE(list));
    for (Py_ssize_t i = 0; result != NULL && i < PyList_GET_SIZE(list); i++) {
        PyBytes_AS_STRING(result)[i] = (char)stamp_of(PyList_GET_ITEM(list, i));
    }
    return result;
}

static PyObject *
probe_epoch(PyObject *args)
{
    unsigned char number = ml_birth_now();
    if (!PyArg_ParseTuple(args, "|b", &number)) {
        return NULL;
    }
    const struct ml_epoch *e = ml_birth_epoch(number);
    return Py_BuildValue("(ddKKI)", e->opened, e->closed, (unsigned long long)e->first,
                         (unsigned long long)e->last, (unsigned)e->owner);
}

static const struct {
    const char *name;
    PyObject *(*call)(PyObject *args);
} operations[] = {
    {"start", probe_start},     {"stop", probe_stop},       {"fork", probe_fork},
    {"settle", probe_settle},   {"running", probe_running}, {"now", probe_now},
    {"left", probe_left},       {"words", probe_words},     {"memory", probe_memory},
    {"turn", probe_turn},       {"outside", probe_outside}, {"merge", probe_merge},
    {"stamp", probe_stamp},     {"stamps", probe_stamps},   {"epoch", probe_epoch},
};

PyObject *
ml_birth_probe(PyObject *self, PyObject *args)
{
    PyObject *result = NULL;
    const char *name = PyTuple_GET_SIZE(args) > 0
                           ? PyUnicode_AsUTF8(PyTuple_GET_ITEM(args, 0)) : "";
    if (name == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(operations); i++) {
        if (strcmp(operations[i].name, name) == 0) {
            PyObject *rest = PyTuple_GetSlice(args, 1, PyTuple_GET_SIZE(args));
            result = rest != NULL ? operations[i].call(rest) : NULL;
            Py_XDECREF(rest);
            return result;
        }
    }
    return PyErr_Format(PyExc_ValueError, "_birth: no such operation: %s", name);
}
