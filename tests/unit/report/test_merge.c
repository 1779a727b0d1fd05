/* SPDX-License-Identifier: MIT
 *
 * merge: answers of several processes put together. The whole documents are compared
 * with golden files (tests/golden/report/family*.json), which test_render then draws.
 */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "merge.h"

static json_t *
parse(const char *text)
{
    json_error_t why;
    json_t *value = json_loads(text, 0, &why);
    cr_assert_not_null(value, "%s: %s", why.text, text);
    return value;
}

static json_t *
merge(const char *method, json_t *members, int limit)
{
    json_t *out = NULL;
    struct ml_error err = {0};
    cr_assert_eq(ml_merge(method, members, limit, &out, &err), 0, "%s", err.message);
    json_decref(members);
    return out;
}

static json_t *
at(const json_t *value, const char *list, size_t i)
{
    return json_array_get(json_object_get(value, list), i);
}

static const char *
text(const json_t *row, const char *key)
{
    const char *value = json_string_value(json_object_get(row, key));
    return value != NULL ? value : "(none)";
}

static long long
number(const json_t *row, const char *key)
{
    const json_t *value = json_object_get(row, key);
    cr_assert(json_is_integer(value), "%s", key);
    return json_integer_value(value);
}

static void
check_document(const char *method, const char *input, const char *golden)
{
    json_t *members = json_load_file(golden_path(input), 0, NULL);
    cr_assert_not_null(members, "%s", input);
    json_t *untouched = json_deep_copy(members);
    json_t *merged = merge(method, json_incref(members), 0);
    char *made = json_dumps(merged, JSON_INDENT(1));
    golden_check(golden, made, strlen(made));
    cr_expect(json_equal(members, untouched), "the members were changed");
    free(made);
    json_decref(merged);
    json_decref(members);
    json_decref(untouched);
}

Test(merge, snapshots_become_one_report)
{
    check_document("snapshot", "report/members.json", "report/family.json");
}

Test(merge, types_are_added_up_by_name)
{
    check_document("types", "report/members_types.json", "report/family_types.json");
}

Test(merge, growth_is_added_up_by_place)
{
    check_document("growth", "report/members_growth.json", "report/family_growth.json");
}

#define FINDING(print, n, retained, more)                                              \
    "{\"fingerprint\": \"" print "\", \"type\": \"app.T\", \"path\": \"app.X[*]\", "   \
    "\"title\": \"own\", \"count\": " #n ", \"retained_size\": " #retained more "}"
#define MEMBER(pid, parent, findings)                                                  \
    "{\"pid\": " #pid ", \"parent\": " parent ", \"name\": \"p\", \"answer\": "        \
    "{\"report_id\": \"r-" #pid "\", \"iteration\": {\"findings\": [" findings "]}}}"

Test(merge, the_same_leak_in_two_processes_is_one_finding_with_two_counts)
{
    json_t *m = merge("snapshot", parse("[" MEMBER(7, "null", FINDING("a", 2, 200, ""))
                                        "," MEMBER(8, "7", FINDING("a", 3, 300, ""))
                                        "]"), 0);
    const json_t *f = at(m, "findings", 0);
    cr_assert_eq(json_array_size(json_object_get(m, "findings")), 1);
    cr_expect_eq(number(f, "count"), 5);
    cr_expect_eq(number(f, "retained_size"), 500);
    cr_expect_str_eq(text(f, "title"), "5 T objects in 2 processes held by app.X[*] "
                                       "retain 500 B: 3 in 8 and 2 in 7");
    const json_t *most = at(f, "processes", 0);
    cr_expect_eq(number(most, "pid"), 8);
    cr_expect_eq(number(most, "count"), 3);
    cr_expect_str_eq(text(most, "report_id"), "r-8");
    json_decref(m);
}

Test(merge, what_one_process_has_keeps_its_title_and_says_where)
{
    json_t *m = merge("snapshot", parse("[" MEMBER(7, "null", FINDING("a", 2, 200, ""))
                                        "," MEMBER(8, "7", "") "]"), 0);
    cr_assert_str_eq(text(at(m, "findings", 0), "title"), "own, in 7 only");
    json_decref(m);
    m = merge("snapshot", parse("[" MEMBER(7, "null", FINDING("a", 2, 200, "")) "]"), 0);
    cr_assert_str_eq(text(at(m, "findings", 0), "title"), "own");
    json_decref(m);
}

