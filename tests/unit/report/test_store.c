/* SPDX-License-Identifier: MIT
 *
 * store: reports on disk, of both tools, whole ones and broken ones. Directories that
 * refuse are in test_store_dir.c.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "golden.h"
#include "report.h"
#include "store_dir.h"
#include "temp_dir.h"

static const char *base;
static char dir[64];

static void
setup(void)
{
    base = temp_dir_make();
    snprintf(dir, sizeof(dir), "%s/a/reports", base);
}

static void
teardown(void)
{
    temp_dir_remove();
}

TestSuite(store, .init = setup, .fini = teardown);

static json_t *
load(const char *name)
{
    json_t *value = json_load_file(golden_path(name), JSON_ALLOW_NUL, NULL);
    cr_assert_not_null(value, "%s", name);
    return value;
}

static json_t *
summary_at(const char *start_time)
{
    return json_pack("{s:n, s:s, s:[s], s:s, s:i}", "report_id", "entrypoint", "app.py",
                     "arguments", "-v", "start_time", start_time, "pid", 4711);
}

static void
write_report(const char *start_time, int keep, const char *const *formats,
             char id[ML_REPORT_ID_SIZE])
{
    struct ml_store_options options = {dir, keep, formats, 150};
    struct ml_error err = {0};
    json_t *iteration = load("report/iteration.json"),
           *summary = summary_at(start_time);
    cr_assert_eq(ml_store_write(&options, iteration, summary, id, &err), 0, "%s",
                 err.message);
    json_decref(iteration);
    json_decref(summary);
}

static size_t
count_reports(void)
{
    json_t *list = NULL;
    cr_assert_eq(ml_store_list(dir, &list, NULL), 0);
    size_t n = json_array_size(list);
    json_decref(list);
    return n;
}

/* Entries of the report directory, hidden ones too. */
static int
count_entries(void)
{
    DIR *entries = opendir(dir);
    int n = 0;
    while (readdir(entries) != NULL) {
        n++;
    }
    closedir(entries);
    return n - 2;
}

static char *
slurp(const char *id, const char *name, char *out, size_t cap)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/memalot_report_%s/%s", dir, id, name);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s", path);
    out[fread(out, 1, cap - 1, file)] = '\0';
    fclose(file);
    return out;
}

Test(store, a_report_is_read_as_it_was_written)
{
    char id[ML_REPORT_ID_SIZE];
    json_t *report = NULL;
    write_report("2026-01-31T20:54:19Z", 10, NULL, id);
    cr_assert_eq(ml_store_read(dir, id, &report, NULL), 0);
    json_t *iteration = json_array_get(json_object_get(report, "iterations"), 0);
    json_t *expected = load("report/iteration.json");
    json_object_set_new(expected, "report_id", json_string(id));
    json_t *findings = json_object_get(expected, "findings");
    for (size_t i = 0; i < json_array_size(findings); i++) {
        json_object_set_new(json_array_get(findings, i), "diagram",
                            json_pack("{s:n, s:n}", "dot", "svg"));
    }
    cr_assert(json_equal(iteration, expected));
    cr_assert_str_eq(json_string_value(json_object_get(
                         json_object_get(report, "summary"), "report_id")),
                     id);
    json_decref(expected);
    json_decref(report);
}

Test(store, files_have_the_version_1_form)
{
    char id[ML_REPORT_ID_SIZE], text[65536];
    write_report("2026-01-31T20:54:19Z", 10, NULL, id);
    cr_assert_str_eq(slurp(id, "version", text, sizeof(text)), "1");
    slurp(id, "iteration_report_3.json", text, sizeof(text));
    cr_assert_null(strchr(text, '\n'));
    cr_assert_eq(strncmp(text, "{\"report_id\":\"", 14), 0);
    slurp(id, "summary.json", text, sizeof(text));
    cr_assert_eq(strncmp(text, "{\"report_id\":\"", 14), 0);
}

Test(store, keys_that_version_1_needs_are_filled_in)
{
    static const char *const keys[] = {
        "report_id",    "iteration_number", "start_time",         "end_time",
        "memory_usage", "leak_summary",     "object_details_list"};
    struct ml_store_options options = {dir, 10, NULL, 150};
    char id[ML_REPORT_ID_SIZE];
    json_t *iteration = json_object(), *summary = json_object();
    cr_assert_eq(ml_store_write(&options, iteration, summary, id, NULL), 0);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        cr_assert_not_null(json_object_get(iteration, keys[i]), "%s", keys[i]);
    }
    cr_assert(json_is_array(json_object_get(summary, "arguments")));
    json_decref(iteration);
    json_decref(summary);
}

