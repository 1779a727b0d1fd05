/* SPDX-License-Identifier: MIT
 *
 * Address -> node index, laid out as the addresses are.
 *
 *   address >> 20  ->  open-addressing table of 1 MiB leaves
 *   leaf           ->  one uint32_t for each 16-byte slot (mapped, mostly untouched
 *                      pages cost nothing)
 *
 * Objects of one arena share a leaf, so neighbours in memory are neighbours in the
 * map, and most look-ups hit the same few leaves. CPython's allocators hand out
 * multiples of 16, so a slot stands for one address exactly; only static objects may
 * stand at an odd multiple of 8, and those live in a small hash table of their own.
 * The look-up is inline: it runs once for every reference of the heap.
 */
#ifndef ML_GRAPH_ADDR_MAP_H
#define ML_GRAPH_ADDR_MAP_H

#include "alloc.h"
#include "error.h"
#include "heap_graph.h" /* ML_NO_NODE */

#define ML_ADDR_LEAF_BITS 20 /* 1 MiB of addresses, 256 KiB of slots */
#define ML_ADDR_LEAF_SLOTS ((size_t)1 << (ML_ADDR_LEAF_BITS - 4))

/* Open only for the inline functions below; do not touch. */
struct ml_addr_leaf {
    uint64_t chunk;  /* address >> ML_ADDR_LEAF_BITS */
    uint32_t *slots; /* node + 1, 0 while empty; NULL: no leaf here */
};

struct ml_addr_odd {
    uint64_t address; /* 0 while empty */
    uint32_t node;
};

struct ml_addr_map {
    struct ml_addr_leaf *leaf; /* [1 << leaf_bits], at most half full */
    unsigned leaf_bits;
    size_t leaf_count;
    struct ml_addr_odd *odd; /* [1 << odd_bits], NULL before the first */
    unsigned odd_bits;
    size_t odd_count;
    const struct ml_alloc *a;
};

/* NULL when memory is short. */
struct ml_addr_map *ml_addr_map_new(const struct ml_alloc *a);
void ml_addr_map_free(struct ml_addr_map *m);

/* The slow ways; use the functions below. */
uint32_t ml_addr_map_get_odd(const struct ml_addr_map *m, uint64_t address);
int ml_addr_map_put_slow(struct ml_addr_map *m, uint64_t address, uint32_t node,
                         uint32_t *found);

/* Multiplying by the golden ratio spreads neighbouring chunks evenly, so the first
 * probe nearly always hits. */
static inline size_t
ml_addr_hash(uint64_t key, unsigned bits)
{
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - bits));
}

/* The slot of an address that is a multiple of 16; NULL when its leaf is not there. */
static inline uint32_t *
ml_addr_map_slot(const struct ml_addr_map *m, uint64_t address)
{
    uint64_t chunk = address >> ML_ADDR_LEAF_BITS;
    size_t mask = ((size_t)1 << m->leaf_bits) - 1;
    for (size_t i = ml_addr_hash(chunk, m->leaf_bits);; i = (i + 1) & mask) {
        const struct ml_addr_leaf *leaf = &m->leaf[i];
        if (leaf->slots == NULL) {
            return NULL;
        }
        if (__builtin_expect(leaf->chunk == chunk, 1)) {
            return &leaf->slots[(address >> 4) & (ML_ADDR_LEAF_SLOTS - 1)];
        }
    }
}

/* The node at `address`, or ML_NO_NODE. */
static inline uint32_t
ml_addr_map_get(const struct ml_addr_map *m, uint64_t address)
{
    if (__builtin_expect((address & 15) != 0, 0)) {
        return ml_addr_map_get_odd(m, address);
    }
    const uint32_t *slot = ml_addr_map_slot(m, address);
    return slot == NULL ? ML_NO_NODE : *slot - 1; /* 0 - 1 is ML_NO_NODE */
}

/* Finds `address` or enters it with `node`; `*found` is the node that stands there
 * now. Returns 1 when it was new, 0 when it was there, ML_ENOMEM, or ML_EINVAL for
 * what is no object's address (0, or not a multiple of 8). */
static inline int
ml_addr_map_get_or_put(struct ml_addr_map *m, uint64_t address, uint32_t node,
                       uint32_t *found)
{
    if (__builtin_expect((address & 15) == 0, 1)) {
        uint32_t *slot = ml_addr_map_slot(m, address);
        if (__builtin_expect(slot != NULL, 1)) {
            uint32_t have = *slot;
            if (have != 0) {
                *found = have - 1;
                return 0;
            }
            if (__builtin_expect(address != 0, 1)) {
                *slot = node + 1;
                *found = node;
                return 1;
            }
        }
    }
    return ml_addr_map_put_slow(m, address, node, found);
}

/* Asks the processor to fetch the slot of `address`, for batches of look-ups. */
static inline void
ml_addr_map_prefetch(const struct ml_addr_map *m, uint64_t address)
{
    const uint32_t *slot = ml_addr_map_slot(m, address);
    if (slot != NULL) {
        __builtin_prefetch(slot, 1, 1);
    }
}

#endif