Test(merge, functions_are_called_as_their_process_calls_them)
{
#define NOUN ", \"noun\": \"Page.on_change bound methods\""
    json_t *m = merge("snapshot",
                      parse("[" MEMBER(7, "null", FINDING("a", 2, 200, NOUN)) ","
                            MEMBER(8, "7", FINDING("a", 3, 300, NOUN)) "]"), 0);
    cr_assert_not_null(strstr(text(at(m, "findings", 0), "title"),
                              "5 Page.on_change bound methods in 2 processes held by"));
    json_decref(m);
}

Test(merge, one_fingerprint_twice_in_a_process_counts_as_one_process)
{
    json_t *m = merge("snapshot", parse("[" MEMBER(7, "null", FINDING("a", 2, 200, "")
                                                   "," FINDING("a", 1, 50, "")) "]"), 0);
    const json_t *f = at(m, "findings", 0);
    cr_assert_eq(json_array_size(json_object_get(f, "processes")), 1);
    cr_expect_eq(number(f, "count"), 3);
    cr_expect_str_eq(text(f, "title"), "3 T objects held by app.X[*] retain 250 B");
    json_decref(m);
}

#define BEFORE(n) ", \"count_before\": " #n

Test(merge, without_a_baseline_a_process_counts_as_unchanged)
{
    json_t *m = merge("snapshot",
                      parse("[" MEMBER(7, "null", FINDING("a", 20, 200, BEFORE(15)))
                            "," MEMBER(8, "7", FINDING("a", 30, 300, BEFORE(null)))
                            "]"), 0);
    cr_assert_eq(number(at(m, "findings", 0), "count_before"), 45);
    cr_assert_not_null(strstr(text(at(m, "findings", 0), "title"), "objects (+5) in 2"));
    json_decref(m);
    m = merge("snapshot",
              parse("[" MEMBER(7, "null", FINDING("a", 20, 200, BEFORE(null)))
                    "," MEMBER(8, "7", FINDING("a", 30, 300, BEFORE(null))) "]"), 0);
    cr_assert(json_is_null(json_object_get(at(m, "findings", 0), "count_before")));
    json_decref(m);
}

#define AT(address)                                                                    \
    ", \"accumulation\": {\"path\": \"app.X\", \"address\": \"0x10\"}, "               \
    "\"examples\": [{\"address\": \"" address "\"}]"

/* 7 forked 8 and 9; both have its table, and a leak of their own that looks alike. */
Test(merge, what_came_by_fork_is_told_and_weighs_once)
{
    json_t *m = merge(
        "snapshot",
        parse("[" MEMBER(7, "null", FINDING("table", 50, 600, AT("0x20"))) ","
              MEMBER(8, "7", FINDING("table", 50, 600, AT("0x20")) ","
                             FINDING("leak", 5, 400, AT("0x30"))) ","
              MEMBER(9, "7", FINDING("table", 50, 600, AT("0x20")) ","
                             FINDING("leak", 5, 400, AT("0x30"))) "]"), 0);
    const json_t *leak = at(m, "findings", 0), *table = at(m, "findings", 1);
    cr_assert_str_eq(text(leak, "fingerprint"), "leak");
    cr_assert_str_eq(text(leak, "title"), "10 T objects in 2 processes held by app.X "
                                          "retain 800 B: 5 in 8 and 5 in 9");
    cr_assert_str_eq(text(table, "title"), "150 T objects in 3 processes held by app.X "
                                           "retain 1.8 KiB: 50 in 7, from which 2 "
                                           "others have them by fork");
    cr_expect_eq(number(table, "retained_size"), 1800, "sums stay sums");
    cr_expect(json_is_false(json_object_get(at(table, "processes", 0), "inherited")));
    cr_expect(json_is_true(json_object_get(at(table, "processes", 1), "inherited")));
    json_decref(m);
}

Test(merge, a_table_that_grew_after_the_fork_is_the_childs_own)
{
    json_t *m = merge("snapshot",
                      parse("[" MEMBER(7, "null", FINDING("a", 50, 600, AT("0x20"))) ","
                            MEMBER(8, "7", FINDING("a", 51, 610, AT("0x20"))) "]"), 0);
    cr_assert(json_is_false(
        json_object_get(at(at(m, "findings", 0), "processes", 0), "inherited")));
    json_decref(m);
}

