/* SPDX-License-Identifier: MIT
 *
 * The steps from suspects to findings, between themselves: what the suspects of each
 * place are and weigh (suspect_places.c), what is part of what (suspect_heads.c), and
 * the telling (suspects.c). Private to these three; everybody else reads suspects.h.
 */
#ifndef ML_GRAPH_SUSPECT_PLACES_H
#define ML_GRAPH_SUSPECT_PLACES_H

#include "suspects.h"

/* What a place has to do with suspects, beside its figures. */
struct ml_suspect_place {
    uint32_t first;         /* first suspect in path order, ML_NO_NODE: there is none */
    uint32_t scan, scanned; /* holder that was counted last, and its suspects here */
    uint32_t head;          /* place at or above this one of whose finding it is part */
    uint32_t into;          /* as head: another that takes it over, ML_NO_NODE */
    uint32_t leader;        /* as container: the head that speaks for its members */
    uint32_t best;          /* as head of one: the many in it that retain most */
    uint64_t covered;       /* as head of one: retained by the many in it */
    bool companion;         /* `into` shares the container */
    bool noise;             /* a head that is no finding: new furniture */
};

struct ml_suspect_places {
    /* The places once more; count, holder, entries, shallow and retained speak of
     * suspects only, everything else is as it was. */
    struct ml_places p;
    struct ml_suspect_place *mark; /* [p.count] */
};

/* On failure nothing is left. `p` must outlive `out`. */
int ml_suspect_places_build(const struct ml_heap_graph *g, const struct ml_path_tree *t,
                            const struct ml_dominator *d, const struct ml_retained *r,
                            const struct ml_places *p, const struct ml_bitset *suspect,
                            const struct ml_alloc *a, const struct ml_cancel *cancel,
                            struct ml_suspect_places *out, struct ml_error *err);
void ml_suspect_places_fini(struct ml_suspect_places *s);

/* Whether suspects of this place may be a finding. */
bool ml_suspect_candidate(const struct ml_suspect_places *s, uint32_t place);

/* Fills head, into, companion and noise of every place. */
void ml_suspect_heads(struct ml_suspect_places *s);

/* The head that speaks for `place` in the end, ML_NO_NODE: none. */
uint32_t ml_suspect_head(const struct ml_suspect_places *s, uint32_t place);

#endif
