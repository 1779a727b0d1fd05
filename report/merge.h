/* SPDX-License-Identifier: MIT
 *
 * The answers of several processes put together into one, so that the same leak in
 * eight workers is one finding with eight counts. Data in, data out; ml_render_family
 * and the functions for the answer of one process show it.
 *
 * `members`, in the order in which they are to be shown:
 *
 *   [{pid, name, parent: pid|null, pss: bytes|null, answer: what the method answered} |
 *    {pid, name, parent, error: sentence}]
 *
 * The result has the keys of an answer, with sums for figures, and `processes`; what
 * they mean there: docs/internals/result-format.md.
 */
#ifndef ML_REPORT_MERGE_H
#define ML_REPORT_MERGE_H

#include "report.h"

/* Whether answers of this method can be put together. */
bool ml_merge_knows(const char *method);

/* `members` stay as they are. Lists of rows are cut after `limit`, 0: not at all.
 * ML_EINVAL: a method that is not known. */
int ml_merge(const char *method, const json_t *members, int limit, json_t **out,
             struct ml_error *err);

#endif
