/* SPDX-License-Identifier: MIT
 *
 * Checked sizes, and libc's allocator behind the table of functions.
 */
#include "alloc.h"

#include "fail_alloc.h"
#include <criterion/criterion.h>
#include <string.h>

Test(alloc, sizes_that_overflow_are_refused_before_anybody_is_asked)
{
    struct fail_alloc f;
    fail_alloc_init(&f, FAIL_NEVER);
    size_t half = SIZE_MAX / 2 + 2;
    cr_assert_null(ml_alloc_array(&f.alloc, half, 2));
    char *p = ml_alloc_array(&f.alloc, 4, 2);
    cr_assert_not_null(p);
    cr_assert_null(ml_alloc_resize_array(&f.alloc, p, 4, half, 2));
    cr_assert_eq(f.calls, 1);
    ml_alloc_free_array(&f.alloc, p, 4, 2);
    cr_assert(f.live == 0 && f.wrong_sizes == 0);
}

Test(alloc, an_array_of_nothing_is_memory_all_the_same)
{
    struct fail_alloc f;
    fail_alloc_init(&f, FAIL_NEVER);
    char *p = ml_alloc_array(&f.alloc, 0, 8);
    cr_assert_not_null(p);
    p = ml_alloc_resize_array(&f.alloc, p, 0, 3, 8);
    p = ml_alloc_resize_array(&f.alloc, p, 3, 0, 8);
    ml_alloc_free_array(&f.alloc, p, 0, 8);
    ml_alloc_free_array(&f.alloc, NULL, 7, 8);
    cr_assert(f.live == 0 && f.wrong_sizes == 0);
}

Test(alloc, libc_hands_out_zeroes_and_keeps_what_is_written)
{
    unsigned char *p = ml_alloc_array(&ml_alloc_libc, 100, 1);
    for (int i = 0; i < 100; i++) {
        cr_assert_eq(p[i], 0);
        p[i] = 0xAB;
    }
    p = ml_alloc_resize_array(&ml_alloc_libc, p, 100, 5000, 1);
    for (int i = 0; i < 5000; i++) {
        cr_assert_eq(p[i], i < 100 ? 0xAB : 0, "byte %d", i);
    }
    p = ml_alloc_resize_array(&ml_alloc_libc, p, 5000, 10, 1);
    p = ml_alloc_resize_array(&ml_alloc_libc, p, 10, 64, 1);
    for (int i = 0; i < 64; i++) {
        cr_assert_eq(p[i], i < 10 ? 0xAB : 0, "byte %d", i);
    }
    ml_alloc_free_array(&ml_alloc_libc, p, 64, 1);
}

Test(alloc, arithmetic_says_when_it_does_not_fit)
{
    size_t out;
    cr_assert(ml_size_mul(SIZE_MAX, 1, &out) && out == SIZE_MAX);
    cr_assert_not(ml_size_mul(SIZE_MAX / 2 + 1, 2, &out));
    cr_assert(ml_size_add(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
    cr_assert_not(ml_size_add(SIZE_MAX, 1, &out));
}
