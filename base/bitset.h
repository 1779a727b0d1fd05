/* SPDX-License-Identifier: MIT
 *
 * One bit per index, allocated once. The reader is told the size by whoever made it.
 */
#ifndef ML_BASE_BITSET_H
#define ML_BASE_BITSET_H

#include "alloc.h"

struct ml_bitset {
    uint64_t *words;
    size_t bits;
};

static inline bool
ml_bitset_init(struct ml_bitset *s, const struct ml_alloc *a, size_t bits)
{
    s->bits = bits;
    s->words = ml_alloc_array(a, bits / 64 + 1, sizeof(uint64_t));
    return s->words != NULL;
}

static inline void
ml_bitset_fini(struct ml_bitset *s, const struct ml_alloc *a)
{
    ml_alloc_free_array(a, s->words, s->bits / 64 + 1, sizeof(uint64_t));
    s->words = NULL;
}

static inline bool
ml_bitset_has(const struct ml_bitset *s, size_t i)
{
    return (s->words[i >> 6] >> (i & 63)) & 1;
}

static inline void
ml_bitset_add(struct ml_bitset *s, size_t i)
{
    s->words[i >> 6] |= (uint64_t)1 << (i & 63);
}

static inline void
ml_bitset_remove(struct ml_bitset *s, size_t i)
{
    s->words[i >> 6] &= ~((uint64_t)1 << (i & 63));
}

#endif
