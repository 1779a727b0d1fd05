/* SPDX-License-Identifier: MIT
 *
 * The monitor by time, of which there is one at most:
 *
 *     since ── warm-up ──► births in ── lifetime ──► iteration 1 ── lifetime ──► 2 ...
 *                          │ turn │ turn │ turn │ turn
 *
 * Iteration 1 is the warm-up iteration: nothing can be old enough yet. Each lifetime is
 * STEPS epochs, for the resolution of ages. The next iteration is a lifetime after the
 * turn of the last one, not after the moment it was due: then what was born before that
 * turn is old enough, however late we are. Runs on the agent thread; each turn takes
 * the GIL for the length of a pass over the young objects.
 */
#include "monitor_state.h"

#include <stdio.h>
#include <string.h>

#include "agent_state.h"
#include "birth.h"
#include "compat/life.h"
#include "clock.h"

#define STEPS 4
#define SHORTEST_STEP 0.05 /* seconds */
#define EPOCHS_SPARE 16
#define EPOCHS_WANTED 64
#define EPOCHS_KEPT 32 /* the youngest: their ages stay exact */

static double
step_of(const struct ml_monitor *m)
{
    double step = m->o.lifetime / STEPS;
    return step < SHORTEST_STEP ? m->o.lifetime : step;
}

double
ml_monitors_due(void)
{
    double due = 0;
    monitors_lock();
    const struct ml_monitor *m = ml_monitors.clock;
    if (m != NULL) {
        due = m->state == MONITOR_WARMING        ? m->since + m->o.warmup
              : m->next_turn < m->next_iteration ? m->next_turn
                                                 : m->next_iteration;
    }
    monitors_unlock();
    return due;
}

/* With GIL and lock. */
static int
begin_watching(struct ml_monitor *m, double now, struct ml_error *err)
{
    int rc = ml_birth_running() ? ML_OK : ml_birth_start(err);
    if (rc == ML_OK) {
        ml_birth_turn(m->owner, now);
        m->state = MONITOR_WATCHING;
        m->next_turn = now + step_of(m);
        m->next_iteration = now + m->o.lifetime;
    }
    return rc;
}

static int
iterate(struct ml_monitor *m, double now, struct ml_error *err)
{
    m->next_iteration = now + m->o.lifetime;
    bool first = !m->past_first;
    m->past_first = true;
    if (m->watch != NULL) {
        return ml_error_set(err, ML_ESTATE, "the report before this one is still being made; "
                                            "this iteration is left out");
    }
    return monitors_post(m, first, now, err);
}

static int
turn(struct ml_monitor *m, double now, struct ml_error *err)
{
    if (m->state == MONITOR_WARMING) {
        return begin_watching(m, now, err);
    }
    ml_birth_turn(m->owner, now);
    m->next_turn = now + step_of(m);
    return now >= m->next_iteration ? iterate(m, now, err) : ML_OK;
}

static void
turn_with_gil(struct ml_error *err)
{
    monitors_lock();
    struct ml_monitor *m = ml_monitors.clock;
    if (m != NULL && turn(m, ml_clock_seconds(), err) < 0) {
        monitors_tell(m, ML_TOLD_ERROR, err->message, strlen(err->message));
        if (m->state == MONITOR_WARMING) {
            monitors_close(m, NULL);
        }
    }
    monitors_unlock();
}

static void
keep_clock(struct ml_agent *a, double now)
{
    struct ml_error err = {0};
    int gil;
    double due = ml_monitors_due();
    if (due == 0 || now < due) {
        return;
    }
    if (ml_birth_running() && ml_birth_left() < EPOCHS_SPARE) {
        ml_birth_merge(EPOCHS_WANTED, EPOCHS_KEPT);
    }
    if (compat_life_gil_take(&gil, &err) == ML_OK) {
        turn_with_gil(&err);
        compat_life_gil_give(gil);
    }
    if (err.code != ML_OK) {
        ml_agent_note(a, "monitoring: %s", err.message);
    }
}

/* The operator's monitor ended without the GIL; its births go here. */
static void
stop_needless_births(void)
{
    int gil;
    monitors_lock();
    bool look = ml_monitors.retired;
    ml_monitors.retired = false;
    bool needless = look && !monitors_need_births();
    monitors_unlock();
    if (!needless || !ml_birth_running() || compat_life_gil_take(&gil, NULL) < 0) {
        return;
    }
    monitors_lock();
    needless = !monitors_need_births(); /* a monitor may have come meanwhile */
    monitors_unlock();
    if (needless) {
        ml_birth_stop();
    }
    compat_life_gil_give(gil);
}

void
ml_monitors_serve(struct ml_agent *a, double now)
{
    keep_clock(a, now);
    stop_needless_births();
    ml_monitors_ask(a);
}

