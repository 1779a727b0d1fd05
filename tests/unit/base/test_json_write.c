/* SPDX-License-Identifier: MIT
 *
 * JSON as it is written: commas, escapes, and UTF-8 whatever comes in.
 */
#include "json_write.h"

#include "fail_alloc.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

Test(json_write, commas_stand_between_and_nowhere_else)
{
    struct ml_buf b;
    struct ml_json j;
    ml_buf_init(&b, &ml_alloc_libc);
    ml_json_init(&j, &b);
    ml_json_begin_object(&j);
    ml_json_kv_int(&j, "a", -1);
    ml_json_key(&j, "b");
    ml_json_begin_array(&j);
    ml_json_begin_object(&j);
    ml_json_end_object(&j);
    ml_json_begin_array(&j);
    ml_json_end_array(&j);
    ml_json_bool(&j, true);
    ml_json_null(&j);
    ml_json_end_array(&j);
    ml_json_kv_bool(&j, "c", false);
    ml_json_kv_null(&j, "d");
    ml_json_key(&j, "e");
    ml_json_raw(&j, "[1]", 3);
    ml_json_kv_str(&j, "f", NULL);
    ml_json_end_object(&j);
    cr_assert_str_eq(ml_buf_str(&b), "{\"a\":-1,\"b\":[{},[],true,null],\"c\":false,"
                                     "\"d\":null,\"e\":[1],\"f\":null}");
    ml_buf_fini(&b);
}

Test(json_write, numbers_at_their_ends)
{
    struct ml_buf b;
    struct ml_json j;
    ml_buf_init(&b, &ml_alloc_libc);
    ml_json_init(&j, &b);
    ml_json_begin_array(&j);
    ml_json_int(&j, INT64_MIN);
    ml_json_uint(&j, UINT64_MAX);
    ml_json_hex(&j, UINT64_MAX);
    ml_json_hex(&j, 0);
    ml_json_end_array(&j);
    cr_assert_str_eq(ml_buf_str(&b), "[-9223372036854775808,18446744073709551615,"
                                     "\"0xffffffffffffffff\",\"0x0\"]");
    ml_buf_fini(&b);
}

struct fraction {
    double value;
    int decimals;
    char text[24];
};

ParameterizedTestParameters(json_write, fractions)
{
    static struct fraction cases[] = {
        {0, 2, "0.00"},        {-0.0, 1, "0.0"},
        {1.5, 0, "2"},         {-1.25, 1, "-1.3"},
        {0.999, 2, "1.00"},    {-0.001, 2, "0.00"},
        {12.05, 3, "12.050"},  {3, -4, "3"},
        {0.125, 3, "0.125"},   {NAN, 2, "null"},
        {INFINITY, 2, "null"}, {-INFINITY, 2, "null"},
        {1e300, 2, "null"},    {0.5, 99, "0.500000000"},
    };
    return cr_make_param_array(struct fraction, cases, sizeof(cases) / sizeof(*cases));
}

ParameterizedTest(struct fraction *f, json_write, fractions)
{
    struct ml_buf b;
    struct ml_json j;
    ml_buf_init(&b, &ml_alloc_libc);
    ml_json_init(&j, &b);
    ml_json_double(&j, f->value, f->decimals);
    cr_assert_str_eq(ml_buf_str(&b), f->text, "%s is not %s", ml_buf_str(&b), f->text);
    ml_buf_fini(&b);
}

struct text {
    char in[20];
    char out[40];
};

#define BAD "\xEF\xBF\xBD" /* U+FFFD */

