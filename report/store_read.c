/* SPDX-License-Identifier: MIT
 *
 * Listing and reading reports, ours and the original tool's. A report appears by
 * rename and disappears by rename: once its directory is open, either all files are
 * there, or its name is gone by the time the last one was read.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store_dir.h"
#include "read_json.h"
#include "text_format.h"

struct entry {
    char name[ML_STORE_NAME_SIZE];
    char start[40]; /* start_time, or the directory's time in the same form */
    struct timespec mtime;
    json_t *summary;
};

struct entries {
    struct entry *data;
    size_t len, cap;
};

static bool
still_there(int dir, const char *name, int opened)
{
    struct stat now, then;
    return fstat(opened, &then) == 0 && fstatat(dir, name, &now, 0) == 0 &&
           now.st_ino == then.st_ino && now.st_dev == then.st_dev;
}

static int
open_report(int dir, const char *name, struct ml_error *err)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        return fd;
    }
    return ml_error_set(err, errno == ENOENT ? ML_ENOTFOUND : ML_EIO, "%s: %s", name,
                        strerror(errno));
}

static int
check_version(int report, struct ml_error *err)
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

/* The summary, or an object that says what is wrong; NULL when the report has been
 * removed meanwhile or memory is short. */
static json_t *
read_summary(int dir, const char *name, struct timespec *mtime)
{
    struct ml_error err = {0};
    struct stat st;
    json_t *summary = NULL;
    bool there = true;
    int report = open_report(dir, name, &err);
    if (report >= 0) {
        if (check_version(report, &err) == ML_OK) {
            (void)ml_read_json(report, "summary.json", &summary, &err);
        }
        if (fstat(report, &st) == 0) {
            *mtime = st.st_mtim;
        }
        there = summary != NULL || still_there(dir, name, report);
        close(report);
    }
    else {
        there = err.code != ML_ENOTFOUND;
    }
    if (summary == NULL && there) {
        summary = json_object();
        json_object_set_new(summary, "broken", json_string(err.message));
    }
    return summary;
}

static int
add_entry(struct entries *list, int dir, const char *name, struct ml_error *err)
{
    struct entry new = {0};
    if (list->len == list->cap) {
        size_t cap = list->cap == 0 ? 64 : list->cap * 2;
        struct entry *data = realloc(list->data, cap * sizeof(*data));
        if (data == NULL) {
            return ml_error_nomem(err);
        }
        list->data = data;
        list->cap = cap;
    }
    new.summary = read_summary(dir, name, &new.mtime);
    if (new.summary == NULL) {
        return ML_OK;
    }
    memccpy(new.name, name, '\0', sizeof(new.name) - 1);
    const char *start = ml_json_text(new.summary, "start_time");
    if (start != NULL && start[0] >= '0' && start[0] <= '9') {
        snprintf(new.start, sizeof(new.start), "%.39s", start);
    }
    else {
        struct tm tm;
        strftime(new.start, sizeof(new.start), "%Y-%m-%dT%H:%M:%SZ",
                 gmtime_r(&new.mtime.tv_sec, &tm));
    }
    json_object_set_new(new.summary, "report_id",
                        json_string(name + strlen(ML_STORE_PREFIX)));
    list->data[list->len++] = new;
    return ML_OK;
}

static void
free_entries(struct entries *list)
{
    for (size_t i = 0; i < list->len; i++) {
        json_decref(list->data[i].summary);
    }
    free(list->data);
}

static int
newest_first(const void *va, const void *vb)
{
    const struct entry *a = va, *b = vb;
    int order = strcmp(b->start, a->start);
    if (order != 0) {
        return order;
    }
    if (a->mtime.tv_sec != b->mtime.tv_sec) {
        return a->mtime.tv_sec < b->mtime.tv_sec ? 1 : -1;
    }
    if (a->mtime.tv_nsec != b->mtime.tv_nsec) {
        return a->mtime.tv_nsec < b->mtime.tv_nsec ? 1 : -1;
    }
    return strcmp(a->name, b->name);
}

/* Every report of the directory with its summary, newest first. */
static int
collect(int dir, const char *path, struct entries *list, struct ml_error *err)
{
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    int rc = ML_OK;
    if (entries == NULL) {
        rc = ml_error_set(err, ML_EIO, "cannot list %s: %s", path, strerror(errno));
        if (copy >= 0) {
            close(copy);
        }
        return rc;
    }
    const struct dirent *e;
    while (rc == ML_OK && (e = readdir(entries)) != NULL) {
        if (ml_store_dir_is_report(e->d_name)) {
            rc = add_entry(list, dir, e->d_name, err);
        }
    }
    closedir(entries);
    if (list->len > 1) {
        qsort(list->data, list->len, sizeof(*list->data), newest_first);
    }
    return rc;
}

int
ml_store_list(const char *directory, json_t **out, struct ml_error *err)
{
    char path[PATH_MAX];
    struct entries list = {0};
    struct ml_error problem = {0};
    int dir = ml_store_dir_open(directory, false, path, &problem);
    if (dir == ML_ENOTFOUND && problem.code == ML_ENOTFOUND) {
        *out = json_array();
        return *out != NULL ? ML_OK : ml_error_nomem(err);
    }
    if (dir < 0) {
        return ml_error_set(err, dir, "%s", problem.message);
    }
    int rc = collect(dir, path, &list, err);
    json_t *array = rc == ML_OK ? json_array() : NULL;
    for (size_t i = 0; i < list.len && array != NULL; i++) {
        json_array_append(array, list.data[i].summary);
    }
    if (rc == ML_OK && array == NULL) {
        rc = ml_error_nomem(err);
    }
    *out = array;
    free_entries(&list);
    close(dir);
    return rc;
}

void
ml_store_keep(int dir, const char *path, int keep, const char *newest)
{
    struct entries list = {0};
    if (collect(dir, path, &list, NULL) == ML_OK) {
        /* the new one counts, wherever its start time puts it */
        size_t kept = 1, allowed = keep > 0 ? (size_t)keep : 1;
        for (size_t i = 0; i < list.len; i++) {
            if (strcmp(list.data[i].name, newest) != 0 && ++kept > allowed) {
                (void)ml_store_dir_remove(dir, list.data[i].name, NULL);
            }
        }
    }
    free_entries(&list);
}

static int
by_number(const void *a, const void *b)
{
    long long x = ml_json_integer(*(json_t *const *)a, "iteration_number");
    long long y = ml_json_integer(*(json_t *const *)b, "iteration_number");
    return x < y ? -1 : x > y;
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
    int rc, report = open_report(dir, name, err);
    if (report < 0) {
        json_decref(iterations);
        return report;
    }
    if ((rc = check_version(report, err)) == ML_OK &&
        (rc = ml_read_json(report, "summary.json", &summary, err)) == ML_OK) {
        rc = read_iterations(report, iterations, err);
    }
    if (rc == ML_ENOTFOUND) {
        rc = ML_EFORMAT; /* a file is missing, not the report */
    }
    if (!still_there(dir, name, report)) {
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
