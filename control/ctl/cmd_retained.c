/* SPDX-License-Identifier: MIT
 *
 * `memalotctl retained`.
 */
#include "ask.h"

static int
run(const struct ml_ctl_args *args)
{
    return ml_ask_and_print(args, "retained", ml_ask_limit(args), "sweeping",
                            ml_render_retained);
}

static const struct ml_opt opts[] = {
    {"limit", 'n', ML_OPT_INT, ML_CTL_OPT(limit), "N", 1, 100000,
     "how many rows (default: 20)"},
    ML_OPT_JSON,
    ML_OPT_COLOR,
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_retained = {
    .name = "retained",
    .words_help = "[TARGET]",
    .summary = "The biggest retainers: what would be freed if one object went",
    .details = "Each row is one object and the shortest path to it from a named root.",
    .opts = opts,
    .max_words = 1,
    .run = run,
};
