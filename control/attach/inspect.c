/* SPDX-License-Identifier: MIT
 *
 * Everything that is found out before a process is touched, in the order that makes the
 * first refusal the most useful one: what is this at all, may we, is it a Python with
 * an agent, is now the time.
 */
#include "attach.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "refusal.h"

/* The agent calls its thread so; a library without it was left by one that has gone. */
#define AGENT_THREAD "memalot"
#define LEAVING_FOR_MS 300 /* one that was just told to go */

static int
check_process(pid_t pid, struct ml_process *p, struct ml_powers *own,
              struct ml_error *err)
{
    int rc = ml_process_read(pid, p, err);
    if (rc == ML_OK) {
        rc = ml_refusal_of_kind(p, err);
    }
    if (rc == ML_OK) {
        ml_powers_read(pid, own);
        rc = ml_refusal_of_access(p, own, err);
    }
    return rc;
}

static bool
has_agent(const struct ml_process *p, const struct ml_interpreter *python)
{
    int64_t started = ml_clock_ms();
    bool has = python->agent;
    while (has && (has = ml_process_has_thread(p->pid, AGENT_THREAD)) &&
           ml_clock_ms() - started < LEAVING_FOR_MS) {
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return has;
}

static int
check_python(const struct ml_process *p, const struct ml_powers *own,
             struct ml_interpreter *python, struct ml_error *err)
{
    char tracer[64];
    int rc = ml_interpreter_find(p->pid, python, err);
    if (rc == ML_OK) {
        rc = ml_refusal_of_python(p, python, own, err);
    }
    if (rc == ML_OK && has_agent(p, python)) {
        rc = ml_error_set(err, ML_ESTATE,
                          "process %ld has an agent already: ask it "
                          "(memalotctl status %ld)",
                          (long)p->pid, (long)p->pid);
    }
    if (rc == ML_OK) {
        ml_process_name(p->tracer, tracer, sizeof(tracer));
        rc = ml_refusal_of_state(p, tracer, err);
    }
    return rc;
}

static void
fill(const struct ml_process *p, uint64_t started, const struct ml_interpreter *python,
     struct ml_attach_target *out)
{
    *out = (struct ml_attach_target){
        .pid = p->pid,
        .inner_pid = p->inner_pid,
        .started = started,
        .uid = p->uid[1],
        .major = python->major,
        .minor = python->minor,
        .micro = python->micro,
        .python_base = python->bias,
        .runtime = python->runtime,
    };
    strcpy(out->python, python->path);
    ml_process_root(p->pid, out->root, sizeof(out->root), &out->other_mounts);
}

int
ml_attach_inspect(pid_t pid, struct ml_attach_target *out, struct ml_error *err)
{
    struct ml_process p;
    struct ml_powers own;
    struct ml_interpreter *python = calloc(1, sizeof(*python));
    if (python == NULL) {
        return ml_error_nomem(err);
    }
    uint64_t started = ml_process_started(pid);
    int rc = check_process(pid, &p, &own, err);
    if (rc == ML_OK) {
        rc = check_python(&p, &own, python, err);
    }
    if (rc == ML_OK) {
        fill(&p, started, python, out);
    }
    free(python);
    return rc;
}
