/* SPDX-License-Identifier: MIT
 *
 * Seeing floats and dicts die: their types' tp_dealloc is replaced, while somebody
 * watches, by a function that stamps and goes on to the real one. That is two
 * nanoseconds for each death, and nothing for what lives.
 *
 * dict_dealloc keeps deep nests from overflowing the stack (the "trashcan") only if it
 * finds itself in the type; with another function there it recurses. So the one put
 * there does it instead, with the macros made for that.
 *
 * A type that was made ready meanwhile and inherits from dict without a tp_dealloc of
 * its own has a copy of ours, and keeps it for good: ours therefore always works,
 * watched or not, and leaves alone whatever is not exactly a dict.
 *
 * Not seen: operands on the evaluation stack, whose death 3.11 and later know to be a
 * float's and shorten. They were born a moment before, unless they were just taken out
 * of a container (`queue.pop() + 1.0`).
 */
#include "compat_core.h"

#include "birth_hook.h" /* inline, as this is on the way of every float */
#include "birth_table.h"

#if PY_VERSION_HEX < 0x030C0000
#define NESTING(tstate) ((tstate)->trash_delete_nesting)
#elif PY_VERSION_HEX < 0x030D0000
#define NESTING(tstate) ((tstate)->trash.delete_nesting)
#endif

static void dict_dies(PyObject *op);
static destructor real_float, real_dict; /* never change once set */

/* What is born in this place without the allocator will be so in the present epoch; or
 * in a later one, but then it still waits in the free list when that one is turned to. */
static inline void
stamp_dying(uintptr_t block)
{
    uint8_t epoch = atomic_load_explicit(&ml_birth_present, memory_order_relaxed);
    if (epoch != 0) {
        ml_birth_table_put(block, epoch);
    }
}

/* Of a subclass too: then it is some place inside a block, whose stamp nobody reads. */
static void
float_dies(PyObject *op)
{
    stamp_dying((uintptr_t)op);
    real_float(op);
}

/* Stamped before it dies: its memory is not in the list yet, so a destructor that runs
 * now and makes a dict cannot have got it. */
static inline void
stamp_and_die(PyObject *op)
{
    stamp_dying((uintptr_t)op - sizeof(PyGC_Head));
    real_dict(op);
}

static void
dict_dies_deep(PyObject *op)
{
    PyObject_GC_UnTrack(op);
    Py_TRASHCAN_BEGIN(op, dict_dies)
    stamp_and_die(op);
    Py_TRASHCAN_END
}

/* A shallow nest needs to be counted only, which saves three calls of four; from 3.13 on
 * the real one does that. */
static void
dict_dies(PyObject *op)
{
    if (!Py_IS_TYPE(op, &PyDict_Type)) {
        real_dict(op);
        return;
    }
    PyThreadState *tstate = PyThreadState_Get();
#ifdef NESTING
    if (NESTING(tstate) < 25) { /* half of what the macros allow */
        NESTING(tstate)++;
        stamp_and_die(op);
        _PyTrash_end(tstate);
        return;
    }
#else
    if (tstate->c_recursion_remaining > 2 * Py_TRASHCAN_HEADROOM) {
        stamp_and_die(op);
        return;
    }
#endif
    dict_dies_deep(op);
}

static void
put(PyTypeObject *type, destructor *real, destructor ours)
{
    if (type->tp_dealloc != ours) {
        *real = *real == NULL ? type->tp_dealloc : *real;
        type->tp_dealloc = type->tp_dealloc == *real ? ours : type->tp_dealloc;
    }
}

static void
take(PyTypeObject *type, destructor real, destructor ours)
{
    if (type->tp_dealloc == ours) {
        type->tp_dealloc = real;
    }
}

void
compat_deaths_watch(void)
{
    put(&PyFloat_Type, &real_float, float_dies);
    put(&PyDict_Type, &real_dict, dict_dies);
}

void
compat_deaths_unwatch(void)
{
    take(&PyFloat_Type, real_float, float_dies);
    take(&PyDict_Type, real_dict, dict_dies);
}
