/* SPDX-License-Identifier: MIT
 *
 * Shortest paths from all roots at once: breadth first, level by level, where a root of
 * rank r joins at level r, before what the level above refers to (so that a name beats a
 * way round of the same length). The array of reached nodes is the queue. O(nodes +
 * references).
 */
#include "analysis.h"

#include <string.h>

#define LEVELS (ML_PATH_OUTSIDE_RANK + 1)
#define CHUNK 65536

struct search {
    const struct ml_heap_graph *g;
    const struct ml_reach *reach;
    struct ml_path_tree *t;
    uint32_t *by_rank; /* indices of roots, sorted by rank, stable */
    uint32_t start[LEVELS + 1];
};

void
ml_path_tree_fini(struct ml_path_tree *t, const struct ml_alloc *a)
{
    ml_alloc_free_array(a, t->parent, t->node_count, sizeof(*t->parent));
    ml_alloc_free_array(a, t->root, t->node_count, sizeof(*t->root));
    ml_alloc_free_array(a, t->order, t->node_count, sizeof(*t->order));
    memset(t, 0, sizeof(*t));
}

static uint32_t
rank_of(const struct ml_root *root)
{
    return root->rank < ML_PATH_OUTSIDE_RANK ? root->rank : ML_PATH_OUTSIDE_RANK - 1;
}

static void
sort_roots(struct search *s)
{
    const struct ml_root_vec *roots = &s->g->roots;
    for (size_t i = 0; i < roots->len; i++) {
        s->start[rank_of(&roots->data[i]) + 1]++;
    }
    for (uint32_t l = 1; l <= LEVELS; l++) {
        s->start[l] += s->start[l - 1];
    }
    uint32_t next[LEVELS];
    memcpy(next, s->start, sizeof(next));
    for (size_t i = 0; i < roots->len; i++) {
        s->by_rank[next[rank_of(&roots->data[i])]++] = (uint32_t)i;
    }
}

static inline void
enter(struct search *s, uint32_t node, uint32_t parent, uint32_t root)
{
    if (s->t->root[node] == ML_NO_NODE && !(s->g->flags[node] & ML_NODE_OWN)) {
        s->t->root[node] = root;
        s->t->parent[node] = parent;
        s->t->order[s->t->reached++] = node;
    }
}

static void
enter_roots(struct search *s, uint32_t level)
{
    if (level < ML_PATH_OUTSIDE_RANK) {
        for (uint32_t i = s->start[level]; i < s->start[level + 1]; i++) {
            uint32_t root = s->by_rank[i];
            enter(s, s->g->roots.data[root].node, ML_NO_NODE, root);
        }
    }
    else if (level == ML_PATH_OUTSIDE_RANK) {
        for (uint32_t n = 0; n < s->g->node_count; n++) {
            if (ml_bitset_has(&s->reach->outside, n)) {
                enter(s, n, ML_NO_NODE, ML_PATH_OUTSIDE);
            }
        }
    }
}

static void
expand(struct search *s, uint32_t at)
{
    uint32_t count, node = s->t->order[at], root = s->t->root[node];
    const uint32_t *to = ml_heap_graph_edges(s->g, node, &count);
    if (at + 8 < s->t->reached) {
        __builtin_prefetch(&s->g->first_edge[s->t->order[at + 8]]);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (i + 8 < count) {
            __builtin_prefetch(&s->t->root[to[i + 8]]);
        }
        enter(s, to[i], node, root);
    }
}

static int
run(struct search *s, const struct ml_cancel *cancel)
{
    uint32_t at = 0;
    enter_roots(s, 0);
    for (uint32_t level = 0; at < s->t->reached || level <= ML_PATH_OUTSIDE_RANK; level++) {
        uint32_t end = s->t->reached;
        enter_roots(s, level + 1);
        for (; at < end; at++) {
            expand(s, at);
            if (at % CHUNK == 0 &&
                ml_cancel_ask(cancel, "finding paths",
                              (double)at / ((double)s->g->node_count + 1))) {
                return ML_ECANCELLED;
            }
        }
    }
    return ML_OK;
}

int
ml_path_tree_build(const struct ml_heap_graph *g, const struct ml_reach *reach,
                   const struct ml_alloc *a, const struct ml_cancel *cancel,
                   struct ml_path_tree *out, struct ml_error *err)
{
    size_t n = g->node_count;
    memset(out, 0, sizeof(*out));
    out->node_count = g->node_count;
    out->parent = ml_alloc_array(a, n, sizeof(*out->parent));
    out->root = ml_alloc_array(a, n, sizeof(*out->root));
    out->order = ml_alloc_array(a, n, sizeof(*out->order));
    struct search s = {.g = g, .reach = reach, .t = out};
    s.by_rank = ml_alloc_array(a, g->roots.len, sizeof(*s.by_rank));
    int rc = ML_ENOMEM;
    if (out->parent != NULL && out->root != NULL && out->order != NULL &&
        s.by_rank != NULL) {
        memset(out->parent, 0xFF, n * sizeof(*out->parent));
        memset(out->root, 0xFF, n * sizeof(*out->root));
        sort_roots(&s);
        rc = run(&s, cancel);
    }
    ml_alloc_free_array(a, s.by_rank, g->roots.len, sizeof(*s.by_rank));
    if (rc < 0) {
        ml_path_tree_fini(out, a);
        return rc == ML_ENOMEM ? ml_error_nomem(err)
                               : ml_error_set(err, rc, "stopped while finding paths");
    }
    return ML_OK;
}
