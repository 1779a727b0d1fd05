/* SPDX-License-Identifier: MIT
 *
 * `snapshot`: one iteration of a report. The graph says what piles up where
 * (finding.h); here it is chosen (snapshot_pick), put into words (snapshot_words) and
 * written, with the version-1 keys that the original tool's readers know.
 */
#include "snapshot.h"

#include "anatomy.h"
#include "human.h"
#include "clock.h"

static void
write_memory_usage(struct snapshot *s)
{
    const struct sweep_memory *m = &s->v->memory;
    double percent = m->host_total > 0 ? 100.0 * (double)m->rss / (double)m->host_total : 0;
    ml_json_key(s->j, "memory_usage");
    ml_json_begin_object(s->j);
    ml_json_kv_uint(s->j, "current_rss_bytes", m->rss);
    ml_json_kv_uint(s->j, "peak_rss_bytes", m->peak_rss);
    ml_json_kv_double(s->j, "system_percent_used", percent, 6);
    snapshot_write_memory_diffs(s);
    ml_json_end_object(s->j);
}

/* A warm-up does not look at the heap: the program's memory as a whole is all it has. */
static void
write_bare_memory(struct snapshot *s)
{
    struct ml_json *j = s->j;
    s->text.len = 0;
    ml_buf_puts(&s->text, "RSS ");
    ml_human_bytes(&s->text, s->v->memory.rss);
    ml_json_begin_object(j);
    ml_json_key(j, "verdict");
    ml_json_strn(j, s->text.data, s->text.len);
    ml_json_kv_uint(j, "rss", s->v->memory.rss);
    ml_json_kv_null(j, "python_live");
    ml_json_kv_null(j, "python_garbage");
    ml_json_end_object(j);
}

static void
write_memory(struct snapshot *s)
{
    ml_json_key(s->j, "memory");
    if (s->v->watch != NULL && s->v->watch->warm_up) {
        write_bare_memory(s);
        return;
    }
    struct anatomy anatomy;
    anatomy_take(s->v, &anatomy);
    anatomy_write(s->v, &anatomy, s->j);
}

static void
write_head(struct snapshot *s)
{
    char start[64], end[64];
    const struct sweep_job *job = s->v->job;
    describe_time(job->started_at, start);
    describe_time(job->started_at + (int64_t)((ml_clock_seconds() - job->started) * 1e6), end);
    ml_json_kv_null(s->j, "report_id");
    ml_json_kv_uint(s->j, "iteration_number",
                    s->v->watch != NULL ? s->v->watch->iteration : 1);
    ml_json_kv_str(s->j, "start_time", start);
    ml_json_kv_str(s->j, "end_time", end);
    write_memory_usage(s);
}

static int
write_iteration(struct snapshot *s, struct ml_error *err)
{
    ml_json_begin_object(s->j);
    write_head(s);
    snapshot_write_monitor(s);
    snapshot_write_summary(s);
    snapshot_write_details(s);
    int rc = snapshot_write_findings(s);
    describe_totals(s->v, s->j);
    write_memory(s);
    describe_sweep(s->v, s->j);
    ml_json_end_object(s->j);
    return rc < 0 ? ml_error_nomem(err) : ML_OK;
}

static int
prepare(struct snapshot *s, struct ml_error *err)
{
    int rc = s->v->watch != NULL ? snapshot_pick_suspects(s, err) : snapshot_pick(s, err);
    rc = rc == ML_OK ? snapshot_choose_details(s, err) : rc;
    rc = rc == ML_OK ? snapshot_call_texts(s, err) : rc;
    return rc == ML_OK ? snapshot_remember(s, err) : rc;
}

static void
put_down(struct snapshot *s)
{
    const struct ml_alloc *a = s->v->a;
    snapshot_suspects_fini(s);
    ml_findings_fini(&s->findings);
    ml_places_fini(&s->places);
    ml_bitset_fini(&s->rooted, a);
    ml_alloc_free_array(a, s->detail, s->detail_room, sizeof(*s->detail));
    ml_buf_fini(&s->holder);
    ml_buf_fini(&s->text);
    ml_alloc_free_array(a, s->path, 1, sizeof(*s->path));
    ml_alloc_free_array(a, s, 1, sizeof(*s));
}

int
answer_snapshot(const struct sweep_view *v, const struct ml_sweep_request *r,
                struct ml_json *j, struct ml_error *err)
{
    struct snapshot *s = ml_alloc_array(v->a, 1, sizeof(*s));
    if (s == NULL) {
        return ml_error_nomem(err);
    }
    s->v = v;
    s->r = r;
    s->j = j;
    ml_buf_init(&s->text, v->a);
    ml_buf_init(&s->holder, v->a);
    s->path = ml_alloc_array(v->a, 1, sizeof(*s->path));
    int rc = s->path == NULL ? ml_error_nomem(err) : prepare(s, err);
    rc = rc == ML_OK ? write_iteration(s, err) : rc;
    put_down(s);
    return rc;
}
