/* SPDX-License-Identifier: MIT
 *
 * Everything that is computed once over a frozen graph, in the order in which the
 * steps need each other; one file per step, each usable and tested alone:
 *
 *   reverse    who refers to a node (CSR of the reversed references)
 *   reach      what is alive, what is cyclic garbage, who is held from outside
 *   path       shortest path tree from the roots
 *   dominator  immediate dominators over the virtual root
 *   retained   bytes that would go with a node
 *
 * All arrays are indexed by node and belong to the struct they stand in. Every
 * function returns 0, ML_ENOMEM or ML_ECANCELLED, and leaves `out` empty on failure.
 */
#ifndef ML_GRAPH_ANALYSIS_H
#define ML_GRAPH_ANALYSIS_H

#include "bitset.h"
#include "cancel.h"
#include "heap_graph.h"

/* -- reverse.c ------------------------------------------------------------------ */

struct ml_reverse {
    uint32_t *first; /* [node_count + 1] */
    uint32_t *from;  /* [edge_count]; ascending within a node; one entry per reference,
                        so a node that refers twice stands there twice */
    uint32_t node_count, edge_count;
};

int ml_reverse_build(const struct ml_heap_graph *g, const struct ml_alloc *a,
                     const struct ml_cancel *cancel, struct ml_reverse *out,
                     struct ml_error *err);
void ml_reverse_fini(struct ml_reverse *r, const struct ml_alloc *a);

/* -- reach.c --------------------------------------------------------------------
 *
 * `refs[node]` is the object's reference count less what the taker could explain
 * otherwise (named roots, known corrections); ML_REFS_UNKNOWN when it says nothing
 * (then the node is not taken as held from outside). A node with more references
 * than the graph shows is held from outside ("unexplained") and keeps alive what it
 * reaches; named roots do too. The rest is cyclic garbage. */

#define ML_REFS_UNKNOWN INT32_MIN

struct ml_reach {
    struct ml_bitset alive;    /* reachable from a named root or from outside */
    struct ml_bitset named;    /* reachable from a named root that is not our own */
    struct ml_bitset outside;  /* more references than the graph shows */
    struct ml_bitset in_hand;  /* alive only by roots of rank ML_ROOT_OWN */
    int32_t *excess;           /* references not explained; negative: over-explained;
                                  0 where unknown */
    uint32_t alive_count, garbage_count, outside_count;
    uint64_t alive_size, garbage_size;
};

int ml_reach_compute(const struct ml_heap_graph *g, const struct ml_reverse *r,
                     const int32_t *refs, const struct ml_alloc *a,
                     const struct ml_cancel *cancel, struct ml_reach *out,
                     struct ml_error *err);
void ml_reach_fini(struct ml_reach *r, const struct ml_alloc *a);

/* -- path.c ---------------------------------------------------------------------
 *
 * Shortest path tree. Roots start at distance `rank`; each reference adds 1. Nodes
 * of `outside` that no named root reaches start at ML_PATH_OUTSIDE_RANK. Ties go to
 * the root listed first, then to the lower node index, so that two runs agree. Nodes
 * flagged ML_NODE_OWN are neither entered nor used, roots of rank ML_ROOT_OWN are no
 * beginning. */

#define ML_PATH_OUTSIDE_RANK 64

struct ml_path_tree {
    uint32_t *parent; /* ML_NO_NODE for roots' first nodes and unreached nodes */
    uint32_t *root;   /* index into g->roots, ML_PATH_OUTSIDE when it starts at a node
                         held from outside, ML_NO_NODE when unreached */
    uint32_t *order;  /* reached nodes, parents before children */
    uint32_t reached;
    uint32_t node_count;
};

#define ML_PATH_OUTSIDE (UINT32_MAX - 1)

int ml_path_tree_build(const struct ml_heap_graph *g, const struct ml_reach *reach,
                       const struct ml_alloc *a, const struct ml_cancel *cancel,
                       struct ml_path_tree *out, struct ml_error *err);
void ml_path_tree_fini(struct ml_path_tree *t, const struct ml_alloc *a);

/* -- dominator.c ----------------------------------------------------------------
 *
 * Immediate dominators of all alive nodes over a virtual root above the named roots
 * and the nodes held from outside. idom[n] is ML_NO_NODE when only the virtual root
 * dominates n, and also for garbage and what is alive only in our own hands (see
 * `reach`). */

struct ml_dominator {
    uint32_t *idom;
    uint32_t *order; /* held nodes so that a dominator comes before what it dominates */
    uint32_t count;
    uint32_t node_count;
};

int ml_dominator_build(const struct ml_heap_graph *g, const struct ml_reverse *r,
                       const struct ml_reach *reach, const struct ml_alloc *a,
                       const struct ml_cancel *cancel, struct ml_dominator *out,
                       struct ml_error *err);
void ml_dominator_fini(struct ml_dominator *d, const struct ml_alloc *a);

/* -- retained.c ----------------------------------------------------------------- */

struct ml_retained {
    uint64_t *bytes;   /* own size and that of all it dominates; 0 where there is no
                          dominator tree: garbage, in hand */
    uint32_t *objects; /* how many nodes that is, itself included; 0 likewise */
    uint32_t node_count;
};

int ml_retained_compute(const struct ml_heap_graph *g, const struct ml_dominator *d,
                        const struct ml_alloc *a, struct ml_retained *out,
                        struct ml_error *err);
void ml_retained_fini(struct ml_retained *r, const struct ml_alloc *a);

/* Bytes and objects that would go with all nodes of `members` together, counting
 * nested ones once: members dominated by another member add nothing. Exact up to
 * objects shared between members only. `members` ascending or not. */
int ml_retained_of_set(const struct ml_heap_graph *g, const struct ml_dominator *d,
                       const struct ml_retained *r, const uint32_t *members,
                       size_t count, const struct ml_alloc *a, uint64_t *bytes,
                       uint64_t *objects, struct ml_error *err);

/* Per kind (0..kind_count): held nodes, their shallow bytes, and the bytes that
 * would go with all of them (nested ones counted once). Own nodes left out. */
struct ml_kind_sum {
    uint64_t count, shallow, retained;
};

int ml_retained_by_kind(const struct ml_heap_graph *g, const struct ml_dominator *d,
                        const struct ml_retained *r, uint32_t kind_count,
                        struct ml_kind_sum *out, const struct ml_alloc *a,
                        struct ml_error *err);

#endif
