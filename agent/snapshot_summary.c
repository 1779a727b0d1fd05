/* SPDX-License-Identifier: MIT
 *
 * The key `leak_summary`: how many objects of each type. In a plain snapshot those of the
 * findings that are shown, under a watch all suspects.
 */
#include "snapshot.h"

#include "tallies.h"

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
write_found_type(struct snapshot *s, uint32_t first)
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
write_found_types(struct snapshot *s, int limit)
{
    for (uint32_t i = 0, rows = 0; i < s->count && rows < (uint32_t)limit; i++) {
        if (is_first_of_kind(s, i)) {
            write_found_type(s, i);
            rows++;
        }
    }
}

static void
write_suspect_type(struct snapshot *s, uint32_t kind)
{
    const struct suspect_kind *k = &s->suspects.kind[kind];
    uint64_t key = tallies_type_key(s->v, kind);
    const struct ml_tally_row *before = ml_tally_find(&s->v->watch->types, key);
    s->text.len = 0;
    take_type_name(s->v->take.kinds.data[kind].type, &s->text);
    ml_json_begin_object(s->j);
    ml_json_key(s->j, "object_type");
    ml_json_strn(s->j, s->text.data, s->text.len);
    ml_json_kv_uint(s->j, "count", k->count);
    if (s->suspects.compared) {
        ml_json_kv_uint(s->j, "count_before", before != NULL ? before->count : 0);
    }
    else {
        ml_json_kv_null(s->j, "count_before");
    }
    ml_json_kv_double(s->j, "oldest_age_s", snapshot_age_s(s->v->watch, k->oldest), 3);
    uint64_t calls = snapshot_age_calls(s->v->watch, k->oldest);
    if (calls > 0) {
        ml_json_kv_uint(s->j, "oldest_age_calls", calls);
    }
    if (s->v->job->settings.report.compute_size_in_leak_summary) {
        ml_json_kv_uint(s->j, "shallow_size", k->bytes);
    }
    ml_json_end_object(s->j);
}

void
snapshot_write_summary(struct snapshot *s)
{
    int limit = s->v->job->settings.report.max_types_in_leak_summary;
    ml_json_key(s->j, "leak_summary");
    ml_json_begin_object(s->j);
    ml_json_kv_uint(s->j, "iteration", s->v->watch != NULL ? s->v->watch->iteration : 1);
    ml_json_key(s->j, "type_summaries");
    ml_json_begin_array(s->j);
    if (s->v->watch == NULL) {
        write_found_types(s, limit);
    }
    for (uint32_t i = 0; i < s->suspects.kinds && i < (uint32_t)limit; i++) {
        write_suspect_type(s, s->suspects.by_count[i]);
    }
    ml_json_end_array(s->j);
    ml_json_kv_int(s->j, "max_types_in_summary", limit);
    ml_json_end_object(s->j);
}
