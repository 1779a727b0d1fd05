/* SPDX-License-Identifier: MIT
 *
 * Free lists: dead objects that wait to be used again, so that the allocator's hook
 * does not see the next one born in that place. The types that have one are of two
 * kinds here:
 *
 *   tracked from birth   list, tuple, slice and so on enter the collector's lists with
 *                        their first moment: what is new there is new (young.c)
 *   others               float is never tracked, dict at any time (to 3.13 with the first
 *                        container in it): their deaths are seen (deaths.c), and what
 *                        waits in their lists can be asked for here
 *
 * To switch the lists off would make all this unnecessary, and is possible (a chain
 * that looks full and empty at once, a negative count from 3.13 on); float-heavy loops
 * then take 1.45 times as long, dict-heavy ones 1.35.
 */
#include "compat_core.h"

#if PY_VERSION_HEX >= 0x030D0000
#define FIRST_FLOAT(interp) ((interp)->object_state.freelists.floats.items)
#define DICTS(interp) ((interp)->object_state.freelists.dicts.items)
#define DICT_COUNT(interp) ((interp)->object_state.freelists.dicts.numfree)
#else
#define FIRST_FLOAT(interp) ((interp)->float_state.free_list)
#define DICTS(interp) ((interp)->dict_state.free_list)
#define DICT_COUNT(interp) ((interp)->dict_state.numfree)
#endif

/* Floats are chained through ob_type; dicts stand in an array. */
void
compat_free_lists_each(PyInterpreterState *interp,
                       void (*dead)(void *ctx, uintptr_t block), void *ctx)
{
    for (PyFloatObject *op = FIRST_FLOAT(interp); op != NULL;
         op = (PyFloatObject *)Py_TYPE(op)) {
        dead(ctx, (uintptr_t)op);
    }
    for (int i = 0; i < DICT_COUNT(interp); i++) {
        dead(ctx, (uintptr_t)DICTS(interp)[i] - sizeof(PyGC_Head));
    }
}
