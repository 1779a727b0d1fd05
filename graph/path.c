/* SPDX-License-Identifier: MIT
 *
 * Shortest path tree: a breadth-first search by levels, in which a root of rank d
 * joins at level d.
 *
 * Of several ways of the same length the one from the root listed first wins, then
 * the one through the lowest node. A level is therefore complete, ties included,
 * before the next one begins: a node met again within the level it belongs to
 * compares the two ways. Taking simply the first one met would be wrong: with roots
 * a (rank 1) and b (rank 0), b's child is queued before a, and a node below both
 * would go to b although a stands first in the list.
 *
 * The inner loop reads two bits a reference (reached, and in the level being made);
 * the arrays are touched only when a node is new or a tie.
 *
 * O(nodes + edges + roots log roots); 12 bytes a node, all of them result.
 */
#include "analysis.h"
#include "step.h"

#include <string.h>

struct search {
    const struct ml_heap_graph *g;
    struct ml_path_tree *out;
    struct ml_bitset reached; /* own nodes count as reached: nothing enters them */
    struct ml_bitset level;   /* nodes of the level that is being made */
    uint64_t *starts;         /* rank << 32 | index into roots, ascending */
    size_t start_count, next_start;
    uint32_t level_first; /* in out->order */
};

/* Node `v` can be had from `parent`, on the way that began at `root`. */
static inline void
offer(struct search *s, uint32_t v, uint32_t parent, uint32_t root)
{
    struct ml_path_tree *t = s->out;
    if (!ml_bitset_has(&s->reached, v)) {
        ml_bitset_add(&s->reached, v);
        ml_bitset_add(&s->level, v);
        t->order[t->reached++] = v;
        t->parent[v] = parent;
        t->root[v] = root;
    }
    else if (ml_bitset_has(&s->level, v) &&
             (root < t->root[v] || (root == t->root[v] && parent < t->parent[v]))) {
        t->parent[v] = parent;
        t->root[v] = root;
    }
}

