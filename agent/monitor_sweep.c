/* SPDX-License-Identifier: MIT
 *
 * Between monitors and sweeps: the watch that a sweep gets along, the question that asks
 * for it, and what becomes of the answer. A watch is written at the turn of the epoch,
 * with the GIL; its settings are read on the agent thread.
 */
#include "monitor_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_state.h"
#include "birth.h"
#include "json_read.h"
#include "sweep_job.h"

/* -- posting: which epochs are suspect --------------------------------------------- */

/* The turn before which an object must have been born to have survived enough calls; 0:
 * there have not been so many. */
static uint64_t
oldest_counted(const struct ml_monitor *m)
{
    return m->turns < m->o.calls ? 0 : m->turn[m->turns % m->o.calls];
}

static bool
is_suspect(const struct ml_monitor *m, const struct ml_epoch *e, double now)
{
    if (e->last == 0 || e->owner != m->owner || e->closed == 0) {
        return false;
    }
    return m->o.lifetime > 0 ? now - e->closed >= m->o.lifetime
                             : e->last <= oldest_counted(m);
}

static void
look_at_ages(const struct ml_monitor *m, struct ml_watch *w, double now)
{
    for (int e = ML_EPOCH_FIRST; ml_birth_running() && e < ML_EPOCHS; e++) {
        w->suspect[e] = is_suspect(m, ml_birth_epoch((uint8_t)e), now);
    }
}

int
monitors_post(struct ml_monitor *m, bool warm_up, double now, struct ml_error *err)
{
    struct ml_watch *w = calloc(1, sizeof(*w)); /* 50 KiB, mostly settings */
    if (w == NULL) {
        return ml_error_nomem(err);
    }
    w->now = now;
    w->iteration = m->iteration + 1;
    w->warm_up = warm_up;
    w->plain = m->once;
    w->save = m->o.save;
    w->lifetime = m->o.lifetime;
    w->calls = m->o.lifetime > 0 ? 0 : m->o.calls;
    w->text = m->o.told;
    w->color = m->o.color;
    w->boxes = m->o.boxes;
    w->width = m->o.width;
    w->str_func = m->o.str_func;
    snprintf(w->subject, sizeof(w->subject), "%s",
             m->o.subject != NULL ? m->o.subject : "");
    look_at_ages(m, w, now);
    m->watch = w;
    m->posted = true;
    return ML_OK;
}

/* -- asking ------------------------------------------------------------------------ */

/* The options were checked when the monitor was opened. What was told the last time goes
 * along; the sweep reads it in its copy. */
static int
complete(struct ml_monitor *m, const struct ml_settings *agent, struct ml_error *err)
{
    struct ml_watch *w = m->watch;
    w->rss_before = m->rss;
    w->peak_before = m->peak_rss;
    w->types = m->types;
    w->places = m->places;
    memcpy(w->report_id, m->report_id, sizeof(w->report_id));
    int rc = ml_config_parse_over(m->o.overrides, m->o.overrides_len, agent, &w->settings,
                                  NULL);
    return rc == ML_OK ? ML_OK : ml_error_set(err, rc, "the options cannot be read");
}

static void
ask(struct ml_agent *a, struct ml_monitor *m)
{
    struct ml_sweep_request request;
    struct ml_error err = {0};
    ml_questions_snapshot(&request);
    request.save = m->o.save;
    m->posted = false;
    int rc = complete(m, &a->settings, &err);
    if (rc == ML_OK) {
        rc = ml_questions_add_watched(&a->questions, &request,
                                      ML_TOKEN_MONITOR | (uint64_t)m->handle, m->watch,
                                      &err);
    }
    if (rc < 0) {
        free(m->watch);
        m->watch = NULL;
        monitors_tell(m, ML_TOLD_ERROR, err.message, strlen(err.message));
    }
}

void
ml_monitors_ask(struct ml_agent *a)
{
    monitors_lock();
    for (int i = 0; i < ml_monitors.count; i++) {
        struct ml_monitor *m = ml_monitors.list[i];
        if (m != NULL && m->posted) {
            ask(a, m);
        }
    }
    monitors_unlock();
}

/* -- answers ----------------------------------------------------------------------- */

static void
free_if_closed(struct ml_monitor *m)
{
    free(m->watch);
    m->watch = NULL;
    if (m->given_up) {
        monitors_drop(m);
    }
    else if (m->once) {
        monitors_close(m, NULL);
    }
}

/* {"report_id": ..., "text": ...} as the writer answers; where it could not store, the
 * text says so itself, or there is only a sentence. */
static void
hear(struct ml_monitor *m, const struct ml_json_doc *doc)
{
    uint32_t id = ml_json_member(doc, 0, "report_id");
    uint32_t said = ml_json_member(doc, 0, "text");
    uint32_t failed = ml_json_member(doc, 0, "store_error");
    m->iteration++;
    if (id != 0 && doc->tok[id].type == ML_JSON_STRING) {
        ml_json_copy_string(doc, id, m->report_id, sizeof(m->report_id));
    }
    bool text = said != 0 && doc->tok[said].type == ML_JSON_STRING;
    uint32_t shown = text ? said : failed;
    size_t room = shown != 0 ? doc->tok[shown].end - doc->tok[shown].start + 1 : 1;
    char *copy = calloc(1, room);
    if (copy != NULL && shown != 0) {
        ml_json_copy_string(doc, shown, copy, room);
    }
    monitors_tell(m, shown == failed && failed != 0 ? ML_TOLD_ERROR : ML_TOLD_REPORT, copy,
                  copy != NULL ? strlen(copy) : 0);
    free(copy);
}

void
ml_monitors_result(uint64_t token, const char *json, size_t len)
{
    struct ml_json_doc doc;
    struct ml_error err = {0};
    if (ml_json_read(&doc, json, len, &ml_agent_alloc, &err) < 0) {
        ml_monitors_error(token, &err);
        return;
    }
    monitors_lock();
    struct ml_monitor *m = monitors_of_token(token);
    if (m != NULL) {
        hear(m, &doc);
        free_if_closed(m);
    }
    monitors_unlock();
    ml_json_doc_fini(&doc);
}

void
ml_monitors_error(uint64_t token, const struct ml_error *why)
{
    monitors_lock();
    struct ml_monitor *m = monitors_of_token(token);
    if (m != NULL) {
        monitors_tell(m, ML_TOLD_ERROR, why->message, strlen(why->message));
        free_if_closed(m);
    }
    monitors_unlock();
}

void
ml_monitors_figures(uint64_t token, const struct ml_sweep_figures *figures)
{
    monitors_lock();
    struct ml_monitor *m = monitors_of_token(token);
    if (m != NULL) {
        m->rss = figures->rss;
        m->peak_rss = figures->peak_rss;
        m->suspects = figures->suspects;
    }
    monitors_unlock();
}

void
ml_monitors_tally(uint64_t token, bool places, const struct ml_tally_row *rows,
                  uint32_t count)
{
    monitors_lock();
    struct ml_monitor *m = monitors_of_token(token);
    if (m != NULL) {
        ml_tally_take(places ? &m->places : &m->types, rows, count);
    }
    monitors_unlock();
}
