/* SPDX-License-Identifier: MIT
 *
 * amount: the words for memory, shares and rates, both ways.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "amount.h"

struct row {
    char text[24];
    int unit;
    double value;
    char written[24];
};

#define B ML_AMOUNT_BYTES
#define P ML_AMOUNT_PERCENT
#define R ML_AMOUNT_BYTES_PER_MIN
#define MIB 1048576.0

ParameterizedTestParameters(amount, is_read_and_written_in_its_usual_form)
{
    static struct row rows[] = {
        {"50MiB", B, 50 * MIB, "50MiB"},
        {"2GiB", B, 2048 * MIB, "2GiB"},
        {"2g", B, 2048 * MIB, "2GiB"},
        {"512M", B, 512 * MIB, "512MiB"},
        {"512Mi", B, 512 * MIB, "512MiB"},
        {"1.5GiB", B, 1536 * MIB, "1536MiB"},
        {"1000", B, 1000, "1000"},
        {"1000B", B, 1000, "1000"},
        {"1kB", B, 1000, "1000"},
        {"1MB", B, 1e6, "1000000"},
        {"5 GiB", B, 5120 * MIB, "5GiB"},
        {"0", B, 0, "0"},
        {"80%", P, 80, "80%"},
        {"12.5%", P, 12.5, "12.5%"},
        {"80 %", P, 80, "80%"},
        {"50MiB/min", R, 50 * MIB, "50MiB/min"},
        {"1MiB/s", R, 60 * MIB, "60MiB/min"},
        {"60MiB/h", R, MIB, "1MiB/min"},
        {"50 MiB / min", R, 50 * MIB, "50MiB/min"},
        {"1000/m", R, 1000, "1000B/min"},
        {"8192TiB", B, 9007199254740992.0, "8192TiB"},
    };
    return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, amount, is_read_and_written_in_its_usual_form)
{
    struct ml_amount amount, again;
    char out[ML_AMOUNT_TEXT];
    cr_assert(ml_amount_read(row->text, strlen(row->text), &amount), "%s", row->text);
    cr_assert_eq((int)amount.unit, row->unit, "%s", row->text);
    cr_assert_eq(amount.value, row->value, "%s", row->text);
    cr_assert_str_eq(ml_amount_write(amount, out), row->written);
    cr_assert(ml_amount_read(out, strlen(out), &again));
    cr_assert_eq((int)again.unit, row->unit);
    cr_assert_eq(again.value, row->value);
}

ParameterizedTestParameters(amount, what_is_none_is_refused)
{
    static struct row rows[] = {
        {"", 0, 0, ""},
        {"MiB", 0, 0, ""},
        {"-1GiB", 0, 0, ""},
        {"5XiB", 0, 0, ""},
        {"80%%", 0, 0, ""},
        {"80%/min", 0, 0, ""},
        {"50MiB/", 0, 0, ""},
        {"50MiB/year", 0, 0, ""},
        {"/min", 0, 0, ""},
        {"8193TiB", 0, 0, ""},
        {"1MiB/min/s", 0, 0, ""},
        {"8192TiB/s", 0, 0, ""},
        {"1e9", 0, 0, ""},
        {"1,5GiB", 0, 0, ""},
        {"99999999999999999999%", 0, 0, ""},
    };
    return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, amount, what_is_none_is_refused)
{
    struct ml_amount amount;
    cr_assert_not(ml_amount_read(row->text, strlen(row->text), &amount), "%s",
                  row->text);
}

Test(amount, off_is_written_as_off)
{
    char out[ML_AMOUNT_TEXT];
    cr_assert_str_eq(ml_amount_write((struct ml_amount){ML_AMOUNT_OFF, 0}, out), "off");
}

Test(amount, what_no_reader_gives_is_written_without_harm)
{
    char out[ML_AMOUNT_TEXT];
    cr_assert_str_eq(ml_amount_write((struct ml_amount){B, -1}, out), "0");
    cr_assert_str_eq(ml_amount_write((struct ml_amount){B, 1e300}, out), "0");
}
