/* SPDX-License-Identifier: MIT
 *
 * References turned round, by counting: how many lead to each node, running sums, then
 * each reference is put in its place. Sources come ascending, so the lists are sorted.
 * O(nodes + references).
 */
#include "analysis.h"

#define CHUNK 65536 /* nodes between two questions to `cancel` */

void
ml_reverse_fini(struct ml_reverse *r, const struct ml_alloc *a)
{
    ml_alloc_free_array(a, r->first, (size_t)r->node_count + 1, sizeof(*r->first));
    ml_alloc_free_array(a, r->from, r->edge_count, sizeof(*r->from));
    *r = (struct ml_reverse){0};
}

static void
count_targets(const struct ml_heap_graph *g, uint32_t *first)
{
    for (uint32_t e = 0; e < g->edge_count; e++) {
        if (e + 32 < g->edge_count) {
            __builtin_prefetch(&first[g->edge[e + 32]], 1);
        }
        first[g->edge[e]]++;
    }
    uint32_t sum = 0;
    for (uint32_t n = 0; n <= g->node_count; n++) { /* first[n]: where n's list ends */
        sum += first[n];
        first[n] = sum;
    }
}

int
ml_reverse_build(const struct ml_heap_graph *g, const struct ml_alloc *a,
                 const struct ml_cancel *cancel, struct ml_reverse *out,
                 struct ml_error *err)
{
    struct ml_reverse r = {.node_count = g->node_count, .edge_count = g->edge_count};
    r.first = ml_alloc_array(a, (size_t)g->node_count + 1, sizeof(*r.first));
    r.from = ml_alloc_array(a, g->edge_count, sizeof(*r.from));
    *out = (struct ml_reverse){0};
    if (r.first == NULL || r.from == NULL) {
        ml_reverse_fini(&r, a);
        return ml_error_nomem(err);
    }
    count_targets(g, r.first);
    for (uint32_t n = g->node_count; n-- > 0;) { /* backwards: ends become beginnings */
        for (uint32_t e = g->first_edge[n + 1]; e-- > g->first_edge[n];) {
            if (e >= 32) {
                __builtin_prefetch(&r.first[g->edge[e - 32]], 1);
            }
            r.from[--r.first[g->edge[e]]] = n;
        }
        if (n % CHUNK == 0 &&
            ml_cancel_ask(cancel, "turning references round",
                          1.0 - (double)n / ((double)g->node_count + 1))) {
            ml_reverse_fini(&r, a);
            return ml_error_set(err, ML_ECANCELLED, "stopped while turning references round");
        }
    }
    *out = r;
    return ML_OK;
}
