/* SPDX-License-Identifier: MIT
 *
 * See monitor.h and monitor_state.h: the list of monitors, their coming and going, and
 * what becomes of them when the agent or the process changes. The list is the process's;
 * handles are never used twice.
 */
#include "monitor_state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_state.h"
#include "birth.h"
#include "clock.h"

struct monitors ml_monitors;

/* -- lock -------------------------------------------------------------------------- */

static void
begin_anew(struct ml_monitor *m)
{
    m->depth = 0;
    m->windows = m->turns = 0;
    m->iteration = 0;
    m->report_id[0] = '\0';
    m->rss = m->peak_rss = 0;
    m->types.count = m->places.count = 0;
    m->posted = false;
}

static void
make_lock(void)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&ml_monitors.lock, NULL);
    pthread_cond_init(&ml_monitors.changed, &attr);
    pthread_condattr_destroy(&attr);
    ml_monitors.pid = getpid();
    ml_monitors.ready = true;
}

/* In a child: monitors by time are the parent's, those by calls begin anew. */
static void
forget_parent(void)
{
    make_lock();
    for (int i = 0; i < ml_monitors.count; i++) {
        struct ml_monitor *m = ml_monitors.list[i];
        if (m != NULL && (m->o.lifetime > 0 || m->once)) {
            m->state = MONITOR_CLOSED;
        }
        if (m != NULL) {
            m->watch = NULL; /* the parent's sweep's; a copy nobody needs */
            m->waiting = 0;  /* another thread may have been taking from it */
            m->awaited = false;
            begin_anew(m);
        }
    }
    ml_monitors.clock = ml_monitors.open = NULL;
}

/* The first one comes with the GIL (the agent's start), so making it needs no lock. A
 * process that C code has forked past Python's hooks has no agent. */
void
monitors_lock(void)
{
    if (!ml_monitors.ready) {
        make_lock();
    }
    else if (ml_monitors.pid != getpid()) {
        forget_parent();
        ml_monitors.served = false;
    }
    pthread_mutex_lock(&ml_monitors.lock);
}

void
monitors_unlock(void)
{
    pthread_mutex_unlock(&ml_monitors.lock);
}

/* -- the list ---------------------------------------------------------------------- */

struct ml_monitor *
monitors_find(int handle)
{
    bool good = handle > 0 && handle <= ml_monitors.count;
    return good ? ml_monitors.list[handle - 1] : NULL;
}

struct ml_monitor *
monitors_of_token(uint64_t token)
{
    return monitors_find((int)(token & INT32_MAX));
}

