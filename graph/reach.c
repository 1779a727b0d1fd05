/* SPDX-License-Identifier: MIT
 *
 * What is alive, by subtraction (the idea of CPython's own collector, gc.c
 * subtract_refs, here over all objects and without touching them): an object with more
 * references than the graph shows is held from outside. It and the named roots keep
 * alive what they reach; the rest is cyclic garbage. O(nodes + references).
 */
#include "analysis.h"

#include <string.h>

#define CHUNK 65536

void
ml_reach_fini(struct ml_reach *r, const struct ml_alloc *a)
{
    size_t nodes = r->alive.bits;
    ml_bitset_fini(&r->alive, a);
    ml_bitset_fini(&r->named, a);
    ml_bitset_fini(&r->outside, a);
    ml_alloc_free_array(a, r->excess, nodes, sizeof(*r->excess));
    memset(r, 0, sizeof(*r));
}

/* Adds everything reachable from stack[0..top) to `set`; the entries are members. */
static int
flood(const struct ml_heap_graph *g, struct ml_bitset *set, uint32_t *stack, uint32_t top,
      const struct ml_cancel *cancel)
{
    uint32_t steps = 0;
    while (top > 0) {
        uint32_t count, node = stack[--top];
        const uint32_t *to = ml_heap_graph_edges(g, node, &count);
        for (uint32_t i = 0; i < count; i++) {
            if (!ml_bitset_has(set, to[i])) {
                ml_bitset_add(set, to[i]);
                stack[top++] = to[i];
            }
        }
        if (++steps % CHUNK == 0 &&
            ml_cancel_ask(cancel, "finding what is alive",
                          (double)steps / ((double)g->node_count + 1))) {
            return ML_ECANCELLED;
        }
    }
    return ML_OK;
}

static void
subtract(const struct ml_heap_graph *g, const struct ml_reverse *r, const int32_t *refs,
         struct ml_reach *out)
{
    for (uint32_t n = 0; n < g->node_count; n++) {
        uint32_t seen = r->first[n + 1] - r->first[n];
        if (refs[n] == ML_REFS_UNKNOWN) {
            continue;
        }
        int64_t excess = (int64_t)refs[n] - (int64_t)seen;
        out->excess[n] = excess > INT32_MAX   ? INT32_MAX
                         : excess < -INT32_MAX ? -INT32_MAX
                                               : (int32_t)excess;
        if (excess > 0) {
            ml_bitset_add(&out->outside, n);
            out->outside_count++;
        }
    }
}

static int
flood_from_roots(const struct ml_heap_graph *g, uint32_t *stack,
                 const struct ml_cancel *cancel, struct ml_reach *out)
{
    uint32_t top = 0;
    for (size_t i = 0; i < g->roots.len; i++) {
        uint32_t node = g->roots.data[i].node;
        if (!ml_bitset_has(&out->named, node)) {
            ml_bitset_add(&out->named, node);
            stack[top++] = node;
        }
    }
    int rc = flood(g, &out->named, stack, top, cancel);
    if (rc < 0) {
        return rc;
    }
    memcpy(out->alive.words, out->named.words, (g->node_count / 64 + 1) * sizeof(uint64_t));
    top = 0;
    for (uint32_t n = 0; n < g->node_count; n++) {
        if (ml_bitset_has(&out->outside, n) && !ml_bitset_has(&out->alive, n)) {
            ml_bitset_add(&out->alive, n);
            stack[top++] = n;
        }
    }
    return flood(g, &out->alive, stack, top, cancel);
}

static void
sum_up(const struct ml_heap_graph *g, struct ml_reach *out)
{
    for (uint32_t n = 0; n < g->node_count; n++) {
        uint64_t size = ml_heap_graph_size(g, n);
        if (ml_bitset_has(&out->alive, n)) {
            out->alive_count++;
            out->alive_size += size;
        }
        else {
            out->garbage_count++;
            out->garbage_size += size;
        }
    }
}

int
ml_reach_compute(const struct ml_heap_graph *g, const struct ml_reverse *r,
                 const int32_t *refs, const struct ml_alloc *a,
                 const struct ml_cancel *cancel, struct ml_reach *out, struct ml_error *err)
{
    size_t n = g->node_count;
    memset(out, 0, sizeof(*out));
    out->alive.bits = n;
    uint32_t *stack = ml_alloc_array(a, n + 1, sizeof(*stack));
    out->excess = ml_alloc_array(a, n, sizeof(*out->excess));
    bool good = stack != NULL && out->excess != NULL && ml_bitset_init(&out->alive, a, n) &&
                ml_bitset_init(&out->named, a, n) && ml_bitset_init(&out->outside, a, n);
    int rc = good ? ML_OK : ML_ENOMEM;
    if (rc == ML_OK) {
        subtract(g, r, refs, out);
        rc = flood_from_roots(g, stack, cancel, out);
    }
    ml_alloc_free_array(a, stack, n + 1, sizeof(*stack));
    if (rc < 0) {
        out->alive.bits = out->named.bits = out->outside.bits = n;
        ml_reach_fini(out, a);
        return rc == ML_ENOMEM
                   ? ml_error_nomem(err)
                   : ml_error_set(err, rc, "stopped while finding what is alive");
    }
    sum_up(g, out);
    return ML_OK;
}
