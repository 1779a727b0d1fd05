/* SPDX-License-Identifier: MIT
 *
 * See report_files.h. Names are taken as they come from the directory only when they
 * have a report's form, and ids from a request likewise, so that no path is ever put
 * together from foreign text.
 */
#define _GNU_SOURCE
#include "report_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h> /* snprintf only */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "json_read.h"
#include "vec.h"

#define PREFIX "memalot_report_"
#define ID_LENGTH 9 /* ab12-cd34 */
#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

struct entry {
    char id[ID_LENGTH + 1];
    char start[40]; /* start_time, or the directory's time in the same form */
    struct ml_buf summary;
    char broken[160]; /* why it cannot be read, or "" */
};

ML_VEC(entry_vec, struct entry)
ML_VEC(int_vec, int)

static bool
is_id(const char *text)
{
    for (int i = 0; i < ID_LENGTH; i++) {
        char c = text[i];
        if (i == 4 ? c != '-' : !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
            return false;
        }
    }
    return text[ID_LENGTH] == '\0';
}

/* -- one file ---------------------------------------------------------------------- */

static int
read_all(int fd, struct ml_buf *to)
{
    char piece[16384];
    for (;;) {
        ssize_t n = read(fd, piece, sizeof(piece));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return ML_EIO;
        }
        if (n == 0) {
            return to->failed ? ML_ENOMEM : ML_OK;
        }
        ml_buf_append(to, piece, (size_t)n);
        if (to->len > ML_REPORT_FILE_MAX) {
            return ML_ELIMIT;
        }
    }
}

/* O_NONBLOCK: a pipe of that name must not hold the agent up. */
static int
read_file(int dir, const char *name, struct ml_buf *to, struct ml_error *err)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return ml_error_set(err, errno == ENOENT ? ML_ENOTFOUND : ML_EIO, "%s: %s",
                            name, strerror(errno));
    }
    struct stat st;
    int rc = ML_EIO;
    if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
        ml_error_set(err, rc, "%s is not a file", name);
    }
    else if ((rc = read_all(fd, to)) < 0) {
        ml_error_set(err, rc, "%s: %s", name, ml_error_name(rc));
    }
    close(fd);
    return rc;
}

/* Reads a file that must hold one JSON object and leaves it on one line. */
static int
read_json(int dir, const char *name, struct ml_buf *to, struct ml_error *err)
{
    struct ml_error why;
    int rc = read_file(dir, name, to, err);
    if (rc < 0) {
        return rc;
    }
    rc = ml_json_check(to->data, to->len, &why);
    if (rc < 0) {
        return ml_error_set(err, rc, "%s: %s", name, why.message);
    }
    to->len = ml_json_minify(to->data, to->len);
    if (to->data[0] != '{') {
        return ml_error_set(err, ML_EFORMAT, "%s is not a JSON object", name);
    }
    return ML_OK;
}

/* -- the list ---------------------------------------------------------------------- */

