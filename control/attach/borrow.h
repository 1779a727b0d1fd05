/* SPDX-License-Identifier: MIT
 *
 * One thread of the program, stopped by ptrace, made to run a piece of code, and given
 * back as if nothing had been. The other threads are never stopped.
 *
 *     stop ──► (look at its stack) ──► lay_frame ──► map, run ──► give_back
 *       └──────────────── not a good moment ───────────────────────┘
 *
 * Before the thread runs anything of ours, a signal frame with all it was doing is laid
 * on its stack, as the kernel does for a signal's handler, and everything it is made to
 * run ends in rt_sigreturn. So it comes back by itself when we end in between: killed,
 * or because it waits for what takes too long. While we live we do it more exactly (a
 * system call that it was waiting in goes on with what is left of its time) and the
 * frame is not used.
 *
 * x86-64 only.
 */
#ifndef ML_ATTACH_BORROW_H
#define ML_ATTACH_BORROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#include "error.h"
#include "signal_frame.h"

struct ml_borrow {
    pid_t pid, tid;
    double deadline;
    bool held;        /* we are its tracer */
    bool stopped;
    int signal;       /* that it was stopped before the delivery of, 0: none */
    bool in_trap;     /* stopped where its registers can be put back for good */
    bool touched;     /* its registers are not its own */
    struct user_regs_struct regs; /* its own */
    uint64_t mask;                /* its blocked signals */
    size_t xstate_size;
    unsigned char xstate[ML_SIGNAL_FRAME_XSTATE];
    uint64_t frame; /* address of the signal frame's ucontext */
};

/* Stops it. ML_ESTATE: it is not to be stopped now (it ended, stands still already, is
 * traced by another); ML_ECANCELLED: not until the deadline; ML_EPERM: not allowed. After
 * an error nothing is held. */
int ml_borrow_stop(struct ml_borrow *b, pid_t pid, pid_t tid, double deadline,
                   struct ml_error *err);

/* The number of the system call that it was waiting in, -1: none. */
long ml_borrow_syscall(const struct ml_borrow *b);

/* A wait that the kernel does not take up again by itself (epoll_wait) begins anew, so
 * that the program sees no EINTR. */
void ml_borrow_hide_interruption(struct ml_borrow *b);

/* Lays the signal frame. `sigreturn` is code of the program's that calls it. ML_ESTATE:
 * no room on its stack, a restartable sequence (rseq), a shadow stack, strict seccomp. */
int ml_borrow_lay_frame(struct ml_borrow *b, uint64_t sigreturn, struct ml_error *err);

/* Has it make one system call, by code "syscall; ret" at `at`. */
int ml_borrow_syscall_at(struct ml_borrow *b, uint64_t at, long number,
                         const uint64_t arg[6], uint64_t *result, struct ml_error *err);

/* Writes into the program, whatever the protection of the place. */
int ml_borrow_write(struct ml_borrow *b, uint64_t to, const void *from, size_t len,
                    struct ml_error *err);

/* Code that it runs, with rbp at the frame. It notes that it is done in the int32 at
 * `done`, waits for a while to be fetched, and then goes back by rt_sigreturn. */
struct ml_borrow_code {
    uint64_t start, size; /* where the thread waits to be fetched */
    uint64_t entry, rbx, stack;
    uint64_t done;
};

#define ML_BORROW_NOT_DONE (-1)

/* Has it run until it is done, and fetches it. ML_ECANCELLED: it is not done within the
 * deadline; then it has been let go and comes back by itself. */
int ml_borrow_run(struct ml_borrow *b, const struct ml_borrow_code *code,
                  struct ml_error *err);

/* Puts it back as it was and lets it go. Does nothing when nothing is held. */
void ml_borrow_give_back(struct ml_borrow *b);

#endif
