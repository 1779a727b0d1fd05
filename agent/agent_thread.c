/* SPDX-License-Identifier: MIT
 *
 * See agent_thread.h. One round of the loop:
 *
 *   orders ─► look after pipe and socket ─► schedule, monitors ─► begin a sweep ─► poll
 *   ─► serve
 *
 * The places between the arrows are the safe points at which a fork or a stop finds
 * the agent whole. Only a sweep and the clock of a monitor wait (for the GIL), and whoever
 * orders us to leave has released it.
 */
#define _GNU_SOURCE
#include "agent_thread.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "compat/life.h"
#include "monitor.h"
#include "signals.h"
#include "clock.h"

#define STACK_SIZE (1024 * 1024) /* touched: about 20 KiB */
#define POLL_MAX (2 + 1 + ML_SERVER_MAX_CLIENTS)
#define FORGET_ROUNDS 2000 /* of 50 us: 100 ms */

/* -- sleeping ---------------------------------------------------------------------- */

static int
earlier(int timeout, int other)
{
    if (timeout < 0 || (other >= 0 && other < timeout)) {
        return other;
    }
    return timeout;
}

static int
ms_until(double at, double now)
{
    if (at <= 0) {
        return -1;
    }
    double left = (at - now) * 1000;
    return left <= 0 ? 0 : left > 3600e3 ? 3600000 : (int)left + 1;
}

static int
timeout_of(const struct ml_agent *a)
{
    double now = ml_clock_seconds();
    int timeout = ml_sweep_timeout_ms(a->sweep);
    timeout = earlier(timeout, ml_server_timeout_ms(a->server));
    timeout = earlier(timeout, ms_until(a->next_sweep_at, now));
    timeout = earlier(timeout, ms_until(a->trigger.next_at, now));
    timeout = earlier(timeout, ms_until(a->bind_at, now));
    timeout = earlier(timeout, ms_until(ml_monitors_due(), now));
    return earlier(timeout, a->detach_wanted ? ms_until(a->detach_at, now) : -1);
}

static void
sleep_and_serve(struct ml_agent *a)
{
    struct pollfd fds[POLL_MAX] = {
        {.fd = ml_wakeup_fd(&a->wakeup), .events = POLLIN},
        {.fd = ml_sweep_running(a->sweep) ? ml_sweep_fd(a->sweep) : -1, .events = POLLIN},
    };
    size_t count = ml_server_pollfds(a->server, fds + 2, POLL_MAX - 2);
    /* A failure is a signal that glibc needs for setuid(), or memory: look around. */
    int ready = poll(fds, 2 + count, timeout_of(a));
    ml_signals_look();
    if (ready > 0) {
        ml_server_dispatch(a->server, fds + 2, count);
    }
    if (ml_sweep_running(a->sweep)) {
        ml_sweep_step(a->sweep);
    }
}

/* -- the loop ---------------------------------------------------------------------- */

static void
keep_schedule(struct ml_agent *a, double now)
{
    if (a->next_sweep_at > 0 && now >= a->next_sweep_at) {
        a->next_sweep_at = now + a->settings.sweep.every;
        ml_agent_ask_snapshot(a, "schedule");
    }
}

/* What a sweep uses itself is no reason for another one. */
static void
keep_watch(struct ml_agent *a, double now)
{
    struct ml_trigger_reading reading;
    if (a->trigger.next_at <= 0 || now < a->trigger.next_at) {
        return;
    }
    if (ml_sweep_running(a->sweep)) {
        ml_trigger_skip(&a->trigger, now);
        return;
    }
    ml_trigger_read(&reading);
    if (ml_trigger_take(&a->trigger, &a->settings, &reading, now)) {
        ml_agent_note(a, "snapshot: %s", a->trigger.reason);
        ml_agent_ask_snapshot(a, "sweep.when");
    }
}

