/* SPDX-License-Identifier: MIT
 *
 * Retained sizes: what would go with a node is what it dominates, so one pass from
 * the leaves of the dominator tree to its root adds everything up.
 *
 * Sets of nodes count what is nested once. For all kinds together that is done on a
 * preorder of the dominator tree, in which a subtree is an interval: a node counts
 * unless it lies in the interval of an earlier one of its kind. The preorder needs no
 * list of children, since the subtree sizes tell where each child begins.
 *
 * A set is more than the sum of its members' retained sizes when members share
 * something that nobody else holds: two sessions and one common cart. The dominator
 * of the cart lies above both, so it is in neither. See docs/internals/dominators.md.
 */
#include "analysis.h"
#include "step.h"

#include <string.h>

static void
start_with_own_sizes(const struct ml_heap_graph *g, const struct ml_dominator *d,
                     struct ml_retained *out)
{
    for (uint32_t i = 0; i < d->count; i++) {
        uint32_t n = d->order[i];
        out->objects[n] = 1;
    }
    for (uint32_t n = 0; n < g->node_count; n++) {
        if (out->objects[n] != 0) {
            out->bytes[n] = ml_heap_graph_size(g, n);
        }
    }
}

int
ml_retained_compute(const struct ml_heap_graph *g, const struct ml_dominator *d,
                    const struct ml_alloc *a, struct ml_retained *out,
                    struct ml_error *err)
{
    memset(out, 0, sizeof(*out));
    out->node_count = g->node_count;
    out->bytes = ml_alloc_array(a, g->node_count, sizeof(uint64_t));
    out->objects = ml_alloc_array(a, g->node_count, sizeof(uint32_t));
    if (out->bytes == NULL || out->objects == NULL) {
        ml_retained_fini(out, a);
        return ml_error_nomem(err);
    }
    start_with_own_sizes(g, d, out);
    for (uint32_t i = d->count; i-- > 0;) {
        if (i > 2 * STEP_AHEAD) {
            __builtin_prefetch(&d->idom[d->order[i - 2 * STEP_AHEAD]]);
            uint32_t near = d->idom[d->order[i - STEP_AHEAD]];
            __builtin_prefetch(&out->bytes[near != ML_NO_NODE ? near : 0], 1);
            __builtin_prefetch(&out->objects[near != ML_NO_NODE ? near : 0], 1);
        }
        uint32_t n = d->order[i], up = d->idom[n];
        if (up != ML_NO_NODE) {
            out->bytes[up] += out->bytes[n];
            out->objects[up] += out->objects[n];
        }
    }
    return ML_OK;
}

void
ml_retained_fini(struct ml_retained *r, const struct ml_alloc *a)
{
    ml_alloc_free_array(a, r->bytes, r->node_count, sizeof(uint64_t));
    ml_alloc_free_array(a, r->objects, r->node_count, sizeof(uint32_t));
    memset(r, 0, sizeof(*r));
}

/* -- one set -------------------------------------------------------------------- */

struct cover {
    struct ml_bitset member;
    struct ml_bitset counted; /* members seen: the caller may name one twice */
    struct ml_bitset inside;  /* a member or below one */
    struct ml_bitset outside; /* neither */
};

/* Whether a member stands at `node` or above. What was found is noted on the whole
 * way, so that all calls together visit each node at most once. */
static bool
is_inside(struct cover *c, const struct ml_dominator *d, uint32_t node)
{
    uint32_t at = node;
    while (at != ML_NO_NODE && !ml_bitset_has(&c->member, at) &&
           !ml_bitset_has(&c->inside, at) && !ml_bitset_has(&c->outside, at)) {
        at = d->idom[at];
    }
    bool inside = at != ML_NO_NODE && !ml_bitset_has(&c->outside, at);
    for (uint32_t n = node; n != at; n = d->idom[n]) {
        ml_bitset_add(inside ? &c->inside : &c->outside, n);
    }
    return inside;
}

