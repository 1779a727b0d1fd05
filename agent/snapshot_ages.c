/* SPDX-License-Identifier: MIT
 *
 * How old suspects are: by the epoch that is stamped on each (birth.h). An age is what is
 * certain, the time since the epoch ended.
 */
#include "snapshot.h"

#include "compat/compat.h"

uint8_t
snapshot_epoch(const struct sweep_view *v, uint32_t node)
{
    PyObject *op = take_object(&v->take, node);
    return ml_birth_stamp((uintptr_t)op - compat_preheader_size(op));
}

double
snapshot_age_s(const struct ml_watch *w, uint8_t epoch)
{
    double age = w->now - ml_birth_epoch(epoch)->closed;
    return age > 0 ? age : 0;
}

/* Windows of the same monitor from that epoch's on. One takes two turns, its own and that
 * which goes back outside, so a merged epoch tells how many it was made of. */
uint64_t
snapshot_age_calls(const struct ml_watch *w, uint8_t epoch)
{
    const struct ml_epoch *born = ml_birth_epoch(epoch);
    uint64_t calls = 1;
    if (w->calls == 0 || born->last == 0) {
        return 0;
    }
    for (int i = ML_EPOCH_FIRST; i < ML_EPOCHS; i++) {
        const struct ml_epoch *e = ml_birth_epoch((uint8_t)i);
        if (e->owner == born->owner && e->first > born->last) {
            calls += (e->last - e->first) / 2 + 1;
        }
    }
    return calls;
}

/* Epochs are used again, so their numbers say nothing of their order. */
static bool
is_older(uint8_t a, uint8_t b)
{
    return ml_birth_epoch(a)->last < ml_birth_epoch(b)->last;
}

struct ages {
    uint64_t count[ML_EPOCHS];
};

/* The epochs that have members, oldest first; returns how many. */
static int
sort_epochs(const struct ages *a, uint8_t out[ML_EPOCHS])
{
    int n = 0;
    for (int e = 0; e < ML_EPOCHS; e++) {
        if (a->count[e] == 0) {
            continue;
        }
        int at = n++;
        for (; at > 0 && is_older((uint8_t)e, out[at - 1]); at--) {
            out[at] = out[at - 1];
        }
        out[at] = (uint8_t)e;
    }
    return n;
}

static void
tell(const struct ml_watch *w, const struct ages *a, uint64_t total,
     struct snapshot_ages *out)
{
    uint8_t epoch[ML_EPOCHS];
    int n = sort_epochs(a, epoch);
    if (n == 0) {
        return;
    }
    out->oldest_s = snapshot_age_s(w, epoch[0]);
    out->oldest_calls = snapshot_age_calls(w, epoch[0]);
    out->youngest_s = snapshot_age_s(w, epoch[n - 1]);
    uint64_t seen = 0;
    for (int i = 0; i < n; i++) {
        seen += a->count[epoch[i]];
        if (seen * 2 >= total) {
            out->median_s = snapshot_age_s(w, epoch[i]);
            return;
        }
    }
}

int
snapshot_find_ages(struct snapshot *s, struct ml_error *err)
{
    const struct sweep_view *v = s->v;
    struct ages *a = ml_alloc_array(v->a, s->count, sizeof(*a));
    uint8_t *at = ml_alloc_array(v->a, s->places.count, 1); /* finding, + 1 */
    if (a == NULL || at == NULL) {
        return ml_error_nomem(err);
    }
    for (uint32_t i = 0; i < s->count; i++) {
        at[s->shown[i].finding->place] = (uint8_t)(i + 1);
    }
    for (uint32_t i = 0; i < v->paths.reached; i++) {
        uint32_t node = v->paths.order[i];
        uint8_t f = at[s->places.of_node[node]];
        if (f > 0 && ml_bitset_has(&s->suspects.set, node)) {
            a[f - 1].count[snapshot_epoch(v, node)]++;
        }
    }
    for (uint32_t i = 0; i < s->count; i++) {
        tell(v->watch, &a[i], s->shown[i].finding->count, &s->shown[i].ages);
    }
    ml_alloc_free_array(v->a, at, s->places.count, 1);
    ml_alloc_free_array(v->a, a, s->count, sizeof(*a));
    return ML_OK;
}
