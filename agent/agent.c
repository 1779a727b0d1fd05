/* SPDX-License-Identifier: MIT
 *
 * See agent.h and agent_state.h: start, stop, and the three moments of a fork. All of
 * it is bookkeeping around one struct; the work is done on the agent thread.
 */
#define _GNU_SOURCE
#include <Python.h>

#include "agent_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent_thread.h"
#include "atexit_hook.h"
#include "compat/life.h"
#include "forks.h"
#include "monitor.h"
#include "program.h"
#include "signals.h"
#include "clock.h"

#define CHILD_QUIET 0.02 /* seconds; a child that execs at once needs no socket */

static struct ml_agent the_agent = {
    .life = PTHREAD_MUTEX_INITIALIZER,
    .wakeup = ML_WAKEUP_INIT,
};

/* -- small things ------------------------------------------------------------------ */

static void
absolute(const char *path, char out[PATH_MAX])
{
    char cwd[PATH_MAX];
    out[0] = '\0';
    if (path == NULL || path[0] == '\0') {
        return;
    }
    if (path[0] == '/' || getcwd(cwd, sizeof(cwd)) == NULL) {
        snprintf(out, PATH_MAX, "%s", path);
    }
    else if (snprintf(out, PATH_MAX, "%s/%s", cwd, path) >= PATH_MAX) {
        out[0] = '\0';
    }
}

static bool
copy_env(const char *name, char out[PATH_MAX])
{
    const char *value = getenv(name);
    snprintf(out, PATH_MAX, "%s", value != NULL ? value : "");
    return value != NULL;
}

/* -- coming and going -------------------------------------------------------------- */

/* A process made by fork() in C finds the state of its parent, perhaps half-way through
 * a change, and no thread. Nothing in it may be believed but the descriptors, which are
 * checked; the memory is given up. */
static void
abandon(struct ml_agent *a)
{
    ml_monitors_end("the agent is the parent's");
    ml_wakeup_close(&a->wakeup);
    ml_signals_restore();
    a->server = NULL;
    a->sweep = NULL;
    a->questions = (struct ml_questions){.a = &ml_agent_alloc};
    a->thread_exists = false;
    atomic_store(&a->phase, ML_PHASE_OFF);
}

static void
renew_lock(struct ml_agent *a)
{
    /* Another thread of the parent may have held it: only we are here. */
    pthread_mutex_init(&a->life, NULL);
    a->forks = 0;
    a->resume_is_due = false;
}

/* Takes `life` without holding the GIL meanwhile; afterwards both are held. */
static void
lock_life(struct ml_agent *a)
{
    if (a->pid != 0 && a->pid != getpid()) {
        renew_lock(a);
        abandon(a);
        a->pid = getpid();
    }
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&a->life);
    Py_END_ALLOW_THREADS
}

static void
unlock_life(struct ml_agent *a)
{
    pthread_mutex_unlock(&a->life);
}

static void
end_thread(struct ml_agent *a, unsigned order)
{
    Py_BEGIN_ALLOW_THREADS
    ml_agent_thread_end(a, order);
    Py_END_ALLOW_THREADS
}

void
ml_agent_release(struct ml_agent *a)
{
    ml_monitors_end("the agent has left the process");
    ml_sweep_free(a->sweep);
    ml_server_free(a->server);
    a->sweep = NULL;
    a->server = NULL;
    ml_agent_remove_directory(a);
    ml_questions_fini(&a->questions);
    ml_tally_fini(&a->growth.types);
    ml_tally_fini(&a->growth.places);
    ml_signals_restore();
    ml_wakeup_close(&a->wakeup);
}

void
ml_agent_unhook(void)
{
    int collecting = PyGC_Disable();
    ml_monitors_unhook();
    ml_forks_unhook();
    ml_atexit_unhook();
    if (collecting) {
        PyGC_Enable();
    }
}

