/* SPDX-License-Identifier: MIT
 *
 * See shortage.h. One pass over the excess that reach.c has left, then one over the
 * roots: each that was taken off a count is given back to it.
 */
#include "shortage.h"

/* No holder's kind shows what it does not count. */
static bool
is_counted(const struct ml_heap_graph *g, const struct ml_reverse *r,
           const struct ml_shortage_options *o, uint32_t node)
{
    for (uint32_t e = r->first[node]; o->counts != NULL && e < r->first[node + 1]; e++) {
        if (!o->counts(o->ctx, g->kind[r->from[e]])) {
            return false;
        }
    }
    return true;
}

static struct ml_short *
find(const struct ml_short_vec *list, uint32_t node)
{
    size_t low = 0, high = list->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->data[middle].node < node) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low < list->len && list->data[low].node == node ? &list->data[low] : NULL;
}

static void
give_back(const struct ml_heap_graph *g, const struct ml_shortage_options *o,
          struct ml_short_vec *list)
{
    for (uint32_t i = 0; o->was_taken_off != NULL && i < g->roots.len; i++) {
        struct ml_short *s = find(list, g->roots.data[i].node);
        if (s != NULL && s->missing > 0 && o->was_taken_off(o->ctx, i)) {
            s->missing--;
        }
    }
}

int
ml_shortage_find(const struct ml_heap_graph *g, const struct ml_reverse *r,
                 const struct ml_reach *reach, const struct ml_shortage_options *options,
                 const struct ml_alloc *a, struct ml_short_vec *out, struct ml_error *err)
{
    size_t kept = 0;
    for (uint32_t n = 0; n < g->node_count; n++) {
        bool may_be = reach->excess[n] < 0 && !(g->flags[n] & ML_NODE_OWN);
        if (!may_be || !is_counted(g, r, options, n)) {
            continue;
        }
        if (out->len == options->max) {
            out->len = 0;
            return ML_OK;
        }
        struct ml_short s = {n, (uint32_t)-(int64_t)reach->excess[n]};
        if (ml_short_vec_push(out, a, s) < 0) {
            return ml_error_nomem(err);
        }
    }
    give_back(g, options, out);
    for (size_t i = 0; i < out->len; i++) {
        if (out->data[i].missing > 0) {
            out->data[kept++] = out->data[i];
        }
    }
    out->len = kept;
    return ML_OK;
}
