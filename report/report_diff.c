/* SPDX-License-Identifier: MIT
 *
 * See report_diff.h. Both lists, findings and types, are compared in the same way: rows
 * with a key, a number of objects and a size. Rows of the older iteration are put into
 * a table by key; those of the newer one find their partner there, what is left over
 * has gone. Linear but for the sorting at the end.
 */
#include "report_diff.h"

#include <math.h>
#include <string.h>

#include "json_sort.h"
#include "text_format.h"

/* In the order in which they are shown. */
static const char *const states[] = {"new", "grown", "unchanged", "shrunk", "gone"};
#define STATES (sizeof(states) / sizeof(states[0]))

/* How the rows of one list are called in an iteration and in the difference. */
struct columns {
    const char *key;
    const char *size, *size_name, *size_before, *size_diff;
    const char *const *texts; /* taken over; pairs of from, to */
};

static const char *const finding_texts[] = {"fingerprint", "fingerprint", "title",
                                            "title",       "type",        "type",
                                            "path",        "path",        NULL};
static const char *const type_texts[] = {"object_type", "type", NULL};
static const struct columns finding_columns = {
    "fingerprint", "retained_size", "retained_size", "retained_before", "retained_diff",
    finding_texts};
static const struct columns type_columns = {
    "object_type", "shallow_size", "size", "size_before", "size_diff", type_texts};

/* The figure, or null. */
static json_t *
figure(const json_t *row, const char *key)
{
    json_t *value = json_object_get(row, key);
    return json_is_number(value) ? json_incref(value) : json_null();
}

/* The difference of two figures, either of which may be null. */
static json_t *
difference(const json_t *before, const json_t *after)
{
    long long diff;
    if (!json_is_number(before) || !json_is_number(after)) {
        return json_null();
    }
    if (json_is_integer(before) && json_is_integer(after) &&
        !__builtin_sub_overflow((long long)json_integer_value(after),
                                (long long)json_integer_value(before), &diff)) {
        return json_integer(diff);
    }
    double real = json_number_value(after) - json_number_value(before);
    return isfinite(real) ? json_real(real) : json_null();
}

/* {before, after, diff} of one figure. */
static json_t *
pair(json_t *before, json_t *after)
{
    json_t *diff = difference(before, after);
    return json_pack("{s:o, s:o, s:o}", "before", before, "after", after, "diff", diff);
}

static json_t *
compare_memory(const json_t *before, const json_t *after)
{
    const json_t *usage[] = {json_object_get(before, "memory_usage"),
                             json_object_get(after, "memory_usage")};
    const json_t *totals[] = {json_object_get(before, "totals"),
                              json_object_get(after, "totals")};
    return json_pack("{s:o, s:o, s:o, s:o}", "rss",
                     pair(figure(usage[0], "current_rss_bytes"),
                          figure(usage[1], "current_rss_bytes")),
                     "peak_rss",
                     pair(figure(usage[0], "peak_rss_bytes"),
                          figure(usage[1], "peak_rss_bytes")),
                     "live_objects",
                     pair(figure(totals[0], "live_objects"),
                          figure(totals[1], "live_objects")),
                     "live_size",
                     pair(figure(totals[0], "live_size"),
                          figure(totals[1], "live_size")));
}

static json_t *
which(const json_t *iteration)
{
    json_t *out = json_object();
    static const char *const keys[] = {"report_id", "iteration_number", "end_time"};
    for (size_t i = 0; i < 3; i++) {
        json_t *value = json_object_get(iteration, keys[i]);
        json_object_set(out, keys[i], value != NULL ? value : json_null());
    }
    return out;
}

static const char *
state_of(const json_t *before, const json_t *after, const json_t *row,
         const struct columns *c)
{
    if (before == NULL || after == NULL) {
        return before == NULL ? "new" : "gone";
    }
    double count = ml_json_number(row, "count_diff");
    double size = ml_json_number(row, c->size_diff);
    double diff = count != 0 ? count : size;
    return diff > 0 ? "grown" : diff < 0 ? "shrunk" : "unchanged";
}

/* A row that is only on one side counts as 0 on the other, for the difference. */
static json_t *
compare_rows(const json_t *before, const json_t *after, const struct columns *c)
{
    json_t *out = json_object();
    const json_t *present = after != NULL ? after : before;
    for (int i = 0; c->texts[i] != NULL; i += 2) {
        json_t *text = json_object_get(present, c->texts[i]);
        json_object_set(out, c->texts[i + 1],
                        json_is_string(text) ? text : json_null());
    }
    json_t *none = json_pack("{s:i}", "count", 0);
    if (ml_json_has_number(present, c->size)) {
        json_object_set_new(none, c->size, json_integer(0));
    }
    const json_t *old = before != NULL ? before : none;
    const json_t *new = after != NULL ? after : none;
    json_object_set_new(out, "count_before", figure(old, "count"));
    json_object_set_new(out, "count", figure(new, "count"));
    json_object_set_new(out, "count_diff",
                        difference(json_object_get(old, "count"),
                                   json_object_get(new, "count")));
    json_object_set_new(out, c->size_before, figure(old, c->size));
    json_object_set_new(out, c->size_name, figure(new, c->size));
    json_object_set_new(out, c->size_diff,
                        difference(json_object_get(old, c->size),
                                   json_object_get(new, c->size)));
    json_object_set_new(out, "state",
                        json_string(state_of(before, after, out, c)));
    json_decref(none);
    return out;
}

