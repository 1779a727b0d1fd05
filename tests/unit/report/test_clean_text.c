/* SPDX-License-Identifier: MIT
 *
 * clean_text: whatever goes in, something harmless comes out, and as wide as it says.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "clean_text.h"

struct row {
    char in[64];
    int columns, flags;
    char out[96];
    int width;
};

ParameterizedTestParameters(clean_text, comes_out_as_the_table_says)
{
    static struct row rows[] = {
        {"plain", 0, 0, "plain", 5},
        {"", 0, 0, "", 0},
        {"a\nb\tc\rd", 0, 0, "a\\nb\\tc\\rd", 10},
        {"\033[2Jx", 0, 0, "\\x1b[2Jx", 8},
        {"\x7f", 0, 0, "\\x7f", 4},
        {"\xc2\x9b" "2J", 0, 0, "\\x9b2J", 6}, /* CSI as one character */
        {"\xff\xfe", 0, 0, "\\xff\\xfe", 8},
        {"\xed\xa0\x80", 0, 0, "\\xed\\xa0\\x80", 12}, /* half a surrogate pair */
        {"\xc0\xaf", 0, 0, "\\xc0\\xaf", 8},           /* overlong */
        {"\xe2\x82", 0, 0, "\\xe2\\x82", 8},           /* cut short */
        {"\xe2\x80\xae" "abc", 0, 0, "\\u202eabc", 9}, /* right-to-left override */
        {"\xef\xbf\xbf", 0, 0, "\\uffff", 6},
        {"日本", 0, 0, "日本", 4},
        {"e\xcc\x81", 0, 0, "e\xcc\x81", 1},
        {"日本", 0, ML_CLEAN_ASCII, "\\u65e5\\u672c", 12},
        {"é", 0, ML_CLEAN_ASCII, "\\xe9", 4},
        {"😀", 0, ML_CLEAN_ASCII, "\\U0001f600", 10},
        {"abcdef", 6, 0, "abcdef", 6},
        {"abcdefg", 6, 0, "abcde…", 6},
        {"日本語", 5, 0, "日本…", 5},
        {"日本語", 4, 0, "日…", 3},
        {"abcdefg", 6, ML_CLEAN_ASCII, "abc...", 6},
        {"pkg.mod.Class", 7, ML_CLEAN_CUT_LEFT, "….Class", 7},
        {"pkg.mod.Class", 8, ML_CLEAN_CUT_LEFT | ML_CLEAN_ASCII, "...Class", 8},
    };
    return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, clean_text, comes_out_as_the_table_says)
{
    struct ml_buf out;
    setlocale(LC_ALL, "C"); /* the program's locale must not matter */
    ml_buf_init(&out, &ml_alloc_libc);
    int width =
        ml_clean_append(&out, row->in, strlen(row->in), row->columns, row->flags);
    cr_assert_str_eq(ml_buf_str(&out), row->out);
    cr_assert_eq(width, row->width, "width %d of \"%s\"", width, row->out);
    ml_buf_fini(&out);
}

Test(clean_text, stacked_marks_end_after_a_few)
{
    char text[2 * 50 + 2] = "a";
    struct ml_buf out;
    for (int i = 0; i < 50; i++) {
        memcpy(text + 1 + 2 * i, "\xcc\x81", 2);
    }
    ml_buf_init(&out, &ml_alloc_libc);
    cr_assert_eq(ml_clean_append(&out, text, 101, 0, 0), 1);
    cr_assert_eq(out.len, 1 + 4 * 2);
    ml_buf_fini(&out);
}

Test(clean_text, nul_bytes_inside_are_shown)
{
    struct ml_buf out;
    ml_buf_init(&out, &ml_alloc_libc);
    ml_clean_append(&out, "a\0b", 3, 0, 0);
    cr_assert_str_eq(ml_buf_str(&out), "a\\x00b");
    ml_buf_fini(&out);
}

static bool
is_harmless(const struct ml_buf *b, bool ascii)
{
    for (size_t i = 0; i < b->len;) {
        uint32_t cp;
        i += ml_clean_decode(b->data + i, b->len - i, &cp);
        if (cp == UINT32_MAX || cp < 0x20 || (cp >= 0x7F && cp < 0xA0) ||
            (ascii && cp > 0x7E)) {
            return false;
        }
    }
    return true;
}

Test(clean_text, random_bytes_give_clean_text_within_its_width)
{
    unsigned seed = 20240229;
    char text[64];
    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t)(rand_r(&seed) % 60);
        int columns = rand_r(&seed) % 30, flags = rand_r(&seed) % 4;
        for (size_t i = 0; i < len; i++) {
            text[i] = (char)rand_r(&seed);
        }
        struct ml_buf out;
        ml_buf_init(&out, &ml_alloc_libc);
        int width = ml_clean_append(&out, text, len, columns, flags);
        cr_assert(is_harmless(&out, flags & ML_CLEAN_ASCII), "round %d", round);
        cr_assert(columns == 0 || width <= columns || columns < 3, "round %d: %d > %d",
                  round, width, columns);
        cr_assert_eq(width, ml_clean_columns(out.data, out.len), "round %d", round);
        ml_buf_fini(&out);
    }
}
