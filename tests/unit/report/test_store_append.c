/* SPDX-License-Identifier: MIT
 *
 * store_append: further iterations of a report that is there, was there, or goes while
 * they are written.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "golden.h"
#include "report.h"
#include "store_append.h"
#include "temp_dir.h"

static char dir[64];

static void
setup(void)
{
    snprintf(dir, sizeof(dir), "%s/reports", temp_dir_make());
}

static void
teardown(void)
{
    temp_dir_remove();
}

TestSuite(store_append, .init = setup, .fini = teardown);

static int
append_at(const char *report, int number, int keep, const char *start,
          char id[ML_REPORT_ID_SIZE], struct ml_error *err)
{
    static const char *const formats[] = {"dot", NULL};
    struct ml_store_options options = {dir, keep, formats, 150};
    json_t *iteration = json_load_file(golden_path("report/iteration.json"),
                                       JSON_ALLOW_NUL, NULL);
    json_t *graph = json_load_file(golden_path("report/graph_simple.json"), 0, NULL);
    json_t *summary =
        json_pack("{s:s, s:s}", "entrypoint", start, "start_time", start);
    json_object_set_new(iteration, "iteration_number", json_integer(number));
    json_object_set_new(json_array_get(json_object_get(iteration, "findings"), 0),
                        "graph", graph);
    int rc = ml_store_append(&options, report, iteration, summary, id, err);
    if (rc == 0) {
        rc = (int)json_integer_value(json_object_get(iteration, "iteration_number"));
    }
    json_decref(iteration);
    json_decref(summary);
    return rc;
}

/* Appends, returns the number it was given. */
static int
append(const char *report, int number, char id[ML_REPORT_ID_SIZE])
{
    struct ml_error err = {0};
    int rc = append_at(report, number, 10, "2026-01-31T20:54:19Z", id, &err);
    cr_assert_gt(rc, 0, "%s", err.message);
    return rc;
}

static bool
has(const char *id, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/memalot_report_%s/%s", dir, id, name);
    return access(path, F_OK) == 0;
}

static int
count(const char *path)
{
    DIR *entries = opendir(path);
    int n = -2;
    while (readdir(entries) != NULL) {
        n++;
    }
    closedir(entries);
    return n;
}

Test(store_append, iterations_come_into_one_report_with_their_pictures)
{
    char id[ML_REPORT_ID_SIZE], again[ML_REPORT_ID_SIZE];
    json_t *report = NULL;
    append(NULL, 1, id);
    for (int i = 2; i <= 12; i++) {
        cr_assert_eq(append(id, i, again), i);
        cr_assert_str_eq(id, again);
    }
    cr_assert(has(id, "iteration_1_finding_1.dot"));
    cr_assert(has(id, "iteration_12_finding_1.dot"));
    cr_assert_eq(count(dir), 1, "no hidden directory is left");
    cr_assert_eq(ml_store_read(dir, id, &report, NULL), 0);
    json_t *iterations = json_object_get(report, "iterations");
    cr_assert_eq(json_array_size(iterations), 12);
    for (size_t i = 0; i < 12; i++) { /* 2 before 10 */
        json_t *number =
            json_object_get(json_array_get(iterations, i), "iteration_number");
        cr_assert_eq(json_integer_value(number), (json_int_t)i + 1);
    }
    json_decref(report);
}

/* The numbers of the iterations that were read, as digits. */
static const char *
read_some(const char *id, int newest, int number)
{
    static char digits[32];
    const struct ml_store_pick pick = {newest, number};
    json_t *report = NULL;
    size_t n = 0;
    cr_assert_eq(ml_store_read_some(dir, id, &pick, &report, NULL), 0);
    const json_t *iterations = json_object_get(report, "iterations");
    for (; n < json_array_size(iterations); n++) {
        const json_t *own =
            json_object_get(json_array_get(iterations, n), "iteration_number");
        digits[n] = (char)('0' + json_integer_value(own));
    }
    digits[n] = '\0';
    const json_t *count = json_object_get(report, "iteration_count");
    cr_assert_eq(json_integer_value(count), 4);
    json_decref(report);
    return digits;
}

