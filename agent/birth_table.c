/* SPDX-License-Identifier: MIT
 *
 * See birth_table.h. Passes over the table skip what was never touched by asking
 * /proc/self/pagemap, which knows pages that were swapped out too; mincore would take
 * those for untouched and leave their stamps behind. Without it everything is read:
 * slower, and as right.
 */
#include "birth_table.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES_AT_ONCE 512
#define PAGEMAP_PRESENT (UINT64_C(3) << 62) /* in memory, or in swap */

_Atomic(uint8_t *) ml_birth_directory[ML_BIRTH_LEAVES];

static atomic_bool lost;

uint8_t *
ml_birth_table_grow(uintptr_t block)
{
    _Atomic(uint8_t *) *entry = ml_birth_table_entry(block);
    uint8_t *there = NULL;
    if (block == 0 || block >> 47 != 0) {
        return ML_BIRTH_LOST; /* a failed allocation; and what no x86-64 hands out */
    }
    uint8_t *leaf = mmap(NULL, ML_BIRTH_LEAF_BYTES, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (leaf == MAP_FAILED) {
        leaf = ML_BIRTH_LOST;
        atomic_store(&lost, true);
    }
    else {
        (void)madvise(leaf, ML_BIRTH_LEAF_BYTES, MADV_DONTDUMP);
        /* A huge page would be 2 MiB for the first block in 32 MiB of addresses. */
        (void)madvise(leaf, ML_BIRTH_LEAF_BYTES, MADV_NOHUGEPAGE);
    }
    if (!atomic_compare_exchange_strong(entry, &there, leaf)) {
        if (leaf != ML_BIRTH_LOST) {
            (void)munmap(leaf, ML_BIRTH_LEAF_BYTES); /* another thread was first */
        }
        leaf = there;
    }
    return leaf;
}

uintptr_t
ml_birth_table_put_first(uintptr_t block, uint8_t stamp)
{
    uint8_t *leaf = atomic_load(ml_birth_table_entry(block));
    leaf = leaf == NULL ? ml_birth_table_grow(block) : leaf;
    if (leaf != ML_BIRTH_LOST) {
        atomic_store(ml_birth_table_cell(leaf, block), stamp);
    }
    return block;
}

int
ml_birth_table_prepare(uintptr_t block, struct ml_error *err)
{
    uint8_t *leaf = atomic_load(ml_birth_table_entry(block));
    leaf = leaf == NULL ? ml_birth_table_grow(block) : leaf;
    return leaf == ML_BIRTH_LOST
               ? ml_error_set(err, ML_ENOMEM, "no address space for the table of births")
               : ML_OK;
}

/* -- passes over what was touched -------------------------------------------------- */

struct touched {
    int pagemap; /* -1: not to be had */
    size_t page;
};

static void
touched_init(struct touched *t)
{
    t->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    t->page = (size_t)sysconf(_SC_PAGESIZE);
}

static void
touched_fini(struct touched *t)
{
    if (t->pagemap >= 0) {
        close(t->pagemap);
    }
}

/* Fills `words` for `count` pages from `at`: non-zero where a page was touched. */
static void
touched_ask(const struct touched *t, const uint8_t *at, uint64_t *words, size_t count)
{
    size_t bytes = count * sizeof(*words);
    off_t offset = (off_t)((uintptr_t)at / t->page * sizeof(*words));
    if (t->pagemap < 0 || pread(t->pagemap, words, bytes, offset) != (ssize_t)bytes) {
        memset(words, 0xff, bytes);
    }
    for (size_t i = 0; i < count; i++) {
        words[i] &= PAGEMAP_PRESENT;
    }
}

/* Calls `each` for every touched page of the table. */
static void
touched_each(void (*each)(void *ctx, uint8_t *page, size_t size), void *ctx)
{
    struct touched t;
    uint64_t words[PAGES_AT_ONCE];
    touched_init(&t);
    size_t stride = t.page * PAGES_AT_ONCE;
    for (size_t i = 0; i < ML_BIRTH_LEAVES; i++) {
        uint8_t *leaf = atomic_load(&ml_birth_directory[i]);
        for (size_t at = 0; leaf > ML_BIRTH_LOST && at < ML_BIRTH_LEAF_BYTES;
             at += stride) {
            touched_ask(&t, leaf + at, words, PAGES_AT_ONCE);
            for (size_t k = 0; k < PAGES_AT_ONCE; k++) {
                if (words[k] != 0) {
                    each(ctx, leaf + at + k * t.page, t.page);
                }
            }
        }
    }
    touched_fini(&t);
}

/* -- remap ------------------------------------------------------------------------- */

static void
remap_cell(_Atomic uint8_t *cell, const uint8_t to[256])
{
    uint8_t old = atomic_load_explicit(cell, memory_order_relaxed);
    if (to[old] != old) {
        (void)atomic_compare_exchange_strong(cell, &old, to[old]);
    }
}

/* Eight bytes at a time; most of them are zero, for objects are longer than 16 bytes. */
static void
remap_page(void *ctx, uint8_t *page, size_t size)
{
    const uint8_t *to = ctx;
    for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
        uint64_t word = atomic_load_explicit((_Atomic uint64_t *)(page + at),
                                             memory_order_relaxed);
        for (size_t i = at; word != 0; i++, word >>= 8) {
            if ((word & 0xff) != 0) {
                remap_cell((_Atomic uint8_t *)page + i, to);
            }
        }
    }
}

void
ml_birth_table_remap(const uint8_t to[256])
{
    touched_each(remap_page, (void *)to);
}

/* -- the rest ---------------------------------------------------------------------- */

static void
count_page(void *ctx, uint8_t *page, size_t size)
{
    (void)page;
    *(uint64_t *)ctx += size;
}

uint64_t
ml_birth_table_memory(void)
{
    uint64_t bytes = 0;
    touched_each(count_page, &bytes);
    return bytes;
}

bool
ml_birth_table_lost(void)
{
    return atomic_load(&lost);
}

void
ml_birth_table_clear(bool unmap)
{
    for (size_t i = 0; i < ML_BIRTH_LEAVES; i++) {
        uint8_t *leaf = atomic_load_explicit(&ml_birth_directory[i],
                                             memory_order_relaxed);
        if (leaf == NULL) {
            continue;
        }
        if (leaf == ML_BIRTH_LOST) {
            atomic_store(&ml_birth_directory[i], NULL);
        }
        else if (unmap) {
            atomic_store(&ml_birth_directory[i], NULL);
            (void)munmap(leaf, ML_BIRTH_LEAF_BYTES);
        }
        else {
            (void)madvise(leaf, ML_BIRTH_LEAF_BYTES, MADV_DONTNEED);
        }
    }
    atomic_store(&lost, false);
}
