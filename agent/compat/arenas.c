/* SPDX-License-Identifier: MIT
 *
 * Python's own allocator (obmalloc), seen from outside: how much its arenas hold, how
 * much of it is free.
 *
 *   arenas ──► arena_object[] ──► 1 MiB ──► pools of 16 KiB ──► blocks of one size
 *
 * Up to 3.11 the table's address is a static variable that no header shows and no
 * symbol names; from 3.12 on it is one, at a place that differs. It is found in the same
 * way on all: a word in the library's data is the table if, for every pool that is known
 * because an object lies in it, the entry that the pool's header names is the arena
 * around the pool. That is sure: no other word passes. The two structs below are the
 * same from 3.10 to 3.15; where they are not, nothing passes and nothing is counted.
 *
 * Free-threaded builds use another allocator, PYTHONMALLOC=malloc none: not found.
 * Interpreters with an allocator of their own are not counted.
 */
#include "compat_core.h"

#include <string.h>

#include "internal/pycore_runtime.h" /* _PyRuntime, for its address */

#define ARENA_BYTES ((uintptr_t)1 << 20)
#define POOL_BYTES ((uintptr_t)1 << 14)
#define GRAIN 16
#define LARGEST_CLASS (512 / GRAIN)
#define MOST_ARENAS (1u << 22) /* 4 TiB */
#define DATA_MOST ((uintptr_t)1 << 22) /* on either side of _PyRuntime */
#define POOLS_WANTED 4         /* fewer could agree by chance */

/* What looks like a pool may be the middle of somebody's block, or between two: readable,
 * but nothing that a sanitizer lets us look at. */
#define FOREIGN __attribute__((no_sanitize_address))

struct pool {
    union {
        void *padding;
        unsigned count;
    } ref;
    void *freeblock;
    struct pool *next, *prev;
    unsigned arena_index, class_index, next_offset, max_next_offset;
};

struct arena {
    uintptr_t address; /* 0: none */
    uintptr_t pool_address; /* the next pool to be carved off */
    unsigned free_pools, total_pools;
    struct pool *freepools;
    struct arena *next, *prev;
};

struct search {
    const struct compat_memory *memory;
    const uintptr_t *pools; /* that hold objects, as far as their addresses tell */
    size_t count;
};

static bool
readable(const struct compat_memory *m, uintptr_t from, size_t len)
{
    return m->readable(m->ctx, from, len);
}

FOREIGN static bool
may_be_pool(const struct pool *p)
{
    unsigned size = (p->class_index + 1) * GRAIN;
    return p->class_index < LARGEST_CLASS && p->arena_index < MOST_ARENAS &&
           p->ref.count > 0 && p->ref.count <= (POOL_BYTES - sizeof(*p)) / size &&
           p->max_next_offset == POOL_BYTES - size && p->next_offset >= sizeof(*p) &&
           p->next_offset <= POOL_BYTES;
}

/* An entry that says what an entry says: free, or an arena with as many pools as fit. */
FOREIGN static bool
may_be_arena(const struct search *s, const struct arena *a)
{
    unsigned most = ARENA_BYTES / POOL_BYTES;
    return a->address % 4096 == 0 && a->pool_address >= a->address &&
           a->pool_address <= a->address + ARENA_BYTES + POOL_BYTES &&
           (a->total_pools == most || a->total_pools == most - 1) &&
           a->free_pools <= a->total_pools && readable(s->memory, a->address, ARENA_BYTES);
}

FOREIGN static bool
agrees(const struct search *s, uintptr_t table, uintptr_t pool)
{
    unsigned index = ((const struct pool *)pool)->arena_index;
    uintptr_t at = table + (uintptr_t)index * sizeof(struct arena);
    if (!readable(s->memory, at, sizeof(struct arena))) {
        return false;
    }
    const struct arena *a = (const struct arena *)at;
    return a->address != 0 && pool >= a->address &&
           pool - a->address <= ARENA_BYTES - POOL_BYTES && may_be_arena(s, a);
}

