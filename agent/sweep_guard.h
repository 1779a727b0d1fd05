/* SPDX-License-Identifier: MIT
 *
 * Surviving other people's code in the sweep process: an extension's tp_traverse (or
 * __sizeof__) that crashes, aborts or never returns costs one type, not the sweep.
 *
 *     if (ML_GUARD_ENTER(guard) != 0) { ... it failed: note the type, go on ... }
 *     ml_guard_arm(guard);  call();  ml_guard_disarm(guard);
 *
 * Signals land on a stack of their own and jump back. A timer notices a call that does
 * not return: one that computes for 5 s of processor time or sleeps for 5 s (not one that
 * the machine gives no time to: the sweep process runs at nice 19). A fault while not
 * armed ends the sweep process with a message frame.
 *
 * Only ever installed in the sweep process: the program's handlers are not touched.
 */
#ifndef ML_AGENT_SWEEP_GUARD_H
#define ML_AGENT_SWEEP_GUARD_H

#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct ml_guard {
    sigjmp_buf back;
    volatile sig_atomic_t armed;
    volatile uint64_t calls;  /* counts guarded calls: the timer sees progress by it */
    uint64_t seen;            /* the value at the timer's last tick */
    double cpu_since;         /* processor time used when that call was first seen */
    double cpu_last;          /* and at the last tick */
    long sleeps_last;         /* times this process waited for something, likewise */
    int waiting;              /* ticks through which the call slept */
    volatile int signal;      /* what ended the last guarded call */
    /* Called on a fault outside a guarded call; must not return. */
    void (*fatal)(void *ctx, int signal);
    void *ctx;
};

/* Saves the place to come back to; the signal mask is put right by the handler. */
#define ML_GUARD_ENTER(g) sigsetjmp((g)->back, 0)

/* Around the guarded call. The fences keep the compiler from moving reads out of it. */
static inline void
ml_guard_arm(struct ml_guard *g)
{
    if (g != NULL) {
        g->calls++;
        g->armed = 1;
        atomic_signal_fence(memory_order_seq_cst);
    }
}

static inline void
ml_guard_disarm(struct ml_guard *g)
{
    if (g != NULL) {
        atomic_signal_fence(memory_order_seq_cst);
        g->armed = 0;
    }
}

/* Installs handlers for SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT and the timer in this
 * process. `g` must stay. */
void ml_guard_install(struct ml_guard *g);

/* Leaves the guarded call as a fault would; `signal` is one of the above or
 * ML_GUARD_ENDLESS. */
#define ML_GUARD_ENDLESS 0
void ml_guard_leave(struct ml_guard *g, int signal) __attribute__((noreturn));

/* "a segmentation fault", "no return within 5 s". */
const char *ml_guard_reason(int signal);

#endif
