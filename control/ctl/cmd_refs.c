/* SPDX-License-Identifier: MIT
 *
 * `memalotctl refs`: what one object refers to.
 */
#include "picture.h"

static int
run(const struct ml_ctl_args *args)
{
    char title[200];
    json_t *answer = NULL;
    if (args->address == NULL) {
        return ml_print_fail(ML_EXIT_USAGE, "refs needs --address 0x...");
    }
    json_t *params = ml_ask_limit(args);
    json_object_set_new(params, "address", json_string(args->address));
    int code = ml_ask(ml_ask_target(args), "refs", params, "sweeping", &answer);
    if (code != ML_EXIT_DONE) {
        return code;
    }
    snprintf(title, sizeof(title), "What %.150s refers to", args->address);
    return ml_picture_answer(args, answer, title, ml_render_refs);
}

static const struct ml_opt opts[] = {
    {"address", 0, ML_OPT_TEXT, ML_CTL_OPT(address), "0x...", 0, 0,
     "the object at this address"},
    {"limit", 'n', ML_OPT_INT, ML_CTL_OPT(limit), "N", 1, 100000,
     "at most so many references"},
    {"format", 0, ML_OPT_WORD, ML_CTL_OPT(format), "text|json|dot|svg", 0, 0,
     "default: text, or what FILE ends with"},
    {"output", 'o', ML_OPT_TEXT, ML_CTL_OPT(output), "FILE", 0, 0,
     "write there instead of standard output"},
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
