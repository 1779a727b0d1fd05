/* SPDX-License-Identifier: MIT
 *
 * Several agents are asked the same thing at the same time: all there are (--all), or
 * those of one process and what came from it (--tree PID).
 *
 *     status ──► waiting ──► asked ──► answered
 *        └─────────┴───────────┴─────► in trouble: one line on stderr, the others go on
 *
 * Everybody is asked for its status first: who does not answer that (it is stopped, or
 * has ended) is not waited for. No more sweeps run at once than there are processors.
 */
#ifndef ML_CTL_ASK_MANY_H
#define ML_CTL_ASK_MANY_H

#include "discover.h"
#include "print.h"

struct ml_asked {
    struct ml_agent_found *agent; /* borrowed; in the order of the tree */
    json_t *answer;               /* NULL: there was trouble */
    struct ml_error trouble;
};

struct ml_many {
    struct ml_discovery found;
    struct ml_asked *asked;
    size_t count, answered;
    int code; /* enum ml_exit: the worst that happened */
};

/* Whether the command line asks for several. */
bool ml_many_wanted(const struct ml_ctl_args *args);

/* Asks all that --all or --tree means, and says on stderr who did not answer. Takes over
 * `params`. `what`: the word for the progress line, "sweeping"; NULL: none. Returns
 * `out->code`; on ML_EXIT_USAGE and ML_EXIT_NO_AGENT nobody was asked. ml_many_fini in
 * any case. */
int ml_many_ask(const struct ml_ctl_args *args, const char *method, json_t *params,
                const char *what, struct ml_many *out);
void ml_many_fini(struct ml_many *m);

/* "4711  shop-worker"; the pid alone of one that did not say its name. */
const char *ml_many_label(const struct ml_asked *a, char *out, size_t cap);

/* [{pid, name, parent: pid|null, answer | error}], with `pss` what report/merge.h takes:
 * its memory, shared pages divided among those that share them. */
json_t *ml_many_members(const struct ml_many *m, bool with_pss);

/* Asks everybody found for `status`, at the same time; ml_discover_status then knows. */
void ml_many_status(struct ml_discovery *d);

#endif
