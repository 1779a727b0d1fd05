/* SPDX-License-Identifier: MIT
 *
 * The heap as data: objects by dense index, references as arrays.
 *
 *   node          0      1      2      3
 *   first_edge  [ 0      2      2      5 ...  edge_count ]
 *   edge        [ 2 3 |        | 0 3 3 | ... ]      forward references (CSR), in the
 *                                                   order in which the object shows them
 *
 * A builder collects it (nodes in any order, references node by node in index order),
 * then it is frozen and read-only. This library knows no Python: what a node is, its
 * type's name and how a reference is called stay with whoever built the graph; here
 * they are numbers. Roots are listed apart; every algorithm puts one virtual root
 * above them.
 *
 * Threads: a frozen graph may be read by many; a builder belongs to one.
 */
#ifndef ML_GRAPH_HEAP_GRAPH_H
#define ML_GRAPH_HEAP_GRAPH_H

#include "alloc.h"
#include "error.h"
#include "vec.h"

#define ML_NO_NODE UINT32_MAX /* "none" wherever a node index stands */

/* What grouping and counting need to know of a node; set by the builder's user. */
enum ml_node_flags {
    ML_NODE_TRACKED = 1 << 0,   /* the collector knows it */
    ML_NODE_OWN = 1 << 1,       /* the tool's: left out of every answer */
    ML_NODE_FURNITURE = 1 << 2, /* the interpreter's: counted, never a finding */
    ML_NODE_SPREAD = 1 << 3,    /* members are many of a kind (list, big dict): [*] */
    ML_NODE_FOLD = 1 << 4,      /* never a leak by itself: an instance's own dict, a cell;
                                   part of what holds it */
    ML_NODE_NO_COUNT = 1 << 5,  /* reference count says nothing (immortal, interned) */
};

struct ml_node_info {
    uint64_t address;
    uint64_t size;     /* shallow size in bytes, sys.getsizeof's */
    uint32_t kind;     /* number of its type in the user's table */
    uint8_t flags;     /* enum ml_node_flags */
};

/* A named root. `rank` is its starting distance for shortest paths: 0 for what a
 * user would name first (module globals, locals), more for the interpreter's own. */
struct ml_root {
    uint32_t node;
    uint32_t rank;
    uint64_t name; /* the user's handle, opaque here */
};

/* As a rank: the reference counts and is explained, but it is one of our own or on its
 * way through our hands. No path starts here, and what only such roots keep alive has
 * none. */
#define ML_ROOT_OWN UINT32_MAX

ML_VEC(ml_root_vec, struct ml_root)

struct ml_heap_graph {
    uint32_t node_count;
    uint32_t edge_count;
    uint64_t *address;    /* [node_count] */
    uint32_t *kind;       /* [node_count] */
    uint8_t *flags;       /* [node_count] */
    uint32_t *size32;     /* [node_count]; UINT32_MAX: look in big_sizes */
    uint32_t *first_edge; /* [node_count + 1] */
    uint32_t *edge;       /* [edge_count], target nodes */
    struct ml_root_vec roots;
    struct ml_u64vec big_sizes; /* pairs (node, size), ascending by node */
    const struct ml_alloc *a;
    size_t node_cap, edge_cap;  /* of the arrays above */
    /* The builder's own: rooms of the node arrays, which may differ after a failed
       growth, and how many entries of first_edge are written. */
    size_t array_cap[5];
    uint32_t edges_begun;
};

/* Shallow size of a node in bytes. */
uint64_t ml_heap_graph_size(const struct ml_heap_graph *g, uint32_t node);

/* -- building ------------------------------------------------------------------- */

void ml_heap_graph_init(struct ml_heap_graph *g, const struct ml_alloc *a);
/* Frees all arrays; a zeroed graph is fine. */
void ml_heap_graph_fini(struct ml_heap_graph *g);

/* Appends a node; its index is node_count before the call. Nodes may be appended
 * while references of earlier nodes are added. ML_ENOMEM or ML_ELIMIT on failure. */
int ml_heap_graph_add_node(struct ml_heap_graph *g, const struct ml_node_info *info);

/* Size and flags may be set after a node was added, until the freeze. */
int ml_heap_graph_set_size(struct ml_heap_graph *g, uint32_t node, uint64_t size);

/* Appends references `to[0..count)` of node `from`. Calls must come in ascending
 * order of `from` (several calls for the same node are fine, nodes may be left out).
 * Targets must exist by the time of the freeze. */
int ml_heap_graph_add_edges(struct ml_heap_graph *g, uint32_t from, const uint32_t *to,
                            size_t count);

int ml_heap_graph_add_root(struct ml_heap_graph *g, uint32_t node, uint32_t rank,
                           uint64_t name);

/* Ends building: closes first_edge and trims nothing. Sizes are final. */
int ml_heap_graph_freeze(struct ml_heap_graph *g, struct ml_error *err);

/* Debug check of every invariant written above; 0 or ML_EINVAL with a message. */
int ml_heap_graph_validate(const struct ml_heap_graph *g, struct ml_error *err);

static inline const uint32_t *
ml_heap_graph_edges(const struct ml_heap_graph *g, uint32_t node, uint32_t *count)
{
    *count = g->first_edge[node + 1] - g->first_edge[node];
    return g->edge + g->first_edge[node];
}

#endif