Test(store, only_the_owner_may_read)
{
    char id[ML_REPORT_ID_SIZE], path[PATH_MAX];
    struct stat st;
    umask(0);
    write_report("2026-01-31T20:54:19Z", 10, NULL, id);
    cr_assert_eq(stat(dir, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0700);
    snprintf(path, sizeof(path), "%s/memalot_report_%s", dir, id);
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0700);
    snprintf(path, sizeof(path), "%s/memalot_report_%s/summary.json", dir, id);
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);
}

Test(store, diagrams_are_drawn_and_named)
{
    static const char *const formats[] = {"dot", "svg", NULL};
    char id[ML_REPORT_ID_SIZE], text[4096];
    json_t *report = NULL;
    write_report("2026-01-31T20:54:19Z", 10, formats, id);
    slurp(id, "iteration_3_finding_1.dot", text, sizeof(text));
    cr_assert_not_null(strstr(text, "digraph memalot"));
    slurp(id, "iteration_3_finding_2.svg", text, sizeof(text));
    cr_assert_not_null(strstr(text, "<svg "));
    cr_assert_eq(ml_store_read(dir, id, &report, NULL), 0);
    json_t *iteration = json_array_get(json_object_get(report, "iterations"), 0);
    json_t *finding = json_array_get(json_object_get(iteration, "findings"), 1);
    json_t *diagram = json_object_get(finding, "diagram");
    cr_assert_str_eq(json_string_value(json_object_get(diagram, "svg")),
                     "iteration_3_finding_2.svg");
    json_decref(report);
}

Test(store, a_broken_diagram_costs_a_warning_and_no_report)
{
    static const char *const formats[] = {"svg", NULL};
    struct ml_store_options options = {dir, 10, formats, 150};
    char id[ML_REPORT_ID_SIZE];
    json_t *iteration = load("report/iteration.json"), *summary = summary_at("2026");
    json_t *findings = json_object_get(iteration, "findings");
    json_object_set_new(json_array_get(findings, 0), "graph",
                        json_pack("{s:[], s:[]}", "nodes", "edges"));
    json_object_del(iteration, "sweep");
    cr_assert_eq(ml_store_write(&options, iteration, summary, id, NULL), 0);
    json_t *warnings =
        json_object_get(json_object_get(iteration, "sweep"), "warnings");
    cr_assert_eq(json_array_size(warnings), 1);
    cr_assert_str_eq(json_string_value(json_array_get(warnings, 0)),
                     "the svg diagram of finding 1 could not be drawn: "
                     "the graph has no nodes");
    json_t *diagram = json_object_get(json_array_get(findings, 0), "diagram");
    cr_assert(json_is_null(json_object_get(diagram, "svg")));
    diagram = json_object_get(json_array_get(findings, 1), "diagram");
    cr_assert(json_is_string(json_object_get(diagram, "svg")));
    json_decref(iteration);
    json_decref(summary);
}

Test(store, reports_of_the_original_tool_are_listed_and_read)
{
    json_t *list = NULL, *report = NULL;
    cr_assert_eq(ml_store_list(golden_path("reports-v1"), &list, NULL), 0);
    cr_assert_eq(json_array_size(list), 2);
    cr_assert_str_eq(
        json_string_value(json_object_get(json_array_get(list, 0), "report_id")),
        "d6wf-uw2w");
    cr_assert_eq(ml_store_read(golden_path("reports-v1"), "memalot_report_lyy0-uf3p",
                               &report, NULL),
                 0);
    json_t *iterations = json_object_get(report, "iterations");
    cr_assert_eq(json_array_size(iterations), 3);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(json_integer_value(json_object_get(
                         json_array_get(iterations, (size_t)i), "iteration_number")),
                     i + 1);
    }
    json_decref(list);
    json_decref(report);
}

Test(store, the_list_begins_with_the_newest)
{
    char old[ML_REPORT_ID_SIZE], young[ML_REPORT_ID_SIZE], middle[ML_REPORT_ID_SIZE];
    json_t *list = NULL;
    write_report("2026-01-01T00:00:00Z", 10, NULL, old);
    write_report("2026-03-01T00:00:00Z", 10, NULL, young);
    write_report("2026-02-01T00:00:00Z", 10, NULL, middle);
    const char *expected[] = {young, middle, old};
    cr_assert_eq(ml_store_list(dir, &list, NULL), 0);
    cr_assert_eq(json_array_size(list), 3);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_str_eq(
            json_string_value(json_object_get(json_array_get(list, i), "report_id")),
            expected[i]);
    }
    json_decref(list);
}

Test(store, a_missing_directory_is_an_empty_list)
{
    cr_assert_eq(count_reports(), 0);
}

