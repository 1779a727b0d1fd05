/* SPDX-License-Identifier: MIT
 *
 * The agent between the control socket and the sweep: what methods ask (ops.h) goes to
 * the queue of questions, what the sweep answers (sweep.h) goes back to who asked. All
 * of it on the agent thread.
 */
#include "agent_state.h"

#include <stdio.h>
#include <string.h>

#include "sweep_job.h"

#define DETACH_PATIENCE 1.0 /* seconds for the caller to take the answer */

/* -- asked by methods -------------------------------------------------------------- */

static int
op_status(void *ctx, struct ml_json *out, struct ml_error *err)
{
    return ml_agent_write_status(ctx, out, err);
}

static int
op_sweep(void *ctx, const struct ml_sweep_request *request, uint64_t token,
         struct ml_error *err)
{
    struct ml_agent *a = ctx;
    if (a->detach_wanted) {
        return ml_error_set(err, ML_ESTATE, "the agent is about to leave the process");
    }
    return ml_questions_add(&a->questions, request, token, err);
}

static int
op_config_get(void *ctx, struct ml_json *out, struct ml_error *err)
{
    return ml_agent_config_get(ctx, out, err);
}

static int
op_config_reload(void *ctx, struct ml_json *out, struct ml_error *err)
{
    return ml_agent_config_reload(ctx, out, err);
}

static const char *
op_report_directory(void *ctx)
{
    return ((struct ml_agent *)ctx)->report_directory;
}

static int
op_monitor_start(void *ctx, const struct ml_monitor_request *request,
                 struct ml_json *out, struct ml_error *err)
{
    return ml_error_set(err, ML_EUNSUPPORTED, "this agent has no monitor");
}

static int
op_monitor_stop(void *ctx, struct ml_json *out, struct ml_error *err)
{
    return ml_error_set(err, ML_ESTATE, "no monitoring is running");
}

static void
refuse_waiting(struct ml_agent *a, const struct ml_error *why)
{
    for (size_t i = 0; i < a->questions.waiting.len; i++) {
        ml_server_reply_error(a->server, a->questions.waiting.data[i].token, why);
    }
    ml_questions_clear(&a->questions);
}

static int
op_detach(void *ctx, struct ml_error *err)
{
    struct ml_agent *a = ctx;
    struct ml_error why = {0};
    ml_error_set(&why, ML_ECANCELLED, "the agent was detached");
    if (ml_sweep_running(a->sweep)) {
        ml_sweep_cancel(a->sweep, &why);
    }
    refuse_waiting(a, &why);
    a->detach_wanted = true;
    a->detach_at = ml_agent_now() + DETACH_PATIENCE;
    return ML_OK;
}

void
ml_agent_fill_ops(struct ml_agent *a)
{
    a->ops = (struct ml_ops){
        .ctx = a,
        .status = op_status,
        .sweep = op_sweep,
        .config_get = op_config_get,
        .config_reload = op_config_reload,
        .report_directory = op_report_directory,
        .monitor_start = op_monitor_start,
        .monitor_stop = op_monitor_stop,
        .detach = op_detach,
    };
}

/* -- answered by the sweep --------------------------------------------------------- */

static void
on_result(void *ctx, uint64_t token, const char *json, size_t len)
{
    struct ml_agent *a = ctx;
    if (token != ML_TOKEN_OWN) {
        ml_server_reply_result(a->server, token, json, len);
    }
}

static void
on_error(void *ctx, uint64_t token, const struct ml_error *err)
{
    struct ml_agent *a = ctx;
    if (token == ML_TOKEN_OWN) {
        ml_agent_note(a, "snapshot: %s", err->message);
        return;
    }
    ml_server_reply_error(a->server, token, err);
}

static void
on_progress(void *ctx, uint64_t token, const char *step, double done)
{
    struct ml_agent *a = ctx;
    if (token != ML_TOKEN_OWN) {
        ml_server_progress(a->server, token, step, done);
    }
}

static void
on_ended(void *ctx, const struct ml_sweep_stats *stats)
{
    struct ml_agent *a = ctx;
    a->last_sweep = *stats;
    a->has_last_sweep = true;
    if (stats->report_id[0] != '\0') {
        snprintf(a->last_report, sizeof(a->last_report), "%s", stats->report_id);
    }
}

void
ml_agent_fill_callbacks(struct ml_agent *a, struct ml_sweep_callbacks *out)
{
    *out = (struct ml_sweep_callbacks){
        .ctx = a,
        .result = on_result,
        .error = on_error,
        .progress = on_progress,
        .ended = on_ended,
    };
}

/* -- sweeps ------------------------------------------------------------------------ */

void
ml_agent_ask_snapshot(struct ml_agent *a, const char *why)
{
    struct ml_error err;
    if (ml_questions_add_own(&a->questions, &err) < 0) {
        ml_agent_note(a, "%s: %s", why, err.message);
    }
}

static void
begin_one(struct ml_agent *a)
{
    struct ml_error err = {0};
    const struct ml_sweep_question *questions = a->questions.waiting.data;
    size_t count = a->questions.waiting.len;
    count = count < SWEEP_MAX_QUESTIONS ? count : SWEEP_MAX_QUESTIONS;
    const struct ml_sweep_env env = {
        .writer = a->writer,
        .name = a->name,
    };
    if (ml_sweep_start(a->sweep, &env, &a->settings, questions, count, &err) < 0) {
        for (size_t i = 0; i < count; i++) {
            on_error(a, questions[i].token, &err);
        }
    }
    ml_questions_drop(&a->questions, count);
}

/* More than one when a sweep was refused or is over at once (done in place). */
void
ml_agent_begin_sweep(struct ml_agent *a)
{
    while (a->questions.waiting.len > 0 && !ml_sweep_running(a->sweep)) {
        begin_one(a);
    }
}
