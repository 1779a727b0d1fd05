/* SPDX-License-Identifier: MIT
 *
 * Becoming a process of its own: what the copy puts down before it looks at the heap.
 * Descriptors first (a connection that the program closes must be closed for its peer at
 * once), signal handlers, then priority. System calls only.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sweep_job.h"
#include "watch.h"

void
sweep_close_range(unsigned first, unsigned last)
{
    if (first > last || syscall(SYS_close_range, first, last, 0u) == 0) {
        return;
    }
    struct rlimit limit;
    unsigned end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 1048576
                       ? (unsigned)limit.rlim_cur
                       : 1048576;
    for (unsigned fd = first; fd < end && fd <= last; fd++) {
        close((int)fd);
    }
}

/* Standard error stays when the report is also to go to the program's console. */
void
sweep_drop_descriptors(const struct sweep_job *job)
{
    if (job->out != SWEEP_OUT) {
        dup2(job->out, SWEEP_OUT);
    }
    fcntl(SWEEP_OUT, F_SETFD, FD_CLOEXEC);
    sweep_close_range(SWEEP_OUT + 1, ~0u);
    close(0);
    close(1);
    if (!job->settings.report.console) {
        close(2);
    }
    for (int fd = open("/dev/null", O_RDWR); fd >= 0 && fd < 2;) {
        int next = dup(fd);
        if (next < 0 || next >= SWEEP_OUT) {
            if (next >= SWEEP_OUT) {
                close(next);
            }
            break;
        }
        fd = next;
    }
}

static void
handle(int signo, void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = handler;
    sigaction(signo, &action, NULL);
}

void
sweep_drop_handlers(void)
{
    for (int s = 1; s < 65; s++) {
        handle(s, SIG_DFL);
    }
    handle(SIGPIPE, SIG_IGN);
}

void
sweep_reset_signals(void)
{
    sweep_drop_handlers();
    handle(SIGINT, SIG_IGN); /* a Ctrl-C at the terminal is meant for the program */
    handle(SIGHUP, SIG_IGN);
    handle(SIGTSTP, SIG_IGN);
}

void
sweep_unblock_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* At the end of a monitored call the program itself stands and waits for the report. */
static bool
somebody_waits(const struct sweep_job *job)
{
    const struct ml_watch *watch = job->questions[0].watch;
    return watch != NULL && (watch->calls > 0 || watch->plain);
}

void
sweep_become_humble(const struct sweep_job *job)
{
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_NAME, "memalot-sweep");
    if (!somebody_waits(job)) {
        setpriority(PRIO_PROCESS, 0, job->settings.sweep.nice);
    }
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (write(fd, "1000", 4) < 0) {
            /* then the host decides for itself */
        }
        close(fd);
    }
}
