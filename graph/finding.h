/* SPDX-License-Identifier: MIT
 *
 * Findings: objects of one kind that are held through the same abstract path.
 *
 * The shortest path tree is folded into a tree of *places* (a trie): children of a
 * place that have the same kind and hang at the same slot share one place. The slot
 * is the number of the reference within its holder, or ML_SLOT_SPREAD for holders
 * whose members are many of a kind (lists, big dicts). Roots are places of their own.
 * A chain that repeats itself (a linked list, a tree) folds back onto the place it
 * repeats, so that a million nodes in a row are one place, not a million.
 *
 *   root SESSIONS ── dict ──[*]── Session ×48211 ──.cart── list ×48211 ──[*]── Item
 *
 * A finding is the place below which the number of paths jumps: walking down from a
 * root along what retains most, the step with the greatest fan-out. What hangs below a
 * finding, and what shares its container (the keys of its dict), is part of it.
 */
#ifndef ML_GRAPH_FINDING_H
#define ML_GRAPH_FINDING_H

#include "analysis.h"

#define ML_SLOT_SPREAD UINT32_MAX

struct ml_place {
    uint32_t parent;      /* place, ML_NO_NODE at a root */
    uint32_t root;        /* index into g->roots, ML_PATH_OUTSIDE, as in ml_path_tree */
    uint32_t kind;
    uint32_t slot;        /* reference number in the holder, ML_SLOT_SPREAD, or 0 at a root */
    uint32_t count;       /* nodes here */
    uint32_t first;       /* the first of them in path order */
    uint32_t depth;
    bool folded_back;     /* a chain repeats onto this place */
    uint8_t flags;        /* enum ml_node_flags of the first of them; all of them agree
                             about ML_NODE_FOLD and ML_NODE_FURNITURE */
    uint32_t holder;      /* the node from which most of them hang directly, ML_NO_NODE at
                             a root */
    uint32_t entries;     /* how many of them hang from it */
    uint64_t shallow;     /* bytes of the nodes themselves */
    uint64_t retained;    /* bytes that go with all of them; nested ones counted once */
};

struct ml_places {
    struct ml_place *place; /* parents before children */
    uint32_t count;
    uint32_t *of_node;      /* place of each node, ML_NO_NODE when unreached */
    uint32_t node_count;
    const struct ml_alloc *a;
    size_t cap; /* of `place` */
};

/* Beyond so many places deeper nodes join the place of their holder. */
#define ML_PLACES_MAX (1u << 20)

int ml_places_build(const struct ml_heap_graph *g, const struct ml_path_tree *t,
                    const struct ml_dominator *d, const struct ml_retained *r,
                    const struct ml_alloc *a, const struct ml_cancel *cancel,
                    struct ml_places *out, struct ml_error *err);
void ml_places_fini(struct ml_places *p);

/* The places from the root down to `place`, itself last, for naming. Writes at most
 * `max` of them, the ones nearest to `place`; returns how many there are. */
uint32_t ml_places_chain(const struct ml_places *p, uint32_t place, uint32_t *out,
                         uint32_t max);

/* The nearest place above that is not ML_NODE_FOLD; ML_NO_NODE at a root. */
uint32_t ml_places_holder(const struct ml_places *p, uint32_t place);

/* Debug check of what is written above, against the tree it was built from; 0 or
 * ML_EINVAL with a message. */
int ml_places_validate(const struct ml_places *p, const struct ml_heap_graph *g,
                       const struct ml_path_tree *t, struct ml_error *err);

struct ml_finding {
    uint32_t place;        /* of the objects themselves */
    uint32_t accumulation; /* node that holds the most of them (or them all): the
                              container below which paths jump; ML_NO_NODE at a root */
    uint32_t entries;      /* members of the finding that hang from that node; of a chain
                              that folds back, those that hang from it directly */
    uint32_t count;
    uint64_t shallow, retained;
    uint64_t companions;          /* members of other kinds that share the container */
    uint64_t companions_retained; /* what goes with those */
};

struct ml_finding_options {
    uint32_t max_findings;
    uint32_t min_count;        /* places with fewer members need ... */
    uint64_t min_single_size;  /* ... at least this much retained by each */
    /* Whether nodes of this kind may be findings; NULL: all. Asked once per place. */
    bool (*wanted)(void *ctx, uint32_t kind);
    void *ctx;
    uint32_t min_outside;      /* of objects held from outside so many are enough; 0: as
                                  of others */
};

struct ml_findings {
    struct ml_finding *finding; /* largest retained, companions included, first; ties
                                   by place */
    uint32_t count;
    const struct ml_alloc *a;
    size_t cap; /* of `finding` */
};

int ml_findings_pick(const struct ml_heap_graph *g, const struct ml_path_tree *t,
                     const struct ml_places *p, const struct ml_retained *r,
                     const struct ml_finding_options *options, const struct ml_alloc *a,
                     struct ml_findings *out, struct ml_error *err);
void ml_findings_fini(struct ml_findings *f);

/* The nodes of a place in path order, at most `max`; returns how many were written. */
uint32_t ml_places_members(const struct ml_places *p, const struct ml_path_tree *t,
                           uint32_t place, uint32_t *out, uint32_t max);

#endif
