/* SPDX-License-Identifier: MIT
 *
 * See sweep.h: the agent thread's side. The states:
 *
 *   idle -> waiting (the collector is at work) -> running (a copy exists) -> idle
 *
 * The copy is made by a raw clone without an exit signal: the program gets no SIGCHLD,
 * its wait() never sees the child, no fork handler of libc or Python runs. It is reaped
 * with __WALL. Where clone is refused the sweep is done in place under the GIL.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "birth.h"
#include "compat/compat.h"
#include "compat/life.h"
#include "sweep_state.h"
#include "watch.h"
#include "clock.h"

#define RETRY_MS 5            /* while the collector runs */
#define OTHERS_PATIENCE 0.05   /* seconds, for interpreters that are busy */
#define COLLECTOR_PATIENCE 2.0 /* seconds; then the sweep is made all the same */
#define WATCH_MS 200
#define TRIES 3                /* when the program closes our pipe */
#define GRACE_MS 2000         /* between the end of the pipe and the end of the process */
#define READ_SIZE (256 * 1024)

/* -- birth and death --------------------------------------------------------------- */

struct ml_sweep *
ml_sweep_new(const struct ml_sweep_callbacks *callbacks)
{
    struct ml_sweep *s = calloc(1, sizeof(*s));
    if (s != NULL) {
        s->to = *callbacks;
        s->in = ML_OWN_FD_NONE;
    }
    return s;
}

static void
forget_job(struct ml_sweep *s)
{
    ml_own_fd_close(&s->in);
    ml_buf_fini(&s->input);
    if (s->job != NULL) {
        munmap(s->job->shared, sizeof(*s->job->shared));
        munmap(s->job, sizeof(*s->job));
    }
    s->job = NULL;
    s->child = 0;
    s->state = SWEEP_IDLE;
}

static void
kill_and_reap(struct ml_sweep *s)
{
    if (s->child > 0) {
        kill(s->child, SIGKILL);
        while (waitpid(s->child, NULL, __WALL) < 0 && errno == EINTR) {
        }
        s->child = 0;
    }
}

void
ml_sweep_free(struct ml_sweep *s)
{
    if (s != NULL) {
        kill_and_reap(s);
        forget_job(s);
        free(s);
    }
}

void
ml_sweep_forget(struct ml_sweep *s)
{
    forget_job(s);
}

bool
ml_sweep_running(const struct ml_sweep *s)
{
    return s->state != SWEEP_IDLE;
}

int
ml_sweep_fd(const struct ml_sweep *s)
{
    return s->state == SWEEP_RUNNING ? s->in.fd : -1;
}

int
ml_sweep_timeout_ms(const struct ml_sweep *s)
{
    return s->state == SWEEP_IDLE      ? -1
           : s->state == SWEEP_WAITING ? RETRY_MS
           : s->in.fd < 0              ? 10
                                       : WATCH_MS;
}

/* -- the end of a sweep ------------------------------------------------------------ */

static void
finish(struct ml_sweep *s)
{
    struct ml_sweep_stats stats = {.kind = s->job->questions[0].request.kind};
    if (s->why.code == 0 && !s->done) {
        ml_error_set(&s->why, ML_EIO, "the sweep ended without an answer");
    }
    if (s->why.code == 0 && s->result.message[0] != '\0') {
        ml_error_set(&s->why, ML_EIO, "%s", s->result.message);
    }
    for (size_t i = 0; i < s->job->question_count; i++) {
        if (!s->answered[i]) {
            s->to.error(s->to.ctx, s->job->questions[i].token, &s->why);
        }
    }
    stats.pause_s = s->pause;
    stats.duration_s = ml_clock_seconds() - s->job->started;
    stats.objects = s->result.objects;
    stats.ended_at = (uint64_t)time(NULL);
    stats.in_place = s->in_place;
    stats.code = s->why.code;
    memcpy(stats.message, s->why.message, sizeof(stats.message));
    memcpy(stats.report_id, s->result.report_id, sizeof(stats.report_id));
    forget_job(s);
    s->to.ended(s->to.ctx, &stats);
}

void
ml_sweep_cancel(struct ml_sweep *s, const struct ml_error *why)
{
    if (s->state != SWEEP_IDLE) {
        kill_and_reap(s);
        s->why = *why;
        finish(s);
    }
}

/* -- the clone --------------------------------------------------------------------- */

static pid_t
clone_process(void)
{
    return (pid_t)syscall(SYS_clone, 0, NULL, NULL, NULL, 0);
}

static bool
collector_at_work(void)
{
    PyInterpreterState *interp = NULL;
    while ((interp = compat_interp_next(interp)) != NULL) {
        if (compat_gc_collecting(interp)) {
            return true;
        }
    }
    return false;
}

static bool
open_pipe(struct ml_sweep *s, int *out, struct ml_error *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0) {
        ml_error_set(err, ML_EIO, "no pipe for the sweep: %s", strerror(errno));
        return false;
    }
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    fcntl(fds[0], F_SETPIPE_SZ, 1 << 20);
    s->in = ml_own_fd_note(ml_own_fd_move_up(fds[0]));
    *out = ml_own_fd_move_up(fds[1]);
    return true;
}

