/* SPDX-License-Identifier: MIT
 *
 * duration: the words for times, both ways.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "duration.h"

struct row {
    char text[24];
    double seconds; /* -1: no duration */
    char written[24];
};

ParameterizedTestParameters(duration, is_read_and_written_in_its_usual_form)
{
    static struct row rows[] = {
        {"500ms", 0.5, "500ms"},
        {"60s", 60, "60s"},
        {"60", 60, "60s"},
        {"5m", 300, "300s"},
        {"10m", 600, "10m"},
        {"1h", 3600, "1h"},
        {"90m", 5400, "90m"},
        {"24h", 86400, "1d"},
        {"2d", 172800, "2d"},
        {"601s", 601, "601s"},
        {"0", 0, "0s"},
        {"0ms", 0, "0s"},
        {"1.5", 1.5, "1.5s"},
        {"1.5h", 5400, "90m"},
        {".5s", 0.5, "500ms"},
        {"0.1", 0.1, "100ms"},
        {"1us", 1e-6, "0.001ms"},
        {"10 s", 10, "10s"},
        {"5MIN", 300, "300s"},
        {"3sec", 3, "3s"},
        {"1.000001s", 1.000001, "1.000001s"},
        {"60.0", 60, "60s"},
        {"0.30000000000000004", 0.3, "300ms"},
    };
    return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, duration, is_read_and_written_in_its_usual_form)
{
    double seconds = -7, again = -7;
    char out[ML_DURATION_TEXT];
    cr_assert(ml_duration_read(row->text, strlen(row->text), &seconds), "%s",
              row->text);
    cr_assert_eq(seconds, row->seconds, "%s", row->text);
    cr_assert_str_eq(ml_duration_write(seconds, out), row->written);
    cr_assert(ml_duration_read(out, strlen(out), &again));
    cr_assert_eq(again, seconds);
}

ParameterizedTestParameters(duration, what_is_none_is_refused)
{
    static struct row rows[] = {
        {"", 0, ""},      {"s", 0, ""},    {"-5s", 0, ""},   {"5x", 0, ""},
        {"5 s s", 0, ""}, {"1e3", 0, ""},  {"inf", 0, ""},   {".nan", 0, ""},
        {"1,5s", 0, ""},  {"5s ", 0, ""},  {" 5s", 0, ""},   {"99999999999d", 0, ""},
        {"1h30m", 0, ""}, {"0x10", 0, ""}, {"1_000", 0, ""}, {"200y", 0, ""},
    };
    return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, duration, what_is_none_is_refused)
{
    double seconds = -7;
    cr_assert_not(ml_duration_read(row->text, strlen(row->text), &seconds), "%s",
                  row->text);
    cr_assert_eq(seconds, -7);
}

Test(duration, any_number_of_microseconds_comes_back_to_the_last_bit)
{
    char out[ML_DURATION_TEXT];
    for (unsigned long long us = 1; us < 31536000000000ull; us = us * 3 + 7) {
        double seconds = (double)us / 1e6, again;
        ml_duration_write(seconds, out);
        cr_assert(ml_duration_read(out, strlen(out), &again), "%s", out);
        cr_assert_eq(again, seconds, "%llu us, written %s", us, out);
    }
}

Test(duration, only_the_given_bytes_are_read)
{
    double seconds;
    cr_assert(ml_duration_read("60sX", 3, &seconds));
    cr_assert_eq(seconds, 60);
}
