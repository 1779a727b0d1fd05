/* SPDX-License-Identifier: MIT
 *
 * `sweep.when`: when the process's own memory is a reason for a snapshot. What is
 * decided here is decided from readings that the caller hands in with their time, so
 * that it can be tested without either.
 *
 *   memory_above   fires when the memory passes the threshold, and again only after it
 *                  was below, or when it has become a tenth more since
 *   growth_above   fires when the memory grew so fast over a whole minute, and not by
 *                  one jump: half of it must be left without the largest step
 *
 * Whatever fires, nothing does again for `cooldown`. Off, the agent does not wake up
 * for it at all (`next_at` is 0).
 *
 * Thread: whoever owns the agent (agent_state.h). GIL: not needed.
 */
#ifndef ML_AGENT_TRIGGER_H
#define ML_AGENT_TRIGGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json_write.h"
#include "settings.h"

#define ML_TRIGGER_EVERY 2.0   /* seconds between readings */
#define ML_TRIGGER_WINDOW 60.0 /* of growth */
#define ML_TRIGGER_SAMPLES 31  /* a window of them, and the one before */
#define ML_TRIGGER_TEXT 160

/* The process's memory now. */
struct ml_trigger_reading {
    uint64_t rss;
    uint64_t used, limit; /* what a share is a share of; limit 0: unknown */
};

struct ml_trigger {
    double next_at;  /* monotonic; the next reading, 0: off */
    double quiet_until; /* nothing fires before; 0: not cooling down */
    double fired_at; /* 0: never */
    unsigned fired;  /* times */
    bool above;      /* memory_above has fired and the memory was not below since */
    double fired_memory;
    char reason[ML_TRIGGER_TEXT]; /* of the last time */
    struct {
        double at;
        double rss;
    } sample[ML_TRIGGER_SAMPLES]; /* oldest first */
    unsigned samples;
};

/* New settings: starts, goes on with or ends the readings. */
void ml_trigger_configure(struct ml_trigger *t, const struct ml_settings *s, double now);

/* Takes a reading and sets the time of the next. True when it is a reason for a
 * snapshot; t->reason is then the sentence that says why. */
bool ml_trigger_take(struct ml_trigger *t, const struct ml_settings *s,
                     const struct ml_trigger_reading *reading, double now);

/* A reading that was due and does not count (a sweep is at work). */
void ml_trigger_skip(struct ml_trigger *t, double now);

/* Bytes per minute over the readings there are, at most a window; 0: fewer than two. */
double ml_trigger_growth(const struct ml_trigger *t);

/* The value of `triggers` in `status`. */
void ml_trigger_write_status(const struct ml_trigger *t, const struct ml_settings *s,
                             double now, struct ml_json *out);

/* Reads the process's memory: a share is of the cgroup's limit and use where there is
 * one, else of the host's memory and the process's own. */
void ml_trigger_read(struct ml_trigger_reading *out);

#endif
