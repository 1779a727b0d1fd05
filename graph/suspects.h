/* SPDX-License-Identifier: MIT
 *
 * Findings among suspects: the same places as in finding.h, but only some nodes count,
 * those that are older than they should be. There is no minimum: one leaked object is a
 * finding.
 *
 * Suspects of one place are one finding. Folded into it is what it is made of: suspects
 * that hang below members of the finding without being many for each of them (the list
 * and the dict of each leaked session). Where they are many (a new list with 1000 old
 * strings), the many are the finding and their container is where they accumulate.
 * Nodes flagged ML_NODE_FOLD (an instance's own dict, cells) are part of what holds
 * them; only when they hang as members of a container are they findings themselves.
 *
 *   suspects ──► place of each ──► what is part of what ──► ranked by growth
 */
#ifndef ML_GRAPH_SUSPECTS_H
#define ML_GRAPH_SUSPECTS_H

#include "bitset.h"
#include "finding.h"
#include "tally.h"

/* A finding as finding.h has it; `count`, `shallow`, `retained`, `entries` speak of
 * suspects only. */
struct ml_suspect_finding {
    struct ml_finding finding;
    uint32_t first;           /* the first suspect of the place, in path order */
    uint64_t key;             /* of the place, for tallies */
    uint64_t count_before;    /* from the tally; 0: new */
    uint64_t retained_before;
    uint64_t parts;           /* suspects folded into it beyond `count`: what they are
                                 made of, their container, companions and their parts */
    uint64_t companions_before; /* retained by `finding.companions` the last time */
};

struct ml_suspects_options {
    uint32_t max_findings;
    const struct ml_tally *before; /* places of the last look; NULL: none */
    /* Stable names within one process: of a kind (its type's address), and of a root. */
    uint64_t (*kind_key)(void *ctx, uint32_t kind);
    uint64_t (*root_key)(void *ctx, uint32_t root); /* index or ML_PATH_OUTSIDE */
    void *ctx;
};

struct ml_suspects {
    struct ml_suspect_finding *finding; /* most growth of retained bytes first; ties by
                                           retained, then by place */
    uint32_t count;
    uint32_t *of_place; /* [places.count]: the finding whose own place this is or of which
                           it is part; ML_NO_NODE. Indexes `finding`, and may be one of
                           those that were cut off */
    uint32_t place_count;
    const struct ml_alloc *a;
    size_t cap;    /* of `finding` */
    uint32_t all;  /* findings there are, of which the first `count` are wanted */
    struct ml_tally tally; /* see ml_suspects_tally */
};

/* Key of each place, parents first: root, kinds and slots down to it. `out` has room for
 * p->count. No address of an object enters it, so the next sweep finds the same. */
void ml_place_keys(const struct ml_places *p, const struct ml_suspects_options *o,
                   uint64_t *out);

/* Whether nodes of this place are something to a reader: not the tool's, and folded or
 * furniture only as members of a container. */
bool ml_place_is_shown(const struct ml_places *p, uint32_t place);

/* `suspect` has a bit for each node; nodes that no path reaches are passed over. */
int ml_suspects_pick(const struct ml_heap_graph *g, const struct ml_path_tree *t,
                     const struct ml_dominator *d, const struct ml_retained *r,
                     const struct ml_places *p, const struct ml_bitset *suspect,
                     const struct ml_suspects_options *options, const struct ml_alloc *a,
                     const struct ml_cancel *cancel, struct ml_suspects *out,
                     struct ml_error *err);
void ml_suspects_fini(struct ml_suspects *s);

/* The tally to remember for next time: one row per place that could be a finding by its
 * key, whatever speaks for it now, since that may be another one next time. Replaces
 * what is in `out`; not closed to a number of rows. */
int ml_suspects_tally(const struct ml_suspects *s, struct ml_tally *out);

#endif
