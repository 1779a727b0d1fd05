/* SPDX-License-Identifier: MIT
 *
 * How a thread that we trace is waited for; for borrow.c and borrow_run.c only.
 */
#ifndef ML_ATTACH_BORROW_WAIT_H
#define ML_ATTACH_BORROW_WAIT_H

#include "borrow.h"

enum ml_borrow_stop_kind {
    ML_STOP_TRAP,    /* ours: PTRACE_INTERRUPT */
    ML_STOP_SYSCALL,
    ML_STOP_GROUP,   /* SIGSTOP and the like, for the whole process */
    ML_STOP_SIGNAL,  /* one is about to be delivered */
    ML_STOP_OTHER,
    ML_STOP_GONE,
    ML_STOP_LATE,    /* the deadline */
};

/* Waits for it to stop, until b->deadline. `signal` is what stopped it. */
enum ml_borrow_stop_kind ml_borrow_wait(struct ml_borrow *b, int *signal);

/* Lets it run on by a request of ptrace's. Negative: it is gone. */
int ml_borrow_go(struct ml_borrow *b, int request, int signal);

/* The signal that it stands before when somebody sent it, which it is to have then
 * (SIGSTOP; libc's own for setuid), 0 when our code caused it. */
int ml_borrow_sent_signal(const struct ml_borrow *b);

/* From a stop at a system call to the trap behind it, or from wherever it runs. */
bool ml_borrow_reach_trap(struct ml_borrow *b);

/* Sets "has ended meanwhile". */
int ml_borrow_gone(const struct ml_borrow *b, struct ml_error *err);

#endif
