/* SPDX-License-Identifier: MIT
 *
 * text_format: figures in a person's units, whatever a JSON file holds.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "report.h"
#include "text_format.h"

struct bytes_row {
    double in;
    char out[32];
};

ParameterizedTestParameters(text_format, bytes_have_binary_units)
{
    static struct bytes_row rows[] = {
        {0, "0 B"},           {512, "512 B"},         {1023, "1023 B"},
        {1024, "1.0 KiB"},    {1048575, "1.0 MiB"},   {1288490188, "1.2 GiB"},
        {-2048, "-2.0 KiB"},  {5e15, "4.4 PiB"},      {1e300, "1000000000.0 PiB"},
        {NAN, "0 B"},
    };
    return cr_make_param_array(struct bytes_row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct bytes_row *row, text_format, bytes_have_binary_units)
{
    char text[32];
    cr_assert_str_eq(ml_text_bytes(row->in, text), row->out);
}

Test(text_format, counts_are_grouped_by_three)
{
    char text[32];
    cr_assert_str_eq(ml_text_count(0, text), "0");
    cr_assert_str_eq(ml_text_count(999, text), "999");
    cr_assert_str_eq(ml_text_count(48211, text), "48 211");
    cr_assert_str_eq(ml_text_count(-1234567, text), "-1 234 567");
    cr_assert_str_eq(ml_text_count(LLONG_MIN, text), "-9 223 372 036 854 775 808");
}

Test(text_format, durations_grow_with_their_units)
{
    char text[32];
    cr_assert_str_eq(ml_text_duration(0.0051, text), "5.1 ms");
    cr_assert_str_eq(ml_text_duration(0.84, text), "840 ms");
    cr_assert_str_eq(ml_text_duration(59.94, text), "59.9 s");
    cr_assert_str_eq(ml_text_duration(59.96, text), "1 min 0 s");
    cr_assert_str_eq(ml_text_duration(11040.5, text), "3 h 4 min");
    cr_assert_str_eq(ml_text_duration(1e9, text), "11574 d 1 h");
    cr_assert_str_eq(ml_text_duration(-1, text), "0.0 ms");
}

Test(text_format, keys_of_the_wrong_type_are_as_good_as_none)
{
    json_t *object = json_pack("{s:s, s:f, s:n}", "text", "abc", "number", 2.5, "null");
    cr_assert_str_eq(ml_json_text(object, "text"), "abc");
    cr_assert_null(ml_json_text(object, "number"));
    cr_assert_null(ml_json_text(NULL, "text"));
    cr_assert_eq(ml_json_integer(object, "number"), 2);
    cr_assert_not(ml_json_has_number(object, "text"));
    cr_assert_not(ml_json_has_number(object, "null"));
    cr_assert_eq(ml_json_number(object, "missing"), 0);
    json_decref(object);
}
