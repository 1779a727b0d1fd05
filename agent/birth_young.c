/* SPDX-License-Identifier: MIT
 *
 * See birth_young.h. The callback is a PyCFunction, so that a collection runs no Python
 * code for it. Two more are the mark and the fence in the collector's lists
 * (compat/young.c), which nobody else may refer to. All are seen to be the tool's by
 * their method definition.
 *
 * Who clears gc.callbacks gets no settling in between, only at turns and sweeps: more
 * objects have the stamp of the one that died in their place, none a wrong young one.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "birth_young.h"

#include "birth_hook.h"
#include "birth_table.h"
#include "compat/compat.h"

static struct compat_young young; /* GIL, as all of this file */
static PyObject *callback;
static unsigned long collector;    /* ident of the thread that collects */

static uint8_t
present(void)
{
    return atomic_load_explicit(&ml_birth_present, memory_order_relaxed);
}

static void
stamp_block(void *ctx, uintptr_t block)
{
    ml_birth_table_put(block, *(uint8_t *)ctx);
}

static void
settle(enum compat_young_when when)
{
    uint8_t epoch = present();
    compat_young_each(PyInterpreterState_Main(), &young, when, stamp_block, &epoch);
}

void
ml_birth_young_settle(void)
{
    settle(COMPAT_YOUNG_OTHER);
}

void
ml_birth_young_bury(void)
{
    PyInterpreterState *interp = NULL;
    uint8_t epoch = present();
    while ((interp = compat_interp_next(interp)) != NULL) {
        compat_free_lists_each(interp, stamp_block, &epoch);
    }
}

/* -- the collector's callback ------------------------------------------------------ */

/* gc.callbacks: (phase, info) with phase "start" or "stop". */
static PyObject *
collector_calls(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    if (present() != 0 && count > 0 && PyUnicode_Check(args[0])) {
        bool start = PyUnicode_GetLength(args[0]) == 5;
        collector = start ? PyThread_get_thread_ident() : 0;
        settle(start ? COMPAT_YOUNG_START : COMPAT_YOUNG_STOP);
    }
    Py_RETURN_NONE;
}

bool
ml_birth_young_collecting(void)
{
    return collector == PyThread_get_thread_ident()
           && compat_gc_collecting(PyInterpreterState_Main());
}

static PyMethodDef callback_def = {"memalot_births",
                                   (PyCFunction)(void (*)(void))collector_calls,
                                   METH_FASTCALL, NULL};
static PyMethodDef mark_def = {"memalot_births_mark",
                               (PyCFunction)(void (*)(void))collector_calls,
                               METH_FASTCALL, NULL};

/* Its place in gc.callbacks, wherever others have moved it; -1: not there. */
static Py_ssize_t
callback_index(PyObject *callbacks)
{
    for (Py_ssize_t i = 0; callbacks != NULL && i < PyList_GET_SIZE(callbacks); i++) {
        if (PyList_GET_ITEM(callbacks, i) == callback) {
            return i;
        }
    }
    return -1;
}

bool
ml_birth_young_called(void)
{
    return callback_index(compat_gc_callbacks(PyInterpreterState_Main())) >= 0;
}

static void
clear_objects(void)
{
    Py_CLEAR(callback);
    Py_CLEAR(young.mark);
    Py_CLEAR(young.fence);
}

int
ml_birth_young_start(struct ml_error *err)
{
    PyObject *callbacks = compat_gc_callbacks(PyInterpreterState_Main());
    callback = PyCFunction_New(&callback_def, NULL);
    young.fence = PyCFunction_New(&mark_def, NULL);
    young.mark = PyCFunction_New(&mark_def, NULL);
    if (callbacks == NULL || callback == NULL || young.mark == NULL || young.fence == NULL
        || PyList_Append(callbacks, callback) < 0) {
        PyErr_Clear();
        clear_objects();
        return callbacks != NULL ? ml_error_nomem(err)
                                 : ml_error_set(err, ML_EUNSUPPORTED,
                                                "the collector has no gc.callbacks");
    }
    compat_deaths_watch();
    young.collections = -1;
    ml_birth_young_settle();
    ml_birth_young_bury();
    return ML_OK;
}

void
ml_birth_young_stop(void)
{
    PyObject *callbacks = compat_gc_callbacks(PyInterpreterState_Main());
    Py_ssize_t i = callback_index(callbacks);
    compat_deaths_unwatch();
    if (i >= 0 && PyList_SetSlice(callbacks, i, i + 1, NULL) < 0) {
        PyErr_Clear();
    }
    clear_objects();
}
