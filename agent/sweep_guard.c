/* SPDX-License-Identifier: MIT
 *
 * See sweep_guard.h. The timer ticks by the wall clock, since a traverse that waits for a
 * lock uses no processor time; but ticks alone say nothing on a loaded machine. A call
 * that sleeps is interrupted by the tick and goes to sleep again, once for each tick; one
 * that starves does not.
 */
#define _GNU_SOURCE
#include "sweep_guard.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

#define TICK_SECONDS 1
#define SECONDS_ALLOWED 5.0 /* of processor time */
#define TICKS_ALLOWED 5     /* asleep */
#define ASLEEP 0.01         /* seconds of processor time in a tick, at most */
#define STACK_SIZE (64 * 1024)

/* One guard per sweep process; set once before any handler can run. */
static struct ml_guard *the_guard;
static char signal_stack[STACK_SIZE];

void
ml_guard_leave(struct ml_guard *g, int signal)
{
    g->armed = 0;
    g->signal = signal;
    siglongjmp(g->back, 1);
}

static void
on_fault(int signal)
{
    if (the_guard->armed) {
        ml_guard_leave(the_guard, signal);
    }
    the_guard->fatal(the_guard->ctx, signal);
}

static double
cpu_used(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long
times_slept(void)
{
    struct rusage used;
    return getrusage(RUSAGE_SELF, &used) == 0 ? used.ru_nvcsw : 0;
}

static void
on_tick(int signal)
{
    struct ml_guard *g = the_guard;
    double cpu = cpu_used();
    long sleeps = times_slept();
    if (!g->armed || g->calls != g->seen) {
        g->seen = g->calls;
        g->cpu_since = cpu;
        g->waiting = 0;
    }
    else if (sleeps > g->sleeps_last && cpu - g->cpu_last < ASLEEP) {
        g->waiting++;
    }
    g->cpu_last = cpu;
    g->sleeps_last = sleeps;
    if (g->waiting >= TICKS_ALLOWED || cpu - g->cpu_since >= SECONDS_ALLOWED) {
        g->waiting = 0;
        ml_guard_leave(g, signal);
    }
}

void
ml_guard_install(struct ml_guard *g)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS};
    the_guard = g;
    stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof(signal_stack)};
    sigaltstack(&stack, NULL);
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_flags = SA_ONSTACK | SA_NODEFER;
    action.sa_handler = on_fault;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        sigaction(faults[i], &action, NULL);
    }
    action.sa_handler = on_tick;
    action.sa_flags |= SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    struct itimerval every = {{TICK_SECONDS, 0}, {TICK_SECONDS, 0}};
    setitimer(ITIMER_REAL, &every, NULL);
}

const char *
ml_guard_reason(int signal)
{
    switch (signal) {
    case ML_GUARD_ENDLESS:
        return "more references than there is memory for";
    case SIGSEGV:
    case SIGBUS:
        return "a memory fault";
    case SIGABRT:
        return "an abort";
    case SIGALRM:
        return "no return within 5 s";
    default:
        return "a crash";
    }
}
