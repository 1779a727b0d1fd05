/* SPDX-License-Identifier: MIT
 *
 * `snapshot`: one iteration of a report. The findings come from the graph; here they get
 * names, sentences, examples and pictures, and the version-1 keys that the original
 * tool's readers know.
 */
#include "answers.h"

#include <stdio.h>
#include <string.h>

#define MAX_FINDINGS 20
#define EXAMPLES 3
#define MIN_COUNT 10
#define MIN_SINGLE (256 * 1024)

struct snapshot {
    const struct sweep_view *v;
    const struct ml_sweep_request *r;
    struct ml_json *j;
    struct ml_places places;
    struct ml_findings findings;
    struct object_path *path; /* one, used again and again */
    uint32_t examples[MAX_FINDINGS][EXAMPLES];
    uint32_t example_count[MAX_FINDINGS];
    struct ml_buf text, holder;
    int details; /* how many objects may be shown in detail */
};

/* -- texts ---------------------------------------------------------------------------- */

/* 48211 -> "48 211" */
static void
put_count(struct ml_buf *out, uint64_t n)
{
    if (n >= 1000) {
        put_count(out, n / 1000);
        ml_buf_printf(out, " %03u", (unsigned)(n % 1000));
    }
    else {
        ml_buf_printf(out, "%u", (unsigned)n);
    }
}

static void
put_bytes(struct ml_buf *out, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    uint64_t tenths = bytes * 10;
    int unit = 0;
    while (tenths >= 10240 && unit < 4) {
        tenths = (tenths + 512) / 1024;
        unit++;
    }
    if (unit == 0 || tenths >= 1000) {
        ml_buf_printf(out, "%llu %s", (unsigned long long)((tenths + (unit ? 5 : 0)) / 10),
                      units[unit]);
    }
    else {
        ml_buf_printf(out, "%llu.%llu %s", (unsigned long long)(tenths / 10),
                      (unsigned long long)(tenths % 10), units[unit]);
    }
}

/* FNV-1a: stable over processes, runs and releases. */
static uint64_t
hash_bytes(uint64_t h, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        h = (h ^ (unsigned char)data[i]) * 0x100000001b3u;
    }
    return h;
}

/* Type, holder's type and abstract path: no address, no key, no count. */
static uint64_t
fingerprint(const struct snapshot *s, const struct ml_finding *f, uint32_t example)
{
    struct ml_buf name;
    ml_buf_init(&name, s->v->a);
    describe_type_name(s->v, example, &name);
    ml_buf_putc(&name, '|');
    if (f->accumulation != ML_NO_NODE) {
        describe_type_name(s->v, f->accumulation, &name);
    }
    ml_buf_putc(&name, '|');
    uint64_t h = hash_bytes(0xcbf29ce484222325u, name.data, name.len);
    ml_buf_fini(&name);
    return hash_bytes(h, s->text.data, s->text.len);
}

/* Steps of the path up to and including `node`; 0 when it is not on it. */
static uint32_t
steps_to(const struct object_path *path, uint32_t node)
{
    for (uint32_t i = 0; i < path->count; i++) {
        if (path->step[i].node == node) {
            return i + 1;
        }
    }
    return 0;
}

/* The accumulation point's own expression: the path cut behind it. */
static void
holder_expression(struct snapshot *s, const struct ml_finding *f)
{
    uint32_t whole = s->path->count, until = steps_to(s->path, f->accumulation);
    s->holder.len = 0;
    s->path->count = until > 0 ? until : whole;
    describe_expression(s->path, true, &s->holder);
    s->path->count = whole;
}

static void
title(struct snapshot *s, const struct ml_finding *f, uint32_t example, struct ml_buf *out)
{
    put_count(out, f->count);
    ml_buf_putc(out, ' ');
    take_type_short_name(take_kind_of(&s->v->take, example)->type, out);
    ml_buf_puts(out, f->count == 1 ? " object held by " : " objects held by ");
    ml_buf_append(out, s->holder.data, s->holder.len);
    if (f->accumulation != ML_NO_NODE && f->accumulation != example) {
        ml_buf_puts(out, " (");
        take_type_short_name(take_kind_of(&s->v->take, f->accumulation)->type, out);
        ml_buf_puts(out, ", ");
        put_count(out, f->entries);
        ml_buf_puts(out, f->entries == 1 ? " entry)" : " entries)");
    }
    ml_buf_puts(out, f->count == 1 ? " retains " : " retain ");
    put_bytes(out, f->retained);
}

/* -- findings ------------------------------------------------------------------------------ */

