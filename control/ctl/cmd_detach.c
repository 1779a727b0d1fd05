/* SPDX-License-Identifier: MIT
 *
 * `memalotctl detach`: the agent goes, the program stays as it was.
 */
#include "ask.h"

static void
render(FILE *to, const json_t *answer, const struct ml_text_style *style)
{
    fputs("detached\n", to);
}

static int
run(const struct ml_ctl_args *args)
{
    return ml_ask_and_print(args, "detach", NULL, NULL, render);
}

static const struct ml_opt opts[] = {ML_OPT_MANY, ML_OPT_JSON, ML_OPT_COLOR,
                                     ML_OPT_HELP, ML_OPT_END};

const struct ml_command ml_cmd_detach = {
    .name = "detach",
    .words_help = "[TARGET]",
    .summary = "Take the agent out of a process, which goes on as it was",
    .opts = opts,
    .max_words = 1,
    .run = run,
};
