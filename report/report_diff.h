/* SPDX-License-Identifier: MIT
 *
 * What changed between two iterations, of one report or of two: the memory, findings by
 * fingerprint (the same leak has the same one in every process, run and release), types
 * by name. Data in, data out; ml_render_diff shows it.
 *
 *   {before, after: {report_id, iteration_number, end_time},
 *    memory:   {rss, peak_rss, live_objects, live_size: {before, after, diff}},
 *    findings: [{state, fingerprint, title, type, path, count_before, count, count_diff,
 *                retained_before, retained_size, retained_diff}],
 *    types:    [{state, type, count_before, count, count_diff,
 *                size_before, size, size_diff}],
 *    totals:   {findings, types: {new, grown, shrunk, unchanged, gone}}}
 *
 * `state` is "new", "grown", "unchanged", "shrunk" or "gone", and the lists are in that
 * order, the largest difference first. Grown and shrunk go by the number of objects;
 * when that is the same, by what they retain (one dict that swells). Figures that one
 * of the iterations does not have are null. Sizes are bytes.
 */
#ifndef ML_REPORT_REPORT_DIFF_H
#define ML_REPORT_REPORT_DIFF_H

#include "report.h"

/* Both stay as they are; NULL or a broken one is ML_EFORMAT. */
int ml_report_diff(const json_t *before, const json_t *after, json_t **out,
                   struct ml_error *err);

#endif
