/* SPDX-License-Identifier: MIT
 *
 * See borrow.h and docs/internals/attach.md. Registers may be put back only while the
 * thread stands in a trap on its way back to user mode (PTRACE_EVENT_STOP or the stop
 * before a signal is delivered): it is behind that place that the kernel looks whether a
 * system call is to be restarted.
 */
#define _GNU_SOURCE
#include "borrow_wait.h"

#include <elf.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "clock.h"
#include "memory.h"
#include "signal_frame.h"

#define RED_ZONE 128
#define GET_RSEQ 0x420f /* PTRACE_GET_RSEQ_CONFIGURATION, Linux 5.13 */

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
    /* First: killed before the registers are, we leave it to the frame. */
    ptrace(PTRACE_SETSIGMASK, b->tid, sizeof(b->mask), &b->mask);
    ptrace(PTRACE_SETREGS, b->tid, NULL, &b->regs);
    b->touched = false;
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

static bool
try_seize(struct ml_borrow *b)
{
    b->held = ptrace(PTRACE_SEIZE, b->tid, NULL, PTRACE_O_TRACESYSGOOD) == 0;
    return b->held;
}

/* EPERM is also what the kernel says of a thread that is just ending, or traced; asked
 * again when neither can be seen any more, for that may have been so a moment ago. */
static int
seize(struct ml_borrow *b, struct ml_error *err)
{
    if (try_seize(b)) {
        return ML_OK;
    }
    bool refused = errno == EPERM;
    if (refused && read_status(b, "TracerPid:", 10) != 0) {
        return ml_error_set(err, ML_ESTATE, "a thread is traced by somebody else");
    }
    if (refused && try_seize(b)) {
        return ML_OK;
    }
    if (errno == ESRCH || read_status(b, "Tgid:", 10) == 0) {
        return ml_error_set(err, ML_ESTATE, "a thread has just ended");
    }
    return ml_error_set(err, ML_EPERM, "ptrace of process %d is refused: %s", (int)b->pid,
                        strerror(errno));
}

/* Held, its number is nobody else's; between the look into /proc and that it may have
 * become another's, of a child with the same addresses for example. */
static int
check_owner(const struct ml_borrow *b, struct ml_error *err)
{
    if (read_status(b, "Tgid:", 10) == (uint64_t)b->pid) {
        return ML_OK;
    }
    return ml_error_set(err, ML_ESTATE, "a thread has just ended");
}

static int
interrupt(struct ml_borrow *b, struct ml_error *err)
{
    int signal = 0;
    ptrace(PTRACE_INTERRUPT, b->tid, NULL, NULL);
    for (;;) {
        switch (ml_borrow_wait(b, &signal)) {
        case ML_STOP_TRAP:
            return read_registers(b, err);
        case ML_STOP_SIGNAL:
            ml_borrow_go(b, PTRACE_CONT, signal);
            break;
        case ML_STOP_SYSCALL:
        case ML_STOP_OTHER:
            ml_borrow_go(b, PTRACE_CONT, 0);
            break;
        case ML_STOP_GROUP:
            return ml_error_set(err, ML_ESTATE, "it is stopped (SIGSTOP)");
        case ML_STOP_GONE:
            return ml_error_set(err, ML_ESTATE, "a thread has just ended");
        case ML_STOP_LATE:
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
    if (rc == ML_OK) {
        rc = check_owner(b, err);
    }
    if (rc == ML_OK) {
        rc = interrupt(b, err);
    }
    if (rc < 0) {
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

/* What must not be made twice: a close that was interrupted has closed, and what has its
 * number now is another's; a connect goes on by itself. */
static bool
is_made_once(long number)
{
    return number == SYS_close || number == SYS_connect || number == SYS_dup2
           || number == SYS_dup3;
}

/* The kernel ends these with EINTR even when there was no handler to run. */
void
ml_borrow_hide_interruption(struct ml_borrow *b)
{
    long number = ml_borrow_syscall(b);
    if (number < 0 || (long)b->regs.rax != -EINTR || is_made_once(number)
        || signal_waits(b)) {
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

/* -- what a frame does not bring back ---------------------------------------------- */

/* As the kernel has them: of PTRACE_GET_RSEQ_CONFIGURATION, and struct rseq_cs. */
struct rseq_where {
    uint64_t address;
    uint32_t size, signature, flags, pad;
};
struct rseq_section {
    uint32_t version, flags;
    uint64_t start, length, abort;
};

/* In a restartable sequence: the kernel has it begin anew after every interruption, but
 * not when its registers are ours meanwhile. */
static bool
is_in_rseq(const struct ml_borrow *b)
{
    struct rseq_where where;
    struct rseq_section section;
    uint64_t at;
    return ptrace(GET_RSEQ, b->tid, sizeof(where), &where) == sizeof(where)
           && where.address != 0
           && ml_memory_read(b->pid, where.address + 8, &at, sizeof(at)) && at != 0
           && ml_memory_read(b->pid, at, &section, sizeof(section))
           && b->regs.rip - section.start < section.length;
}

/* rt_sigreturn wants a mark of the kernel's on that one. */
static bool
has_shadow_stack(const struct ml_borrow *b)
{
    static const char features[] = "x86_Thread_features:";
    char path[64], line[128];
    bool has = false;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)b->pid, (int)b->tid);
    FILE *file = fopen(path, "re");
    while (!has && file != NULL && fgets(line, sizeof(line), file) != NULL) {
        has = strncmp(line, features, sizeof(features) - 1) == 0
              && strstr(line, "shstk") != NULL;
    }
    if (file != NULL) {
        fclose(file);
    }
    return has;
}

/* What a thread is waiting in is laid below its red zone, as for a handler. */
int
ml_borrow_lay_frame(struct ml_borrow *b, uint64_t sigreturn, struct ml_error *err)
{
    struct ml_signal_frame frame;
    size_t size = ml_signal_frame_size(b->xstate_size);
    uint64_t at = ((uint64_t)b->regs.rsp - RED_ZONE - size) & ~(uint64_t)63;
    if (is_in_rseq(b) || has_shadow_stack(b)
        || read_status(b, "Seccomp:", 10) == SECCOMP_MODE_STRICT) {
        return ml_error_set(err, ML_ESTATE, "a thread could not come back by itself");
    }
    if (!stack_has_room(b, at, b->regs.rsp)) {
        return ml_error_set(err, ML_ESTATE, "a thread has no room left on its stack");
    }
    ml_signal_frame_make(&frame, at, &b->regs, b->mask, b->xstate, b->xstate_size);
    frame.sigreturn = sigreturn;
    b->frame = at + offsetof(struct ml_signal_frame, context);
    return ml_borrow_write(b, at, &frame, size, err);
}

/* -- giving it back ---------------------------------------------------------------- */

/* A signal that stopped it in its own code is its own. */
void
ml_borrow_give_back(struct ml_borrow *b)
{
    int signal = b->touched ? 0 : b->signal;
    if (b->held && b->touched && ml_borrow_reach_trap(b)) {
        write_registers(b);
    }
    if (b->held) {
        ptrace(PTRACE_DETACH, b->tid, NULL, (void *)(long)signal);
    }
    b->held = false;
}
