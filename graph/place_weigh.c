/* SPDX-License-Identifier: MIT
 *
 * What the places weigh. The shallow bytes are a sum. The retained bytes are a sum as
 * well, without any look at the dominator tree, wherever the trie did not fold: who
 * dominates a node stands on every path to it, so also on its path in the shortest
 * path tree, and two nodes on one such path have different places unless a chain
 * folds back. Only at and below places that fold can one member be nested in another.
 *
 * There the part of the dominator tree that belongs to such places is walked in depth
 * with one counter for each place, the number of its members that are open: a member
 * counts when it is the first to open. What stands between two members of a place in
 * the dominator tree lies below the same fold, so the rest of the tree is not needed.
 *
 * Exact but for what the members of a place share with each other alone.
 */
#include "place_trie.h"

struct region {
    const struct ml_places *p;
    const struct ml_dominator *d;
    uint8_t *nested; /* [place] at or below a place that folds */
    uint32_t *first; /* [node] first node it dominates directly, + 1 */
    uint32_t *next;  /* [node] next one below the same dominator, + 1 */
    uint32_t *open;  /* [place] */
    const struct ml_bitset *only; /* members that count; NULL: all */
};

static bool
counts(const struct ml_bitset *only, uint32_t node)
{
    return only == NULL || ml_bitset_has(only, node);
}

static bool
find_nested(const struct ml_places *p, uint8_t *nested)
{
    bool any = false;
    for (uint32_t i = 0; i < p->count; i++) {
        uint32_t up = p->place[i].parent;
        nested[i] = p->place[i].folded_back || (up != ML_NO_NODE && nested[up]);
        any |= nested[i];
    }
    return any;
}

static bool
is_inside(const struct region *r, uint32_t node)
{
    uint32_t place = node != ML_NO_NODE ? r->p->of_node[node] : ML_NO_NODE;
    return place != ML_NO_NODE && r->nested[place];
}

/* Backwards, so that the lists come out in the order of the dominators. */
static void
link_dominated(struct region *r)
{
    for (uint32_t i = r->d->count; i-- > 0;) {
        uint32_t n = r->d->order[i];
        uint32_t up = r->d->idom[n];
        if (is_inside(r, n) && is_inside(r, up)) {
            r->next[n] = r->first[up];
            r->first[up] = n + 1;
        }
    }
}

static void
enter(struct region *r, struct ml_place *place, const uint64_t *bytes, uint32_t n)
{
    uint32_t q = r->p->of_node[n];
    if (counts(r->only, n) && r->open[q]++ == 0) {
        place[q].retained += bytes[n];
    }
}

/* Walks what `start` dominates inside the region, by the links alone. */
static void
walk(struct region *r, struct ml_place *place, const uint64_t *bytes, uint32_t start)
{
    uint32_t n = start;
    enter(r, place, bytes, n);
    for (;;) {
        if (r->first[n] != 0) {
            n = r->first[n] - 1;
            enter(r, place, bytes, n);
            continue;
        }
        for (;;) {
            r->open[r->p->of_node[n]] -= counts(r->only, n);
            if (n == start) {
                return;
            }
            if (r->next[n] != 0) {
                break;
            }
            n = r->d->idom[n];
        }
        n = r->next[n] - 1;
        enter(r, place, bytes, n);
    }
}

static int
weigh_nested(struct ml_places *p, const struct ml_dominator *d,
             const struct ml_retained *ret, const struct ml_bitset *only,
             uint8_t *nested)
{
    struct region r = {.p = p, .d = d, .nested = nested, .only = only};
    int rc = ML_ENOMEM;
    r.first = ml_alloc_array(p->a, p->node_count, sizeof(uint32_t));
    r.next = ml_alloc_array(p->a, p->node_count, sizeof(uint32_t));
    r.open = ml_alloc_array(p->a, p->count, sizeof(uint32_t));
    if (r.first == NULL || r.next == NULL || r.open == NULL) {
        goto out;
    }
    link_dominated(&r);
    for (uint32_t i = 0; i < d->count; i++) {
        uint32_t n = d->order[i];
        if (is_inside(&r, n) && !is_inside(&r, d->idom[n])) {
            walk(&r, p->place, ret->bytes, n);
        }
    }
    rc = ML_OK;
out:
    ml_alloc_free_array(p->a, r.open, p->count, sizeof(uint32_t));
    ml_alloc_free_array(p->a, r.next, p->node_count, sizeof(uint32_t));
    ml_alloc_free_array(p->a, r.first, p->node_count, sizeof(uint32_t));
    return rc;
}

static int
weigh_plain(struct ml_places *p, const struct ml_heap_graph *g,
            const struct ml_retained *r, const struct ml_bitset *only,
            const uint8_t *nested, const struct ml_cancel *cancel, struct ml_error *err)
{
    for (uint32_t n = 0; n < p->node_count; n++) {
        uint32_t q = p->of_node[n];
        if ((n & 0xFFFF) == 0 &&
            ml_cancel_ask(cancel, "weighing places", (double)n / p->node_count)) {
            return ml_error_set(err, ML_ECANCELLED, "cancelled while weighing places");
        }
        if (q != ML_NO_NODE && counts(only, n)) {
            p->place[q].shallow += ml_heap_graph_size(g, n);
            p->place[q].retained += nested[q] ? 0 : r->bytes[n];
        }
    }
    return ML_OK;
}

int
ml_place_weigh(struct ml_places *p, const struct ml_heap_graph *g,
               const struct ml_dominator *d, const struct ml_retained *r,
               const struct ml_bitset *only, const struct ml_cancel *cancel,
               struct ml_error *err)
{
    uint8_t *nested = ml_alloc_array(p->a, p->count, sizeof(*nested));
    if (nested == NULL) {
        return ml_error_nomem(err);
    }
    bool any = find_nested(p, nested);
    int rc = weigh_plain(p, g, r, only, nested, cancel, err);
    if (rc == ML_OK && any && weigh_nested(p, d, r, only, nested) < 0) {
        rc = ml_error_nomem(err);
    }
    ml_alloc_free_array(p->a, nested, p->count, sizeof(*nested));
    return rc;
}
