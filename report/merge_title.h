/* SPDX-License-Identifier: MIT
 *
 * The sentence for a finding of several processes:
 *
 *   48 000 Session objects (+120) in 8 processes held by app.SESSIONS retain 90.0 MiB:
 *   6 012 in 4711, 6 010 in 4712, 6 003 in 4713 and 29 975 in 5 others
 *
 * Inside the folder report/ only.
 */
#ifndef ML_REPORT_MERGE_TITLE_H
#define ML_REPORT_MERGE_TITLE_H

#include <jansson.h>

/* `f` has the sums, `parts` are those of merge_rows.h with `inherited`: bool. What only
 * one of several `answers` has keeps its sentence, which then says so. A new reference. */
json_t *ml_merge_title(const json_t *f, const json_t *parts, size_t answers);

#endif
