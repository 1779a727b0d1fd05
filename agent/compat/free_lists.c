/* SPDX-License-Identifier: MIT
 *
 * Free lists: dead objects that wait to be used again, so that the allocator's hook
 * does not see the next one born in that place. The types that have one are of two
 * kinds here:
 *
 *   tracked from birth   list, slice, iterators and so on enter the collector's lists
 *                        with their first moment: what is new there is new (young.c)
 *   others               float and int are never tracked, dict (to 3.13) at any time,
 *                        tuple (from 3.14 on) only if it holds containers: their deaths
 *                        are seen (deaths.c), and what waits in their lists can be
 *                        asked for here
 *
 * From 3.14 on there may wait 40 000 tuples, too many to be visited at every turn of an
 * epoch. Of each length a few stay; the rest is given back to the allocator, whose hook
 * sees it come again. So a turn costs at most what died since the one before.
 *
 * To switch the lists off would make all this unnecessary, and is possible (a chain
 * that looks full and empty at once, a negative count from 3.13 on); float-heavy loops
 * then take 1.45 times as long, dict-heavy ones 1.35.
 */
#include "compat_core.h"

typedef void (*dead_fn)(void *ctx, uintptr_t block);

#if PY_VERSION_HEX >= 0x030E0000

#define TUPLES_KEPT 16 /* of each length */

/* A list's entries are chained through their first word. */
static void
each_of(const struct _Py_freelist *list, size_t header, dead_fn dead, void *ctx)
{
    for (void *op = list->freelist; op != NULL; op = *(void **)op) {
        dead(ctx, (uintptr_t)op - header);
    }
}

/* Theirs are lists of the interpreter that runs; another one's keep what they have. */
static void
cut_short(struct _Py_freelist *list)
{
    while (list->size > TUPLES_KEPT) {
        void *op = list->freelist;
        list->freelist = *(void **)op;
        list->size--;
        PyTuple_Type.tp_free(op);
    }
}

void
compat_free_lists_each(PyInterpreterState *interp, dead_fn dead, void *ctx)
{
    struct _Py_freelists *lists = &interp->object_state.freelists;
    each_of(&lists->floats, 0, dead, ctx);
    each_of(&lists->ints, 0, dead, ctx);
    each_of(&lists->ranges, 0, dead, ctx);
    each_of(&lists->range_iters, 0, dead, ctx);
#if PY_VERSION_HEX >= 0x030F0000
    each_of(&lists->complexes, 0, dead, ctx);
#endif
    for (int i = 0; i < PyTuple_MAXSAVESIZE; i++) {
        if (interp == PyInterpreterState_Get()) {
            cut_short(&lists->tuples[i]);
        }
        each_of(&lists->tuples[i], sizeof(PyGC_Head), dead, ctx);
    }
}

#else

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
compat_free_lists_each(PyInterpreterState *interp, dead_fn dead, void *ctx)
{
    for (PyFloatObject *op = FIRST_FLOAT(interp); op != NULL;
         op = (PyFloatObject *)Py_TYPE(op)) {
        dead(ctx, (uintptr_t)op);
    }
    for (int i = 0; i < DICT_COUNT(interp); i++) {
        dead(ctx, (uintptr_t)DICTS(interp)[i] - sizeof(PyGC_Head));
    }
}

#endif
