/* SPDX-License-Identifier: MIT
 *
 * What the steps of the analysis share: how often a loop asks `cancel`, how far ahead
 * it asks the processor for memory, and a sort that needs none.
 *
 * Only for the .c files of this folder.
 */
#ifndef ML_GRAPH_STEP_H
#define ML_GRAPH_STEP_H

#include "cancel.h"
#include "error.h"

#include <stdint.h>

#define STEP_ASK 8192u /* a power of two */
#define STEP_AHEAD 16u /* nodes; far enough for a cache miss, near enough to stay */

/* ML_ECANCELLED when it is time to ask and the answer is to stop. */
static inline int
step_ask(const struct ml_cancel *c, const char *step, uint64_t i, uint64_t of,
         struct ml_error *err)
{
    if ((i & (STEP_ASK - 1)) == 0 &&
        ml_cancel_ask(c, step, of > 0 ? (double)i / (double)of : 0)) {
        return ml_error_set(err, ML_ECANCELLED, "stopped while: %s", step);
    }
    return ML_OK;
}

/* Sorts in place, ascending: heap sort, because libc's qsort may call malloc. */
static inline void
step_sort(uint64_t *v, size_t n)
{
    for (size_t heap = n / 2, end = n; end > 1;) {
        uint64_t x;
        if (heap > 0) {
            x = v[--heap];
        }
        else {
            x = v[--end];
            v[end] = v[0];
        }
        size_t at = heap;
        for (size_t child = 2 * at + 1; child < end; child = 2 * at + 1) {
            child += child + 1 < end && v[child + 1] > v[child];
            if (v[child] <= x) {
                break;
            }
            v[at] = v[child];
            at = child;
        }
        v[at] = x;
    }
}

#endif
