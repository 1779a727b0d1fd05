/* SPDX-License-Identifier: MIT
 *
 * The key `object_details_list`: which objects are shown one by one, and each with its
 * text, size, age and who refers to it.
 *
 * In a plain snapshot one object of each finding, then the second of each. Of suspects at
 * least one of each type while there is room, the most common types first, and more
 * objects of more common types where there is room left.
 */
#include "snapshot.h"

#include <string.h>

/* -- choosing ---------------------------------------------------------------------- */

static void
choose_examples(struct snapshot *s)
{
    for (uint32_t round = 0; round < SNAPSHOT_EXAMPLES; round++) {
        for (uint32_t i = 0; i < s->count && s->detail_count < s->detail_room; i++) {
            if (round < s->shown[i].example_count) {
                s->detail[s->detail_count++] = s->shown[i].example[round];
            }
        }
    }
}

/* Of `room` objects, how many of each type: one each, then in proportion, then what is
 * left over to the most common. `quota` is by rank (suspects.by_count). */
static void
share_out(const struct snapshot_suspects *t, uint32_t *quota, uint32_t kinds, uint32_t room)
{
    uint64_t total = 0, left = room - kinds, spare = left;
    for (uint32_t i = 0; i < kinds; i++) {
        total += t->kind[t->by_count[i]].count - 1;
    }
    for (uint32_t i = 0; i < kinds; i++) {
        uint64_t more = t->kind[t->by_count[i]].count - 1;
        uint64_t part = total > 0 ? (uint64_t)((double)spare * (double)more / (double)total)
                                  : 0;
        part = part < more ? part : more;
        part = part < left ? part : left;
        quota[i] = 1 + (uint32_t)part;
        left -= part;
    }
    for (uint32_t i = 0; i < kinds && left > 0; i++) {
        uint64_t more = t->kind[t->by_count[i]].count - quota[i];
        uint64_t part = more < left ? more : left;
        quota[i] += (uint32_t)part;
        left -= part;
    }
}

/* Room for each type's objects in s->detail, in the order of the types: `next` and `end`
 * are by kind. */
static void
choose_suspects(struct snapshot *s, uint32_t *quota, uint32_t *next, uint32_t *end)
{
    const struct sweep_view *v = s->v;
    const struct snapshot_suspects *t = &s->suspects;
    uint32_t kinds = t->kinds < s->detail_room ? t->kinds : s->detail_room;
    share_out(t, quota, kinds, s->detail_room);
    for (uint32_t i = 0; i < kinds; i++) {
        next[t->by_count[i]] = s->detail_count;
        s->detail_count += quota[i];
        end[t->by_count[i]] = s->detail_count;
    }
    for (uint32_t i = 0; i < v->paths.reached; i++) {
        uint32_t node = v->paths.order[i], kind = v->take.graph.kind[node];
        if (next[kind] < end[kind] && snapshot_is_told(s, node)) {
            s->detail[next[kind]++] = node;
        }
    }
}

static int
choose_by_type(struct snapshot *s, struct ml_error *err)
{
    const struct ml_alloc *a = s->v->a;
    size_t kinds = s->v->take.kinds.len;
    uint32_t *room = ml_alloc_array(a, kinds * 3, sizeof(*room));
    if (room == NULL) {
        return ml_error_nomem(err);
    }
    choose_suspects(s, room, room + kinds, room + 2 * kinds);
    ml_alloc_free_array(a, room, kinds * 3, sizeof(*room));
    return ML_OK;
}

static int
mark_roots(struct snapshot *s, struct ml_error *err)
{
    const struct ml_heap_graph *g = &s->v->take.graph;
    if (!ml_bitset_init(&s->rooted, s->v->a, g->node_count)) {
        return ml_error_nomem(err);
    }
    for (size_t i = 0; i < g->roots.len; i++) {
        ml_bitset_add(&s->rooted, g->roots.data[i].node);
    }
    return ML_OK;
}

int
snapshot_choose_details(struct snapshot *s, struct ml_error *err)
{
    int most = s->r->max_object_details == ML_REQUEST_UNSET
                   ? s->v->job->settings.report.max_object_details
                   : s->r->max_object_details;
    uint64_t there = s->v->watch != NULL ? s->suspects.count
                                         : (uint64_t)s->count * SNAPSHOT_EXAMPLES;
    s->detail_room = most <= 0 ? 0 : (uint64_t)most < there ? (uint32_t)most : (uint32_t)there;
    s->detail = ml_alloc_array(s->v->a, s->detail_room, sizeof(*s->detail));
    if (s->detail == NULL) {
        return ml_error_nomem(err);
    }
    if (s->detail_room == 0) {
        return ML_OK;
    }
    if (s->v->watch == NULL) {
        choose_examples(s);
        return mark_roots(s, err);
    }
    int rc = choose_by_type(s, err);
    return rc == ML_OK ? mark_roots(s, err) : rc;
}

/* -- writing ----------------------------------------------------------------------- */

static void
write_suspect_keys(struct snapshot *s, uint32_t node)
{
    uint8_t epoch = snapshot_epoch(s->v, node);
    uint64_t calls = snapshot_age_calls(s->v->watch, epoch);
    uint32_t finding = snapshot_finding_of(s, node);
    ml_json_kv_double(s->j, "age_s", snapshot_age_s(s->v->watch, epoch), 3);
    if (calls > 0) {
        ml_json_kv_uint(s->j, "age_calls", calls);
    }
    else {
        ml_json_kv_null(s->j, "age_calls");
    }
    if (finding > 0) {
        ml_json_kv_uint(s->j, "finding", finding);
    }
    else {
        ml_json_kv_null(s->j, "finding");
    }
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
        snapshot_write_referrers(s, node);
    }
    else {
        ml_json_null(j);
    }
    ml_json_kv_bool(j, "referrers_checked", referrers);
    if (v->watch != NULL) {
        write_suspect_keys(s, node);
    }
    ml_json_end_object(j);
}

void
snapshot_write_details(struct snapshot *s)
{
    bool referrers = s->r->referrers == ML_REQUEST_UNSET
                         ? s->v->job->settings.referrers.check
                         : s->r->referrers != 0;
    ml_json_key(s->j, "object_details_list");
    ml_json_begin_array(s->j);
    for (uint32_t i = 0; i < s->detail_count; i++) {
        write_detail(s, s->detail[i], referrers);
    }
    ml_json_end_array(s->j);
}
