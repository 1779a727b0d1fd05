/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "human.h"

struct row {
    double seconds;
    char text[16];
};

ParameterizedTestParameters(human, seconds_are_never_rounded_up)
{
    static struct row rows[] = {
        {0, "0 ms"},        {-5, "0 ms"},       {0.0004, "0 ms"},   {0.25, "250 ms"},
        {0.9999, "999 ms"}, {1, "1.0 s"},       {1.87, "1.8 s"},    {9.99, "9.9 s"},
        {12.5, "12 s"},     {119, "119 s"},     {120, "2.0 min"},   {312, "5.2 min"},
        {7199, "119 min"},  {7200, "2.0 h"},    {90000, "25 h"},    {172800, "2.0 d"},
        {1e7, "115 d"},     {1e30, "0 ms"},
    };
    return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, human, seconds_are_never_rounded_up)
{
    struct ml_buf text;
    ml_buf_init(&text, &ml_alloc_libc);
    ml_human_seconds(&text, row->seconds);
    cr_expect_str_eq(ml_buf_str(&text), row->text, "%g: %s", row->seconds,
                     ml_buf_str(&text));
    ml_buf_fini(&text);
}
