/* SPDX-License-Identifier: MIT
 *
 * Graphs for tests, drawn in text or thrown by dice.
 *
 *     root a            a named root of rank 0; `root a 3` for another rank,
 *                       `root a own` for ML_ROOT_OWN
 *     a: b c c          references of a, in this order
 *     b size=100 kind=7 flags=9 refs=2
 *
 * Statements end with `;` or a newline. A node's index is the order in which its name
 * first appears. A new node has size 1, kind 0, no flags, and a reference count of
 * what the graph shows (what a named root holds is taken off already); `refs` is
 * another count.
 */
#ifndef ML_TESTS_GRAPH_DSL_H
#define ML_TESTS_GRAPH_DSL_H

#include "analysis.h"

#define DSL_NODES 256
#define DSL_NAME 12

struct dsl {
    struct ml_heap_graph g;
    int32_t *refs; /* what ml_reach_compute wants; [g.node_count] */
    char name[DSL_NODES][DSL_NAME];
    uint32_t count;
};

/* Fails the test on a mistake in `text`. */
void dsl_read(struct dsl *d, const char *text);
void dsl_fini(struct dsl *d);
uint32_t dsl_node(const struct dsl *d, const char *name);
/* "-" for ML_NO_NODE. */
const char *dsl_name(const struct dsl *d, uint32_t node);

/* A small, repeatable source of numbers (splitmix64). */
struct dice {
    uint64_t state;
};

uint64_t dice_throw(struct dice *dice, uint64_t below);

/* A random graph of up to `max_nodes` nodes: parallel references and loops, roots of
 * several ranks, nodes held from outside, some unknown counts, some own nodes. Built
 * with `a`; returns 0 or the builder's error (then nothing is left behind). `*refs`
 * comes from libc's malloc. */
int dsl_random(struct ml_heap_graph *g, int32_t **refs, uint64_t seed,
               uint32_t max_nodes, const struct ml_alloc *a);

/* reverse, reach, path, dominator, retained at once, with libc's allocator. */
struct analysed {
    struct ml_reverse reverse;
    struct ml_reach reach;
    struct ml_path_tree path;
    struct ml_dominator dom;
    struct ml_retained retained;
};

/* 0 or the first error; what was made stays to be given back. */
int analysed_build(struct analysed *s, const struct ml_heap_graph *g,
                   const int32_t *refs, const struct ml_alloc *a,
                   const struct ml_cancel *cancel, struct ml_error *err);
void analysed_fini(struct analysed *s, const struct ml_alloc *a);

#endif