static void
time_of_directory(int dir, char *out, size_t cap)
{
    struct stat st;
    struct tm tm;
    if (fstat(dir, &st) == 0 && gmtime_r(&st.st_mtime, &tm) != NULL) {
        strftime(out, cap, "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
}

/* start_time out of the summary, which has been checked. */
static void
start_of(const struct ml_buf *summary, const struct ml_alloc *a, char *out, size_t cap)
{
    struct ml_json_doc doc;
    char start[40];
    if (ml_json_read(&doc, summary->data, summary->len, a, NULL) < 0) {
        return;
    }
    uint32_t token = ml_json_member(&doc, 0, "start_time");
    if (token != 0 && ml_json_copy_string(&doc, token, start, sizeof(start)) == ML_OK) {
        snprintf(out, cap, "%s", start);
    }
    ml_json_doc_fini(&doc);
}

static void
fill_entry(int parent, const char *name, const struct ml_alloc *a, struct entry *e)
{
    struct ml_error why = {0};
    int dir = openat(parent, name, DIRECTORY_FLAGS | O_NOFOLLOW);
    ml_buf_init(&e->summary, a);
    if (dir < 0) {
        snprintf(e->broken, sizeof(e->broken), "%s", strerror(errno));
        return;
    }
    time_of_directory(dir, e->start, sizeof(e->start));
    if (read_json(dir, "summary.json", &e->summary, &why) < 0) {
        snprintf(e->broken, sizeof(e->broken), "%.150s", why.message);
    }
    else {
        start_of(&e->summary, a, e->start, sizeof(e->start));
    }
    close(dir);
}

static int
newer_first(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(y->start, x->start);
    return order != 0 ? order : strcmp(x->id, y->id);
}

static int
collect(DIR *d, const struct ml_alloc *a, struct entry_vec *entries,
        struct ml_error *err)
{
    struct dirent *de;
    while ((de = readdir(d)) != NULL) {
        if (strncmp(de->d_name, PREFIX, strlen(PREFIX)) != 0 ||
            !is_id(de->d_name + strlen(PREFIX))) {
            continue;
        }
        struct entry e = {0};
        memcpy(e.id, de->d_name + strlen(PREFIX), ID_LENGTH);
        fill_entry(dirfd(d), de->d_name, a, &e);
        if (entry_vec_push(entries, a, e) < 0) {
            ml_buf_fini(&e.summary);
            return ml_error_nomem(err);
        }
    }
    return ML_OK;
}

/* A member as it stands in the text, with its quotes. */
static void
write_pair(const struct ml_json_doc *doc, uint32_t key, struct ml_json *out)
{
    const struct ml_json_tok *k = &doc->tok[key], *v = &doc->tok[key + 1];
    uint32_t end = v->end + (v->type == ML_JSON_STRING);
    ml_json_raw(out, doc->text + k->start - 1, end - k->start + 1);
}

/* The summary's own report_id gives way to the directory's name: that is what
 * `report.get` takes, also after a person renamed things. */
static void
write_summary(const struct entry *e, const struct ml_alloc *a, struct ml_json *out)
{
    struct ml_json_doc doc;
    if (ml_json_read(&doc, e->summary.data, e->summary.len, a, NULL) < 0) {
        out->out->failed = true; /* it has been read before: memory is short now */
        return;
    }
    uint32_t at = 1;
    for (uint32_t i = 0; i < doc.tok[0].size; i++, at = doc.tok[at + 1].next) {
        if (!ml_json_is(&doc, at, "report_id")) {
            write_pair(&doc, at, out);
        }
    }
    ml_json_doc_fini(&doc);
}

static void
write_entry(const struct entry *e, const struct ml_alloc *a, struct ml_json *out)
{
    ml_json_begin_object(out);
    ml_json_kv_str(out, "report_id", e->id);
    if (e->broken[0] != '\0') {
        ml_json_kv_str(out, "broken", e->broken);
    }
    else {
        write_summary(e, a, out);
    }
    ml_json_end_object(out);
}

static void
write_list(const char *directory, const struct entry_vec *entries, int limit,
           const struct ml_alloc *a, struct ml_json *out)
{
    ml_json_begin_object(out);
    ml_json_kv_str(out, "directory", directory);
    ml_json_key(out, "reports");
    ml_json_begin_array(out);
    for (size_t i = 0; i < entries->len && (limit < 0 || i < (size_t)limit); i++) {
        write_entry(&entries->data[i], a, out);
    }
    ml_json_end_array(out);
    ml_json_end_object(out);
}

/* A directory stream, or NULL with the reason; ML_ENOTFOUND when there is none. */
static int
open_directory(const char *directory, DIR **out, struct ml_error *err)
{
    int fd = open(directory, DIRECTORY_FLAGS);
    if (fd < 0) {
        int code = errno == ENOENT ? ML_ENOTFOUND : errno == EACCES ? ML_EPERM : ML_EIO;
        return ml_error_set(err, code, "report directory %s: %s", directory,
                            strerror(errno));
    }
    *out = fdopendir(fd);
    if (*out == NULL) {
        close(fd);
        return ml_error_nomem(err);
    }
    return ML_OK;
}

int
ml_report_files_list(const char *directory, int limit, const struct ml_alloc *a,
                     struct ml_json *out, struct ml_error *err)
{
    DIR *d = NULL;
    struct entry_vec entries = {0};
    int rc = open_directory(directory, &d, err);
    if (rc == ML_OK) {
        rc = collect(d, a, &entries, err);
        closedir(d);
    }
    if (rc == ML_OK && entries.len > 1) {
        qsort(entries.data, entries.len, sizeof(entries.data[0]), newer_first);
    }
    if (rc == ML_OK || rc == ML_ENOTFOUND) {
        rc = ML_OK;
        write_list(directory, &entries, limit, a, out);
    }
    for (size_t i = 0; i < entries.len; i++) {
        ml_buf_fini(&entries.data[i].summary);
    }
    entry_vec_free(&entries, a);
    return rc;
}

/* -- one report -------------------------------------------------------------------- */

static int
ascending(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Numbers of the iteration files, ascending. */
static int
find_iterations(DIR *d, const struct ml_alloc *a, struct int_vec *out,
                struct ml_error *err)
{
    struct dirent *de;
    while ((de = readdir(d)) != NULL) {
        int number = 0, used = 0;
        if (sscanf(de->d_name, "iteration_report_%9d.json%n", &number, &used) == 1 &&
            used > 0 && de->d_name[used] == '\0' && number >= 0 &&
            int_vec_push(out, a, number) < 0) {
            return ml_error_nomem(err);
        }
    }
    if (out->len > 1) {
        qsort(out->data, out->len, sizeof(out->data[0]), ascending);
    }
    return ML_OK;
}

static int
write_file(int dir, const char *name, const struct ml_alloc *a, struct ml_json *out,
           struct ml_error *err)
{
    struct ml_buf text;
    ml_buf_init(&text, a);
    int rc = read_json(dir, name, &text, err);
    if (rc == ML_OK) {
        ml_json_raw(out, text.data, text.len);
        if (out->out->failed) {
            rc = ml_error_set(err, ML_ELIMIT,
                              "the report is too large for one answer: "
                              "ask for fewer iterations");
        }
    }
    ml_buf_fini(&text);
    return rc;
}

/* On an error the answer is left half written: the caller throws it away. */
static int
write_iterations(DIR *d, int newest, const struct ml_alloc *a, struct ml_json *out,
                 struct ml_error *err)
{
    struct int_vec numbers = {0};
    int rc = find_iterations(d, a, &numbers, err);
    size_t first =
        newest >= 0 && (size_t)newest < numbers.len ? numbers.len - newest : 0;
    for (size_t i = first; i < numbers.len && rc == ML_OK; i++) {
        char name[48];
        snprintf(name, sizeof(name), "iteration_report_%d.json", numbers.data[i]);
        rc = write_file(dirfd(d), name, a, out, err);
    }
    int_vec_free(&numbers, a);
    return rc;
}

static int
write_report(DIR *d, int newest, const struct ml_alloc *a, struct ml_json *out,
             struct ml_error *err)
{
    ml_json_begin_object(out);
    ml_json_key(out, "summary");
    int rc = write_file(dirfd(d), "summary.json", a, out, err);
    if (rc < 0) {
        return rc;
    }
    ml_json_key(out, "iterations");
    ml_json_begin_array(out);
    rc = write_iterations(d, newest, a, out, err);
    if (rc < 0) {
        return rc;
    }
    ml_json_end_array(out);
    ml_json_end_object(out);
    return ML_OK;
}

int
ml_report_files_get(const char *directory, const char *id, int newest,
                    const struct ml_alloc *a, struct ml_json *out, struct ml_error *err)
{
    char path[PATH_MAX];
    DIR *d = NULL;
    if (strncmp(id, PREFIX, strlen(PREFIX)) == 0) {
        id += strlen(PREFIX);
    }
    if (!is_id(id)) {
        return ml_error_set(err, ML_EINVAL,
                            "'%s' is no report id (they look like "
                            "ab12-cd34)",
                            id);
    }
    if (snprintf(path, sizeof(path), "%s/%s%s", directory, PREFIX, id) >=
        (int)sizeof(path)) {
        return ml_error_set(err, ML_ELIMIT, "the report directory's path is too long");
    }
    int rc = open_directory(path, &d, NULL);
    if (rc < 0) {
        return ml_error_set(err, rc, "no report %s in %s", id, directory);
    }
    rc = write_report(d, newest, a, out, err);
    closedir(d);
    return rc;
}
