/* SPDX-License-Identifier: MIT
 *
 * Objects with fewer references than are seen: somebody gave back a reference that was
 * not his, and the object will be freed while others still use it.
 *
 * Said only of what is sure. Both sides of the account have to be exact: of the object,
 * every reference must be one that its holder counts; of its holders, none may be of a
 * kind that shows what it only borrows. What roots were taken to hold (frames, threads)
 * is left out of the account altogether: a stale stack slot would make a false one.
 */
#ifndef ML_GRAPH_SHORTAGE_H
#define ML_GRAPH_SHORTAGE_H

#include "analysis.h"

struct ml_short {
    uint32_t node;
    uint32_t missing; /* references seen in the heap beyond the count */
};

ML_VEC(ml_short_vec, struct ml_short)

struct ml_shortage_options {
    uint32_t max; /* objects looked at; a heap with more has an account that is wrong */
    /* Whether all references that nodes of this kind show are counted; NULL: all. */
    bool (*counts)(void *ctx, uint32_t kind);
    /* Whether a root was taken off its node's count; NULL: none was. */
    bool (*was_taken_off)(void *ctx, uint32_t root);
    void *ctx;
};

/* Appends what is short of references, ascending by node; nothing when there are more
 * than options->max. 0 or ML_ENOMEM. */
int ml_shortage_find(const struct ml_heap_graph *g, const struct ml_reverse *r,
                     const struct ml_reach *reach,
                     const struct ml_shortage_options *options, const struct ml_alloc *a,
                     struct ml_short_vec *out, struct ml_error *err);

#endif
