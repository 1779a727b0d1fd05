/* SPDX-License-Identifier: MIT
 *
 * Surviving other people's code in the sweep process: an extension's tp_traverse (or
 * __sizeof__) that crashes, aborts or never returns costs one type, not the sweep.
 *
 *     if (ML_GUARD_ENTER(guard) != 0) { ... it failed: note the type, go on ... }
 *     guard->armed = 1;  call();  guard->armed = 0;
 *
 * Signals land on a stack of their own and jump back. A timer notices a call that does
 * not return. A fault while not armed ends the sweep process with a message frame.
 *
 * Only ever installed in the sweep process: the program's handlers are not touched.
 */
#ifndef ML_AGENT_SWEEP_GUARD_H
#define ML_AGENT_SWEEP_GUARD_H

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>

struct ml_guard {
    sigjmp_buf back;
    volatile sig_atomic_t armed;
    volatile uint64_t calls;  /* counts guarded calls: the timer sees progress by it */
    uint64_t seen;            /* the value at the timer's last tick */
    int ticks;                /* ticks without progress */
    volatile int signal;      /* what ended the last guarded call */
    /* Called on a fault outside a guarded call; must not return. */
    void (*fatal)(void *ctx, int signal);
    void *ctx;
};

/* Saves the place to come back to; the signal mask is put right by the handler. */
#define ML_GUARD_ENTER(g) sigsetjmp((g)->back, 0)

/* Installs handlers for SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT and the timer in this
 * process. `g` must stay. */
void ml_guard_install(struct ml_guard *g);

/* "a segmentation fault", "no return within 5 s". */
const char *ml_guard_reason(int signal);

#endif
