/* SPDX-License-Identifier: MIT
 *
 * Lists of rows from several processes put together: rows with the same key become one
 * group. A group keeps what each process has of it, its parts:
 *
 *   {figures: row, parts: [{pid, name, report_id, member: its number, row,
 *                           several: true when the process had more than one row}]}
 *
 * `figures` is the row of the part that is largest, with sums over all parts. Inside the
 * folder report/ only.
 */
#ifndef ML_REPORT_MERGE_ROWS_H
#define ML_REPORT_MERGE_ROWS_H

#include <jansson.h>

#include "error.h"

struct ml_merge_rows {
    const json_t *(*rows)(const json_t *answer);
    const char *keys[4]; /* texts that make a row the same; the first must be there */
    const char *sums[6]; /* a figure that no part has stays null */
    const char *before[3][2]; /* {"count_before", "count"}: where a part has no earlier
                                 figure it counts as unchanged */
    const char *order[2]; /* the largest first, among parts and among groups; with two,
                             the difference counts; with none they stay as they came */
};

/* The groups, largest first; NULL with an error. */
json_t *ml_merge_groups(const json_t *members, const struct ml_merge_rows *spec,
                        struct ml_error *err);

/* The sum of two figures, the largest number there is when that is too small. */
json_t *ml_merge_add(const json_t *a, const json_t *b);

#endif
