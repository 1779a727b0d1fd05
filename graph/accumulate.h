/* SPDX-License-Identifier: MIT
 *
 * Where the members of a place come together: the one thing that findings among all
 * objects and findings among suspects say in the same way. Private to findings.c and
 * the files named suspect*.c.
 */
#ifndef ML_GRAPH_ACCUMULATE_H
#define ML_GRAPH_ACCUMULATE_H

#include "finding.h"

struct ml_accumulate {
    const struct ml_heap_graph *g;
    const struct ml_path_tree *t;
    const struct ml_places *p;
    const struct ml_bitset *only; /* members that count; NULL: all */
};

/* Fills `accumulation` and `entries` of `f` for the place where paths jump. In a chain
 * that folds back each link holds the next one, so it is what holds the first link,
 * unless one holds half of them anyway. */
void ml_accumulate(const struct ml_accumulate *v, uint32_t jump_at, struct ml_finding *f);

#endif
