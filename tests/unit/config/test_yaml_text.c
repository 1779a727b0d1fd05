/* SPDX-License-Identifier: MIT
 *
 * yaml_text: which bytes may stand in a file, and quoting.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "yaml_text.h"

struct check {
    char text[16];
    size_t len, good; /* of `len` bytes the first `good` are all right */
};

ParameterizedTestParameters(yaml_text, the_first_bad_byte_is_found)
{
    static struct check rows[] = {
        {"", 0, 0},
        {"a: b\r\n\t", 7, 7},
        {"a\0b", 3, 1},
        {"a\x1B", 2, 1},
        {"a\x7F", 2, 1},
        {"\xC3\xA4", 2, 2},
        {"\xC3", 1, 0},
        {"ab\xC3(", 4, 2},
        {"\x80", 1, 0},
        {"\xC0\xAF", 2, 0},         /* overlong */
        {"\xE0\x80\xAF", 3, 0},     /* overlong */
        {"\xED\xA0\x80", 3, 0},     /* surrogate */
        {"\xF4\x90\x80\x80", 4, 0}, /* past U+10FFFF */
        {"\xF0\x9F\x90\x8D", 4, 4},
        {"\xF8\x88\x80\x80\x80", 5, 0},
        {"\xC2\x81", 2, 0},     /* C1 control */
        {"\xC2\x85", 2, 2},     /* next line is allowed */
        {"\xEF\xBF\xBE", 3, 0}, /* no character */
    };
    return cr_make_param_array(struct check, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct check *row, yaml_text, the_first_bad_byte_is_found)
{
    cr_assert_eq(ml_yaml_check(row->text, row->len), row->good);
}

Test(yaml_text, positions_count_lines_and_characters)
{
    int line, column;
    ml_yaml_position("a\n\xC3\xA4x", 4, &line, &column);
    cr_assert_eq(line, 2);
    cr_assert_eq(column, 2);
    ml_yaml_position("", 0, &line, &column);
    cr_assert_eq(line, 1);
    cr_assert_eq(column, 1);
}

struct quote {
    char text[24], written[40];
};

ParameterizedTestParameters(yaml_text, is_plain_only_where_nothing_can_be_misread)
{
    static struct quote rows[] = {
        {"app.models.User", "app.models.User"},
        {"/var/lib/x-1", "/var/lib/x-1"},
        {"~/reports", "~/reports"},
        {"~", "\"~\""},
        {"~bob", "\"~bob\""},
        {"", "\"\""},
        {"null", "\"null\""},
        {"Null", "\"Null\""},
        {"off", "\"off\""},
        {"YES", "\"YES\""},
        {"n", "\"n\""},
        {"office", "office"},
        {"12", "\"12\""},
        {"1e5", "\"1e5\""},
        {"-x", "\"-x\""},
        {".inf", "\".inf\""},
        {"a b", "\"a b\""},
        {"a: b", "\"a: b\""},
        {"a,b", "\"a,b\""},
        {"x#y", "\"x#y\""},
        {"say \"hi\"\\", "\"say \\\"hi\\\"\\\\\""},
        {"\xC3\xA4", "\"\xC3\xA4\""},
        {"\xE2\x80\xA8", "\"\\u2028\""},
        {"\xEF\xBB\xBF", "\"\\uFEFF\""},
        {"\n", "\"\\u000A\""},
        {"a\xFFz", "\"a\xEF\xBF\xBDz\""},
    };
    return cr_make_param_array(struct quote, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct quote *row, yaml_text,
                  is_plain_only_where_nothing_can_be_misread)
{
    struct ml_buf out;
    ml_buf_init(&out, &ml_alloc_libc);
    ml_yaml_write_text(&out, row->text);
    cr_assert_str_eq(ml_buf_str(&out), row->written);
    ml_buf_fini(&out);
}

Test(yaml_text, controls_are_noticed)
{
    cr_assert(ml_yaml_has_controls("a\0b", 3));
    cr_assert(ml_yaml_has_controls("a\n", 2));
    cr_assert(ml_yaml_has_controls("\xC2\x85", 2));
    cr_assert_not(ml_yaml_has_controls("\xC3\xA4 b", 4));
    cr_assert_not(ml_yaml_has_controls("", 0));
}
