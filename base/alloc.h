/* SPDX-License-Identifier: MIT
 *
 * Where memory comes from: a small table of functions that is handed in.
 *
 * The sweep process must not use libc's malloc (another thread of the program may
 * have held its lock at the moment of the clone), tests must be able to let every
 * allocation fail in turn, and memalotctl may use plain malloc. Sizes are given
 * back on free and realloc, so that an allocator needs no headers of its own.
 */
#ifndef ML_BASE_ALLOC_H
#define ML_BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ml_alloc {
    /* Zeroed memory aligned to 16 bytes, or NULL. `size` is never 0. */
    void *(*alloc)(void *ctx, size_t size);
    /* Grows or shrinks; bytes past `old_size` are zero. NULL leaves `ptr` alone. */
    void *(*resize)(void *ctx, void *ptr, size_t old_size, size_t new_size);
    void (*release)(void *ctx, void *ptr, size_t size);
    void *ctx;
};

/* libc's calloc, realloc and free. For memalotctl, tests and the agent thread;
 * never for the sweep process. */
extern const struct ml_alloc ml_alloc_libc;

/* count * size bytes, or NULL when that overflows or memory is short. Zeroed. */
void *ml_alloc_array(const struct ml_alloc *a, size_t count, size_t size);

/* Resizes an array; NULL on overflow or when memory is short (the old one stays). */
void *ml_alloc_resize_array(const struct ml_alloc *a, void *ptr, size_t old_count,
                            size_t new_count, size_t size);

/* Gives an array back; NULL is allowed. */
void ml_alloc_free_array(const struct ml_alloc *a, void *ptr, size_t count, size_t size);

/* How large an array should become that has grown to `cap` elements: twice as large while
 * it is small; by a quarter when it is large, for memory is what a sweep is short of and
 * mremap moves no bytes. */
static inline size_t
ml_grown(size_t cap, size_t at_least)
{
    size_t to = cap < 65536 ? cap * 2 : cap + cap / 4;
    return to < at_least ? at_least : to;
}

/* Checked arithmetic: false when the result does not fit. */
static inline bool
ml_size_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

static inline bool
ml_size_add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

#endif
