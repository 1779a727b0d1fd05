/* SPDX-License-Identifier: MIT
 *
 * See merge.h. A table says for each method which lists of rows it answers with; totals
 * are added up, of the sweeps the longest pause and duration are told.
 */
#include "merge.h"

#include <stdio.h>
#include <string.h>

#include "merge_findings.h"
#include "merge_rows.h"
#include "text_format.h"

#define MAX_LISTS 2

/* -- the lists of each method ------------------------------------------------------ */

static const json_t *
iteration_types(const json_t *answer)
{
    const json_t *iteration = json_object_get(answer, "iteration");
    return json_object_get(json_object_get(iteration, "leak_summary"), "type_summaries");
}

static const json_t *
types_of(const json_t *answer)
{
    return json_object_get(answer, "types");
}

static const json_t *
retainers_of(const json_t *answer)
{
    return json_object_get(answer, "retainers");
}

static const json_t *
places_of(const json_t *answer)
{
    return json_object_get(answer, "places");
}

static const json_t *
parts_of(const json_t *answer)
{
    return json_object_get(json_object_get(answer, "memory"), "parts");
}

static const struct ml_merge_rows iteration_types_spec = {
    .rows = iteration_types,
    .keys = {"object_type"},
    .sums = {"count", "shallow_size", "retained_size"},
    .before = {{"count_before", "count"}},
    .order = {"retained_size"},
};

static const struct ml_merge_rows parts_spec = {
    .rows = parts_of, .keys = {"key"}, .sums = {"size"}};

struct list {
    const char *name;
    struct ml_merge_rows spec;
};

static const struct method {
    const char *name;
    struct list lists[MAX_LISTS + 1];
} methods[] = {
    {"snapshot", {{NULL}}},
    {"memory", {{NULL}}},
    {"types",
     {{"types",
       {.rows = types_of,
        .keys = {"type"},
        .sums = {"count", "shallow_size", "retained_size", "outside"},
        .order = {"retained_size"}}}}},
    {"retained",
     {{"retainers",
       {.rows = retainers_of,
        .keys = {"type", "path"},
        .sums = {"size", "retained_size", "objects"},
        .order = {"retained_size"}}}}},
    {"growth",
     {{"types",
       {.rows = types_of,
        .keys = {"type"},
        .sums = {"count", "size", "count_before", "size_before"},
        .order = {"size", "size_before"}}},
      {"places",
       {.rows = places_of,
        .keys = {"type", "path", "held_by"},
        .sums = {"count", "retained_size", "companions", "count_before",
                 "retained_before"},
        .order = {"retained_size", "retained_before"}}}}},
};

static const struct method *
find_method(const char *name)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(methods[i].name, name) == 0) {
            return &methods[i];
        }
    }
    return NULL;
}

bool
ml_merge_knows(const char *method)
{
    return find_method(method) != NULL;
}

/* -- figures of the whole ---------------------------------------------------------- */

/* Where a method's answer has its totals, sweep and memory. */
static const json_t *
body_of(const json_t *member)
{
    const json_t *answer = json_object_get(member, "answer");
    const json_t *iteration = json_object_get(answer, "iteration");
    return iteration != NULL ? iteration : answer;
}

/* Adds what is a number in `from` to `to`; null where nobody has one. */
static void
add_object(json_t *to, const json_t *from)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)from, key, value) {
        if (json_is_number(value)) {
            json_object_set_new(to, key, ml_merge_add(json_object_get(to, key), value));
        }
    }
}

static json_t *
sum_totals(const json_t *members)
{
    json_t *totals = json_object();
    for (size_t i = 0; i < json_array_size(members); i++) {
        add_object(totals, json_object_get(body_of(json_array_get(members, i)),
                                           "totals"));
    }
    return totals;
}

static void
keep_longest(json_t *to, const json_t *sweep, const char *key)
{
    if (ml_json_has_number(sweep, key) &&
        ml_json_number(sweep, key) >= ml_json_number(to, key)) {
        json_object_set(to, key, json_object_get(sweep, key));
    }
}

static void
add_warnings(json_t *to, const json_t *member, const json_t *warnings)
{
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        const char *text = json_string_value(json_array_get(warnings, i));
        if (text != NULL) {
            json_array_append_new(
                to, json_sprintf("%lld: %s", ml_json_integer(member, "pid"), text));
        }
    }
}

