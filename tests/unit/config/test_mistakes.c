/* SPDX-License-Identifier: MIT
 *
 * mistakes: a bounded list that goes on counting.
 */
#include <criterion/criterion.h>

#include "mistakes.h"

Test(mistakes, are_kept_in_order_and_counted_when_there_is_no_room)
{
    static struct ml_mistakes m;
    for (int i = 0; i < ML_CONFIG_MAX_MISTAKES + 3; i++) {
        ml_mistakes_add(&m, ML_EFORMAT, i + 1, 2, "mistake %d", i);
    }
    cr_assert_eq(m.count, ML_CONFIG_MAX_MISTAKES);
    cr_assert_eq(m.more, 3);
    cr_assert_eq(m.mistake[5].line, 6);
    cr_assert_eq(m.mistake[5].column, 2);
    cr_assert_eq(m.mistake[5].code, ML_EFORMAT);
    cr_assert_str_eq(m.mistake[5].message, "mistake 5");
}

Test(mistakes, nobody_needs_to_listen)
{
    ml_mistakes_add(NULL, ML_EFORMAT, 1, 1, "lost");
    cr_assert_null(ml_mistakes_next(NULL));
}