Test(store_append, some_iterations_can_be_read)
{
    char id[ML_REPORT_ID_SIZE];
    append(NULL, 1, id);
    append(id, 3, id);
    append(id, 4, id);
    append(id, 7, id);
    cr_expect_str_eq(read_some(id, 0, 0), "1347");
    cr_expect_str_eq(read_some(id, 1, 0), "7");
    cr_expect_str_eq(read_some(id, 3, 0), "347");
    cr_expect_str_eq(read_some(id, 99, 0), "1347");
    cr_expect_str_eq(read_some(id, 0, 3), "3");
    cr_expect_str_eq(read_some(id, 0, 2), "");
}

Test(store_append, the_summary_stays_that_of_the_first_iteration)
{
    char id[ML_REPORT_ID_SIZE];
    json_t *report = NULL;
    append(NULL, 1, id);
    cr_assert_eq(append_at(id, 2, 10, "2027-12-31T00:00:00Z", id, NULL), 2);
    cr_assert_eq(ml_store_read(dir, id, &report, NULL), 0);
    const json_t *summary = json_object_get(report, "summary");
    cr_assert_str_eq(json_string_value(json_object_get(summary, "start_time")),
                     "2026-01-31T20:54:19Z");
    json_decref(report);
}

Test(store_append, a_number_that_is_taken_becomes_the_next_free_one)
{
    char id[ML_REPORT_ID_SIZE];
    append(NULL, 1, id);
    cr_assert_eq(append(id, 7, id), 7);
    cr_assert_eq(append(id, 7, id), 8);
    cr_assert_eq(append(id, 3, id), 3);
    cr_assert_eq(append(id, 0, id), 9, "numbers begin at 1, which is taken");
    cr_assert(has(id, "iteration_report_8.json"));
}

Test(store_append, a_report_that_has_vanished_begins_anew_under_its_id)
{
    char id[ML_REPORT_ID_SIZE], again[ML_REPORT_ID_SIZE];
    append(NULL, 1, id);
    cr_assert_eq(ml_store_remove(dir, id, NULL), 0);
    cr_assert_eq(append(id, 2, again), 2);
    cr_assert_str_eq(id, again);
    cr_assert(has(id, "version") && has(id, "summary.json"));
    cr_assert(has(id, "iteration_report_2.json") && !has(id, "iteration_report_1.json"));
    cr_assert_eq(count(dir), 1);
}

Test(store_append, what_is_no_id_is_refused_and_nothing_written)
{
    struct ml_error err = {0};
    char id[ML_REPORT_ID_SIZE];
    cr_assert_eq(append_at("../../etc", 2, 10, "x", id, &err), ML_EINVAL);
    cr_assert_not_null(strstr(err.message, "not a report id"));
    cr_assert_neq(access(dir, F_OK), 0);
}

Test(store_append, something_else_by_the_reports_name_is_left_alone)
{
    struct ml_error err = {0};
    char path[PATH_MAX], id[ML_REPORT_ID_SIZE];
    mkdir(dir, 0700);
    snprintf(path, sizeof(path), "%s/memalot_report_ab12-cd34", dir);
    cr_assert_eq(symlink("/", path), 0);
    cr_assert_eq(append_at("ab12-cd34", 1, 10, "x", id, &err), ML_EIO);
    cr_assert_eq(count(dir), 1);
}

Test(store_append, keep_leaves_the_report_that_is_appended_to)
{
    char old[ML_REPORT_ID_SIZE], young[ML_REPORT_ID_SIZE];
    cr_assert_eq(append_at(NULL, 1, 1, "2001-01-01T00:00:00Z", old, NULL), 1);
    cr_assert_eq(append_at(NULL, 1, 2, "2026-01-01T00:00:00Z", young, NULL), 1);
    cr_assert_eq(append_at(old, 2, 1, "2001-01-01T00:00:00Z", old, NULL), 2);
    cr_assert(has(old, "iteration_report_2.json"));
    cr_assert(!has(young, "version"));
}

