/* SPDX-License-Identifier: MIT
 *
 * An allocator that fails when told to, and counts what was not given back. It checks
 * too that every piece is given back with the size it was taken with.
 *
 *     struct fail_alloc f;
 *     for (size_t n = 0;; n++) {
 *         fail_alloc_init(&f, n);
 *         int rc = build(&f.alloc, ...);
 *         ...
 *         cr_assert_eq(f.live, 0);
 *         if (rc == ML_OK) break;
 *     }
 */
#ifndef ML_TESTS_FAIL_ALLOC_H
#define ML_TESTS_FAIL_ALLOC_H

#include "alloc.h"

struct fail_alloc {
    struct ml_alloc alloc;
    size_t calls;   /* allocations and growths so far */
    size_t fail_at; /* this call fails, counted from 0, and all after it */
    size_t live;    /* pieces not given back */
    size_t live_bytes;
    size_t peak_bytes;
    size_t wrong_sizes; /* pieces given back with another size than they had */
};

#define FAIL_NEVER SIZE_MAX

void fail_alloc_init(struct fail_alloc *f, size_t fail_at);

#endif