int
ml_retained_of_set(const struct ml_heap_graph *g, const struct ml_dominator *d,
                   const struct ml_retained *r, const uint32_t *members, size_t count,
                   const struct ml_alloc *a, uint64_t *bytes, uint64_t *objects,
                   struct ml_error *err)
{
    struct cover c = {0};
    struct ml_bitset *sets[] = {&c.member, &c.counted, &c.inside, &c.outside};
    int rc = ML_OK;
    *bytes = *objects = 0;
    for (size_t i = 0; i < 4 && rc == ML_OK; i++) {
        rc = ml_bitset_init(sets[i], a, g->node_count) ? ML_OK : ml_error_nomem(err);
    }
    for (size_t i = 0; i < count && rc == ML_OK; i++) {
        ml_bitset_add(&c.member, members[i]);
    }
    for (size_t i = 0; i < count && rc == ML_OK; i++) {
        uint32_t n = members[i];
        if (!ml_bitset_has(&c.counted, n) && !is_inside(&c, d, d->idom[n])) {
            *bytes += r->bytes[n];
            *objects += r->objects[n];
        }
        ml_bitset_add(&c.counted, n);
    }
    for (size_t i = 0; i < 4; i++) {
        ml_bitset_fini(sets[i], a);
    }
    return rc;
}

/* -- all kinds ------------------------------------------------------------------ */

/* Puts alive nodes into `pre` so that what a node dominates follows it directly:
 * node, then objects[node] - 1 others. `next[n]` is where n's next child begins. */
static void
lay_out(const struct ml_dominator *d, const struct ml_retained *r, uint32_t *next,
        uint32_t *pre)
{
    uint32_t top = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        if (i + 2 * STEP_AHEAD < d->count) {
            uint32_t far = d->order[i + 2 * STEP_AHEAD];
            __builtin_prefetch(&d->idom[far]);
            __builtin_prefetch(&r->objects[far]);
            uint32_t near = d->idom[d->order[i + STEP_AHEAD]];
            __builtin_prefetch(&next[near != ML_NO_NODE ? near : 0], 1);
        }
        uint32_t n = d->order[i], up = d->idom[n];
        uint32_t *at = up != ML_NO_NODE ? &next[up] : &top;
        pre[*at] = n;
        next[n] = *at + 1;
        *at += r->objects[n];
    }
}

static void
add_kinds(const struct ml_heap_graph *g, const struct ml_dominator *d,
          const struct ml_retained *r, const uint32_t *pre, uint32_t *covered,
          uint32_t kind_count, struct ml_kind_sum *out)
{
    for (uint32_t i = 0; i < d->count; i++) {
        if (i + STEP_AHEAD < d->count) {
            uint32_t ahead = pre[i + STEP_AHEAD];
            __builtin_prefetch(&g->kind[ahead]);
            __builtin_prefetch(&g->flags[ahead]);
            __builtin_prefetch(&g->size32[ahead]);
            __builtin_prefetch(&r->bytes[ahead]);
            __builtin_prefetch(&r->objects[ahead]);
        }
        uint32_t n = pre[i], kind = g->kind[n];
        if (kind >= kind_count || (g->flags[n] & ML_NODE_OWN) != 0) {
            continue;
        }
        out[kind].count++;
        out[kind].shallow += ml_heap_graph_size(g, n);
        if (i >= covered[kind]) { /* not below another one of its kind */
            out[kind].retained += r->bytes[n];
            covered[kind] = i + r->objects[n];
        }
    }
}

int
ml_retained_by_kind(const struct ml_heap_graph *g, const struct ml_dominator *d,
                    const struct ml_retained *r, uint32_t kind_count,
                    struct ml_kind_sum *out, const struct ml_alloc *a,
                    struct ml_error *err)
{
    uint32_t *next = ml_alloc_array(a, g->node_count, sizeof(*next));
    uint32_t *pre = ml_alloc_array(a, d->count, sizeof(*pre));
    uint32_t *covered = ml_alloc_array(a, kind_count, sizeof(*covered));
    int rc = ML_OK;
    memset(out, 0, kind_count * sizeof(*out));
    if (next == NULL || pre == NULL || covered == NULL) {
        rc = ml_error_nomem(err);
        goto out;
    }
    lay_out(d, r, next, pre);
    add_kinds(g, d, r, pre, covered, kind_count, out);
out:
    ml_alloc_free_array(a, covered, kind_count, sizeof(*covered));
    ml_alloc_free_array(a, pre, d->count, sizeof(*pre));
    ml_alloc_free_array(a, next, g->node_count, sizeof(*next));
    return rc;
}
