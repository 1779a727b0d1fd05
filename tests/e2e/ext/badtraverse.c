/* SPDX-License-Identifier: MIT
 *
 * An extension type as they should not be: its tp_traverse follows a wild pointer, shows
 * one, never comes back and more; its __sizeof__ crashes or says nonsense. So that the
 * program itself and its collector live on, it does so only in a process other than the
 * one that armed it, which is what a sweep walks.
 */
#include <Python.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum {
    FINE, CRASH, HANG, SLEEP, ABORT, OVERFLOW, ENDLESS, SHOW_WILD, SHOW_UNALIGNED,
    SHOW_STALE, SIZE_CRASH, SIZE_NONSENSE,
} mode;
static const char *const modes[] = {
    "fine", "crash", "hang", "sleep", "abort", "overflow", "endless", "show_wild",
    "show_unaligned", "show_stale", "size_crash", "size_nonsense",
};
static pid_t home;

static int
deeper(volatile char *above)
{
    volatile char room[4096];

    room[0] = above[0];
    return deeper(room) + room[0];
}

static int
misbehave(visitproc visit, void *arg)
{
    static uintptr_t stale[64] = {1, 0x1234567890, 3};

    switch (mode) {
    case CRASH:
        return **(volatile int **)(uintptr_t)0x10;
    case HANG:
        for (volatile int forever = 1; forever;) {
        }
        return 0;
    case SLEEP:
        for (;;) {
            pause();
        }
    case ABORT:
        abort();
    case OVERFLOW: {
        volatile char bottom[1] = {0};
        return deeper(bottom);
    }
    case ENDLESS:
        for (;;) {
            visit(Py_None, arg);
        }
    case SHOW_WILD:
        return visit((PyObject *)(uintptr_t)0x7000dead0000, arg);
    case SHOW_UNALIGNED:
        return visit((PyObject *)((uintptr_t)Py_None + 1), arg);
    case SHOW_STALE:
        return visit((PyObject *)stale, arg);
    default:
        return 0;
    }
}

static int
wild_traverse(PyObject *self, visitproc visit, void *arg)
{
    if (getpid() != home) {
        misbehave(visit, arg);
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

static PyObject *
wild_sizeof(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    if (mode == SIZE_CRASH && getpid() != home) {
        return **(PyObject *volatile **)(uintptr_t)0x10;
    }
    return PyLong_FromSsize_t(mode == SIZE_NONSENSE ? -7 : Py_TYPE(self)->tp_basicsize);
}

static PyMethodDef wild_methods[] = {
    {"__sizeof__", wild_sizeof, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot wild_slots[] = {
    {Py_tp_methods, wild_methods},
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
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(text, modes[i]) == 0) {
            mode = i;
            Py_RETURN_NONE;
        }
    }
    PyErr_SetString(PyExc_ValueError, "no such mode");
    return NULL;
}

static PyMethodDef methods[] = {
    {"arm", arm, METH_O, "Choose what goes wrong, or fine."},
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
