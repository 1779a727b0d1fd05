/* SPDX-License-Identifier: MIT
 *
 * See heap_graph.h: the builder, the freeze and the check.
 *
 * Node arrays double together. One of them may grow and the next one fail, so each
 * remembers its own room; otherwise the wrong size would be given back at the end.
 * Sizes that do not fit 32 bits are rare (one bytes object of 4 GiB): they stand in
 * a sorted side list, and a node costs 4 bytes for its size instead of 8.
 */
#include "heap_graph.h"

#include <string.h>

#define MIN_ROOM 1024

enum { CAP_ADDRESS, CAP_KIND, CAP_FLAGS, CAP_SIZE, CAP_FIRST };

void
ml_heap_graph_init(struct ml_heap_graph *g, const struct ml_alloc *a)
{
    memset(g, 0, sizeof(*g));
    g->a = a;
}

void
ml_heap_graph_fini(struct ml_heap_graph *g)
{
    if (g->a == NULL) {
        return;
    }
    ml_alloc_free_array(g->a, g->address, g->array_cap[CAP_ADDRESS], sizeof(uint64_t));
    ml_alloc_free_array(g->a, g->kind, g->array_cap[CAP_KIND], sizeof(uint32_t));
    ml_alloc_free_array(g->a, g->flags, g->array_cap[CAP_FLAGS], sizeof(uint8_t));
    ml_alloc_free_array(g->a, g->size32, g->array_cap[CAP_SIZE], sizeof(uint32_t));
    ml_alloc_free_array(g->a, g->first_edge, g->array_cap[CAP_FIRST], sizeof(uint32_t));
    ml_alloc_free_array(g->a, g->edge, g->edge_cap, sizeof(uint32_t));
    ml_root_vec_free(&g->roots, g->a);
    ml_u64vec_free(&g->big_sizes, g->a);
    memset(g, 0, sizeof(*g));
}

/* Grows one array to `to` entries unless it has them. */
static void *
grown(struct ml_heap_graph *g, void *data, int which, size_t to, size_t size)
{
    if (g->array_cap[which] >= to) {
        return data;
    }
    void *p = ml_alloc_resize_array(g->a, data, g->array_cap[which], to, size);
    if (p != NULL) {
        g->array_cap[which] = to;
    }
    return p;
}

#define GROW(field, which, to)                                                         \
    do {                                                                               \
        void *grown_ = grown(g, g->field, which, to, sizeof(*g->field));               \
        if (grown_ == NULL) {                                                          \
            return ML_ENOMEM;                                                          \
        }                                                                              \
        g->field = grown_;                                                             \
    } while (0)

static int
grow_nodes(struct ml_heap_graph *g)
{
    size_t to = ml_grown(g->node_cap, MIN_ROOM);
    GROW(address, CAP_ADDRESS, to);
    GROW(kind, CAP_KIND, to);
    GROW(flags, CAP_FLAGS, to);
    GROW(size32, CAP_SIZE, to);
    GROW(first_edge, CAP_FIRST, to + 1);
    g->node_cap = to;
    return ML_OK;
}

static int
grow_edges(struct ml_heap_graph *g, size_t need)
{
    size_t to = ml_grown(g->edge_cap, MIN_ROOM);
    to = to < need ? need : to;
    uint32_t *p = ml_alloc_resize_array(g->a, g->edge, g->edge_cap, to, sizeof(*p));
    if (p == NULL) {
        return ML_ENOMEM;
    }
    g->edge = p;
    g->edge_cap = to;
    return ML_OK;
}

/* Index of the pair of `node` in big_sizes, or where it belongs. */
static size_t
big_size_at(const struct ml_heap_graph *g, uint32_t node)
{
    size_t low = 0, high = g->big_sizes.len / 2;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (g->big_sizes.data[2 * mid] < node) {
            low = mid + 1;
        }
        else {
            high = mid;
        }
    }
    return 2 * low;
}

static int
put_big_size(struct ml_heap_graph *g, uint32_t node, uint64_t size)
{
    struct ml_u64vec *v = &g->big_sizes;
    size_t at = big_size_at(g, node);
    if (at == v->len || v->data[at] != node) {
        if (ml_u64vec_reserve(v, g->a, v->len + 2) < 0) {
            return ML_ENOMEM;
        }
        memmove(v->data + at + 2, v->data + at, (v->len - at) * sizeof(*v->data));
        v->len += 2;
    }
    v->data[at] = node;
    v->data[at + 1] = size;
    return ML_OK;
}

uint64_t
ml_heap_graph_size(const struct ml_heap_graph *g, uint32_t node)
{
    if (g->size32[node] != UINT32_MAX) {
        return g->size32[node];
    }
    return g->big_sizes.data[big_size_at(g, node) + 1];
}

