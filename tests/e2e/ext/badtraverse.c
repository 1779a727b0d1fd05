/* SPDX-License-Identifier: MIT
 *
 * An extension type as they should not be: its tp_traverse follows a wild pointer or
 * never comes back. So that the program itself and its collector live on, it does so
 * only in a process other than the one that armed it, which is what a sweep walks.
 */
#include <Python.h>
#include <string.h>
#include <unistd.h>

static enum { FINE, CRASH, HANG } mode;
static pid_t home;

static int
wild_traverse(PyObject *self, visitproc visit, void *arg)
{
    if (mode == CRASH && getpid() != home) {
        return **(volatile int **)(uintptr_t)0x10;
    }
    while (mode == HANG && getpid() != home) {
        continue;
    }
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
wild_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static PyType_Slot wild_slots[] = {
    {Py_tp_traverse, wild_traverse},
    {Py_tp_dealloc, wild_dealloc},
    {0, NULL},
};

static PyType_Spec wild_spec = {
    .name = "badtraverse.Wild",
    .basicsize = sizeof(PyObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = wild_slots,
};

static PyObject *
arm(PyObject *module, PyObject *word)
{
    const char *text = PyUnicode_AsUTF8(word);

    if (text == NULL) {
        return NULL;
    }
    home = getpid();
    mode = strcmp(text, "crash") == 0 ? CRASH : strcmp(text, "hang") == 0 ? HANG : FINE;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"arm", arm, METH_O, "Choose crash, hang or fine."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "badtraverse", NULL, -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_badtraverse(void)
{
    PyObject *module = PyModule_Create(&definition);
    PyObject *type = PyType_FromSpec(&wild_spec);

    if (module == NULL || type == NULL ||
        PyModule_AddObject(module, "Wild", type) < 0) {
        Py_XDECREF(type);
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