char *
monitors_copy_text(const char *text, size_t len)
{
    char *copy = text != NULL ? malloc(len + 1) : NULL;
    if (copy != NULL) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

/* Everything but the reference to str_func, which needs the GIL. */
static void
free_monitor(struct ml_monitor *m)
{
    if (m == NULL) {
        return;
    }
    for (unsigned i = 0; i < m->waiting; i++) {
        ml_told_fini(&m->outbox[i]);
    }
    ml_tally_fini(&m->types);
    ml_tally_fini(&m->places);
    free((char *)m->o.overrides);
    free((char *)m->o.subject);
    free(m->turn);
    free(m->watch);
    free(m);
}

static int
enter_in_list(struct ml_monitor *m)
{
    struct monitors *all = &ml_monitors;
    if (all->count == all->cap) {
        int cap = all->cap == 0 ? 16 : all->cap * 2;
        struct ml_monitor **more = realloc(all->list, (size_t)cap * sizeof(*more));
        if (more == NULL) {
            return ML_ENOMEM;
        }
        all->list = more;
        all->cap = cap;
    }
    all->list[all->count++] = m;
    m->handle = all->count;
    m->owner = (uint32_t)m->handle;
    return ML_OK;
}

int
monitors_make(const struct ml_monitor_options *options, struct ml_monitor **out,
              struct ml_error *err)
{
    struct ml_monitor *m = calloc(1, sizeof(*m));
    if (m == NULL) {
        return ml_error_nomem(err);
    }
    m->o = *options;
    m->o.overrides = options->overrides != NULL
                         ? monitors_copy_text(options->overrides, options->overrides_len)
                         : monitors_copy_text("", 0);
    m->o.subject = options->subject != NULL
                       ? monitors_copy_text(options->subject, strlen(options->subject))
                       : NULL;
    m->o.calls = options->calls > 0 ? options->calls : 1;
    m->turn = calloc(m->o.calls, sizeof(*m->turn));
    ml_tally_init(&m->types, &ml_agent_alloc);
    ml_tally_init(&m->places, &ml_agent_alloc);
    if (m->o.overrides == NULL || m->turn == NULL ||
        enter_in_list(m) < 0) {
        free_monitor(m);
        return ml_error_nomem(err);
    }
    m->since = ml_clock_seconds();
    *out = m;
    return ML_OK;
}

/* -- coming and going -------------------------------------------------------------- */

static int
check_overrides(const struct ml_monitor_options *o, struct ml_error *err)
{
    if (o->overrides == NULL) {
        return ML_OK;
    }
    struct ml_settings *settings = calloc(1, sizeof(*settings));
    struct ml_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    int rc = settings == NULL || mistakes == NULL
                 ? ml_error_nomem(err)
                 : ml_config_parse(o->overrides, o->overrides_len, settings, mistakes);
    if (rc < 0 && mistakes != NULL && mistakes->count > 0) {
        ml_error_set(err, ML_EINVAL, "%s", mistakes->mistake[0].message);
    }
    free(settings);
    free(mistakes);
    return rc;
}

/* What the program itself asks for goes before what an operator has asked for. */
static void
make_way(const struct ml_monitor_options *o)
{
    struct ml_monitor *clock = ml_monitors.clock;
    if (o->lifetime > 0 && clock != NULL && clock->by_operator) {
        monitors_retire(clock);
    }
}

/* Whether one by time may begin, or one by calls exist beside it. */
int
monitors_check_mixing(const struct ml_monitor_options *o, struct ml_error *err)
{
    const struct ml_monitor *clock = ml_monitors.clock;
    if (o->lifetime > 0 && clock != NULL) {
        return ml_error_set(err, ML_ESTATE,
                            "time-based leak monitoring runs already (max_object_lifetime "
                            "%g s, for %.0f s): stop it first",
                            clock->o.lifetime, ml_clock_seconds() - clock->since);
    }
    if (o->lifetime > 0 && ml_monitors.open != NULL) {
        return ml_error_set(err, ML_ESTATE,
                            "time-based leak monitoring cannot begin inside %s, which is "
                            "monitored by calls",
                            ml_monitors.open->o.subject);
    }
    return ML_OK;
}

/* Asked with the lock held: an agent that leaves ends the monitors with it, and what is
 * begun after that would wait for ever. */
static int
check_served(struct ml_error *err)
{
    return ml_monitors.served
               ? ML_OK
               : ml_error_set(err, ML_ESTATE, "there is no agent in this process");
}

int
ml_monitor_open(const struct ml_monitor_options *options, int *handle,
                struct ml_error *err)
{
    struct ml_monitor *m = NULL;
    int rc = check_overrides(options, err);
    if (rc < 0) {
        return rc;
    }
    monitors_lock();
    if ((rc = check_served(err)) == ML_OK) {
        make_way(options);
        rc = monitors_check_mixing(options, err);
    }
    if (rc == ML_OK && (rc = monitors_make(options, &m, err)) == ML_OK) {
        *handle = m->handle;
        Py_XINCREF((PyObject *)m->o.str_func);
        if (m->o.lifetime > 0) {
            ml_monitors.clock = m;
        }
    }
    monitors_unlock();
    ml_agent_ring_for_monitors();
    return rc;
}

int
ml_monitor_snapshot(const struct ml_monitor_options *options, struct ml_told *out,
                    struct ml_error *err)
{
    struct ml_monitor *m = NULL;
    int handle = 0;
    int rc = check_overrides(options, err);
    if (rc < 0) {
        return rc;
    }
    monitors_lock();
    if ((rc = check_served(err)) == ML_OK &&
        (rc = monitors_make(options, &m, err)) == ML_OK) {
        Py_XINCREF((PyObject *)m->o.str_func);
        m->once = true;
        handle = m->handle;
        rc = monitors_post(m, false, m->since, err);
        m->awaited = rc == ML_OK;
    }
    monitors_unlock();
    if (rc == ML_OK) {
        ml_agent_ring_for_monitors();
        rc = monitors_await_posted(handle, out);
        out->kind = out->kind == ML_TOLD_NOTHING ? ML_TOLD_CLOSED : out->kind;
    }
    ml_monitor_close(handle);
    return rc;
}

void
monitors_close(struct ml_monitor *m, const char *why)
{
    if (m->state == MONITOR_CLOSED) {
        return;
    }
    if (why != NULL) {
        monitors_tell(m, ML_TOLD_ERROR, why, strlen(why));
    }
    m->state = MONITOR_CLOSED;
    ml_monitors.clock = ml_monitors.clock == m ? NULL : ml_monitors.clock;
    ml_monitors.open = ml_monitors.open == m ? NULL : ml_monitors.open;
    pthread_cond_broadcast(&ml_monitors.changed);
}

void
monitors_drop(struct ml_monitor *m)
{
    ml_monitors.list[m->handle - 1] = NULL;
    free_monitor(m);
}

void
monitors_retire(struct ml_monitor *m)
{
    monitors_close(m, NULL);
    m->given_up = true;
    ml_monitors.retired = true;
    if (m->watch == NULL) { /* else its sweep still looks at it */
        monitors_drop(m);
    }
}

/* Births stay as long as anything could ask for ages. */
bool
monitors_need_births(void)
{
    for (int i = 0; i < ml_monitors.count; i++) {
        const struct ml_monitor *m = ml_monitors.list[i];
        if (m != NULL && m->state != MONITOR_CLOSED && !m->once) {
            return true;
        }
    }
    return false;
}

void
ml_monitor_close(int handle)
{
    PyObject *str_func = NULL;
    monitors_lock();
    struct ml_monitor *m = monitors_find(handle);
    if (m != NULL) {
        str_func = m->o.str_func;
        m->o.str_func = NULL;
        if (m->watch != NULL) {
            m->watch->str_func = NULL; /* its sweep may still be to come */
        }
        monitors_retire(m);
    }
    bool idle = !monitors_need_births();
    monitors_unlock();
    if (idle) {
        ml_birth_stop();
    }
    Py_XDECREF(str_func);
}

void
ml_monitors_unhook(void)
{
    for (int i = 0; i < ml_monitors.count; i++) {
        struct ml_monitor *m = ml_monitors.list[i];
        if (m != NULL && m->state == MONITOR_CLOSED) {
            PyObject *str_func = m->o.str_func;
            m->o.str_func = NULL;
            Py_XDECREF(str_func);
        }
    }
    ml_birth_stop();
}

void
ml_monitors_begin(void)
{
    monitors_lock();
    ml_monitors.served = true;
    monitors_unlock();
}

/* What was closed before its sweep had ended goes now; somebody who stands at the end of
 * a window is told. */
static void
end_one(struct ml_monitor *m, const char *why)
{
    bool asked = m->watch != NULL;
    free(m->watch);
    m->watch = NULL;
    if (m->given_up) {
        monitors_drop(m);
    }
    else if (m->o.lifetime > 0 || m->once) {
        monitors_close(m, why);
    }
    else {
        if (asked && m->awaited) {
            monitors_tell(m, ML_TOLD_ERROR, why, strlen(why));
        }
        begin_anew(m);
    }
}

void
ml_monitors_end(const char *why)
{
    monitors_lock();
    ml_monitors.served = false;
    for (int i = 0; i < ml_monitors.count; i++) {
        if (ml_monitors.list[i] != NULL) {
            end_one(ml_monitors.list[i], why);
        }
    }
    ml_monitors.open = NULL;
    monitors_unlock();
}

void
ml_monitors_after_fork_in_child(void)
{
    ml_birth_after_fork_in_child();
    if (ml_monitors.ready) {
        forget_parent();
    }
}
