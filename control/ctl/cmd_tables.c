/* SPDX-License-Identifier: MIT
 *
 * `memalotctl types`, `retained`, `garbage`, `growth`, `memory` and `refcounts`: one
 * sweep, printed as tables. They differ in what is asked for and how it is drawn, and in
 * nothing else.
 */
#include "ask.h"

static int
run_types(const struct ml_ctl_args *args)
{
    return ml_ask_and_print(args, "types", ml_ask_limit(args), "sweeping",
                            ml_render_types);
}

static int
run_retained(const struct ml_ctl_args *args)
{
    return ml_ask_and_print(args, "retained", ml_ask_limit(args), "sweeping",
                            ml_render_retained);
}

static int
run_garbage(const struct ml_ctl_args *args)
{
    return ml_ask_and_print(args, "garbage", ml_ask_limit(args), "sweeping",
                            ml_render_garbage);
}

static int
run_memory(const struct ml_ctl_args *args)
{
    return ml_ask_and_print(args, "memory", NULL, "sweeping", ml_render_memory);
}

static int
run_growth(const struct ml_ctl_args *args)
{
    return ml_ask_and_print(args, "growth", ml_ask_limit(args), "sweeping",
                            ml_render_growth);
}

static int
run_refcounts(const struct ml_ctl_args *args)
{
    return ml_ask_and_print(args, "refcounts", ml_ask_limit(args), "sweeping",
                            ml_render_refcounts);
}

#define OPT_ROWS                                                                       \
    {"limit", 'n', ML_OPT_INT, ML_CTL_OPT(limit),                                      \
     "N",     1,   100000,     "how many rows (default: 20)"}

/* Rows of several processes can be added up. */
static const struct ml_opt opts[] = {OPT_ROWS,     ML_OPT_MANY, ML_OPT_JSON,
                                     ML_OPT_COLOR, ML_OPT_HELP, ML_OPT_END};
/* Cycles and counts are of one process. */
static const struct ml_opt one_opts[] = {OPT_ROWS, ML_OPT_JSON, ML_OPT_COLOR,
                                         ML_OPT_HELP, ML_OPT_END};

const struct ml_command ml_cmd_types = {
    .name = "types",
    .words_help = "[TARGET]",
    .summary =
        "Live objects by type: how many, their own size and what they keep alive",
    .details = "Sizes are sys.getsizeof's. Retained is what would go if the objects of "
               "the type went.",
    .opts = opts,
    .max_words = 1,
    .run = run_types,
};

const struct ml_command ml_cmd_retained = {
    .name = "retained",
    .words_help = "[TARGET]",
    .summary = "The biggest retainers: what would be freed if one object went",
    .details = "Each row is one object and the shortest path to it from a named root.",
    .opts = opts,
    .max_words = 1,
    .run = run_retained,
};

const struct ml_command ml_cmd_garbage = {
    .name = "garbage",
    .words_help = "[TARGET]",
    .summary = "Cyclic garbage that waits for the collector, and what it cannot take",
    .details = "Groups are cycles of the same types. Nothing is collected by asking.",
    .opts = one_opts,
    .max_words = 1,
    .run = run_garbage,
};

const struct ml_command ml_cmd_growth = {
    .name = "growth",
    .words_help = "[TARGET]",
    .summary = "What grew since the last growth or snapshot: by type, and by what holds it",
    .details = "The first time it takes the baseline. Sizes of types are their own, those "
               "of places\nwhat they keep alive.",
    .opts = opts,
    .max_words = 1,
    .run = run_growth,
};

const struct ml_command ml_cmd_refcounts = {
    .name = "refcounts",
    .words_help = "[TARGET]",
    .summary = "Reference counts that the heap does not explain: who holds in secret",
    .details = "Objects by type that have more references than are seen, or fewer, with "
               "examples.\nWhat native code holds has more; fewer is a mistake of "
               "memalot's.",
    .opts = one_opts,
    .max_words = 1,
    .run = run_refcounts,
};

static const struct ml_opt memory_opts[] = {ML_OPT_MANY, ML_OPT_JSON, ML_OPT_COLOR,
                                            ML_OPT_HELP, ML_OPT_END};

const struct ml_command ml_cmd_memory = {
    .name = "memory",
    .words_help = "[TARGET]",
    .summary = "Where the process's memory is: Python objects, free space, native code",
    .details = "Tells whether a leak is one of Python objects at all. Free inside "
               "Python's arenas\nor malloc is memory that the program gave back and the "
               "allocator kept.",
    .opts = memory_opts,
    .max_words = 1,
    .run = run_memory,
};
