/* SPDX-License-Identifier: MIT
 *
 * `memalotctl refs`: what one object refers to.
 */
#include "picture.h"

static int
run(const struct ml_ctl_args *args)
{
    char title[200];
    if (args->address == NULL) {
        return ml_print_fail(ML_EXIT_USAGE, "refs needs --address 0x...");
    }
    json_t *params = ml_ask_limit(args);
    json_object_set_new(params, "address", json_string(args->address));
    snprintf(title, sizeof(title), "What %.150s refers to", args->address);
    return ml_picture_ask(args, "refs", params, title, ml_render_refs);
}

static const struct ml_opt opts[] = {
    {"address", 0, ML_OPT_TEXT, ML_CTL_OPT(address), "0x...", 0, 0,
     "the object at this address"},
    {"limit", 'n', ML_OPT_INT, ML_CTL_OPT(limit), "N", 1, 100000,
     "at most so many references"},
    ML_OPT_FORMAT,
    ML_OPT_OUTPUT,
    ML_OPT_JSON,
    ML_OPT_COLOR,
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_refs = {
    .name = "refs",
    .words_help = "[TARGET]",
    .summary = "What an object refers to",
    .opts = opts,
    .max_words = 1,
    .run = run,
};