/* Two findings of one iteration may have the same fingerprint; they count together. */
static void
add_row(json_t *rows, const json_t *row, const struct columns *c)
{
    const char *key = ml_json_text(row, c->key);
    if (key == NULL) {
        return;
    }
    json_t *there = json_object_get(rows, key);
    if (there == NULL) {
        json_object_set_new(rows, key, json_copy((json_t *)row));
        return;
    }
    const char *const sums[] = {"count", c->size};
    for (size_t i = 0; i < 2; i++) {
        long long sum;
        if (!__builtin_add_overflow(ml_json_integer(there, sums[i]),
                                    ml_json_integer(row, sums[i]), &sum)) {
            json_object_set_new(there, sums[i], json_integer(sum));
        }
    }
}

static json_t *
rows_by_key(const json_t *list, const struct columns *c)
{
    json_t *rows = json_object();
    for (size_t i = 0; i < json_array_size(list); i++) {
        add_row(rows, json_array_get(list, i), c);
    }
    return rows;
}

static int
rank(const json_t *row)
{
    const char *state = ml_json_text(row, "state");
    for (size_t i = 0; state != NULL && i < STATES; i++) {
        if (strcmp(state, states[i]) == 0) {
            return (int)i;
        }
    }
    return (int)STATES;
}

static int
compare_numbers(const json_t *a, const json_t *b, const char *key)
{
    double x = fabs(ml_json_number(a, key)), y = fabs(ml_json_number(b, key));
    return x > y ? -1 : x < y;
}

/* Sizes before numbers of objects: what is new and large is what one looks for. */
static int
by_difference(const void *va, const void *vb)
{
    static const char *const keys[] = {"retained_diff", "size_diff", "count_diff"};
    const json_t *a = *(json_t *const *)va, *b = *(json_t *const *)vb;
    int order = rank(a) - rank(b);
    for (size_t i = 0; i < 3 && order == 0; i++) {
        order = compare_numbers(a, b, keys[i]);
    }
    if (order != 0) {
        return order;
    }
    const char *names[] = {ml_json_text(a, "fingerprint"), ml_json_text(b, "fingerprint"),
                           ml_json_text(a, "type"), ml_json_text(b, "type")};
    int at = names[0] != NULL && names[1] != NULL ? 0 : 2;
    return strcmp(names[at] != NULL ? names[at] : "",
                  names[at + 1] != NULL ? names[at + 1] : "");
}

static int
compare_lists(const json_t *before, const json_t *after, const struct columns *c,
              json_t **out, struct ml_error *err)
{
    json_t *old = rows_by_key(before, c), *new = rows_by_key(after, c);
    json_t *list = json_array(), *row;
    const char *key;
    json_object_foreach(new, key, row) {
        json_array_append_new(list, compare_rows(json_object_get(old, key), row, c));
    }
    json_object_foreach(old, key, row) {
        if (json_object_get(new, key) == NULL) {
            json_array_append_new(list, compare_rows(row, NULL, c));
        }
    }
    json_decref(old);
    json_decref(new);
    *out = list;
    return ml_json_sort(list, by_difference, err);
}

static json_t *
count_states(const json_t *list)
{
    json_t *out = json_object();
    for (size_t s = 0; s < STATES; s++) {
        int n = 0;
        for (size_t i = 0; i < json_array_size(list); i++) {
            n += rank(json_array_get(list, i)) == (int)s;
        }
        json_object_set_new(out, states[s], json_integer(n));
    }
    return out;
}

static int
check(const json_t *iteration, struct ml_error *err)
{
    const char *broken = ml_json_text(iteration, "broken");
    if (json_is_object(iteration) && broken == NULL) {
        return ML_OK;
    }
    return ml_error_set(err, ML_EFORMAT, "the iteration cannot be read%s%s",
                        broken != NULL ? ": " : "", broken != NULL ? broken : "");
}

static const json_t *
types_of(const json_t *iteration)
{
    return json_object_get(json_object_get(iteration, "leak_summary"), "type_summaries");
}

int
ml_report_diff(const json_t *before, const json_t *after, json_t **out,
               struct ml_error *err)
{
    json_t *findings = NULL, *types = NULL;
    int rc = check(before, err);
    if (rc != ML_OK || (rc = check(after, err)) != ML_OK) {
        return rc;
    }
    rc = compare_lists(json_object_get(before, "findings"),
                       json_object_get(after, "findings"), &finding_columns, &findings,
                       err);
    if (rc == ML_OK) {
        rc = compare_lists(types_of(before), types_of(after), &type_columns, &types, err);
    }
    if (rc == ML_OK) {
        *out = json_pack("{s:o, s:o, s:o, s:O, s:O, s:{s:o, s:o}}", "before",
                         which(before), "after", which(after), "memory",
                         compare_memory(before, after), "findings", findings, "types",
                         types, "totals", "findings", count_states(findings), "types",
                         count_states(types));
        rc = *out != NULL ? ML_OK : ml_error_nomem(err);
    }
    json_decref(findings);
    json_decref(types);
    return rc;
}
