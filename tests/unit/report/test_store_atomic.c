/* SPDX-License-Identifier: MIT
 *
 * store: several writers and a reader at once, in processes of their own. Whatever the
 * reader gets to see is whole.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "golden.h"
#include "report.h"
#include "temp_dir.h"

#define WRITERS 2
#define REPORTS_EACH 100
#define KEEP 8

static const char *dir;

/* A hundred reports, each with what the reader checks. */
static int
be_writer(void)
{
    struct ml_store_options options = {dir, KEEP, NULL, 150};
    for (int i = 0; i < REPORTS_EACH; i++) {
        char id[ML_REPORT_ID_SIZE], time[32];
        json_t *iteration =
            json_load_file(golden_path("report/iteration.json"), JSON_ALLOW_NUL, NULL);
        snprintf(time, sizeof(time), "2026-01-01T00:%02d:00Z", i % 60);
        json_t *summary = json_pack("{s:s}", "start_time", time);
        if (ml_store_write(&options, iteration, summary, id, NULL) != 0) {
            return 1;
        }
        json_decref(iteration);
        json_decref(summary);
    }
    return 0;
}

/* 0: whole or removed meanwhile. */
static int
check_one(const char *id, long *seen)
{
    json_t *report = NULL;
    struct ml_error err = {0};
    int rc = ml_store_read(dir, id, &report, &err);
    if (rc == ML_ENOTFOUND) {
        return 0;
    }
    if (rc != 0) {
        fprintf(stderr, "%s: %s\n", id, err.message);
        return 1;
    }
    json_t *iterations = json_object_get(report, "iterations");
    json_t *iteration = json_array_get(iterations, 0);
    const char *inner = json_string_value(json_object_get(iteration, "report_id"));
    bool whole = json_array_size(iterations) == 1 && inner != NULL &&
                 strcmp(inner, id) == 0 &&
                 json_array_size(json_object_get(iteration, "findings")) == 2;
    json_decref(report);
    *seen += whole;
    return !whole;
}

/* Lists and reads until the pipe that the writers hold open is closed. */
static int
be_reader(int until)
{
    long seen = 0;
    char byte;
    while (read(until, &byte, 1) < 0) {
        json_t *list = NULL;
        if (ml_store_list(dir, &list, NULL) != 0) {
            return 1;
        }
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *summary = json_array_get(list, i);
            const char *id = json_string_value(json_object_get(summary, "report_id"));
            if (json_object_get(summary, "broken") != NULL || check_one(id, &seen)) {
                return 2;
            }
        }
        json_decref(list);
    }
    return seen > 0 ? 0 : 3;
}

Test(store_atomic, a_reader_never_sees_half_a_report)
{
    int until[2], status;
    pid_t writers[WRITERS], reader;
    dir = temp_dir_make();
    cr_assert_eq(pipe(until), 0);
    reader = fork();
    if (reader == 0) {
        close(until[1]);
        fcntl(until[0], F_SETFL, O_NONBLOCK);
        _exit(be_reader(until[0]));
    }
    for (int w = 0; w < WRITERS; w++) {
        writers[w] = fork();
        if (writers[w] == 0) {
            _exit(be_writer());
        }
    }
    close(until[1]);
    for (int w = 0; w < WRITERS; w++) {
        cr_assert_eq(waitpid(writers[w], &status, 0), writers[w]);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a writer failed");
    }
    cr_assert_eq(waitpid(reader, &status, 0), reader);
    cr_assert(WIFEXITED(status));
    cr_assert_eq(WEXITSTATUS(status), 0, "the reader ended with %d",
                 WEXITSTATUS(status));

    json_t *list = NULL;
    cr_assert_eq(ml_store_list(dir, &list, NULL), 0);
    size_t left = json_array_size(list);
    cr_assert(left >= 1 && left <= KEEP, "%zu reports are left", left);
    json_decref(list);
    temp_dir_remove();
}
