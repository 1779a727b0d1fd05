/* SPDX-License-Identifier: MIT
 *
 * config_docs: the page in the repository is the one that the table gives.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "options.h"

static struct ml_buf page;

static void
write_page(void)
{
    ml_buf_init(&page, &ml_alloc_libc);
    ml_config_write_docs(&page);
}

static void
drop_page(void)
{
    ml_buf_fini(&page);
}

TestSuite(config_docs, .init = write_page, .fini = drop_page);

Test(config_docs, the_page_in_the_repository_is_up_to_date)
{
    static char text[100000];
    char path[4096];
    cr_assert_not_null(getenv("ML_DOCS"), "run through meson test");
    snprintf(path, sizeof(path), "%s/config.md", getenv("ML_DOCS"));
    FILE *f = fopen(path, "r");
    cr_assert_not_null(f, "%s", path);
    size_t len = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    cr_assert(len == page.len && memcmp(text, page.data, len) == 0,
              "run: build/config/gen-config-docs > docs/config.md");
}

Test(config_docs, each_option_has_its_line)
{
    const char *text = ml_buf_str(&page);
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        char line[ML_OPTION_KEY_MAX + 8];
        snprintf(line, sizeof(line), "\n| `%s` |", ml_option_leaf(i));
        cr_expect_not_null(strstr(text, line), "%s", ml_options[i].key);
        cr_expect_not_null(strstr(text, ml_options[i].help), "%s", ml_options[i].key);
    }
}

static void
refuse_difference(void *ctx, const char *key, bool live)
{
    cr_assert_fail("%s", key);
}

Test(config_docs, the_example_is_a_file_of_defaults)
{
    static struct ml_settings s, defaults;
    static struct ml_mistakes mistakes;
    const char *text = ml_buf_str(&page);
    const char *start = strstr(text, "```yaml\n"), *end;
    cr_assert_not_null(start);
    start += strlen("```yaml\n");
    end = strstr(start, "```");
    cr_assert_not_null(end);
    cr_assert_eq(ml_config_parse(start, (size_t)(end - start), &s, &mistakes), ML_OK);
    ml_settings_defaults(&defaults);
    ml_config_diff(&s, &defaults, refuse_difference, NULL);
}
