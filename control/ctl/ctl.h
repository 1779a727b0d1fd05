/* SPDX-License-Identifier: MIT
 *
 * What every command of memalotctl shares: exit codes, the struct that its options are
 * read into, and the row by which main.c knows it. A command is one file cmd_<name>.c
 * with one row and one function; usage text, --help and parsing come from the row.
 */
#ifndef ML_CTL_CTL_H
#define ML_CTL_CTL_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "error.h"

enum ml_exit {
    ML_EXIT_DONE = 0,
    ML_EXIT_FAILED = 1,
    ML_EXIT_USAGE = 2,
    ML_EXIT_NO_AGENT = 3, /* none, or not clear which */
    ML_EXIT_REFUSED = 4,
};

#define ML_CTL_LIST_MAX 16
#define ML_CTL_UNSET (-1)
#define ML_CTL_FINDINGS 10 /* printed unless --limit says otherwise */

struct ml_ctl_list {
    int count;
    const char *item[ML_CTL_LIST_MAX + 1]; /* ends with NULL */
};

/* Values of all options there are; a command looks at those of its own table. Texts
 * are borrowed from argv. Unset: NULL, ML_CTL_UNSET, false. */
struct ml_ctl_args {
    const char *program; /* how we were called: "memalotctl" or "memalot" */
    const char *self;    /* absolute path of our executable */
    const struct ml_command *const *commands; /* all there are; ends with NULL */
    char **word;         /* what is no option */
    int words;
    bool help, json, all, each, no_save, no_referrers, summary_only, console, no_console,
        force_terminal;
    const char *color, *svg, *config, *format, *output, *address, *directory;
    const char *filter_types, *formats, *lifetime, *warmup, *timeout;
    const char *listen, *every, *sweep_every; /* exporter */
    struct ml_ctl_list type, exclude;
    int limit, max_object_details, finding, num_reports, num_iterations, keep,
        max_nodes, tree;
};

enum ml_opt_type {
    ML_OPT_FLAG,
    ML_OPT_INT,
    ML_OPT_TEXT,
    ML_OPT_LIST,
    ML_OPT_WORD,
    ML_OPT_TIME, /* a text that is a duration: "60", "500ms", "5m" */
};

struct ml_opt {
    const char *name; /* without the dashes; NULL ends the table */
    char letter;      /* 0: none */
    enum ml_opt_type type;
    size_t offset;     /* into struct ml_ctl_args */
    const char *value; /* "N"; for ML_OPT_WORD the words: "auto|always|never" */
    int least, most;   /* ML_OPT_INT */
    const char *help;
};

struct ml_command {
    const char *name;
    const char *words_help; /* "[TARGET]" */
    const char *summary;    /* one line, no full stop */
    const char *details;    /* paragraph of --help, or NULL */
    const struct ml_opt *opts;
    int min_words, max_words; /* max -1: what follows the first word is not ours */
    bool hidden;
    int (*run)(const struct ml_ctl_args *args);
};

#define ML_CTL_OPT(field) offsetof(struct ml_ctl_args, field)
#define ML_OPT_END {NULL, 0, ML_OPT_FLAG, 0, NULL, 0, 0, NULL}
#define ML_OPT_HELP                                                                    \
    {"help", 'h', ML_OPT_FLAG, ML_CTL_OPT(help), NULL, 0, 0, "print this and end"}
#define ML_OPT_COLOR                                                                   \
    {"color",                                                                          \
     0,                                                                                \
     ML_OPT_WORD,                                                                      \
     ML_CTL_OPT(color),                                                                \
     "auto|always|never",                                                              \
     0,                                                                                \
     0,                                                                                \
     "colours; auto: on a terminal, unless NO_COLOR is set"}
#define ML_OPT_FORCE_TERMINAL                                                          \
    {"force-terminal",                                                                 \
     0,                                                                                \
     ML_OPT_FLAG,                                                                      \
     ML_CTL_OPT(force_terminal),                                                       \
     NULL,                                                                             \
     0,                                                                                \
     0,                                                                                \
     "the same as --color always"}
#define ML_OPT_JSON                                                                    \
    {"json", 0, ML_OPT_FLAG, ML_CTL_OPT(json),                                         \
     NULL,   0, 0,           "print one JSON document instead"}
#define ML_OPT_FINDINGS                                                                \
    {"limit",                                                                          \
     0,                                                                                \
     ML_OPT_INT,                                                                       \
     ML_CTL_OPT(limit),                                                                \
     "N",                                                                              \
     0,                                                                                \
     100000,                                                                           \
     "how many findings are printed, 0: all (default: 10)"}
#define ML_OPT_DIRECTORY                                                               \
    {"report-directory",                                                               \
     0,                                                                                \
     ML_OPT_TEXT,                                                                      \
     ML_CTL_OPT(directory),                                                            \
     "DIR",                                                                            \
     0,                                                                                \
     0,                                                                                \
     "where reports are (default: ~/.memalot/reports)"}

/* Several at once: ask_many.h. */
#define ML_OPT_MANY                                                                    \
    {"all", 0, ML_OPT_FLAG, ML_CTL_OPT(all), NULL, 0, 0, "every agent, all at once"},  \
        {"tree",                                                                       \
         0,                                                                            \
         ML_OPT_INT,                                                                   \
         ML_CTL_OPT(tree),                                                             \
         "PID",                                                                        \
         1,                                                                            \
         INT_MAX,                                                                      \
         "this process and all below it, all at once"},                                \
    {                                                                                  \
        "timeout", 0, ML_OPT_TIME, ML_CTL_OPT(timeout), "S", 0, 0,                     \
            "pass over who is silent for so long (default: 60)"       \
    }

extern const struct ml_command ml_cmd_run, ml_cmd_ps, ml_cmd_status, ml_cmd_snapshot,
    ml_cmd_types, ml_cmd_retained, ml_cmd_paths, ml_cmd_refs, ml_cmd_garbage,
    ml_cmd_list, ml_cmd_print, ml_cmd_graph, ml_cmd_diff, ml_cmd_rm, ml_cmd_config,
    ml_cmd_attach, ml_cmd_detach, ml_cmd_monitor, ml_cmd_memory, ml_cmd_growth,
    ml_cmd_refcounts, ml_cmd_exporter, ml_cmd_mcp, ml_cmd_write, ml_cmd_completion;

#endif
