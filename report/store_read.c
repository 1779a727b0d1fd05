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

static int
add_iteration(json_t *array, int report, const char *name, struct ml_error *err)
{
    json_t *iteration = NULL;
    int number = ml_store_dir_iteration(name);
    if (number < 0) {
        return ML_OK;
    }
    int rc = read_iteration(report, name, number, &iteration, err);
    if (rc == ML_OK && json_array_append_new(array, iteration) != 0) {
        rc = ml_error_nomem(err);
    }
    return rc;
}

static int
by_number(const void *a, const void *b)
{
    long long x = ml_json_integer(*(json_t *const *)a, "iteration_number");
    long long y = ml_json_integer(*(json_t *const *)b, "iteration_number");
    return x < y ? -1 : x > y;
}

/* jansson has no sorting: the members go through an array of pointers. */
static int
sort_iterations(json_t *array, struct ml_error *err)
{
    size_t n = json_array_size(array);
    json_t **sorted = calloc(n + 1, sizeof(*sorted));
    if (sorted == NULL) {
        return ml_error_nomem(err);
    }
    for (size_t i = 0; i < n; i++) {
        sorted[i] = json_incref(json_array_get(array, i));
    }
    qsort(sorted, n, sizeof(*sorted), by_number);
    for (size_t i = 0; i < n; i++) {
        json_array_set_new(array, i, sorted[i]);
    }
    free(sorted);
    return ML_OK;
}

/* Puts the iterations of an open report into `array`, ascending. */
static int
read_iterations(int report, json_t *array, struct ml_error *err)
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
        rc = add_iteration(array, report, e->d_name, err);
    }
    closedir(entries);
    return rc == ML_OK ? sort_iterations(array, err) : rc;
}

static int
read_report(int dir, const char *id, json_t **out, struct ml_error *err)
{
    char name[ML_STORE_NAME_SIZE];
    json_t *summary = NULL, *iterations = json_array();
    snprintf(name, sizeof(name), ML_STORE_PREFIX "%s", id);
    int rc, report = ml_store_read_open(dir, name, err);
    if (report < 0) {
        json_decref(iterations);
        return report;
    }
    if ((rc = ml_store_read_version(report, err)) == ML_OK &&
        (rc = ml_read_json(report, "summary.json", &summary, err)) == ML_OK) {
        rc = read_iterations(report, iterations, err);
    }
    if (rc == ML_ENOTFOUND) {
        rc = ML_EFORMAT; /* a file is missing, not the report */
    }
    if (!ml_store_dir_holds(dir, name, report)) {
        rc = ml_error_set(err, ML_ENOTFOUND, "report %s has just been removed", id);
    }
    close(report);
    if (rc == ML_OK) {
        *out = json_pack("{s:O, s:O}", "summary", summary, "iterations", iterations);
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
    int rc = read_report(dir, id, out, &problem);
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
