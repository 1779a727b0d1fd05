/* SPDX-License-Identifier: MIT
 *
 * report_files: what lies in the report directory, good and bad, on its way into an
 * answer.
 */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json_read.h"
#include "report_files.h"

static char top[64];
static struct ml_buf out;
static struct ml_error err;

static void
start(void)
{
    strcpy(top, "/tmp/ml-test-XXXXXX");
    cr_assert_not_null(mkdtemp(top));
    ml_buf_init(&out, &ml_alloc_libc);
    memset(&err, 0, sizeof(err));
}

static void
stop(void)
{
    char command[128];
    ml_buf_fini(&out);
    snprintf(command, sizeof(command), "rm -rf %s", top);
    cr_assert_eq(system(command), 0);
}

TestSuite(report_files, .init = start, .fini = stop);

static void
put(const char *id, const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/memalot_report_%s", top, id);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/memalot_report_%s/%s", top, id, name);
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
}

static int
list(const char *directory, int limit)
{
    struct ml_json j;
    out.len = 0;
    ml_json_init(&j, &out);
    int rc = ml_report_files_list(directory, limit, &ml_alloc_libc, &j, &err);
    if (rc == 0) {
        cr_expect_eq(ml_json_check(out.data, out.len, &err), 0, "%s in %s", err.message,
                     ml_buf_str(&out));
        cr_expect_null(memchr(out.data, '\n', out.len), "on one line");
    }
    return rc;
}

static int
get(const char *id, int newest)
{
    struct ml_json j;
    out.len = 0;
    ml_json_init(&j, &out);
    return ml_report_files_get(top, id, newest, &ml_alloc_libc, &j, &err);
}

Test(report_files, newest_come_first_and_summaries_keep_their_members)
{
    char expected[400];
    put("aaaa-0001", "summary.json",
        "{ \"report_id\" : \"aaaa-0001\",\n \"start_time\": \"2025-01-01T00:00:00Z\",\n"
        " \"entrypoint\": \"a \\\"b\\\" c\" }\n");
    put("aaaa-0002", "summary.json",
        "{\"start_time\":\"2026-01-01T00:00:00Z\",\"report_id\":\"renamed\",\"x\":[1, "
        "{}]}");
    snprintf(expected, sizeof(expected),
             "{\"directory\":\"%s\",\"reports\":["
             "{\"report_id\":\"aaaa-0002\",\"start_time\":\"2026-01-01T00:00:00Z\","
             "\"x\":[1,{}]},"
             "{\"report_id\":\"aaaa-0001\",\"start_time\":\"2025-01-01T00:00:00Z\","
             "\"entrypoint\":\"a \\\"b\\\" c\"}]}",
             top);
    cr_assert_eq(list(top, -1), 0);
    cr_expect_str_eq(ml_buf_str(&out), expected);
    cr_assert_eq(list(top, 1), 0);
    cr_expect_null(strstr(ml_buf_str(&out), "aaaa-0001"));
}

Test(report_files, a_missing_directory_is_an_empty_list)
{
    cr_assert_eq(list("/nonexistent/reports", -1), 0);
    cr_expect_str_eq(ml_buf_str(&out),
                     "{\"directory\":\"/nonexistent/reports\",\"reports\":[]}");
}

Test(report_files, broken_ones_are_listed_with_the_reason)
{
    char path[200];
    put("aaaa-0001", "summary.json", "{\"start_time\": ");
    put("aaaa-0002", "summary.json", "[1]");
    put("aaaa-0003", "other", "");
    snprintf(path, sizeof(path), "%s/memalot_report_aaaa-0004", top);
    mkdir(path, 0700);
    strcat(path, "/summary.json");
    cr_assert_eq(mkfifo(path, 0600), 0);
    snprintf(path, sizeof(path), "%s/memalot_report_aaaa-0005", top);
    cr_assert_eq(symlink("/", path), 0);
    put("aaaa-0006", "summary.json", "");
    cr_assert_eq(list(top, -1), 0);
    for (int i = 1; i <= 6; i++) {
        char part[80];
        snprintf(part, sizeof(part), "{\"report_id\":\"aaaa-000%d\",\"broken\":\"", i);
        cr_expect_not_null(strstr(ml_buf_str(&out), part), "%s in %s", part,
                           ml_buf_str(&out));
    }
}

