/* SPDX-License-Identifier: MIT
 *
 * Address -> node index, laid out as the addresses are.
 *
 *   address >> 20  ->  open-addressing table of 1 MiB leaves
 *   leaf           ->  one uint32_t for each 16-byte slot (mapped, mostly untouched
 *                      pages cost nothing)
 *
 * Objects of one arena share a leaf, so neighbours in memory are neighbours in the
 * map, and most look-ups hit the same few leaves. Addresses must be multiples of 8;
 * two objects never share a 16-byte slot in CPython except static ones, which are
 * kept in an overflow list.
 */
#ifndef ML_GRAPH_ADDR_MAP_H
#define ML_GRAPH_ADDR_MAP_H

#include "alloc.h"
#include "error.h"
#include "heap_graph.h" /* ML_NO_NODE */

struct ml_addr_map; /* see addr_map.c for the layout */

/* NULL when memory is short. */
struct ml_addr_map *ml_addr_map_new(const struct ml_alloc *a);
void ml_addr_map_free(struct ml_addr_map *m);

/* The node at `address`, or ML_NO_NODE. */
uint32_t ml_addr_map_get(const struct ml_addr_map *m, uint64_t address);

/* Finds `address` or enters it with `node`; `*found` is the node that stands there
 * now. Returns 1 when it was new, 0 when it was there, ML_ENOMEM. */
int ml_addr_map_get_or_put(struct ml_addr_map *m, uint64_t address, uint32_t node,
                           uint32_t *found);

/* Asks the processor to fetch the slot of `address`, for batches of look-ups. */
void ml_addr_map_prefetch(const struct ml_addr_map *m, uint64_t address);

#endif
