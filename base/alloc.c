/* SPDX-License-Identifier: MIT
 *
 * See alloc.h: the libc allocator and the checked array helpers.
 */
#include "alloc.h"

#include <stdlib.h>
#include <string.h>

static void *
libc_alloc(void *ctx, size_t size)
{
    (void)ctx;
    return calloc(1, size);
}

static void *
libc_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    (void)ctx;
    char *p = realloc(ptr, new_size);
    if (p != NULL && new_size > old_size) {
        memset(p + old_size, 0, new_size - old_size);
    }
    return p;
}

static void
libc_release(void *ctx, void *ptr, size_t size)
{
    (void)ctx;
    (void)size;
    free(ptr);
}

const struct ml_alloc ml_alloc_libc = {libc_alloc, libc_resize, libc_release, NULL};

void *
ml_alloc_array(const struct ml_alloc *a, size_t count, size_t size)
{
    size_t bytes;
    if (!ml_size_mul(count, size, &bytes)) {
        return NULL;
    }
    return a->alloc(a->ctx, bytes > 0 ? bytes : 1);
}

void *
ml_alloc_resize_array(const struct ml_alloc *a, void *ptr, size_t old_count,
                      size_t new_count, size_t size)
{
    size_t new_bytes;
    if (ptr == NULL) {
        return ml_alloc_array(a, new_count, size);
    }
    if (!ml_size_mul(new_count, size, &new_bytes)) {
        return NULL;
    }
    size_t old_bytes = old_count * size;
    return a->resize(a->ctx, ptr, old_bytes > 0 ? old_bytes : 1,
                     new_bytes > 0 ? new_bytes : 1);
}

void
ml_alloc_free_array(const struct ml_alloc *a, void *ptr, size_t count, size_t size)
{
    if (ptr != NULL) {
        size_t bytes = count * size;
        a->release(a->ctx, ptr, bytes > 0 ? bytes : 1);
    }
}
