/* SPDX-License-Identifier: MIT
 *
 * One sweep, the parent's side: from the clone of the process to the answers.
 *
 * ml_sweep_start() takes the GIL for as long as one clone takes, then everything
 * happens in the copy; the agent thread waits for it with its poll loop:
 *
 *     ml_sweep_start(...);
 *     while running:  poll(ml_sweep_fd(), ml_sweep_timeout_ms());  ml_sweep_step();
 *
 * Answers come through the callbacks, one for each question, then `ended` once. Also
 * the watchdog (time, memory, death of the copy) lives here. One sweep at a time.
 *
 * Thread: all functions on the agent thread unless said otherwise.
 * GIL: never held by the caller; ml_sweep_start and ml_sweep_step may take it for
 * the clone (never afterwards), so the interpreter must not be finalizing.
 */
#ifndef ML_AGENT_SWEEP_H
#define ML_AGENT_SWEEP_H

#include "ops.h"
#include "settings.h"
#include "tally.h"

struct ml_sweep;
struct ml_watch;

struct ml_sweep_question {
    struct ml_sweep_request request;
    uint64_t token; /* given back with the answer */
    const struct ml_watch *watch; /* of a monitor's report, else NULL; must stay until the
                                     answer has come */
};

/* What a monitor wants to know of its sweep. */
struct ml_sweep_figures {
    uint64_t rss, peak_rss; /* of the program, bytes */
    uint64_t suspects;
};

/* Rows for the next sweep of whoever asked: of types or of places; see tally.h. */
struct ml_sweep_tally {
    bool places;
    double at; /* monotonic seconds of that look at the heap */
    const struct ml_tally_row *rows; /* ascending; during the callback only */
    uint32_t count;
};

/* What `growth` compares with: the last `growth` or plain `snapshot`. */
struct ml_growth_before {
    struct ml_tally types, places;
    double at; /* monotonic; 0: there was none */
};

struct ml_sweep_stats {
    enum ml_sweep_kind kind; /* of the first question */
    double pause_s;          /* the GIL was held this long */
    double duration_s;       /* from the start to the last answer */
    uint32_t objects;
    uint64_t ended_at;       /* seconds since the epoch */
    bool in_place;           /* clone was refused: done under the GIL */
    int code;                /* 0, or why it failed */
    char message[480];
    char report_id[16];      /* of the saved report, "" */
};

/* Of all sweeps there were, for rates. */
struct ml_sweep_sums {
    uint64_t ended, failed;
    double pause_s, duration_s;
};

struct ml_sweep_callbacks {
    void *ctx;
    /* `json` is one line, valid during the call only. */
    void (*result)(void *ctx, uint64_t token, const char *json, size_t len);
    void (*error)(void *ctx, uint64_t token, const struct ml_error *err);
    void (*progress)(void *ctx, uint64_t token, const char *step, double done);
    /* Of a watched question, before its result. */
    void (*figures)(void *ctx, uint64_t token, const struct ml_sweep_figures *figures);
    /* Of a snapshot or `growth`, before its result, at most once for types and places. */
    void (*tally)(void *ctx, uint64_t token, const struct ml_sweep_tally *tally);
    void (*ended)(void *ctx, const struct ml_sweep_stats *stats);
};

/* What a sweep needs to know of the agent besides the settings. */
struct ml_sweep_env {
    const char *writer;  /* absolute path of memalotctl, "" when there is none */
    const char *name;    /* the process's name for reports */
    const struct ml_growth_before *before; /* stays and does not change while it runs */
};

struct ml_sweep *ml_sweep_new(const struct ml_sweep_callbacks *callbacks);

/* Ends a running sweep (its process is killed and reaped) and frees. NULL is fine. */
void ml_sweep_free(struct ml_sweep *s);

/* Begins a sweep that answers `count` questions. Settings and questions are copied.
 * May return before the clone was made (the collector was just running; the clone is
 * then tried again by ml_sweep_step a few milliseconds later). On an error nothing
 * has begun and no callback follows. */
int ml_sweep_start(struct ml_sweep *s, const struct ml_sweep_env *env,
                   const struct ml_settings *settings,
                   const struct ml_sweep_question *questions, size_t count,
                   struct ml_error *err);

bool ml_sweep_running(const struct ml_sweep *s);
/* Descriptor to poll for reading, -1 when there is none just now. */
int ml_sweep_fd(const struct ml_sweep *s);
/* Milliseconds until ml_sweep_step wants to be called anyway, -1: no need. */
int ml_sweep_timeout_ms(const struct ml_sweep *s);
/* Reads what came, runs the watchdog, makes callbacks. Never blocks on the copy. */
void ml_sweep_step(struct ml_sweep *s);
/* Kills the copy; questions not yet answered get `why` as their error. */
void ml_sweep_cancel(struct ml_sweep *s, const struct ml_error *why);

/* In a forked child of the program: the sweep belongs to the parent. Closes our copy
 * of its descriptors and forgets it without killing or reaping anything. */
void ml_sweep_forget(struct ml_sweep *s);

/* Once, on a thread with the GIL, when the agent starts: checks that this
 * interpreter's layout is one we know. ML_EUNSUPPORTED with one clear line if not. */
int ml_sweep_check_interpreter(struct ml_error *err);

#endif