/* True when the answer to `detach` is out, or nobody takes it. */
static bool
may_detach(const struct ml_agent *a, double now)
{
    return a->detach_wanted && (ml_server_flushed(a->server) || now >= a->detach_at);
}

/* Returns true when the agent shall take itself back, false when it was told to
 * leave the rest to others. */
static bool
loop(struct ml_agent *a)
{
    for (;;) {
        unsigned orders = ml_wakeup_take(&a->wakeup);
        double now = ml_clock_seconds();
        if (orders & ML_ORDER_SNAPSHOT) {
            ml_agent_ask_snapshot(a, "signal");
        }
        if (orders & (ML_ORDER_PARK | ML_ORDER_STOP)) {
            return false;
        }
        if (may_detach(a, now)) {
            return true;
        }
        ml_agent_look_after(a, now);
        keep_schedule(a, now);
        ml_monitors_serve(a, now);
        keep_watch(a, now);
        ml_agent_begin_sweep(a);
        sleep_and_serve(a);
    }
}

/* The end of `detach`, which came over the socket: nobody waits for this thread, so it
 * does itself what ml_agent_stop does elsewhere. What needs no GIL goes first, because
 * the GIL may be a long time coming and the caller was told that we are gone. */
static void
take_oneself_back(struct ml_agent *a)
{
    int gil;
    atomic_store(&a->phase, ML_PHASE_STOPPING);
    ml_agent_release(a);
    if (compat_life_gil_take(&gil, NULL) == ML_OK) {
        ml_agent_unhook();
        atomic_store(&a->phase, ML_PHASE_OFF);
        compat_life_gil_give(gil);
    }
    else {
        atomic_store(&a->phase, ML_PHASE_OFF);
    }
    int open = ML_FATE_OPEN;
    if (atomic_compare_exchange_strong(&a->fate, &open, ML_FATE_DETACHED)) {
        pthread_detach(pthread_self());
    }
}

static void *
run(void *agent)
{
    struct ml_agent *a = agent;
    prctl(PR_SET_NAME, "memalot", 0, 0, 0);
    atomic_store(&a->tid, (int)gettid());
    if (loop(a)) {
        take_oneself_back(a);
    }
    return NULL;
}

/* -- beginning and end ------------------------------------------------------------- */

int
ml_agent_thread_start(struct ml_agent *a, struct ml_error *err)
{
    pthread_attr_t attr;
    sigset_t all, before;
    ml_wakeup_forget_orders(&a->wakeup, ML_ORDER_PARK | ML_ORDER_STOP);
    atomic_store(&a->fate, ML_FATE_OPEN);
    atomic_store(&a->tid, 0);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    /* The new thread inherits the mask: no signal of the program ever finds it. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&a->thread, &attr, run, a);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (rc != 0) {
        return ml_error_set(err, ML_EIO, "cannot start a thread: %s", strerror(rc));
    }
    a->thread_exists = true;
    return ML_OK;
}

/* pthread_join returns a moment before the kernel takes the thread off its lists, and
 * os.fork() of 3.12 and later counts those to warn about forking with threads. */
static void
wait_until_forgotten(int tid)
{
    const struct timespec pause = {.tv_nsec = 50 * 1000};
    for (int i = 0; tid != 0 && i < FORGET_ROUNDS; i++) {
        if (syscall(SYS_tgkill, getpid(), tid, 0) < 0 && errno == ESRCH) {
            return;
        }
        if (i < 20) {
            sched_yield();
        }
        else {
            nanosleep(&pause, NULL);
        }
    }
}

void
ml_agent_thread_end(struct ml_agent *a, unsigned order)
{
    if (!a->thread_exists) {
        return;
    }
    int open = ML_FATE_OPEN;
    ml_wakeup_order(&a->wakeup, order);
    if (atomic_compare_exchange_strong(&a->fate, &open, ML_FATE_JOINED)) {
        pthread_join(a->thread, NULL);
    }
    wait_until_forgotten(atomic_load(&a->tid));
    a->thread_exists = false;
}
