/* SPDX-License-Identifier: MIT
 *
 * Monitors: what looks for objects that outlive their use.
 *
 *   by time    every `lifetime` seconds a report of what was born after the warm-up and
 *              is older than that; one at a time in a process
 *   by calls   a window from enter to leave; a report at each leave of what was born in
 *              windows and survived `calls` of them; the first window warms up
 *
 *     Python thread                         agent thread                    sweep
 *     enter: turn the epoch
 *     leave: turn, post ───────order──────► take the post, ask ───────────► …
 *            wait (no GIL) ◄───outbox────── hear the answer ◄────────────── text, tallies
 *     wait  ◄──────────────────outbox────── the clock of monitors by time
 *
 * A report's text goes to whoever waits; nothing is called back. A monitor holds no
 * object of the program but its str_func.
 *
 * Thread and GIL: said at each group. One lock guards all monitors; nobody waits for
 * the GIL while holding it.
 */
#ifndef ML_AGENT_MONITOR_H
#define ML_AGENT_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "json_write.h"

struct ml_agent;
struct ml_sweep_figures;
struct ml_tally_row;

struct ml_monitor_options {
    const char *overrides; /* YAML over the agent's own settings; NULL: none */
    size_t overrides_len;
    double lifetime;       /* seconds; 0: by calls */
    double warmup;         /* seconds, of one by time */
    unsigned calls;        /* of one by calls, from 1 */
    const char *subject;   /* what is monitored, for the report; NULL: nothing said */
    bool save;
    bool told;             /* somebody takes the texts; otherwise none are kept */
    bool color, boxes;
    int width;
    void *str_func;        /* PyObject *, a reference is taken; NULL: none */
};

enum ml_told_kind {
    ML_TOLD_NOTHING, /* the time was up */
    ML_TOLD_REPORT,
    ML_TOLD_ERROR,   /* this report failed: a sentence */
    ML_TOLD_CLOSED,  /* nothing will come any more */
};

/* What a monitor has to say. */
struct ml_told {
    enum ml_told_kind kind;
    char *text; /* UTF-8, malloc'ed, the holder's; NULL: none */
    char report_id[16]; /* "": not saved */
    unsigned iteration;
};

void ml_told_fini(struct ml_told *told);

/* -- Python threads; GIL: held, released while waiting ------------------------------ */

/* Needs a running agent (ML_ESTATE). ML_ESTATE too when it would mix with what the
 * program monitors already; a monitor by time that an operator has started makes way.
 * ML_EINVAL, ML_EFORMAT for options. */
int ml_monitor_open(const struct ml_monitor_options *options, int *handle,
                    struct ml_error *err);

/* Opens the window, or goes deeper into the open one (recursion, other threads). `counts`
 * is false when this entry is not monitored, because the agent has gone, another thread
 * is in another monitor's window, or an operator has time-based monitoring run; then
 * there must be no leave. ML_ESTATE when
 * nested in another monitor's window or while one by time runs. */
int ml_monitor_enter(int handle, bool *counts, struct ml_error *err);

/* The last one out closes the window and waits for the report; the others are told
 * nothing. `in_flight` (at most 4) are objects that are on their way to the caller: that
 * alone keeps nothing alive. 1 with a Python exception set when a signal handler raised
 * one meanwhile; never fails otherwise. */
int ml_monitor_leave(int handle, void *const *in_flight, size_t count,
                     struct ml_told *out);

/* The next report of a monitor by time; `timeout` in seconds, negative: none. */
void ml_monitor_wait(int handle, double timeout, struct ml_told *out);

/* One ordinary snapshot, told like a report. As ml_monitor_leave. */
int ml_monitor_snapshot(const struct ml_monitor_options *options, struct ml_told *out,
                        struct ml_error *err);

/* Ends it; who waits is told so. Its handle may be used by nobody afterwards. */
void ml_monitor_close(int handle);

/* The agent has come, and will take what is posted. */
void ml_monitors_begin(void);

/* Takes births out of the process and lets go of the str_func of closed monitors. */
void ml_monitors_unhook(void);

/* In a forked child: monitors by time are the parent's, those by calls begin anew. */
void ml_monitors_after_fork_in_child(void);

/* -- the agent's owner; GIL: not held ------------------------------------------------ */

/* Starts what the configuration wants (monitor.enabled), and ends what it does not. */
void ml_monitors_apply_settings(struct ml_agent *a);

/* Takes posts, keeps the clock: may take the GIL for the length of a turn. */
void ml_monitors_serve(struct ml_agent *a, double now);
double ml_monitors_due(void); /* monotonic; 0: nothing is */

/* The agent leaves: monitors by time end with `why`, windows are forgotten. */
void ml_monitors_end(const char *why);

/* monitor.start and monitor.stop over the socket. */
int ml_monitors_start(const struct ml_monitor_options *options, struct ml_json *out,
                      struct ml_error *err);
int ml_monitors_stop(struct ml_json *out, struct ml_error *err);
void ml_monitors_write_status(struct ml_json *out);

/* Answers of the sweep to a question with such a token. */
#define ML_TOKEN_MONITOR ((uint64_t)1 << 63)
void ml_monitors_result(uint64_t token, const char *json, size_t len);
void ml_monitors_error(uint64_t token, const struct ml_error *why);
void ml_monitors_figures(uint64_t token, const struct ml_sweep_figures *figures);
void ml_monitors_tally(uint64_t token, bool places, const struct ml_tally_row *rows,
                       uint32_t count);

#endif
