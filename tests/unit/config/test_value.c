/* SPDX-License-Identifier: MIT
 *
 * value: what each type of option takes, refuses and says. One line of a table is one
 * `key: value` of a file.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "value.h"

struct row {
    char key[32];
    char text[128];   /* 'quoted' in single quotes is a quoted scalar */
    char result[160]; /* accepted: as written again; refused: part of the message */
};

static struct ml_scalar
scalar(const char *text)
{
    size_t len = strlen(text);
    return len >= 2 && text[0] == '\'' ? (struct ml_scalar){text + 1, len - 2, false}
                                       : (struct ml_scalar){text, len, true};
}

ParameterizedTestParameters(value, is_accepted)
{
    static struct row rows[] = {
        {"report.console", "true", "true"},
        {"report.console", "yes", "true"},
        {"report.console", "On", "true"},
        {"report.console", "off", "false"},
        {"report.keep", "7", "7"},
        {"report.keep", "+7", "7"},
        {"report.keep", "007", "7"},
        {"report.keep", "1000000", "1000000"},
        {"referrers.max_depth", "null", "null"},
        {"referrers.max_depth", "~", "null"},
        {"referrers.max_depth", "", "null"},
        {"referrers.search_timeout", "null", "null"},
        {"referrers.search_timeout", "5m", "300s"},
        {"referrers.module_prefixes", "null", "null"},
        {"sweep.every", "off", "off"},
        {"sweep.every", "'off'", "off"},
        {"sweep.every", "false", "off"},
        {"sweep.every", "no", "off"},
        {"sweep.every", "30", "30s"},
        {"sweep.every", "'500ms'", "500ms"},
        {"sweep.timeout", "1h", "1h"},
        {"sweep.when.memory_above", "80%", "80%"},
        {"sweep.when.memory_above", "2GiB", "2GiB"},
        {"sweep.when.memory_above", "OFF", "off"},
        {"sweep.when.growth_above", "1MiB/s", "60MiB/min"},
        {"sweep.max_extra_memory", "off", "off"},
        {"control.signal", "usr1", "SIGUSR1"},
        {"control.signal", "off", "off"},
        {"control.signal", "false", "off"},
        {"control.socket", "auto", "auto"},
        {"control.socket", "off", "off"},
        {"control.socket", "/run/x/%p.sock", "/run/x/%p.sock"},
        {"name", "worker 1", "\"worker 1\""},
        {"name", "null", "null"},
        {"name", "'null'", "\"null\""},
        {"name", "12", "\"12\""},
        {"name", "''", "null"},
        {"report.directory", "~/x", "~/x"},
        {"report.directory", "/a b", "\"/a b\""},
        {"report.directory", "'~'", "\"~\""},
        {"report.redact", "names", "names"},
        {"report.redact", "'texts'", "texts"},
    };
    return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, value, is_accepted)
{
    static struct ml_settings s;
    const struct ml_option *option = &ml_options[ml_option_find(row->key)];
    struct ml_error err;
    struct ml_buf out;
    ml_buf_init(&out, &ml_alloc_libc);
    cr_assert_eq(ml_value_read(option, scalar(row->text), &s, &err), ML_OK, "%s",
                 err.message);
    ml_value_write_yaml(option, &s, &out);
    cr_assert_str_eq(ml_buf_str(&out), row->result);
    ml_buf_fini(&out);
}

