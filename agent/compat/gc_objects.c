/* SPDX-License-Identifier: MIT
 *
 * The collector's generations are circular lists threaded through the header that
 * stands 16 bytes before each tracked object. Walking them ourselves touches nothing;
 * PyUnstable_GC_VisitObjects increments every reference count (and copies every page
 * of the frozen process) and leaves frozen objects out.
 */
#include "compat_core.h"

#include "places.h"

/* Bit 0 marks the old space in incremental collectors, bit 1 is used inside a
 * collection only. */
#define NEXT(head) ((PyGC_Head *)((head)->_gc_next & ~(uintptr_t)3))

bool
compat_gc_collecting(PyInterpreterState *interp)
{
    return compat_place_gc(interp)->collecting != 0;
}

static int
each_in_list(PyGC_Head *list, int (*each)(PyObject *op, void *ctx), void *ctx)
{
    for (PyGC_Head *head = NEXT(list); head != list && head != NULL; head = NEXT(head)) {
        int stop = each((PyObject *)(head + 1), ctx);
        if (stop != 0) {
            return stop;
        }
    }
    return 0;
}

/* Who stands first has the head before it; the lowest bits of a link are flags. Nothing is
 * followed that has not been looked at: where lists are not what they were, words of other
 * things stand there. */
static bool
closes(const PyGC_Head *list)
{
    PyGC_Head head, first;
    return compat_peek(list, &head, sizeof(head))
           && compat_peek(NEXT(&head), &first, sizeof(first))
           && (first._gc_prev & ~(uintptr_t)3) == (uintptr_t)list;
}

bool
compat_gc_lists_close(PyInterpreterState *interp)
{
    struct _gc_runtime_state *gc = compat_place_gc(interp);
    char byte;
    if (!compat_peek(interp, &byte, 1)) {
        return true; /* a filter of system calls does not let us look */
    }
    bool good = closes(&gc->permanent_generation.head);
    for (int i = 0; i < NUM_GENERATIONS && good; i++) {
        good = closes(&compat_place_generations(gc)[i].head);
    }
    return good;
}

int
compat_gc_each(PyInterpreterState *interp, int (*each)(PyObject *op, void *ctx), void *ctx)
{
    struct _gc_runtime_state *gc = compat_place_gc(interp);
    int stop = 0;
    for (int i = NUM_GENERATIONS - 1; i >= 0 && stop == 0; i--) {
        stop = each_in_list(&compat_place_generations(gc)[i].head, each, ctx);
    }
    return stop != 0 ? stop : each_in_list(&gc->permanent_generation.head, each, ctx);
}