static void
write_accumulation(struct snapshot *s, const struct ml_finding *f)
{
    struct ml_json *j = s->j;
    ml_json_key(j, "accumulation");
    if (f->accumulation == ML_NO_NODE) {
        ml_json_null(j);
        return;
    }
    ml_json_begin_object(j);
    ml_json_key(j, "path");
    ml_json_strn(j, s->holder.data, s->holder.len);
    ml_json_key(j, "type");
    describe_type(s->v, f->accumulation, j);
    ml_json_kv_hex(j, "address", s->v->take.graph.address[f->accumulation]);
    ml_json_kv_uint(j, "entries", f->entries);
    ml_json_kv_uint(j, "retained_size", s->v->retained.bytes[f->accumulation]);
    ml_json_end_object(j);
}

static void
write_examples(struct snapshot *s, uint32_t index)
{
    struct ml_json *j = s->j;
    ml_json_key(j, "examples");
    ml_json_begin_array(j);
    for (uint32_t i = 0; i < s->example_count[index]; i++) {
        uint32_t node = s->examples[index][i];
        describe_path(s->v, node, s->path);
        s->text.len = 0;
        describe_expression(s->path, false, &s->text);
        ml_json_begin_object(j);
        describe_object_keys(s->v, node, j);
        ml_json_kv_null(j, "age_s");
        ml_json_key(j, "path");
        ml_json_strn(j, s->text.data, s->text.len);
        ml_json_end_object(j);
    }
    ml_json_end_array(j);
}

static int
write_finding(struct snapshot *s, uint32_t index, uint32_t id)
{
    const struct ml_finding *f = &s->findings.finding[index];
    const struct sweep_view *v = s->v;
    struct ml_json *j = s->j;
    uint32_t example = s->examples[index][0];
    char hash[24];
    struct ml_buf sentence;
    ml_buf_init(&sentence, v->a);
    describe_path(v, example, s->path);
    s->text.len = 0;
    describe_expression(s->path, true, &s->text);
    snprintf(hash, sizeof(hash), "%016llx",
             (unsigned long long)fingerprint(s, f, example));
    holder_expression(s, f);
    title(s, f, example, &sentence);
    ml_json_begin_object(j);
    ml_json_kv_uint(j, "id", id);
    ml_json_kv_str(j, "fingerprint", hash);
    ml_json_key(j, "title");
    ml_json_strn(j, sentence.data, sentence.len);
    ml_json_key(j, "type");
    describe_type(v, example, j);
    ml_json_kv_uint(j, "count", f->count);
    ml_json_kv_null(j, "count_before");
    ml_json_kv_uint(j, "shallow_size", f->shallow);
    ml_json_kv_uint(j, "retained_size", f->retained);
    ml_json_kv_null(j, "oldest_age_s");
    ml_json_key(j, "path");
    ml_json_strn(j, s->text.data, s->text.len);
    ml_json_key(j, "path_nodes");
    describe_path_nodes(v, s->path, j);
    ml_json_key(j, "root");
    describe_root(s->path, j);
    ml_json_kv_str(j, "held_by", describe_held_by(v, s->path));
    ml_json_kv_int(j, "unexplained_references",
                   s->path->root == ML_PATH_OUTSIDE
                       ? v->reach.excess[s->path->step[0].node]
                       : 0);
    write_accumulation(s, f);
    ml_json_key(j, "graph");
    int rc = describe_graph(v, s->path, 1, f->count, j);
    write_examples(s, index);
    ml_json_key(j, "allocated_at");
    ml_json_begin_array(j);
    ml_json_end_array(j);
    ml_json_key(j, "diagram");
    ml_json_begin_object(j);
    ml_json_kv_null(j, "dot");
    ml_json_kv_null(j, "svg");
    ml_json_end_object(j);
    ml_json_end_object(j);
    ml_buf_fini(&sentence);
    return rc;
}

/* A finding the user has accepted (filter.ignore) is left out. */
static bool
is_ignored(struct snapshot *s, uint32_t index)
{
    const struct ml_text_list *ignore = &s->v->job->settings.filter.ignore;
    const struct ml_finding *f = &s->findings.finding[index];
    char hash[24];
    if (ignore->count <= 0) {
        return false;
    }
    describe_path(s->v, s->examples[index][0], s->path);
    s->text.len = 0;
    describe_expression(s->path, true, &s->text);
    snprintf(hash, sizeof(hash), "%016llx",
             (unsigned long long)fingerprint(s, f, s->examples[index][0]));
    for (int i = 0; i < ignore->count; i++) {
        if (strcmp(ignore->item[i], hash) == 0) {
            return true;
        }
    }
    return false;
}