Test(store, keep_removes_the_oldest_but_never_the_new_one)
{
    char ids[4][ML_REPORT_ID_SIZE];
    json_t *report = NULL;
    write_report("2026-02-01T00:00:00Z", 3, NULL, ids[0]);
    write_report("2026-03-01T00:00:00Z", 3, NULL, ids[1]);
    write_report("2026-04-01T00:00:00Z", 3, NULL, ids[2]);
    write_report("2026-01-01T00:00:00Z", 3, NULL, ids[3]); /* older than all others */
    cr_assert_eq(count_reports(), 3);
    cr_assert_eq(ml_store_read(dir, ids[0], &report, NULL), ML_ENOTFOUND);
    cr_assert_eq(ml_store_read(dir, ids[3], &report, NULL), 0);
    json_decref(report);
    cr_assert_eq(count_entries(), 3);
}

Test(store, keep_goes_by_the_directory_when_start_times_are_equal)
{
    char ids[3][ML_REPORT_ID_SIZE];
    json_t *report = NULL;
    for (int i = 0; i < 3; i++) {
        write_report("2026-02-01T00:00:00Z", 2, NULL, ids[i]);
    }
    cr_assert_eq(ml_store_read(dir, ids[0], &report, NULL), ML_ENOTFOUND);
    cr_assert_eq(count_reports(), 2);
}

Test(store, keep_leaves_foreign_directories_alone)
{
    char id[ML_REPORT_ID_SIZE], path[PATH_MAX];
    write_report("2026-02-01T00:00:00Z", 1, NULL, id);
    snprintf(path, sizeof(path), "%s/memalot_report_of_mine", dir);
    cr_assert_eq(mkdir(path, 0700), 0);
    write_report("2026-02-02T00:00:00Z", 1, NULL, id);
    cr_assert_eq(access(path, F_OK), 0);
    cr_assert_eq(count_reports(), 1);
}

Test(store, leftovers_of_dead_writers_go_after_an_hour)
{
    char id[ML_REPORT_ID_SIZE], old[PATH_MAX], young[PATH_MAX], file[PATH_MAX + 8];
    write_report("2026-02-01T00:00:00Z", 5, NULL, id);
    snprintf(old, sizeof(old), "%s/.tmp-old0-0000", dir);
    snprintf(young, sizeof(young), "%s/.tmp-new0-0000", dir);
    snprintf(file, sizeof(file), "%s/version", old);
    cr_assert_eq(mkdir(old, 0700) | mkdir(young, 0700), 0);
    close(open(file, O_CREAT | O_WRONLY, 0600));
    struct timespec times[2] = {{time(NULL) - 4000, 0}, {time(NULL) - 4000, 0}};
    cr_assert_eq(utimensat(AT_FDCWD, old, times, 0), 0);
    write_report("2026-02-02T00:00:00Z", 5, NULL, id);
    cr_assert_neq(access(old, F_OK), 0);
    cr_assert_eq(access(young, F_OK), 0);
}

Test(store, a_removed_report_is_gone_and_only_it)
{
    char id[ML_REPORT_ID_SIZE], other[ML_REPORT_ID_SIZE];
    struct ml_error err = {0};
    write_report("2026-02-01T00:00:00Z", 5, NULL, id);
    write_report("2026-02-01T00:00:00Z", 5, NULL, other);
    cr_assert_eq(ml_store_remove(dir, id, NULL), 0);
    cr_assert_eq(ml_store_remove(dir, id, &err), ML_ENOTFOUND);
    cr_assert_not_null(strstr(err.message, "there is no report"));
    cr_assert_eq(count_reports(), 1);
    cr_assert_eq(count_entries(), 1);
}

Test(store, removing_does_not_follow_links_out_of_the_report)
{
    char id[ML_REPORT_ID_SIZE], target[PATH_MAX], file[PATH_MAX + 8], link[PATH_MAX];
    write_report("2026-02-01T00:00:00Z", 5, NULL, id);
    snprintf(target, sizeof(target), "%s/precious", base);
    snprintf(file, sizeof(file), "%s/file", target);
    cr_assert_eq(mkdir(target, 0700), 0);
    close(open(file, O_CREAT | O_WRONLY, 0600));
    snprintf(link, sizeof(link), "%s/memalot_report_%s/link", dir, id);
    cr_assert_eq(symlink(target, link), 0);
    cr_assert_eq(ml_store_remove(dir, id, NULL), 0);
    cr_assert_eq(access(file, F_OK), 0);
    snprintf(link, sizeof(link), "%s/memalot_report_aaaa-aaaa", dir);
    cr_assert_eq(symlink(target, link), 0);
    cr_assert_eq(ml_store_remove(dir, "aaaa-aaaa", NULL), 0);
    cr_assert_eq(access(file, F_OK), 0);
}

