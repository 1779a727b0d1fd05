/* SPDX-License-Identifier: MIT
 *
 * See call_helper.h. The pipe's end in the helper is at a number that the program's own
 * descriptors are unlikely to have had: code that writes to one of those must not write
 * into our stream. If it does, the stream makes no sense and the helper is given up.
 */
#define _GNU_SOURCE
#include "call_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sweep_job.h"

#define MAGIC 0x4d4c5458u
#define GUARD_SIZE ((size_t)64 << 10)
#define TEXT_LIMIT ((size_t)1 << 20)
#define FAR_UP 900 /* at least; the soft limit of descriptors is 1024 as a rule */
#define FAIR 0.5     /* of its seconds */
#define EXTENSIONS 2
#define END_PATIENCE_MS 100

struct start {
    void (*work)(void *ctx, int out);
    void *ctx;
    int out;
};

static double
clock_seconds(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) < 0) {
        return 0;
    }
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* -- the helper's side ------------------------------------------------------------- */

static int
far_up(int fd)
{
    struct rlimit limit;
    int least = FAR_UP, moved;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FAR_UP + 64) {
        least = (int)limit.rlim_cur / 2;
    }
    moved = fcntl(fd, F_DUPFD_CLOEXEC, least);
    if (moved < 0) {
        return fd;
    }
    close(fd);
    return moved;
}

/* All its threads. Not by _exit: sanitizers then look for a stack that they know. */
static void
end_helper(int status)
{
    syscall(SYS_exit_group, status);
}

static int
become_helper(void *arg)
{
    struct start *s = arg;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "memalot-texts");
    s->work(s->ctx, far_up(s->out));
    end_helper(0);
    return 0;
}

static void
write_or_end(int fd, const void *bytes, size_t len)
{
    if (!sweep_write_all(fd, bytes, len)) {
        end_helper(1);
    }
}

void
call_helper_send(int out, uint32_t index, uint32_t status, const char *text, size_t length)
{
    struct call_answer a = {MAGIC, index, status, (uint32_t)length};
    write_or_end(out, &a, sizeof(a));
    write_or_end(out, text, length);
}

/* -- our side ---------------------------------------------------------------------- */

static void
drop(struct call_helper *h)
{
    if (h->in >= 0) {
        close(h->in);
    }
    *h = (struct call_helper){.in = -1};
}

/* No memory is shared, so the stack is ours to unmap as soon as there are two of it. */
static pid_t
clone_with_stack(struct start *start)
{
    char *stack = mmap(NULL, CALL_HELPER_STACK, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED) {
        return -1;
    }
    mprotect(stack, GUARD_SIZE, PROT_NONE);
    pid_t pid = clone(become_helper, stack + CALL_HELPER_STACK, 0, start);
    int why = errno;
    munmap(stack, CALL_HELPER_STACK);
    errno = why;
    return pid;
}

int
call_helper_start(struct call_helper *h, void (*work)(void *ctx, int out), void *ctx,
                  struct ml_error *err)
{
    int fds[2];
    *h = (struct call_helper){.in = -1};
    if (pipe2(fds, O_CLOEXEC) < 0) {
        return ml_error_set(err, ML_EIO, "no pipe: %s", strerror(errno));
    }
    h->in = fds[0];
    fcntl(h->in, F_SETFL, O_NONBLOCK);
    h->pid = clone_with_stack(&(struct start){work, ctx, fds[1]});
    int why = errno;
    close(fds[1]);
    if (h->pid > 0) {
        return ML_OK;
    }
    h->pid = 0;
    drop(h);
    return ml_error_set(err, ML_EIO, "no further copy of the process: %s", strerror(why));
}

static double
processor_time(const struct call_helper *h)
{
    clockid_t clock;
    return clock_getcpuclockid(h->pid, &clock) == 0 ? clock_seconds(clock) : 0;
}

/* It waits for a processor: it is no fault of its own. */
static bool
wants_to_run(const struct call_helper *h)
{
    char path[48], text[256];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)h->pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    const char *after_name = strrchr(text, ')');
    return after_name != NULL && strncmp(after_name, ") R", 3) == 0;
}

/* One answer's share of the time there is. */
struct patience {
    double seconds, until, deadline;
    double used;  /* processor time before it began */
    int extended; /* times */
};

/* Waits for something to read. */
static bool
wait_for_it(struct call_helper *h, struct patience *p)
{
    for (;;) {
        double now = clock_seconds(CLOCK_MONOTONIC);
        double until = p->until < p->deadline ? p->until : p->deadline;
        struct pollfd poll_in = {.fd = h->in, .events = POLLIN};
        int ms = until > now ? (int)((until - now) * 1000) + 1 : 0;
        int n = poll(&poll_in, 1, ms);
        if (n > 0) {
            return true;
        }
        if ((n < 0 && errno == EINTR) || ms > 0) {
            continue;
        }
        bool starved = processor_time(h) - p->used < FAIR * p->seconds && wants_to_run(h);
        if (now >= p->deadline || !starved || p->extended++ == EXTENSIONS) {
            return false;
        }
        p->until = now + p->seconds;
    }
}

static enum call_outcome
read_all(struct call_helper *h, struct patience *p, char *to, size_t len)
{
    while (len > 0) {
        ssize_t n = read(h->in, to, len);
        if (n > 0) {
            to += n;
            len -= (size_t)n;
        }
        else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
            return CALL_ENDED;
        }
        else if (errno == EAGAIN && !wait_for_it(h, p)) {
            return CALL_LATE;
        }
    }
    return CALL_ANSWERED;
}

enum call_outcome
call_helper_read(struct call_helper *h, double seconds, double deadline,
                 struct call_answer *answer, struct ml_buf *text)
{
    struct patience p = {seconds, clock_seconds(CLOCK_MONOTONIC) + seconds, deadline,
                         processor_time(h), 0};
    enum call_outcome how = read_all(h, &p, (char *)answer, sizeof(*answer));
    if (how != CALL_ANSWERED) {
        return how;
    }
    if (answer->magic != MAGIC || answer->length > TEXT_LIMIT) {
        return CALL_GARBLED;
    }
    char chunk[1024];
    text->len = 0;
    for (size_t left = answer->length; left > 0 && how == CALL_ANSWERED;) {
        size_t n = left < sizeof(chunk) ? left : sizeof(chunk);
        how = read_all(h, &p, chunk, n);
        ml_buf_append(text, chunk, how == CALL_ANSWERED ? n : 0);
        left -= n;
    }
    return how;
}

/* A process closes its files some time before it has ended. */
static bool
has_ended(pid_t pid, int *status)
{
    static const struct timespec a_moment = {0, 1000000};
    for (int i = 0; i < END_PATIENCE_MS; i++) {
        if (waitpid(pid, status, __WALL | WNOHANG) == pid) {
            return true;
        }
        nanosleep(&a_moment, NULL);
    }
    return false;
}

int
call_helper_stop(struct call_helper *h, bool ended)
{
    int status = CALL_STILL_RAN;
    if (h->pid > 0 && !(ended && has_ended(h->pid, &status))) {
        kill(h->pid, SIGKILL);
        while (waitpid(h->pid, NULL, __WALL) < 0 && errno == EINTR) {
        }
        status = CALL_STILL_RAN;
    }
    drop(h);
    return status;
}
