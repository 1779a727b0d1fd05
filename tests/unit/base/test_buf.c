/* SPDX-License-Identifier: MIT
 *
 * Bytes that grow, until memory or the limit says no.
 */
#include "buf.h"

#include "fail_alloc.h"
#include <criterion/criterion.h>
#include <string.h>

Test(buf, what_is_appended_stands_there_in_order)
{
    struct ml_buf b;
    ml_buf_init(&b, &ml_alloc_libc);
    cr_assert_str_eq(ml_buf_str(&b), "");
    ml_buf_puts(&b, "one");
    ml_buf_putc(&b, ' ');
    ml_buf_append(&b, "two!", 3);
    ml_buf_append(&b, NULL, 0);
    ml_buf_printf(&b, " %d %s", 3, "four");
    cr_assert_str_eq(ml_buf_str(&b), "one two 3 four");
    cr_assert_eq(b.len, strlen("one two 3 four"), "the terminator is not counted");
    ml_buf_fini(&b);
    cr_assert_eq(b.len, 0);
}

Test(buf, long_texts_survive_many_growths)
{
    struct ml_buf b;
    ml_buf_init(&b, &ml_alloc_libc);
    for (int i = 0; i < 20000; i++) {
        ml_buf_printf(&b, "%05d", i);
    }
    cr_assert_eq(b.len, 100000);
    cr_assert_eq(memcmp(b.data + 5 * 12345, "12345", 5), 0);
    ml_buf_fini(&b);
}

Test(buf, the_front_can_be_dropped)
{
    struct ml_buf b;
    ml_buf_init(&b, &ml_alloc_libc);
    ml_buf_puts(&b, "hello world");
    ml_buf_consume(&b, 6);
    cr_assert_str_eq(ml_buf_str(&b), "world");
    ml_buf_consume(&b, 0);
    cr_assert_str_eq(ml_buf_str(&b), "world");
    ml_buf_consume(&b, 99);
    cr_assert_str_eq(ml_buf_str(&b), "");
    ml_buf_puts(&b, "again");
    cr_assert_str_eq(ml_buf_str(&b), "again");
    ml_buf_fini(&b);
}

Test(buf, past_the_limit_nothing_more_goes_in)
{
    struct ml_buf b;
    ml_buf_init(&b, &ml_alloc_libc);
    b.limit = 8;
    ml_buf_append(&b, "12345678", 8);
    cr_assert_not(b.failed);
    ml_buf_putc(&b, '9');
    cr_assert(b.failed);
    cr_assert_eq(b.len, 8);
    ml_buf_consume(&b, 8);
    ml_buf_putc(&b, 'x');
    cr_assert_eq(b.len, 0, "a failure stays");
    cr_assert_str_eq(ml_buf_str(&b), "");
    ml_buf_fini(&b);
}

Test(buf, every_allocation_may_fail)
{
    struct fail_alloc f;
    for (size_t n = 0;; n++) {
        struct ml_buf b;
        fail_alloc_init(&f, n);
        ml_buf_init(&b, &f.alloc);
        for (int i = 0; i < 500; i++) {
            ml_buf_printf(&b, "%d ", i);
            ml_buf_puts(&b, "word");
        }
        bool failed = b.failed;
        cr_assert_eq(failed, f.calls > n, "call %zu", n);
        ml_buf_fini(&b);
        cr_assert(f.live == 0 && f.wrong_sizes == 0, "call %zu", n);
        if (!failed) {
            cr_assert_gt(n, 3);
            break;
        }
    }
}
