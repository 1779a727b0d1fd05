/* SPDX-License-Identifier: MIT
 *
 * From verdicts to findings: says for each place that was found guilty (see
 * finding_judge.h) where it accumulates and what shares its container, and ranks them.
 */
#include "accumulate.h"
#include "finding_judge.h"
#include "heap_sort.h"

#include <string.h>

/* Most retained first. */
static bool
is_after(const void *ctx, const void *x, const void *y)
{
    const struct ml_finding *a = x, *b = y;
    uint64_t of_a = a->retained + a->companions_retained;
    uint64_t of_b = b->retained + b->companions_retained;
    return of_a != of_b ? of_a < of_b : a->place > b->place;
}

static struct ml_finding
describe(const struct ml_accumulate *v, const struct ml_judged *judged, uint32_t place)
{
    const struct ml_place *q = &v->p->place[place];
    struct ml_finding f = {.place = place,
                           .count = q->count,
                           .shallow = q->shallow,
                           .retained = q->retained};
    ml_accumulate(v, judged[place].jump_at, &f);
    return f;
}

/* Adds what shares a container with a finding to it, but not what hides findings of
 * its own. `at` is the index of each place's finding + 1. */
static void
add_companions(const struct ml_places *p, const struct ml_judged *judged,
               const uint32_t *at, struct ml_finding *f)
{
    for (uint32_t i = 0; i < p->count; i++) {
        const struct ml_place *q = &p->place[i];
        if (q->slot != ML_SLOT_SPREAD || q->parent == ML_NO_NODE ||
            !judged[i].candidate || at[i] != 0) {
            continue;
        }
        uint32_t leader = judged[q->parent].leader;
        bool apart = judged[i].verdict == ML_VERDICT_NONE && judged[i].covered > 0;
        if (leader != ML_NO_NODE && at[leader] != 0 && !apart) {
            f[at[leader] - 1].companions += q->count;
            f[at[leader] - 1].companions_retained += q->retained;
        }
    }
}

static int
collect(const struct ml_accumulate *v, const struct ml_judged *judged, const struct ml_alloc *a,
        struct ml_findings *out)
{
    uint32_t shown = 0;
    for (uint32_t i = 0; i < v->p->count; i++) {
        shown += ml_finding_is_shown(v->p, judged, i);
    }
    uint32_t *at = ml_alloc_array(a, v->p->count, sizeof(uint32_t));
    out->finding = ml_alloc_array(a, shown, sizeof(*out->finding));
    out->cap = shown;
    if (at != NULL && out->finding != NULL) {
        for (uint32_t i = 0; i < v->p->count; i++) {
            if (ml_finding_is_shown(v->p, judged, i)) {
                out->finding[out->count++] = describe(v, judged, i);
                at[i] = out->count;
            }
        }
        add_companions(v->p, judged, at, out->finding);
    }
    bool ok = at != NULL && out->finding != NULL;
    ml_alloc_free_array(a, at, v->p->count, sizeof(uint32_t));
    return ok ? ML_OK : ML_ENOMEM;
}

int
ml_findings_pick(const struct ml_heap_graph *g, const struct ml_path_tree *t,
                 const struct ml_places *p, const struct ml_retained *r,
                 const struct ml_finding_options *options, const struct ml_alloc *a,
                 struct ml_findings *out, struct ml_error *err)
{
    struct ml_accumulate v = {g, t, p, NULL};
    memset(out, 0, sizeof(*out));
    out->a = a;
    struct ml_judged *judged = ml_alloc_array(a, p->count, sizeof(*judged));
    if (judged == NULL) {
        return ml_error_nomem(err);
    }
    ml_finding_judge(p, options, judged);
    int rc = collect(&v, judged, a, out);
    ml_alloc_free_array(a, judged, p->count, sizeof(*judged));
    if (rc < 0) {
        ml_findings_fini(out);
        return ml_error_nomem(err);
    }
    ml_heap_sort(out->finding, out->count, sizeof(*out->finding), is_after, NULL);
    if (out->count > options->max_findings) {
        out->count = options->max_findings;
    }
    return ML_OK;
}

void
ml_findings_fini(struct ml_findings *f)
{
    if (f->a != NULL) {
        ml_alloc_free_array(f->a, f->finding, f->cap, sizeof(*f->finding));
    }
    memset(f, 0, sizeof(*f));
}
