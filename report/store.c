/* SPDX-License-Identifier: MIT
 *
 * Writing a report: everything goes into a hidden directory beside its later place
 * and becomes visible with one rename. A writer that dies leaves nothing but that
 * hidden directory, which a later writer deletes.
 *
 *     .tmp-ab12-cd34/ version summary.json iteration_report_1.json
 *                     iteration_1_finding_1.dot .svg …       ──► memalot_report_ab12-cd34/
 *
 * A further iteration of a report is written aside in the same way, then its files are
 * moved (store_append.h).
 *
 * Nothing is synced: after a power failure a report may be lost, and that is all.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "diagram_guard.h"
#include "store_append.h"
#include "text_format.h"
#include "clock.h"

#define DIAGRAM_SECONDS 20     /* for one diagram */
#define ALL_DIAGRAMS_SECONDS 60
#define MAX_ID_ATTEMPTS 8
#define MAX_ATTEMPTS 3 /* to append to a report that others remove */

struct writing {
    const struct ml_store_options *options;
    bool append; /* `id` and `final` are given */
    json_t *iteration, *summary;
    char path[PATH_MAX]; /* of the report directory */
    int dir;             /* and its descriptor */
    char id[ML_REPORT_ID_SIZE];
    char temp[ML_STORE_NAME_SIZE], final[ML_STORE_NAME_SIZE];
    int out; /* descriptor of the hidden directory, -1 before it exists */
    time_t deadline;
};

static void
set_default(json_t *object, const char *key, json_t *value)
{
    if (value != NULL && json_object_get(object, key) == NULL) {
        json_object_set(object, key, value);
    }
    json_decref(value);
}

/* Readers of the version-1 format rely on all of its keys. */
static void
complete(json_t *iteration, json_t *summary, const char *id)
{
    char now[40];
    struct tm tm;
    time_t t = time(NULL);
    strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%S.000000Z", gmtime_r(&t, &tm));
    json_object_set_new(iteration, "report_id", json_string(id));
    set_default(iteration, "iteration_number", json_integer(1));
    set_default(iteration, "start_time", json_string(now));
    set_default(iteration, "end_time", json_string(now));
    set_default(iteration, "memory_usage",
                json_pack("{s:i, s:i, s:f}", "current_rss_bytes", 0, "peak_rss_bytes",
                          0, "system_percent_used", 0.0));
    set_default(iteration, "leak_summary", json_object());
    json_t *leaks = json_object_get(iteration, "leak_summary");
    set_default(leaks, "iteration",
                json_incref(json_object_get(iteration, "iteration_number")));
    set_default(leaks, "type_summaries", json_array());
    set_default(leaks, "max_types_in_summary", json_integer(500));
    set_default(iteration, "object_details_list", json_array());

    json_object_set_new(summary, "report_id", json_string(id));
    set_default(summary, "entrypoint", json_string(""));
    set_default(summary, "arguments", json_array());
    set_default(summary, "start_time",
                json_incref(json_object_get(iteration, "start_time")));
    set_default(summary, "memalot_version", json_string(ML_VERSION));
}

static int
cannot_write(const struct writing *w, const char *name, int failed,
             struct ml_error *err)
{
    return ml_error_set(err, failed == EACCES || failed == EPERM ? ML_EPERM : ML_EIO,
                        "cannot write the report to %s: %s: %s", w->path, name,
                        strerror(failed));
}

static int
write_text(const struct writing *w, const char *name, const char *text,
           struct ml_error *err)
{
    int fd = openat(w->out, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return cannot_write(w, name, errno, err);
    }
    ssize_t n = write(fd, text, strlen(text));
    int failed = n < 0 ? errno : n < (ssize_t)strlen(text) ? ENOSPC : 0;
    if (close(fd) != 0 && failed == 0) {
        failed = errno;
    }
    return failed != 0 ? cannot_write(w, name, failed, err) : ML_OK;
}

