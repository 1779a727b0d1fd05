/* SPDX-License-Identifier: MIT
 *
 * `memalotctl diff`: what changed between two saved reports, or between two iterations
 * of one.
 */
#include "print.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "report_diff.h"
#include "saved.h"

#define ROWS 20
#define LAST (-1)     /* of the iterations */
#define LAST_BUT_ONE (-2)

/* "ab12-cd34:3": cut in place; the number, or LAST without one; 0: not a number. */
static int
cut_iteration(char *word)
{
    char *colon = strchr(word, ':'), *end;
    if (colon == NULL) {
        return LAST;
    }
    *colon = '\0';
    errno = 0;
    long number = strtol(colon + 1, &end, 10);
    bool wrong = end == colon + 1 || *end != '\0' || errno != 0 || number < 1 ||
                 number > INT_MAX || colon[1] < '0' || colon[1] > '9';
    return wrong ? 0 : (int)number;
}

/* The iteration that is meant; NULL, with everything said, when there is none. */
static const json_t *
choose(const json_t *report, const char *id, int number)
{
    const json_t *iterations = json_object_get(report, "iterations");
    size_t n = json_array_size(iterations), back = number < 0 ? (size_t)-number : 1;
    if (n >= back) {
        return json_array_get(iterations, n - back);
    }
    if (number > 0) {
        ml_print_note("report %.40s has no iteration %d", id, number);
    }
    else {
        ml_print_note("report %.40s has %s", id,
                      n == 0 ? "no iterations"
                             : "only one iteration; name a second report to compare it "
                               "with");
    }
    return NULL;
}

static int
read_chosen(const struct ml_ctl_args *args, const char *id, int number, json_t **out)
{
    const struct ml_store_pick pick = {.newest = number < 0 ? -number : 0,
                                       .number = number > 0 ? number : 0};
    return ml_saved_read_some(args, id, &pick, out);
}

static int
compare(const struct ml_ctl_args *args, const json_t *before, const json_t *after)
{
    struct ml_error err = {0};
    json_t *diff = NULL;
    if (ml_report_diff(before, after, &diff, &err) < 0) {
        return ml_print_error(&err);
    }
    if (args->json) {
        return ml_print_json(diff);
    }
    struct ml_text_style style = ml_print_style(stdout, args->color);
    ml_render_diff(stdout, diff, &style,
                   args->limit == ML_CTL_UNSET ? ROWS : args->limit);
    json_decref(diff);
    return ml_print_end(ML_EXIT_DONE);
}

static int
run(const struct ml_ctl_args *args)
{
    bool one = args->words == 1;
    char *words[2] = {args->word[0], args->word[one ? 0 : 1]};
    json_t *reports[2] = {NULL, NULL};
    int numbers[2], code = ML_EXIT_DONE;
    for (int i = 0; i < 2; i++) {
        numbers[i] = i == 1 && one ? numbers[0] : cut_iteration(words[i]);
        if (numbers[i] == 0) {
            return ml_print_fail(ML_EXIT_USAGE,
                                 "what follows the ':' of %.40s is no iteration number",
                                 words[i]);
        }
    }
    if (one && numbers[0] > 0) {
        return ml_print_fail(ML_EXIT_USAGE, "with what is iteration %d of %.40s to be "
                             "compared? ('%s diff %.40s:%d %.40s' takes the last one)",
                             numbers[0], words[0], args->program, words[0], numbers[0],
                             words[0]);
    }
    numbers[0] = one ? LAST_BUT_ONE : numbers[0];
    for (int i = 0; i < 2 && code == ML_EXIT_DONE; i++) {
        code = read_chosen(args, words[i], numbers[i], &reports[i]);
    }
    if (code == ML_EXIT_DONE) {
        const json_t *before = choose(reports[0], words[0], numbers[0]);
        const json_t *after =
            before != NULL ? choose(reports[1], words[1], numbers[1]) : NULL;
        code = after != NULL ? compare(args, before, after) : ML_EXIT_FAILED;
    }
    json_decref(reports[0]);
    json_decref(reports[1]);
    return code;
}

static const struct ml_opt opts[] = {
    {"limit", 'n', ML_OPT_INT, ML_CTL_OPT(limit), "N", 0, 100000,
     "how many rows of each table, 0: all (default: 20)"},
    ML_OPT_DIRECTORY,
    ML_OPT_JSON,
    ML_OPT_COLOR,
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_diff = {
    .name = "diff",
    .words_help = "REPORT_ID[:N] [REPORT_ID[:N]]",
    .summary = "What changed between two saved reports",
    .details = "Findings are compared by their fingerprint, types by name. :N picks an "
               "iteration,\nelse it is the last one; one report alone: its last two "
               "iterations.",
    .opts = opts,
    .min_words = 1,
    .max_words = 2,
    .run = run,
};