/* -- over the socket and by configuration ------------------------------------------ */

static int
open_clock(const struct ml_monitor_options *o, bool by_config, struct ml_error *err)
{
    struct ml_monitor *m = NULL;
    monitors_lock();
    int rc = monitors_check_mixing(o, err);
    if (rc == ML_OK && (rc = monitors_make(o, &m, err)) == ML_OK) {
        m->by_operator = true;
        m->by_config = by_config;
        ml_monitors.clock = m;
    }
    monitors_unlock();
    return rc;
}

int
ml_monitors_start(const struct ml_monitor_options *options, struct ml_json *out,
                  struct ml_error *err)
{
    int rc = open_clock(options, false, err);
    if (rc == ML_OK) {
        ml_monitors_write_status(out);
    }
    return rc;
}

int
ml_monitors_stop(struct ml_json *out, struct ml_error *err)
{
    int rc = ML_OK;
    monitors_lock();
    struct ml_monitor *m = ml_monitors.clock;
    if (m == NULL) {
        rc = ml_error_set(err, ML_ESTATE, "no time-based leak monitoring runs");
    }
    else {
        ml_json_begin_object(out);
        ml_json_kv_bool(out, "stopped", true);
        ml_json_kv_uint(out, "iterations", m->iteration);
        ml_json_kv_str(out, "report_id", m->report_id[0] != '\0' ? m->report_id : NULL);
        ml_json_end_object(out);
        if (m->by_operator) {
            monitors_retire(m);
        }
        else { /* the program still has the handle */
            monitors_close(m, "the monitoring was stopped by memalotctl");
        }
    }
    monitors_unlock();
    return rc;
}

void
ml_monitors_apply_settings(struct ml_agent *a)
{
    const struct ml_settings *s = &a->settings;
    struct ml_error err = {0};
    monitors_lock();
    struct ml_monitor *m = ml_monitors.clock;
    bool ours = m != NULL && m->by_config;
    bool same = ours && s->monitor.enabled &&
                m->o.lifetime == s->monitor.max_object_lifetime &&
                m->o.warmup == s->monitor.warmup;
    if (ours && !same) {
        monitors_retire(m);
    }
    bool wanted = s->monitor.enabled && !same;
    monitors_unlock();
    if (!wanted) {
        return;
    }
    const struct ml_monitor_options options = {
        .lifetime = s->monitor.max_object_lifetime,
        .warmup = s->monitor.warmup,
        .save = true,
    };
    if (open_clock(&options, true, &err) < 0) {
        ml_agent_note(a, "monitor.enabled: %s", err.message);
    }
}

/* -- status ------------------------------------------------------------------------ */

static void
write_clock(const struct ml_monitor *m, struct ml_json *out)
{
    double now = ml_clock_seconds();
    double next = m->state == MONITOR_WARMING ? m->since + m->o.warmup + m->o.lifetime
                                              : m->next_iteration;
    ml_json_kv_double(out, "lifetime_s", m->o.lifetime, 3);
    ml_json_kv_double(out, "warmup_s", m->o.warmup, 3);
    ml_json_kv_double(out, "next_iteration_in_s", next > now ? next - now : 0, 3);
}

static void
write_monitor(const struct ml_monitor *m, struct ml_json *out)
{
    bool by_time = m->o.lifetime > 0;
    bool warming = by_time ? m->state == MONITOR_WARMING : m->windows == 0;
    ml_json_begin_object(out);
    ml_json_kv_str(out, "kind", by_time ? "time" : "calls");
    ml_json_kv_str(out, "subject", m->o.subject);
    ml_json_kv_str(out, "state", warming ? "warm-up" : "watching");
    ml_json_kv_double(out, "since_s", ml_clock_seconds() - m->since, 3);
    ml_json_kv_uint(out, "iteration", m->iteration);
    ml_json_kv_str(out, "report_id", m->report_id[0] != '\0' ? m->report_id : NULL);
    ml_json_kv_uint(out, "suspects", m->suspects);
    if (by_time) {
        write_clock(m, out);
    }
    else {
        ml_json_kv_uint(out, "calls", m->o.calls);
    }
    ml_json_end_object(out);
}

/* The one by time; else the first by calls that has been through a window; else false. */
void
ml_monitors_write_status(struct ml_json *out)
{
    monitors_lock();
    const struct ml_monitor *shown = ml_monitors.clock;
    for (int i = 0; shown == NULL && i < ml_monitors.count; i++) {
        const struct ml_monitor *m = ml_monitors.list[i];
        if (m != NULL && m->state != MONITOR_CLOSED && !m->once && m->windows > 0) {
            shown = m;
        }
    }
    if (shown != NULL) {
        write_monitor(shown, out);
    }
    else {
        ml_json_bool(out, false);
    }
    monitors_unlock();
}
