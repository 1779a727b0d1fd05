/* SPDX-License-Identifier: MIT
 *
 * `growth`: what there is more of than at the last `growth` or `snapshot` of this process,
 * by type and by the place that holds it. The first one has nothing to compare with and
 * takes the baseline.
 */
#include "answers.h"
#include "growth.h"
#include "tallies.h"

#define DEFAULT_LIMIT 20

struct growth {
    const struct sweep_view *v;
    struct ml_json *j;
    const struct ml_growth_before *before; /* NULL: the first look */
    int limit;
    struct ml_places places;
    struct ml_growth grown;
    struct ml_tally change;   /* types that grew: key is the kind, bytes how much */
    struct object_path *path;
    struct ml_buf text;
};

/* -- types ------------------------------------------------------------------------- */

static struct ml_tally_row
type_before(const struct growth *w, uint32_t kind)
{
    uint64_t key = tallies_type_key(w->v, kind);
    const struct ml_tally_row *row = ml_tally_find(&w->before->types, key);
    return row != NULL ? *row : (struct ml_tally_row){.key = key};
}

/* Kinds that grew, as a tally: its heaviest rows are what is shown. */
static int
compare_types(struct growth *w, const struct ml_kind_sum *sums, struct ml_error *err)
{
    for (uint32_t i = 0; i < w->v->take.kinds.len; i++) {
        struct ml_tally_row row = type_before(w, i);
        uint64_t more = sums[i].count > row.count ? sums[i].count - row.count : 0;
        uint64_t bytes = sums[i].shallow > row.bytes ? sums[i].shallow - row.bytes : 0;
        if (more + bytes > 0 && ml_tally_add(&w->change, i, more, bytes) < 0) {
            return ml_error_nomem(err);
        }
    }
    ml_tally_close(&w->change, (uint32_t)w->limit);
    return ML_OK;
}

static void
write_type(struct growth *w, const struct ml_kind_sum *sum, uint32_t kind)
{
    struct ml_tally_row before = type_before(w, kind);
    w->text.len = 0;
    take_type_name(w->v->take.kinds.data[kind].type, &w->text);
    ml_json_begin_object(w->j);
    ml_json_key(w->j, "type");
    ml_json_strn(w->j, w->text.data, w->text.len);
    ml_json_kv_uint(w->j, "count", sum->count);
    ml_json_kv_uint(w->j, "count_before", before.count);
    ml_json_kv_uint(w->j, "size", sum->shallow);
    ml_json_kv_uint(w->j, "size_before", before.bytes);
    ml_json_end_object(w->j);
}

/* Largest growth first; no more than `limit` rows, so a selection is quick enough. */
static void
write_changed(struct growth *w, const struct ml_kind_sum *sums)
{
    struct ml_tally *c = &w->change;
    for (uint32_t left = c->count; left > 0; left--) {
        uint32_t most = 0;
        for (uint32_t i = 1; i < left; i++) {
            const struct ml_tally_row *a = &c->row[i], *b = &c->row[most];
            most = a->bytes > b->bytes || (a->bytes == b->bytes && a->count > b->count)
                       ? i
                       : most;
        }
        write_type(w, &sums[c->row[most].key], (uint32_t)c->row[most].key);
        c->row[most] = c->row[left - 1];
    }
}

static int
write_types(struct growth *w, struct ml_error *err)
{
    const struct sweep_view *v = w->v;
    uint32_t n = (uint32_t)v->take.kinds.len;
    struct ml_kind_sum *sums = ml_alloc_array(v->a, n, sizeof(*sums));
    int rc = sums == NULL ? ml_error_nomem(err)
                          : ml_retained_by_kind(&v->take.graph, &v->dominator,
                                                &v->retained, n, sums, v->a, err);
    rc = rc == ML_OK ? compare_types(w, sums, err) : rc;
    if (rc == ML_OK) {
        write_changed(w, sums);
    }
    ml_alloc_free_array(v->a, sums, n, sizeof(*sums));
    return rc;
}

/* -- places ------------------------------------------------------------------------ */

