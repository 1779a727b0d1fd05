/* SPDX-License-Identifier: MIT
 *
 * See moment.h and docs/internals/attach.md.
 */
#define _GNU_SOURCE
#include "moment.h"

#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* -- before it is stopped ---------------------------------------------------------- */

/* Those that the kernel takes up again after a stop as if it had not been, with what is
 * left of their time. write and send are not among them: they would return early, with a
 * part written. */
static bool
goes_on(long number, const unsigned long long arg[6])
{
    switch (number) {
    case SYS_recvfrom:
    case SYS_recvmsg:
        return !(arg[number == SYS_recvfrom ? 3 : 2] & MSG_WAITALL);
    case SYS_accept:
    case SYS_accept4:
    case SYS_clock_nanosleep:
    case SYS_fcntl:
    case SYS_flock:
    case SYS_futex:
    case SYS_nanosleep:
    case SYS_pause:
    case SYS_poll:
    case SYS_ppoll:
    case SYS_pread64:
    case SYS_pselect6:
    case SYS_read:
    case SYS_readv:
    case SYS_restart_syscall:
    case SYS_rt_sigsuspend:
    case SYS_select:
    case SYS_wait4:
    case SYS_waitid:
        return true;
    default:
        return false;
    }
}

/* Those that end with EINTR. We have them begin anew, which is the same thing when there
 * is no time limit. */
static bool
begins_anew(long number)
{
    switch (number) {
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
#ifdef SYS_epoll_pwait2
    case SYS_epoll_pwait2:
#endif
        return true;
    default:
        return false;
    }
}

static bool
has_limit(long number, const unsigned long long arg[6])
{
    return number == SYS_epoll_wait || number == SYS_epoll_pwait ? (int)arg[3] > 0
                                                                 : arg[3] != 0;
}

enum ml_moment
ml_moment_of_thread(pid_t pid, pid_t tid)
{
    char path[64], line[256] = "";
    unsigned long long arg[6] = {0};
    long number = -1;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", (int)pid, (int)tid);
    FILE *file = fopen(path, "re");
    bool read = file != NULL && fgets(line, sizeof(line), file) != NULL;
    if (file != NULL) {
        fclose(file);
    }
    if (!read) {
        return ML_MOMENT_BAD;
    }
    if (strncmp(line, "running", 7) == 0) {
        return ML_MOMENT_GOOD;
    }
    if (sscanf(line, "%ld %llx %llx %llx %llx %llx %llx", &number, &arg[0], &arg[1],
               &arg[2], &arg[3], &arg[4], &arg[5]) != 7) {
        return ML_MOMENT_BAD; /* in the kernel, but for no system call */
    }
    if (begins_anew(number)) {
        return has_limit(number, arg) ? ML_MOMENT_UNTIMELY : ML_MOMENT_GOOD;
    }
    return goes_on(number, arg) ? ML_MOMENT_GOOD : ML_MOMENT_BAD;
}

/* -- its stack --------------------------------------------------------------------- */

/* From the inside out: libc's frames while it waits, the program's, libc's that started
 * the thread, and perhaps one more of the program's, _start. */
enum part { WAITING, PROGRAM, START, ENTRY };

#define CALLED_BACK                                                                    \
    "its threads are always called back from inside libc or the loader (an import "    \
    "whose library takes long to begin?)"

struct look {
    bool in_syscall;
    bool in_bitset; /* a futex that only conditions, semaphores, joins and the like use */
    enum part part;
    bool may_wait; /* the outermost of libc's frames so far, while WAITING */
    size_t depth;
    struct ml_moment_stack *out;
};

static bool
refuse(struct look *look, const char *why)
{
    look->out->refusal = why;
    return false;
}

static bool
see_system(struct look *look, const struct ml_image_frame *frame)
{
    if (frame->exiting) {
        return refuse(look, "the program is ending");
    }
    switch (look->part) {
    case WAITING:
        if (!look->in_syscall) {
            return refuse(look, "its threads are always inside libc or the loader");
        }
        /* A semaphore is waited for in a function that has no name outside of libc. */
        look->may_wait = frame->may_wait || look->in_bitset;
        return true;
    case PROGRAM:
        look->part = START;
        return true;
    case START:
        return true;
    default:
        return refuse(look, CALLED_BACK);
    }
}

static bool
see_program(struct look *look, const struct ml_image_frame *frame)
{
    switch (look->part) {
    case WAITING:
        if (look->depth > 0 && !look->may_wait) {
            return refuse(look, "its threads always wait for something inside libc");
        }
        look->out->of_python = frame->is_python;
        look->part = PROGRAM;
        return true;
    case PROGRAM:
        return true;
    case START:
        look->part = ENTRY;
        return true;
    default:
        return refuse(look, CALLED_BACK);
    }
}

static bool
see(const struct ml_image_frame *frame, void *context)
{
    struct look *look = context;
    bool goes = false;
    if (frame->interrupted) {
        refuse(look, "its threads are always in a signal's handler");
    }
    else if (frame->kind == ML_IMAGE_UNKNOWN) {
        look->out->unreadable = true;
        refuse(look, "its stacks cannot be read: code made at run time");
    }
    else {
        goes = frame->kind == ML_IMAGE_SYSTEM ? see_system(look, frame)
                                              : see_program(look, frame);
    }
    look->depth++;
    return goes;
}

void
ml_moment_of_stack(struct ml_image *image, const struct ml_borrow *thread,
                   struct ml_moment_stack *out)
{
    long number = ml_borrow_syscall(thread);
    struct look look = {
        .in_syscall = number >= 0,
        .in_bitset = number == SYS_futex
                     && (thread->regs.rsi & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET,
        .out = out,
    };
    *out = (struct ml_moment_stack){0};
    bool whole = ml_image_walk(image, thread->tid, see, &look);
    if (out->refusal == NULL && (!whole || look.part < START)) {
        out->unreadable = true;
        refuse(&look, "its stacks cannot be read to their end");
    }
}
