/* SPDX-License-Identifier: MIT
 *
 * The references turned round: a counting sort of the edges by target. Sources are
 * gone through in ascending order, so each node's list comes out ascending.
 *
 * first[] has one entry more than the header promises: counts are summed two places
 * further on, and the filling then moves each start into its own place, so that no
 * second array of cursors is needed.
 *
 * O(nodes + edges); 4 bytes a node and 4 a reference, all of them result.
 */
#include "analysis.h"
#include "step.h"

#include <string.h>

static int
count_targets(const struct ml_heap_graph *g, const struct ml_cancel *cancel,
              struct ml_reverse *r, struct ml_error *err)
{
    for (uint32_t e = 0; e < g->edge_count; e++) {
        int rc = step_ask(cancel, "counting references", e, g->edge_count, err);
        if (rc < 0) {
            return rc;
        }
        if (e + STEP_AHEAD < g->edge_count) {
            __builtin_prefetch(&r->first[g->edge[e + STEP_AHEAD] + 2], 1);
        }
        r->first[g->edge[e] + 2]++;
    }
    for (uint32_t n = 2; n < g->node_count + 2; n++) {
        r->first[n] += r->first[n - 1];
    }
    return ML_OK;
}

static int
fill_sources(const struct ml_heap_graph *g, const struct ml_cancel *cancel,
             struct ml_reverse *r, struct ml_error *err)
{
    for (uint32_t n = 0; n < g->node_count; n++) {
        int rc = step_ask(cancel, "reversing references", n, g->node_count, err);
        if (rc < 0) {
            return rc;
        }
        for (uint32_t e = g->first_edge[n]; e < g->first_edge[n + 1]; e++) {
            if (e + 2 * STEP_AHEAD < g->edge_count) {
                __builtin_prefetch(&r->first[g->edge[e + 2 * STEP_AHEAD] + 1], 1);
                __builtin_prefetch(&r->from[r->first[g->edge[e + STEP_AHEAD] + 1]], 1);
            }
            r->from[r->first[g->edge[e] + 1]++] = n;
        }
    }
    return ML_OK;
}

int
ml_reverse_build(const struct ml_heap_graph *g, const struct ml_alloc *a,
                 const struct ml_cancel *cancel, struct ml_reverse *out,
                 struct ml_error *err)
{
    memset(out, 0, sizeof(*out));
    out->node_count = g->node_count;
    out->edge_count = g->edge_count;
    out->first = ml_alloc_array(a, (size_t)g->node_count + 2, sizeof(uint32_t));
    out->from = ml_alloc_array(a, g->edge_count, sizeof(uint32_t));
    int rc = out->first == NULL || out->from == NULL ? ml_error_nomem(err) : ML_OK;
    rc = rc < 0 ? rc : count_targets(g, cancel, out, err);
    rc = rc < 0 ? rc : fill_sources(g, cancel, out, err);
    if (rc < 0) {
        ml_reverse_fini(out, a);
    }
    return rc;
}

void
ml_reverse_fini(struct ml_reverse *r, const struct ml_alloc *a)
{
    ml_alloc_free_array(a, r->first, (size_t)r->node_count + 2, sizeof(uint32_t));
    ml_alloc_free_array(a, r->from, r->edge_count, sizeof(uint32_t));
    memset(r, 0, sizeof(*r));
}
