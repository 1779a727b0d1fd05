/* SPDX-License-Identifier: MIT
 *
 * Extension types that hold one object each, as strangers do it:
 *
 *   Open     shows it to the collector, and declares no field
 *   Closed   is a type for the collector and does not show it
 *   Plain    is no type for the collector at all
 *
 * and atom(NAME), an object of a type of that name that the collector does not know.
 */
#include <Python.h>

typedef struct {
    PyObject_HEAD
    double before;
    PyObject *value;
} Holder;

static int
show(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(((Holder *)self)->value);
    return 0;
}

static int
show_nothing(PyObject *self, visitproc visit, void *arg)
{
    (void)self, (void)visit, (void)arg;
    return 0;
}

static int
clear(PyObject *self)
{
    Py_CLEAR(((Holder *)self)->value);
    return 0;
}

static int
init(PyObject *self, PyObject *args, PyObject *keywords)
{
    PyObject *value;

    (void)keywords;
    if (!PyArg_ParseTuple(args, "O", &value)) {
        return -1;
    }
    Py_INCREF(value);
    Py_XSETREF(((Holder *)self)->value, value);
    return 0;
}

static void
forget(PyObject *self)
{
    if (PyType_IS_GC(Py_TYPE(self))) {
        PyObject_GC_UnTrack(self);
    }
    clear(self);
    Py_TYPE(self)->tp_free(self);
}

#define TYPE(variable, name, flags, traverse, clearing)                                    \
    static PyTypeObject variable = {                                                       \
        PyVarObject_HEAD_INIT(NULL, 0).tp_name = name,                                     \
        .tp_basicsize = sizeof(Holder),                                                    \
        .tp_flags = Py_TPFLAGS_DEFAULT | (flags),                                          \
        .tp_traverse = traverse,                                                           \
        .tp_clear = clearing,                                                              \
        .tp_init = init,                                                                   \
        .tp_new = PyType_GenericNew,                                                       \
        .tp_dealloc = forget,                                                              \
    }

TYPE(open_type, "opaque.Open", Py_TPFLAGS_HAVE_GC, show, clear);
TYPE(closed_type, "opaque.Closed", Py_TPFLAGS_HAVE_GC, show_nothing, clear);
TYPE(plain_type, "opaque.Plain", 0, NULL, NULL);

static PyObject *
atom(PyObject *module, PyObject *name)
{
    static PyType_Slot slots[] = {{0, NULL}};
    PyType_Spec spec = {PyUnicode_AsUTF8(name), sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT,
                        slots};
    PyObject *type = spec.name != NULL ? PyType_FromSpec(&spec) : NULL;

    (void)module;
    if (type == NULL) {
        return NULL;
    }
    PyObject *made = PyObject_CallNoArgs(type);
    Py_DECREF(type);
    return made;
}

static PyMethodDef methods[] = {{"atom", atom, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "opaque",
                                        .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC
PyInit_opaque(void)
{
    PyObject *module = PyModule_Create(&definition);

    if (module == NULL || PyModule_AddType(module, &open_type) < 0 ||
        PyModule_AddType(module, &closed_type) < 0 ||
        PyModule_AddType(module, &plain_type) < 0) {
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
