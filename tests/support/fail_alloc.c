/* SPDX-License-Identifier: MIT
 *
 * See fail_alloc.h. A word before each piece remembers its size.
 */
#include "fail_alloc.h"

#include <stdlib.h>
#include <string.h>

#define HEAD 16 /* keeps the alignment */

static bool
fails(struct fail_alloc *f)
{
    return f->calls++ >= f->fail_at;
}

static void
note(struct fail_alloc *f, size_t more, size_t less)
{
    f->live_bytes = f->live_bytes + more - less;
    f->peak_bytes = f->live_bytes > f->peak_bytes ? f->live_bytes : f->peak_bytes;
}

static void *
take(void *ctx, size_t size)
{
    struct fail_alloc *f = ctx;
    char *p = fails(f) ? NULL : calloc(1, size + HEAD);
    if (p == NULL) {
        return NULL;
    }
    *(size_t *)p = size;
    f->live++;
    note(f, size, 0);
    return p + HEAD;
}

static void
give(void *ctx, void *ptr, size_t size)
{
    struct fail_alloc *f = ctx;
    char *p = (char *)ptr - HEAD;
    f->wrong_sizes += *(size_t *)p != size;
    note(f, 0, *(size_t *)p);
    f->live--;
    free(p);
}

static void *
resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    void *p = take(ctx, new_size);
    if (p != NULL) { /* always elsewhere, so that stale pointers are seen */
        memcpy(p, ptr, old_size < new_size ? old_size : new_size);
        give(ctx, ptr, old_size);
    }
    return p;
}

void
fail_alloc_init(struct fail_alloc *f, size_t fail_at)
{
    memset(f, 0, sizeof(*f));
    f->alloc = (struct ml_alloc){take, resize, give, f};
    f->fail_at = fail_at;
}