/* Nobody has looked at this process yet. */
static void
forget_growth(struct ml_agent *a)
{
    a->growth = (struct ml_growth_before){{.a = &ml_agent_alloc}, {.a = &ml_agent_alloc}, 0};
}

/* What every agent begins with, in a program and again in each child. */
static void
begin_anew(struct ml_agent *a)
{
    a->pid = getpid();
    a->made_directory[0] = '\0';
    a->bind_at = a->bind_pause = 0;
    a->trigger = (struct ml_trigger){0};
    a->has_last_sweep = false;
    a->sweeps = (struct ml_sweep_sums){0};
    forget_growth(a);
    a->last_report[0] = '\0';
    a->detach_wanted = false;
    a->message_count = 0;
    ml_wakeup_forget_orders(&a->wakeup, ~0u);
}

/* Environment and paths as they are now: the program may change them later. */
static void
note_surroundings(struct ml_agent *a, const struct ml_agent_options *options)
{
    const char *version = Py_GetVersion();
    absolute(options->config_file, a->config_file);
    absolute(options->writer, a->writer);
    a->runtime_dir_chosen = copy_env("MEMALOT_RUNTIME_DIR", a->runtime_dir);
    if (!a->runtime_dir_chosen) {
        copy_env("XDG_RUNTIME_DIR", a->runtime_dir);
    }
    copy_env("HOME", a->home);
    snprintf(a->python_version, sizeof(a->python_version), "%.*s",
             (int)strcspn(version, " +"), version);
}

/* Without the GIL: files and sockets may be slow. */
static int
prepare(struct ml_agent *a, struct ml_error *err)
{
    struct ml_sweep_callbacks callbacks;
    int rc = ml_agent_load_settings(a, &a->settings, err);
    if (rc < 0) {
        return rc;
    }
    ml_agent_apply_settings(a, true);
    ml_agent_fill_ops(a);
    ml_agent_fill_callbacks(a, &callbacks);
    a->server = ml_server_new(&a->ops, &ml_agent_alloc);
    a->sweep = ml_sweep_new(&callbacks);
    if (a->server == NULL || a->sweep == NULL) {
        return ml_error_nomem(err);
    }
    if ((rc = ml_wakeup_open(&a->wakeup, err)) < 0
        || (rc = ml_agent_bind(a, err)) < 0) {
        return rc;
    }
    return ml_signals_install(a->settings.control.signal, &a->wakeup, err);
}

struct registrars {
    PyObject *fork, *atexit; /* new references */
};

/* The program's finalizers must not run while we hold `life`: one that forks would wait
 * for it for ever. For the same reason the registrars were imported before. */
static int
hook(const struct registrars *registrars, struct ml_error *err)
{
    int collecting = PyGC_Disable();
    int rc = ml_forks_hook(registrars->fork, err);
    if (rc == ML_OK) {
        rc = ml_atexit_hook(registrars->atexit, err);
    }
    if (collecting) {
        PyGC_Enable();
    }
    return rc;
}

static int
start_locked(struct ml_agent *a, const struct ml_agent_options *options,
             const struct registrars *registrars, struct ml_error *err)
{
    int rc;
    /* A fork that was going on when the last agent left has lost its second hook. */
    a->forks = 0;
    begin_anew(a);
    note_surroundings(a, options);
    ml_questions_init(&a->questions, &ml_agent_alloc);
    Py_BEGIN_ALLOW_THREADS
    rc = prepare(a, err);
    Py_END_ALLOW_THREADS
    if (rc == ML_OK) {
        rc = hook(registrars, err);
    }
    /* Before the thread, which may have been told to detach before we get on. */
    atomic_store(&a->phase, ML_PHASE_ON);
    ml_monitors_begin();
    if (rc == ML_OK) {
        rc = ml_agent_thread_start(a, err);
    }
    if (rc < 0) {
        ml_agent_release(a);
        ml_agent_unhook();
        atomic_store(&a->phase, ML_PHASE_OFF);
    }
    return rc;
}

