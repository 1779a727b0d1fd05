/* SPDX-License-Identifier: MIT
 *
 * The line that the writer reads: an iteration, the summary of its report, and for a
 * monitor where it belongs and how it is to be told (docs/internals/result-format.md).
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "answers.h"
#include "compat/compat.h"
#include "small_file.h"
#include "watch.h"

/* Which report the iteration belongs to, and how its text is wanted. */
static void
write_wishes(struct ml_json *j, const struct ml_watch *w)
{
    ml_json_kv_bool(j, "save", w->save);
    ml_json_key(j, "report");
    ml_json_begin_object(j);
    ml_json_kv_str(j, "id", w->report_id[0] != '\0' ? w->report_id : NULL);
    ml_json_kv_uint(j, "iteration", w->iteration);
    ml_json_end_object(j);
    if (!w->text) {
        ml_json_kv_null(j, "text");
        return;
    }
    ml_json_key(j, "text");
    ml_json_begin_object(j);
    ml_json_kv_int(j, "width", w->width);
    ml_json_kv_bool(j, "color", w->color);
    ml_json_kv_bool(j, "boxes", w->boxes);
    ml_json_end_object(j);
}

/* {"iteration": ..., "summary": {...}}, the writer's input */
void
sweep_writer_line(const struct sweep_job *job, const struct ml_watch *watch,
                  const struct ml_buf *iteration, struct ml_buf *line)
{
    char start[64], path[64], command[4096];
    struct ml_json j;
    describe_time(job->started_at, start);
    snprintf(path, sizeof(path), "/proc/%d/cmdline", job->pid);
    size_t n = ml_small_file_read(path, command, sizeof(command));
    ml_json_init(&j, line);
    ml_json_begin_object(&j);
    ml_json_key(&j, "iteration");
    ml_json_raw(&j, iteration->data, iteration->len);
    ml_json_key(&j, "summary");
    ml_json_begin_object(&j);
    ml_json_kv_null(&j, "report_id");
    ml_json_kv_str(&j, "entrypoint", command);
    ml_json_key(&j, "arguments");
    ml_json_begin_array(&j);
    for (size_t at = strlen(command) + 1; at < n; at += strlen(command + at) + 1) {
        ml_json_str(&j, command + at);
    }
    ml_json_end_array(&j);
    ml_json_kv_str(&j, "start_time", start);
    ml_json_kv_int(&j, "pid", job->pid);
    ml_json_kv_str(&j, "name", job->name);
    ml_json_kv_str(&j, "python_version", compat_version());
    ml_json_kv_str(&j, "memalot_version", ML_VERSION);
    ml_json_end_object(&j);
    if (watch != NULL) {
        write_wishes(&j, watch);
    }
    ml_json_end_object(&j);
}
