/* SPDX-License-Identifier: MIT
 *
 * Growable arrays.
 */
#include "vec.h"

#include "fail_alloc.h"
#include <criterion/criterion.h>

Test(vec, pushes_keep_their_order_over_growths)
{
    struct ml_u32vec v = {0};
    for (uint32_t i = 0; i < 10000; i++) {
        cr_assert_eq(ml_u32vec_push(&v, &ml_alloc_libc, i * 7), ML_OK);
    }
    cr_assert_eq(v.len, 10000);
    for (uint32_t i = 0; i < 10000; i++) {
        cr_assert_eq(v.data[i], i * 7);
    }
    ml_u32vec_free(&v, &ml_alloc_libc);
    cr_assert(v.data == NULL && v.len == 0 && v.cap == 0);
    ml_u32vec_free(&v, &ml_alloc_libc);
}

Test(vec, reserved_room_needs_no_more_memory)
{
    struct fail_alloc f;
    struct ml_u64vec v = {0};
    fail_alloc_init(&f, 1);
    cr_assert_eq(ml_u64vec_reserve(&v, &f.alloc, 1000), ML_OK);
    for (uint64_t i = 0; i < 1000; i++) {
        cr_assert_eq(ml_u64vec_push(&v, &f.alloc, i), ML_OK);
    }
    cr_assert_eq(ml_u64vec_push(&v, &f.alloc, 1000), ML_ENOMEM);
    cr_assert_eq(v.len, 1000, "a failed push leaves it as it was");
    cr_assert_eq(v.data[999], 999);
    ml_u64vec_free(&v, &f.alloc);
    cr_assert(f.live == 0 && f.wrong_sizes == 0);
}

Test(vec, room_that_cannot_be_is_refused)
{
    struct ml_u64vec v = {0};
    cr_assert_eq(ml_u64vec_reserve(&v, &ml_alloc_libc, SIZE_MAX / 4), ML_ENOMEM);
    cr_assert_null(v.data);
}
