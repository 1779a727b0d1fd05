/* SPDX-License-Identifier: MIT
 *
 * Free lists: dead objects that wait to be used again, so that the allocator's hook
 * does not see the next one born in that place. Per type one of three answers:
 *
 *   off      float in every version, since nothing but the allocator knows of a float;
 *            where a list can be off by itself (3.13) the others too
 *   tracked  list, tuple, slice and so on enter the collector's lists with their first
 *            moment: what is new there is new
 *   stamped  dict to 3.12: tracked at any time or never, so what waits in its list is
 *            shown to the caller from time to time
 *
 * A list is off when it looks full and empty at once: nothing in front to take, and a
 * count that leaves no room. That works for chains (float); arrays (list, dict to 3.12)
 * take by the count. From 3.13 on a negative count is the interpreter's own "off".
 */
#include "compat_core.h"

#if PY_VERSION_HEX >= 0x030D0000
#define LISTS(interp) (&(interp)->object_state.freelists)
#define FLOATS(interp) (&LISTS(interp)->floats)
#define FLOAT_HEAD items
#else
#define FLOATS(interp) (&(interp)->float_state)
#define FLOAT_HEAD free_list
#endif

/* -- float ------------------------------------------------------------------------- */

/* What waits is chained through ob_type. */
static void
floats_off(PyInterpreterState *interp)
{
    PyFloatObject *dead = FLOATS(interp)->FLOAT_HEAD;
    FLOATS(interp)->FLOAT_HEAD = NULL;
    FLOATS(interp)->numfree = 100; /* PyFloat_MAXFREELIST */
    while (dead != NULL) {
        PyFloatObject *next = (PyFloatObject *)Py_TYPE(dead);
        PyObject_Free(dead);
        dead = next;
    }
}

static void
floats_on(PyInterpreterState *interp)
{
    if (FLOATS(interp)->FLOAT_HEAD == NULL) {
        FLOATS(interp)->numfree = 0;
    }
}

/* -- dict -------------------------------------------------------------------------- */

#if PY_VERSION_HEX >= 0x030D0000

#define DICTS(interp) (&LISTS(interp)->dicts)

static void
dicts_off(PyInterpreterState *interp)
{
    while (DICTS(interp)->numfree > 0) {
        PyObject_GC_Del(DICTS(interp)->items[--DICTS(interp)->numfree]);
    }
    DICTS(interp)->numfree = -1;
}

static void
dicts_on(PyInterpreterState *interp)
{
    if (DICTS(interp)->numfree < 0) {
        DICTS(interp)->numfree = 0;
    }
}

static void
dicts_each(PyInterpreterState *interp, void (*dead)(void *ctx, uintptr_t block),
           void *ctx)
{
    (void)interp, (void)dead, (void)ctx;
}

#else

static void
dicts_off(PyInterpreterState *interp)
{
    (void)interp;
}

static void
dicts_on(PyInterpreterState *interp)
{
    (void)interp;
}

static void
dicts_each(PyInterpreterState *interp, void (*dead)(void *ctx, uintptr_t block),
           void *ctx)
{
    for (int i = 0; i < interp->dict_state.numfree; i++) {
        dead(ctx, (uintptr_t)interp->dict_state.free_list[i] - sizeof(PyGC_Head));
    }
}

#endif

/* -- all --------------------------------------------------------------------------- */

void
compat_free_lists_off(PyInterpreterState *interp)
{
    floats_off(interp);
    dicts_off(interp);
}

void
compat_free_lists_on(PyInterpreterState *interp)
{
    floats_on(interp);
    dicts_on(interp);
}

void
compat_free_lists_each(PyInterpreterState *interp,
                       void (*dead)(void *ctx, uintptr_t block), void *ctx)
{
    dicts_each(interp, dead, ctx);
}

/* Frames: 3.10 keeps one for each code object too; later ones come from the allocator,
 * and are tracked when their function returns. */
bool
compat_recycled_when_tracked(PyTypeObject *type)
{
    return type == &PyTuple_Type || type == &PyList_Type || type == &PySlice_Type
#if ML_PY_310
           || type == &PyFrame_Type
#endif
           || type == &PyContext_Type || type == &_PyAsyncGenASend_Type
           || (PyObject *)type == PyExc_MemoryError;
}
