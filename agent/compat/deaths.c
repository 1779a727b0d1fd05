/* SPDX-License-Identifier: MIT
 *
 * Seeing objects die whose births neither the allocator nor the collector shows: their
 * types' tp_dealloc is replaced, while somebody watches, by a function that stamps and
 * goes on to the real one. That is two nanoseconds for each death, and nothing for what
 * lives.
 *
 *   to 3.13      float, dict
 *   from 3.14    float, int, range and its iterator, tuple (dict is tracked from birth)
 *   from 3.15    complex
 *
 * To 3.13 dict_dealloc keeps deep nests from overflowing the stack (the "trashcan") only
 * if it finds itself in the type; with another function there it recurses. So the one
 * put there does it instead, with the macros made for that. From 3.14 on who calls
 * tp_dealloc has looked at the stack before.
 *
 * A type that was made ready meanwhile and inherits from one of these without a
 * tp_dealloc of its own has a copy of ours, and keeps it for good: ours therefore always
 * works, watched or not, and a dict's leaves alone whatever is not exactly a dict.
 *
 * Not seen: operands on the evaluation stack, whose death 3.11 and later know to be a
 * float's (3.14: an int's) and shorten. They were born a moment before, unless they were
 * just taken out of a container (`queue.pop() + 1.0`).
 */
#include "compat_core.h"

#include "birth_hook.h" /* inline, as this is on the way of every float */
#include "birth_table.h"

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

/* Stamped before it dies: its memory is not in the list yet, so a destructor that runs
 * now and makes another cannot have got it. Of a subclass too: then it is some place
 * inside a block, whose stamp nobody reads. */
#define DEATH(name, header)                                                              \
    static destructor real_##name; /* never changes once set */                          \
    static void name##_dies(PyObject *op)                                                \
    {                                                                                    \
        stamp_dying((uintptr_t)op - (header));                                           \
        real_##name(op);                                                                 \
    }

DEATH(float, 0)

#if PY_VERSION_HEX >= 0x030E0000

DEATH(int, 0)
DEATH(range, 0)
DEATH(range_iterator, 0)
DEATH(tuple, sizeof(PyGC_Head))
#if PY_VERSION_HEX >= 0x030F0000
DEATH(complex, 0)
#endif

#else

#if PY_VERSION_HEX < 0x030C0000
#define NESTING(tstate) ((tstate)->trash_delete_nesting)
#elif PY_VERSION_HEX < 0x030D0000
#define NESTING(tstate) ((tstate)->trash.delete_nesting)
#endif

static void dict_dies(PyObject *op);
static destructor real_dict;

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

#endif

static const struct {
    PyTypeObject *type;
    destructor *real, ours;
} deaths[] = {
    {&PyFloat_Type, &real_float, float_dies},
#if PY_VERSION_HEX >= 0x030E0000
    {&PyLong_Type, &real_int, int_dies},
    {&PyRange_Type, &real_range, range_dies},
    {&PyRangeIter_Type, &real_range_iterator, range_iterator_dies},
    {&PyTuple_Type, &real_tuple, tuple_dies},
#else
    {&PyDict_Type, &real_dict, dict_dies},
#endif
#if PY_VERSION_HEX >= 0x030F0000
    {&PyComplex_Type, &real_complex, complex_dies},
#endif
};

void
compat_deaths_watch(void)
{
    for (size_t i = 0; i < Py_ARRAY_LENGTH(deaths); i++) {
        destructor *now = &deaths[i].type->tp_dealloc, *real = deaths[i].real;
        if (*now != deaths[i].ours) {
            *real = *real == NULL ? *now : *real;
            *now = *now == *real ? deaths[i].ours : *now;
        }
    }
}

void
compat_deaths_unwatch(void)
{
    for (size_t i = 0; i < Py_ARRAY_LENGTH(deaths); i++) {
        if (deaths[i].type->tp_dealloc == deaths[i].ours) {
            deaths[i].type->tp_dealloc = *deaths[i].real;
        }
    }
}