static int
start_if_off(struct ml_agent *a, const struct ml_agent_options *options,
             const struct registrars *registrars, bool *started, struct ml_error *err)
{
    int rc = ML_OK;
    lock_life(a);
    if (atomic_load(&a->phase) != ML_PHASE_ON) {
        end_thread(a, ML_ORDER_STOP); /* it is about to go, or gone, by itself */
    }
    if (a->shut_down) {
        rc = ml_error_set(err, ML_ESTATE, "the interpreter is shutting down");
    }
    else if (atomic_load(&a->phase) == ML_PHASE_OFF) {
        rc = start_locked(a, options, registrars, err);
        *started = rc == ML_OK;
    }
    unlock_life(a);
    return rc;
}

int
ml_agent_start(const struct ml_agent_options *options, bool *started,
               struct ml_error *err)
{
    struct registrars registrars = {NULL, NULL};
    *started = false;
    if (!compat_life_main_interpreter()) {
        return ml_error_set(err, ML_EUNSUPPORTED,
                            "the agent can be started in the main interpreter only");
    }
    int rc = ml_sweep_check_interpreter(err);
    if (rc < 0) {
        return rc;
    }
    registrars.fork = ml_forks_registrar(err);
    registrars.atexit = registrars.fork != NULL ? ml_atexit_registrar(err) : NULL;
    rc = registrars.atexit != NULL
             ? start_if_off(&the_agent, options, &registrars, started, err)
             : ML_EUNSUPPORTED;
    Py_XDECREF(registrars.fork);
    Py_XDECREF(registrars.atexit);
    return rc;
}

bool
ml_agent_stop(void)
{
    struct ml_agent *a = &the_agent;
    lock_life(a);
    bool was_on = atomic_load(&a->phase) != ML_PHASE_OFF;
    end_thread(a, ML_ORDER_STOP);
    /* The thread may have detached itself meanwhile. */
    if (atomic_load(&a->phase) != ML_PHASE_OFF) {
        Py_BEGIN_ALLOW_THREADS
        ml_agent_release(a);
        Py_END_ALLOW_THREADS
        ml_agent_unhook();
        atomic_store(&a->phase, ML_PHASE_OFF);
    }
    unlock_life(a);
    return was_on;
}

bool
ml_agent_running(void)
{
    struct ml_agent *a = &the_agent;
    return a->pid == getpid() && atomic_load(&a->phase) == ML_PHASE_ON;
}

const char *
ml_agent_socket_path(void)
{
    return the_agent.socket_path;
}

void
ml_agent_ring_for_monitors(void)
{
    ml_wakeup_order(&the_agent.wakeup, ML_ORDER_MONITOR);
}

bool
ml_agent_follows_execs(void)
{
    return ml_agent_running() && the_agent.settings.control.follow_execs;
}

/* The hooks are left where they are: the interpreter is about to clear its lists, and
 * we may just be called from one of them. So is the signal's handler: a `kill -USR2`
 * that comes a moment too late must not end a program that is ending well. */
void
ml_agent_at_exit(void)
{
    struct ml_agent *a = &the_agent;
    lock_life(a);
    end_thread(a, ML_ORDER_STOP);
    if (atomic_load(&a->phase) != ML_PHASE_OFF) {
        ml_signals_silence();
        Py_BEGIN_ALLOW_THREADS
        ml_agent_release(a);
        Py_END_ALLOW_THREADS
        ml_monitors_unhook();
        atomic_store(&a->phase, ML_PHASE_OFF);
    }
    a->shut_down = true;
    unlock_life(a);
}

/* -- forks of the program ---------------------------------------------------------- */

void
ml_agent_before_fork(void)
{
    struct ml_agent *a = &the_agent;
    lock_life(a);
    if (atomic_load(&a->phase) != ML_PHASE_OFF) {
        a->forks++;
        end_thread(a, ML_ORDER_PARK);
    }
    unlock_life(a);
}

