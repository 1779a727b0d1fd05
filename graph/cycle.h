/* SPDX-License-Identifier: MIT
 *
 * Cyclic garbage, sorted into cycles: strongly connected components of the nodes that
 * are not alive (Tarjan 1972, iterative), grouped by the kinds they are made of.
 */
#ifndef ML_GRAPH_CYCLE_H
#define ML_GRAPH_CYCLE_H

#include "analysis.h"

struct ml_cycle_group {
    uint32_t *kinds;      /* distinct kinds of the cycle's nodes, ascending */
    uint32_t kind_count;
    uint32_t cycles;      /* how many cycles look like this */
    uint32_t objects;     /* nodes in them */
    uint64_t size;        /* shallow bytes in them, with what only they hold */
    uint32_t example;     /* lowest node of the first one */
};

struct ml_cycle_groups {
    struct ml_cycle_group *group; /* largest size first */
    uint32_t count;
    const struct ml_alloc *a;
};

int ml_cycle_groups_build(const struct ml_heap_graph *g, const struct ml_reach *reach,
                          const struct ml_alloc *a, const struct ml_cancel *cancel,
                          struct ml_cycle_groups *out, struct ml_error *err);
void ml_cycle_groups_fini(struct ml_cycle_groups *c);

#endif