ParameterizedTestParameters(json_write, texts)
{
    static struct text cases[] = {
        {"", ""},
        {"a\"b\\c/", "a\\\"b\\\\c/"},
        {"\n\t\r\x01\x7f", "\\n\\t\\u000d\\u0001\\u007f"},
        {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80",
         "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
        {"\x80x", BAD "x"},                       /* a tail without a head */
        {"\xC3", BAD},                            /* a head without a tail */
        {"\xE2\x82z", BAD BAD "z"},               /* broken off */
        {"\xC0\xAF", BAD BAD},                    /* overlong "/" */
        {"\xE0\x80\xAF", BAD BAD BAD},            /* the same in three */
        {"\xF0\x80\x80\xAF", BAD BAD BAD BAD},    /* and in four */
        {"\xED\xA0\x80", BAD BAD BAD},            /* a surrogate */
        {"\xED\x9F\xBF", "\xED\x9F\xBF"},         /* the last before them */
        {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"}, /* U+10FFFF */
        {"\xF4\x90\x80\x80", BAD BAD BAD BAD},    /* one more */
        {"\xFE\xFF", BAD BAD},
    };
    return cr_make_param_array(struct text, cases, sizeof(cases) / sizeof(*cases));
}

ParameterizedTest(struct text *t, json_write, texts)
{
    struct ml_buf b;
    struct ml_json j;
    char want[64];
    snprintf(want, sizeof(want), "\"%s\"", t->out);
    ml_buf_init(&b, &ml_alloc_libc);
    ml_json_init(&j, &b);
    ml_json_str(&j, t->in);
    cr_assert_str_eq(ml_buf_str(&b), want, "%s is not %s", ml_buf_str(&b), want);
    ml_buf_fini(&b);
}

Test(json_write, zero_bytes_are_text_too)
{
    struct ml_buf b;
    struct ml_json j;
    ml_buf_init(&b, &ml_alloc_libc);
    ml_json_init(&j, &b);
    ml_json_strn(&j, "a\0b", 3);
    cr_assert_str_eq(ml_buf_str(&b), "\"a\\u0000b\"");
    ml_buf_fini(&b);
}

/* Every sequence of three bytes: out comes one line without control characters, and
 * what is not ASCII is well-formed by the table of RFC 3629, section 4. */
static bool
is_clean(const unsigned char *p, size_t len)
{
    for (size_t i = 0; i < len;) {
        unsigned char c = p[i], d = i + 1 < len ? p[i + 1] : 0;
        size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
        bool head = c < 0x80 ? c >= 0x20 && c != 0x7F : c >= 0xC2 && c <= 0xF4;
        bool second = n == 1 || (c == 0xE0   ? d >= 0xA0 && d <= 0xBF
                                 : c == 0xED ? d >= 0x80 && d <= 0x9F
                                 : c == 0xF0 ? d >= 0x90 && d <= 0xBF
                                 : c == 0xF4 ? d >= 0x80 && d <= 0x8F
                                             : d >= 0x80 && d <= 0xBF);
        if (!head || !second || i + n > len) {
            return false;
        }
        for (size_t k = 2; k < n; k++) {
            if (p[i + k] < 0x80 || p[i + k] > 0xBF) {
                return false;
            }
        }
        i += n;
    }
    return true;
}

Test(json_write, no_three_bytes_break_it)
{
    struct ml_buf b;
    struct ml_json j;
    ml_buf_init(&b, &ml_alloc_libc);
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned rest = 0; rest < 65536; rest += first < 0xC0 ? 97 : 1) {
            char in[] = {(char)first, (char)(rest >> 8), (char)rest};
            b.len = 0;
            ml_json_init(&j, &b);
            ml_json_strn(&j, in, 3);
            cr_assert(is_clean((unsigned char *)b.data, b.len), "%02x %04x", first,
                      rest);
        }
    }
    ml_buf_fini(&b);
}

Test(json_write, sixty_three_levels_deep)
{
    struct ml_buf b;
    struct ml_json j;
    ml_buf_init(&b, &ml_alloc_libc);
    ml_json_init(&j, &b);
    for (int i = 0; i < 63; i++) {
        ml_json_begin_array(&j);
    }
    ml_json_int(&j, 1);
    ml_json_int(&j, 2);
    for (int i = 0; i < 63; i++) {
        ml_json_end_array(&j);
    }
    cr_assert_eq(b.len, 63 + 3 + 63);
    cr_assert_eq(memcmp(b.data + 63, "1,2", 3), 0);
    ml_buf_fini(&b);
}

Test(json_write, a_failed_allocation_stays_in_the_buffer)
{
    struct fail_alloc f;
    struct ml_buf b;
    struct ml_json j;
    fail_alloc_init(&f, 1);
    ml_buf_init(&b, &f.alloc);
    ml_json_init(&j, &b);
    ml_json_begin_array(&j);
    for (int i = 0; i < 500; i++) {
        ml_json_int(&j, i);
    }
    ml_json_end_array(&j);
    cr_assert(b.failed);
    ml_buf_fini(&b);
    cr_assert_eq(f.live, 0);
}