static json_t *
sum_sweeps(const json_t *members)
{
    static const char *const sums[] = {"objects", "references", "tracked",
                                       "garbage_objects"};
    json_t *out = json_object(), *warnings = json_array();
    json_int_t sweeps = 0;
    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *member = json_array_get(members, i);
        const json_t *sweep = json_object_get(body_of(member), "sweep");
        keep_longest(out, sweep, "pause_s");
        keep_longest(out, sweep, "duration_s");
        for (size_t k = 0; k < sizeof(sums) / sizeof(sums[0]); k++) {
            const json_t *sum = json_object_get(out, sums[k]);
            json_object_set_new(out, sums[k],
                                ml_merge_add(sum, json_object_get(sweep, sums[k])));
        }
        add_warnings(warnings, member, json_object_get(sweep, "warnings"));
        sweeps += json_is_object(sweep);
    }
    json_object_set_new(out, "processes", json_integer(sweeps));
    json_object_set_new(out, "warnings", warnings);
    return out;
}

/* -- memory ------------------------------------------------------------------------ */

static json_t *
sum_pss(const json_t *members)
{
    json_t *sum = NULL;
    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *member = json_array_get(members, i);
        if (json_object_get(member, "answer") == NULL) {
            continue;
        }
        if (!ml_json_has_number(member, "pss")) {
            json_decref(sum);
            return json_null(); /* a part of the truth would look like a small one */
        }
        json_t *more = ml_merge_add(sum, json_object_get(member, "pss"));
        json_decref(sum);
        sum = more;
    }
    return sum != NULL ? sum : json_null();
}

/* Forked processes share pages until somebody writes to them: RSS has those in each. */
static json_t *
verdict_of(const json_t *memory, size_t answers, size_t all)
{
    char rss[32], pss[32], who[48];
    ml_text_bytes(ml_json_number(memory, "rss"), rss);
    ml_text_bytes(ml_json_number(memory, "pss"), pss);
    snprintf(who, sizeof(who), answers < all ? "%zu of %zu processes" : "%zu processes",
             answers, all);
    if (!ml_json_has_number(memory, "rss")) {
        return json_null();
    }
    if (all == 1) {
        return json_sprintf("1 process: RSS %s", rss);
    }
    if (ml_json_has_number(memory, "pss")) {
        return json_sprintf("%s: RSS %s in all, %s when pages that they share are "
                            "counted once (PSS)",
                            who, rss, pss);
    }
    return json_sprintf("%s: RSS %s in all; pages that they share are counted in each",
                        who, rss);
}

static int
sum_memory(const json_t *members, json_t **out, struct ml_error *err)
{
    static const char *const sums[] = {"rss",         "swap",           "python_live",
                                       "python_garbage", "not_resident"};
    json_t *memory = json_object(), *parts = json_array();
    json_t *groups = ml_merge_groups(members, &parts_spec, err);
    size_t answers = 0;
    if (groups == NULL) {
        json_decref(memory);
        json_decref(parts);
        return ML_ENOMEM;
    }
    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *member = json_array_get(members, i);
        const json_t *its = json_object_get(body_of(member), "memory");
        for (size_t k = 0; k < sizeof(sums) / sizeof(sums[0]); k++) {
            const json_t *sum = json_object_get(memory, sums[k]);
            json_object_set_new(memory, sums[k],
                                ml_merge_add(sum, json_object_get(its, sums[k])));
        }
        answers += json_object_get(member, "answer") != NULL;
    }
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *group = json_array_get(groups, i);
        json_array_append(parts, json_object_get(group, "figures"));
    }
    json_decref(groups);
    json_object_set_new(memory, "pss", sum_pss(members));
    json_object_set_new(memory, "verdict",
                        verdict_of(memory, answers, json_array_size(members)));
    json_object_set_new(memory, "parts", parts);
    *out = memory;
    return ML_OK;
}

/* -- the processes ----------------------------------------------------------------- */

static void
copy_keys(json_t *to, const json_t *from, const char *const *keys)
{
    for (; *keys != NULL; keys++) {
        json_t *value = json_object_get(from, *keys);
        if (value != NULL) {
            json_object_set(to, *keys, value);
        }
    }
}

