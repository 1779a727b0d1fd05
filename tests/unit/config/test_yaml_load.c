/* SPDX-License-Identifier: MIT
 *
 * yaml_load: whole texts. What is wrong with them is said with the right position, all
 * of it, in the order of the lines; and nothing of a wrong text is ever applied.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaml_load.h"

static struct ml_settings settings, standard;
static struct ml_mistakes mistakes;

static int
load(const char *text)
{
    return ml_yaml_load(&ml_alloc_libc, text, strlen(text), &settings, &mistakes);
}

static void
begin(void)
{
    ml_settings_defaults(&standard);
    memset(&settings, 0x5A, sizeof(settings));
}

TestSuite(yaml_load, .init = begin);

struct text {
    char text[96];
};

ParameterizedTestParameters(yaml_load, nothing_said_means_the_defaults)
{
    static struct text rows[] = {
        {""},
        {"\n\n"},
        {"# only\n  # comments\n"},
        {"---\n"},
        {"---\n..."},
        {"{}"},
        {"\xEF\xBB\xBF"},
        {"null"},
        {"report:"},
        {"report:\n  # keep: 5\ngraph: ~\n"},
        {"sweep:\n  when:\n"},
        {"report: {}\r\ngraph: {}\r\n"},
    };
    return cr_make_param_array(struct text, rows, sizeof(rows) / sizeof(rows[0]));
}

static void
refuse_difference(void *ctx, const char *key, bool live)
{
    cr_assert_fail("%s", key);
}

ParameterizedTest(struct text *row, yaml_load, nothing_said_means_the_defaults)
{
    cr_assert_eq(load(row->text), ML_OK, "%s", mistakes.mistake[0].message);
    cr_assert_eq(mistakes.count, 0);
    ml_config_diff(&settings, &standard, refuse_difference, NULL);
}

Test(yaml_load, each_section_reaches_its_member)
{
    cr_assert_eq(load("name: shop\n"
                      "control: {socket: /run/%p, signal: off, follow_forks: no,\n"
                      "          follow_execs: no}\n"
                      "monitor:\n  enabled: true\n  max_object_lifetime: 5m\n"
                      "sweep:\n"
                      "  every: 1h\n"
                      "  when:\n    memory_above: 80%\n    growth_above: 50MiB/min\n"
                      "  nice: 3\n"
                      "filter:\n  include:\n  - app\n  - 'a: b'\n  exclude: [dict]\n"
                      "report: {redact: names, console: true}\n"
                      "referrers: {max_depth: null, module_prefixes: [shop, lib]}\n"
                      "graph: {formats: []}\n"),
                 ML_OK, "%s", mistakes.mistake[0].message);
    cr_expect_str_eq(settings.name, "shop");
    cr_expect_str_eq(settings.control.socket, "/run/%p");
    cr_expect_eq(settings.control.signal, 0);
    cr_expect_eq(settings.control.follow_forks, false);
    cr_expect_eq(settings.control.follow_execs, false);
    cr_expect_eq(settings.monitor.enabled, true);
    cr_expect_eq(settings.monitor.max_object_lifetime, 300);
    cr_expect_eq(settings.sweep.every, 3600);
    cr_expect_eq(settings.sweep.when.memory_above.unit, ML_AMOUNT_PERCENT);
    cr_expect_eq(settings.sweep.when.memory_above.value, 80);
    cr_expect_eq(settings.sweep.when.growth_above.value, 50 * 1048576.0);
    cr_expect_eq(settings.sweep.when.cooldown, 600);
    cr_expect_eq(settings.sweep.nice, 3);
    cr_expect_eq(settings.filter.include.count, 2);
    cr_expect_str_eq(settings.filter.include.item[1], "a: b");
    cr_expect_eq(settings.filter.exclude.count, 1);
    cr_expect_eq((int)settings.report.redact, ML_REDACT_NAMES);
    cr_expect_eq(settings.report.keep, 100);
    cr_expect_eq(settings.referrers.max_depth, ML_OFF);
    cr_expect_eq(settings.referrers.module_prefixes.count, 2);
    cr_expect_eq(settings.graph.formats.count, 0);
}

Test(yaml_load, json_is_yaml_too)
{
    cr_assert_eq(load("{\"report\": {\"keep\": 5, \"console\": true},\n"
                      " \"sweep\": {\"every\": \"30s\"},\t\"name\": null}"),
                 ML_OK, "%s", mistakes.mistake[0].message);
    cr_assert_eq(settings.report.keep, 5);
    cr_assert_eq(settings.sweep.every, 30);
}

Test(yaml_load, the_warm_up_is_as_long_as_the_lifetime_unless_given)
{
    cr_assert_eq(load("monitor: {max_object_lifetime: 5m}"), ML_OK);
    cr_assert_eq(settings.monitor.warmup, 300);
    cr_assert_eq(load("monitor: {warmup: 1s, max_object_lifetime: 5m}"), ML_OK);
    cr_assert_eq(settings.monitor.warmup, 1);
    cr_assert_eq(load("monitor: {enabled: true}"), ML_OK);
    cr_assert_eq(settings.monitor.warmup, 60);
}

struct wrong {
    char text[160];
    int line, column;
    char message[160]; /* a part of it */
};

