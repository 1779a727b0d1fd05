/* SPDX-License-Identifier: MIT
 *
 * `memalotctl rm`: removes saved reports.
 */
#include "print.h"

#include "saved.h"

static int
run(const struct ml_ctl_args *args)
{
    int code = ML_EXIT_DONE;
    for (int i = 0; i < args->words; i++) {
        struct ml_error err;
        if (ml_store_remove(ml_saved_directory(args), args->word[i], &err) < 0) {
            code = ml_print_error(&err);
        }
    }
    return code;
}

static const struct ml_opt opts[] = {ML_OPT_DIRECTORY, ML_OPT_HELP, ML_OPT_END};

const struct ml_command ml_cmd_rm = {
    .name = "rm",
    .words_help = "REPORT_ID...",
    .summary = "Remove saved reports",
    .opts = opts,
    .min_words = 1,
    .max_words = 10000,
    .run = run,
};
