/* SPDX-License-Identifier: MIT
 *
 * See borrow.h and docs/internals/attach.md. Registers may be put back only while the
 * thread stands in a trap on its way back to user mode (PTRACE_EVENT_STOP or the stop
 * before a signal is delivered): it is behind that place that the kernel looks whether a
 * system call is to be restarted.
 */
#define _GNU_SOURCE
#include "borrow.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"
#include "memory.h"
#include "signal_frame.h"

#define RED_ZONE 128
#define SYSCALL_STOP (SIGTRAP | 0x80)

enum stop {
    STOP_TRAP,    /* ours: PTRACE_INTERRUPT */
    STOP_SYSCALL,
    STOP_GROUP,   /* SIGSTOP and the like, for the whole process */
    STOP_SIGNAL,  /* one is about to be delivered */
    STOP_OTHER,
    STOP_GONE,
    STOP_LATE,    /* the deadline */
};

/* -- waiting ----------------------------------------------------------------------- */

static enum stop
kind_of(int status, int *signal)
{
    int event = status >> 16;
    *signal = WSTOPSIG(status);
    if (!WIFSTOPPED(status)) {
        return STOP_GONE;
    }
    if (event == PTRACE_EVENT_STOP) {
        return *signal == SIGTRAP ? STOP_TRAP : STOP_GROUP;
    }
    if (*signal == SYSCALL_STOP) {
        return STOP_SYSCALL;
    }
    return event != 0 ? STOP_OTHER : STOP_SIGNAL;
}

/* Looks every 20 us at first: a thread that is held for longer than it must be is what
 * the program feels of us. */
static enum stop
wait_stop(struct ml_borrow *b, int *signal)
{
    for (long pause = 20000;; pause = pause < 2000000 ? pause * 5 / 4 : pause) {
        int status;
        pid_t got = waitpid(b->tid, &status, __WALL | WNOHANG);
        if (got == b->tid) {
            enum stop stop = kind_of(status, signal);
            b->held = stop != STOP_GONE;
            b->in_trap = stop == STOP_TRAP || stop == STOP_SIGNAL || stop == STOP_GROUP;
            return stop;
        }
        if (got < 0 && errno != EINTR) {
            b->held = false; /* gone without a word: another thread called execve */
            return STOP_GONE;
        }
        if (ml_clock_seconds() > b->deadline) {
            return STOP_LATE;
        }
        nanosleep(&(struct timespec){.tv_nsec = pause}, NULL);
    }
}

static int
go(struct ml_borrow *b, int request, int signal)
{
    if (ptrace(request, b->tid, NULL, (void *)(long)signal) < 0) {
        b->held = false;
        return -1;
    }
    return 0;
}

static int
gone(const struct ml_borrow *b, struct ml_error *err)
{
    return ml_error_set(err, ML_ENOTFOUND, "process %d has ended meanwhile", (int)b->pid);
}

/* -- registers --------------------------------------------------------------------- */

static int
read_registers(struct ml_borrow *b, struct ml_error *err)
{
    struct iovec xstate = {b->xstate, sizeof(b->xstate)};
    if (ptrace(PTRACE_GETREGS, b->tid, NULL, &b->regs) < 0
        || ptrace(PTRACE_GETSIGMASK, b->tid, sizeof(b->mask), &b->mask) < 0
        || ptrace(PTRACE_GETREGSET, b->tid, NT_X86_XSTATE, &xstate) < 0) {
        return ml_error_set(err, ML_ESTATE, "cannot read the registers of a thread: %s",
                            strerror(errno));
    }
    b->xstate_size = xstate.iov_len;
    return ML_OK;
}

static void
write_registers(struct ml_borrow *b)
{
    struct iovec xstate = {b->xstate, b->xstate_size};
    ptrace(PTRACE_SETREGSET, b->tid, NT_X86_XSTATE, &xstate);
    ptrace(PTRACE_SETREGS, b->tid, NULL, &b->regs);
    ptrace(PTRACE_SETSIGMASK, b->tid, sizeof(b->mask), &b->mask);
    b->touched = false;
}

/* No handler of the program's runs on the borrowed thread, nor on the new one, which
 * inherits this. What the code itself may cause stays open: such a signal, blocked,
 * would end the program, but so we see it and put everything back. */
static void
block_signals(struct ml_borrow *b)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
    uint64_t all = ~(uint64_t)0;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        all &= ~((uint64_t)1 << (own[i] - 1));
    }
    ptrace(PTRACE_SETSIGMASK, b->tid, sizeof(all), &all);
}

/* -- stopping ---------------------------------------------------------------------- */

