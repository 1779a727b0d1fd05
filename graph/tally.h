/* SPDX-License-Identifier: MIT
 *
 * What was counted the last time: sorted rows of (key, count, bytes), so that the next
 * look can say what grew. A key stands for a type or a place and is the same in every
 * sweep of one process; see suspects.h. Plain data: a tally is handed over as its bytes.
 */
#ifndef ML_GRAPH_TALLY_H
#define ML_GRAPH_TALLY_H

#include "alloc.h"
#include "error.h"

struct ml_tally_row {
    uint64_t key;
    uint64_t count;
    uint64_t bytes;
};

struct ml_tally {
    struct ml_tally_row *row; /* ascending by key, no key twice */
    uint32_t count;
    uint32_t cap;
    const struct ml_alloc *a;
};

void ml_tally_init(struct ml_tally *t, const struct ml_alloc *a);
void ml_tally_fini(struct ml_tally *t);

/* Appends a row in any order; ML_ENOMEM leaves the tally as it was. */
int ml_tally_add(struct ml_tally *t, uint64_t key, uint64_t count, uint64_t bytes);

/* Sorts, adds up rows of one key, and keeps the `max` with the most bytes (0: all).
 * Does not allocate, calls no libc qsort. */
void ml_tally_close(struct ml_tally *t, uint32_t max);

/* The row of `key` in a closed tally, NULL when there is none. */
const struct ml_tally_row *ml_tally_find(const struct ml_tally *t, uint64_t key);

/* Replaces the rows by a copy of `count` rows from elsewhere; ML_EFORMAT when they are
 * not ascending. */
int ml_tally_take(struct ml_tally *t, const struct ml_tally_row *rows, uint32_t count);

#endif
