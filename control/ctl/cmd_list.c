/* SPDX-License-Identifier: MIT
 *
 * `memalotctl list`: the saved reports, newest first.
 */
#include "print.h"

#include <limits.h>

#include "saved.h"

static int
run(const struct ml_ctl_args *args)
{
    struct ml_error err;
    json_t *reports = NULL;
    if (ml_store_list(ml_saved_directory(args), &reports, &err) < 0) {
        return ml_print_error(&err);
    }
    while (args->num_reports != ML_CTL_UNSET &&
           json_array_size(reports) > (size_t)args->num_reports) {
        json_array_remove(reports, json_array_size(reports) - 1);
    }
    if (args->json) {
        return ml_print_json(json_pack("{s:o}", "reports", reports));
    }
    if (json_array_size(reports) == 0) {
        ml_print_note("no reports in %s", ml_saved_directory(args));
    }
    else {
        struct ml_text_style style = ml_print_style(stdout, args->color);
        ml_render_list(stdout, reports, &style);
    }
    json_decref(reports);
    return ml_print_end(ML_EXIT_DONE);
}

static const struct ml_opt opts[] = {
    {"num-reports", 'n', ML_OPT_INT, ML_CTL_OPT(num_reports), "N", 1, INT_MAX,
     "only the N newest"},
    ML_OPT_DIRECTORY,
    ML_OPT_JSON,
    ML_OPT_COLOR,
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
