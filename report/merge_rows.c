/* SPDX-License-Identifier: MIT
 *
 * See merge_rows.h. Linear but for the sorting: groups are found by key in a table that
 * keeps the order in which they came.
 */
#include "merge_rows.h"

#include <limits.h>
#include <string.h>

#include "buf.h"
#include "json_sort.h"
#include "text_format.h"

json_t *
ml_merge_add(const json_t *a, const json_t *b)
{
    json_int_t sum;
    if (!json_is_number(a) || !json_is_number(b)) {
        const json_t *known = json_is_number(a) ? a : b;
        return json_is_number(known) ? json_copy((json_t *)known) : json_null();
    }
    if (!json_is_integer(a) || !json_is_integer(b)) {
        return json_real(json_number_value(a) + json_number_value(b));
    }
    bool beyond =
        __builtin_add_overflow(json_integer_value(a), json_integer_value(b), &sum);
    return json_integer(beyond ? LLONG_MAX : sum);
}

static void
add_figure(json_t *to, const json_t *row, const char *key)
{
    json_object_set_new(
        to, key, ml_merge_add(json_object_get(to, key), json_object_get(row, key)));
}

/* Before the sums are made: the figure of now stands in for one that is not known. */
static void
add_before(json_t *to, const json_t *row, const char *const pair[2])
{
    const json_t *mine = json_object_get(to, pair[0]);
    const json_t *other = json_object_get(row, pair[0]);
    if (!json_is_number(mine) && !json_is_number(other)) {
        return;
    }
    mine = json_is_number(mine) ? mine : json_object_get(to, pair[1]);
    other = json_is_number(other) ? other : json_object_get(row, pair[1]);
    json_object_set_new(to, pair[0], ml_merge_add(mine, other));
}

static void
add_row(json_t *to, const json_t *row, const struct ml_merge_rows *spec)
{
    for (int i = 0; spec->before[i][0] != NULL; i++) {
        add_before(to, row, spec->before[i]);
    }
    for (int i = 0; spec->sums[i] != NULL; i++) {
        add_figure(to, row, spec->sums[i]);
    }
}

/* -- parts ------------------------------------------------------------------------- */

/* A new reference; NULL for a row that has no name. */
static json_t *
key_of(const json_t *row, const struct ml_merge_rows *spec)
{
    struct ml_buf text;
    json_t *key = NULL;
    if (ml_json_text(row, spec->keys[0]) == NULL) {
        return NULL;
    }
    ml_buf_init(&text, &ml_alloc_libc);
    for (int i = 0; spec->keys[i] != NULL; i++) {
        const json_t *part = json_object_get(row, spec->keys[i]);
        ml_buf_append(&text, json_string_value(part), json_string_length(part));
        ml_buf_putc(&text, '\n');
    }
    if (!text.failed) {
        key = json_stringn(text.data, text.len);
    }
    ml_buf_fini(&text);
    return key;
}

static json_t *
new_part(const json_t *member, size_t number, const json_t *row)
{
    static const char *const keys[] = {"pid", "name"};
    json_t *part = json_object();
    const json_t *id = json_object_get(json_object_get(member, "answer"), "report_id");
    for (size_t i = 0; i < 2; i++) {
        json_t *value = json_object_get(member, keys[i]);
        json_object_set(part, keys[i], value != NULL ? value : json_null());
    }
    json_object_set_new(part, "report_id",
                        json_is_string(id) ? json_copy((json_t *)id) : json_null());
    json_object_set_new(part, "member", json_integer((json_int_t)number));
    json_object_set_new(part, "row", json_copy((json_t *)row));
    return part;
}

/* Two rows of one process may have the same key (findings of two threads): one part. */
static void
add_part(json_t *groups, const json_t *member, size_t number, const json_t *row,
         const struct ml_merge_rows *spec)
{
    json_t *key = key_of(row, spec);
    if (key == NULL) {
        return;
    }
    const char *text = json_string_value(key);
    json_t *parts = json_object_get(groups, text);
    if (parts == NULL) {
        parts = json_array();
        json_object_set_new(groups, text, parts);
    }
    json_t *last = json_array_get(parts, json_array_size(parts) - 1);
    if (last != NULL && ml_json_integer(last, "member") == (long long)number) {
        add_row(json_object_get(last, "row"), row, spec);
        json_object_set_new(last, "several", json_true());
    }
    else {
        json_array_append_new(parts, new_part(member, number, row));
    }
    json_decref(key);
}

/* -- groups ------------------------------------------------------------------------ */

static double
weight_of(const json_t *row, const char *const order[2])
{
    double weight = order[0] != NULL ? ml_json_number(row, order[0]) : 0;
    return order[0] != NULL && order[1] != NULL
               ? weight - ml_json_number(row, order[1])
               : weight;
}

/* What is compared stands in the elements as `weight`: qsort hands nothing through. */
static int
by_weight(const void *va, const void *vb)
{
    const json_t *a = *(json_t *const *)va, *b = *(json_t *const *)vb;
    double x = ml_json_number(a, "weight"), y = ml_json_number(b, "weight");
    long long m = ml_json_integer(a, "member"), n = ml_json_integer(b, "member");
    return x != y ? (x < y) - (x > y) : (m > n) - (m < n);
}

static int
sort(json_t *list, const char *row_key, const struct ml_merge_rows *spec,
     struct ml_error *err)
{
    json_t *element;
    size_t i;
    json_array_foreach(list, i, element) {
        double weight = weight_of(json_object_get(element, row_key), spec->order);
        json_object_set_new(element, "weight", json_real(weight));
    }
    return ml_json_sort(list, by_weight, err);
}

static int
make_group(json_t *parts, size_t number, const struct ml_merge_rows *spec, json_t **out,
           struct ml_error *err)
{
    int rc = sort(parts, "row", spec, err);
    if (rc < 0) {
        return rc;
    }
    const json_t *largest = json_object_get(json_array_get(parts, 0), "row");
    json_t *figures = json_copy((json_t *)largest);
    for (size_t i = 1; i < json_array_size(parts); i++) {
        add_row(figures, json_object_get(json_array_get(parts, i), "row"), spec);
    }
    *out = json_pack("{s:o, s:O, s:I}", "figures", figures, "parts", parts, "member",
                     (json_int_t)number);
    return *out != NULL ? ML_OK : ml_error_nomem(err);
}

json_t *
ml_merge_groups(const json_t *members, const struct ml_merge_rows *spec,
                struct ml_error *err)
{
    json_t *by_key = json_object(), *groups = json_array(), *value;
    const char *key;
    size_t i, n;
    int rc = ML_OK;
    json_array_foreach((json_t *)members, i, value) {
        const json_t *rows = spec->rows(json_object_get(value, "answer"));
        for (n = 0; n < json_array_size(rows); n++) {
            add_part(by_key, value, i, json_array_get(rows, n), spec);
        }
    }
    json_object_foreach(by_key, key, value) {
        json_t *group = NULL;
        rc = rc == ML_OK ? make_group(value, json_array_size(groups), spec, &group, err)
                         : rc;
        json_array_append_new(groups, group);
    }
    rc = rc == ML_OK ? sort(groups, "figures", spec, err) : rc;
    json_decref(by_key);
    if (rc < 0) {
        json_decref(groups);
        return NULL;
    }
    return groups;
}
