/* SPDX-License-Identifier: MIT
 *
 * Folds the shortest path tree into places; see finding.h for what they are, and
 * docs/internals/findings.md for why. One pass over the nodes in path order: a node,
 * being visited, gives a place to each of its children in the tree. Children are found
 * by going through its references (a child's slot is the number of the reference that
 * shows it first), so that also the greatest holder of each place is counted exactly
 * and whatever order the path tree has.
 *
 * Does not decide what is a leak: that is findings.c.
 */
#include "place_trie.h"

#include <string.h>

/* How many nodes ahead their references, and half as many ahead the references'
 * targets are asked for; the same number of references ahead in a great container. */
enum { AHEAD = 32, TARGETS = 8, ASK_EVERY = 1 << 14 };

struct walk {
    const struct ml_heap_graph *g;
    const struct ml_path_tree *t;
    struct ml_place_trie trie;
    uint32_t *of_node;
};

static void
fetch_child(const struct walk *w, uint32_t child)
{
    __builtin_prefetch(&w->t->parent[child]);
    __builtin_prefetch(&w->of_node[child], 1);
    __builtin_prefetch(&w->g->kind[child]);
    __builtin_prefetch(&w->g->flags[child]);
}

static void
fetch_ahead(const struct walk *w, uint32_t i)
{
    if (i + AHEAD < w->t->reached) {
        uint32_t n = w->t->order[i + AHEAD];
        __builtin_prefetch(&w->g->first_edge[n]);
        __builtin_prefetch(&w->of_node[n]);
        __builtin_prefetch(&w->g->flags[n]);
    }
    if (i + AHEAD / 2 < w->t->reached) {
        uint32_t n = w->t->order[i + AHEAD / 2];
        __builtin_prefetch(&w->g->edge[w->g->first_edge[n]]);
    }
    if (i + AHEAD / 4 < w->t->reached) {
        uint32_t n = w->t->order[i + AHEAD / 4];
        uint32_t end = w->g->first_edge[n + 1];
        uint32_t at = w->g->first_edge[n];
        for (int k = 0; k < TARGETS && at < end; k++, at++) {
            fetch_child(w, w->g->edge[at]);
        }
    }
}

/* Counts a child of `holder` for the greatest holder of its place. */
static void
count_entry(struct walk *w, uint32_t place, uint32_t holder)
{
    struct ml_place_growth *seen = &w->trie.growth[place];
    struct ml_place *p = &w->trie.place[place];
    if (seen->scan != holder) {
        seen->scan = holder;
        seen->scanned = 0;
    }
    if (++seen->scanned > p->entries) {
        p->entries = seen->scanned;
        p->holder = holder;
    }
}

static int
place_children(struct walk *w, uint32_t holder)
{
    uint32_t count;
    const uint32_t *edge = ml_heap_graph_edges(w->g, holder, &count);
    bool spread = (w->g->flags[holder] & ML_NODE_SPREAD) != 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t child = edge[i];
        if (i + AHEAD < count) {
            fetch_child(w, edge[i + AHEAD]);
        }
        if (w->t->parent[child] != holder || w->of_node[child] != ML_NO_NODE) {
            continue;
        }
        uint32_t above = w->of_node[holder];
        struct ml_place_key key = {.parent = above,
                                   .root = w->trie.place[above].root,
                                   .kind = w->g->kind[child],
                                   .slot = spread ? ML_SLOT_SPREAD : i,
                                   .flags = w->g->flags[child]};
        if (ml_place_trie_get(&w->trie, &key, &w->of_node[child]) < 0) {
            return ML_ENOMEM;
        }
        count_entry(w, w->of_node[child], holder);
    }
    return ML_OK;
}

/* A node without parent: the first of a root, or one that is held from outside. All
 * of one kind held from outside share a place: nobody can tell their roots apart. */
static int
place_top(struct walk *w, uint32_t node)
{
    struct ml_place_key key = {.parent = ML_NO_NODE,
                               .root = w->t->root[node],
                               .kind = w->g->kind[node],
                               .flags = w->g->flags[node]};
    return ml_place_trie_get(&w->trie, &key, &w->of_node[node]);
}

/* Until the end, `first` is a position in path order rather than a node, so that
 * places can be joined. */
static int
visit(struct walk *w, uint32_t i)
{
    uint32_t node = w->t->order[i];
    fetch_ahead(w, i);
    if (w->of_node[node] == ML_NO_NODE && place_top(w, node) < 0) {
        return ML_ENOMEM;
    }
    struct ml_place *p = &w->trie.place[w->of_node[node]];
    p->count++;
    p->first = p->first == ML_NO_NODE ? i : p->first;
    return place_children(w, node);
}

