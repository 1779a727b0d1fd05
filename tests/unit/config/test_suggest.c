/* SPDX-License-Identifier: MIT
 *
 * suggest: distances, the nearest word, quoting.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "suggest.h"

struct row {
    char a[32], b[32];
    int distance;
};

ParameterizedTestParameters(suggest, counts_the_four_kinds_of_slip)
{
    static struct row rows[] = {
        {"keep", "keep", 0},      {"", "", 0},          {"", "abc", 3},
        {"kep", "keep", 1},       {"keeep", "keep", 1}, {"kewp", "keep", 1},
        {"kepe", "keep", 1},      {"KEEP", "keep", 0},  {"ca", "abc", 3},
        {"sitting", "kitten", 3}, {"abc", "xyz", 3},
    };
    return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, suggest, counts_the_four_kinds_of_slip)
{
    size_t a = strlen(row->a), b = strlen(row->b);
    cr_assert_eq(ml_suggest_distance(row->a, a, row->b, b), row->distance);
    cr_assert_eq(ml_suggest_distance(row->b, b, row->a, a), row->distance);
}

static const char *
nearest(const char *typed)
{
    static const char *const words[] = {"keep", "console", "max_object_details",
                                        "redact"};
    struct ml_suggest s;
    ml_suggest_init(&s, typed, strlen(typed));
    for (size_t i = 0; i < 4; i++) {
        ml_suggest_offer(&s, words[i]);
    }
    return ml_suggest_best(&s);
}

Test(suggest, proposes_the_nearest_word)
{
    cr_assert_str_eq(nearest("max_objct_details"), "max_object_details");
    cr_assert_str_eq(nearest("consle"), "console");
    cr_assert_str_eq(nearest("kepe"), "keep");
}

Test(suggest, says_nothing_when_nothing_is_near)
{
    cr_assert_null(nearest("elephant"));
    cr_assert_null(nearest(""));
    cr_assert_null(nearest("x"));
}

Test(suggest, very_long_words_are_far_from_everything)
{
    char word[ML_SUGGEST_MAX + 2];
    memset(word, 'a', sizeof(word));
    cr_assert_eq(ml_suggest_distance(word, ML_SUGGEST_MAX, word, ML_SUGGEST_MAX), 0);
    cr_assert_eq(ml_suggest_distance(word, ML_SUGGEST_MAX + 1, word, 3),
                 ML_SUGGEST_MAX + 1);
}

Test(suggest, quotes_cut_long_texts_between_characters)
{
    char text[200], out[ML_SUGGEST_QUOTE];
    cr_assert_str_eq(ml_suggest_quote("a\nb", 3, out), "'a?b'");
    cr_assert_str_eq(ml_suggest_quote("", 0, out), "''");
    for (size_t lead = 0; lead < 4; lead++) {
        memset(text, 'x', lead);
        for (size_t i = lead; i + 1 < sizeof(text); i += 2) {
            memcpy(text + i, "\xC3\xA4", 2);
        }
        ml_suggest_quote(text, 180, out);
        cr_expect_lt(strlen(out), ML_SUGGEST_QUOTE);
        cr_expect_str_eq(out + strlen(out) - 6, "\xC3\xA4...'");
    }
}
