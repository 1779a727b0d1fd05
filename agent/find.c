/* SPDX-License-Identifier: MIT
 *
 * See find.h. Tracked objects are in the collector's lists; the others hang from them,
 * some in tuples that the collector has untracked, so these are passed through.
 */
#include "find.h"

#include "birth.h"
#include "compat/compat.h"

#define UNTRACKED_DEPTH 50 /* tuples in tuples */

struct search {
    uintptr_t address;
    PyObject *found;
    int depth;
};

static int
visit(PyObject *op, void *arg)
{
    struct search *s = arg;
    if ((uintptr_t)op == s->address) {
        s->found = op;
        return 1;
    }
    traverseproc traverse = Py_TYPE(op)->tp_traverse;
    if (!PyObject_IS_GC(op) || PyObject_GC_IsTracked(op) || traverse == NULL ||
        s->depth >= UNTRACKED_DEPTH) {
        return 0;
    }
    s->depth++;
    int stop = traverse(op, visit, s);
    s->depth--;
    return stop;
}

static int
look_at(PyObject *op, void *ctx)
{
    struct search *s = ctx;
    if ((uintptr_t)op == s->address) {
        s->found = op;
        return 1;
    }
    traverseproc traverse = Py_TYPE(op)->tp_traverse;
    return traverse != NULL && PyObject_IS_GC(op) ? traverse(op, visit, s) : 0;
}

PyObject *
ml_find_object(uintptr_t address)
{
    struct search s = {.address = address};
    PyInterpreterState *interp = NULL;
    while (s.found == NULL && (interp = compat_interp_next(interp)) != NULL) {
        compat_gc_each(interp, look_at, &s);
    }
    Py_XINCREF(s.found);
    return s.found;
}

double
ml_find_age(PyObject *op, double now)
{
    if (!ml_birth_running()) {
        return -1;
    }
    uint8_t stamp = ml_birth_stamp((uintptr_t)op - compat_preheader_size(op));
    const struct ml_epoch *e = ml_birth_epoch(stamp);
    if (stamp == ML_EPOCH_OUTSIDE) {
        return 0; /* born between windows, any time since the hooks are in */
    }
    if (stamp == ML_EPOCH_BASELINE || e->last == 0) {
        return -1;
    }
    return e->closed > 0 && e->closed < now ? now - e->closed : 0;
}
