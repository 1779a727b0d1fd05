/* SPDX-License-Identifier: MIT
 *
 * How a long loop over the heap is watched: it says how far it is and asks whether
 * to go on, a few thousand steps apart. NULL is allowed everywhere.
 */
#ifndef ML_GRAPH_CANCEL_H
#define ML_GRAPH_CANCEL_H

#include <stdbool.h>
#include <stddef.h>

struct ml_cancel {
    /* true: stop now; the algorithm returns ML_ECANCELLED. `done` is 0 to 1. */
    bool (*ask)(void *ctx, const char *step, double done);
    void *ctx;
};

static inline bool
ml_cancel_ask(const struct ml_cancel *c, const char *step, double done)
{
    return c != NULL && c->ask != NULL && c->ask(c->ctx, step, done);
}

#endif
