/* SPDX-License-Identifier: MIT
 *
 * Which places hold more than at the last look. Nothing is known of ages here: two
 * tallies of all places are compared.
 *
 * Of places below each other the topmost that has more members than before is told, since
 * what hangs below new members came with them; one further down only when it grew by far
 * more (a registry of one plugin more, in which 100 000 results piled up). A place with
 * no more members, or only a trifle of them, is told when its members became heavier by
 * what no place below explains: a bytearray that grows.
 */
#ifndef ML_GRAPH_GROWTH_H
#define ML_GRAPH_GROWTH_H

#include "finding.h"
#include "tally.h"

struct ml_grown {
    uint32_t place;
    uint64_t count_before, retained_before;
    uint64_t companions; /* how many more there are of other kinds in its container */
};

struct ml_growth {
    struct ml_grown *row; /* most growth of retained bytes first; ties by place */
    uint32_t count;
    const struct ml_alloc *a;
    size_t cap;
};

/* `key` has the places' keys (ml_place_keys), `before` the tally of that time, closed. */
int ml_growth_pick(const struct ml_places *p, const uint64_t *key,
                   const struct ml_tally *before, const struct ml_alloc *a,
                   struct ml_growth *out, struct ml_error *err);
void ml_growth_fini(struct ml_growth *g);

#endif
