/* SPDX-License-Identifier: MIT
 *
 * `memalotctl exporter`: reads the options and becomes the Python module that serves
 * OpenMetrics (python/memalot/exporter). It gets times in seconds, and only what was
 * given: the defaults are its own.
 */
#include "print.h"

#include <stdio.h>
#include <string.h>

#include "duration.h"
#include "installed.h"

#define WORDS 12
#define WORD_SIZE 32

struct words {
    char *word[WORDS + 1];
    char made[WORDS][WORD_SIZE]; /* those that are written anew */
    int count;
};

static void
add_text(struct words *w, const char *option, const char *value)
{
    if (value != NULL) {
        w->word[w->count++] = (char *)option;
        w->word[w->count++] = (char *)value;
    }
}

static void
add_number(struct words *w, const char *option, double value)
{
    char *text = w->made[w->count];
    snprintf(text, WORD_SIZE, "%.15g", value);
    add_text(w, option, text);
}

static void
add_time(struct words *w, const char *option, const char *value)
{
    double seconds;
    if (value != NULL && ml_duration_read(value, strlen(value), &seconds)) {
        add_number(w, option, seconds);
    }
}

static int
run(const struct ml_ctl_args *args)
{
    struct words w = {.count = 0};
    add_text(&w, "--listen", args->listen);
    add_time(&w, "--every", args->every);
    add_time(&w, "--sweep-every", args->sweep_every);
    if (args->limit != ML_CTL_UNSET) {
        add_number(&w, "--findings", args->limit);
    }
    add_text(&w, "--report-directory", args->directory);
    return ml_installed_become(args->self, "memalot.exporter", w.word);
}

static const struct ml_opt opts[] = {
    {"listen", 0, ML_OPT_TEXT, ML_CTL_OPT(listen), "HOST:PORT", 0, 0,
     "where to serve (default: 127.0.0.1:9464)"},
    {"every", 0, ML_OPT_TIME, ML_CTL_OPT(every), "TIME", 0, 0,
     "ask the agents at most this often (default: 5s)"},
    {"sweep-every", 0, ML_OPT_TIME, ML_CTL_OPT(sweep_every), "TIME", 0, 0,
     "make a snapshot of each process this often (default: never)"},
    {"findings", 0, ML_OPT_INT, ML_CTL_OPT(limit), "N", 0, 100,
     "how many findings of each process are told (default: 10)"},
    {"report-directory", 0, ML_OPT_TEXT, ML_CTL_OPT(directory), "DIR", 0, 0,
     "where their reports are seen here (default: as the agents say)"},
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_exporter = {
    .name = "exporter",
    .words_help = "",
    .summary = "Serve the figures of all agents to Prometheus (OpenMetrics)",
    .details =
        "Each scrape asks every agent for its state, all at once; one that does not\n"
        "answer within two seconds is told as memalot_agent_up 0. Findings and where\n"
        "the memory is come from the last saved report: a scrape never causes a sweep.\n"
        "With --sweep-every the exporter makes snapshots itself, one process after the\n"
        "other, without saving them. Each holds its process up for a bare fork's time\n"
        "(some 20 ms for each GiB) and uses a processor for about 0.25 s for each\n"
        "million objects.\n"
        "Needs prometheus_client: pip install 'memalotctl[exporter]'. What each figure\n"
        "means, and alerts: docs/production.md.",
    .opts = opts,
    .run = run,
};
