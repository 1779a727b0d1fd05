/* SPDX-License-Identifier: MIT
 *
 * Memory straight from mmap, for the sweep process: no libc malloc, no locks.
 *
 *   small pieces   cut from 256 KiB chunks one after the other, given back only
 *                  with the whole arena
 *   64 KiB and up  a mapping of their own; resized with mremap (no copying), given
 *                  back at once
 *
 * A limit bounds the sum of all mappings, so that a sweep that needs too much ends
 * with ML_ENOMEM rather than with the host's OOM killer. Not for several threads.
 */
#ifndef ML_BASE_ARENA_H
#define ML_BASE_ARENA_H

#include "alloc.h"

struct ml_arena {
    struct ml_alloc alloc; /* hand out &arena->alloc */
    char *chunk;           /* present chunk, NULL before the first */
    size_t used;           /* bytes taken from it */
    void *chunks;          /* list of all chunks, through their first word */
    size_t mapped;         /* bytes mapped now, large pieces included */
    size_t peak;           /* the most that was ever mapped */
    size_t limit;          /* 0: none */
};

/* Uses the caller's memory, maps nothing yet. `limit` in bytes, 0 for none. */
void ml_arena_init(struct ml_arena *arena, size_t limit);

/* Unmaps the chunks; large pieces must have been released before. Zeroed is fine. */
void ml_arena_fini(struct ml_arena *arena);

#endif