ParameterizedTestParameters(yaml_load, the_first_mistake_has_its_place_and_reason)
{
    static struct wrong rows[] = {
        {"report:\n  max_objct_details: 5\n", 2, 3,
         "unknown key 'max_objct_details' in 'report'; did you mean "
         "'max_object_details'?"},
        {"reprot:\n  keep: 5\n", 1, 1, "unknown key 'reprot'; did you mean 'report'?"},
        {"elephant: 1\n", 1, 1, "unknown key 'elephant'"},
        {"keep: 5\n", 1, 1, "unknown key 'keep'; 'keep' belongs in 'report'"},
        {"report.keep: 5\n", 1, 1, "'keep' belongs in 'report'"},
        {"cooldown: 5\n", 1, 1, "'cooldown' belongs in 'sweep.when'"},
        {"report:\n  name: x\n", 2, 3, "'name' belongs at the top"},
        {"sweep:\n  wen: {}\n", 2, 3, "in 'sweep'; did you mean 'when'?"},
        {"Report: {}\n", 1, 1, "did you mean 'report'?"},
        {"\"report\\0\": {}\n", 1, 1, "unknown key"},
        {"report:\n  keep: many\n", 2, 9, "'report.keep' must be a whole number"},
        {"report:\n  keep: [1]\n", 2, 9,
         "must be a whole number from 1 to 1000000, not a list"},
        {"report:\n  keep: {a: 1}\n", 2, 9, "not a mapping"},
        {"report:\n  keep: 1\n  keep: 2\n", 3, 3,
         "'report.keep' was already given in line 2"},
        {"report:\n  keep:\n", 2, 8, "'report.keep' has no value"},
        {"graph: {}\nreport: {}\ngraph: {}\n", 3, 1,
         "the section 'graph' was already given in line 1"},
        {"\"\": {name: x}\n", 1, 1, "unknown key ''"},
        {"? {report: {}}\n", 1, 3, "a key must be a name, not a mapping"},
        {"report: {\"\": 1}\n", 1, 10, "unknown key '' in 'report'"},
        {"report: 5\n", 1, 9, "'report' is a section"},
        {"report: [keep]\n", 1, 9, "not a list"},
        {"sweep:\n  when: 5m\n", 2, 9, "'sweep.when' is a section"},
        {"filter:\n  include: app\n", 2, 12, "must be a list of texts"},
        {"filter:\n  include: {app: 1}\n", 2, 12, "not a mapping"},
        {"filter:\n  include: [[a]]\n", 2, 13,
         "an item of 'filter.include' must be a text"},
        {"filter:\n  include:\n  - a\n  -\n", 4, 4, "has an empty item"},
        {"- report\n", 1, 1,
         "expected keys and sections such as 'report:', found a list"},
        {"hello\n", 1, 1, "found a text"},
        {"a: &x 1\n", 1, 1, "unknown key 'a'"},
        {"report: &x {keep: 5}\n", 1, 9, "anchors (&name) are not supported"},
        {"name: &x a\n", 1, 7, "anchors (&name) are not supported"},
        {"&x name: a\n", 1, 1, "anchors (&name) are not supported"},
        {"name: !!str a\n", 1, 7, "tags (!name) are not supported"},
        {"name: !!python/object:os.system a\n", 1, 7, "tags (!name) are not supported"},
        {"--- !x\n{}\n", 1, 5, "tags"},
        {"? [a, b]\n: 1\n", 1, 3, "a key must be a name, not a list"},
        {"report: {}\n---\nreport: {}\n", 2, 1, "a second document begins here"},
        {"report:\n\tkeep: 5\n", 2, 1, "a tab in the indentation"},
        {"report:\n  keep: 5\n\tconsole: true\n", 3, 1, "a tab in the indentation"},
        {"report: {keep: 5\n", 2, 1, "this is not YAML: "},
        {"name: \"open\n", 2, 1,
         "this is not YAML: found unexpected end of stream, while "
         "scanning a quoted scalar (line 1)"},
        {"name: a: b\n", 1, 8, "this is not YAML: mapping values are not allowed"},
        {"report:\n  keep: 5\n console: true\n", 3, 2, "this is not YAML: "},
        {"name: *x\n", 1, 7, "aliases (*name) are not supported; write the value out"},
        {"name: a\xFF"
         "b\n",
         1, 8, "the byte 0xff is not valid here: the file is not UTF-8"},
        {"# \xC3\xA4\xC3\xA4\nname: \x01\n", 2, 7, "the byte 0x01 is not valid here"},
        {"\xFF\xFE"
         "a\0",
         1, 1, "the file is UTF-16"},
        {"%YAML 3.0\n---\n{}\n", 1, 1, "this is not YAML: "},
    };
    return cr_make_param_array(struct wrong, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct wrong *row, yaml_load,
                  the_first_mistake_has_its_place_and_reason)
{
    const struct ml_error *first = &mistakes.mistake[0];
    cr_assert_eq(load(row->text), ML_EFORMAT, "%s", row->text);
    cr_assert_geq(mistakes.count, 1);
    cr_expect_eq(first->code, ML_EFORMAT);
    cr_expect_not_null(strstr(first->message, row->message), "%s", first->message);
    cr_expect_eq(first->line, row->line, "line %d: %s", first->line, first->message);
    cr_expect_eq(first->column, row->column, "column %d: %s", first->column,
                 first->message);
    for (size_t i = 0; i < sizeof(settings); i++) {
        cr_assert_eq(((unsigned char *)&settings)[i], 0x5A, "something was applied");
    }
}

Test(yaml_load, all_mistakes_come_together_in_the_order_of_lines)
{
    cr_assert_eq(load("control:\n"
                      "  signal: KILL\n"
                      "report:\n"
                      "  keep: 0\n"
                      "  reduct: texts\n"
                      "filter:\n"
                      "  include: ['', {a: b}, fine]\n"
                      "graph:\n"
                      "  formats: [gif]\n"
                      "sweep: [\n"),
                 ML_EFORMAT);
    static const int lines[] = {2, 4, 5, 7, 7, 9, 10, 11};
    cr_assert_eq(mistakes.count, 8, "%d", mistakes.count);
    for (int i = 0; i < 8; i++) {
        cr_expect_eq(mistakes.mistake[i].line, lines[i], "%d: %s",
                     mistakes.mistake[i].line, mistakes.mistake[i].message);
    }
    cr_expect_not_null(strstr(mistakes.mistake[7].message, "this is not YAML"));
}

Test(yaml_load, a_broken_byte_is_named_last_along_with_what_stood_before)
{
    cr_assert_eq(load("report:\n  keep: 0\nname: 'a\n  b\xC3(c'\nkeep: 1\n"),
                 ML_EFORMAT);
    cr_assert_eq(mistakes.count, 2);
    cr_assert_eq(mistakes.mistake[0].line, 2);
    cr_assert_eq(mistakes.mistake[1].line, 4);
    cr_assert_eq(mistakes.mistake[1].column, 4);
}

Test(yaml_load, an_alias_is_refused_and_never_expanded)
{
    cr_assert_eq(load("a: &a [x, x]\n"
                      "b: &b [*a, *a, *a, *a]\n"
                      "filter: {include: [*b, *b]}\n"
                      "report: *b\n"
                      "name: *a\n"),
                 ML_EFORMAT);
    cr_assert_eq(mistakes.count, 6, "%d", mistakes.count);
    for (int i = 2; i < 6; i++) {
        cr_expect_not_null(strstr(mistakes.mistake[i].message, "aliases"), "%s",
                           mistakes.mistake[i].message);
    }
}

Test(yaml_load, a_great_many_mistakes_are_counted)
{
    static char text[4000];
    for (int i = 0; i < 100; i++) {
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "unknown%d: 1\n", i);
    }
    cr_assert_eq(load(text), ML_EFORMAT);
    cr_assert_eq(mistakes.count, ML_CONFIG_MAX_MISTAKES);
    cr_assert_eq(mistakes.more, 100 - ML_CONFIG_MAX_MISTAKES);
}