/* No collection may begin meanwhile: a C __sizeof__ makes objects, and what it would free
 * is on the sweep's list. */
static void
sweep_in_place(struct ml_sweep *s, double since)
{
    ml_buf_init(&s->input, &ml_alloc_libc);
    s->job->in_place = &s->input;
    s->in_place = true;
    int enabled = PyGC_Disable();
    sweep_child_in_place(s->job);
    if (enabled) {
        PyGC_Enable();
    }
    s->pause = ml_clock_seconds() - since;
}

static void
drop_pipe(struct ml_sweep *s, int out)
{
    ml_own_fd_close(&s->in);
    if (out >= 0) {
        close(out);
    }
}

/* With the GIL: the clone, or the sweep in place where that is refused. Returns the
 * child's pid, 0 in place. */
static pid_t
make_copy(struct ml_sweep *s, int out, double since)
{
    s->job->out = out;
    pid_t pid = out >= 0 ? clone_process() : -1;
    if (pid == 0) {
        compat_freeze_copied();
        sweep_child_main(s->job);
    }
    compat_freeze_end();
    if (pid < 0) {
        s->job->left_out_count = compat_freeze_left_out(s->job->left_out, SWEEP_LEFT_OUT);
        sweep_in_place(s, since);
    }
    return pid < 0 ? 0 : pid;
}

/* Whether to let the collector end first: not long, and not when it waits for us. */
static bool
is_patient(const struct ml_sweep *s)
{
    const struct ml_watch *watch = s->job->questions[0].watch;
    return ml_clock_seconds() - s->job->started < COLLECTOR_PATIENCE &&
           (watch == NULL || !watch->collecting);
}

/* Interpreters with a GIL of their own: for a moment they are waited for, each time with
 * our GIL given back. */
static bool
freeze_others(struct ml_sweep *s)
{
    struct compat_freeze others = compat_freeze_begin();
    if (others.busy > 0 && ml_clock_seconds() - s->job->started < OTHERS_PATIENCE) {
        compat_freeze_end();
        return false;
    }
    s->job->during_collection = s->job->during_collection || collector_at_work();
    s->job->left_out_count = compat_freeze_left_out(s->job->left_out, SWEEP_LEFT_OUT);
    return true;
}

/* One try. 1: made; 0: the collector is at work, or another interpreter; negative: the
 * interpreter is going. */
static int
try_clone(struct ml_sweep *s)
{
    int out = -1, gil;
    open_pipe(s, &out, NULL); /* without one, in place */
    bool patient = is_patient(s);
    int rc = compat_life_gil_take(&gil, &s->why);
    if (rc < 0) {
        drop_pipe(s, out);
        return rc;
    }
    double since = ml_clock_seconds();
    s->job->during_collection = collector_at_work();
    bool wait = s->job->during_collection && patient;
    if (!wait && ml_birth_running()) {
        ml_birth_settle(); /* what was recycled since the last turn is not old */
    }
    if (wait || !freeze_others(s)) {
        compat_life_gil_give(gil);
        drop_pipe(s, out);
        return 0;
    }
    s->job->stack_count = ml_thread_stacks_read(s->job->stacks);
    s->child = make_copy(s, out, since);
    compat_life_gil_give(gil);
    if (s->child > 0) {
        s->pause = ml_clock_seconds() - since;
        s->job->shared->pause_s = s->pause;
    }
    if (out >= 0) {
        close(out);
    }
    s->tries++;
    s->state = SWEEP_RUNNING;
    return 1;
}

static void
begin(struct ml_sweep *s)
{
    int made = try_clone(s);
    if (made == 0) {
        s->state = SWEEP_WAITING;
        return;
    }
    if (s->in_place) {
        ml_own_fd_close(&s->in);
        sweep_take_frames(s);
    }
    if (made < 0 || s->in_place) {
        finish(s);
    }
}

