/* SPDX-License-Identifier: MIT
 *
 * Monitors as data, for the files named monitor*.c:
 *
 *   monitor          open, close, the list
 *   monitor_tell     what is told to whom
 *   monitor_window   enter and leave
 *   monitor_clock    the clock of those by time, status
 *   monitor_sweep    from a post to a question, from the answer to the outbox
 *
 * `lock` guards all of it. The watch of a monitor is written before it is posted and
 * belongs to the sweep until the answer has come.
 */
#ifndef ML_AGENT_MONITOR_STATE_H
#define ML_AGENT_MONITOR_STATE_H

#include <Python.h>
#include <pthread.h>
#include <sys/types.h>

#include "agent.h"
#include "monitor.h"
#include "watch.h"

#define MONITOR_DEPTH 64  /* threads inside one window that are told apart */
#define MONITOR_OUTBOX 8  /* reports nobody has taken; older ones are dropped */

enum monitor_state { MONITOR_WARMING, MONITOR_WATCHING, MONITOR_CLOSED };

struct ml_monitor {
    int handle;
    uint32_t owner; /* of its epochs */
    enum monitor_state state;
    struct ml_monitor_options o; /* overrides and subject are its own copies */
    bool once;        /* a snapshot: no ages */
    bool by_operator; /* started by monitor.enabled or over the socket, not by the program */
    bool by_config;   /* by monitor.enabled */
    bool given_up;    /* its handle is closed: goes when its sweep has ended */

    /* reports */
    unsigned iteration; /* the last one */
    char report_id[16];
    struct ml_tally types, places;
    uint64_t rss, peak_rss;  /* of the last iteration, 0: none */
    uint64_t suspects;
    struct ml_watch *watch;  /* of the report under way, or NULL */
    bool posted;             /* and the agent thread has not seen it yet */
    bool awaited;            /* a thread stands and waits for what it has posted */
    struct ml_told outbox[MONITOR_OUTBOX];
    unsigned waiting;

    /* by time: monotonic seconds */
    double since, next_turn, next_iteration;
    bool past_first;  /* the warm-up iteration is over */

    /* by calls */
    unsigned depth;
    unsigned long inside[MONITOR_DEPTH]; /* idents of the threads in the window */
    uint64_t windows;                    /* closed so far */
    uint64_t *turn;                      /* numbers of the last `calls` windows, a ring */
    uint64_t turns;                      /* windows with births so far */
};

struct monitors {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ready;            /* lock and condition are made, for process `pid` */
    bool served;           /* an agent takes what is posted; else nobody may wait */
    bool retired;          /* by the agent thread: births may have become needless */
    pid_t pid;
    struct ml_monitor **list; /* by handle; NULL where closed */
    int count, cap;
    struct ml_monitor *clock; /* the one by time, or NULL */
    struct ml_monitor *open;  /* whose window is open, or NULL */
};

extern struct monitors ml_monitors;

void monitors_lock(void);
void monitors_unlock(void);

/* With the lock held. */
struct ml_monitor *monitors_find(int handle);
struct ml_monitor *monitors_of_token(uint64_t token);
char *monitors_copy_text(const char *text, size_t len); /* NULL: none, no memory */
/* Whether a monitor of this kind may begin beside what there is. */
int monitors_check_mixing(const struct ml_monitor_options *o, struct ml_error *err);
int monitors_make(const struct ml_monitor_options *options, struct ml_monitor **out,
                  struct ml_error *err);
void monitors_tell(struct ml_monitor *m, enum ml_told_kind kind, const char *text,
                   size_t len);
bool monitors_take_told(struct ml_monitor *m, struct ml_told *out);
void monitors_close(struct ml_monitor *m, const char *why);
/* Takes it off the list and frees it, its str_func excepted. */
void monitors_drop(struct ml_monitor *m);
/* Closes one whose handle nobody uses any more; it goes at once or with its sweep. */
void monitors_retire(struct ml_monitor *m);

/* Births are needed by something. */
bool monitors_need_births(void);

/* Waits for the report that was posted, with `awaited` set; looks at the signals. 0, or
 * 1 with a Python exception set. NOTHING in a child that was forked meanwhile. */
int monitors_await_posted(int handle, struct ml_told *out);

/* monitor_sweep.c: the watch for the next report; its ages are those of this moment.
 * GIL and lock held. */
int monitors_post(struct ml_monitor *m, bool warm_up, double now, struct ml_error *err);

/* Takes what was posted to the questions. GIL: not held. */
void ml_monitors_ask(struct ml_agent *a);

#endif
