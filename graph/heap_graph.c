/* SPDX-License-Identifier: MIT
 *
 * See heap_graph.h. Arrays double; first_edge is filled as far as references have been
 * added, nodes without any are closed on the way.
 */
#include "heap_graph.h"

#include <string.h>

#define MAX_NODES (UINT32_MAX - 16)

void
ml_heap_graph_init(struct ml_heap_graph *g, const struct ml_alloc *a)
{
    memset(g, 0, sizeof(*g));
    g->a = a;
}

void
ml_heap_graph_fini(struct ml_heap_graph *g)
{
    const struct ml_alloc *a = g->a;
    if (a == NULL) {
        return;
    }
    ml_alloc_free_array(a, g->address, g->node_cap, sizeof(*g->address));
    ml_alloc_free_array(a, g->kind, g->node_cap, sizeof(*g->kind));
    ml_alloc_free_array(a, g->flags, g->node_cap, sizeof(*g->flags));
    ml_alloc_free_array(a, g->size32, g->node_cap, sizeof(*g->size32));
    ml_alloc_free_array(a, g->first_edge, g->node_cap + 1, sizeof(*g->first_edge));
    ml_alloc_free_array(a, g->edge, g->edge_cap, sizeof(*g->edge));
    ml_root_vec_free(&g->roots, a);
    ml_u64vec_free(&g->big_sizes, a);
    memset(g, 0, sizeof(*g));
}

static bool
grow_array(const struct ml_alloc *a, void *array, size_t from, size_t to, size_t size)
{
    void **p = array;
    void *grown = ml_alloc_resize_array(a, *p, from, to, size);
    if (grown == NULL) {
        return false;
    }
    *p = grown;
    return true;
}

/* A growth that fails half-way leaves longer arrays than node_cap says. Arrays are
 * therefore given back by the size they really have: all grow from the smallest. */
static int
grow_nodes(struct ml_heap_graph *g)
{
    size_t from = g->node_cap, to = from < 1024 ? 1024 : from * 2;
    const struct ml_alloc *a = g->a;
    struct {
        void *array;
        size_t size, extra;
    } arrays[] = {{&g->address, sizeof(*g->address), 0},
                  {&g->kind, sizeof(*g->kind), 0},
                  {&g->flags, sizeof(*g->flags), 0},
                  {&g->size32, sizeof(*g->size32), 0},
                  {&g->first_edge, sizeof(*g->first_edge), 1}};
    size_t count = sizeof(arrays) / sizeof(arrays[0]), done = 0;
    while (done < count) {
        size_t extra = arrays[done].extra;
        bool first = from == 0 && *(void **)arrays[done].array == NULL;
        if (!grow_array(a, arrays[done].array, first ? 0 : from + extra, to + extra,
                        arrays[done].size)) {
            break;
        }
        done++;
    }
    if (done == count) {
        g->node_cap = to;
        return ML_OK;
    }
    while (done-- > 0) { /* shrink back, which cannot fail for long-lived allocators */
        void **p = arrays[done].array;
        size_t extra = arrays[done].extra;
        if (from == 0) {
            ml_alloc_free_array(a, *p, to + extra, arrays[done].size);
            *p = NULL;
        }
        else {
            void *back = ml_alloc_array(a, from + extra, arrays[done].size);
            if (back != NULL) {
                memcpy(back, *p, (from + extra) * arrays[done].size);
                ml_alloc_free_array(a, *p, to + extra, arrays[done].size);
                *p = back;
            }
            else {
                back = ml_alloc_resize_array(a, *p, to + extra, from + extra,
                                             arrays[done].size);
                *p = back != NULL ? back : *p;
            }
        }
    }
    return ML_ENOMEM;
}

static int
note_size(struct ml_heap_graph *g, uint32_t node, uint64_t size)
{
    if (size < UINT32_MAX) {
        g->size32[node] = (uint32_t)size;
        return ML_OK;
    }
    if (ml_u64vec_push(&g->big_sizes, g->a, node) < 0) {
        return ML_ENOMEM;
    }
    if (ml_u64vec_push(&g->big_sizes, g->a, size) < 0) {
        g->big_sizes.len--;
        return ML_ENOMEM;
    }
    g->size32[node] = UINT32_MAX;
    return ML_OK;
}

int
ml_heap_graph_add_node(struct ml_heap_graph *g, const struct ml_node_info *info)
{
    if (g->node_count >= MAX_NODES) {
        return ML_ELIMIT;
    }
    if (g->node_count == g->node_cap && grow_nodes(g) < 0) {
        return ML_ENOMEM;
    }
    uint32_t node = g->node_count;
    if (note_size(g, node, info->size) < 0) {
        return ML_ENOMEM;
    }
    g->address[node] = info->address;
    g->kind[node] = info->kind;
    g->flags[node] = info->flags;
    g->first_edge[node] = UINT32_MAX; /* not reached by references yet */
    g->node_count++;
    return ML_OK;
}