static void *
map_zeroed(size_t size, int sharing)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static int
make_job(struct ml_sweep *s, const struct ml_sweep_env *env,
         const struct ml_settings *settings, const struct ml_sweep_question *questions,
         size_t count, struct ml_error *err)
{
    struct sweep_job *job = map_zeroed(sizeof(*job), MAP_PRIVATE);
    struct sweep_shared *shared = map_zeroed(sizeof(*shared), MAP_SHARED);
    if (job == NULL || shared == NULL) {
        if (job != NULL) {
            munmap(job, sizeof(*job));
        }
        if (shared != NULL) {
            munmap(shared, sizeof(*shared));
        }
        return ml_error_nomem(err);
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    job->settings = *settings;
    memcpy(job->questions, questions, count * sizeof(*questions));
    job->question_count = count;
    job->shared = shared;
    snprintf(job->writer, sizeof(job->writer), "%s", env->writer);
    snprintf(job->name, sizeof(job->name), "%s", env->name);
    job->pid = (int)getpid();
    job->before = env->before;
    job->memory_limit = sweep_memory_limit(settings);
    job->started = ml_clock_seconds();
    job->started_at = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    s->job = job;
    return ML_OK;
}

int
ml_sweep_start(struct ml_sweep *s, const struct ml_sweep_env *env,
               const struct ml_settings *settings,
               const struct ml_sweep_question *questions, size_t count,
               struct ml_error *err)
{
    if (s->state != SWEEP_IDLE) {
        return ml_error_set(err, ML_ESTATE, "a sweep is under way");
    }
    if (count == 0 || count > SWEEP_MAX_QUESTIONS) {
        return ml_error_set(err, ML_ELIMIT, "a sweep answers 1 to %d questions",
                            SWEEP_MAX_QUESTIONS);
    }
    int rc = make_job(s, env, settings, questions, count, err);
    if (rc < 0) {
        return rc;
    }
    memset(s->answered, 0, sizeof(s->answered));
    memset(&s->result, 0, sizeof(s->result));
    memset(&s->why, 0, sizeof(s->why));
    s->done = s->in_place = false;
    s->ended_reading = 0;
    s->tries = 0;
    s->pause = 0;
    ml_buf_init(&s->input, &ml_alloc_libc);
    begin(s);
    return ML_OK;
}

/* -- while it runs ----------------------------------------------------------------- */

/* Reads what is there; true at the end of the stream. */
static bool
read_input(struct ml_sweep *s)
{
    static char chunk[READ_SIZE]; /* the agent thread's alone */
    if (!ml_own_fd_ours(&s->in)) {
        ml_error_set(&s->why, ML_EIO, "the program closed the sweep's pipe");
        s->in = ML_OWN_FD_NONE;
        return true;
    }
    for (;;) {
        ssize_t n = read(s->in.fd, chunk, sizeof(chunk));
        if (n > 0) {
            ml_buf_append(&s->input, chunk, (size_t)n);
            if (!sweep_take_frames(s)) {
                ml_error_set(&s->why, ML_EFORMAT, "the sweep's answer cannot be read");
                return true;
            }
            continue;
        }
        if (n < 0 && errno == EINTR) {
            continue;
        }
        return n == 0 || errno != EAGAIN;
    }
}

/* How the sweep process ended, when it did not say so itself. */
static void
judge(struct ml_sweep *s, int status)
{
    if (s->why.code != 0 || s->done) {
        return;
    }
    if (WIFSIGNALED(status)) {
        ml_error_set(&s->why, ML_EIO,
                     "the sweep process was ended by signal %d (%s): this report is lost, "
                     "the program goes on",
                     WTERMSIG(status),
                     WTERMSIG(status) == SIGKILL ? "killed, perhaps for lack of memory"
                                                 : "crashed");
        return;
    }
    ml_error_set(&s->why, ML_EIO, "the sweep process ended early (status %d)",
                 WEXITSTATUS(status));
}

static void
reap(struct ml_sweep *s)
{
    int status = 0;
    pid_t got = waitpid(s->child, &status, __WALL | WNOHANG);
    if (got == 0 && (ml_clock_seconds() - s->ended_reading) * 1000 > GRACE_MS) {
        kill_and_reap(s);
        finish(s);
    }
    else if (got == s->child || (got < 0 && errno != EINTR)) {
        if (got > 0) {
            judge(s, status);
        }
        s->child = 0;
        finish(s);
    }
}

static bool
any_answered(const struct ml_sweep *s)
{
    bool any = false;
    for (size_t i = 0; i < s->job->question_count; i++) {
        any = any || s->answered[i];
    }
    return any;
}

/* A program that closes every descriptor takes the pipe away with the rest; the sweep is
 * then made once more. */
void
ml_sweep_step(struct ml_sweep *s)
{
    if (s->state == SWEEP_WAITING) {
        begin(s);
        return;
    }
    if (s->state != SWEEP_RUNNING) {
        return;
    }
    if (s->ended_reading == 0 && s->tries < TRIES && !ml_own_fd_ours(&s->in) &&
        !any_answered(s)) {
        kill_and_reap(s);
        s->in = ML_OWN_FD_NONE;
        s->input.len = 0;
        begin(s);
        return;
    }
    if (s->ended_reading == 0 && read_input(s)) {
        s->ended_reading = ml_clock_seconds();
        ml_own_fd_close(&s->in);
    }
    if (s->ended_reading > 0) {
        reap(s);
        return;
    }
    double limit = s->job->settings.sweep.timeout;
    if (ml_clock_seconds() - s->job->started > limit + 1.0) {
        struct ml_error why;
        ml_error_set(&why, ML_ECANCELLED,
                     "the sweep took longer than sweep.timeout (%.0f s) and was ended",
                     limit);
        ml_sweep_cancel(s, &why);
    }
}

int
ml_sweep_check_interpreter(struct ml_error *err)
{
    return compat_layout_check(err);
}
