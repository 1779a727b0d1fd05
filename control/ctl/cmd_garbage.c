/* SPDX-License-Identifier: MIT
 *
 * `memalotctl garbage`.
 */
#include "ask.h"

static int
run(const struct ml_ctl_args *args)
{
    return ml_ask_and_print(args, "garbage", ml_ask_limit(args), "sweeping",
                            ml_render_garbage);
}

static const struct ml_opt opts[] = {
    {"limit", 'n', ML_OPT_INT, ML_CTL_OPT(limit), "N", 1, 100000,
     "how many rows (default: 20)"},
    ML_OPT_JSON,
    ML_OPT_COLOR,
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_garbage = {
    .name = "garbage",
    .words_help = "[TARGET]",
    .summary = "Cyclic garbage that waits for the collector, and what it cannot take",
    .details = "Groups are cycles of the same types. Nothing is collected by asking.",
    .opts = opts,
    .max_words = 1,
    .run = run,
};