int
ml_heap_graph_set_size(struct ml_heap_graph *g, uint32_t node, uint64_t size)
{
    if (g->size32[node] == UINT32_MAX) {
        for (size_t i = 0; i + 1 < g->big_sizes.len; i += 2) {
            if (g->big_sizes.data[i] == node) {
                g->big_sizes.data[i + 1] = size;
                return ML_OK;
            }
        }
    }
    return note_size(g, node, size);
}

static void
close_until(struct ml_heap_graph *g, uint32_t node)
{
    for (uint32_t n = node + 1; n-- > 0 && g->first_edge[n] == UINT32_MAX;) {
        g->first_edge[n] = g->edge_count;
    }
}

int
ml_heap_graph_add_edges(struct ml_heap_graph *g, uint32_t from, const uint32_t *to,
                        size_t count)
{
    size_t need;
    if (!ml_size_add(g->edge_count, count, &need) || need >= UINT32_MAX) {
        return ML_ELIMIT;
    }
    if (need > g->edge_cap) {
        size_t cap = g->edge_cap < 4096 ? 4096 : g->edge_cap * 2;
        cap = cap < need ? need : cap;
        if (!grow_array(g->a, &g->edge, g->edge_cap, cap, sizeof(*g->edge))) {
            return ML_ENOMEM;
        }
        g->edge_cap = cap;
    }
    if (g->first_edge[from] == UINT32_MAX) {
        close_until(g, from);
    }
    if (count > 0) {
        memcpy(g->edge + g->edge_count, to, count * sizeof(*to));
    }
    g->edge_count += (uint32_t)count;
    return ML_OK;
}

int
ml_heap_graph_add_root(struct ml_heap_graph *g, uint32_t node, uint32_t rank, uint64_t name)
{
    struct ml_root root = {node, rank, name};
    return ml_root_vec_push(&g->roots, g->a, root);
}

/* Pairs were appended in any order; they are few. */
static void
sort_big_sizes(struct ml_u64vec *v)
{
    for (size_t i = 2; i + 1 < v->len; i += 2) {
        uint64_t node = v->data[i], size = v->data[i + 1];
        size_t k = i;
        for (; k >= 2 && v->data[k - 2] > node; k -= 2) {
            v->data[k] = v->data[k - 2];
            v->data[k + 1] = v->data[k - 1];
        }
        v->data[k] = node;
        v->data[k + 1] = size;
    }
}

int
ml_heap_graph_freeze(struct ml_heap_graph *g, struct ml_error *err)
{
    if (g->node_cap == 0 && grow_nodes(g) < 0) {
        return ml_error_nomem(err);
    }
    if (g->node_count > 0) {
        close_until(g, g->node_count - 1);
    }
    g->first_edge[g->node_count] = g->edge_count;
    sort_big_sizes(&g->big_sizes);
    return ML_OK;
}

uint64_t
ml_heap_graph_size(const struct ml_heap_graph *g, uint32_t node)
{
    if (g->size32[node] != UINT32_MAX) {
        return g->size32[node];
    }
    size_t low = 0, high = g->big_sizes.len / 2;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (g->big_sizes.data[2 * mid] < node) {
            low = mid + 1;
        }
        else {
            high = mid;
        }
    }
    return 2 * low + 1 < g->big_sizes.len ? g->big_sizes.data[2 * low + 1] : UINT32_MAX;
}

int
ml_heap_graph_validate(const struct ml_heap_graph *g, struct ml_error *err)
{
    for (uint32_t n = 0; n < g->node_count; n++) {
        if (g->first_edge[n] > g->first_edge[n + 1]) {
            return ml_error_set(err, ML_EINVAL, "node %u: references run backwards", n);
        }
    }
    if (g->first_edge[g->node_count] != g->edge_count) {
        return ml_error_set(err, ML_EINVAL, "the last node does not end the references");
    }
    for (uint32_t e = 0; e < g->edge_count; e++) {
        if (g->edge[e] >= g->node_count) {
            return ml_error_set(err, ML_EINVAL, "reference %u leads nowhere", e);
        }
    }
    for (size_t i = 0; i < g->roots.len; i++) {
        if (g->roots.data[i].node >= g->node_count) {
            return ml_error_set(err, ML_EINVAL, "root %zu is no node", i);
        }
    }
    return ML_OK;
}