Test(merge, who_did_not_answer_is_a_process_with_its_reason)
{
    json_t *m = merge("snapshot",
                      parse("[" MEMBER(7, "null", FINDING("a", 2, 200, "")) ","
                            "{\"pid\": 8, \"name\": null, \"parent\": 7, "
                            "\"error\": \"it hung up\"}]"), 0);
    cr_assert_eq(json_array_size(json_object_get(m, "processes")), 2);
    cr_assert_str_eq(text(at(m, "processes", 1), "error"), "it hung up");
    cr_assert_null(json_object_get(at(m, "processes", 0), "error"));
    cr_assert_str_eq(text(at(m, "findings", 0), "title"), "own");
    json_decref(m);
}

Test(merge, pss_of_all_is_only_told_when_it_is_known_of_all)
{
    static const char half[] =
        "[{\"pid\": 1, \"pss\": 100, \"answer\": {\"memory\": {\"rss\": 400}}},"
        " {\"pid\": 2, \"pss\": null, \"answer\": {\"memory\": {\"rss\": 500}}}]";
    json_t *m = merge("memory", parse(half), 0);
    const json_t *memory = json_object_get(m, "memory");
    cr_assert(json_is_null(json_object_get(memory, "pss")));
    cr_assert_str_eq(text(memory, "verdict"), "2 processes: RSS 900 B in all; pages that "
                                              "they share are counted in each");
    json_decref(m);
}

Test(merge, rows_beyond_the_limit_are_cut_after_adding_up)
{
    json_t *m = merge("types", parse("[{\"pid\": 1, \"answer\": {\"types\": ["
                                     "{\"type\": \"a\", \"retained_size\": 10},"
                                     "{\"type\": \"b\", \"retained_size\": 9}]}},"
                                     "{\"pid\": 2, \"answer\": {\"types\": ["
                                     "{\"type\": \"b\", \"retained_size\": 8}]}}]"), 1);
    cr_assert_eq(json_array_size(json_object_get(m, "types")), 1);
    cr_assert_str_eq(text(at(m, "types", 0), "type"), "b");
    cr_assert_eq(number(at(m, "types", 0), "retained_size"), 17);
    cr_assert_eq(number(at(m, "types", 0), "processes"), 2);
    json_decref(m);
}

Test(merge, figures_that_are_too_large_stay_the_largest)
{
    static const char *const huge =
        "[{\"pid\": 1, \"answer\": {\"types\": [{\"type\": \"a\", \"count\": "
        "9223372036854775807}]}}, {\"pid\": 2, \"answer\": {\"types\": [{\"type\": "
        "\"a\", \"count\": 9223372036854775807}]}}]";
    json_t *m = merge("types", parse(huge), 0);
    cr_assert_eq(number(at(m, "types", 0), "count"), LLONG_MAX);
    json_decref(m);
}

Test(merge, values_of_the_wrong_type_are_tolerated)
{
    static const char *const odd[] = {
        "[1, null, {}, {\"pid\": \"x\", \"answer\": 3}]",
        "[{\"pid\": 1, \"answer\": {\"iteration\": {\"findings\": [1, {\"fingerprint\": "
        "3}, {\"fingerprint\": \"a\", \"count\": \"x\", \"title\": 7, \"type\": [], "
        "\"accumulation\": 5, \"examples\": {}}], \"sweep\": 1, \"memory\": [], "
        "\"totals\": \"no\"}, \"svg\": 3}}]",
    };
    static const char *const methods[] = {"snapshot", "types", "retained", "growth",
                                          "memory"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        for (size_t k = 0; k < sizeof(methods) / sizeof(methods[0]); k++) {
            json_t *m = merge(methods[k], parse(odd[i]), 0);
            cr_expect(json_is_array(json_object_get(m, "processes")));
            json_decref(m);
        }
    }
}

Test(merge, a_method_that_is_not_known_is_refused)
{
    struct ml_error err = {0};
    json_t *members = json_array(), *out = NULL;
    cr_assert_eq(ml_merge("garbage", members, 0, &out, &err), ML_EINVAL);
    cr_assert_not(ml_merge_knows("garbage"));
    cr_assert(ml_merge_knows("snapshot"));
    cr_assert_null(out);
    json_decref(members);
}