Test(report_files, names_that_are_no_reports_are_passed_over)
{
    char path[200];
    static const char *const names[] = {"memalot_report_AAAA-0001",
                                        "memalot_report_aaaa",
                                        "memalot_report_aaaa-00011", ".tmp-aaaa-0001"};
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s/%s", top, names[i]);
        mkdir(path, 0700);
    }
    cr_assert_eq(list(top, -1), 0);
    cr_expect_not_null(strstr(ml_buf_str(&out), "\"reports\":[]"));
}

Test(report_files, a_report_comes_with_its_iterations_in_order)
{
    put("aaaa-0001", "summary.json", "{\"a\":1}\n");
    put("aaaa-0001", "iteration_report_10.json", "{\"n\":10}\n");
    put("aaaa-0001", "iteration_report_9.json", "{\n\"n\": 9}");
    put("aaaa-0001", "iteration_report_x.json", "nothing");
    put("aaaa-0001", "iteration_report_1.json.bak", "nothing");
    cr_assert_eq(get("aaaa-0001", -1), 0, "%s", err.message);
    cr_expect_str_eq(ml_buf_str(&out),
                     "{\"summary\":{\"a\":1},\"iterations\":[{\"n\":9},{\"n\":10}]}");
    cr_assert_eq(get("memalot_report_aaaa-0001", 1), 0);
    cr_expect_str_eq(ml_buf_str(&out),
                     "{\"summary\":{\"a\":1},\"iterations\":[{\"n\":10}]}");
}

Test(report_files, a_broken_iteration_is_an_error_that_names_it)
{
    put("aaaa-0001", "summary.json", "{}");
    put("aaaa-0001", "iteration_report_1.json", "{\"n\":");
    cr_expect_eq(get("aaaa-0001", -1), ML_EFORMAT);
    cr_expect_not_null(strstr(err.message, "iteration_report_1.json"), "%s",
                       err.message);
}

Test(report_files, ids_are_no_paths)
{
    cr_expect_eq(get("../../etc", -1), ML_EINVAL);
    cr_expect_eq(get("aaaa-0001/..", -1), ML_EINVAL);
    cr_expect_eq(get("", -1), ML_EINVAL);
    cr_expect_eq(get("aaaa-0001", -1), ML_ENOTFOUND);
}

Test(report_files, a_report_larger_than_an_answer_is_an_error)
{
    put("aaaa-0001", "summary.json", "{}");
    put("aaaa-0001", "iteration_report_1.json",
        "{\"a\":\"0123456789012345678901234567\"}");
    out.limit = 50;
    cr_expect_eq(get("aaaa-0001", -1), ML_ELIMIT);
    out.failed = false;
    out.limit = 0;
}

static long left;

static void *
failing_alloc(void *ctx, size_t size)
{
    return left-- > 0 ? ml_alloc_libc.alloc(ctx, size) : NULL;
}

static void *
failing_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    return left-- > 0 ? ml_alloc_libc.resize(ctx, ptr, old_size, new_size) : NULL;
}

Test(report_files, every_allocation_may_fail)
{
    struct ml_alloc a = {failing_alloc, failing_resize, ml_alloc_libc.release, NULL};
    int rc = ML_ENOMEM;
    put("aaaa-0001", "summary.json", "{\"a\":1}");
    put("aaaa-0001", "iteration_report_1.json", "{\"n\":1}");
    for (long allowed = 0; allowed < 20; allowed++) {
        struct ml_json j;
        out.len = 0;
        ml_json_init(&j, &out);
        left = allowed;
        rc = ml_report_files_get(top, "aaaa-0001", -1, &a, &j, &err);
        cr_expect(rc == 0 || rc == ML_ENOMEM, "%d: %s", rc, err.message);
        out.len = 0;
        ml_json_init(&j, &out);
        left = allowed;
        ml_report_files_list(top, -1, &a, &j, &err);
        out.failed = false;
    }
    cr_expect_eq(rc, 0);
}
