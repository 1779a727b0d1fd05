/* SPDX-License-Identifier: MIT
 *
 * See arena.h. mmap hands out zeroed pages and mremap moves page tables rather than
 * bytes, which is what makes doubling arrays of hundreds of megabytes cheap.
 */
#define _GNU_SOURCE
#include "arena.h"

#include <string.h>
#include <sys/mman.h>

#define CHUNK_SIZE ((size_t)256 * 1024)
#define LARGE_SIZE ((size_t)64 * 1024)
#define PAGE ((size_t)4096)
#define CHUNK_HEAD 16 /* link to the next chunk, keeps the alignment */

static size_t
round_up(size_t size, size_t to)
{
    return (size + to - 1) & ~(to - 1);
}

static bool
charge(struct ml_arena *arena, size_t bytes)
{
    if (arena->limit != 0 && bytes > arena->limit - arena->mapped) {
        return false;
    }
    arena->mapped += bytes;
    if (arena->mapped > arena->peak) {
        arena->peak = arena->mapped;
    }
    return true;
}

static void *
map_pages(struct ml_arena *arena, size_t bytes)
{
    if (!charge(arena, bytes)) {
        return NULL;
    }
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                   0);
    if (p == MAP_FAILED) {
        arena->mapped -= bytes;
        return NULL;
    }
    return p;
}

static void *
small_alloc(struct ml_arena *arena, size_t size)
{
    size = round_up(size, 16);
    if (arena->chunk == NULL || arena->used + size > CHUNK_SIZE) {
        char *chunk = map_pages(arena, CHUNK_SIZE);
        if (chunk == NULL) {
            return NULL;
        }
        *(void **)chunk = arena->chunks;
        arena->chunks = chunk;
        arena->chunk = chunk;
        arena->used = CHUNK_HEAD;
    }
    void *p = arena->chunk + arena->used;
    arena->used += size;
    return p;
}

static void *
arena_alloc(void *ctx, size_t size)
{
    struct ml_arena *arena = ctx;
    if (size > SIZE_MAX - PAGE) {
        return NULL;
    }
    return size < LARGE_SIZE ? small_alloc(arena, size)
                             : map_pages(arena, round_up(size, PAGE));
}

static void
arena_release(void *ctx, void *ptr, size_t size)
{
    struct ml_arena *arena = ctx;
    if (size >= LARGE_SIZE) {
        munmap(ptr, round_up(size, PAGE));
        arena->mapped -= round_up(size, PAGE);
    }
}

static void *
arena_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    struct ml_arena *arena = ctx;
    if (new_size > SIZE_MAX - PAGE) {
        return NULL;
    }
    if (old_size < LARGE_SIZE || new_size < LARGE_SIZE) {
        /* 65535 bytes round up to 65536, but those must be a mapping of their own. */
        if (new_size < LARGE_SIZE && old_size < LARGE_SIZE &&
            new_size <= round_up(old_size, 16)) {
            if (new_size > old_size) {
                memset((char *)ptr + old_size, 0, new_size - old_size);
            }
            return ptr;
        }
        void *p = arena_alloc(ctx, new_size);
        if (p != NULL) {
            memcpy(p, ptr, old_size < new_size ? old_size : new_size);
            arena_release(ctx, ptr, old_size);
        }
        return p;
    }
    size_t from = round_up(old_size, PAGE), to = round_up(new_size, PAGE);
    if (to > from && !charge(arena, to - from)) {
        return NULL;
    }
    void *p = from == to ? ptr : mremap(ptr, from, to, MREMAP_MAYMOVE);
    if (p == MAP_FAILED) {
        arena->mapped -= to > from ? to - from : 0;
        return NULL;
    }
    if (to < from) {
        arena->mapped -= from - to;
    }
    if (new_size > old_size) { /* the tail of the old last page may have been used */
        size_t end = from < new_size ? from : new_size;
        memset((char *)p + old_size, 0, end > old_size ? end - old_size : 0);
    }
    return p;
}

void
ml_arena_init(struct ml_arena *arena, size_t limit)
{
    memset(arena, 0, sizeof(*arena));
    arena->alloc = (struct ml_alloc){arena_alloc, arena_resize, arena_release, arena};
    arena->limit = limit;
}

void
ml_arena_fini(struct ml_arena *arena)
{
    void *chunk = arena->chunks;
    while (chunk != NULL) {
        void *next = *(void **)chunk;
        munmap(chunk, CHUNK_SIZE);
        arena->mapped -= CHUNK_SIZE;
        chunk = next;
    }
    arena->chunks = NULL;
    arena->chunk = NULL;
}
