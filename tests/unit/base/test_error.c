/* SPDX-License-Identifier: MIT
 *
 * Errors carried in one's hands.
 */
#include "error.h"

#include <criterion/criterion.h>
#include <string.h>

Test(error, setting_returns_the_code)
{
    struct ml_error err = {0};
    cr_assert_eq(ml_error_set(&err, ML_EIO, "no %s", "luck"), ML_EIO);
    cr_assert_eq(err.code, ML_EIO);
    cr_assert_str_eq(err.message, "no luck");
    cr_assert_eq(ml_error_set(NULL, ML_EIO, "unheard"), ML_EIO);
    cr_assert_eq(ml_error_nomem(NULL), ML_ENOMEM);
}

Test(error, a_position_is_kept_and_forgotten)
{
    struct ml_error err = {0};
    cr_assert_eq(ml_error_set_at(&err, ML_EFORMAT, 3, 14, "here"), ML_EFORMAT);
    cr_assert(err.line == 3 && err.column == 14);
    cr_assert_eq(ml_error_nomem(&err), ML_ENOMEM);
    cr_assert(err.line == 0 && err.column == 0);
    cr_assert_str_eq(err.message, "out of memory");
}

Test(error, a_message_is_one_line_and_always_ends)
{
    struct ml_error err = {0};
    char longer[1000];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[10] = '\n';
    longer[11] = '\r';
    longer[sizeof(longer) - 1] = '\0';
    ml_error_set(&err, ML_EINVAL, "%s", longer);
    cr_assert_eq(strlen(err.message), sizeof(err.message) - 1);
    cr_assert_null(strpbrk(err.message, "\r\n"));
}

Test(error, every_code_has_a_name_of_its_own)
{
    for (int a = ML_EAMBIGUOUS; a <= ML_OK; a++) {
        cr_assert_str_neq(ml_error_name(a), "unknown error", "%d", a);
        for (int b = ML_EAMBIGUOUS; b < a; b++) {
            cr_assert_str_neq(ml_error_name(a), ml_error_name(b), "%d and %d", a, b);
        }
    }
    cr_assert_str_eq(ml_error_name(1), "unknown error");
    cr_assert_str_eq(ml_error_name(ML_EAMBIGUOUS - 1), "unknown error");
}
