/* SPDX-License-Identifier: MIT
 *
 * `memalotctl paths`: who keeps it alive.
 */
#include "picture.h"

static int
run(const struct ml_ctl_args *args)
{
    char title[200];
    bool by_type = args->type.count == 1;
    if (by_type == (args->address != NULL) || args->type.count > 1) {
        return ml_print_fail(ML_EXIT_USAGE,
                             "paths needs --type NAME or --address 0x..., one of them");
    }
    json_t *params = ml_ask_limit(args);
    const char *asked = by_type ? args->type.item[0] : args->address;
    json_object_set_new(params, by_type ? "type" : "address", json_string(asked));
    snprintf(title, sizeof(title), "What keeps %.150s alive", asked);
    return ml_picture_ask(args, "paths", params, title, ml_render_paths);
}

static const struct ml_opt opts[] = {
    {"type", 0, ML_OPT_LIST, ML_CTL_OPT(type), "NAME", 0, 0,
     "objects whose full type name contains this"},
    {"address", 0, ML_OPT_TEXT, ML_CTL_OPT(address), "0x...", 0, 0,
     "the object at this address"},
    {"limit", 'n', ML_OPT_INT, ML_CTL_OPT(limit), "N", 1, 100000,
     "at most so many objects"},
    ML_OPT_FORMAT,
    ML_OPT_OUTPUT,
    ML_OPT_JSON,
    ML_OPT_COLOR,
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_paths = {
    .name = "paths",
    .words_help = "[TARGET]",
    .summary = "Who keeps an object alive: the shortest paths from named roots",
    .opts = opts,
    .max_words = 1,
    .run = run,
};
