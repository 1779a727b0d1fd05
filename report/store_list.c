/* SPDX-License-Identifier: MIT
 *
 * The list of reports, newest first, and which of them are kept. A report may appear or
 * disappear while the list is made: what has gone is not in it, what cannot be read is
 * in it with the reason.
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

#include "read_json.h"
#include "store_dir.h"
#include "store_read.h"
#include "text_format.h"

struct entry {
    char name[ML_STORE_NAME_SIZE];
    char start[40]; /* start_time, or the directory's time in the same form */
    char last[40];  /* of the newest iteration */
    struct timespec mtime;
    int iterations;
    json_t *summary;
};

struct entries {
    struct entry *data;
    size_t len, cap;
};

static int
count_iterations(int report)
{
    int n = 0, copy = openat(report, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *e;
    if (entries == NULL) {
        if (copy >= 0) {
            close(copy);
        }
        return 0;
    }
    while ((e = readdir(entries)) != NULL) {
        n += ml_store_dir_iteration(e->d_name) >= 0;
    }
    closedir(entries);
    return n;
}

/* The summary, or an object that says what is wrong; NULL when the report has been
 * removed meanwhile or memory is short. */
static json_t *
read_summary(int dir, const char *name, struct timespec *mtime, int *iterations)
{
    struct ml_error err = {0};
    struct stat st;
    json_t *summary = NULL;
    bool there = true;
    int report = ml_store_read_open(dir, name, &err);
    if (report >= 0) {
        if (ml_store_read_version(report, &err) == ML_OK) {
            (void)ml_read_json(report, "summary.json", &summary, &err);
        }
        if (fstat(report, &st) == 0) {
            *mtime = st.st_mtim;
        }
        *iterations = count_iterations(report);
        there = summary != NULL || ml_store_dir_holds(dir, name, report);
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

/* A report that a monitor appends to is as new as its last iteration, which is when its
 * directory changed; the time of one that was copied here says nothing. */
static void
set_times(struct entry *e)
{
    struct tm tm;
    const char *start = ml_json_text(e->summary, "start_time");
    strftime(e->last, sizeof(e->last), "%Y-%m-%dT%H:%M:%SZ",
             gmtime_r(&e->mtime.tv_sec, &tm));
    bool known = start != NULL && start[0] >= '0' && start[0] <= '9';
    snprintf(e->start, sizeof(e->start), "%.39s", known ? start : e->last);
    if (e->iterations < 2) {
        memcpy(e->last, e->start, sizeof(e->last));
    }
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
    new.summary = read_summary(dir, name, &new.mtime, &new.iterations);
    if (new.summary == NULL) {
        return ML_OK;
    }
    memccpy(new.name, name, '\0', sizeof(new.name) - 1);
    set_times(&new);
    json_object_set_new(new.summary, "iterations", json_integer(new.iterations));
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

static int
last_first(const void *va, const void *vb)
{
    const struct entry *a = va, *b = vb;
    int order = strcmp(b->last, a->last);
    return order != 0 ? order : newest_first(va, vb);
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
        if (list.len > 1) {
            qsort(list.data, list.len, sizeof(*list.data), last_first);
        }
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
