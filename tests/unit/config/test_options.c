/* SPDX-License-Identifier: MIT
 *
 * options: the table itself. Rows are data, and data has rules too.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "value.h"

Test(options, keys_are_unique_and_short_enough)
{
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        cr_assert_not_null(ml_options[i].key, "row %d is empty", i);
        cr_expect_lt(strlen(ml_options[i].key), ML_OPTION_KEY_MAX);
        cr_expect_eq(ml_option_find(ml_options[i].key), i, "%s", ml_options[i].key);
        cr_expect_eq(ml_option_find_section(ml_options[i].key), -1,
                     "%s is a section too", ml_options[i].key);
    }
}

Test(options, no_two_rows_share_memory)
{
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        for (int k = 0; k < i; k++) {
            const struct ml_option *a = &ml_options[i], *b = &ml_options[k];
            cr_expect(a->offset + a->size <= b->offset ||
                          b->offset + b->size <= a->offset,
                      "%s and %s", a->key, b->key);
        }
    }
}

static size_t
type_size(enum ml_option_type type)
{
    switch (type) {
    case ML_OPTION_BOOL:
        return sizeof(bool);
    case ML_OPTION_INT:
    case ML_OPTION_SIGNAL:
    case ML_OPTION_CHOICE:
        return sizeof(int);
    case ML_OPTION_DURATION:
        return sizeof(double);
    case ML_OPTION_AMOUNT:
        return sizeof(struct ml_amount);
    case ML_OPTION_TEXT:
        return ML_TEXT_MAX;
    case ML_OPTION_PATH:
    case ML_OPTION_SOCKET:
        return ML_PATH_TEXT_MAX;
    case ML_OPTION_TEXTS:
    case ML_OPTION_CHOICES:
    case ML_OPTION_PRINTS:
        return sizeof(struct ml_text_list);
    }
    return 0;
}

Test(options, each_type_fits_its_member)
{
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        cr_expect_eq(ml_options[i].size, type_size(ml_options[i].type), "%s",
                     ml_options[i].key);
    }
}

/* Together with the sizes: a member without a row would leave a hole here. */
Test(options, every_member_of_the_struct_has_a_row)
{
    static unsigned char covered[sizeof(struct ml_settings)];
    size_t hole = 0;
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        memset(covered + ml_options[i].offset, 1, ml_options[i].size);
    }
    for (size_t i = 0; i < sizeof(covered); i++) {
        hole = covered[i] ? 0 : hole + 1;
        cr_assert_lt(hole, sizeof(double), "bytes before %zu belong to no option", i);
    }
}

Test(options, each_default_stands_in_the_table_as_it_would_be_written)
{
    static struct ml_settings s;
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        const struct ml_option *o = &ml_options[i];
        struct ml_buf out;
        ml_value_set_default(o, &s);
        ml_buf_init(&out, &ml_alloc_libc);
        ml_value_write_yaml(o, &s, &out);
        cr_expect_str_eq(ml_buf_str(&out), o->standard, "%s: %s", o->key,
                         ml_buf_str(&out));
        ml_buf_fini(&out);
    }
}

Test(options, ranges_have_a_beginning_and_an_end)
{
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        const struct ml_option *o = &ml_options[i];
        bool ranged = o->type == ML_OPTION_INT || o->type == ML_OPTION_DURATION ||
                      o->type == ML_OPTION_AMOUNT;
        cr_expect_eq(ranged, o->most > o->least, "%s", o->key);
        cr_expect_geq(o->least, 0, "%s: negative values mean off or null", o->key);
    }
}

Test(options, each_help_is_one_sentence)
{
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        const char *help = ml_options[i].help;
        cr_assert_not_null(help, "%s", ml_options[i].key);
        cr_expect_eq(help[strlen(help) - 1], '.', "%s", ml_options[i].key);
        cr_expect_null(strchr(help, '\n'), "%s", ml_options[i].key);
        cr_expect_null(strchr(help, '|'), "%s would break the table",
                       ml_options[i].key);
    }
}

Test(options, what_follows_another_is_of_its_kind)
{
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        const struct ml_option *o = &ml_options[i];
        if (o->follows == NULL) {
            continue;
        }
        int model = ml_option_find(o->follows);
        cr_assert_geq(model, 0, "%s", o->key);
        cr_expect_eq(ml_options[model].type, o->type, "%s", o->key);
        cr_expect_leq(o->least, ml_options[model].least, "%s", o->key);
        cr_expect_geq(o->most, ml_options[model].most, "%s", o->key);
    }
}

/* Rows of a section stand together, or a section would be written twice. */
Test(options, sections_are_not_torn_apart)
{
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        char section[ML_OPTION_KEY_MAX];
        snprintf(section, sizeof(section), "%s", ml_options[i].key);
        for (char *dot; (dot = strrchr(section, '.')) != NULL;) {
            *dot = '\0';
            size_t len;
            bool ended = false;
            for (int k = ml_option_find_section(section); k < ML_OPTION_COUNT; k++) {
                bool inside = ml_option_child(k, section, &len) != NULL;
                cr_expect_not(inside && ended, "%s", ml_options[k].key);
                ended = !inside;
            }
        }
    }
}

Test(options, sections_are_found_by_whole_names)
{
    size_t len;
    cr_assert_eq(ml_option_find_section("sweep"), ml_option_find("sweep.every"));
    cr_assert_eq(ml_option_find_section("sweep.when"),
                 ml_option_find("sweep.when.memory_above"));
    cr_assert_eq(ml_option_find_section("swee"), -1);
    cr_assert_eq(ml_option_find_section(""), -1, "the top is nobody's section");
    cr_assert_eq(ml_option_find("sweep"), -1);
    const char *child =
        ml_option_child(ml_option_find("sweep.when.cooldown"), "sweep", &len);
    cr_assert_eq(len, 4);
    cr_assert_eq(strncmp(child, "when.", 5), 0);
    cr_assert_null(ml_option_child(0, "sweep", &len));
    cr_assert_str_eq(ml_option_leaf(ml_option_find("sweep.when.cooldown")), "cooldown");
    cr_assert_str_eq(ml_option_leaf(ml_option_find("name")), "name");
}
