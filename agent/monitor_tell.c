/* SPDX-License-Identifier: MIT
 *
 * What monitors tell, and who waits for it: a small outbox for each monitor, one condition
 * for all. Who stands at the end of a window waits for the one report that was posted
 * there (`awaited`) and looks at the signals meanwhile; who waits for monitors by time
 * takes what comes.
 */
#include "monitor_state.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent_state.h"
#include "clock.h"

#define SIGNALS_EVERY 0.1 /* seconds; a Ctrl-C shall not wait for a report */

/* -- telling ----------------------------------------------------------------------- */

void
ml_told_fini(struct ml_told *told)
{
    free(told->text);
    told->text = NULL;
}

void
monitors_tell(struct ml_monitor *m, enum ml_told_kind kind, const char *text, size_t len)
{
    if (!m->o.told) {
        return;
    }
    if (m->waiting == MONITOR_OUTBOX) {
        ml_told_fini(&m->outbox[0]);
        memmove(m->outbox, m->outbox + 1, (MONITOR_OUTBOX - 1) * sizeof(m->outbox[0]));
        m->waiting--;
    }
    struct ml_told *told = &m->outbox[m->waiting++];
    *told = (struct ml_told){.kind = kind, .iteration = m->iteration};
    told->text = monitors_copy_text(text, len);
    memcpy(told->report_id, m->report_id, sizeof(told->report_id));
    pthread_cond_broadcast(&ml_monitors.changed);
}

bool
monitors_take_told(struct ml_monitor *m, struct ml_told *out)
{
    if (m->waiting == 0) {
        return false;
    }
    *out = m->outbox[0];
    m->waiting--;
    memmove(m->outbox, m->outbox + 1, m->waiting * sizeof(m->outbox[0]));
    return true;
}

/* -- waiting ----------------------------------------------------------------------- */

/* True when there is something to say about the monitor: a report, or its end. */
static bool
has_news(int handle, struct ml_told *out)
{
    struct ml_monitor *m = monitors_find(handle);
    if (m != NULL && monitors_take_told(m, out)) {
        return true;
    }
    if (m == NULL || m->state == MONITOR_CLOSED) {
        *out = (struct ml_told){.kind = ML_TOLD_CLOSED};
        return true;
    }
    return false;
}

static struct timespec
as_timespec(double t)
{
    return (struct timespec){(time_t)t, (long)((t - (double)(time_t)t) * 1e9)};
}

/* Until news or `until`; negative: as long as it takes. */
static bool
wait_a_while(int handle, double until, struct ml_told *out)
{
    bool news;
    monitors_lock();
    while (!(news = has_news(handle, out)) && (until < 0 || ml_clock_seconds() < until)) {
        struct timespec at = as_timespec(until);
        if (until < 0) {
            pthread_cond_wait(&ml_monitors.changed, &ml_monitors.lock);
        }
        else {
            pthread_cond_timedwait(&ml_monitors.changed, &ml_monitors.lock, &at);
        }
    }
    monitors_unlock();
    return news;
}

void
ml_monitor_wait(int handle, double timeout, struct ml_told *out)
{
    double until = timeout < 0 ? -1 : ml_clock_seconds() + timeout;
    *out = (struct ml_told){.kind = ML_TOLD_NOTHING};
    Py_BEGIN_ALLOW_THREADS
    (void)wait_a_while(handle, until, out);
    Py_END_ALLOW_THREADS
}

/* False when it was forgotten: a signal handler has forked, and we are the child. */
static bool
is_awaited(int handle)
{
    monitors_lock();
    const struct ml_monitor *m = monitors_find(handle);
    bool awaited = m != NULL && m->awaited;
    monitors_unlock();
    return awaited;
}

static void
await_no_more(int handle)
{
    monitors_lock();
    struct ml_monitor *m = monitors_find(handle);
    if (m != NULL) {
        m->awaited = false;
    }
    monitors_unlock();
}

int
monitors_await_posted(int handle, struct ml_told *out)
{
    bool news = false;
    int raised = 0;
    *out = (struct ml_told){.kind = ML_TOLD_NOTHING};
    while (!news && raised == 0 && is_awaited(handle)) {
        Py_BEGIN_ALLOW_THREADS
        news = wait_a_while(handle, ml_clock_seconds() + SIGNALS_EVERY, out);
        Py_END_ALLOW_THREADS
        raised = !news && PyErr_CheckSignals() < 0;
    }
    await_no_more(handle);
    return raised;
}
