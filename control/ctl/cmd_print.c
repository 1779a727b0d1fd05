/* SPDX-License-Identifier: MIT
 *
 * `memalotctl print`: one saved report, of this tool or of the original.
 */
#include "print.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "saved.h"

/* "a,b" cut in place into a NULL-terminated list. */
static void
split(char *text, const char *types[ML_CTL_LIST_MAX + 1])
{
    int n = 0;
    char *rest = NULL;
    for (char *t = strtok_r(text, ",", &rest); t != NULL && n < ML_CTL_LIST_MAX;
         t = strtok_r(NULL, ",", &rest)) {
        types[n++] = t;
    }
    types[n] = NULL;
}

/* As the report is found on disk, for paths of its pictures; NULL when it cannot be. */
static const char *
report_path(const struct ml_ctl_args *args, const json_t *report, char *out, size_t cap)
{
    char directory[PATH_MAX];
    const json_t *summary = json_object_get(report, "summary");
    const char *id = json_string_value(json_object_get(summary, "report_id"));
    if (id == NULL || ml_store_expand(ml_saved_directory(args), directory,
                                      sizeof(directory), NULL) < 0) {
        return NULL;
    }
    snprintf(out, cap, "%s/memalot_report_%.20s", directory, id);
    return out;
}

static int
run(const struct ml_ctl_args *args)
{
    json_t *report = NULL;
    const char *types[ML_CTL_LIST_MAX + 1] = {NULL};
    int newest = args->num_iterations == ML_CTL_UNSET ? 1 : args->num_iterations;
    const struct ml_store_pick pick = {.newest = newest};
    int code = ml_saved_read_some(args, args->word[0], &pick, &report);
    if (code != ML_EXIT_DONE) {
        return code;
    }
    if (args->json) {
        return ml_print_json(report);
    }
    char *filter = args->filter_types != NULL ? strdup(args->filter_types) : NULL;
    if (filter != NULL) {
        split(filter, types);
    }
    char all[300], path[PATH_MAX + 64];
    snprintf(all, sizeof(all), "%s print %.200s --limit 0", args->program,
             args->word[0]);
    struct ml_text_style style = ml_print_style(
        stdout, args->force_terminal ? "always" : args->color);
    const struct ml_render_choice choice = {.num_iterations = newest,
                                            .max_findings = ml_print_findings(args),
                                            .show_all = all,
                                            .types = types[0] != NULL ? types : NULL,
                                            .summary_only = args->summary_only,
                                            .report_path = report_path(
                                                args, report, path, sizeof(path))};
    ml_render_chosen_report(stdout, report, &style, &choice);
    free(filter);
    json_decref(report);
    return ml_print_end(ML_EXIT_DONE);
}

static const struct ml_opt opts[] = {
    {"num-iterations", 'n', ML_OPT_INT, ML_CTL_OPT(num_iterations), "N", 1, INT_MAX,
     "the N newest iterations (default: 1)"},
    {"filter-types", 0, ML_OPT_TEXT, ML_CTL_OPT(filter_types), "A,B", 0, 0,
     "only types whose full name contains one of these"},
    {"summary-only", 0, ML_OPT_FLAG, ML_CTL_OPT(summary_only), NULL, 0, 0,
     "leave out the single objects"},
    ML_OPT_FINDINGS,
    ML_OPT_DIRECTORY,
    ML_OPT_JSON,
    ML_OPT_COLOR,
    ML_OPT_FORCE_TERMINAL,
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_print = {
    .name = "print",
    .words_help = "REPORT_ID",
    .summary = "Print a saved report",
    .opts = opts,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
