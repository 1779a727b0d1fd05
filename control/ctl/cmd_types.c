/* SPDX-License-Identifier: MIT
 *
 * `memalotctl types`.
 */
#include "ask.h"

static int
run(const struct ml_ctl_args *args)
{
    return ml_ask_and_print(args, "types", ml_ask_limit(args), "sweeping",
                            ml_render_types);
}

static const struct ml_opt opts[] = {
    {"limit", 'n', ML_OPT_INT, ML_CTL_OPT(limit), "N", 1, 100000,
     "how many rows (default: 20)"},
    ML_OPT_JSON,
    ML_OPT_COLOR,
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_types = {
    .name = "types",
    .words_help = "[TARGET]",
    .summary =
        "Live objects by type: how many, their own size and what they keep alive",
    .details = "Sizes are sys.getsizeof's. Retained is what would go if the objects of "
               "the type "
               "went.",
    .opts = opts,
    .max_words = 1,
    .run = run,
};
