/* SPDX-License-Identifier: MIT
 *
 * See suspects.h: from heads (suspect_heads.c) to findings. Says for each where it
 * accumulates, what grew since the last look, and ranks them.
 */
#include "suspects.h"

#include "accumulate.h"
#include "heap_sort.h"
#include "suspect_places.h"

#include <string.h>

/* -- keys -------------------------------------------------------------------------- */

/* splitmix64's last step: every bit of the input moves half of the output. */
static uint64_t
mix(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

void
ml_place_keys(const struct ml_places *p, const struct ml_suspects_options *o,
              uint64_t *out)
{
    for (uint32_t i = 0; i < p->count; i++) {
        const struct ml_place *q = &p->place[i];
        uint64_t above = q->parent != ML_NO_NODE ? out[q->parent]
                                                 : mix(o->root_key(o->ctx, q->root));
        uint64_t flags = q->flags & (ML_NODE_FOLD | ML_NODE_FURNITURE);
        uint64_t key = mix(above ^ o->kind_key(o->ctx, q->kind));
        out[i] = mix(key ^ (flags << 32) ^ q->slot);
    }
}

/* -- ranking ----------------------------------------------------------------------- */

static uint64_t
retained_of(const struct ml_suspect_finding *f)
{
    return f->finding.retained + f->finding.companions_retained;
}

static uint64_t
growth_of(const struct ml_suspect_finding *f)
{
    uint64_t now = retained_of(f), before = f->retained_before + f->companions_before;
    return now > before ? now - before : 0;
}

static bool
is_after(const void *ctx, const void *x, const void *y)
{
    const struct ml_suspect_finding *a = x, *b = y;
    if (growth_of(a) != growth_of(b)) {
        return growth_of(a) < growth_of(b);
    }
    if (retained_of(a) != retained_of(b)) {
        return retained_of(a) < retained_of(b);
    }
    return a->finding.place > b->finding.place;
}

/* -- telling ----------------------------------------------------------------------- */

struct telling {
    const struct ml_suspect_places *s;
    struct ml_accumulate v;
    const struct ml_suspects_options *o;
    const uint64_t *key;
    struct ml_suspects *out;
};

static const struct ml_tally_row *
row_before(const struct telling *w, uint32_t place)
{
    return w->o->before != NULL ? ml_tally_find(w->o->before, w->key[place]) : NULL;
}

static struct ml_suspect_finding
describe(const struct telling *w, uint32_t place)
{
    const struct ml_place *q = &w->s->p.place[place];
    const struct ml_tally_row *before = row_before(w, place);
    struct ml_suspect_finding f = {
        .finding = {.place = place,
                    .count = q->count,
                    .shallow = q->shallow,
                    .retained = q->retained},
        .first = w->s->mark[place].first,
        .key = w->key[place],
        .count_before = before != NULL ? before->count : 0,
        .retained_before = before != NULL ? before->bytes : 0,
    };
    ml_accumulate(&w->v, place, &f.finding);
    return f;
}

/* Adds a place to the finding of which it is part. */
static void
add_part(const struct telling *w, uint32_t place, struct ml_suspect_finding *f)
{
    const struct ml_place *q = &w->s->p.place[place];
    const struct ml_suspect_place *m = &w->s->mark[place];
    f->parts += q->count;
    if (m->head == place && m->companion) {
        const struct ml_tally_row *before = row_before(w, place);
        f->finding.companions += q->count;
        f->finding.companions_retained += q->retained;
        f->companions_before += before != NULL ? before->bytes : 0;
    }
}

static bool
is_finding(const struct ml_suspect_places *s, uint32_t place)
{
    return ml_suspect_head(s, place) == place;
}

static int
remember(const struct telling *w)
{
    for (uint32_t i = 0; i < w->s->p.count; i++) {
        const struct ml_place *q = &w->s->p.place[i];
        if (ml_suspect_candidate(w->s, i) &&
            ml_tally_add(&w->out->tally, w->key[i], q->count, q->retained) < 0) {
            return ML_ENOMEM;
        }
    }
    ml_tally_close(&w->out->tally, 0);
    return ML_OK;
}

/* Afterwards of_place names places. */
static int
collect(const struct telling *w, const struct ml_alloc *a)
{
    struct ml_suspects *out = w->out;
    uint32_t places = w->s->p.count;
    for (uint32_t i = 0; i < places; i++) {
        out->of_place[i] = ml_suspect_head(w->s, i);
        out->all += out->of_place[i] == i;
    }
    out->cap = out->all;
    out->finding = ml_alloc_array(a, out->all, sizeof(*out->finding));
    if (out->finding == NULL) {
        out->all = 0;
        return ML_ENOMEM;
    }
    uint32_t at = 0;
    for (uint32_t i = 0; i < places; i++) {
        if (is_finding(w->s, i)) {
            out->finding[at++] = describe(w, i);
        }
    }
    return remember(w);
}

/* From places to findings: `index` is the place's, for those that are findings. */
static void
link_places(const struct telling *w, uint32_t *index, bool last)
{
    struct ml_suspects *out = w->out;
    for (uint32_t i = 0; i < out->all; i++) {
        index[out->finding[i].finding.place] = i;
    }
    for (uint32_t i = 0; i < out->place_count; i++) {
        uint32_t head = out->of_place[i];
        if (head == ML_NO_NODE) {
            continue;
        }
        if (last) {
            out->of_place[i] = index[head];
        } else if (head != i) {
            add_part(w, i, &out->finding[index[head]]);
        }
    }
}

/* Parts are added before the sorting, for companions weigh there; the places are
 * pointed at their findings after it. */
static int
tell(const struct telling *w, const struct ml_alloc *a)
{
    struct ml_suspects *out = w->out;
    uint32_t *index = ml_alloc_array(a, out->place_count, sizeof(*index));
    int rc = index != NULL ? collect(w, a) : ML_ENOMEM;
    if (rc == ML_OK) {
        link_places(w, index, false);
        ml_heap_sort(out->finding, out->all, sizeof(*out->finding), is_after, NULL);
        link_places(w, index, true);
        uint32_t most = w->o->max_findings;
        out->count = out->all < most ? out->all : most;
    }
    ml_alloc_free_array(a, index, out->place_count, sizeof(*index));
    return rc;
}

static int
pick(struct telling *w, const struct ml_alloc *a, struct ml_error *err)
{
    struct ml_suspects *out = w->out;
    uint64_t *key = ml_alloc_array(a, out->place_count, sizeof(*key));
    out->of_place = ml_alloc_array(a, out->place_count, sizeof(*out->of_place));
    int rc = ML_ENOMEM;
    if (key != NULL && out->of_place != NULL) {
        ml_place_keys(&w->s->p, w->o, key);
        w->key = key;
        rc = tell(w, a);
    }
    ml_alloc_free_array(a, key, out->place_count, sizeof(*key));
    return rc < 0 ? ml_error_nomem(err) : ML_OK;
}

int
ml_suspects_pick(const struct ml_heap_graph *g, const struct ml_path_tree *t,
                 const struct ml_dominator *d, const struct ml_retained *r,
                 const struct ml_places *p, const struct ml_bitset *suspect,
                 const struct ml_suspects_options *options, const struct ml_alloc *a,
                 const struct ml_cancel *cancel, struct ml_suspects *out,
                 struct ml_error *err)
{
    struct ml_suspect_places s;
    memset(out, 0, sizeof(*out));
    int rc = ml_suspect_places_build(g, t, d, r, p, suspect, a, cancel, &s, err);
    if (rc < 0) {
        return rc;
    }
    out->a = a;
    out->place_count = p->count;
    ml_tally_init(&out->tally, a);
    ml_suspect_heads(&s);
    struct telling w = {.s = &s, .v = {g, t, &s.p, suspect}, .o = options, .out = out};
    rc = pick(&w, a, err);
    ml_suspect_places_fini(&s);
    if (rc < 0) {
        ml_suspects_fini(out);
    }
    return rc;
}

void
ml_suspects_fini(struct ml_suspects *s)
{
    if (s->a != NULL) {
        ml_tally_fini(&s->tally);
        ml_alloc_free_array(s->a, s->finding, s->cap, sizeof(*s->finding));
        ml_alloc_free_array(s->a, s->of_place, s->place_count, sizeof(*s->of_place));
    }
    memset(s, 0, sizeof(*s));
}

int
ml_suspects_tally(const struct ml_suspects *s, struct ml_tally *out)
{
    return ml_tally_take(out, s->tally.row, s->tally.count);
}
