/* SPDX-License-Identifier: MIT
 *
 * The completion scripts for a small table that has one of each kind. That of
 * memalotctl itself is tried in the shells (tests/e2e/test_completion.py).
 */
#include "completion.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdlib.h>

#include "golden.h"

static const struct ml_opt few[] = {ML_OPT_HELP, ML_OPT_END};
static const struct ml_opt many[] = {
    {"config", 'c', ML_OPT_TEXT, 0, "FILE", 0, 0, "a file: \\ 'quoted' [sic]"},
    {"svg", 0, ML_OPT_TEXT, 0, "DIR", 0, 0, "a directory"},
    {"type", 0, ML_OPT_LIST, 0, "SUBSTR", 0, 0, "may come again"},
    {"limit", 0, ML_OPT_INT, 0, "N", 0, 9, "a number"},
    ML_OPT_COLOR,
    ML_OPT_END,
};
static const struct ml_command start = {.name = "run",
                                        .words_help = "[--] PROGRAM [ARGUMENT...]",
                                        .summary = "Start it",
                                        .opts = few,
                                        .max_words = -1};
static const struct ml_command ask = {.name = "status",
                                      .words_help = "[TARGET]",
                                      .summary = "What it's doing",
                                      .opts = many,
                                      .max_words = 1};
static const struct ml_command drop = {.name = "rm",
                                       .words_help = "REPORT_ID...",
                                       .summary = "Remove reports",
                                       .opts = few,
                                       .max_words = 9};
static const struct ml_command small = {
    .name = "config",
    .words_help = "check FILE | show [TARGET | -c FILE] | list",
    .summary = "Small words",
    .opts = few,
    .max_words = 2};
static const struct ml_command secret = {
    .name = "_secret", .words_help = "", .summary = "No", .opts = few, .hidden = true};
static const struct ml_command *const table[] = {&start, &ask,    &drop,
                                                 &small, &secret, NULL};

static void
check(void (*write)(FILE *to, const struct ml_command *const *commands),
      const char *name)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    cr_assert(ne(ptr, memory, NULL));
    write(memory, table);
    fclose(memory);
    golden_check(name, text, len);
    free(text);
}

Test(completion, bash_script_of_a_small_table)
{
    check(ml_completion_bash, "completion/small.bash");
}

Test(completion, zsh_script_of_a_small_table)
{
    check(ml_completion_zsh, "completion/small.zsh");
}

Test(completion, fish_script_of_a_small_table)
{
    check(ml_completion_fish, "completion/small.fish");
}

static enum ml_complete
first_of(const char *usage)
{
    struct ml_command c = {.words_help = usage};
    struct ml_complete_words words;
    ml_complete_words_of(&c, &words);
    cr_expect(eq(int, words.subs, 0), "%s", usage);
    return words.first;
}

Test(completion, words_are_read_off_the_usage)
{
    cr_expect(eq(int, first_of(""), ML_COMPLETE_NOTHING));
    cr_expect(eq(int, first_of("[TARGET]"), ML_COMPLETE_TARGETS));
    cr_expect(eq(int, first_of("REPORT_ID[:N] [REPORT_ID[:N]]"), ML_COMPLETE_REPORTS));
    cr_expect(eq(int, first_of("[--] PROGRAM [ARGUMENT...]"), ML_COMPLETE_PROGRAM));
}

Test(completion, small_words_come_with_what_follows_them)
{
    struct ml_complete_words words;
    ml_complete_words_of(&small, &words);
    cr_assert(eq(int, words.subs, 3));
    cr_expect(eq(str, words.sub[0].name, "check"));
    cr_expect(eq(int, words.sub[0].after, ML_COMPLETE_FILES));
    cr_expect(eq(str, words.sub[1].name, "show"));
    cr_expect(eq(int, words.sub[1].after, ML_COMPLETE_TARGETS));
    cr_expect(eq(str, words.sub[2].name, "list"));
    cr_expect(eq(int, words.sub[2].after, ML_COMPLETE_NOTHING));
}
