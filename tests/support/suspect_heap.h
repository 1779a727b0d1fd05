/* SPDX-License-Identifier: MIT
 *
 * A heap of which some objects are suspects, and what is found among them. Draws into
 * `heap` of web_heap.h; one heap at a time.
 *
 *     TestSuite(suspects, .init = suspect_heap_init, .fini = suspect_heap_fini);
 *     uint32_t list = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
 *     leak_many(list, STR, 60, 1000);
 *     suspect_heap_find();
 *     expect_suspects(0, STR, 1000, list, 0);
 */
#ifndef ML_TESTS_SUSPECT_HEAP_H
#define ML_TESTS_SUSPECT_HEAP_H

#include "suspects.h"
#include "web_heap.h"

extern struct ml_u32vec young; /* nodes that are suspects, as they were drawn */
extern struct ml_bitset suspect;
extern struct ml_suspects got;
extern struct ml_suspects_options how; /* a hundred findings, no tally */

void suspect_heap_init(void);
void suspect_heap_fini(void);

/* Marks a node as suspect and returns it. */
uint32_t leak(uint32_t node);
/* A new suspect below `of`; and `count` of them. */
uint32_t leaked(uint32_t of, uint32_t kind, uint64_t size, uint8_t flags);
void leak_many(uint32_t of, uint32_t kind, uint64_t size, uint32_t count);

/* Fills `suspect` for the analysed heap. */
void suspect_heap_mark(void);
/* Analyses `heap` and fills `suspect` and `got`. */
void suspect_heap_find(void);

/* The finding whose part a node is, by number; ML_NO_NODE. */
uint32_t finding_of(uint32_t node);
/* The finding number `i` is so many of that kind, accumulated by that node. */
void expect_suspects(uint32_t i, uint32_t kind, uint32_t count, uint32_t by,
                     uint64_t parts);

#endif