static void
write_place(struct growth *w, const struct ml_grown *row)
{
    const struct ml_place *q = &w->places.place[row->place];
    struct ml_json *j = w->j;
    describe_path(w->v, q->first, w->path);
    w->text.len = 0;
    describe_expression(w->path, true, &w->text);
    ml_json_begin_object(j);
    ml_json_key(j, "path");
    ml_json_strn(j, w->text.data, w->text.len);
    ml_json_key(j, "type");
    describe_type(w->v, q->first, j);
    ml_json_kv_uint(j, "count", q->count);
    ml_json_kv_uint(j, "count_before", row->count_before);
    ml_json_kv_uint(j, "retained_size", q->retained);
    ml_json_kv_uint(j, "retained_before", row->retained_before);
    ml_json_kv_uint(j, "companions", row->companions);
    ml_json_kv_str(j, "held_by", describe_held_by(w->v, w->path));
    ml_json_end_object(j);
}

static int
find_grown(struct growth *w, struct ml_error *err)
{
    struct ml_suspects_options o = {0};
    uint64_t *key = ml_alloc_array(w->v->a, w->places.count, sizeof(*key));
    if (key == NULL) {
        return ml_error_nomem(err);
    }
    tallies_options(w->v, &o);
    ml_place_keys(&w->places, &o, key);
    int rc = ml_growth_pick(&w->places, key, &w->before->places, w->v->a, &w->grown, err);
    ml_alloc_free_array(w->v->a, key, w->places.count, sizeof(*key));
    return rc;
}

static int
write_places(struct growth *w, struct ml_error *err)
{
    int rc = find_grown(w, err);
    for (uint32_t i = 0; i < w->grown.count && i < (uint32_t)w->limit; i++) {
        write_place(w, &w->grown.row[i]);
    }
    return rc;
}

/* -- the whole --------------------------------------------------------------------- */

static int
write_answer(struct growth *w, struct ml_error *err)
{
    struct ml_json *j = w->j;
    int rc = ML_OK;
    ml_json_begin_object(j);
    if (w->before != NULL) {
        ml_json_kv_double(j, "since_s", w->v->job->started - w->before->at, 3);
    }
    else {
        ml_json_kv_null(j, "since_s");
    }
    ml_json_key(j, "types");
    ml_json_begin_array(j);
    rc = w->before != NULL ? write_types(w, err) : ML_OK;
    ml_json_end_array(j);
    ml_json_key(j, "places");
    ml_json_begin_array(j);
    if (rc == ML_OK && w->before != NULL) {
        rc = write_places(w, err);
    }
    ml_json_end_array(j);
    describe_totals(w->v, j);
    describe_sweep(w->v, j);
    ml_json_end_object(j);
    return rc;
}

static int
remember(const struct growth *w, struct ml_error *err)
{
    struct sweep_after *after = w->v->after;
    int rc = tallies_of_types(w->v, &after->types, err);
    rc = rc == ML_OK ? tallies_of_places(w->v, &w->places, &after->places, err) : rc;
    after->has_tallies = rc == ML_OK;
    return rc;
}

int
answer_growth(const struct sweep_view *v, const struct ml_sweep_request *r,
              struct ml_json *j, struct ml_error *err)
{
    const struct ml_growth_before *before = v->job->before;
    struct growth w = {.v = v,
                       .j = j,
                       .before = before != NULL && before->at > 0 ? before : NULL,
                       .limit = r->limit == ML_REQUEST_UNSET ? DEFAULT_LIMIT : r->limit};
    ml_buf_init(&w.text, v->a);
    ml_tally_init(&w.change, v->a);
    w.path = ml_alloc_array(v->a, 1, sizeof(*w.path));
    int rc = w.path == NULL ? ml_error_nomem(err)
                            : ml_places_build(&v->take.graph, &v->paths, &v->dominator,
                                              &v->retained, v->a, v->cancel, &w.places,
                                              err);
    rc = rc == ML_OK ? write_answer(&w, err) : rc;
    rc = rc == ML_OK ? remember(&w, err) : rc;
    ml_growth_fini(&w.grown);
    ml_places_fini(&w.places);
    ml_alloc_free_array(v->a, w.path, 1, sizeof(*w.path));
    ml_tally_fini(&w.change);
    ml_buf_fini(&w.text);
    return rc;
}