/* A number of /proc/PID/task/TID/status, 0 when it is not there. */
static uint64_t
read_status(const struct ml_borrow *b, const char *name, int base)
{
    char path[64], line[128];
    uint64_t value = 0;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)b->pid, (int)b->tid);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            value = strtoull(line + strlen(name), NULL, base);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return value;
}

static int
seize(struct ml_borrow *b, struct ml_error *err)
{
    if (ptrace(PTRACE_SEIZE, b->tid, NULL, PTRACE_O_TRACESYSGOOD) == 0) {
        b->held = true;
        return ML_OK;
    }
    if (errno == ESRCH) {
        return ml_error_set(err, ML_ESTATE, "a thread has just ended");
    }
    if (errno == EPERM && read_status(b, "TracerPid:", 10) != 0) {
        return ml_error_set(err, ML_ESTATE, "a thread is traced by somebody else");
    }
    return ml_error_set(err, ML_EPERM, "ptrace of process %d is refused: %s", (int)b->pid,
                        strerror(errno));
}

static int
interrupt(struct ml_borrow *b, struct ml_error *err)
{
    int signal = 0;
    ptrace(PTRACE_INTERRUPT, b->tid, NULL, NULL);
    for (;;) {
        switch (wait_stop(b, &signal)) {
        case STOP_TRAP:
            return read_registers(b, err);
        case STOP_SIGNAL:
            go(b, PTRACE_CONT, signal);
            break;
        case STOP_SYSCALL:
        case STOP_OTHER:
            go(b, PTRACE_CONT, 0);
            break;
        case STOP_GROUP:
            return ml_error_set(err, ML_ESTATE, "it is stopped (SIGSTOP)");
        case STOP_GONE:
            return ml_error_set(err, ML_ESTATE, "a thread has just ended");
        case STOP_LATE:
            return ml_error_set(err, ML_ECANCELLED, "process %d cannot be stopped: it is "
                                "deep in the kernel, or frozen", (int)b->pid);
        }
    }
}

int
ml_borrow_stop(struct ml_borrow *b, pid_t pid, pid_t tid, double deadline,
               struct ml_error *err)
{
    memset(b, 0, offsetof(struct ml_borrow, xstate));
    b->frame = 0;
    b->pid = pid;
    b->tid = tid;
    b->deadline = deadline;
    int rc = seize(b, err);
    if (rc == ML_OK && (rc = interrupt(b, err)) < 0) {
        ml_borrow_give_back(b);
    }
    return rc;
}

long
ml_borrow_syscall(const struct ml_borrow *b)
{
    return (long)b->regs.orig_rax;
}

static bool
signal_waits(const struct ml_borrow *b)
{
    uint64_t pending = read_status(b, "SigPnd:", 16) | read_status(b, "ShdPnd:", 16);
    return (pending & ~b->mask) != 0;
}

/* The kernel ends these with EINTR even when there was no handler to run. */
void
ml_borrow_hide_interruption(struct ml_borrow *b)
{
    if (ml_borrow_syscall(b) < 0 || (long)b->regs.rax != -EINTR || signal_waits(b)) {
        return;
    }
    b->regs.rax = b->regs.orig_rax;
    b->regs.rip -= 2; /* the length of the instruction `syscall` */
    write_registers(b);
}

/* -- memory ------------------------------------------------------------------------ */

/* Word by word: POKEDATA asks no protection, and lets a stack grow. */
static int
poke(struct ml_borrow *b, uint64_t to, const void *from, size_t len)
{
    for (size_t done = 0; done < len; done += sizeof(long)) {
        long word = 0;
        size_t n = len - done < sizeof(word) ? len - done : sizeof(word);
        if (n < sizeof(word)) {
            errno = 0;
            word = ptrace(PTRACE_PEEKDATA, b->tid, (void *)(to + done), NULL);
        }
        memcpy(&word, (const char *)from + done, n);
        if (ptrace(PTRACE_POKEDATA, b->tid, (void *)(to + done), (void *)word) < 0) {
            return -1;
        }
    }
    return 0;
}

int
ml_borrow_write(struct ml_borrow *b, uint64_t to, const void *from, size_t len,
                struct ml_error *err)
{
    if (ml_memory_write(b->pid, to, from, len) || poke(b, to, from, len) == 0) {
        return ML_OK;
    }
    return ml_error_set(err, ML_ESTATE, "cannot write into process %d: %s", (int)b->pid,
                        strerror(errno));
}