ParameterizedTestParameters(value, is_refused_with_a_reason)
{
    static struct row rows[] = {
        {"report.console", "maybe", "must be true or false, not 'maybe'"},
        {"report.console", "1", "must be true or false, not '1'"},
        {"report.console", "'true'", "not the text 'true'"},
        {"report.keep", "0", "must be a whole number from 1 to 1000000, not '0'"},
        {"report.keep", "1000001", "from 1 to 1000000, not '1000001'"},
        {"report.keep", "-5", "not '-5'"},
        {"report.keep", "5.0", "not '5.0'"},
        {"report.keep", "1e3", "not '1e3'"},
        {"report.keep", "0x10", "not '0x10'"},
        {"report.keep", "+", "not '+'"},
        {"report.keep", "'5'", "not the text '5'"},
        {"report.keep", "99999999999999999999", "not '99999999999999999999'"},
        {"report.keep", "null",
         "has no value; leave the line out for the default (100)"},
        {"report.keep", "", "has no value"},
        {"report.keep", "off", "not 'off'"},
        {"sweep.every", "null", "has no value"},
        {"sweep.every", "0", "from 100ms to 365d or off, not '0'"},
        {"sweep.every", "5 parsecs", "must be a duration"},
        {"sweep.timeout", "off", "from 100ms to 1d, not 'off'"},
        {"sweep.when.memory_above", "80", "(1MiB or more) or off, not '80'"},
        {"sweep.when.memory_above", "101%", "1% to 100%"},
        {"sweep.when.memory_above", "0%", "1% to 100%"},
        {"sweep.when.memory_above", "1MiB/min", "a share from"},
        {"sweep.when.growth_above", "50MiB", "a rate such as 50MiB/min"},
        {"sweep.when.growth_above", "5%", "a rate such as 50MiB/min"},
        {"control.signal", "KILL", "SIGKILL cannot be caught"},
        {"control.signal", "12", "'12' is no signal's name"},
        {"control.signal", "null", "has no value"},
        {"control.socket", "relative.sock", "auto, an absolute path or off"},
        {"control.socket", "/", "auto, an absolute path or off"},
        {"control.socket",
         "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaa"
         "aaaaaaaaaaaaaaaaaaaa%p",
         "too long for a socket (at most 107 bytes"},
        {"report.directory", "''", "must be a path"},
        {"report.directory", "reports", "absolute"},
        {"report.directory", "~bob/x", "absolute"},
        {"report.directory", "~", "has no value"},
        {"report.redact", "text", "did you mean 'texts'?"},
        {"report.redact", "everything", "must be none, texts or names"},
        {"filter.include", "app", "must be a list of texts"},
        {"filter.include", "", "has no value"},
        {"name", "'a\tb'", "control characters"},
    };
    return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, value, is_refused_with_a_reason)
{
    static struct ml_settings s, before;
    const struct ml_option *option = &ml_options[ml_option_find(row->key)];
    struct ml_error err;
    cr_assert_eq(ml_value_read(option, scalar(row->text), &s, &err), ML_EFORMAT);
    cr_expect_not_null(strstr(err.message, row->result), "%s", err.message);
    cr_expect_eq(strncmp(err.message, "'", 1), 0, "%s", err.message);
    cr_expect_not_null(strstr(err.message, row->key), "%s", err.message);
    cr_expect_arr_eq(&s, &before, sizeof(s), "something was written");
}

static int
add(const char *key, const char *text, struct ml_text_list *list, struct ml_error *err)
{
    return ml_value_read_item(&ml_options[ml_option_find(key)], scalar(text), list,
                              err);
}

Test(value, list_items_are_checked_one_by_one)
{
    static struct ml_text_list list;
    struct ml_error err;
    cr_assert_eq(add("graph.formats", "svg", &list, &err), ML_OK);
    cr_assert_eq(add("graph.formats", "svgg", &list, &err), ML_EFORMAT);
    cr_assert_str_eq(err.message,
                     "'graph.formats' must be a list of any of dot, svg or "
                     "png, not 'svgg'; did you mean 'svg'?");
    cr_assert_eq(add("graph.formats", "svg", &list, &err), ML_EFORMAT);
    cr_assert_str_eq(err.message, "'graph.formats' names 'svg' twice");
    cr_assert_eq(add("filter.include", "''", &list, &err), ML_EFORMAT);
    cr_assert_str_eq(err.message, "'filter.include' has an empty item");
    cr_assert_eq(list.count, 1);
}

Test(value, fingerprints_are_sixteen_hexadecimal_digits)
{
    static struct ml_text_list list;
    struct ml_error err;
    cr_assert_eq(add("filter.ignore", "0123456789ABCDEF", &list, &err), ML_OK);
    cr_assert_str_eq(list.item[0], "0123456789abcdef");
    cr_assert_eq(add("filter.ignore", "0123456789abcde", &list, &err), ML_EFORMAT);
    cr_assert_eq(add("filter.ignore", "0123456789abcdeg", &list, &err), ML_EFORMAT);
    cr_assert_eq(add("filter.ignore", "0123456789abcdef0", &list, &err), ML_EFORMAT);
    cr_assert_eq(list.count, 1);
}

Test(value, a_list_and_its_items_have_an_end)
{
    static struct ml_text_list list;
    struct ml_error err;
    char item[ML_TEXT_MAX + 1];
    memset(item, 'x', sizeof(item));
    item[ML_TEXT_MAX] = '\0';
    cr_assert_eq(add("filter.include", item, &list, &err), ML_EFORMAT);
    cr_assert_str_eq(err.message,
                     "'filter.include' is too long (256 bytes, at most 255)");
    item[ML_TEXT_MAX - 1] = '\0';
    for (int i = 0; i < ML_LIST_MAX; i++) {
        item[0] = (char)('0' + i);
        cr_assert_eq(add("filter.include", item, &list, &err), ML_OK);
    }
    item[0] = 'a';
    cr_assert_eq(add("filter.include", item, &list, &err), ML_EFORMAT);
    cr_assert_str_eq(err.message, "'filter.include' has more than 32 items");
}

Test(value, messages_fit_however_long_the_text_is)
{
    static struct ml_settings s;
    static char text[100000];
    struct ml_error err;
    memset(text, 'x', sizeof(text) - 1);
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        cr_assert_eq(ml_value_read(&ml_options[i], scalar(text), &s, &err), ML_EFORMAT);
        cr_expect_lt(strlen(err.message), sizeof(err.message) - 1, "%s", err.message);
    }
}
