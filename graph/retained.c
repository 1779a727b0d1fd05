/* SPDX-License-Identifier: MIT
 *
 * Retained sizes: a node's own and those of all it dominates, summed from the leaves of
 * the dominator tree upwards in one backward pass over its order. O(nodes).
 */
#include "analysis.h"

#include <string.h>

void
ml_retained_fini(struct ml_retained *r, const struct ml_alloc *a)
{
    ml_alloc_free_array(a, r->bytes, r->node_count, sizeof(*r->bytes));
    ml_alloc_free_array(a, r->objects, r->node_count, sizeof(*r->objects));
    memset(r, 0, sizeof(*r));
}

int
ml_retained_compute(const struct ml_heap_graph *g, const struct ml_dominator *d,
                    const struct ml_alloc *a, struct ml_retained *out,
                    struct ml_error *err)
{
    memset(out, 0, sizeof(*out));
    out->node_count = g->node_count;
    out->bytes = ml_alloc_array(a, g->node_count, sizeof(*out->bytes));
    out->objects = ml_alloc_array(a, g->node_count, sizeof(*out->objects));
    if (out->bytes == NULL || out->objects == NULL) {
        ml_retained_fini(out, a);
        return ml_error_nomem(err);
    }
    for (uint32_t i = d->count; i-- > 0;) {
        uint32_t n = d->order[i], up = d->idom[n];
        if (i >= 16) {
            __builtin_prefetch(&out->bytes[d->order[i - 16]], 1);
        }
        out->bytes[n] += ml_heap_graph_size(g, n);
        out->objects[n] += 1;
        if (up != ML_NO_NODE) {
            out->bytes[up] += out->bytes[n];
            out->objects[up] += out->objects[n];
        }
    }
    return ML_OK;
}

int
ml_retained_of_set(const struct ml_heap_graph *g, const struct ml_dominator *d,
                   const struct ml_retained *r, const uint32_t *members, size_t count,
                   const struct ml_alloc *a, uint64_t *bytes, uint64_t *objects,
                   struct ml_error *err)
{
    struct ml_bitset member = {0}, inside = {0};
    size_t n = g->node_count;
    bool good = ml_bitset_init(&member, a, n) && ml_bitset_init(&inside, a, n);
    *bytes = *objects = 0;
    for (size_t i = 0; good && i < count; i++) {
        ml_bitset_add(&member, members[i]);
    }
    for (uint32_t i = 0; good && i < d->count; i++) { /* dominators come first */
        uint32_t node = d->order[i], up = d->idom[node];
        bool covered = up != ML_NO_NODE && ml_bitset_has(&inside, up);
        if (!covered && ml_bitset_has(&member, node)) {
            *bytes += r->bytes[node];
            *objects += r->objects[node];
            covered = true;
        }
        if (covered) {
            ml_bitset_add(&inside, node);
        }
    }
    ml_bitset_fini(&member, a);
    ml_bitset_fini(&inside, a);
    return good ? ML_OK : ml_error_nomem(err);
}

/* -- by kind -------------------------------------------------------------------------- */

/* The dominator tree as children lists, for a walk that knows which kinds are open. */
struct tree {
    uint32_t *child;   /* [node] first child */
    uint32_t *sibling; /* [node] next child of the same parent */
    uint32_t *stack;
    uint32_t *open;    /* [kind] how many of this kind are above */
};

static void
link_children(const struct ml_dominator *d, struct tree *t, uint32_t *top)
{
    for (uint32_t i = d->count; i-- > 0;) {
        uint32_t n = d->order[i], up = d->idom[n];
        uint32_t *list = up == ML_NO_NODE ? top : &t->child[up];
        t->sibling[n] = *list;
        *list = n;
    }
}

static void
count_node(const struct ml_heap_graph *g, const struct ml_retained *r, const struct tree *t,
           uint32_t n, struct ml_kind_sum *out)
{
    if (!(g->flags[n] & ML_NODE_OWN)) {
        struct ml_kind_sum *sum = &out[g->kind[n]];
        sum->count++;
        sum->shallow += ml_heap_graph_size(g, n);
        sum->retained += t->open[g->kind[n]] == 0 ? r->bytes[n] : 0;
    }
}

/* Depth first; a node stays on the stack while its children are walked. */
static void
walk(const struct ml_heap_graph *g, const struct ml_retained *r, struct tree *t,
     uint32_t top, struct ml_kind_sum *out)
{
    uint32_t depth = 0, next = top;
    for (;;) {
        while (next != ML_NO_NODE) {
            count_node(g, r, t, next, out);
            t->open[g->kind[next]]++;
            t->stack[depth++] = next;
            next = t->child[next];
        }
        if (depth == 0) {
            return;
        }
        uint32_t n = t->stack[--depth];
        t->open[g->kind[n]]--;
        next = t->sibling[n];
    }
}

int
ml_retained_by_kind(const struct ml_heap_graph *g, const struct ml_dominator *d,
                    const struct ml_retained *r, uint32_t kind_count,
                    struct ml_kind_sum *out, const struct ml_alloc *a,
                    struct ml_error *err)
{
    size_t n = g->node_count;
    struct tree t = {ml_alloc_array(a, n, 4), ml_alloc_array(a, n, 4),
                     ml_alloc_array(a, n, 4), ml_alloc_array(a, kind_count, 4)};
    bool good = t.child != NULL && t.sibling != NULL && t.stack != NULL && t.open != NULL;
    memset(out, 0, kind_count * sizeof(*out));
    if (good) {
        uint32_t top = ML_NO_NODE;
        memset(t.child, 0xFF, n * sizeof(uint32_t));
        link_children(d, &t, &top);
        walk(g, r, &t, top, out);
    }
    ml_alloc_free_array(a, t.child, n, 4);
    ml_alloc_free_array(a, t.sibling, n, 4);
    ml_alloc_free_array(a, t.stack, n, 4);
    ml_alloc_free_array(a, t.open, kind_count, 4);
    return good ? ML_OK : ml_error_nomem(err);
}
