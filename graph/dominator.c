/* SPDX-License-Identifier: MIT
 *
 * Immediate dominators by semi-NCA (Georgiadis, "Linear-Time Algorithms for Dominators
 * and Related Problems", 2005; the variant LLVM uses), on preorder numbers, iterative.
 *
 * A heap is mostly leaves that one object holds (strings, numbers): a node without
 * references of its own whose referrers are all the same node has that one as its
 * dominator and takes no part. Number 0 is the virtual root; it stands above named roots
 * and nodes held from outside.
 */
#include "analysis.h"

#include <string.h>

#define CHUNK 65536

struct work {
    const struct ml_heap_graph *g;
    const struct ml_reverse *r;
    const struct ml_reach *reach;
    uint32_t *number;  /* [node] preorder number, 0: not visited */
    uint32_t *vertex;  /* [number] node */
    uint32_t *parent;  /* [number] in the spanning tree */
    uint32_t *semi;    /* [number] */
    uint32_t *label;   /* [number] number with the least semi on the compressed path */
    uint32_t *ancestor; /* [number] compressed parent */
    uint32_t *stack;   /* [node_count + 1] */
    uint32_t *next;    /* [number] the next reference to look at */
    struct ml_bitset tops; /* below the virtual root */
    uint32_t count;    /* numbers given, the virtual root not counted */
    uint32_t max;
};

/* The only referrer, ML_NO_NODE when there are none or several. */
static uint32_t
only_referrer(const struct ml_reverse *r, uint32_t node)
{
    uint32_t first = r->first[node], end = r->first[node + 1];
    return first < end && r->from[first] == r->from[end - 1] ? r->from[first] : ML_NO_NODE;
}

static inline bool
is_leaf(const struct work *w, uint32_t node)
{
    return w->g->first_edge[node] == w->g->first_edge[node + 1] &&
           !ml_bitset_has(&w->tops, node) && only_referrer(w->r, node) != ML_NO_NODE;
}

static inline void
visit(struct work *w, uint32_t node, uint32_t parent)
{
    uint32_t v = ++w->count;
    w->number[node] = v;
    w->vertex[v] = node;
    w->parent[v] = parent;
    w->next[v] = w->g->first_edge[node];
}

static int
number_from(struct work *w, uint32_t top, const struct ml_cancel *cancel)
{
    uint32_t depth = 0;
    visit(w, top, 0);
    w->stack[depth++] = w->count;
    while (depth > 0) {
        uint32_t v = w->stack[depth - 1], node = w->vertex[v];
        uint32_t end = w->g->first_edge[node + 1];
        bool deeper = false;
        while (w->next[v] < end && !deeper) {
            uint32_t to = w->g->edge[w->next[v]++];
            if (w->next[v] + 4 < end) {
                __builtin_prefetch(&w->number[w->g->edge[w->next[v] + 4]]);
            }
            if (w->number[to] == 0 && !is_leaf(w, to)) {
                visit(w, to, v);
                w->stack[depth++] = w->count;
                deeper = true;
            }
        }
        if (!deeper) {
            depth--;
        }
        else if (w->count % CHUNK == 0 &&
                 ml_cancel_ask(cancel, "finding dominators",
                               0.5 * (double)w->count / ((double)w->g->node_count + 1))) {
            return ML_ECANCELLED;
        }
    }
    return ML_OK;
}

static int
number_all(struct work *w, const struct ml_cancel *cancel)
{
    const struct ml_root_vec *roots = &w->g->roots;
    for (size_t i = 0; i < roots->len; i++) {
        if (w->number[roots->data[i].node] == 0) {
            int rc = number_from(w, roots->data[i].node, cancel);
            if (rc < 0) {
                return rc;
            }
        }
    }
    for (uint32_t n = 0; n < w->g->node_count; n++) {
        if (ml_bitset_has(&w->tops, n) && w->number[n] == 0) {
            int rc = number_from(w, n, cancel);
            if (rc < 0) {
                return rc;
            }
        }
    }
    return ML_OK;
}

/* The number with the least semi among v's linked ancestors (those above `last`),
 * compressing the path on the way. */
static uint32_t
eval(struct work *w, uint32_t v, uint32_t last)
{
    if (w->ancestor[v] < last) {
        return w->label[v];
    }
    uint32_t depth = 0;
    uint32_t u = v;
    do {
        w->stack[depth++] = u;
        u = w->ancestor[u];
    } while (w->ancestor[u] >= last);
    uint32_t above = u;
    while (depth > 0) {
        u = w->stack[--depth];
        w->ancestor[u] = w->ancestor[above];
        if (w->semi[w->label[above]] < w->semi[w->label[u]]) {
            w->label[u] = w->label[above];
        }
        above = u;
    }
    return w->label[v];
}

static int
semidominators(struct work *w, const struct ml_cancel *cancel)
{
    for (uint32_t v = 0; v <= w->count; v++) {
        w->semi[v] = w->label[v] = v;
        w->ancestor[v] = w->parent[v];
    }
    for (uint32_t v = w->count; v > 0; v--) {
        uint32_t node = w->vertex[v], semi = w->parent[v];
        if (ml_bitset_has(&w->tops, node)) {
            semi = 0;
        }
        else {
            for (uint32_t e = w->r->first[node]; e < w->r->first[node + 1]; e++) {
                if (e + 4 < w->r->first[node + 1]) {
                    __builtin_prefetch(&w->number[w->r->from[e + 4]]);
                }
                uint32_t from = w->number[w->r->from[e]];
                if (from == 0) {
                    continue; /* garbage refers to it too */
                }
                uint32_t s = w->semi[eval(w, from, v + 1)];
                semi = s < semi ? s : semi;
            }
        }
        w->semi[v] = semi;
        if (v % CHUNK == 0 &&
            ml_cancel_ask(cancel, "finding dominators",
                          1.0 - 0.5 * (double)v / ((double)w->count + 1))) {
            return ML_ECANCELLED;
        }
    }
    return ML_OK;
}

