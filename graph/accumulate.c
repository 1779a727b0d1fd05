/* SPDX-License-Identifier: MIT
 *
 * See accumulate.h.
 */
#include "accumulate.h"

/* The object that a user would call the holder: an instance rather than its dict. */
static uint32_t
solid_holder(const struct ml_accumulate *v, uint32_t node)
{
    while ((v->g->flags[node] & ML_NODE_FOLD) != 0 && v->t->parent[node] != ML_NO_NODE) {
        node = v->t->parent[node];
    }
    return node;
}

/* Members of `place` that hang from `holder`, each once per reference at most. */
static uint32_t
entries_of(const struct ml_accumulate *v, uint32_t holder, uint32_t place)
{
    uint32_t count;
    const uint32_t *edge = ml_heap_graph_edges(v->g, holder, &count);
    uint32_t entries = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool counts = v->only == NULL || ml_bitset_has(v->only, edge[i]);
        entries += counts && v->t->parent[edge[i]] == holder &&
                   v->p->of_node[edge[i]] == place;
    }
    return entries;
}

void
ml_accumulate(const struct ml_accumulate *v, uint32_t jump_at, struct ml_finding *f)
{
    const struct ml_place *q = &v->p->place[jump_at];
    uint32_t holder = q->holder;
    f->entries = q->entries;
    if (q->folded_back && q->entries < q->count - q->entries) {
        holder = v->t->parent[q->first];
        f->entries = holder != ML_NO_NODE ? entries_of(v, holder, jump_at) : 0;
    }
    f->accumulation = holder != ML_NO_NODE ? solid_holder(v, holder) : ML_NO_NODE;
}
