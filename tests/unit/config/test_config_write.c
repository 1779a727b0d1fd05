/* SPDX-License-Identifier: MIT
 *
 * config_write: JSON and YAML of all settings, and that what is written can be read.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "random_settings.h"

static struct ml_settings a, b;
static struct ml_mistakes mistakes;

static void
count(void *ctx, const char *key, bool live)
{
    ++*(int *)ctx;
}

static int
differences(void)
{
    int n = 0;
    ml_config_diff(&a, &b, count, &n);
    return n;
}

Test(config_write, what_is_written_as_yaml_is_read_as_the_same_settings)
{
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct ml_buf out;
        random_settings(seed, &a);
        ml_buf_init(&out, &ml_alloc_libc);
        ml_config_write_yaml(&a, &out);
        cr_assert_eq(ml_config_parse(out.data, out.len, &b, &mistakes), ML_OK,
                     "seed %llu, line %d: %s\n%s", (unsigned long long)seed,
                     mistakes.mistake[0].line, mistakes.mistake[0].message,
                     ml_buf_str(&out));
        cr_assert_eq(differences(), 0, "seed %llu\n%s", (unsigned long long)seed,
                     ml_buf_str(&out));
        ml_buf_fini(&out);
    }
}

/* JSON is YAML, as long as no character outside the basic plane is escaped. */
Test(config_write, what_is_written_as_json_is_read_as_the_same_settings)
{
    for (uint64_t seed = 1000; seed <= 1200; seed++) {
        struct ml_buf out;
        struct ml_json j;
        random_settings(seed, &a);
        memset(a.name, 0, sizeof(a.name)); /* texts with U+FEFF and U+2028 are not */
        memset(a.report.directory, 0, sizeof(a.report.directory));
        strcpy(a.report.directory, "/x");
        a.filter.include.count = a.filter.exclude.count = 0;
        a.referrers.module_prefixes.count = -1;
        ml_buf_init(&out, &ml_alloc_libc);
        ml_json_init(&j, &out);
        ml_config_write_json(&a, &j);
        cr_assert_eq(ml_config_parse(out.data, out.len, &b, &mistakes), ML_OK,
                     "seed %llu: %s\n%s", (unsigned long long)seed,
                     mistakes.mistake[0].message, ml_buf_str(&out));
        cr_assert_eq(differences(), 0, "seed %llu\n%s", (unsigned long long)seed,
                     ml_buf_str(&out));
        ml_buf_fini(&out);
    }
}

Test(config_write, json_has_the_nesting_and_the_words_of_the_file)
{
    struct ml_buf out;
    struct ml_json j;
    ml_settings_defaults(&a);
    ml_buf_init(&out, &ml_alloc_libc);
    ml_json_init(&j, &out);
    ml_config_write_json(&a, &j);
    cr_assert_str_eq(
        ml_buf_str(&out),
        "{\"name\":null,"
        "\"control\":{\"socket\":\"auto\",\"signal\":\"SIGUSR2\",\"follow_forks\":true,"
        "\"follow_execs\":true}"
        ","
        "\"monitor\":{\"enabled\":false,\"max_object_lifetime\":\"60s\",\"warmup\":"
        "\"60s\"},"
        "\"sweep\":{\"every\":\"off\",\"when\":{\"memory_above\":\"off\","
        "\"growth_above\":\"off\",\"cooldown\":\"10m\"},\"timeout\":\"120s\","
        "\"max_extra_memory\":\"50%\",\"nice\":19},"
        "\"filter\":{\"include\":[],\"exclude\":[],\"ignore\":[]},"
        "\"report\":{\"directory\":\"~/.memalot/"
        "reports\",\"keep\":100,\"console\":false,"
        "\"max_object_details\":30,\"max_types_in_leak_summary\":500,"
        "\"compute_size_in_leak_summary\":false,\"str_max_length\":100,\"call_str\":"
        "true,"
        "\"redact\":\"none\"},"
        "\"referrers\":{\"check\":true,\"max_depth\":50,\"search_timeout\":\"300s\","
        "\"single_object_limit\":100,\"module_prefixes\":null},"
        "\"graph\":{\"formats\":[\"dot\",\"svg\"],\"max_nodes\":150}}");
    ml_buf_fini(&out);
}

Test(config_write, yaml_marks_what_differs_from_the_default_and_nothing_else)
{
    struct ml_buf out;
    ml_settings_defaults(&a);
    a.report.keep = 5;
    a.graph.formats.count = 0;
    ml_buf_init(&out, &ml_alloc_libc);
    ml_config_write_yaml(&a, &out);
    const char *text = ml_buf_str(&out);
    cr_expect_not_null(strstr(text, "\n  keep: 5  # default: 100\n"));
    cr_expect_not_null(strstr(text, "\n  formats: []  # default: [dot, svg]\n"));
    cr_expect_not_null(strstr(text, "\n    cooldown: 10m\n"));
    int marks = 0;
    for (const char *at = text; (at = strchr(at, '#')) != NULL; at++) {
        marks++;
    }
    cr_expect_eq(marks, 2);
    ml_buf_fini(&out);
}

/* Lets `left` allocations pass and fails all later ones. */
static void *
alloc_countdown(void *ctx, size_t size)
{
    int *left = ctx;
    return (*left)-- > 0 ? calloc(1, size) : NULL;
}

static void *
resize_countdown(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    int *left = ctx;
    return (*left)-- > 0 ? ml_alloc_libc.resize(NULL, ptr, old_size, new_size) : NULL;
}

static void
give_back(void *ctx, void *ptr, size_t size)
{
    free(ptr);
}

static void
write_json(struct ml_buf *out)
{
    struct ml_json j;
    ml_json_init(&j, out);
    ml_config_write_json(&a, &j);
}

static void
write_yaml(struct ml_buf *out)
{
    ml_config_write_yaml(&a, out);
}

static int
failures_until_it_works(void (*write)(struct ml_buf *))
{
    for (int n = 0;; n++) {
        int left = n;
        struct ml_alloc alloc = {alloc_countdown, resize_countdown, give_back, &left};
        struct ml_buf out;
        ml_buf_init(&out, &alloc);
        write(&out);
        bool failed = out.failed;
        ml_buf_fini(&out);
        if (!failed) {
            return n;
        }
    }
}

Test(config_write, every_allocation_may_fail)
{
    ml_settings_defaults(&a);
    cr_expect_gt(failures_until_it_works(write_json), 1);
    cr_expect_gt(failures_until_it_works(write_yaml), 1);
    cr_expect_gt(failures_until_it_works(ml_config_write_docs), 3);
}
