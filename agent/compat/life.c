/* SPDX-License-Identifier: MIT
 *
 * See life.h. The lists of hooks are fields of the interpreter's state, which move from
 * one patch release of 3.14 to the next. What is taken out is written to, so places.c is
 * not enough: a field is believed only when the kernel could read what it points to and
 * our own object is found there, and when it is not at the place compiled in the
 * neighbourhood is searched.
 */
#include "compat_core.h"

#include <stddef.h>
#include <string.h>

#include "life.h"
#include "places.h"

#define NEIGHBOURHOOD 1024 /* bytes to either side of the expected place */

const char *
compat_life_refusal(void)
{
    return strstr(Py_GetVersion(), "free-threading") != NULL
               ? "memalot needs a build of CPython with a GIL (3.10 to 3.15); this one is "
                 "free-threaded"
               : NULL;
}

bool
compat_life_finalizing(void)
{
#if PY_VERSION_HEX >= 0x030D0000
    return Py_IsFinalizing();
#else
    return _Py_IsFinalizing();
#endif
}

int
compat_life_gil_take(int *state, struct ml_error *err)
{
    if (compat_life_finalizing()) {
        return ml_error_set(err, ML_ESTATE, "the interpreter is shutting down");
    }
    *state = (int)PyGILState_Ensure();
    return ML_OK;
}

void
compat_life_gil_give(int state)
{
    PyGILState_Release((PyGILState_STATE)state);
}

bool
compat_life_main_interpreter(void)
{
    return PyInterpreterState_Get() == PyInterpreterState_Main();
}

bool
compat_life_fork_counts_threads(void)
{
    return PY_VERSION_HEX >= 0x030C0000;
}

/* -- reading what may not be there ------------------------------------------------- */

static PyObject *
peek_list(PyInterpreterState *interp, size_t offset)
{
    PyObject *op = *(PyObject **)((char *)interp + offset);
    PyListObject list;
    if (op == NULL || (uintptr_t)op % sizeof(void *) != 0
        || !compat_peek(op, &list, sizeof(list)) || Py_TYPE(&list) != &PyList_Type) {
        return NULL;
    }
    return op;
}

/* Asks `remove` at the expected offset, then around it; true once it removed. */
static bool
search(size_t expected, bool (*remove)(PyInterpreterState *, size_t, void *), void *what)
{
    PyInterpreterState *interp = PyInterpreterState_Main();
    size_t end = compat_place_interp_size() - 4 * sizeof(void *);
    size_t from = expected > NEIGHBOURHOOD ? expected - NEIGHBOURHOOD : 0;
    size_t to = expected + NEIGHBOURHOOD < end ? expected + NEIGHBOURHOOD : end;
    if (remove(interp, expected, what)) {
        return true;
    }
    for (size_t offset = from; offset < to; offset += sizeof(void *)) {
        if (remove(interp, offset, what)) {
            return true;
        }
    }
    return false;
}

/* -- os.register_at_fork ----------------------------------------------------------- */

static bool
remove_from_list(PyInterpreterState *interp, size_t offset, void *hook)
{
    PyObject *list = peek_list(interp, offset);
    for (Py_ssize_t i = 0; list != NULL && i < PyList_GET_SIZE(list); i++) {
        if (PyList_GET_ITEM(list, i) == hook) {
            return PyList_SetSlice(list, i, i + 1, NULL) == 0;
        }
    }
    return false;
}

bool
compat_life_remove_fork_hook(void *hook)
{
    static const size_t places[] = {
        offsetof(PyInterpreterState, before_forkers),
        offsetof(PyInterpreterState, after_forkers_parent),
        offsetof(PyInterpreterState, after_forkers_child),
    };
    for (size_t i = 0; i < Py_ARRAY_LENGTH(places); i++) {
        if (remove_from_list(PyInterpreterState_Main(), places[i], hook)) {
            return true;
        }
    }
    return search(places[1], remove_from_list, hook);
}

/* -- atexit ------------------------------------------------------------------------ */

#if PY_VERSION_HEX >= 0x030E0000

/* A list of tuples (function, args, kwargs). */
static bool
remove_entry(PyInterpreterState *interp, size_t offset, void *callback)
{
    PyObject *list = peek_list(interp, offset);
    for (Py_ssize_t i = 0; list != NULL && i < PyList_GET_SIZE(list); i++) {
        PyObject *entry = PyList_GET_ITEM(list, i);
        if (PyTuple_CheckExact(entry) && PyTuple_GET_SIZE(entry) > 0
            && PyTuple_GET_ITEM(entry, 0) == callback) {
            return PyList_SetSlice(list, i, i + 1, NULL) == 0;
        }
    }
    return false;
}

#else

/* The array's entries, named differently in 3.10, 3.11 and 3.12. */
struct entry {
    PyObject *func, *args, *kwargs;
};

struct entries {
    struct entry **entry;
    int count;
    int room;
};

/* As the interpreter's own atexit_delete_cb: it leaves a NULL that everybody skips. */
static void
delete_entry(struct entries *entries, int i)
{
    struct entry *e = entries->entry[i];
    entries->entry[i] = NULL;
    if (i == entries->count - 1) {
        entries->count--;
    }
    Py_DECREF(e->func);
    Py_DECREF(e->args);
    Py_XDECREF(e->kwargs);
    PyMem_Free(e);
}

static bool
remove_entry(PyInterpreterState *interp, size_t offset, void *callback)
{
    struct entries *entries = (struct entries *)((char *)interp + offset);
    struct entry *slot, e;
    if (entries->count < 0 || entries->room < entries->count) {
        return false;
    }
    for (int i = 0; i < entries->count; i++) {
        if (!compat_peek(entries->entry + i, &slot, sizeof(slot))) {
            return false;
        }
        if (slot != NULL && compat_peek(slot, &e, sizeof(e)) && e.func == callback) {
            delete_entry(entries, i);
            return true;
        }
    }
    return false;
}

#endif

bool
compat_life_remove_atexit(void *callback)
{
    size_t expected = offsetof(PyInterpreterState, atexit)
                      + offsetof(struct atexit_state, callbacks);
    return search(expected, remove_entry, callback);
}