static int
write_findings(struct snapshot *s, bool *ignored)
{
    int rc = ML_OK;
    uint32_t id = 1;
    ml_json_key(s->j, "findings");
    ml_json_begin_array(s->j);
    for (uint32_t i = 0; i < s->findings.count && rc == ML_OK; i++) {
        if (!ignored[i]) {
            rc = write_finding(s, i, id++);
        }
    }
    ml_json_end_array(s->j);
    return rc;
}

/* -- the version-1 keys ------------------------------------------------------------------------ */

static void
write_summary(struct snapshot *s, const bool *ignored)
{
    const struct ml_settings *settings = &s->v->job->settings;
    struct ml_json *j = s->j;
    ml_json_key(j, "leak_summary");
    ml_json_begin_object(j);
    ml_json_kv_int(j, "iteration", 1);
    ml_json_key(j, "type_summaries");
    ml_json_begin_array(j);
    int rows = 0;
    for (uint32_t i = 0; i < s->findings.count; i++) {
        uint32_t kind = s->v->take.graph.kind[s->examples[i][0]];
        bool seen = ignored[i];
        uint64_t count = 0, shallow = 0, retained = 0;
        for (uint32_t k = 0; k < s->findings.count; k++) {
            if (ignored[k] || s->v->take.graph.kind[s->examples[k][0]] != kind) {
                continue;
            }
            seen = seen || k < i;
            count += s->findings.finding[k].count;
            shallow += s->findings.finding[k].shallow;
            retained += s->findings.finding[k].retained;
        }
        if (seen || rows++ >= settings->report.max_types_in_leak_summary) {
            continue;
        }
        ml_json_begin_object(j);
        ml_json_key(j, "object_type");
        describe_type(s->v, s->examples[i][0], j);
        ml_json_kv_uint(j, "count", count);
        ml_json_kv_uint(j, "shallow_size", shallow);
        ml_json_kv_uint(j, "retained_size", retained);
        ml_json_end_object(j);
    }
    ml_json_end_array(j);
    ml_json_kv_int(j, "max_types_in_summary", settings->report.max_types_in_leak_summary);
    ml_json_end_object(j);
}

/* The object, then for each holder the reference and the holder itself, then the root. */
static void
write_referrer_graph(struct snapshot *s)
{
    const struct sweep_view *v = s->v;
    const struct object_path *p = s->path;
    struct ml_json *j = s->j;
    uint32_t id = 0;
    ml_json_begin_object(j);
    ml_json_key(j, "target_ids");
    ml_json_raw(j, "[0]", 3);
    ml_json_key(j, "graph_nodes");
    ml_json_begin_array(j);
    for (uint32_t i = p->count; i-- > 0;) {
        uint32_t node = p->step[i].node;
        bool folded = i + 1 < p->count && (v->take.graph.flags[node] & ML_NODE_FOLD);
        if (!folded) {
            struct ml_buf name;
            ml_buf_init(&name, v->a);
            take_type_short_name(take_kind_of(&v->take, node)->type, &name);
            ml_buf_puts(&name, " (object)");
            ml_json_begin_object(j);
            ml_json_kv_uint(j, "id", id);
            ml_json_key(j, "name");
            ml_json_strn(j, name.data, name.len);
            ml_json_kv_uint(j, "object_id", v->take.graph.address[node]);
            ml_json_key(j, "referent_ids");
            ml_json_begin_array(j);
            if (id > 0) {
                ml_json_uint(j, id - 1);
            }
            ml_json_end_array(j);
            ml_json_end_object(j);
            ml_buf_fini(&name);
            id++;
        }
        bool transparent = i > 0 && (v->take.graph.flags[node] & ML_NODE_FOLD) &&
                           i + 1 < p->count;
        if (transparent) {
            continue;
        }
        uint32_t holder = i > 0 ? p->step[i - 1].node : node;
        ml_json_begin_object(j);
        ml_json_kv_uint(j, "id", id);
        ml_json_kv_str(j, "name",
                       i > 0                         ? p->step[i].name.words
                       : p->root_name.words[0] != '\0' ? p->root_name.words
                                                       : "native code");
        ml_json_kv_uint(j, "object_id", v->take.graph.address[holder]);
        ml_json_key(j, "referent_ids");
        ml_json_begin_array(j);
        ml_json_uint(j, id - 1);
        ml_json_end_array(j);
        ml_json_end_object(j);
        id++;
    }
    ml_json_end_array(j);
    ml_json_key(j, "root_ids");
    ml_json_begin_array(j);
    ml_json_uint(j, id - 1);
    ml_json_end_array(j);
    ml_json_end_object(j);
}