/* parent[] becomes the dominator: up from the parent until at or above the semi. */
static void
nearest_common_ancestors(struct work *w)
{
    for (uint32_t v = 1; v <= w->count; v++) {
        uint32_t d = w->parent[v];
        while (d > w->semi[v]) {
            d = w->parent[d];
        }
        w->parent[v] = d;
    }
}

static void
write_out(const struct work *w, struct ml_dominator *out)
{
    for (uint32_t v = 1; v <= w->count; v++) {
        uint32_t d = w->parent[v];
        out->idom[w->vertex[v]] = d == 0 ? ML_NO_NODE : w->vertex[d];
        out->order[out->count++] = w->vertex[v];
    }
    for (uint32_t n = 0; n < w->g->node_count; n++) {
        if (w->number[n] == 0 && ml_bitset_has(&w->reach->alive, n)) {
            out->idom[n] = only_referrer(w->r, n);
            out->order[out->count++] = n;
        }
    }
}

static void
free_work(struct work *w, const struct ml_alloc *a)
{
    size_t n = (size_t)w->g->node_count, m = (size_t)w->max + 1;
    ml_alloc_free_array(a, w->number, n, sizeof(uint32_t));
    ml_alloc_free_array(a, w->stack, m, sizeof(uint32_t));
    ml_alloc_free_array(a, w->vertex, m, sizeof(uint32_t));
    ml_alloc_free_array(a, w->parent, m, sizeof(uint32_t));
    ml_alloc_free_array(a, w->semi, m, sizeof(uint32_t));
    ml_alloc_free_array(a, w->label, m, sizeof(uint32_t));
    ml_alloc_free_array(a, w->ancestor, m, sizeof(uint32_t));
    ml_alloc_free_array(a, w->next, m, sizeof(uint32_t));
    ml_bitset_fini(&w->tops, a);
}

/* How many nodes take part: what the arrays are made for. */
static void
mark_tops(struct work *w)
{
    for (size_t i = 0; i < w->g->roots.len; i++) {
        ml_bitset_add(&w->tops, w->g->roots.data[i].node);
    }
    for (uint32_t n = 0; n < w->g->node_count; n++) {
        if (ml_bitset_has(&w->reach->outside, n)) {
            ml_bitset_add(&w->tops, n);
        }
        w->max += ml_bitset_has(&w->reach->alive, n) && !is_leaf(w, n) ? 1 : 0;
    }
}

static bool
prepare(struct work *w, const struct ml_alloc *a)
{
    size_t n = (size_t)w->g->node_count;
    if (!ml_bitset_init(&w->tops, a, n)) {
        return false;
    }
    mark_tops(w);
    size_t m = (size_t)w->max + 1;
    w->number = ml_alloc_array(a, n, sizeof(uint32_t));
    w->stack = ml_alloc_array(a, m, sizeof(uint32_t));
    w->vertex = ml_alloc_array(a, m, sizeof(uint32_t));
    w->parent = ml_alloc_array(a, m, sizeof(uint32_t));
    w->semi = ml_alloc_array(a, m, sizeof(uint32_t));
    w->label = ml_alloc_array(a, m, sizeof(uint32_t));
    w->ancestor = ml_alloc_array(a, m, sizeof(uint32_t));
    w->next = ml_alloc_array(a, m, sizeof(uint32_t));
    return w->number != NULL && w->stack != NULL && w->vertex != NULL &&
           w->parent != NULL && w->semi != NULL && w->label != NULL &&
           w->ancestor != NULL && w->next != NULL;
}

void
ml_dominator_fini(struct ml_dominator *d, const struct ml_alloc *a)
{
    ml_alloc_free_array(a, d->idom, d->node_count, sizeof(*d->idom));
    ml_alloc_free_array(a, d->order, d->node_count, sizeof(*d->order));
    memset(d, 0, sizeof(*d));
}

int
ml_dominator_build(const struct ml_heap_graph *g, const struct ml_reverse *r,
                   const struct ml_reach *reach, const struct ml_alloc *a,
                   const struct ml_cancel *cancel, struct ml_dominator *out,
                   struct ml_error *err)
{
    struct work w = {.g = g, .r = r, .reach = reach};
    memset(out, 0, sizeof(*out));
    out->node_count = g->node_count;
    int rc = prepare(&w, a) ? number_all(&w, cancel) : ML_ENOMEM;
    if (rc == ML_OK) {
        rc = semidominators(&w, cancel);
    }
    if (rc == ML_OK) {
        nearest_common_ancestors(&w);
        out->idom = ml_alloc_array(a, g->node_count, sizeof(*out->idom));
        out->order = ml_alloc_array(a, g->node_count, sizeof(*out->order));
        rc = out->idom != NULL && out->order != NULL ? ML_OK : ML_ENOMEM;
    }
    if (rc == ML_OK) {
        memset(out->idom, 0xFF, (size_t)g->node_count * sizeof(*out->idom));
        write_out(&w, out);
    }
    free_work(&w, a);
    if (rc < 0) {
        ml_dominator_fini(out, a);
        return rc == ML_ENOMEM ? ml_error_nomem(err)
                               : ml_error_set(err, rc, "stopped while finding dominators");
    }
    return ML_OK;
}
