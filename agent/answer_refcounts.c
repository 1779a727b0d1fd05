/* SPDX-License-Identifier: MIT
 *
 * `refcounts`: how much of the reference counts the sweep can account for. Of each
 * object the references that were seen are taken off its count; what is left over, or
 * seen too often, is told by type, with examples. It is the instrument by which the
 * sweep's knowledge of CPython is measured, and the first place to look when a finding
 * says "native".
 */
#include "answers.h"

#include "heap_sort.h"
#include "take_counts.h"

#define DEFAULT_LIMIT 20
#define EXAMPLES 500

struct row {
    uint32_t kind;
    uint32_t more, fewer; /* objects */
    uint64_t more_references, fewer_references;
};

struct account {
    uint64_t objects, exact, more, fewer, own;
    uint64_t more_references, fewer_references;
    uint64_t uncounted[TAKE_UNCOUNTED_REASONS];
    struct row *row; /* [kind_count] */
    uint32_t kind_count;
};

static void
count_excess(struct account *a, uint32_t kind, int32_t excess)
{
    struct row *row = &a->row[kind];
    row->kind = kind;
    if (excess > 0) {
        row->more++;
        row->more_references += (uint64_t)excess;
        a->more++;
        a->more_references += (uint64_t)excess;
    }
    else if (excess < 0) {
        row->fewer++;
        row->fewer_references += (uint64_t)-(int64_t)excess;
        a->fewer++;
        a->fewer_references += (uint64_t)-(int64_t)excess;
    }
    else {
        a->exact++;
    }
}

static void
count(const struct sweep_view *v, struct account *a)
{
    const struct ml_heap_graph *g = &v->take.graph;
    for (uint32_t n = 0; n < g->node_count; n++) {
        int64_t ignored;
        if (g->flags[n] & ML_NODE_OWN) {
            a->own++;
            continue;
        }
        a->objects++;
        if (g->flags[n] & ML_NODE_NO_COUNT) {
            a->uncounted[take_uncounted(take_kind_of(&v->take, n), take_object(&v->take, n),
                                        &ignored)]++;
        }
        else {
            count_excess(a, g->kind[n], v->reach.excess[n]);
        }
    }
}

/* Most unexplained references first, then most objects. */
static bool
row_is_after(const void *ctx, const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    uint64_t of_a = a->more_references + a->fewer_references;
    uint64_t of_b = b->more_references + b->fewer_references;
    (void)ctx;
    return of_a != of_b ? of_a < of_b : a->kind > b->kind;
}

static void
write_examples(const struct sweep_view *v, uint32_t kind, struct ml_json *j)
{
    const struct ml_heap_graph *g = &v->take.graph;
    int shown = 0;
    ml_json_key(j, "examples");
    ml_json_begin_array(j);
    for (uint32_t n = 0; n < g->node_count && shown < EXAMPLES; n++) {
        if (g->kind[n] != kind || v->reach.excess[n] == 0 ||
            (g->flags[n] & (ML_NODE_OWN | ML_NODE_NO_COUNT))) {
            continue;
        }
        ml_json_begin_object(j);
        ml_json_kv_hex(j, "address", g->address[n]);
        ml_json_key(j, "str");
        describe_text(v, n, j);
        ml_json_kv_int(j, "excess", v->reach.excess[n]);
        ml_json_end_object(j);
        shown++;
    }
    ml_json_end_array(j);
}

static void
write_row(const struct sweep_view *v, const struct row *row, struct ml_json *j)
{
    struct ml_buf name;
    ml_buf_init(&name, v->a);
    take_type_name(v->take.kinds.data[row->kind].type, &name);
    ml_json_begin_object(j);
    ml_json_key(j, "type");
    ml_json_strn(j, name.data, name.len);
    ml_json_kv_uint(j, "more", row->more);
    ml_json_kv_uint(j, "more_references", row->more_references);
    ml_json_kv_uint(j, "fewer", row->fewer);
    ml_json_kv_uint(j, "fewer_references", row->fewer_references);
    write_examples(v, row->kind, j);
    ml_json_end_object(j);
    ml_buf_fini(&name);
}

static void
write_rows(const struct sweep_view *v, struct account *a, uint32_t limit,
           struct ml_json *j)
{
    ml_heap_sort(a->row, a->kind_count, sizeof(*a->row), row_is_after, NULL);
    ml_json_key(j, "types");
    ml_json_begin_array(j);
    for (uint32_t i = 0; i < a->kind_count && i < limit; i++) {
        if (a->row[i].more + a->row[i].fewer == 0) {
            break;
        }
        write_row(v, &a->row[i], j);
    }
    ml_json_end_array(j);
}

static void
write_uncounted(const struct account *a, struct ml_json *j)
{
    ml_json_key(j, "not_countable_by");
    ml_json_begin_array(j);
    for (int why = TAKE_COUNTED + 1; why < TAKE_UNCOUNTED_REASONS; why++) {
        if (a->uncounted[why] > 0) {
            ml_json_begin_object(j);
            ml_json_kv_str(j, "reason", take_uncounted_name((enum take_uncounted)why));
            ml_json_kv_uint(j, "objects", a->uncounted[why]);
            ml_json_end_object(j);
        }
    }
    ml_json_end_array(j);
}

static void
write_figures(const struct account *a, struct ml_json *j)
{
    uint64_t countable = a->exact + a->more + a->fewer;
    ml_json_kv_uint(j, "objects", a->objects);
    ml_json_kv_uint(j, "countable", countable);
    ml_json_kv_uint(j, "exact", a->exact);
    ml_json_kv_double(j, "share",
                      countable == 0 ? 1.0 : (double)a->exact / (double)countable, 6);
    ml_json_kv_uint(j, "more", a->more);
    ml_json_kv_uint(j, "more_references", a->more_references);
    ml_json_kv_uint(j, "fewer", a->fewer);
    ml_json_kv_uint(j, "fewer_references", a->fewer_references);
    ml_json_kv_uint(j, "not_countable", a->objects - countable);
    ml_json_kv_uint(j, "own", a->own);
}

int
answer_refcounts(const struct sweep_view *v, const struct ml_sweep_request *r,
                 struct ml_json *j, struct ml_error *err)
{
    struct account a = {.kind_count = (uint32_t)v->take.kinds.len};
    a.row = ml_alloc_array(v->a, a.kind_count, sizeof(*a.row));
    if (a.row == NULL) {
        return ml_error_nomem(err);
    }
    count(v, &a);
    ml_json_begin_object(j);
    write_figures(&a, j);
    write_uncounted(&a, j);
    write_rows(v, &a, r->limit == ML_REQUEST_UNSET ? DEFAULT_LIMIT : (uint32_t)r->limit, j);
    describe_totals(v, j);
    describe_sweep(v, j);
    ml_json_end_object(j);
    ml_alloc_free_array(v->a, a.row, a.kind_count, sizeof(*a.row));
    return ML_OK;
}
