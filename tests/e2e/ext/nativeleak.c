/* SPDX-License-Identifier: MIT
 *
 * An extension that holds objects in every way in which C code does it, and in two in
 * which it should not: it forgets a Py_DECREF once in a thousand calls, and releases a
 * reference that was not its own. What it takes away comes out of a list, so that no
 * frame of Python has the object any more.
 */
#include <Python.h>
#include <stdlib.h>
#include <unistd.h>

static PyObject *kept;
static PyObject *volatile kept_in_a_row[16];

static struct box {
    char name[600]; /* larger than Python's own blocks */
    PyObject *content;
} *volatile box;

/* The last item of a list, which is the caller's from now on. */
static PyObject *
take_last(PyObject *list)
{
    return PyObject_CallMethod(list, "pop", NULL);
}

static PyObject *
measure(PyObject *module, PyObject *object)
{
    static unsigned long calls;

    (void)module;
    Py_INCREF(object);
    if (++calls % 1000 != 0) {
        Py_DECREF(object);
    }
    return PyLong_FromUnsignedLong(calls);
}

static PyObject *
keep(PyObject *module, PyObject *list)
{
    (void)module;
    Py_XSETREF(kept, take_last(list));
    return kept == NULL ? NULL : PyBool_FromLong(1);
}

static PyObject *
keep_in_a_row(PyObject *module, PyObject *list)
{
    (void)module;
    for (int i = 0; i < 16 && PyList_GET_SIZE(list) > 0; i++) {
        kept_in_a_row[i] = take_last(list);
    }
    return PyBool_FromLong(1);
}

static PyObject *
put_in_a_box(PyObject *module, PyObject *list)
{
    (void)module;
    struct box *made = calloc(1, sizeof(*made));
    made->content = take_last(list);
    box = made;
    return PyBool_FromLong(1);
}

/* Waits in C, with an object that only its stack has, until the descriptor ends. */
static PyObject *
wait_with(PyObject *module, PyObject *args)
{
    PyObject *list;
    int fd;
    char byte;

    (void)module;
    if (!PyArg_ParseTuple(args, "Oi", &list, &fd)) {
        return NULL;
    }
    PyObject *volatile mine = take_last(list);
    Py_BEGIN_ALLOW_THREADS
    while (read(fd, &byte, 1) > 0) {
    }
    Py_END_ALLOW_THREADS
    PyObject *last = mine;
    Py_XDECREF(last);
    return PyBool_FromLong(1);
}

static PyObject *
release_one_too_many(PyObject *module, PyObject *object)
{
    (void)module;
    Py_DECREF(object);
    return PyBool_FromLong(1);
}

static PyObject *
take_references(PyObject *module, PyObject *args)
{
    PyObject *object;
    int count;

    (void)module;
    if (!PyArg_ParseTuple(args, "Oi", &object, &count)) {
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        Py_INCREF(object);
    }
    return PyBool_FromLong(1);
}

/* -- a type that holds and shows it to nobody ---------------------------------------- */

struct secret {
    PyObject_HEAD
    PyObject *content;
};

static int
secret_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *list;

    (void)kwargs;
    if (!PyArg_ParseTuple(args, "O", &list)) {
        return -1;
    }
    ((struct secret *)self)->content = take_last(list);
    return 0;
}

static void
secret_dealloc(PyObject *self)
{
    Py_XDECREF(((struct secret *)self)->content);
    PyObject_Free(self);
}

static PyTypeObject secret_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "nativeleak.Secret",
    .tp_basicsize = sizeof(struct secret),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
    .tp_init = secret_init,
    .tp_dealloc = secret_dealloc,
};

static PyMethodDef methods[] = {
    {"measure", measure, METH_O, "Forgets a reference once in a thousand calls."},
    {"keep", keep, METH_O, "Keeps a list's last item in a variable."},
    {"keep_in_a_row", keep_in_a_row, METH_O, "Keeps up to 16 of them in an array."},
    {"put_in_a_box", put_in_a_box, METH_O, "Keeps it in memory from malloc."},
    {"wait_with", wait_with, METH_VARARGS, "Keeps it on the stack until a pipe closes."},
    {"release_one_too_many", release_one_too_many, METH_O, NULL},
    {"take_references", take_references, METH_VARARGS, "Takes references of an object."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "nativeleak", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC
PyInit_nativeleak(void)
{
    PyObject *module;

    if (PyType_Ready(&secret_type) < 0) {
        return NULL;
    }
    module = PyModule_Create(&definition);
    if (module != NULL) {
        Py_INCREF(&secret_type);
        PyModule_AddObject(module, "Secret", (PyObject *)&secret_type);
    }
    return module;
}
