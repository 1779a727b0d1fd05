/* SPDX-License-Identifier: MIT
 *
 * `refcounts`: how much of the reference counts the sweep can account for (account.h),
 * what is left over by type, with examples and what is known to hold them. It is the
 * instrument by which the sweep's knowledge of CPython is measured, and the first place
 * to look when a finding says "native".
 */
#include "account.h"
#include "answers.h"
#include "heap_sort.h"

#define DEFAULT_LIMIT 20
#define EXAMPLES 3 /* of each type */
#define CAUSES 3   /* of each example */

/* -- what belongs to the whole ------------------------------------------------------- */

static double
share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 1.0 : (double)part / (double)whole;
}

static void
write_figures(const struct account *a, struct ml_json *j)
{
    uint64_t countable = a->exact + a->named + a->more + a->fewer;
    ml_json_kv_uint(j, "objects", a->objects);
    ml_json_kv_uint(j, "countable", countable);
    ml_json_kv_uint(j, "exact", a->exact);
    ml_json_kv_uint(j, "named", a->named);
    ml_json_kv_double(j, "share_exact", share(a->exact, countable), 6);
    ml_json_kv_double(j, "share", share(a->exact + a->named, countable), 6);
    ml_json_kv_uint(j, "more", a->more);
    ml_json_kv_uint(j, "more_references", a->more_references);
    ml_json_kv_uint(j, "fewer", a->fewer);
    ml_json_kv_uint(j, "fewer_references", a->fewer_references);
    ml_json_kv_uint(j, "not_countable", a->objects - countable);
    ml_json_kv_uint(j, "own", a->own);
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
write_references(const struct account *a, struct ml_json *j)
{
    ml_json_key(j, "references");
    ml_json_begin_object(j);
    for (int holder = 0; holder < ACCOUNT_HOLDERS; holder++) {
        ml_json_kv_uint(j, account_holder_name((enum account_holder)holder),
                        a->references[holder]);
    }
    ml_json_end_object(j);
}

/* -- by type ------------------------------------------------------------------------- */

static uint64_t
weight(const struct account_row *row)
{
    return row->more_references + row->fewer_references;
}

/* Most unexplained references first, then most objects that only C code explains. */
static bool
row_is_after(const void *ctx, const void *left, const void *right)
{
    const struct account_row *a = left, *b = right;
    (void)ctx;
    if (weight(a) != weight(b)) {
        return weight(a) < weight(b);
    }
    return a->named != b->named ? a->named < b->named : a->kind > b->kind;
}

/* "the state of module _sqlite3", "_decimal.so round_map+0x8" */
static void
put_holder(const struct sweep_view *v, const struct account *a,
           const struct ml_native_holder *h, struct ml_buf *out)
{
    const struct account_state *state = account_state_at(a, h->at);
    if (state == NULL) {
        native_holder_words(v, h, false, out);
    }
    else if (state->module == NULL) {
        ml_buf_printf(out, "the interpreter's state+0x%llx",
                      (unsigned long long)(h->at - state->from));
    }
    else {
        PyObject *name = take_dict_get(PyModule_GetDict(state->module), "__name__");
        ml_buf_puts(out, "the state of module ");
        if (name != NULL && PyUnicode_Check(name)) {
            take_str_text(name, 60, out);
        }
    }
}

static void
write_cause(const struct sweep_view *v, const struct account *a, uint32_t node,
            struct ml_json *j)
{
    struct native_found found;
    struct ml_buf text;
    ml_buf_init(&text, v->a);
    if (native_holders_of(v, node, &found)) {
        for (uint32_t i = 0; i < found.count && i < CAUSES; i++) {
            ml_buf_puts(&text, i > 0 ? ", " : "");
            put_holder(v, a, &found.holder[i], &text);
        }
    }
    ml_json_key(j, "cause");
    if (text.len > 0) {
        ml_json_strn(j, text.data, text.len);
    }
    else {
        ml_json_null(j);
    }
    ml_buf_fini(&text);
}

static void
write_example(const struct sweep_view *v, const struct account *a, uint32_t node,
              struct ml_json *j)
{
    ml_json_begin_object(j);
    ml_json_kv_hex(j, "address", v->take.graph.address[node]);
    ml_json_key(j, "str");
    describe_text(v, node, j);
    ml_json_kv_int(j, "excess", v->reach.excess[node]);
    write_cause(v, a, node, j);
    ml_json_end_object(j);
}

/* What nobody was found for comes first. */
enum strangeness { FEWER, MORE, NAMED, STRANGENESS_END };

static bool
is_strange(const struct sweep_view *v, const struct account *a, uint32_t node,
           enum strangeness how)
{
    int32_t excess = v->reach.excess[node];
    if (excess <= 0 || how == FEWER) {
        return excess < 0 && how == FEWER;
    }
    return (account_unknown(v, a, node) > 0) == (how == MORE);
}

static void
write_examples(const struct sweep_view *v, const struct account *a, uint32_t kind,
               struct ml_json *j)
{
    const struct ml_heap_graph *g = &v->take.graph;
    int shown = 0;
    ml_json_key(j, "examples");
    ml_json_begin_array(j);
    for (int how = FEWER; how < STRANGENESS_END; how++) {
        for (uint32_t n = 0; n < g->node_count && shown < EXAMPLES; n++) {
            if (g->kind[n] == kind && v->reach.excess[n] != 0 &&
                !(g->flags[n] & (ML_NODE_OWN | ML_NODE_NO_COUNT)) &&
                is_strange(v, a, n, (enum strangeness)how)) {
                write_example(v, a, n, j);
                shown++;
            }
        }
    }
    ml_json_end_array(j);
}

static void
write_row(const struct sweep_view *v, const struct account *a,
          const struct account_row *row, struct ml_json *j)
{
    struct ml_buf name;
    ml_buf_init(&name, v->a);
    take_type_name(v->take.kinds.data[row->kind].type, &name);
    ml_json_begin_object(j);
    ml_json_key(j, "type");
    ml_json_strn(j, name.data, name.len);
    ml_json_kv_uint(j, "named", row->named);
    ml_json_kv_uint(j, "more", row->more);
    ml_json_kv_uint(j, "more_references", row->more_references);
    ml_json_kv_uint(j, "fewer", row->fewer);
    ml_json_kv_uint(j, "fewer_references", row->fewer_references);
    write_examples(v, a, row->kind, j);
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
        if (a->row[i].named + a->row[i].more + a->row[i].fewer == 0) {
            break;
        }
        write_row(v, a, &a->row[i], j);
    }
    ml_json_end_array(j);
}

int
answer_refcounts(const struct sweep_view *v, const struct ml_sweep_request *r,
                 struct ml_json *j, struct ml_error *err)
{
    struct account a;
    int rc = account_build(v, &a, err);
    if (rc < 0) {
        return rc;
    }
    ml_json_begin_object(j);
    write_figures(&a, j);
    write_references(&a, j);
    write_uncounted(&a, j);
    write_rows(v, &a, r->limit == ML_REQUEST_UNSET ? DEFAULT_LIMIT : (uint32_t)r->limit,
               j);
    describe_totals(v, j);
    describe_sweep(v, j);
    ml_json_end_object(j);
    account_fini(&a, v);
    return ML_OK;
}
