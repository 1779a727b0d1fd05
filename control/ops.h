/* SPDX-License-Identifier: MIT
 *
 * What methods ask of the agent: the only door between control/ and agent/.
 *
 * Everything is called on the agent thread, never with the GIL. Short questions
 * write their answer at once; a sweep is begun and answered later with
 * ml_server_reply_* (server.h) under the token it was given. Requests that arrive
 * while a sweep runs share the next one.
 */
#ifndef ML_CONTROL_OPS_H
#define ML_CONTROL_OPS_H

#include "error.h"
#include "json_write.h"

enum ml_sweep_kind {
    ML_SWEEP_SNAPSHOT,
    ML_SWEEP_TYPES,
    ML_SWEEP_RETAINED,
    ML_SWEEP_PATHS,
    ML_SWEEP_REFS,
    ML_SWEEP_GARBAGE,
    ML_SWEEP_MEMORY,
    ML_SWEEP_GROWTH,
    ML_SWEEP_REFCOUNTS,
};

#define ML_REQUEST_FILTERS 16
#define ML_REQUEST_TEXT 128
#define ML_REQUEST_UNSET (-1)

/* One question to a sweep. Plain data: it is copied into the sweep process. */
struct ml_sweep_request {
    enum ml_sweep_kind kind;
    int limit;        /* rows wanted; ML_REQUEST_UNSET: the method's default (20) */
    uint64_t address; /* paths, refs; 0: not given */
    char type[ML_REQUEST_TEXT]; /* paths: substring of the full type name; "" */
    char include[ML_REQUEST_FILTERS]
                [ML_REQUEST_TEXT]; /* snapshot; ends at the first "" */
    char exclude[ML_REQUEST_FILTERS][ML_REQUEST_TEXT];
    int max_object_details; /* ML_REQUEST_UNSET: as configured */
    int referrers;          /* 0, 1, ML_REQUEST_UNSET: as configured */
    bool save;              /* snapshot: hand the result to the writer */
    bool progress;          /* send progress notifications */
};

/* What `monitor.start` asks for. Plain data: it is copied. */
struct ml_monitor_request {
    double lifetime, warmup; /* seconds; negative: as configured */
    /* Each ends at the first ""; none at all: as configured. */
    char include[ML_REQUEST_FILTERS][ML_REQUEST_TEXT];
    char exclude[ML_REQUEST_FILTERS][ML_REQUEST_TEXT];
    int max_object_details; /* ML_REQUEST_UNSET: as configured */
    bool save;              /* iterations are stored in a report */
};

struct ml_ops {
    void *ctx;
    /* Writes the value of `status`. */
    int (*status)(void *ctx, struct ml_json *out, struct ml_error *err);
    /* Takes a copy of `request`; exactly one ml_server_reply_* for `token` follows
     * (later, not from within this call), unless this returns an error. */
    int (*sweep)(void *ctx, const struct ml_sweep_request *request, uint64_t token,
                 struct ml_error *err);
    int (*config_get)(void *ctx, struct ml_json *out, struct ml_error *err);
    int (*config_reload)(void *ctx, struct ml_json *out, struct ml_error *err);
    /* Absolute directory of saved reports, borrowed. */
    const char *(*report_directory)(void *ctx);
    /* Begins time-based discovery and writes the `monitoring` object that `status`
     * has too. ML_ESTATE when one runs already: the message says what, and since when.
     * Takes a copy of `request`. */
    int (*monitor_start)(void *ctx, const struct ml_monitor_request *request,
                         struct ml_json *out, struct ml_error *err);
    /* Ends it and writes {stopped: true, iterations: n, report_id: id|null}. ML_ESTATE
     * when none runs. */
    int (*monitor_stop)(void *ctx, struct ml_json *out, struct ml_error *err);
    /* The answer is sent first, then the agent goes. */
    int (*detach)(void *ctx, struct ml_error *err);
};

#endif