/* Starts the parked thread again, unless another fork goes on or all is over. */
static void
resume_locked(struct ml_agent *a)
{
    struct ml_error err;
    if (a->forks > 0 || a->thread_exists || atomic_load(&a->phase) != ML_PHASE_ON) {
        return;
    }
    if (ml_agent_thread_start(a, &err) < 0) {
        /* Nobody would ever serve the socket: better to be gone visibly. */
        ml_agent_release(a);
        ml_agent_unhook();
        atomic_store(&a->phase, ML_PHASE_OFF);
    }
}

static int
resume_later(void *unused)
{
    struct ml_agent *a = &the_agent;
    lock_life(a);
    a->resume_is_due = false;
    resume_locked(a);
    unlock_life(a);
    return 0;
}

/* A thread started in the hook would earn the program a DeprecationWarning where
 * os.fork() counts afterwards; a pending call runs when it has returned. Forks of other
 * threads than the main one are counted for that reason anyway. Not used where nobody
 * counts: a master that forks in C may never run Python code again. */
static bool
schedule_resume(void)
{
    return compat_life_fork_counts_threads() && syscall(SYS_gettid) == getpid()
           && Py_AddPendingCall(resume_later, NULL) == 0;
}

void
ml_agent_after_fork_in_parent(void)
{
    struct ml_agent *a = &the_agent;
    lock_life(a);
    if (a->forks > 0) {
        a->forks--;
    }
    if (a->forks == 0 && !a->resume_is_due) {
        a->resume_is_due = schedule_resume();
    }
    if (!a->resume_is_due) {
        resume_locked(a);
    }
    unlock_life(a);
}

/* Frees the inherited server and sweep without touching what is the parent's. When the
 * thread was at work during the fork (a fork in C whose child calls Python's hooks all
 * the same, as uWSGI does) they may be half-way through a change: then they are given
 * up. */
static int
replace_inherited(struct ml_agent *a, bool trustworthy)
{
    struct ml_sweep_callbacks callbacks;
    if (trustworthy) {
        ml_server_forget(a->server);
        ml_sweep_forget(a->sweep);
        ml_questions_clear(&a->questions);
        ml_tally_fini(&a->growth.types);
        ml_tally_fini(&a->growth.places);
        return ML_OK;
    }
    ml_agent_fill_callbacks(a, &callbacks);
    a->server = ml_server_new(&a->ops, &ml_agent_alloc);
    a->sweep = ml_sweep_new(&callbacks);
    ml_questions_init(&a->questions, &ml_agent_alloc);
    return a->server != NULL && a->sweep != NULL ? ML_OK : ML_ENOMEM;
}

static int
begin_child(struct ml_agent *a)
{
    bool parked = !a->thread_exists;
    a->thread_exists = false;
    int rc = replace_inherited(a, parked);
    ml_wakeup_close(&a->wakeup);
    begin_anew(a);
    a->socket_path[0] = '\0';
    if (rc < 0 || !a->settings.control.follow_forks) {
        return ML_ESTATE;
    }
    a->bind_at = ml_clock_seconds() + CHILD_QUIET;
    ml_agent_apply_settings(a, true);
    ml_signals_adopt_child();
    rc = ml_wakeup_open(&a->wakeup, NULL);
    return rc < 0 ? rc : ml_agent_thread_start(a, NULL);
}

void
ml_agent_after_fork_in_child(void)
{
    struct ml_agent *a = &the_agent;
    int phase = atomic_load(&a->phase);
    if (phase == ML_PHASE_OFF || a->pid == getpid()) {
        return;
    }
    renew_lock(a);
    ml_monitors_after_fork_in_child();
    if (phase != ML_PHASE_ON) {
        abandon(a); /* it was just leaving the parent */
        ml_agent_unhook();
    }
    else if (begin_child(a) < 0) {
        ml_agent_release(a);
        ml_agent_unhook();
        atomic_store(&a->phase, ML_PHASE_OFF);
    }
}