Test(store_append, a_report_counts_as_new_as_its_last_iteration)
{
    char monitored[ML_REPORT_ID_SIZE], other[ML_REPORT_ID_SIZE];
    cr_assert_eq(append_at(NULL, 1, 9, "2001-01-01T00:00:00Z", monitored, NULL), 1);
    cr_assert_eq(append_at(monitored, 2, 9, "x", monitored, NULL), 2);
    cr_assert_eq(append_at(NULL, 1, 9, "2002-01-01T00:00:00Z", other, NULL), 1);
    char new[ML_REPORT_ID_SIZE];
    cr_assert_eq(append_at(NULL, 1, 2, "2003-01-01T00:00:00Z", new, NULL), 1);
    cr_assert(has(monitored, "version"), "it is still being written to");
    cr_assert(!has(other, "version"));
}

Test(store_append, a_taken_number_and_a_missing_report_are_told_apart)
{
    char id[ML_REPORT_ID_SIZE], path[PATH_MAX];
    struct ml_error err = {0};
    append(NULL, 1, id);
    int at = ml_store_dir_open(dir, false, path, NULL);
    cr_assert_geq(at, 0);
    mkdirat(at, ".tmp-x", 0700);
    close(openat(at, ".tmp-x/iteration_report_1.json", O_WRONLY | O_CREAT, 0600));
    char name[ML_STORE_NAME_SIZE];
    snprintf(name, sizeof(name), ML_STORE_PREFIX "%s", id);
    cr_assert_eq(ml_store_append_move(at, ".tmp-x", name, 1, &err), ML_ESTATE,
                 "the report has this iteration");
    cr_assert_eq(ml_store_append_move(at, ".tmp-x", ML_STORE_PREFIX "none-none", 1,
                                      &err),
                 ML_ENOTFOUND);
    close(at);
}

/* Removes whatever it finds, as fast as it can, until it is killed. */
static void
remove_for_ever(void)
{
    for (;;) {
        json_t *list = NULL;
        if (ml_store_list(dir, &list, NULL) == 0) {
            const json_t *first = json_array_get(list, 0);
            const json_t *id = json_object_get(first, "report_id");
            (void)ml_store_remove(dir, json_string_value(id), NULL);
            json_decref(list);
        }
    }
}

Test(store_append, others_may_remove_the_report_at_any_moment)
{
    char id[ML_REPORT_ID_SIZE], out[ML_REPORT_ID_SIZE];
    struct ml_error err = {0};
    append(NULL, 1, id);
    pid_t remover = fork();
    if (remover == 0) {
        remove_for_ever();
    }
    for (int i = 2; i < 60; i++) {
        int rc = append_at(id, i, 10, "2026-01-31T20:54:19Z", out, &err);
        cr_expect(rc == i || rc == ML_ESTATE, "%d: %s", rc, err.message);
    }
    kill(remover, SIGKILL);
    waitpid(remover, NULL, 0);
    cr_assert_eq(append(id, 60, out), 60);
    json_t *report = NULL;
    cr_assert_eq(ml_store_read(dir, id, &report, &err), 0, "%s", err.message);
    json_decref(report);
}

Test(store_append, the_list_counts_iterations)
{
    char id[ML_REPORT_ID_SIZE];
    json_t *list = NULL;
    append(NULL, 1, id);
    append(id, 2, id);
    cr_assert_eq(ml_store_list(dir, &list, NULL), 0);
    const json_t *n = json_object_get(json_array_get(list, 0), "iterations");
    cr_assert_eq(json_integer_value(n), 2);
    json_decref(list);
}
