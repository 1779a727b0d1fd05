/* SPDX-License-Identifier: MIT
 *
 * The agent between the control socket and the sweep: what methods ask (ops.h) goes to
 * the queue of questions, what the sweep answers (sweep.h) goes back to who asked. All
 * of it on the agent thread.
 */
#include "agent_state.h"

#include <stdio.h>
#include <string.h>

#include "monitor.h"
#include "sweep_job.h"
#include "watch.h"
#include "clock.h"

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

static void
write_list(struct ml_json *j, const char *key, const char list[][ML_REQUEST_TEXT])
{
    if (list[0][0] == '\0') {
        return;
    }
    ml_json_key(j, key);
    ml_json_begin_array(j);
    for (int i = 0; i < ML_REQUEST_FILTERS && list[i][0] != '\0'; i++) {
        ml_json_str(j, list[i]);
    }
    ml_json_end_array(j);
}

/* The request as configuration that goes over the agent's own; JSON is YAML. */
static void
write_overrides(const struct ml_monitor_request *r, struct ml_buf *out)
{
    struct ml_json j;
    ml_json_init(&j, out);
    ml_json_begin_object(&j);
    if (r->include[0][0] != '\0' || r->exclude[0][0] != '\0') {
        ml_json_key(&j, "filter");
        ml_json_begin_object(&j);
        write_list(&j, "include", r->include);
        write_list(&j, "exclude", r->exclude);
        ml_json_end_object(&j);
    }
    if (r->max_object_details != ML_REQUEST_UNSET) {
        ml_json_key(&j, "report");
        ml_json_begin_object(&j);
        ml_json_kv_int(&j, "max_object_details", r->max_object_details);
        ml_json_end_object(&j);
    }
    ml_json_end_object(&j);
}

static int
op_monitor_start(void *ctx, const struct ml_monitor_request *request,
                 struct ml_json *out, struct ml_error *err)
{
    struct ml_agent *a = ctx;
    struct ml_buf overrides;
    ml_buf_init(&overrides, &ml_agent_alloc);
    write_overrides(request, &overrides);
    const double lifetime = request->lifetime;
    const struct ml_monitor_options options = {
        .overrides = ml_buf_str(&overrides),
        .overrides_len = overrides.len,
        .lifetime = lifetime >= 0 ? lifetime : a->settings.monitor.max_object_lifetime,
        .warmup = request->warmup >= 0 ? request->warmup
                  : lifetime >= 0      ? lifetime
                                       : a->settings.monitor.warmup,
        .save = request->save,
    };
    int rc = overrides.failed ? ml_error_nomem(err)
                              : ml_monitors_start(&options, out, err);
    ml_buf_fini(&overrides);
    return rc;
}

static int
op_monitor_stop(void *ctx, struct ml_json *out, struct ml_error *err)
{
    return ml_monitors_stop(out, err);
}

static void on_error(void *ctx, uint64_t token, const struct ml_error *err);

static void
refuse_waiting(struct ml_agent *a, const struct ml_error *why)
{
    for (size_t i = 0; i < a->questions.waiting.len; i++) {
        on_error(a, a->questions.waiting.data[i].token, why);
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
    a->detach_at = ml_clock_seconds() + DETACH_PATIENCE;
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
    if (token & ML_TOKEN_MONITOR) {
        ml_monitors_result(token, json, len);
    }
    else if (token != ML_TOKEN_OWN) {
        ml_server_reply_result(a->server, token, json, len);
    }
}

static void
on_error(void *ctx, uint64_t token, const struct ml_error *err)
{
    struct ml_agent *a = ctx;
    if (token & ML_TOKEN_MONITOR) {
        ml_monitors_error(token, err);
        return;
    }
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
    if (token != ML_TOKEN_OWN && !(token & ML_TOKEN_MONITOR)) {
        ml_server_progress(a->server, token, step, done);
    }
}

static void
on_figures(void *ctx, uint64_t token, const struct ml_sweep_figures *figures)
{
    (void)ctx;
    if (token & ML_TOKEN_MONITOR) {
        ml_monitors_figures(token, figures);
    }
}

static void
on_tally(void *ctx, uint64_t token, const struct ml_sweep_tally *tally)
{
    struct ml_agent *a = ctx;
    if (token & ML_TOKEN_MONITOR) {
        ml_monitors_tally(token, tally->places, tally->rows, tally->count);
        return;
    }
    struct ml_tally *to = tally->places ? &a->growth.places : &a->growth.types;
    if (ml_tally_take(to, tally->rows, tally->count) == ML_OK) {
        a->growth.at = tally->at;
    }
}

static void
on_ended(void *ctx, const struct ml_sweep_stats *stats)
{
    struct ml_agent *a = ctx;
    a->last_sweep = *stats;
    a->has_last_sweep = true;
    a->sweeps.ended++;
    a->sweeps.failed += stats->code != ML_OK;
    a->sweeps.pause_s += stats->pause_s;
    a->sweeps.duration_s += stats->duration_s;
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
        .figures = on_figures,
        .tally = on_tally,
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
    size_t count = ml_questions_batch(&a->questions, SWEEP_MAX_QUESTIONS);
    const struct ml_settings *settings =
        questions[0].watch != NULL ? &questions[0].watch->settings : &a->settings;
    const struct ml_sweep_env env = {
        .writer = a->writer,
        .name = a->name,
        .before = &a->growth,
    };
    if (ml_sweep_start(a->sweep, &env, settings, questions, count, &err) < 0) {
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