static int
write_json(const struct writing *w, const char *name, const json_t *value,
           struct ml_error *err)
{
    int fd = openat(w->out, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        int failed = errno;
        if (fd >= 0) {
            close(fd);
        }
        return cannot_write(w, name, failed, err);
    }
    errno = 0;
    bool ok = json_dumpf(value, file, JSON_COMPACT) == 0 && fflush(file) == 0;
    int failed = ok ? 0 : errno != 0 ? errno : EINVAL;
    if (fclose(file) != 0 && failed == 0) {
        failed = errno;
    }
    return failed != 0 ? cannot_write(w, name, failed, err) : ML_OK;
}

/* Takes a hidden directory; a new report gets an id that no other has. */
static int
open_temp(struct writing *w, struct ml_error *err)
{
    for (int attempt = 0; attempt < MAX_ID_ATTEMPTS; attempt++) {
        struct stat st;
        char id[ML_REPORT_ID_SIZE];
        int rc = ml_store_dir_new_id(id, err);
        if (rc != ML_OK) {
            return rc;
        }
        snprintf(w->temp, sizeof(w->temp), ML_STORE_TEMP "%s", id);
        if (!w->append) {
            memcpy(w->id, id, sizeof(id));
            snprintf(w->final, sizeof(w->final), ML_STORE_PREFIX "%s", id);
            if (fstatat(w->dir, w->final, &st, AT_SYMLINK_NOFOLLOW) == 0) {
                continue;
            }
        }
        if (mkdirat(w->dir, w->temp, 0700) != 0) {
            if (errno == EEXIST) {
                continue;
            }
            return cannot_write(w, w->temp, errno, err);
        }
        w->out =
            openat(w->dir, w->temp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return w->out >= 0 ? ML_OK : cannot_write(w, w->temp, errno, err);
    }
    return ml_error_set(err, ML_EIO, "cannot find a free report id in %s", w->path);
}

static void
warn(json_t *iteration, long long finding, const char *format, const char *why)
{
    set_default(iteration, "sweep", json_object());
    json_t *sweep = json_object_get(iteration, "sweep");
    set_default(sweep, "warnings", json_array());
    char text[sizeof(((struct ml_error *)0)->message) + 100];
    snprintf(text, sizeof(text),
             "the %s diagram of finding %lld could not be drawn: %s", format, finding,
             why);
    json_array_append_new(json_object_get(sweep, "warnings"), json_string(text));
}

/* One picture of one finding. A failure becomes a warning in the report. */
static void
draw(struct writing *w, const json_t *finding, long long number, const char *format,
     json_t *diagram)
{
    char name[64], path[PATH_MAX + ML_STORE_NAME_SIZE + sizeof(name)];
    struct ml_error why = {0};
    snprintf(name, sizeof(name), "iteration_%lld_finding_%lld.%s",
             ml_json_integer(w->iteration, "iteration_number"), number, format);
    snprintf(path, sizeof(path), "%s/%s/%s", w->path, w->temp, name);
    int seconds = (int)(w->deadline - (time_t)ml_clock_seconds());
    seconds = seconds > DIAGRAM_SECONDS ? DIAGRAM_SECONDS : seconds;
    const char *title = ml_json_text(finding, "title");
    int rc = seconds <= 0 ? ml_error_set(&why, ML_ECANCELLED,
                                         "the time for diagrams was used up")
                          : ml_diagram_write_guarded(
                                json_object_get(finding, "graph"),
                                title != NULL ? title : "", format,
                                w->options->max_nodes, path, seconds, &why);
    if (rc == ML_OK) {
        json_object_set_new(diagram, format, json_string(name));
        return;
    }
    unlinkat(w->out, name, 0);
    warn(w->iteration, number, format, why.message);
}

static void
draw_all(struct writing *w)
{
    json_t *findings = json_object_get(w->iteration, "findings"), *finding;
    size_t i;
    w->deadline = (time_t)ml_clock_seconds() + ALL_DIAGRAMS_SECONDS;
    json_array_foreach(findings, i, finding) {
        long long number = ml_json_integer(finding, "id");
        if (!json_is_object(finding)) {
            continue;
        }
        json_t *diagram = json_pack("{s:n, s:n}", "dot", "svg");
        bool has_graph = json_is_object(json_object_get(finding, "graph"));
        for (int f = 0; has_graph && w->options->formats != NULL &&
                        w->options->formats[f] != NULL; f++) {
            draw(w, finding, number > 0 ? number : (long long)i + 1,
                 w->options->formats[f], diagram);
        }
        json_object_set_new(finding, "diagram", diagram);
    }
}

static int
write_files(struct writing *w, struct ml_error *err)
{
    char name[64];
    int rc;
    snprintf(name, sizeof(name), "iteration_report_%lld.json",
             ml_json_integer(w->iteration, "iteration_number"));
    if ((rc = write_text(w, "version", "1", err)) != ML_OK ||
        (rc = write_json(w, "summary.json", w->summary, err)) != ML_OK) {
        return rc;
    }
    draw_all(w);
    return write_json(w, name, w->iteration, err);
}

/* Makes visible what stands in the hidden directory. */
static int
publish(struct writing *w, struct ml_error *err)
{
    if (w->append) {
        int rc = ml_store_append_move(
            w->dir, w->temp, w->final,
            (int)ml_json_integer(w->iteration, "iteration_number"), err);
        if (rc != ML_ENOTFOUND) {
            return rc;
        }
    }
    if (renameat(w->dir, w->temp, w->dir, w->final) == 0) {
        return ML_OK;
    }
    int failed = errno, rc = cannot_write(w, w->final, failed, err);
    bool appeared = failed == ENOTEMPTY || failed == EEXIST;
    return w->append && appeared ? ML_ESTATE : rc;
}

static int
write_once(struct writing *w, struct ml_error *err)
{
    int rc = open_temp(w, err);
    if (rc != ML_OK) {
        return rc;
    }
    if (w->append) {
        int wanted = (int)ml_json_integer(w->iteration, "iteration_number");
        json_object_set_new(
            w->iteration, "iteration_number",
            json_integer(ml_store_append_number(w->dir, w->final, wanted)));
    }
    complete(w->iteration, w->summary, w->id);
    rc = write_files(w, err);
    if (rc == ML_OK) {
        rc = publish(w, err);
    }
    if (rc != ML_OK || w->append) {
        (void)ml_store_dir_delete(w->dir, w->temp, NULL);
    }
    close(w->out);
    w->out = -1;
    return rc;
}

int
ml_store_append(const struct ml_store_options *options, const char *report,
                json_t *iteration, json_t *summary, char id[ML_REPORT_ID_SIZE],
                struct ml_error *err)
{
    struct writing w = {.options = options, .iteration = iteration,
                        .summary = summary, .dir = -1, .out = -1,
                        .append = report != NULL};
    if (!json_is_object(iteration) || !json_is_object(summary)) {
        return ml_error_set(err, ML_EFORMAT,
                            "a report needs an iteration and a summary");
    }
    if (w.append && !ml_store_dir_id(report, w.id)) {
        return ml_error_set(err, ML_EINVAL,
                            "\"%.40s\" is not a report id (they look like ab12-cd34)",
                            report);
    }
    snprintf(w.final, sizeof(w.final), ML_STORE_PREFIX "%s", w.id);
    int rc = w.dir = ml_store_dir_open(options->directory, true, w.path, err);
    if (rc < 0) {
        return rc;
    }
    /* ML_ESTATE: the report went while we wrote; the next attempt begins it anew */
    rc = ML_ESTATE;
    for (int i = 0; i < MAX_ATTEMPTS && rc == ML_ESTATE; i++) {
        rc = write_once(&w, err);
    }
    if (rc == ML_OK) {
        memcpy(id, w.id, ML_REPORT_ID_SIZE);
        ml_store_dir_clean(w.dir);
        ml_store_keep(w.dir, w.path, options->keep, w.final);
    }
    close(w.dir);
    return rc;
}

int
ml_store_write(const struct ml_store_options *options, json_t *iteration,
               json_t *summary, char id[ML_REPORT_ID_SIZE], struct ml_error *err)
{
    return ml_store_append(options, NULL, iteration, summary, id, err);
}
