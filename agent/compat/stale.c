/* SPDX-License-Identifier: MIT
 *
 * Memory of the interpreter in which an object's address says nothing: it is borrowed
 * there, left behind, or counted already.
 *
 *   the cache of methods    looked-up attributes of classes, borrowed
 *   stacks of frames        3.11 on; what is alive there was taken with the frames
 *
 * Free lists need no entry: what they hold is dead, and no dead object is looked for.
 */
#include "compat_core.h"

/* Layouts drift by some words within a minor version. */
#define DRIFT 256

static void
stale_cache(PyInterpreterState *interp, compat_range_fn each, void *ctx)
{
#if ML_PY_310 || ML_PY_311
    uintptr_t at = (uintptr_t)&interp->type_cache;
    each(ctx, at, at + sizeof(interp->type_cache));
#else
    uintptr_t at = (uintptr_t)&interp->types.type_cache;
    each(ctx, at - DRIFT, at + sizeof(interp->types.type_cache) + DRIFT);
#endif
}

static void
stale_stack(PyThreadState *tstate, compat_range_fn each, void *ctx)
{
#if ML_PY_310
    (void)tstate;
    (void)each;
    (void)ctx;
#else
    int bound = 100000;
    for (_PyStackChunk *c = tstate->datastack_chunk; c != NULL && bound-- > 0;
         c = c->previous) {
        each(ctx, (uintptr_t)c, (uintptr_t)c + c->size);
    }
#endif
}

void
compat_stale_each(PyInterpreterState *interp, compat_range_fn each, void *ctx)
{
    int bound = 100000;
    stale_cache(interp, each, ctx);
    for (PyThreadState *ts = PyInterpreterState_ThreadHead(interp);
         ts != NULL && bound-- > 0; ts = PyThreadState_Next(ts)) {
        if (ts->interp == interp) {
            stale_stack(ts, each, ctx);
        }
    }
}
