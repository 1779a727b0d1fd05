/* SPDX-License-Identifier: MIT
 *
 * `snapshot`: one iteration of a report. The graph says what piles up where
 * (finding.h); here it is chosen (snapshot_pick), put into words (snapshot_words) and
 * written, with the version-1 keys that the original tool's readers know.
 */
#include "snapshot.h"

#include "anatomy.h"

static bool
is_first_of_kind(const struct snapshot *s, uint32_t i)
{
    const uint32_t *kind = s->v->take.graph.kind;
    for (uint32_t k = 0; k < i; k++) {
        if (kind[s->shown[k].example[0]] == kind[s->shown[i].example[0]]) {
            return false;
        }
    }
    return true;
}

static void
write_type(struct snapshot *s, uint32_t first)
{
    const uint32_t *kind = s->v->take.graph.kind;
    uint64_t count = 0, shallow = 0, retained = 0;
    for (uint32_t k = first; k < s->count; k++) {
        if (kind[s->shown[k].example[0]] == kind[s->shown[first].example[0]]) {
            count += s->shown[k].finding->count;
            shallow += s->shown[k].finding->shallow;
            retained += s->shown[k].finding->retained;
        }
    }
    ml_json_begin_object(s->j);
    ml_json_key(s->j, "object_type");
    describe_type(s->v, s->shown[first].example[0], s->j);
    ml_json_kv_uint(s->j, "count", count);
    ml_json_kv_uint(s->j, "shallow_size", shallow);
    ml_json_kv_uint(s->j, "retained_size", retained);
    ml_json_end_object(s->j);
}

static void
write_summary(struct snapshot *s)
{
    int limit = s->v->job->settings.report.max_types_in_leak_summary, rows = 0;
    ml_json_key(s->j, "leak_summary");
    ml_json_begin_object(s->j);
    ml_json_kv_int(s->j, "iteration", 1);
    ml_json_key(s->j, "type_summaries");
    ml_json_begin_array(s->j);
    for (uint32_t i = 0; i < s->count && rows < limit; i++) {
        if (is_first_of_kind(s, i)) {
            write_type(s, i);
            rows++;
        }
    }
    ml_json_end_array(s->j);
    ml_json_kv_int(s->j, "max_types_in_summary", limit);
    ml_json_end_object(s->j);
}

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
    ml_json_end_object(s->j);
}

static void
write_memory(struct snapshot *s)
{
    struct anatomy anatomy;
    anatomy_take(s->v, &anatomy);
    ml_json_key(s->j, "memory");
    anatomy_write(s->v, &anatomy, s->j);
}

static void
write_head(struct snapshot *s)
{
    char start[64], end[64];
    const struct sweep_job *job = s->v->job;
    describe_time(job->started_at, start);
    describe_time(job->started_at + (int64_t)((sweep_now() - job->started) * 1e6), end);
    ml_json_kv_null(s->j, "report_id");
    ml_json_kv_int(s->j, "iteration_number", 1);
    ml_json_kv_str(s->j, "start_time", start);
    ml_json_kv_str(s->j, "end_time", end);
    write_memory_usage(s);
}

static int
write_iteration(struct snapshot *s, struct ml_error *err)
{
    ml_json_begin_object(s->j);
    write_head(s);
    write_summary(s);
    snapshot_write_details(s);
    int rc = snapshot_write_findings(s);
    describe_totals(s->v, s->j);
    write_memory(s);
    describe_sweep(s->v, s->j);
    ml_json_end_object(s->j);
    return rc < 0 ? ml_error_nomem(err) : ML_OK;
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
    int rc = s->path == NULL ? ml_error_nomem(err) : snapshot_pick(s, err);
    rc = rc == ML_OK ? snapshot_call_texts(s, err) : rc;
    if (rc == ML_OK) {
        rc = write_iteration(s, err);
    }
    ml_findings_fini(&s->findings);
    ml_places_fini(&s->places);
    ml_buf_fini(&s->holder);
    ml_buf_fini(&s->text);
    ml_alloc_free_array(v->a, s->path, 1, sizeof(*s->path));
    ml_alloc_free_array(v->a, s, 1, sizeof(*s));
    return rc;
}
