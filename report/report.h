/* SPDX-License-Identifier: MIT
 *
 * A report as data, and everything that is done with it outside the user's program:
 * stored, listed, read, printed, drawn. The data itself is jansson's json_t in the
 * shape of docs/internals/result-format.md; unknown keys are kept, missing ones
 * tolerated. This runs in memalotctl only (as the writer or in front of a person), so
 * malloc, stdio to given streams, jansson, cgraph, gvc and smartcols are at hand.
 */
#ifndef ML_REPORT_REPORT_H
#define ML_REPORT_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "error.h"

/* -- store.c: reports on disk ----------------------------------------------------- */

#define ML_REPORT_ID_SIZE 10 /* "ab12-cd34" and the end */

/* "~" and "~/x" expanded by $HOME, or by the password file when HOME belongs to
 * somebody else; out gets an absolute path. */
int ml_store_expand(const char *directory, char *out, size_t cap, struct ml_error *err);

/* Stores a new report of one iteration: draws its diagrams when `formats` asks
 * ("dot", "svg", "png"), writes everything under a temporary name, renames, then
 * removes the oldest reports beyond `keep`. `iteration` and `summary` get their
 * report_id and file names filled in. `id` gets the new id. */
struct ml_store_options {
    const char *directory; /* expanded by the function */
    int keep;
    const char *const *formats; /* NULL-terminated */
    int max_nodes;
};
int ml_store_write(const struct ml_store_options *options, json_t *iteration,
                   json_t *summary, char id[ML_REPORT_ID_SIZE], struct ml_error *err);

/* The same, but the iteration becomes one more of the report `report` (its id), whose
 * summary stays as it is. When the report has that iteration already, the next free
 * number is taken and written into `iteration`. A report that has vanished begins anew
 * under the same id; NULL is a new report. */
int ml_store_append(const struct ml_store_options *options, const char *report,
                    json_t *iteration, json_t *summary, char id[ML_REPORT_ID_SIZE],
                    struct ml_error *err);

/* Newest first: array of summary objects, each with report_id and iterations (a number),
 * and "broken": reason for a directory that cannot be read. A missing directory is an
 * empty list. */
int ml_store_list(const char *directory, json_t **out, struct ml_error *err);

/* One report: {summary, iterations: [...], iteration_count}, iterations ascending; one
 * that cannot be read is {iteration_number, "broken": reason}. `id` with or without the
 * directory's prefix "memalot_report_". */
int ml_store_read(const char *directory, const char *id, json_t **out,
                  struct ml_error *err);
/* The same, but only those iterations are read: the `newest` ones, or the one with this
 * `number` (then possibly none); zeroed: all. iteration_count is of all. */
struct ml_store_pick {
    int newest, number;
};
int ml_store_read_some(const char *directory, const char *id,
                       const struct ml_store_pick *pick, json_t **out,
                       struct ml_error *err);
int ml_store_remove(const char *directory, const char *id, struct ml_error *err);

/* -- render_text.c: for a person ---------------------------------------------------- */

struct ml_text_style {
    bool color;    /* ANSI colours */
    bool unicode;  /* box drawing and the like; else ASCII */
    int width;     /* columns; 0: not a terminal, do not cut */
};

/* "1.2 GiB", "512 B"; "48 211"; written into `out` (32 bytes are enough). */
const char *ml_text_bytes(double bytes, char out[32]);
const char *ml_text_count(long long n, char out[32]);

/* What of a report is printed; zeroed: all of it. */
struct ml_render_choice {
    int num_iterations;       /* the newest; 0: all */
    int max_findings;         /* of each iteration; 0: all */
    const char *show_all;     /* the command that shows what was left out, or NULL */
    const char *const *types; /* NULL-terminated substrings, or NULL */
    bool summary_only;
    const char *report_path; /* the report's directory, for paths of pictures, or NULL */
};
void ml_render_chosen_iteration(FILE *to, const json_t *iteration,
                                const struct ml_text_style *style,
                                const struct ml_render_choice *choice);
void ml_render_chosen_report(FILE *to, const json_t *report,
                             const struct ml_text_style *style,
                             const struct ml_render_choice *choice);
/* A whole iteration: verdict, findings, sweep figures. `max_findings` 0: all. */
void ml_render_iteration(FILE *to, const json_t *iteration,
                         const struct ml_text_style *style, int max_findings);
/* A whole saved report (of either tool). `num_iterations` newest ones, 0 for all;
 * `types` NULL-terminated substrings or NULL; `summary_only`. */
void ml_render_report(FILE *to, const json_t *report, const struct ml_text_style *style,
                      int num_iterations, const char *const *types, bool summary_only);
/* Answers of the control methods as tables and trees. */
void ml_render_types(FILE *to, const json_t *answer, const struct ml_text_style *style);
void ml_render_retained(FILE *to, const json_t *answer,
                        const struct ml_text_style *style);
void ml_render_paths(FILE *to, const json_t *answer, const struct ml_text_style *style);
void ml_render_refs(FILE *to, const json_t *answer, const struct ml_text_style *style);
void ml_render_garbage(FILE *to, const json_t *answer,
                       const struct ml_text_style *style);
void ml_render_growth(FILE *to, const json_t *answer, const struct ml_text_style *style);
void ml_render_refcounts(FILE *to, const json_t *answer,
                         const struct ml_text_style *style);
void ml_render_memory(FILE *to, const json_t *answer, const struct ml_text_style *style);
void ml_render_list(FILE *to, const json_t *reports, const struct ml_text_style *style);

/* The merged answers to `snapshot` of several processes (merge.h). */
void ml_render_family(FILE *to, const json_t *merged, const struct ml_text_style *style,
                      const struct ml_render_choice *choice);

/* What changed between two iterations (report_diff.h), at most `limit` rows of each
 * table, 0 for all. */
void ml_render_diff(FILE *to, const json_t *diff, const struct ml_text_style *style,
                    int limit);

/* -- diagram.c: DOT and pictures, the only code that includes cgraph.h and gvc.h ---- */

/* Draws `graph` (result-format.md) with a title and a legend. `format` is "dot",
 * "svg" or "png"; the text or picture is written to `path`. At most `max_nodes` nodes,
 * the rest summed up in one "more" node. */
int ml_diagram_write(const json_t *graph, const char *title, const char *format,
                     int max_nodes, const char *path, struct ml_error *err);

#endif
