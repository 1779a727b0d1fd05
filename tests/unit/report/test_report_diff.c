/* SPDX-License-Identifier: MIT
 *
 * report_diff: what became of findings and types between two iterations.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "report_diff.h"

static json_t *
parse(const char *text)
{
    json_error_t why;
    json_t *value = json_loads(text, 0, &why);
    cr_assert_not_null(value, "%s: %s", why.text, text);
    return value;
}

static json_t *
diff(const char *before, const char *after)
{
    json_t *a = parse(before), *b = parse(after), *out = NULL;
    struct ml_error err = {0};
    cr_assert_eq(ml_report_diff(a, b, &out, &err), 0, "%s", err.message);
    json_decref(a);
    json_decref(b);
    return out;
}

static const char *
text(const json_t *list, size_t i, const char *key)
{
    const char *value =
        json_string_value(json_object_get(json_array_get(list, i), key));
    return value != NULL ? value : "(none)";
}

static long long
number(const json_t *list, size_t i, const char *key)
{
    const json_t *value = json_object_get(json_array_get(list, i), key);
    cr_assert(json_is_integer(value), "%s", key);
    return json_integer_value(value);
}

#define FINDING(print, n, retained)                                                    \
    "{\"fingerprint\": \"" print "\", \"type\": \"T\", \"path\": \"p." print "\", "    \
    "\"count\": " #n ", \"retained_size\": " #retained "}"

Test(report_diff, each_finding_is_new_grown_unchanged_shrunk_or_gone)
{
    json_t *d = diff("{\"findings\": [" FINDING("a", 5, 500) "," FINDING("b", 5, 500) ","
                     FINDING("c", 5, 500) "," FINDING("d", 7, 70) "]}",
                     "{\"findings\": [" FINDING("e", 1, 10) "," FINDING("c", 4, 900) ","
                     FINDING("b", 5, 500) "," FINDING("a", 8, 800) "]}");
    const json_t *f = json_object_get(d, "findings");
    static const char *const expected[][2] = {{"new", "e"},    {"grown", "a"},
                                              {"unchanged", "b"}, {"shrunk", "c"},
                                              {"gone", "d"}};
    cr_assert_eq(json_array_size(f), 5);
    for (size_t i = 0; i < 5; i++) {
        cr_expect_str_eq(text(f, i, "state"), expected[i][0]);
        cr_expect_str_eq(text(f, i, "fingerprint"), expected[i][1]);
    }
    cr_expect_eq(number(f, 1, "count_before"), 5);
    cr_expect_eq(number(f, 1, "count"), 8);
    cr_expect_eq(number(f, 1, "count_diff"), 3);
    cr_expect_eq(number(f, 1, "retained_diff"), 300);
    cr_expect_eq(number(f, 4, "count_diff"), -7);
    cr_expect_eq(number(f, 4, "retained_size"), 0);
    cr_expect_str_eq(text(f, 4, "path"), "p.d", "what has gone is named by the past");
    const json_t *totals =
        json_object_get(json_object_get(d, "totals"), "findings");
    for (size_t i = 0; i < 5; i++) {
        const json_t *n = json_object_get(totals, expected[i][0]);
        cr_expect_eq(json_integer_value(n), 1, "%s", expected[i][0]);
    }
    json_decref(d);
}

Test(report_diff, one_object_that_swells_has_grown)
{
    json_t *d = diff("{\"findings\": [" FINDING("a", 1, 500) "]}",
                     "{\"findings\": [" FINDING("a", 1, 501) "]}");
    cr_assert_str_eq(text(json_object_get(d, "findings"), 0, "state"), "grown");
    json_decref(d);
}

Test(report_diff, the_same_fingerprint_twice_counts_together)
{
    json_t *d = diff("{\"findings\": [" FINDING("a", 1, 10) "," FINDING("a", 2, 20) "]}",
                     "{\"findings\": [" FINDING("a", 3, 30) "]}");
    const json_t *f = json_object_get(d, "findings");
    cr_assert_eq(json_array_size(f), 1);
    cr_assert_str_eq(text(f, 0, "state"), "unchanged");
    json_decref(d);
}

Test(report_diff, within_a_state_the_largest_difference_comes_first)
{
    json_t *d = diff("{}", "{\"findings\": [" FINDING("a", 9, 10) "," FINDING("b", 1, 900)
                           "," FINDING("c", 5, 10) "]}");
    const json_t *f = json_object_get(d, "findings");
    cr_assert_str_eq(text(f, 0, "fingerprint"), "b");
    cr_assert_str_eq(text(f, 1, "fingerprint"), "a");
    cr_assert_str_eq(text(f, 2, "fingerprint"), "c");
    json_decref(d);
}

Test(report_diff, types_of_reports_without_sizes_have_none)
{
    json_t *d = diff("{\"leak_summary\": {\"type_summaries\": ["
                     "{\"object_type\": \"A\", \"count\": 3},"
                     "{\"object_type\": \"B\", \"count\": 1}]}}",
                     "{\"leak_summary\": {\"type_summaries\": ["
                     "{\"object_type\": \"A\", \"count\": 4}]}}");
    const json_t *t = json_object_get(d, "types");
    cr_assert_eq(json_array_size(t), 2);
    cr_assert_str_eq(text(t, 0, "type"), "A");
    cr_assert_eq(number(t, 0, "count_diff"), 1);
    cr_assert_str_eq(text(t, 1, "state"), "gone");
    for (size_t i = 0; i < 2; i++) {
        cr_assert(json_is_null(json_object_get(json_array_get(t, i), "size_diff")));
    }
    json_decref(d);
}

Test(report_diff, figures_that_only_one_side_has_make_no_difference)
{
    json_t *d = diff("{\"memory_usage\": {\"current_rss_bytes\": 100}}",
                     "{\"memory_usage\": {\"current_rss_bytes\": 90, "
                     "\"peak_rss_bytes\": 200}}");
    const json_t *memory = json_object_get(d, "memory");
    const json_t *rss = json_object_get(memory, "rss");
    cr_assert_eq(json_integer_value(json_object_get(rss, "diff")), -10);
    const json_t *peak = json_object_get(memory, "peak_rss");
    cr_assert(json_is_null(json_object_get(peak, "diff")));
    cr_assert_eq(json_integer_value(json_object_get(peak, "after")), 200);
    json_decref(d);
}

Test(report_diff, broken_iterations_are_refused_with_their_reason)
{
    struct ml_error err = {0};
    json_t *broken = parse("{\"iteration_number\": 2, \"broken\": \"cut short\"}");
    json_t *good = parse("{}"), *out = NULL;
    cr_assert_eq(ml_report_diff(good, broken, &out, &err), ML_EFORMAT);
    cr_assert_not_null(strstr(err.message, "cut short"));
    cr_assert_eq(ml_report_diff(NULL, good, &out, &err), ML_EFORMAT);
    cr_assert_null(out);
    json_decref(broken);
    json_decref(good);
}

Test(report_diff, values_of_the_wrong_type_are_tolerated)
{
    json_t *d = diff("{\"findings\": [1, null, {\"fingerprint\": 3}, "
                     "{\"fingerprint\": \"a\", \"count\": \"x\", \"title\": 7}], "
                     "\"leak_summary\": [], \"memory_usage\": \"no\"}",
                     "{\"findings\": {\"a\": 1}, \"totals\": 5, \"leak_summary\": "
                     "{\"type_summaries\": [{\"object_type\": \"A\", \"count\": "
                     "9223372036854775807}, {\"object_type\": \"A\", \"count\": "
                     "9223372036854775807}]}}");
    cr_assert_eq(json_array_size(json_object_get(d, "findings")), 1);
    cr_assert_eq(json_array_size(json_object_get(d, "types")), 1);
    json_decref(d);
}