static void
describe(json_t *process, const json_t *member)
{
    static const char *const own[] = {"pss", NULL}, *const memory[] = {"rss", NULL},
                      *const totals[] = {"live_objects", "live_size", NULL},
                      *const bodies[] = {"sweep", NULL},
                      *const saved[] = {"report_id", "directory", "svg", "store_error",
                                        NULL};
    const json_t *body = body_of(member);
    const json_t *findings = json_object_get(body, "findings");
    copy_keys(process, member, own);
    copy_keys(process, json_object_get(body, "memory"), memory);
    copy_keys(process, json_object_get(body, "totals"), totals);
    copy_keys(process, json_object_get(member, "answer"), saved);
    copy_keys(process, body, bodies);
    if (json_is_array(findings)) {
        json_object_set_new(process, "findings",
                            json_integer((json_int_t)json_array_size(findings)));
    }
}

static json_t *
list_processes(const json_t *members)
{
    static const char *const names[] = {"pid", "name", "parent", "error", NULL};
    json_t *processes = json_array();
    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *member = json_array_get(members, i);
        json_t *process = json_object();
        copy_keys(process, member, names);
        if (json_object_get(member, "answer") != NULL) {
            describe(process, member);
        }
        json_array_append_new(processes, process);
    }
    return processes;
}

/* -- put together ------------------------------------------------------------------ */

static int
put_rows(json_t *out, const char *name, const struct ml_merge_rows *spec,
         const json_t *members, int limit, struct ml_error *err)
{
    json_t *groups = ml_merge_groups(members, spec, err), *rows = json_array();
    if (groups == NULL) {
        json_decref(rows);
        return ML_ENOMEM;
    }
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *group = json_array_get(groups, i);
        json_t *row = json_object_get(group, "figures");
        size_t parts = json_array_size(json_object_get(group, "parts"));
        json_object_set_new(row, "processes", json_integer((json_int_t)parts));
        if (limit <= 0 || i < (size_t)limit) {
            json_array_append(rows, row);
        }
    }
    json_decref(groups);
    json_object_set_new(out, name, rows);
    return ML_OK;
}

/* The longest time that is looked back on; null when all took their baseline only now. */
static void
put_since(json_t *out, const json_t *members)
{
    json_object_set_new(out, "since_s", json_null());
    for (size_t i = 0; i < json_array_size(members); i++) {
        keep_longest(out, json_object_get(json_array_get(members, i), "answer"),
                     "since_s");
    }
}

static int
put_snapshot(json_t *out, const json_t *members, struct ml_error *err)
{
    json_t *findings = ml_merge_findings(members, err), *leaks = json_object();
    int rc = findings != NULL ? ML_OK : ML_ENOMEM;
    json_object_set_new(out, "findings", findings);
    if (rc == ML_OK) {
        rc = put_rows(leaks, "type_summaries", &iteration_types_spec, members, 0, err);
    }
    json_object_set_new(out, "leak_summary", leaks);
    return rc;
}

int
ml_merge(const char *method, const json_t *members, int limit, json_t **out,
         struct ml_error *err)
{
    const struct method *m = find_method(method);
    json_t *memory = NULL, *merged = json_object();
    if (m == NULL) {
        json_decref(merged);
        return ml_error_set(err, ML_EINVAL, "answers of %s cannot be put together",
                            method);
    }
    int rc = strcmp(method, "snapshot") == 0 ? put_snapshot(merged, members, err) : ML_OK;
    for (const struct list *l = m->lists; l->name != NULL && rc == ML_OK; l++) {
        rc = put_rows(merged, l->name, &l->spec, members, limit, err);
    }
    if (strcmp(method, "growth") == 0) {
        put_since(merged, members);
    }
    if (rc == ML_OK && m->lists[0].name == NULL) {
        rc = sum_memory(members, &memory, err);
        json_object_set_new(merged, "memory", memory);
    }
    json_object_set_new(merged, "processes", list_processes(members));
    json_object_set_new(merged, "totals", sum_totals(members));
    json_object_set_new(merged, "sweep", sum_sweeps(members));
    if (rc < 0) {
        json_decref(merged);
        return rc;
    }
    *out = merged;
    return ML_OK;
}
