/* SPDX-License-Identifier: MIT
 *
 * A heap as a program would have it, for the tests of places and findings: nodes and
 * references are added by loops, in any order, then sketch_analyse() runs the real
 * analysis over it. (Graphs that fit into a line of text: graph_dsl.)
 *
 *     struct sketch s;
 *     sketch_init(&s);
 *     uint32_t cache = sketch_root(&s, DICT, 64, ML_NODE_SPREAD);
 *     sketch_child(&s, cache, SESSION, 48, 0);
 *     sketch_analyse(&s);
 *     ... s.places, s.ret ...
 *     sketch_fini(&s);
 */
#ifndef ML_TESTS_HEAP_SKETCH_H
#define ML_TESTS_HEAP_SKETCH_H

#include "finding.h"

enum sketch_kind {
    DICT, LIST, TUPLE, STR, FLOAT, BYTES, FUNCTION, CELL, MODULE, APP, BUS, PLUGIN,
    SESSION, CART, ITEM, NODE, ORDER, SKETCH_KINDS
};

struct sketch_edge {
    uint32_t from, to;
};

ML_VEC(sketch_nodes, struct ml_node_info)
ML_VEC(sketch_edges, struct sketch_edge)

struct sketch {
    struct sketch_nodes nodes;
    struct sketch_edges edges;
    struct ml_root_vec roots;
    struct ml_u32vec outside; /* nodes with a reference too many */
    struct ml_heap_graph g;
    struct ml_reverse rev;
    struct ml_reach reach;
    struct ml_path_tree tree;
    struct ml_dominator dom;
    struct ml_retained ret;
    struct ml_places places;
};

void sketch_init(struct sketch *s);
void sketch_fini(struct sketch *s);

uint32_t sketch_node(struct sketch *s, uint32_t kind, uint64_t size, uint8_t flags);
void sketch_edge(struct sketch *s, uint32_t from, uint32_t to);
uint32_t sketch_child(struct sketch *s, uint32_t of, uint32_t kind, uint64_t size,
                      uint8_t flags);
/* A new node that is a root of rank 0 and named by its order. */
uint32_t sketch_root(struct sketch *s, uint32_t kind, uint64_t size, uint8_t flags);
/* Native code holds it: its reference count is one higher than the graph shows. */
void sketch_hold_outside(struct sketch *s, uint32_t node);

/* Everything up to dominators and retained sizes. */
void sketch_prepare(struct sketch *s);
/* sketch_prepare(), places, and their validation. */
void sketch_analyse(struct sketch *s);

/* Ten and more of a kind, or 1 MB each. */
struct ml_finding_options sketch_options(void);

struct ml_findings sketch_pick(struct sketch *s, const struct ml_finding_options *o);

/* A random heap of `count` nodes; the same seed gives the same heap. */
void sketch_random(struct sketch *s, uint32_t count, uint32_t seed);

#endif
