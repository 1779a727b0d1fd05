/* SPDX-License-Identifier: MIT
 *
 * Monitors by calls: a window opens with the first that enters and closes with the last
 * that leaves. Overlapping calls (recursion, threads, tasks) are one call. The births
 * are put in before the second window; what is there by then is the baseline.
 */
#include "monitor_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent_state.h"
#include "birth.h"
#include "clock.h"

#define EPOCHS_SPARE 4 /* merge when fewer are left */
#define EPOCHS_WANTED 64
#define EPOCHS_KEPT 200 /* most; the others must make room */

/* -- enter ------------------------------------------------------------------------- */

static bool
is_inside(const struct ml_monitor *m, unsigned long thread)
{
    for (unsigned i = 0; i < m->depth && i < MONITOR_DEPTH; i++) {
        if (m->inside[i] == thread) {
            return true;
        }
    }
    return false;
}

/* 1: go on, 0: this entry is not monitored. */
static int
may_open(const struct ml_monitor *m, unsigned long thread, struct ml_error *err)
{
    const struct ml_monitor *clock = ml_monitors.clock, *open = ml_monitors.open;
    const char *subject = m->o.subject != NULL ? m->o.subject : "this block";
    if (clock != NULL && clock->by_operator) {
        return 0; /* no program shall fail because somebody looks at it from outside */
    }
    if (clock != NULL) {
        return ml_error_set(err, ML_ESTATE,
                            "%s is monitored by calls, but time-based leak monitoring runs "
                            "(max_object_lifetime %g s): use one of the two",
                            subject, clock->o.lifetime);
    }
    if (open == NULL) {
        return 1;
    }
    if (!is_inside(open, thread)) {
        return 0;
    }
    return ml_error_set(err, ML_ESTATE, "%s is monitored inside %s, which is too: monitors "
                                        "cannot be nested",
                        subject, open->o.subject != NULL ? open->o.subject : "a block");
}

/* The youngest windows are told apart as long as some monitor counts so many. */
static unsigned
epochs_to_keep(void)
{
    unsigned keep = EPOCHS_SPARE;
    monitors_lock();
    for (int i = 0; i < ml_monitors.count; i++) {
        const struct ml_monitor *m = ml_monitors.list[i];
        bool counts = m != NULL && m->state != MONITOR_CLOSED && m->windows > 1;
        keep = counts && m->o.calls > keep ? m->o.calls : keep;
    }
    monitors_unlock();
    return keep < EPOCHS_KEPT ? keep : EPOCHS_KEPT;
}

/* The GIL is released: a pass over the table takes milliseconds for each GiB. */
static void
make_room_for_epochs(void)
{
    if (ml_birth_left() < EPOCHS_SPARE) {
        unsigned keep = epochs_to_keep();
        Py_BEGIN_ALLOW_THREADS
        ml_birth_merge(EPOCHS_WANTED, keep);
        Py_END_ALLOW_THREADS
    }
}

static int
begin_window(struct ml_monitor *m, struct ml_error *err)
{
    if (m->windows == 0) {
        return ML_OK; /* it warms up: what it leaves behind is baseline */
    }
    int rc = ml_birth_running() ? ML_OK : ml_birth_start(err);
    if (rc == ML_OK) {
        uint8_t epoch = ml_birth_turn(m->owner, ml_clock_seconds());
        m->turn[m->turns++ % m->o.calls] = ml_birth_epoch(epoch)->last;
    }
    return rc;
}

static int
enter(struct ml_monitor *m, unsigned long thread, bool *counts, struct ml_error *err)
{
    int rc = m->depth > 0 ? 1 : may_open(m, thread, err);
    if (rc <= 0) {
        return rc;
    }
    rc = m->depth > 0 ? ML_OK : begin_window(m, err);
    if (rc == ML_OK) {
        m->inside[m->depth % MONITOR_DEPTH] = thread;
        m->depth++;
        ml_monitors.open = m;
        *counts = true;
    }
    return rc;
}

int
ml_monitor_enter(int handle, bool *counts, struct ml_error *err)
{
    int rc = ML_OK;
    *counts = false;
    if (!ml_agent_running()) {
        return ML_OK;
    }
    make_room_for_epochs();
    monitors_lock();
    struct ml_monitor *m = monitors_find(handle);
    if (!ml_monitors.served) {
        rc = ML_OK; /* the agent has just left */
    }
    else if (m == NULL || m->state == MONITOR_CLOSED || m->o.lifetime > 0) {
        rc = ml_error_set(err, ML_EINVAL, "this monitor is closed");
    }
    else {
        rc = enter(m, PyThread_get_thread_ident(), counts, err);
    }
    monitors_unlock();
    return rc;
}

/* -- leave ------------------------------------------------------------------------- */

static void
forget_thread(struct ml_monitor *m, unsigned long thread)
{
    unsigned n = m->depth < MONITOR_DEPTH ? m->depth : MONITOR_DEPTH;
    for (unsigned i = n; i-- > 0;) {
        if (m->inside[i] == thread) {
            m->inside[i] = m->inside[n - 1];
            break;
        }
    }
    m->depth--;
}

static void
drain(struct ml_monitor *m)
{
    struct ml_told old;
    while (monitors_take_told(m, &old)) { /* nobody waited for it to the end */
        ml_told_fini(&old);
    }
}

/* Ends the window. True when a report is on its way. */
static bool
end_window(struct ml_monitor *m, void *const *in_flight, size_t count, struct ml_told *out)
{
    struct ml_error err = {0};
    double now = ml_clock_seconds();
    bool warm_up = m->windows == 0;
    if (ml_birth_running()) {
        ml_birth_turn_outside(now);
    }
    m->windows++;
    ml_monitors.open = NULL;
    if (m->watch != NULL || m->awaited) {
        return false; /* the report before this one is not yet in its thread's hands */
    }
    drain(m);
    if (monitors_post(m, warm_up, now, &err) < 0) {
        monitors_tell(m, ML_TOLD_ERROR, err.message, strlen(err.message));
        return !monitors_take_told(m, out);
    }
    for (size_t i = 0; i < count && i < 4; i++) {
        m->watch->in_flight[i] = in_flight[i];
    }
    m->watch->thread = PyThread_get_thread_ident();
    m->watch->collecting = ml_birth_collecting_here();
    m->awaited = true;
    return true;
}

int
ml_monitor_leave(int handle, void *const *in_flight, size_t count, struct ml_told *out)
{
    bool awaited = false;
    *out = (struct ml_told){.kind = ML_TOLD_NOTHING};
    monitors_lock();
    struct ml_monitor *m = monitors_find(handle);
    /* depth 0: the agent has gone, and come back, inside the window */
    if (m != NULL && m->depth > 0) {
        forget_thread(m, PyThread_get_thread_ident());
        awaited = m->depth == 0 && end_window(m, in_flight, count, out);
    }
    monitors_unlock();
    if (!awaited) {
        return 0;
    }
    ml_agent_ring_for_monitors();
    return monitors_await_posted(handle, out);
}