/* The word at `table` is the table: the known pools agree. One in eight need not: what
 * looks like a pool may be something else. */
static bool
is_table(const struct search *s, uintptr_t table)
{
    size_t against = 0;
    for (size_t i = 0; i < s->count; i++) {
        against += !agrees(s, table, s->pools[i]);
        if (against > s->count / 8) {
            return false;
        }
    }
    return true;
}

FOREIGN static const struct arena *
find_table(const struct search *s, volatile uintptr_t *next)
{
    uintptr_t from, to;
    s->memory->data_around(s->memory->ctx, (uintptr_t)&_PyRuntime, &from, &to);
    uintptr_t here = (uintptr_t)&_PyRuntime;
    from = here - from > DATA_MOST ? here - DATA_MOST : from;
    to = to - here > DATA_MOST ? here + DATA_MOST : to;
    from = *next > from ? *next : from;
    for (uintptr_t at = from; at + sizeof(void *) <= to; at += sizeof(void *)) {
        uintptr_t word;
        *next = at + sizeof(void *);
        memcpy(&word, (const void *)at, sizeof(word));
        if (word > 4096 && word % sizeof(void *) == 0 && is_table(s, word)) {
            return (const struct arena *)word;
        }
    }
    return NULL;
}

/* -- counting ---------------------------------------------------------------------- */

FOREIGN static void
count_pool(const struct pool *p, struct compat_arenas *out)
{
    size_t size = ((size_t)p->class_index + 1) * GRAIN;
    size_t touched = p->next_offset <= POOL_BYTES ? p->next_offset : POOL_BYTES;
    if (p->ref.count == 0 || p->class_index >= LARGEST_CLASS) {
        out->free += POOL_BYTES; /* it was used once */
        return;
    }
    size_t used = p->ref.count * size;
    out->used += used;
    out->free += touched > used + sizeof(*p) ? touched - used - sizeof(*p) : 0;
    out->overhead += sizeof(*p);
}

FOREIGN static void
count_arena(const struct arena *a, struct compat_arenas *out)
{
    uintptr_t pool = (a->address + POOL_BYTES - 1) & ~(POOL_BYTES - 1);
    out->arenas++;
    out->size += ARENA_BYTES;
    for (; pool < a->pool_address && pool + POOL_BYTES <= a->address + ARENA_BYTES;
         pool += POOL_BYTES) {
        count_pool((const struct pool *)pool, out);
    }
}

/* The table's length is not known: it ends where an entry makes no sense. An entry that
 * is free counts for nothing, so that reading zeros behind the end does no harm. */
FOREIGN static void
count_table(const struct search *s, const struct arena *table,
            struct compat_arenas *out)
{
    for (size_t i = 0; i < MOST_ARENAS; i++) {
        const struct arena *a = &table[i];
        if (!readable(s->memory, (uintptr_t)a, sizeof(*a)) ||
            (a->address != 0 && !may_be_arena(s, a))) {
            return;
        }
        if (a->address != 0) {
            count_arena(a, out);
        }
    }
}

uintptr_t
compat_arenas_pool(const struct compat_memory *m, const void *block)
{
    uintptr_t pool = (uintptr_t)block & ~(POOL_BYTES - 1);
    bool is = readable(m, pool, POOL_BYTES) && may_be_pool((const struct pool *)pool);
    return is ? pool : 0;
}

bool
compat_arenas_count(const struct compat_memory *m, const uintptr_t *pools, size_t count,
                    volatile uintptr_t *at, struct compat_arenas *out)
{
    const struct search s = {m, pools, count};
    memset(out, 0, sizeof(*out));
    const struct arena *table = count >= POOLS_WANTED ? find_table(&s, at) : NULL;
    if (table != NULL) {
        count_table(&s, table, out);
    }
    return table != NULL;
}
