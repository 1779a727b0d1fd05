/* SPDX-License-Identifier: MIT
 *
 * See sweep_guard.h. The timer counts wall-clock ticks: a traverse that waits for a lock
 * uses no processor time, and none of CPython's takes seconds for one object.
 */
#define _GNU_SOURCE
#include "sweep_guard.h"

#include <string.h>
#include <sys/time.h>

#define TICK_SECONDS 1
#define TICKS_ALLOWED 5
#define STACK_SIZE (64 * 1024)

/* One guard per sweep process; set once before any handler can run. */
static struct ml_guard *the_guard;
static char signal_stack[STACK_SIZE];

static void
go_back(int signal)
{
    the_guard->armed = 0;
    the_guard->signal = signal;
    siglongjmp(the_guard->back, 1);
}

static void
on_fault(int signal)
{
    if (the_guard->armed) {
        go_back(signal);
    }
    the_guard->fatal(the_guard->ctx, signal);
}

static void
on_tick(int signal)
{
    if (!the_guard->armed || the_guard->calls != the_guard->seen) {
        the_guard->seen = the_guard->calls;
        the_guard->ticks = 0;
        return;
    }
    if (++the_guard->ticks >= TICKS_ALLOWED) {
        the_guard->ticks = 0;
        go_back(signal);
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
