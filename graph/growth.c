/* SPDX-License-Identifier: MIT
 *
 * See growth.h. Three passes over the places, as in finding_judge.c: from the roots down
 * who has more members, from the leaves up what has become heavier without them, from
 * the roots down who shares a container with whom.
 */
#include "growth.h"

#include "heap_sort.h"
#include "suspects.h"

#include <string.h>

enum {
    FAR = 100,        /* so many times as many as the holder, to be told beside it */
    FEW = 10,         /* more members that are worth a word however light they are, */
    LIGHT = 1024,     /* and bytes for fewer: every program has a name or two more */
    HEAVIER = 4096,   /* bytes that must be unexplained to be told */
};

struct look {
    uint64_t more;      /* members more than before */
    uint64_t heavier;   /* bytes more than before */
    uint64_t explained; /* of these, by places told below */
    uint64_t count_before, retained_before;
    uint64_t companions;
    uint32_t head;      /* place told at or above this one */
    uint32_t leader;    /* as container: the member that is told for all */
    bool told;
};

static void
compare(const struct ml_places *p, const uint64_t *key, const struct ml_tally *before,
        struct look *look, uint32_t i)
{
    const struct ml_tally_row *row = ml_tally_find(before, key[i]);
    const struct ml_place *q = &p->place[i];
    struct look *l = &look[i];
    l->leader = ML_NO_NODE;
    l->count_before = row != NULL ? row->count : 0;
    l->retained_before = row != NULL ? row->bytes : 0;
    l->more = q->count > l->count_before ? q->count - l->count_before : 0;
    l->heavier = q->retained > l->retained_before ? q->retained - l->retained_before : 0;
}

static void
find_more(const struct ml_places *p, struct look *look, uint32_t i)
{
    uint32_t up = p->place[i].parent;
    struct look *l = &look[i];
    l->head = up != ML_NO_NODE ? look[up].head : ML_NO_NODE;
    bool trifle = l->more < FEW && l->heavier < LIGHT;
    if (l->more == 0 || trifle || !ml_place_is_shown(p, i)) {
        return;
    }
    if (l->head == ML_NO_NODE || l->more / FAR >= look[l->head].more) {
        l->head = i;
        l->told = true;
    }
}

static void
find_heavier(const struct ml_places *p, struct look *look, uint32_t i)
{
    struct look *l = &look[i];
    uint32_t up = p->place[i].parent;
    if (!l->told && l->head == ML_NO_NODE && ml_place_is_shown(p, i) &&
        l->heavier >= HEAVIER && l->explained <= l->heavier / 2) {
        l->told = true;
    }
    uint64_t explained = l->told && l->heavier > l->explained ? l->heavier : l->explained;
    if (up != ML_NO_NODE) {
        look[up].explained += explained;
    }
}

static bool
shares(const struct ml_places *p, const struct look *look, uint32_t i)
{
    const struct ml_place *q = &p->place[i];
    return look[i].told && q->slot == ML_SLOT_SPREAD && q->parent != ML_NO_NODE;
}

static void
choose_leader(const struct ml_places *p, struct look *look, uint32_t i)
{
    if (shares(p, look, i)) {
        uint32_t *leader = &look[p->place[i].parent].leader;
        if (*leader == ML_NO_NODE || look[i].heavier > look[*leader].heavier) {
            *leader = i;
        }
    }
}

static void
join_leader(const struct ml_places *p, struct look *look, uint32_t i)
{
    if (shares(p, look, i)) {
        uint32_t leader = look[p->place[i].parent].leader;
        if (leader != i) {
            look[i].told = false;
            look[leader].companions += look[i].more;
        }
    }
}

/* -- telling ----------------------------------------------------------------------- */

static bool
is_after(const void *places, const void *x, const void *y)
{
    const struct ml_places *p = places;
    const struct ml_grown *a = x, *b = y;
    uint64_t of_a = p->place[a->place].retained, of_b = p->place[b->place].retained;
    uint64_t more_a = of_a > a->retained_before ? of_a - a->retained_before : 0;
    uint64_t more_b = of_b > b->retained_before ? of_b - b->retained_before : 0;
    return more_a != more_b ? more_a < more_b : a->place > b->place;
}

static int
collect(const struct ml_places *p, const struct look *look, struct ml_growth *out)
{
    uint32_t told = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        told += look[i].told;
    }
    out->row = ml_alloc_array(out->a, told, sizeof(*out->row));
    if (out->row == NULL) {
        return ML_ENOMEM;
    }
    out->cap = told;
    for (uint32_t i = 0; i < p->count; i++) {
        if (look[i].told) {
            out->row[out->count++] =
                (struct ml_grown){i, look[i].count_before, look[i].retained_before,
                                  look[i].companions};
        }
    }
    ml_heap_sort(out->row, out->count, sizeof(*out->row), is_after, p);
    return ML_OK;
}

int
ml_growth_pick(const struct ml_places *p, const uint64_t *key,
               const struct ml_tally *before, const struct ml_alloc *a,
               struct ml_growth *out, struct ml_error *err)
{
    memset(out, 0, sizeof(*out));
    out->a = a;
    struct look *look = ml_alloc_array(a, p->count, sizeof(*look));
    if (look == NULL) {
        return ml_error_nomem(err);
    }
    for (uint32_t i = 0; i < p->count; i++) {
        compare(p, key, before, look, i);
        find_more(p, look, i);
    }
    for (uint32_t i = p->count; i-- > 0;) {
        find_heavier(p, look, i);
    }
    for (uint32_t i = 0; i < p->count; i++) {
        choose_leader(p, look, i);
    }
    for (uint32_t i = 0; i < p->count; i++) {
        join_leader(p, look, i);
    }
    int rc = collect(p, look, out);
    ml_alloc_free_array(a, look, p->count, sizeof(*look));
    return rc < 0 ? ml_error_nomem(err) : ML_OK;
}

void
ml_growth_fini(struct ml_growth *g)
{
    if (g->a != NULL) {
        ml_alloc_free_array(g->a, g->row, g->cap, sizeof(*g->row));
    }
    memset(g, 0, sizeof(*g));
}
