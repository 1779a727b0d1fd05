/* SPDX-License-Identifier: MIT
 *
 * `memalotctl list`: the saved reports, newest first.
 */
#include "print.h"

#include <limits.h>

#include "saved.h"

#define LISTED 10 /* unless --num-reports says otherwise */

/* Leaves the `wanted` newest; returns how many it took away. */
static size_t
keep_newest(json_t *reports, int wanted)
{
    size_t n = json_array_size(reports), kept = n;
    for (; kept > (size_t)wanted; kept--) {
        json_array_remove(reports, kept - 1);
    }
    return n - kept;
}

static int
print_table(const struct ml_ctl_args *args, const json_t *reports, size_t left)
{
    struct ml_text_style style = ml_print_style(
        stdout, args->force_terminal ? "always" : args->color);
    ml_render_list(stdout, reports, &style);
    if (left > 0 && args->num_reports == ML_CTL_UNSET) {
        printf("\nand %zu older: --num-reports %zu lists all\n", left,
               left + json_array_size(reports));
    }
    return ml_print_end(ML_EXIT_DONE);
}

static int
run(const struct ml_ctl_args *args)
{
    struct ml_error err;
    json_t *reports = NULL;
    if (ml_store_list(ml_saved_directory(args), &reports, &err) < 0) {
        return ml_print_error(&err);
    }
    if (args->json) {
        keep_newest(reports, args->num_reports == ML_CTL_UNSET ? INT_MAX
                                                               : args->num_reports);
        return ml_print_json(json_pack("{s:o}", "reports", reports));
    }
    int code = ML_EXIT_DONE;
    if (json_array_size(reports) == 0) {
        ml_print_note("no reports in %s", ml_saved_directory(args));
    }
    else {
        size_t left = keep_newest(
            reports, args->num_reports == ML_CTL_UNSET ? LISTED : args->num_reports);
        code = print_table(args, reports, left);
    }
    json_decref(reports);
    return code;
}

static const struct ml_opt opts[] = {
    {"num-reports", 'n', ML_OPT_INT, ML_CTL_OPT(num_reports), "N", 1, INT_MAX,
     "the N newest (default: 10, with --json all)"},
    ML_OPT_DIRECTORY,
    ML_OPT_JSON,
    ML_OPT_COLOR,
    ML_OPT_FORCE_TERMINAL,
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_list = {
    .name = "list",
    .words_help = "",
    .summary = "Saved reports, newest first",
    .opts = opts,
    .run = run,
};
