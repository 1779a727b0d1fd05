/* SPDX-License-Identifier: MIT
 *
 * See borrow_wait.h.
 */
#define _GNU_SOURCE
#include "borrow_wait.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"

#define SYSCALL_STOP (SIGTRAP | 0x80)
#define LOOK_NS 10000000 /* at the latest */

static enum ml_borrow_stop_kind
kind_of(int status, int *signal)
{
    int event = status >> 16;
    *signal = WSTOPSIG(status);
    if (!WIFSTOPPED(status)) {
        return ML_STOP_GONE;
    }
    if (event == PTRACE_EVENT_STOP) {
        return *signal == SIGTRAP ? ML_STOP_TRAP : ML_STOP_GROUP;
    }
    if (*signal == SYSCALL_STOP) {
        return ML_STOP_SYSCALL;
    }
    return event != 0 ? ML_STOP_OTHER : ML_STOP_SIGNAL;
}

/* The kernel says by SIGCHLD that there is something to look at. Blocked, it is not lost
 * between the look and the sleep. */
static bool
look_or_sleep(struct ml_borrow *b, pid_t *got, int *status)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    *got = waitpid(b->tid, status, __WALL | WNOHANG);
    if (*got == 0) {
        double left = b->deadline - ml_clock_seconds();
        long ns = left <= 0 ? 0 : left < LOOK_NS / 1e9 ? (long)(left * 1e9) : LOOK_NS;
        sigtimedwait(&child, NULL, &(struct timespec){.tv_nsec = ns});
    }
    return *got != 0;
}

static enum ml_borrow_stop_kind
wait_with_child_blocked(struct ml_borrow *b, int *signal)
{
    int status = 0;
    pid_t got;
    while (!look_or_sleep(b, &got, &status)) {
        if (ml_clock_seconds() > b->deadline) {
            return ML_STOP_LATE;
        }
    }
    if (got < 0) {
        b->held = false; /* gone without a word: another thread called execve */
        return ML_STOP_GONE;
    }
    enum ml_borrow_stop_kind stop = kind_of(status, signal);
    b->held = b->stopped = stop != ML_STOP_GONE;
    b->signal = stop == ML_STOP_SIGNAL ? *signal : 0;
    b->in_trap = stop == ML_STOP_TRAP || stop == ML_STOP_SIGNAL || stop == ML_STOP_GROUP;
    return stop;
}

enum ml_borrow_stop_kind
ml_borrow_wait(struct ml_borrow *b, int *signal)
{
    sigset_t child, before;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before);
    enum ml_borrow_stop_kind stop = wait_with_child_blocked(b, signal);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return stop;
}

int
ml_borrow_go(struct ml_borrow *b, int request, int signal)
{
    b->stopped = b->in_trap = false;
    b->signal = 0;
    if (ptrace(request, b->tid, NULL, (void *)(long)signal) < 0) {
        b->held = false;
        return -1;
    }
    return 0;
}

int
ml_borrow_gone(const struct ml_borrow *b, struct ml_error *err)
{
    return ml_error_set(err, ML_ENOTFOUND, "process %d has ended meanwhile", (int)b->pid);
}

int
ml_borrow_sent_signal(const struct ml_borrow *b)
{
    siginfo_t info;
    bool sent = b->stopped && b->signal != 0
                && ptrace(PTRACE_GETSIGINFO, b->tid, NULL, &info) == 0
                && info.si_code <= 0;
    return sent ? b->signal : 0;
}

bool
ml_borrow_reach_trap(struct ml_borrow *b)
{
    int signal = 0, pass = 0;
    b->deadline = ml_clock_seconds() + 10; /* on a machine that is busy */
    ptrace(PTRACE_INTERRUPT, b->tid, NULL, NULL);
    while (b->held && (!b->in_trap || pass != 0)) {
        if (b->stopped && ml_borrow_go(b, PTRACE_CONT, pass) < 0) {
            return false;
        }
        if (ml_borrow_wait(b, &signal) == ML_STOP_LATE) {
            return false;
        }
        pass = ml_borrow_sent_signal(b);
    }
    return b->held;
}