static int
grow_trie(struct walk *w, const struct ml_cancel *cancel, struct ml_error *err)
{
    for (uint32_t i = 0; i < w->t->reached; i++) {
        if (i % ASK_EVERY == 0 &&
            ml_cancel_ask(cancel, "finding places", (double)i / w->t->reached)) {
            return ml_error_set(err, ML_ECANCELLED, "cancelled while finding places");
        }
        if (visit(w, i) < 0) {
            return ml_error_nomem(err);
        }
    }
    if (w->trie.any_recursive &&
        ml_place_fold(&w->trie, w->of_node, w->t->node_count) < 0) {
        return ml_error_nomem(err);
    }
    for (uint32_t i = 0; i < w->trie.count; i++) {
        w->trie.place[i].first = w->t->order[w->trie.place[i].first];
    }
    return ML_OK;
}

int
ml_places_build(const struct ml_heap_graph *g, const struct ml_path_tree *t,
                const struct ml_dominator *d, const struct ml_retained *r,
                const struct ml_alloc *a, const struct ml_cancel *cancel,
                struct ml_places *out, struct ml_error *err)
{
    struct walk w = {.g = g, .t = t};
    memset(out, 0, sizeof(*out));
    out->a = a;
    out->node_count = t->node_count;
    if (ml_place_trie_init(&w.trie, a, true) < 0) {
        return ml_error_nomem(err);
    }
    int rc = ML_OK;
    out->of_node = ml_alloc_array(a, t->node_count, sizeof(uint32_t));
    if (out->of_node == NULL) {
        rc = ml_error_nomem(err);
        goto out;
    }
    memset(out->of_node, 0xFF, t->node_count * sizeof(uint32_t));
    w.of_node = out->of_node;
    rc = grow_trie(&w, cancel, err);
    if (rc < 0) {
        goto out;
    }
    out->place = w.trie.place;
    out->count = w.trie.count;
    out->cap = w.trie.cap;
    w.trie.place = NULL;
    rc = ml_place_weigh(out, g, d, r, NULL, cancel, err);
out:
    ml_place_trie_fini(&w.trie);
    if (rc < 0) {
        ml_places_fini(out);
    }
    return rc;
}

void
ml_places_fini(struct ml_places *p)
{
    if (p->a != NULL) {
        ml_alloc_free_array(p->a, p->place, p->cap, sizeof(*p->place));
        ml_alloc_free_array(p->a, p->of_node, p->node_count, sizeof(uint32_t));
    }
    memset(p, 0, sizeof(*p));
}

uint32_t
ml_places_chain(const struct ml_places *p, uint32_t place, uint32_t *out, uint32_t max)
{
    uint32_t length = p->place[place].depth + 1;
    uint32_t at = length < max ? length : max;
    for (uint32_t q = place; at > 0; q = p->place[q].parent) {
        out[--at] = q;
    }
    return length;
}

uint32_t
ml_places_holder(const struct ml_places *p, uint32_t place)
{
    uint32_t at = p->place[place].parent;
    while (at != ML_NO_NODE && (p->place[at].flags & ML_NODE_FOLD) != 0) {
        at = p->place[at].parent;
    }
    return at;
}

uint32_t
ml_places_members(const struct ml_places *p, const struct ml_path_tree *t,
                  uint32_t place, uint32_t *out, uint32_t max)
{
    uint32_t count = 0;
    uint32_t all = p->place[place].count;
    max = max < all ? max : all;
    for (uint32_t i = 0; i < t->reached && count < max; i++) {
        if (p->of_node[t->order[i]] == place) {
            out[count++] = t->order[i];
        }
    }
    return count;
}

static int
validate_place(const struct ml_places *p, uint32_t i, struct ml_error *err)
{
    const struct ml_place *q = &p->place[i];
    if (q->parent != ML_NO_NODE && q->parent >= i) {
        return ml_error_set(err, ML_EINVAL, "place %u comes before its parent", i);
    }
    uint32_t depth = q->parent != ML_NO_NODE ? p->place[q->parent].depth + 1 : 0;
    if (q->depth != depth) {
        return ml_error_set(err, ML_EINVAL, "place %u has a wrong depth", i);
    }
    if (q->count == 0 || q->entries > q->count || p->of_node[q->first] != i) {
        return ml_error_set(err, ML_EINVAL, "place %u counts wrongly", i);
    }
    return ML_OK;
}

int
ml_places_validate(const struct ml_places *p, const struct ml_heap_graph *g,
                   const struct ml_path_tree *t, struct ml_error *err)
{
    uint64_t members = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        int rc = validate_place(p, i, err);
        if (rc < 0) {
            return rc;
        }
        members += p->place[i].count;
    }
    for (uint32_t i = 0; i < t->reached; i++) {
        uint32_t n = t->order[i];
        const struct ml_place *q = &p->place[p->of_node[n]];
        if (q->kind != g->kind[n] && !q->folded_back) {
            return ml_error_set(err, ML_EINVAL, "node %u stands at a foreign place", n);
        }
        if (q->root != t->root[n]) {
            return ml_error_set(err, ML_EINVAL, "node %u stands below a foreign root", n);
        }
    }
    if (members != t->reached) {
        return ml_error_set(err, ML_EINVAL, "places have %llu members of %u nodes",
                            (unsigned long long)members, t->reached);
    }
    return ML_OK;
}