/* Whether a thread that stands at `sp` may be given what lies below, down to `low`. */
static bool
stack_has_room(const struct ml_borrow *b, uint64_t low, uint64_t sp)
{
    char path[64], line[512], mode[5], name[64];
    unsigned long long start, end;
    bool room = false;
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)b->pid);
    FILE *file = fopen(path, "re");
    while (!room && file != NULL && fgets(line, sizeof(line), file) != NULL) {
        name[0] = '\0';
        if (sscanf(line, "%llx-%llx %4s %*s %*s %*s %63s", &start, &end, mode, name) >= 3
            && sp >= start && sp < end) {
            /* The main thread's grows on demand. */
            room = mode[1] == 'w' && (low >= start || strcmp(name, "[stack]") == 0);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return room;
}

/* What a thread is waiting in is laid below its red zone, as for a handler. */
int
ml_borrow_lay_frame(struct ml_borrow *b, uint64_t sigreturn, struct ml_error *err)
{
    struct ml_signal_frame frame;
    size_t size = ml_signal_frame_size(b->xstate_size);
    uint64_t at = ((uint64_t)b->regs.rsp - RED_ZONE - size) & ~(uint64_t)63;
    if (!stack_has_room(b, at, b->regs.rsp)) {
        return ml_error_set(err, ML_ESTATE, "a thread has no room left on its stack");
    }
    ml_signal_frame_make(&frame, at, &b->regs, b->mask, b->xstate, b->xstate_size);
    frame.sigreturn = sigreturn;
    b->frame = at + offsetof(struct ml_signal_frame, context);
    return ml_borrow_write(b, at, &frame, size, err);
}

/* -- running ----------------------------------------------------------------------- */

static int
set_off(struct ml_borrow *b, const struct user_regs_struct *regs, struct ml_error *err)
{
    b->touched = true;
    block_signals(b);
    if (ptrace(PTRACE_SETREGS, b->tid, NULL, regs) < 0
        || go(b, PTRACE_SYSCALL, 0) < 0) {
        return gone(b, err);
    }
    return ML_OK;
}

/* Lets it go as it stands: the frame brings it back. */
static int
abandon(struct ml_borrow *b, struct ml_error *err)
{
    ptrace(PTRACE_INTERRUPT, b->tid, NULL, NULL);
    b->deadline = ml_clock_seconds() + 0.2;
    int signal;
    if (wait_stop(b, &signal) != STOP_LATE && b->held) {
        ptrace(PTRACE_DETACH, b->tid, NULL, NULL);
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
        switch (wait_stop(b, &signal)) {
        case STOP_SYSCALL:
            if (ptrace(PTRACE_GETREGS, b->tid, NULL, regs) < 0) {
                return gone(b, err);
            }
            if (regs->rip == rip) {
                return ML_OK;
            }
            break;
        case STOP_SIGNAL:
            return ml_error_set(err, ML_EUNSUPPORTED, signal == SIGSYS
                                ? "a seccomp filter of the program's forbids it"
                                : "the program's libc cannot be called (%s)",
                                strsignal(signal));
        case STOP_GONE:
            return gone(b, err);
        case STOP_LATE:
            return abandon(b, err);
        default:
            break;
        }
        if (go(b, PTRACE_SYSCALL, 0) < 0) {
            return gone(b, err);
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
    int rc = set_off(b, &regs, err);
    rc = rc == ML_OK ? run_to(b, at + 2, &regs, err) : rc; /* on its way in */
    if (rc == ML_OK && go(b, PTRACE_SYSCALL, 0) < 0) {
        rc = gone(b, err);
    }
    rc = rc == ML_OK ? run_to(b, at + 2, &regs, err) : rc; /* and out */
    if (rc == ML_OK) {
        *result = regs.rax;
    }
    return rc;
}

int
ml_borrow_run(struct ml_borrow *b, uint64_t code, uint64_t rbx, uint64_t stack,
              uint64_t marker, struct ml_error *err)
{
    struct user_regs_struct regs = b->regs;
    regs.rip = code;
    regs.rbx = rbx;
    regs.rbp = b->frame;
    regs.rsp = stack;
    regs.orig_rax = (unsigned long long)-1;
    int rc = set_off(b, &regs, err);
    return rc == ML_OK ? run_to(b, marker, &regs, err) : rc;
}

/* From a stop at a system call to the trap behind it. */
static bool
reach_trap(struct ml_borrow *b)
{
    int signal = 0;
    b->deadline = ml_clock_seconds() + 1;
    ptrace(PTRACE_INTERRUPT, b->tid, NULL, NULL);
    while (b->held && !b->in_trap) {
        if (go(b, PTRACE_CONT, 0) < 0 || wait_stop(b, &signal) == STOP_LATE) {
            return false;
        }
    }
    return b->held;
}

void
ml_borrow_give_back(struct ml_borrow *b)
{
    if (b->held && b->touched && reach_trap(b)) {
        write_registers(b);
    }
    if (b->held) {
        ptrace(PTRACE_DETACH, b->tid, NULL, NULL);
    }
    b->held = false;
}
