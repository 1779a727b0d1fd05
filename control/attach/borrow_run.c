/* SPDX-License-Identifier: MIT
 *
 * See borrow.h: what a borrowed thread is made to do. Each way ends in rt_sigreturn on
 * the frame that was laid on its stack.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>

#include "borrow_wait.h"
#include "clock.h"
#include "memory.h"

#define DONE_LOOK 50e-6 /* seconds between two looks whether it is done */
#define SIGSETXID 33    /* of glibc, which does not name it */

/* No handler of the program's runs on the borrowed thread, nor on the new one, which
 * inherits this. What the code itself may cause stays open: such a signal, blocked,
 * would end the program, but so we see it and put everything back. And libc's own: who
 * calls setuid has every thread take that, and waits for it with the lock held that
 * pthread_create asks for. */
static void
block_signals(struct ml_borrow *b)
{
    static const int open[] = {SIGSEGV, SIGBUS, SIGILL,   SIGFPE,
                               SIGTRAP, SIGSYS, SIGSETXID};
    uint64_t all = ~(uint64_t)0;
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
        all &= ~((uint64_t)1 << (open[i] - 1));
    }
    ptrace(PTRACE_SETSIGMASK, b->tid, sizeof(all), &all);
}

static int
set_off(struct ml_borrow *b, const struct user_regs_struct *regs, int request,
        struct ml_error *err)
{
    b->touched = true;
    if (ptrace(PTRACE_SETREGS, b->tid, NULL, regs) < 0) {
        return ml_borrow_gone(b, err);
    }
    block_signals(b); /* killed before this, we leave its own mask to the frame */
    return ml_borrow_go(b, request, 0) < 0 ? ml_borrow_gone(b, err) : ML_OK;
}

static int
cannot_be_called(int signal, struct ml_error *err)
{
    return ml_error_set(err, ML_EUNSUPPORTED,
                        signal == SIGSYS ? "a seccomp filter of the program's forbids it"
                                         : "the program's libc cannot be called (%s)",
                        strsignal(signal));
}

/* Lets it go as it stands: the frame brings it back. */
static int
abandon(struct ml_borrow *b, struct ml_error *err)
{
    ptrace(PTRACE_INTERRUPT, b->tid, NULL, NULL);
    b->deadline = ml_clock_seconds() + 0.2;
    int signal;
    if (ml_borrow_wait(b, &signal) != ML_STOP_LATE && b->held) {
        ptrace(PTRACE_DETACH, b->tid, NULL, (void *)(long)b->signal);
    }
    b->held = false;
    return ml_error_set(err, ML_ECANCELLED, "libc's pthread_create does not return");
}

/* Runs on to the next stop at a system call that ends at `rip`. A program that is stopped
 * by SIGSTOP meanwhile stands still but for this thread. */
static int
run_to(struct ml_borrow *b, uint64_t rip, struct user_regs_struct *regs,
       struct ml_error *err)
{
    int signal = 0;
    for (;;) {
        int pass = 0;
        switch (ml_borrow_wait(b, &signal)) {
        case ML_STOP_SYSCALL:
            if (ptrace(PTRACE_GETREGS, b->tid, NULL, regs) < 0) {
                return ml_borrow_gone(b, err);
            }
            if (regs->rip == rip) {
                return ML_OK;
            }
            break;
        case ML_STOP_SIGNAL:
            if ((pass = ml_borrow_sent_signal(b)) == 0) {
                return cannot_be_called(signal, err);
            }
            break;
        case ML_STOP_GONE:
            return ml_borrow_gone(b, err);
        case ML_STOP_LATE:
            return abandon(b, err);
        default:
            break;
        }
        if (ml_borrow_go(b, PTRACE_SYSCALL, pass) < 0) {
            return ml_borrow_gone(b, err);
        }
    }
}

int
ml_borrow_syscall_at(struct ml_borrow *b, uint64_t at, long number,
                     const uint64_t arg[6], uint64_t *result, struct ml_error *err)
{
    struct user_regs_struct regs = b->regs;
    regs.rip = at;
    regs.rsp = b->frame - sizeof(uint64_t);
    regs.orig_rax = (unsigned long long)-1; /* nothing to restart */
    regs.rax = (unsigned long long)number;
    regs.rdi = arg[0];
    regs.rsi = arg[1];
    regs.rdx = arg[2];
    regs.r10 = arg[3];
    regs.r8 = arg[4];
    regs.r9 = arg[5];
    int rc = set_off(b, &regs, PTRACE_SYSCALL, err);
    rc = rc == ML_OK ? run_to(b, at + 2, &regs, err) : rc; /* on its way in */
    if (rc == ML_OK && ml_borrow_go(b, PTRACE_SYSCALL, 0) < 0) {
        rc = ml_borrow_gone(b, err);
    }
    rc = rc == ML_OK ? run_to(b, at + 2, &regs, err) : rc; /* and out */
    if (rc == ML_OK) {
        *result = regs.rax;
    }
    return rc;
}

static bool
is_done(const struct ml_borrow *b, const struct ml_borrow_code *code)
{
    int32_t done = ML_BORROW_NOT_DONE;
    return ml_memory_read(b->pid, code->done, &done, sizeof(done))
           && done != ML_BORROW_NOT_DONE;
}

/* While it runs; a stop is then something that has gone wrong, or SIGSTOP for the whole
 * program, which this thread does not obey until it is back. */
static int
await_done(struct ml_borrow *b, const struct ml_borrow_code *code, struct ml_error *err)
{
    int signal = 0;
    double deadline = b->deadline;
    while (!is_done(b, code)) {
        b->deadline = ml_clock_seconds() + DONE_LOOK;
        enum ml_borrow_stop_kind stop = ml_borrow_wait(b, &signal);
        b->deadline = deadline;
        int pass = ml_borrow_sent_signal(b);
        if (stop == ML_STOP_SIGNAL && pass == 0) {
            return cannot_be_called(signal, err);
        }
        switch (stop) {
        case ML_STOP_GONE:
            return ml_borrow_gone(b, err);
        case ML_STOP_LATE:
            if (ml_clock_seconds() > deadline) {
                return abandon(b, err);
            }
            break;
        default:
            if (ml_borrow_go(b, PTRACE_CONT, pass) < 0) {
                return ml_borrow_gone(b, err);
            }
        }
    }
    return ML_OK;
}

/* Done, it waits in the code; but when we are slow it may have gone back by itself, and
 * then its registers are its own again. */
static void
fetch(struct ml_borrow *b, const struct ml_borrow_code *code)
{
    struct user_regs_struct regs;
    bool trapped = ml_borrow_reach_trap(b)
                   && ptrace(PTRACE_GETREGS, b->tid, NULL, &regs) == 0;
    /* Where it has ended meanwhile, or cannot be had, what it was to do is done all the
     * same, and the frame brings it back. */
    b->touched = trapped && regs.rip >= code->start
                 && regs.rip < code->start + code->size;
}

int
ml_borrow_run(struct ml_borrow *b, const struct ml_borrow_code *code, struct ml_error *err)
{
    struct user_regs_struct regs = b->regs;
    regs.rip = code->entry;
    regs.rbx = code->rbx;
    regs.rbp = b->frame;
    regs.rsp = code->stack;
    regs.orig_rax = (unsigned long long)-1;
    int rc = set_off(b, &regs, PTRACE_CONT, err);
    rc = rc == ML_OK ? await_done(b, code, err) : rc;
    if (rc == ML_OK) {
        fetch(b, code);
    }
    return rc;
}
