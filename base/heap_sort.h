/* SPDX-License-Identifier: MIT
 *
 * Sorting in place by a heap (Williams, Floyd): n log n always, no memory. libc's qsort
 * may call malloc, which is forbidden to the sweep process. Not stable: let `after`
 * decide ties, so that two looks at the same heap agree.
 */
#ifndef ML_BASE_HEAP_SORT_H
#define ML_BASE_HEAP_SORT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether item a belongs behind item b. */
typedef bool (*ml_is_after)(const void *ctx, const void *a, const void *b);

/* Sorts `count` items of `size` bytes (at most ML_HEAP_SORT_ITEM). */
#define ML_HEAP_SORT_ITEM 256
void ml_heap_sort(void *items, size_t count, size_t size, ml_is_after after,
                  const void *ctx);

#endif
