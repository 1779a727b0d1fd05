/* SPDX-License-Identifier: MIT
 *
 * See heap_sort.h.
 */
#include "heap_sort.h"

#include <assert.h>
#include <string.h>

struct heap {
    char *items;
    size_t size;
    ml_is_after after;
    const void *ctx;
};

static char *
at(const struct heap *h, size_t i)
{
    return h->items + i * h->size;
}

static void
swap(const struct heap *h, size_t a, size_t b)
{
    char t[ML_HEAP_SORT_ITEM];
    memcpy(t, at(h, a), h->size);
    memcpy(at(h, a), at(h, b), h->size);
    memcpy(at(h, b), t, h->size);
}

/* Restores the heap below `i`; the last one in order is on top. */
static void
sift_down(const struct heap *h, size_t count, size_t i)
{
    for (;;) {
        size_t last = i;
        for (size_t c = 2 * i + 1; c <= 2 * i + 2 && c < count; c++) {
            last = h->after(h->ctx, at(h, c), at(h, last)) ? c : last;
        }
        if (last == i) {
            return;
        }
        swap(h, i, last);
        i = last;
    }
}

void
ml_heap_sort(void *items, size_t count, size_t size, ml_is_after after, const void *ctx)
{
    const struct heap h = {items, size, after, ctx};
    assert(size <= ML_HEAP_SORT_ITEM);
    for (size_t i = count / 2; i-- > 0;) {
        sift_down(&h, count, i);
    }
    for (size_t end = count; end-- > 1;) {
        swap(&h, 0, end);
        sift_down(&h, end, 0);
    }
}
