/* SPDX-License-Identifier: MIT
 *
 * How many suspects each place has, what they weigh, and which node holds most of
 * them. The places themselves are those of the whole heap: what is old and what is
 * new in a list hang at the same slot.
 *
 * Linear: one pass over the nodes, one over the references of those that hold a
 * suspect, one for the weights.
 */
#include "step.h"
#include "suspect_places.h"

#include "place_trie.h"

#include <string.h>

struct count {
    const struct ml_heap_graph *g;
    const struct ml_path_tree *t;
    const struct ml_bitset *suspect;
    const struct ml_cancel *cancel;
    struct ml_suspect_places *out;
    struct ml_bitset holds; /* nodes from which a suspect hangs */
    struct ml_bitset seen;  /* suspects that were counted with their holder */
};

static void
forget_figures(struct ml_suspect_places *s)
{
    for (uint32_t i = 0; i < s->p.count; i++) {
        struct ml_place *q = &s->p.place[i];
        q->count = q->entries = 0;
        q->holder = ML_NO_NODE;
        q->shallow = q->retained = 0;
        struct ml_suspect_place *m = &s->mark[i];
        m->first = m->scan = m->head = m->into = m->leader = m->best = ML_NO_NODE;
    }
}

/* In path order, so that `first` is. */
static int
count_nodes(struct count *c, struct ml_error *err)
{
    for (uint32_t i = 0; i < c->t->reached; i++) {
        int rc = step_ask(c->cancel, "counting suspects", i, c->t->reached, err);
        if (rc < 0) {
            return rc;
        }
        uint32_t n = c->t->order[i];
        if (!ml_bitset_has(c->suspect, n)) {
            continue;
        }
        uint32_t place = c->out->p.of_node[n];
        struct ml_suspect_place *m = &c->out->mark[place];
        m->first = m->first == ML_NO_NODE ? n : m->first;
        c->out->p.place[place].count++;
        if (c->t->parent[n] != ML_NO_NODE) {
            ml_bitset_add(&c->holds, c->t->parent[n]);
        }
    }
    return ML_OK;
}

static void
count_entry(struct count *c, uint32_t holder, uint32_t child)
{
    uint32_t place = c->out->p.of_node[child];
    struct ml_suspect_place *m = &c->out->mark[place];
    struct ml_place *q = &c->out->p.place[place];
    if (m->scan != holder) {
        m->scan = holder;
        m->scanned = 0;
    }
    if (++m->scanned > q->entries) {
        q->entries = m->scanned;
        q->holder = holder;
    }
}

static void
count_children(struct count *c, uint32_t holder)
{
    uint32_t count;
    const uint32_t *edge = ml_heap_graph_edges(c->g, holder, &count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t child = edge[i];
        if (ml_bitset_has(c->suspect, child) && c->t->parent[child] == holder &&
            !ml_bitset_has(&c->seen, child)) {
            ml_bitset_add(&c->seen, child);
            count_entry(c, holder, child);
        }
    }
}

static int
count_entries(struct count *c, struct ml_error *err)
{
    for (uint32_t i = 0; i < c->t->reached; i++) {
        int rc = step_ask(c->cancel, "finding who holds suspects", i, c->t->reached, err);
        if (rc < 0) {
            return rc;
        }
        if (ml_bitset_has(&c->holds, c->t->order[i])) {
            count_children(c, c->t->order[i]);
        }
    }
    return ML_OK;
}

static int
count_all(struct count *c, const struct ml_alloc *a, struct ml_error *err)
{
    bool room = ml_bitset_init(&c->holds, a, c->g->node_count);
    room = ml_bitset_init(&c->seen, a, c->g->node_count) && room;
    int rc = room ? count_nodes(c, err) : ml_error_nomem(err);
    if (rc == ML_OK) {
        rc = count_entries(c, err);
    }
    ml_bitset_fini(&c->seen, a);
    ml_bitset_fini(&c->holds, a);
    return rc;
}

int
ml_suspect_places_build(const struct ml_heap_graph *g, const struct ml_path_tree *t,
                        const struct ml_dominator *d, const struct ml_retained *r,
                        const struct ml_places *p, const struct ml_bitset *suspect,
                        const struct ml_alloc *a, const struct ml_cancel *cancel,
                        struct ml_suspect_places *out, struct ml_error *err)
{
    struct count c = {.g = g, .t = t, .suspect = suspect, .cancel = cancel, .out = out};
    memset(out, 0, sizeof(*out));
    out->p = *p;
    out->p.a = a;
    out->p.cap = p->count;
    out->p.place = ml_alloc_array(a, p->count, sizeof(*out->p.place));
    out->mark = ml_alloc_array(a, p->count, sizeof(*out->mark));
    int rc = ML_ENOMEM;
    if (out->p.place != NULL && out->mark != NULL) {
        if (p->count > 0) {
            memcpy(out->p.place, p->place, p->count * sizeof(*p->place));
        }
        forget_figures(out);
        rc = count_all(&c, a, err);
        if (rc == ML_OK) {
            rc = ml_place_weigh(&out->p, g, d, r, suspect, cancel, err);
        }
    }
    if (rc == ML_ENOMEM) {
        ml_error_nomem(err);
    }
    if (rc < 0) {
        ml_suspect_places_fini(out);
    }
    return rc;
}

void
ml_suspect_places_fini(struct ml_suspect_places *s)
{
    if (s->p.a != NULL) {
        ml_alloc_free_array(s->p.a, s->p.place, s->p.cap, sizeof(*s->p.place));
        ml_alloc_free_array(s->p.a, s->mark, s->p.cap, sizeof(*s->mark));
    }
    memset(s, 0, sizeof(*s));
}