static void
offer_outside(struct search *s, const struct ml_reach *reach)
{
    for (size_t w = 0; w <= reach->outside.bits / 64; w++) {
        uint64_t bits = reach->outside.words[w] & ~reach->named.words[w];
        for (; bits != 0; bits &= bits - 1) {
            uint32_t n = (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(bits);
            offer(s, n, ML_NO_NODE, ML_PATH_OUTSIDE);
        }
    }
}

static void
offer_roots(struct search *s, uint64_t level, const struct ml_reach *reach)
{
    while (s->next_start < s->start_count && s->starts[s->next_start] >> 32 == level) {
        uint32_t root = (uint32_t)s->starts[s->next_start++];
        offer(s, s->g->roots.data[root].node, ML_NO_NODE, root);
    }
    if (level == ML_PATH_OUTSIDE_RANK) {
        offer_outside(s, reach);
    }
}

/* Makes the next level from order[first..last). */
static int
expand(struct search *s, uint32_t first, uint32_t last, const struct ml_cancel *cancel,
       struct ml_error *err)
{
    const struct ml_heap_graph *g = s->g;
    struct ml_path_tree *t = s->out;
    for (uint32_t i = first; i < last; i++) {
        ml_bitset_remove(&s->level, t->order[i]);
    }
    for (uint32_t i = first; i < last; i++) {
        int rc = step_ask(cancel, "finding paths", i, g->node_count, err);
        if (rc < 0) {
            return rc;
        }
        if (i + STEP_AHEAD < last) {
            __builtin_prefetch(&g->first_edge[t->order[i + STEP_AHEAD]]);
            __builtin_prefetch(&t->root[t->order[i + STEP_AHEAD]]);
            uint32_t near = t->order[i + STEP_AHEAD / 2];
            __builtin_prefetch(&g->edge[g->first_edge[near]]);
        }
        uint32_t count, u = t->order[i], root = t->root[u];
        const uint32_t *to = ml_heap_graph_edges(g, u, &count);
        for (uint32_t e = 0; e < count; e++) {
            offer(s, to[e], u, root);
        }
    }
    return ML_OK;
}

/* The level at which something joins when the present one is empty. */
static uint64_t
next_level(const struct search *s, uint64_t level)
{
    uint64_t next = UINT64_MAX;
    if (s->next_start < s->start_count) {
        next = s->starts[s->next_start] >> 32;
    }
    if (level <= ML_PATH_OUTSIDE_RANK && next > ML_PATH_OUTSIDE_RANK) {
        next = ML_PATH_OUTSIDE_RANK;
    }
    return next;
}

static int
run(struct search *s, const struct ml_reach *reach, const struct ml_cancel *cancel,
    struct ml_error *err)
{
    struct ml_path_tree *t = s->out;
    uint32_t first = 0;
    for (uint64_t level = 0;; level++) {
        if (first == t->reached) { /* nothing came from the level before */
            level = next_level(s, level);
        }
        if (level == UINT64_MAX) {
            return ML_OK;
        }
        offer_roots(s, level, reach);
        uint32_t last = t->reached;
        int rc = expand(s, first, last, cancel, err);
        if (rc < 0) {
            return rc;
        }
        first = last;
    }
}

static void
prepare(struct search *s)
{
    const struct ml_heap_graph *g = s->g;
    for (uint32_t n = 0; n < g->node_count; n++) {
        if ((g->flags[n] & ML_NODE_OWN) != 0) {
            ml_bitset_add(&s->reached, n);
        }
    }
    for (uint32_t i = 0; i < s->start_count; i++) {
        s->starts[i] = (uint64_t)g->roots.data[i].rank << 32 | i;
    }
    step_sort(s->starts, s->start_count);
    while (s->start_count > 0 && s->starts[s->start_count - 1] >> 32 == ML_ROOT_OWN) {
        s->start_count--; /* the highest rank: no path starts there */
    }
    memset(s->out->parent, 0xFF, g->node_count * sizeof(uint32_t));
    memset(s->out->root, 0xFF, g->node_count * sizeof(uint32_t));
}

int
ml_path_tree_build(const struct ml_heap_graph *g, const struct ml_reach *reach,
                   const struct ml_alloc *a, const struct ml_cancel *cancel,
                   struct ml_path_tree *out, struct ml_error *err)
{
    struct search s = {.g = g, .out = out, .start_count = g->roots.len};
    memset(out, 0, sizeof(*out));
    out->node_count = g->node_count;
    out->parent = ml_alloc_array(a, g->node_count, sizeof(uint32_t));
    out->root = ml_alloc_array(a, g->node_count, sizeof(uint32_t));
    out->order = ml_alloc_array(a, g->node_count, sizeof(uint32_t));
    s.starts = ml_alloc_array(a, s.start_count, sizeof(uint64_t));
    bool room = ml_bitset_init(&s.reached, a, g->node_count);
    room = ml_bitset_init(&s.level, a, g->node_count) && room;
    int rc;
    if (!room || out->parent == NULL || out->root == NULL || out->order == NULL ||
        s.starts == NULL) {
        rc = ml_error_nomem(err);
        goto out;
    }
    prepare(&s);
    rc = run(&s, reach, cancel, err);
out:
    ml_bitset_fini(&s.level, a);
    ml_bitset_fini(&s.reached, a);
    ml_alloc_free_array(a, s.starts, g->roots.len, sizeof(uint64_t));
    if (rc < 0) {
        ml_path_tree_fini(out, a);
    }
    return rc;
}

void
ml_path_tree_fini(struct ml_path_tree *t, const struct ml_alloc *a)
{
    ml_alloc_free_array(a, t->parent, t->node_count, sizeof(uint32_t));
    ml_alloc_free_array(a, t->root, t->node_count, sizeof(uint32_t));
    ml_alloc_free_array(a, t->order, t->node_count, sizeof(uint32_t));
    memset(t, 0, sizeof(*t));
}
