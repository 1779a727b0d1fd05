/* SPDX-License-Identifier: MIT
 *
 * The trie of places while it grows: a place is found by (parent, kind, slot, the
 * flags that keep nodes apart), or entered. Private to places.c and the files named
 * place_*.c; everybody else reads the finished `struct ml_places` (finding.h).
 *
 *   place_trie    find or enter one place, notice a chain that repeats itself
 *   place_fold    draw the trie together where a chain repeats itself
 *   place_weigh   shallow and retained bytes of the finished places
 */
#ifndef ML_GRAPH_PLACE_TRIE_H
#define ML_GRAPH_PLACE_TRIE_H

#include "finding.h"

/* Flags by which two nodes of one kind at one slot are kept apart. */
#define ML_PLACE_KEY_FLAGS (ML_NODE_FOLD | ML_NODE_FURNITURE)

/* A kind that stands so often above itself is taken as a chain that repeats. */
#define ML_PLACE_NEST_MAX 5

/* What is known of a place only while the trie grows. */
struct ml_place_growth {
    uint32_t top;       /* topmost place above of the same sort, itself when none */
    uint32_t scan;      /* the holder whose members were counted last, */
    uint32_t scanned;   /* and how many of them are here */
    uint8_t nest;       /* how many of the same sort stand above */
    bool recursive;     /* at the top: the sort repeats without end below */
};

struct ml_place_trie {
    struct ml_place *place;
    struct ml_place_growth *growth; /* beside `place`; NULL: do not watch for chains */
    uint32_t count, cap, growth_cap;
    uint32_t *slots; /* open addressing: place + 1, 0 when empty */
    uint32_t slot_count;
    bool any_recursive;
    const struct ml_alloc *a;
};

struct ml_place_key {
    uint32_t parent, root, kind, slot;
    uint8_t flags; /* of the node; the key takes ML_PLACE_KEY_FLAGS of them */
};

int ml_place_trie_init(struct ml_place_trie *trie, const struct ml_alloc *a, bool watch);
/* Frees all but what was taken out (and set to NULL) before. */
void ml_place_trie_fini(struct ml_place_trie *trie);

/* The place of `key`, entered when it is new (with count 0); where the chain repeats,
 * the place onto which it folds. ML_ENOMEM when there is no room. */
int ml_place_trie_get(struct ml_place_trie *trie, const struct ml_place_key *key,
                      uint32_t *out);

/* Draws together all places of a sort below the topmost one where the trie noticed a
 * repeating chain, and renumbers `of_node` accordingly. */
int ml_place_fold(struct ml_place_trie *trie, uint32_t *of_node, uint32_t node_count);

/* Adds shallow and retained bytes to all places, nested members counted once. `only`:
 * the nodes that count, NULL: all. */
int ml_place_weigh(struct ml_places *p, const struct ml_heap_graph *g,
                   const struct ml_dominator *d, const struct ml_retained *r,
                   const struct ml_bitset *only, const struct ml_cancel *cancel,
                   struct ml_error *err);

#endif
