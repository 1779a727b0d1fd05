/* SPDX-License-Identifier: MIT
 *
 * What a monitor's iteration carries besides findings: the key `monitor`, what changed
 * in memory since the last one, and what is remembered for the next.
 */
#include "snapshot.h"

#include "tallies.h"

/* Since the first window or period that is still told apart. */
static double
watched_since(const struct ml_watch *w)
{
    double first = w->now;
    for (int e = ML_EPOCH_FIRST; e < ML_EPOCHS; e++) {
        const struct ml_epoch *epoch = ml_birth_epoch((uint8_t)e);
        if (epoch->last > 0 && epoch->opened > 0 && epoch->opened < first) {
            first = epoch->opened;
        }
    }
    return w->now - first;
}

void
snapshot_write_monitor(struct snapshot *s)
{
    const struct ml_watch *w = s->v->watch;
    struct ml_json *j = s->j;
    if (w == NULL) {
        return;
    }
    bool by_calls = w->calls > 0;
    ml_json_key(j, "monitor");
    ml_json_begin_object(j);
    ml_json_kv_str(j, "kind", by_calls ? "calls" : "time");
    if (by_calls) {
        ml_json_kv_null(j, "lifetime_s");
        ml_json_kv_uint(j, "calls", w->calls);
    }
    else {
        ml_json_kv_double(j, "lifetime_s", w->lifetime, 3);
        ml_json_kv_null(j, "calls");
    }
    ml_json_kv_str(j, "subject", w->subject[0] != '\0' ? w->subject : NULL);
    ml_json_kv_bool(j, "warm_up", w->warm_up);
    ml_json_kv_uint(j, "suspects", s->suspects.count);
    if (s->suspects.compared) {
        ml_json_kv_uint(j, "suspects_before", s->suspects.count_before);
    }
    else {
        ml_json_kv_null(j, "suspects_before");
    }
    ml_json_kv_uint(j, "new", s->suspects.fresh);
    ml_json_kv_double(j, "watched_since_s", watched_since(w), 3);
    ml_json_end_object(j);
}

void
snapshot_write_memory_diffs(struct snapshot *s)
{
    const struct ml_watch *w = s->v->watch;
    const struct sweep_memory *m = &s->v->memory;
    if (w == NULL || w->iteration < 2 || w->rss_before == 0) {
        return;
    }
    ml_json_kv_int(s->j, "current_rss_diff", (int64_t)(m->rss - w->rss_before));
    ml_json_kv_int(s->j, "peak_rss_diff", (int64_t)(m->peak_rss - w->peak_before));
    ml_json_kv_uint(s->j, "diff_from_iteration", w->iteration - 1);
}

static int
remember_suspects(struct snapshot *s, struct ml_error *err)
{
    struct sweep_after *after = s->v->after;
    int rc = ML_OK;
    after->figures = (struct ml_sweep_figures){s->v->memory.rss, s->v->memory.peak_rss,
                                               s->suspects.count};
    after->has_figures = true;
    for (uint32_t i = 0; i < s->suspects.kinds && rc == ML_OK; i++) {
        const struct suspect_kind *k = &s->suspects.kind[s->suspects.by_count[i]];
        rc = ml_tally_add(&after->types, tallies_type_key(s->v, s->suspects.by_count[i]),
                          k->count, k->bytes);
    }
    rc = rc == ML_OK ? ml_suspects_tally(&s->suspects.found, &after->places) : rc;
    after->has_tallies = rc == ML_OK;
    return rc == ML_OK ? ML_OK : ml_error_nomem(err);
}

int
snapshot_remember(struct snapshot *s, struct ml_error *err)
{
    struct sweep_after *after = s->v->after;
    if (s->v->watch != NULL) {
        return remember_suspects(s, err);
    }
    int rc = tallies_of_types(s->v, &after->types, err);
    rc = rc == ML_OK ? tallies_of_places(s->v, &s->places, &after->places, err) : rc;
    after->has_tallies = rc == ML_OK;
    return rc;
}
