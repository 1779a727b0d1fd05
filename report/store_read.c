/* SPDX-License-Identifier: MIT
 *
 * Reading reports, ours and the original tool's. A report appears by rename and
 * disappears by rename: once its directory is open, either all files are there, or its
 * name is gone by the time the last one was read.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read_json.h"
#include "store_dir.h"
#include "store_read.h"
#include "text_format.h"

int
ml_store_read_open(int dir, const char *name, struct ml_error *err)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        return fd;
    }
    return ml_error_set(err, errno == ENOENT ? ML_ENOTFOUND : ML_EIO, "%s: %s", name,
                        strerror(errno));
}

int
ml_store_read_version(int report, struct ml_error *err)
{
    char text[16] = "";
    int fd = openat(report, "version", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    int saved = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (n < 0) {
        return ml_error_set(err, ML_EFORMAT, "version: %s", strerror(saved));
    }
    text[strcspn(text, "\r\n")] = '\0';
    if (strcmp(text, "1") != 0) {
        return ml_error_set(err, ML_EFORMAT,
                            "version %s of the report format is not known here",
                            text[0] != '\0' ? text : "(empty)");
    }
    return ML_OK;
}

/* One iteration. The original tool writes into the directory that readers see, so that
 * its last file may be half there: that costs this iteration, not the others. */
static int
read_iteration(int report, const char *name, int number, json_t **out,
               struct ml_error *err)
{
    struct ml_error why = {0};
    int rc = ml_read_json(report, name, out, &why);
    if (rc == ML_EFORMAT) {
        *out = json_pack("{s:i, s:s}", "iteration_number", number, "broken", why.message);
        rc = *out != NULL ? ML_OK : ML_ENOMEM;
    }
    return rc == ML_OK ? rc : ml_error_set(err, rc, "%s", why.message);
}

struct numbers {
    int *data;
    size_t len, cap;
};

static int
add_number(struct numbers *n, int number, struct ml_error *err)
{
    if (n->len == n->cap) {
        size_t cap = n->cap == 0 ? 64 : n->cap * 2;
        int *data = realloc(n->data, cap * sizeof(*data));
        if (data == NULL) {
            return ml_error_nomem(err);
        }
        n->data = data;
        n->cap = cap;
    }
    n->data[n->len++] = number;
    return ML_OK;
}

static int
ascending(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return x < y ? -1 : x > y;
}

/* Which iterations an open report has. */
static int
list_numbers(int report, struct numbers *out, struct ml_error *err)
{
    int rc = ML_OK, copy = openat(report, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *e;
    if (entries == NULL) {
        rc = ml_error_set(err, ML_EIO, "%s", strerror(errno));
        if (copy >= 0) {
            close(copy);
        }
        return rc;
    }
    while (rc == ML_OK && (e = readdir(entries)) != NULL) {
        int number = ml_store_dir_iteration(e->d_name);
        rc = number >= 0 ? add_number(out, number, err) : ML_OK;
    }
    closedir(entries);
    if (out->len > 1) {
        qsort(out->data, out->len, sizeof(*out->data), ascending);
    }
    return rc;
}

/* Puts the iterations that are wanted into `array`, ascending; the others are not even
 * opened: a monitor that has run for a week leaves thousands. */
static int
read_iterations(int report, const struct ml_store_pick *pick, json_t *array,
                size_t *count, struct ml_error *err)
{
    struct numbers numbers = {0};
    int rc = list_numbers(report, &numbers, err);
    size_t newest = pick->newest > 0 ? (size_t)pick->newest : numbers.len;
    for (size_t i = 0; i < numbers.len && rc == ML_OK; i++) {
        char name[64];
        json_t *iteration = NULL;
        int number = numbers.data[i];
        bool wanted = pick->number > 0 ? number == pick->number
                                       : i + newest >= numbers.len;
        if (!wanted) {
            continue;
        }
        snprintf(name, sizeof(name), "iteration_report_%d.json", number);
        rc = read_iteration(report, name, number, &iteration, err);
        if (rc == ML_OK && json_array_append_new(array, iteration) != 0) {
            rc = ml_error_nomem(err);
        }
    }
    *count = numbers.len;
    free(numbers.data);
    return rc;
}

static int
read_report(int dir, const char *id, const struct ml_store_pick *pick, json_t **out,
            struct ml_error *err)
{
    char name[ML_STORE_NAME_SIZE];
    size_t count = 0;
    json_t *summary = NULL, *iterations = json_array();
    snprintf(name, sizeof(name), ML_STORE_PREFIX "%s", id);
    int rc, report = ml_store_read_open(dir, name, err);
    if (report < 0) {
        json_decref(iterations);
        return report;
    }
    if ((rc = ml_store_read_version(report, err)) == ML_OK &&
        (rc = ml_read_json(report, "summary.json", &summary, err)) == ML_OK) {
        rc = read_iterations(report, pick, iterations, &count, err);
    }
    if (rc == ML_ENOTFOUND) {
        rc = ML_EFORMAT; /* a file is missing, not the report */
    }
    if (!ml_store_dir_holds(dir, name, report)) {
        rc = ml_error_set(err, ML_ENOTFOUND, "report %s has just been removed", id);
    }
    close(report);
    if (rc == ML_OK) {
        *out = json_pack("{s:O, s:O, s:I}", "summary", summary, "iterations",
                         iterations, "iteration_count", (json_int_t)count);
        rc = *out != NULL ? ML_OK : ml_error_nomem(err);
    }
    json_decref(summary);
    json_decref(iterations);
    return rc;
}

int
ml_store_read(const char *directory, const char *name, json_t **out,
              struct ml_error *err)
{
    const struct ml_store_pick all = {0};
    return ml_store_read_some(directory, name, &all, out, err);
}

int
ml_store_read_some(const char *directory, const char *name,
                   const struct ml_store_pick *pick, json_t **out, struct ml_error *err)
{
    char path[PATH_MAX], id[ML_REPORT_ID_SIZE];
    struct ml_error problem = {0};
    if (!ml_store_dir_id(name, id)) {
        return ml_error_set(err, ML_EINVAL,
                            "\"%.40s\" is not a report id (they look like ab12-cd34)",
                            name != NULL ? name : "");
    }
    int dir = ml_store_dir_open(directory, false, path, err);
    if (dir < 0) {
        return dir;
    }
    int rc = read_report(dir, id, pick, out, &problem);
    close(dir);
    if (rc == ML_ENOTFOUND) {
        return ml_error_set(err, rc, "there is no report %s in %s", id, path);
    }
    return rc == ML_OK ? rc
                       : ml_error_set_at(err, rc, problem.line, problem.column,
                                         "report %s in %s: %s", id, path,
                                         problem.message);
}

int
ml_store_remove(const char *directory, const char *name, struct ml_error *err)
{
    char path[PATH_MAX], id[ML_REPORT_ID_SIZE], entry[ML_STORE_NAME_SIZE];
    if (!ml_store_dir_id(name, id)) {
        return ml_error_set(err, ML_EINVAL,
                            "\"%.40s\" is not a report id (they look like ab12-cd34)",
                            name != NULL ? name : "");
    }
    int dir = ml_store_dir_open(directory, false, path, err);
    if (dir < 0) {
        return dir;
    }
    snprintf(entry, sizeof(entry), ML_STORE_PREFIX "%s", id);
    int rc = ml_store_dir_remove(dir, entry, err);
    close(dir);
    if (rc == ML_ENOTFOUND) {
        return ml_error_set(err, rc, "there is no report %s in %s", id, path);
    }
    return rc;
}