Test(yaml_load, nobody_needs_to_hear_the_mistakes)
{
    cr_assert_eq(ml_yaml_load(&ml_alloc_libc, "x: 1", 4, &settings, NULL), ML_EFORMAT);
    cr_assert_eq(ml_yaml_load(&ml_alloc_libc, "", 0, &settings, NULL), ML_OK);
}

static void
expect_too_deep(const char *opening, size_t times)
{
    size_t len = strlen(opening);
    char *text = malloc(times * len + 10);
    memcpy(text, "x: ", 3);
    for (size_t i = 0; i < times; i++) {
        memcpy(text + 3 + i * len, opening, len);
    }
    cr_expect_eq(
        ml_yaml_load(&ml_alloc_libc, text, 3 + times * len, &settings, &mistakes),
        ML_EFORMAT);
    cr_expect_eq(mistakes.count, 2);
    cr_expect_str_eq(mistakes.mistake[1].message, "nested deeper than 64 levels", "%s",
                     mistakes.mistake[1].message);
    free(text);
}

Test(yaml_load, nesting_has_an_end)
{
    expect_too_deep("[", 100000);
    expect_too_deep("{a: ", 100000);
    expect_too_deep("[{? ", 100000);
}

Test(yaml_load, a_mebibyte_is_read_and_a_byte_more_is_refused)
{
    char *text = malloc(ML_YAML_MAX_BYTES + 1);
    memset(text, '#', ML_YAML_MAX_BYTES + 1);
    cr_expect_eq(
        ml_yaml_load(&ml_alloc_libc, text, ML_YAML_MAX_BYTES, &settings, &mistakes),
        ML_OK);
    cr_expect_eq(
        ml_yaml_load(&ml_alloc_libc, text, ML_YAML_MAX_BYTES + 1, &settings, &mistakes),
        ML_ELIMIT);
    cr_expect_eq(mistakes.count, 1);
    cr_expect_str_eq(mistakes.mistake[0].message, "larger than 1048576 bytes");
    free(text);
}

static void *
no_memory(void *ctx, size_t size)
{
    return NULL;
}

Test(yaml_load, running_out_of_memory_is_an_ordinary_error)
{
    struct ml_alloc none = ml_alloc_libc;
    none.alloc = no_memory;
    cr_assert_eq(ml_yaml_load(&none, "", 0, &settings, &mistakes), ML_ENOMEM);
    cr_assert_eq(mistakes.count, 1);
    cr_assert_eq(mistakes.mistake[0].code, ML_ENOMEM);
    cr_assert_eq(((unsigned char *)&settings)[0], 0x5A);
}