Test(store, ids_that_are_none_are_refused)
{
    static const char *const bad[] = {"", "..", "../../etc", "ab12-cd3", "AB12-CD34",
                                      "ab12-cd34/", "memalot_report_", "ab12-cd345"};
    json_t *report = NULL;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cr_assert_eq(ml_store_read(dir, bad[i], &report, NULL), ML_EINVAL, "%s",
                     bad[i]);
        cr_assert_eq(ml_store_remove(dir, bad[i], NULL), ML_EINVAL, "%s", bad[i]);
    }
}

Test(store, new_ids_are_ids_and_differ)
{
    char a[ML_REPORT_ID_SIZE], b[ML_REPORT_ID_SIZE], again[ML_REPORT_ID_SIZE];
    cr_assert_eq(ml_store_dir_new_id(a, NULL), 0);
    cr_assert_eq(ml_store_dir_new_id(b, NULL), 0);
    cr_assert(ml_store_dir_id(a, again));
    cr_assert_str_eq(a, again);
    cr_assert_str_neq(a, b);
}

static void
put_file(const char *id, const char *name, const char *text)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/memalot_report_%s/%s", dir, id, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

Test(store, a_broken_report_is_listed_with_the_reason)
{
    char id[ML_REPORT_ID_SIZE];
    json_t *list = NULL, *report = NULL;
    struct ml_error err = {0};
    write_report("2026-02-01T00:00:00Z", 5, NULL, id);
    put_file(id, "summary.json", "{\"report_id\": ");
    cr_assert_eq(ml_store_list(dir, &list, NULL), 0);
    const char *why =
        json_string_value(json_object_get(json_array_get(list, 0), "broken"));
    cr_assert_not_null(why);
    cr_assert_eq(strncmp(why, "summary.json: ", 14), 0, "%s", why);
    cr_assert_eq(ml_store_read(dir, id, &report, &err), ML_EFORMAT);
    cr_assert_not_null(strstr(err.message, id));
    json_decref(list);
}

Test(store, a_report_without_its_summary_is_broken_and_not_missing)
{
    char id[ML_REPORT_ID_SIZE], path[PATH_MAX];
    json_t *report = NULL;
    write_report("2026-02-01T00:00:00Z", 5, NULL, id);
    snprintf(path, sizeof(path), "%s/memalot_report_%s/summary.json", dir, id);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(ml_store_read(dir, id, &report, NULL), ML_EFORMAT);
}

Test(store, a_broken_iteration_does_not_cost_the_others)
{
    char id[ML_REPORT_ID_SIZE];
    json_t *report = NULL;
    write_report("2026-02-01T00:00:00Z", 5, NULL, id);
    put_file(id, "iteration_report_10.json", "");
    put_file(id, "iteration_report_2.json", "[]");
    put_file(id, "iteration_report_x.json", "{");
    cr_assert_eq(ml_store_read(dir, id, &report, NULL), 0);
    json_t *iterations = json_object_get(report, "iterations");
    static const int numbers[] = {2, 3, 10};
    cr_assert_eq(json_array_size(iterations), 3);
    for (size_t i = 0; i < 3; i++) {
        const json_t *iteration = json_array_get(iterations, i);
        cr_assert_eq(json_integer_value(json_object_get(iteration, "iteration_number")),
                     numbers[i]);
        cr_assert_eq(json_is_string(json_object_get(iteration, "broken")), i != 1);
    }
    json_decref(report);
}

Test(store, a_later_version_of_the_format_is_refused)
{
    char id[ML_REPORT_ID_SIZE];
    json_t *report = NULL;
    struct ml_error err = {0};
    write_report("2026-02-01T00:00:00Z", 5, NULL, id);
    put_file(id, "version", "2");
    cr_assert_eq(ml_store_read(dir, id, &report, &err), ML_EFORMAT);
    cr_assert_not_null(strstr(err.message, "version 2 of the report format"));
}

Test(store, halves_of_surrogate_pairs_do_not_cost_the_report)
{
    char id[ML_REPORT_ID_SIZE];
    json_t *report = NULL;
    write_report("2026-02-01T00:00:00Z", 5, NULL, id);
    put_file(id, "summary.json",
             "{\"report_id\":\"x\",\"a\":\"\\udc80 \\ud83d\\ude00 \\ud83d \\\\udc80\","
             "\"nul\":\"\\u0000\"}");
    struct ml_error err = {0};
    cr_assert_eq(ml_store_read(dir, id, &report, &err), 0, "%s", err.message);
    cr_assert_str_eq(json_string_value(json_object_get(
                         json_object_get(report, "summary"), "a")),
                     "\xef\xbf\xbd 😀 \xef\xbf\xbd \\udc80");
    json_decref(report);
}
