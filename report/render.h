/* SPDX-License-Identifier: MIT
 *
 * The parts a printed report is put together from, one file each. Public entry points
 * stand in report.h.
 */
#ifndef ML_REPORT_RENDER_H
#define ML_REPORT_RENDER_H

#include "paint.h"

/* render_text.c: "2026-01-31T20:54:19.078977Z" as "2026-01-31 20:54:19". */
void ml_render_time(struct ml_paint *p, enum ml_color color, const json_t *time);

/* The sentence of a `native` object: who in native code holds it, or that nobody does. */
void ml_render_native(struct ml_paint *p, const json_t *native);

/* render_findings.c: the findings of an iteration, worst first. One that `details`
 * (NULL: none) has an object of is shown without its chain and examples. */
void ml_render_findings(struct ml_paint *p, const json_t *findings,
                        const struct ml_render_choice *choice, const json_t *details);
/* A path from its root as a tree without branches, one node a line. */
void ml_render_chain(struct ml_paint *p, const json_t *nodes, int indent);

/* render_referrers.c: details of single objects in the version-1 form, each with the
 * tree of what holds it. */
void ml_render_details(struct ml_paint *p, const json_t *details,
                       const char *const *types);

/* render_monitor.c: an iteration of a monitor (it has the key "monitor"), from its box
 * to "End of Memalot Report". */
void ml_render_monitored(struct ml_paint *p, const json_t *iteration,
                         const struct ml_render_choice *choice);

/* render_watch.c: its box, and what there is to say about it before any detail. */
void ml_render_watched(struct ml_paint *p, const json_t *iteration);
void ml_render_watch_verdict(struct ml_paint *p, const json_t *iteration);

/* render_family.c: what each process has of a finding of several:
 * "4711: 6 012 (+12), 11.2 MiB · 4712: … · 7 by fork"; further lines begin at `indent`. */
void ml_render_processes(struct ml_paint *p, const json_t *processes, int indent);

/* render_tables.c */
void ml_render_type_table(struct ml_paint *p, const json_t *types, const char *name_key,
                          const char *const *wanted);
/* An empty line, then "1 204 553 live objects in 1.3 GiB" and the like. */
void ml_render_totals(struct ml_paint *p, const json_t *totals);

/* render_sweep.c: "sweep: pause 5.1 ms, …" and one line for each warning. */
void ml_render_sweep(struct ml_paint *p, const json_t *sweep);
void ml_render_warnings(struct ml_paint *p, const json_t *sweep);
/* What the process's memory did; NULL-safe for reports without a verdict. */
void ml_render_verdict(struct ml_paint *p, const json_t *iteration);

/* Whether a type name contains one of the substrings, in whatever case (all do when
 * there are none). */
bool ml_render_wanted(const char *type, const char *const *types);

#endif
