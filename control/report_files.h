/* SPDX-License-Identifier: MIT
 *
 * Saved reports as the agent sees them: files to pass on. They are read with plain
 * read(), checked as JSON, put on one line and spliced into the answer; their contents
 * are not understood here (report/ does that, in memalotctl). Links, pipes and files
 * over ML_REPORT_FILE_MAX are not read.
 */
#ifndef ML_CONTROL_REPORT_FILES_H
#define ML_CONTROL_REPORT_FILES_H

#include "error.h"
#include "json_write.h"

#define ML_REPORT_FILE_MAX ((size_t)64 * 1024 * 1024)

/* Writes {directory, reports: [{report_id, ...summary} | {report_id, broken}]}, newest
 * first, at most `limit` (negative: all). A missing directory is an empty list. */
int ml_report_files_list(const char *directory, int limit, const struct ml_alloc *a,
                         struct ml_json *out, struct ml_error *err);

/* Writes {summary, iterations}: the `newest` last ones (negative: all), ascending.
 * `id` with or without "memalot_report_". */
int ml_report_files_get(const char *directory, const char *id, int newest,
                        const struct ml_alloc *a, struct ml_json *out,
                        struct ml_error *err);

#endif
