/* SPDX-License-Identifier: MIT
 *
 * See merge_findings.h. The worst is what retains most, not counting what processes
 * have from their parent by fork: pages that are shared, not memory of their own. What
 * cannot be added up (path, examples, graph) is that of the process in which the finding
 * retains most, which is the first of `processes`.
 */
#include "merge_findings.h"

#include <stdio.h>
#include <string.h>

#include "json_sort.h"
#include "merge_rows.h"
#include "merge_title.h"
#include "text_format.h"

static const json_t *
findings_of(const json_t *answer)
{
    return json_object_get(json_object_get(answer, "iteration"), "findings");
}

static const struct ml_merge_rows findings_spec = {
    .rows = findings_of,
    .keys = {"fingerprint"},
    .sums = {"count", "shallow_size", "retained_size", "unexplained_references"},
    .before = {{"count_before", "count"}, {"retained_before", "retained_size"}},
    .order = {"retained_size"},
};

/* -- what came by fork --------------------------------------------------------------- */

static const json_t *
first_address(const json_t *row)
{
    const json_t *examples = json_object_get(row, "examples");
    return json_object_get(json_array_get(examples, 0), "address");
}

/* Objects at the same addresses, held at the same address, and as many. */
static bool
is_same(const json_t *row, const json_t *other)
{
    const json_t *where = json_object_get(row, "accumulation");
    const json_t *there = json_object_get(other, "accumulation");
    return json_is_string(first_address(row)) &&
           json_equal(first_address(row), first_address(other)) &&
           json_equal(json_object_get(where, "address"),
                      json_object_get(there, "address")) &&
           json_equal(json_object_get(row, "count"), json_object_get(other, "count"));
}

/* Workers that did the same have the same addresses, too: only what the parent has as
 * well was there before the fork. */
static bool
is_inherited(const json_t *part, const json_t *parts, const json_t *members)
{
    const json_t *member =
        json_array_get(members, (size_t)ml_json_integer(part, "member"));
    const json_t *parent = json_object_get(member, "parent");
    for (size_t i = 0; i < json_array_size(parts) && json_is_integer(parent); i++) {
        const json_t *other = json_array_get(parts, i);
        if (json_equal(json_object_get(other, "pid"), parent)) {
            return is_same(json_object_get(part, "row"), json_object_get(other, "row"));
        }
    }
    return false;
}

/* Marks those parts; returns what the others retain: what counts for the order. */
static double
mark_inherited(const json_t *parts, const json_t *members)
{
    double own = 0;
    for (size_t i = 0; i < json_array_size(parts); i++) {
        json_t *part = json_array_get(parts, i);
        bool inherited = is_inherited(part, parts, members);
        json_object_set_new(part, "inherited", json_boolean(inherited));
        own += inherited ? 0
                         : ml_json_number(json_object_get(part, "row"), "retained_size");
    }
    return own;
}

/* -- one finding ------------------------------------------------------------------- */

static json_t *
process_of(const json_t *part)
{
    static const char *const figures[] = {"count", "count_before", "shallow_size",
                                          "retained_size"};
    const json_t *row = json_object_get(part, "row");
    json_t *out = json_object(), *id = json_object_get(row, "id");
    static const char *const names[] = {"pid", "name", "report_id", "inherited"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        json_object_set(out, names[i], json_object_get(part, names[i]));
    }
    json_object_set(out, "finding", id != NULL ? id : json_null());
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        json_t *value = json_object_get(row, figures[i]);
        json_object_set(out, figures[i], value != NULL ? value : json_null());
    }
    return out;
}

/* Its oldest object is the oldest of all. */
static void
set_oldest(json_t *f, const json_t *parts)
{
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *row = json_object_get(json_array_get(parts, i), "row");
        if (ml_json_number(row, "oldest_age_s") > ml_json_number(f, "oldest_age_s")) {
            json_object_set(f, "oldest_age_s", json_object_get(row, "oldest_age_s"));
        }
    }
}

/* The picture of the finding with this number in one process's report, or null. */
static json_t *
picture_of(const json_t *answer, long long id)
{
    const json_t *svg = json_object_get(answer, "svg");
    char end[48];
    size_t n = (size_t)snprintf(end, sizeof(end), "_finding_%lld.svg", id);
    for (size_t i = 0; i < json_array_size(svg); i++) {
        json_t *path = json_array_get(svg, i);
        size_t len = json_string_length(path);
        if (len > n && strcmp(json_string_value(path) + len - n, end) == 0) {
            return json_incref(path);
        }
    }
    return json_null();
}

static json_t *
make_finding(const json_t *group, const json_t *members, size_t answers)
{
    json_t *f = json_object_get(group, "figures");
    const json_t *parts = json_object_get(group, "parts");
    const json_t *first = json_array_get(parts, 0);
    const json_t *member =
        json_array_get(members, (size_t)ml_json_integer(first, "member"));
    long long id = ml_json_integer(json_object_get(first, "row"), "id");
    json_t *processes = json_array();
    json_object_set_new(f, "weight", json_real(mark_inherited(parts, members)));
    for (size_t i = 0; i < json_array_size(parts); i++) {
        json_array_append_new(processes, process_of(json_array_get(parts, i)));
    }
    json_object_set_new(f, "title", ml_merge_title(f, parts, answers));
    json_object_set_new(f, "processes", processes);
    json_object_set_new(
        f, "diagram",
        json_pack("{s:o}", "svg", picture_of(json_object_get(member, "answer"), id)));
    set_oldest(f, parts);
    return json_incref(f);
}

/* -- all of them ------------------------------------------------------------------- */

/* Equal ones are told apart by what they are, so that the order is the same each time. */
static int
by_weight(const void *va, const void *vb)
{
    const json_t *a = *(json_t *const *)va, *b = *(json_t *const *)vb;
    double x = ml_json_number(a, "weight"), y = ml_json_number(b, "weight");
    const char *m = ml_json_text(a, "fingerprint"), *n = ml_json_text(b, "fingerprint");
    return x != y ? (x < y) - (x > y) : strcmp(m, n);
}

static int
sort_and_number(json_t *findings, struct ml_error *err)
{
    int rc = ml_json_sort(findings, by_weight, err);
    for (size_t i = 0; i < json_array_size(findings); i++) {
        json_t *f = json_array_get(findings, i);
        json_object_del(f, "weight");
        json_object_set_new(f, "id", json_integer((json_int_t)i + 1));
    }
    return rc;
}

json_t *
ml_merge_findings(const json_t *members, struct ml_error *err)
{
    json_t *groups = ml_merge_groups(members, &findings_spec, err);
    json_t *findings = groups != NULL ? json_array() : NULL;
    size_t answers = 0;
    for (size_t i = 0; i < json_array_size(members); i++) {
        answers += json_object_get(json_array_get(members, i), "answer") != NULL;
    }
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *group = json_array_get(groups, i);
        json_array_append_new(findings, make_finding(group, members, answers));
    }
    json_decref(groups);
    if (findings != NULL && sort_and_number(findings, err) < 0) {
        json_decref(findings);
        findings = NULL;
    }
    return findings;
}
