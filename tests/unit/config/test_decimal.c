/* SPDX-License-Identifier: MIT
 *
 * decimal: integers in and out, whatever the locale says.
 */
#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

#include "decimal.h"

Test(decimal, reads_digits_and_stops_behind_them)
{
    const char *text = "12.5h", *at = text;
    struct ml_decimal n;
    cr_assert(ml_decimal_read(&at, text + 5, &n));
    cr_assert_eq(n.whole, 12);
    cr_assert_eq(n.fraction, 5000000);
    cr_assert_str_eq(at, "h");
}

Test(decimal, places_that_do_not_count_are_dropped)
{
    const char *text = "0.30000000000000004", *at = text;
    struct ml_decimal n;
    cr_assert(ml_decimal_read(&at, text + strlen(text), &n));
    cr_assert_eq(n.fraction, 3000000);
    cr_assert_eq(*at, '\0');
}

Test(decimal, nothing_to_read_is_refused)
{
    const char *const bad[] = {"", ".", "-1", "x1", "99999999999999999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *at = bad[i];
        struct ml_decimal n;
        cr_expect_not(ml_decimal_read(&at, bad[i] + strlen(bad[i]), &n), "'%s'",
                      bad[i]);
    }
}

Test(decimal, multiplication_rounds_and_notices_overflow)
{
    uint64_t out;
    cr_assert(ml_decimal_times((struct ml_decimal){1, 5000000}, 3600, &out));
    cr_assert_eq(out, 5400);
    cr_assert(ml_decimal_times((struct ml_decimal){0, 5000000}, 1, &out));
    cr_assert_eq(out, 1);
    cr_assert_not(ml_decimal_times((struct ml_decimal){UINT64_MAX, 0}, 2, &out));
    cr_assert_not(ml_decimal_times((struct ml_decimal){UINT64_MAX, 9999999}, 1, &out));
}

Test(decimal, writes_no_superfluous_zeros)
{
    char out[32];
    ml_decimal_write(1500, 3, "s", out, sizeof(out));
    cr_assert_str_eq(out, "1.5s");
    ml_decimal_write(2000, 3, "s", out, sizeof(out));
    cr_assert_str_eq(out, "2s");
    ml_decimal_write(1, 6, "s", out, sizeof(out));
    cr_assert_str_eq(out, "0.000001s");
}

Test(decimal, the_locale_changes_nothing)
{
    const char *text = "1.5", *at = text;
    struct ml_decimal n;
    char out[32];
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL) {
        cr_skip("no German locale on this system");
    }
    cr_assert(ml_decimal_read(&at, text + 3, &n));
    cr_assert_eq(n.fraction, 5000000);
    ml_decimal_write(15, 1, "", out, sizeof(out));
    cr_assert_str_eq(out, "1.5");
}

Test(decimal, units_compare_without_regard_to_case)
{
    const char *text = "MiB";
    cr_assert(ml_decimal_unit_is(text, text + 3, "mib"));
    cr_assert_not(ml_decimal_unit_is(text, text + 2, "mib"));
    cr_assert_not(ml_decimal_unit_is(text, text + 3, "mi"));
    cr_assert(ml_decimal_unit_is(text, text, ""));
}