static void
write_detail(struct snapshot *s, uint32_t node, bool referrers)
{
    const struct sweep_view *v = s->v;
    struct ml_json *j = s->j;
    ml_json_begin_object(j);
    ml_json_key(j, "object_type_name");
    describe_type(v, node, j);
    ml_json_kv_uint(j, "object_id", v->take.graph.address[node]);
    ml_json_key(j, "object_str");
    describe_text(v, node, j);
    ml_json_key(j, "deep_size_bytes");
    ml_json_begin_object(j);
    ml_json_kv_uint(j, "approx_size", v->retained.bytes[node]);
    ml_json_kv_bool(j, "upper_bound_known", true);
    ml_json_end_object(j);
    ml_json_key(j, "referrer_graph");
    if (referrers) {
        describe_path(v, node, s->path);
        write_referrer_graph(s);
    }
    else {
        ml_json_null(j);
    }
    ml_json_kv_bool(j, "referrers_checked", referrers);
    ml_json_end_object(j);
}

/* One object of each finding, then the second of each, as long as there is room. */
static void
write_details(struct snapshot *s, const bool *ignored)
{
    bool referrers = s->r->referrers == ML_REQUEST_UNSET
                         ? s->v->job->settings.referrers.check
                         : s->r->referrers != 0;
    int left = s->details;
    ml_json_key(s->j, "object_details_list");
    ml_json_begin_array(s->j);
    for (uint32_t round = 0; round < EXAMPLES; round++) {
        for (uint32_t i = 0; i < s->findings.count && left > 0; i++) {
            if (!ignored[i] && round < s->example_count[i]) {
                write_detail(s, s->examples[i][round], referrers);
                left--;
            }
        }
    }
    ml_json_end_array(s->j);
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
    const struct sweep_view *v = s->v;
    struct ml_json *j = s->j;
    s->text.len = 0;
    ml_buf_puts(&s->text, "RSS ");
    put_bytes(&s->text, v->memory.rss);
    ml_buf_puts(&s->text, ": live Python objects explain ");
    put_bytes(&s->text, v->totals.live_size);
    ml_buf_puts(&s->text, " of it");
    if (v->totals.garbage_size > v->memory.rss / 20) {
        ml_buf_puts(&s->text, ", garbage that waits for the collector ");
        put_bytes(&s->text, v->totals.garbage_size);
    }
    ml_json_key(j, "memory");
    ml_json_begin_object(j);
    ml_json_key(j, "verdict");
    ml_json_strn(j, s->text.data, s->text.len);
    ml_json_kv_uint(j, "rss", v->memory.rss);
    ml_json_kv_uint(j, "python_live", v->totals.live_size);
    ml_json_kv_uint(j, "python_garbage", v->totals.garbage_size);
    ml_json_end_object(j);
}

/* -- the whole ------------------------------------------------------------------------------------ */

static void
write_head(struct snapshot *s)
{
    char start[40], end[40];
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
find(struct snapshot *s, struct ml_error *err)
{
    const struct sweep_view *v = s->v;
    struct type_filter filter = {v, s->r};
    struct ml_finding_options options = {MAX_FINDINGS, MIN_COUNT, MIN_SINGLE,
                                         describe_wanted, &filter};
    int rc = ml_places_build(&v->take.graph, &v->paths, &v->dominator, &v->retained, v->a,
                             v->cancel, &s->places, err);
    if (rc == ML_OK) {
        rc = ml_findings_pick(&v->take.graph, &v->paths, &s->places, &v->retained, &options,
                              v->a, &s->findings, err);
    }
    for (uint32_t i = 0; rc == ML_OK && i < s->findings.count; i++) {
        s->example_count[i] = ml_places_members(
            &s->places, &v->paths, s->findings.finding[i].place, s->examples[i], EXAMPLES);
        if (s->example_count[i] == 0) {
            rc = ml_error_set(err, ML_ESTATE, "a finding without members");
        }
    }
    return rc;
}

static int
write_iteration(struct snapshot *s, struct ml_error *err)
{
    bool ignored[MAX_FINDINGS] = {false};
    for (uint32_t i = 0; i < s->findings.count; i++) {
        ignored[i] = is_ignored(s, i);
    }
    ml_json_begin_object(s->j);
    write_head(s);
    write_summary(s, ignored);
    write_details(s, ignored);
    int rc = write_findings(s, ignored);
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
    s->details = r->max_object_details == ML_REQUEST_UNSET
                     ? v->job->settings.report.max_object_details
                     : r->max_object_details;
    ml_buf_init(&s->text, v->a);
    ml_buf_init(&s->holder, v->a);
    s->path = ml_alloc_array(v->a, 1, sizeof(*s->path));
    int rc = s->path == NULL ? ml_error_nomem(err) : find(s, err);
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
