/* SPDX-License-Identifier: MIT
 *
 * The key `findings`: each with its sentence, path, examples and picture; see
 * docs/internals/result-format.md.
 */
#include "snapshot.h"

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
    ml_json_kv_uint(j, "entries", snapshot_entries(s, f));
    ml_json_kv_uint(j, "retained_size", s->v->retained.bytes[f->accumulation]);
    ml_json_end_object(j);
}

/* Uses path and text. */
static void
write_examples(struct snapshot *s, const struct shown *f)
{
    struct ml_json *j = s->j;
    ml_json_key(j, "examples");
    ml_json_begin_array(j);
    for (uint32_t i = 0; i < f->example_count; i++) {
        describe_path(s->v, f->example[i], s->path);
        s->text.len = 0;
        describe_expression(s->path, false, &s->text);
        ml_json_begin_object(j);
        describe_object_keys(s->v, f->example[i], j);
        if (f->suspect != NULL) {
            uint8_t epoch = snapshot_epoch(s->v, f->example[i]);
            ml_json_kv_double(j, "age_s", snapshot_age_s(s->v->watch, epoch), 3);
        }
        else {
            ml_json_kv_null(j, "age_s");
        }
        ml_json_key(j, "path");
        ml_json_strn(j, s->text.data, s->text.len);
        ml_json_end_object(j);
    }
    ml_json_end_array(j);
}

static void
write_identity(struct snapshot *s, const struct shown *f, uint32_t id)
{
    struct ml_json *j = s->j;
    char hash[24];
    struct ml_buf sentence;
    ml_buf_init(&sentence, s->v->a);
    snapshot_fingerprint(s, f, hash);
    snapshot_title(s, f, &sentence);
    ml_json_kv_uint(j, "id", id);
    ml_json_kv_str(j, "fingerprint", hash);
    ml_json_key(j, "title");
    ml_json_strn(j, sentence.data, sentence.len);
    sentence.len = 0;
    snapshot_noun(s, f, false, &sentence);
    ml_json_key(j, "noun");
    ml_json_strn(j, sentence.data, sentence.len);
    ml_json_key(j, "type");
    describe_type(s->v, f->example[0], j);
    ml_buf_fini(&sentence);
}

static void
write_ages(struct snapshot *s, const struct shown *f)
{
    struct ml_json *j = s->j;
    if (f->suspect == NULL) {
        ml_json_kv_null(j, "oldest_age_s");
        return;
    }
    ml_json_kv_double(j, "oldest_age_s", f->ages.oldest_s, 3);
    ml_json_kv_double(j, "median_age_s", f->ages.median_s, 3);
    ml_json_kv_double(j, "youngest_age_s", f->ages.youngest_s, 3);
    if (f->ages.oldest_calls > 0) {
        ml_json_kv_uint(j, "oldest_age_calls", f->ages.oldest_calls);
    }
    else {
        ml_json_kv_null(j, "oldest_age_calls");
    }
    ml_json_kv_uint(j, "parts", f->suspect->parts);
}

static void
write_figures(struct snapshot *s, const struct shown *f)
{
    struct ml_json *j = s->j;
    ml_json_kv_uint(j, "count", f->finding->count);
    if (f->compared) {
        ml_json_kv_uint(j, "count_before", f->count_before);
        ml_json_kv_uint(j, "retained_before", f->retained_before);
    }
    else {
        ml_json_kv_null(j, "count_before");
        ml_json_kv_null(j, "retained_before");
    }
    ml_json_kv_uint(j, "shallow_size", f->finding->shallow);
    ml_json_kv_uint(j, "retained_size", f->finding->retained);
    write_ages(s, f);
}

static void
write_path(struct snapshot *s, const struct shown *f)
{
    const struct sweep_view *v = s->v;
    struct ml_json *j = s->j;
    struct native_sum native;
    snapshot_sum_native(s, f, &native);
    ml_json_key(j, "path");
    ml_json_strn(j, s->text.data, s->text.len);
    ml_json_key(j, "path_nodes");
    describe_path_nodes(v, s->path, j);
    ml_json_key(j, "root");
    describe_root(s->path, j);
    ml_json_kv_str(j, "held_by", describe_held_by(v, s->path));
    ml_json_kv_uint(j, "unexplained_references", native.references);
    ml_json_key(j, "native");
    if (native.references > 0) {
        native_sum_write(v, &native, j);
    }
    else {
        ml_json_null(j);
    }
}

static int
write_finding(struct snapshot *s, const struct shown *f, uint32_t id)
{
    struct ml_json *j = s->j;
    snapshot_look_at(s, f);
    ml_json_begin_object(j);
    write_identity(s, f, id);
    write_figures(s, f);
    write_path(s, f);
    write_accumulation(s, f->finding);
    ml_json_key(j, "graph");
    int rc = describe_graph(s->v, s->path, 1, f->finding->count, j);
    write_examples(s, f);
    ml_json_key(j, "allocated_at");
    ml_json_begin_array(j);
    ml_json_end_array(j);
    ml_json_key(j, "diagram");
    ml_json_begin_object(j);
    ml_json_kv_null(j, "dot");
    ml_json_kv_null(j, "svg");
    ml_json_end_object(j);
    ml_json_end_object(j);
    return rc;
}

int
snapshot_write_findings(struct snapshot *s)
{
    int rc = ML_OK;
    ml_json_key(s->j, "findings");
    ml_json_begin_array(s->j);
    for (uint32_t i = 0; i < s->count && rc == ML_OK; i++) {
        rc = write_finding(s, &s->shown[i], i + 1);
    }
    ml_json_end_array(s->j);
    return rc;
}