int
ml_heap_graph_set_size(struct ml_heap_graph *g, uint32_t node, uint64_t size)
{
    if (node >= g->node_count) {
        return ML_EINVAL;
    }
    if (size >= UINT32_MAX) {
        int rc = put_big_size(g, node, size);
        if (rc < 0) {
            return rc;
        }
    }
    /* A pair left over from an earlier, larger size is never looked at. */
    g->size32[node] = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
    return ML_OK;
}

int
ml_heap_graph_add_node(struct ml_heap_graph *g, const struct ml_node_info *info)
{
    uint32_t node = g->node_count;
    if (node >= UINT32_MAX - 2) { /* the last numbers mean "none" and "outside" */
        return ML_ELIMIT;
    }
    if (node == g->node_cap && grow_nodes(g) < 0) {
        return ML_ENOMEM;
    }
    g->address[node] = info->address;
    g->kind[node] = info->kind;
    g->flags[node] = info->flags;
    g->node_count++;
    int rc = ml_heap_graph_set_size(g, node, info->size);
    if (rc < 0) {
        g->node_count--;
    }
    return rc;
}

/* Writes first_edge for all nodes up to and including `node`. */
static inline void
begin_edges(struct ml_heap_graph *g, uint32_t node)
{
    while (g->edges_begun <= node) {
        g->first_edge[g->edges_begun++] = g->edge_count;
    }
}

int
ml_heap_graph_add_edges(struct ml_heap_graph *g, uint32_t from, const uint32_t *to,
                        size_t count)
{
    if (from >= g->node_count || from + 1 < g->edges_begun) {
        return ML_EINVAL;
    }
    if (count > UINT32_MAX - 1 - g->edge_count) {
        return ML_ELIMIT;
    }
    if (g->edge_count + count > g->edge_cap &&
        grow_edges(g, g->edge_count + count) < 0) {
        return ML_ENOMEM;
    }
    begin_edges(g, from);
    if (count > 0) {
        memcpy(g->edge + g->edge_count, to, count * sizeof(*to));
    }
    g->edge_count += (uint32_t)count;
    return ML_OK;
}

int
ml_heap_graph_add_root(struct ml_heap_graph *g, uint32_t node, uint32_t rank,
                       uint64_t name)
{
    if (g->roots.len >= UINT32_MAX - 2) {
        return ML_ELIMIT;
    }
    return ml_root_vec_push(&g->roots, g->a, (struct ml_root){node, rank, name});
}

/* Every algorithm trusts the targets, so they are looked at once, here. */
static int
check_targets(const struct ml_heap_graph *g, struct ml_error *err)
{
    for (uint32_t e = 0; e < g->edge_count; e++) {
        if (g->edge[e] >= g->node_count) {
            return ml_error_set(err, ML_EINVAL, "reference %u leads to node %u of %u",
                                e, g->edge[e], g->node_count);
        }
    }
    for (size_t i = 0; i < g->roots.len; i++) {
        if (g->roots.data[i].node >= g->node_count) {
            return ml_error_set(err, ML_EINVAL, "root %zu is node %u of %u", i,
                                g->roots.data[i].node, g->node_count);
        }
    }
    return ML_OK;
}

int
ml_heap_graph_freeze(struct ml_heap_graph *g, struct ml_error *err)
{
    if (g->node_cap == 0 && grow_nodes(g) < 0) {
        return ml_error_nomem(err);
    }
    if (g->edge_cap == 0 && grow_edges(g, 1) < 0) {
        return ml_error_nomem(err);
    }
    begin_edges(g, g->node_count);
    return check_targets(g, err);
}

static int
check_big_sizes(const struct ml_heap_graph *g, struct ml_error *err)
{
    const struct ml_u64vec *v = &g->big_sizes;
    for (size_t i = 0; i < v->len; i += 2) {
        if (v->data[i] >= g->node_count || (i > 0 && v->data[i - 2] >= v->data[i])) {
            return ml_error_set(err, ML_EINVAL, "big size %zu is out of order", i / 2);
        }
    }
    for (uint32_t n = 0; n < g->node_count; n++) {
        size_t at = g->size32[n] == UINT32_MAX ? big_size_at(g, n) : 0;
        if (g->size32[n] == UINT32_MAX && (at >= v->len || v->data[at] != n)) {
            return ml_error_set(err, ML_EINVAL, "node %u has lost its size", n);
        }
    }
    return ML_OK;
}

int
ml_heap_graph_validate(const struct ml_heap_graph *g, struct ml_error *err)
{
    if (g->edges_begun != g->node_count + 1) {
        return ml_error_set(err, ML_EINVAL, "the graph is not frozen");
    }
    for (uint32_t n = 0; n < g->node_count; n++) {
        if (g->first_edge[n] > g->first_edge[n + 1]) {
            return ml_error_set(err, ML_EINVAL,
                                "references of node %u end before their start", n);
        }
    }
    if (g->first_edge[0] != 0 || g->first_edge[g->node_count] != g->edge_count) {
        return ml_error_set(err, ML_EINVAL, "references do not fill their array");
    }
    int rc = check_big_sizes(g, err);
    return rc < 0 ? rc : check_targets(g, err);
}
