/* SPDX-License-Identifier: MIT
 *
 * Bits: each one alone, also those at the edges of words.
 */
#include "bitset.h"

#include "fail_alloc.h"
#include <criterion/criterion.h>

Test(bitset, bits_are_independent)
{
    static const size_t sizes[] = {0, 1, 63, 64, 65, 128, 1000};
    for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
        struct ml_bitset set;
        cr_assert(ml_bitset_init(&set, &ml_alloc_libc, sizes[s]));
        for (size_t i = 0; i < sizes[s]; i += 3) {
            ml_bitset_add(&set, i);
        }
        for (size_t i = 0; i < sizes[s]; i += 6) {
            ml_bitset_remove(&set, i);
        }
        for (size_t i = 0; i < sizes[s]; i++) {
            cr_assert_eq(ml_bitset_has(&set, i), i % 6 == 3, "%zu of %zu", i, sizes[s]);
        }
        ml_bitset_fini(&set, &ml_alloc_libc);
        ml_bitset_fini(&set, &ml_alloc_libc);
    }
}

Test(bitset, no_memory_is_said)
{
    struct fail_alloc f;
    struct ml_bitset set;
    fail_alloc_init(&f, 0);
    cr_assert_not(ml_bitset_init(&set, &f.alloc, 10));
    ml_bitset_fini(&set, &f.alloc);
    fail_alloc_init(&f, 1);
    cr_assert(ml_bitset_init(&set, &f.alloc, 10));
    ml_bitset_fini(&set, &f.alloc);
    cr_assert(f.live == 0 && f.wrong_sizes == 0);
}
