/* SPDX-License-Identifier: MIT
 *
 * Which objects' reference counts say something. The others are left out of what is
 * accounted for, each for a reason that `refcounts` tells.
 */
#include "take_counts.h"

#include <string.h>

#include "compat/compat.h"

const char *
take_uncounted_name(enum take_uncounted why)
{
    static const char *const names[] = {
        [TAKE_COUNTED] = "counted",
        [TAKE_UNCOUNTED_IMMORTAL] = "immortal",
        [TAKE_UNCOUNTED_CONSTANT] = "constant",
        [TAKE_UNCOUNTED_DEAD] = "on a free list",
    };
    return names[why];
}

enum take_uncounted
take_uncounted(const struct take_kind *kind, PyObject *op, int64_t *count)
{
    if (!compat_refcount(op, count)) {
        return TAKE_UNCOUNTED_IMMORTAL;
    }
    if (*count == 0) {
        return TAKE_UNCOUNTED_DEAD;
    }
    return kind->no_count ? TAKE_UNCOUNTED_CONSTANT : TAKE_COUNTED;
}

/* -- references that neither an object nor a root shows ------------------------------ */

static void
take_off(struct take *t, uint32_t node, int references)
{
    if (node != ML_NO_NODE && !(t->graph.flags[node] & ML_NODE_NO_COUNT)) {
        t->refs[node] -= references;
        t->cached_references += (uint64_t)references;
    }
}

static void
take_off_cached(void *ctx, PyObject *op)
{
    struct take *t = ctx;
    if (op != NULL) {
        take_off(t, ml_addr_map_get(t->map, (uint64_t)(uintptr_t)op), 1);
    }
}

/* Our own functions are held by hooks and by us: nobody wants to hear of them. */
static bool
is_own_function(PyObject *op)
{
    return PyCFunction_CheckExact(op) &&
           strncmp(((PyCFunctionObject *)op)->m_ml->ml_name, "memalot_", 8) == 0;
}

void
take_counts_finish(struct take *t)
{
    PyInterpreterState *interp = NULL;
    while ((interp = compat_interp_next(interp)) != NULL) {
        compat_caches_each(interp, take_off_cached, t);
    }
    for (uint32_t node = 0; node < t->graph.node_count; node++) {
        if (is_own_function(take_object(t, node))) {
            t->graph.flags[node] |= ML_NODE_OWN;
        }
        int references = compat_static_references(take_object(t, node));
        if (references > 0) {
            take_off(t, node, references);
        }
    }
}
