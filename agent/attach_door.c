/* SPDX-License-Identifier: MIT
 *
 * See attach_door.h. Between the caller, who is in a hurry and may hold anything, and the
 * agent, which needs the GIL, stands one thread of ours. It has all signals blocked and
 * leaves no thread state behind.
 */
#define _GNU_SOURCE
#include <Python.h>

#include "attach_door.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"
#include "atexit_hook.h"
#include "compat/life.h"
#include "forks.h"

#define STACK_SIZE (1024 * 1024) /* as the agent thread's, which then gets this one */
#define LEAVING_FOR_MS 300

struct ml_attach_outcome ml_attach_outcome;

/* The order being carried out: of whoever has set `owner`. */
static struct {
    atomic_int owner; /* pid: a child made by fork has no thread that carries it out */
    char text[ML_ATTACH_ORDER_MAX];
    char *config, *writer; /* in text; "" when not given */
} order;

static void
set_state(int state)
{
    __atomic_store_n(&ml_attach_outcome.state, state, __ATOMIC_SEQ_CST);
}

static void
end(int state, int code, const char *text)
{
    snprintf(ml_attach_outcome.text, sizeof(ml_attach_outcome.text), "%s", text);
    ml_attach_outcome.code = code;
    set_state(state);
    atomic_store(&order.owner, 0);
}

static bool
is_given_up(void)
{
    return __atomic_load_n(&ml_attach_outcome.given_up, __ATOMIC_SEQ_CST) != 0;
}

/* -- with the GIL ------------------------------------------------------------------ */

/* The agent imports two modules. Who holds the import lock, or is just importing one of
 * them, may hold us up for long: that is waited for before the point of no return. */
static int
wait_for_imports(struct ml_error *err)
{
    PyObject *fork = ml_forks_registrar(err);
    PyObject *atexit = fork != NULL ? ml_atexit_registrar(err) : NULL;
    int rc = atexit != NULL ? ML_OK : ML_EUNSUPPORTED;
    Py_XDECREF(fork);
    Py_XDECREF(atexit);
    return rc;
}

/* One that was told to go may still be there: a fork in between has its thread end, and
 * begin anew to hear of it. */
static int
start_when_the_last_has_left(const struct ml_agent_options *options, bool *started,
                             struct ml_error *err)
{
    int rc = ml_agent_start(options, started, err);
    for (int ms = 0; rc == ML_OK && !*started && ms < LEAVING_FOR_MS; ms += 10) {
        Py_BEGIN_ALLOW_THREADS
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        Py_END_ALLOW_THREADS
        rc = ml_agent_start(options, started, err);
    }
    return rc;
}

static void
start_agent(void)
{
    struct ml_error err = {0};
    bool started = false;
    const struct ml_agent_options options = {
        .config_file = order.config[0] != '\0' ? order.config : NULL,
        .writer = order.writer[0] != '\0' ? order.writer : NULL,
    };
    const char *refusal = compat_life_refusal();
    if (refusal != NULL) {
        end(ML_ATTACH_FAILED, ML_EUNSUPPORTED, refusal);
        return;
    }
    int rc = wait_for_imports(&err);
    set_state(ML_ATTACH_STARTING);
    if (is_given_up()) {
        end(ML_ATTACH_GIVEN_UP, ML_ECANCELLED, "");
        return;
    }
    rc = rc == ML_OK ? start_when_the_last_has_left(&options, &started, &err) : rc;
    if (rc < 0) {
        end(ML_ATTACH_FAILED, rc, err.message);
    }
    else if (!started) {
        end(ML_ATTACH_FAILED, ML_ESTATE, "it has an agent already");
    }
    else {
        end(ML_ATTACH_RUNS, ML_OK, ml_agent_socket_path());
    }
}

/* A program that ends while we wait for the GIL ends this thread in there (to 3.13) or
 * has it hang until the process is gone; either way nothing is left to be said. */
static void *
wait_and_start(void *unused)
{
    int gil;
    prctl(PR_SET_NAME, "memalot-attach", 0, 0, 0);
    if (!Py_IsInitialized()) {
        end(ML_ATTACH_FAILED, ML_ESTATE, "its Python is not up yet, or gone already");
    }
    else if (compat_life_gil_take(&gil, NULL) < 0) {
        end(ML_ATTACH_FAILED, ML_ESTATE, "the interpreter is shutting down");
    }
    else {
        start_agent();
        compat_life_gil_give(gil);
    }
    return NULL;
}

/* -- without ----------------------------------------------------------------------- */

static char nothing[1];

static void
read_order(const char *text)
{
    snprintf(order.text, sizeof(order.text), "%s", text);
    order.config = order.writer = nothing;
    ml_attach_outcome.id = 0;
    char *rest = order.text, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (strncmp(line, "config=", 7) == 0) {
            order.config = line + 7;
        }
        else if (strncmp(line, "writer=", 7) == 0) {
            order.writer = line + 7;
        }
        else if (strncmp(line, "id=", 3) == 0) {
            ml_attach_outcome.id = (uint32_t)strtoul(line + 3, NULL, 10);
        }
    }
}

static int
start_thread(void)
{
    pthread_t thread;
    pthread_attr_t attr;
    sigset_t all, before;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&thread, &attr, wait_and_start, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return rc;
}

int
ml_attach_begin(const char *text)
{
    int owner = atomic_load(&order.owner), self = (int)getpid();
    if (owner == self || !atomic_compare_exchange_strong(&order.owner, &owner, self)) {
        return ML_ESTATE;
    }
    read_order(text);
    __atomic_store_n(&ml_attach_outcome.given_up, 0, __ATOMIC_SEQ_CST);
    ml_attach_outcome.text[0] = '\0';
    set_state(ML_ATTACH_WAITING);
    int rc = start_thread();
    if (rc != 0) {
        char why[160];
        snprintf(why, sizeof(why), "cannot start a thread: %s", strerror(rc));
        end(ML_ATTACH_FAILED, ML_EIO, why);
        return ML_EIO;
    }
    return ML_OK;
}
