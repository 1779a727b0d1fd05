/* SPDX-License-Identifier: MIT
 *
 * See refusal.h.
 */
#define _GNU_SOURCE
#include "refusal.h"

#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#define REFUSE(code, ...) ml_error_set(err, code, __VA_ARGS__)

static const char *
last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

int
ml_refusal_of_kind(const struct ml_process *p, struct ml_error *err)
{
    long pid = p->pid;
    if (p->group != p->pid) {
        return REFUSE(ML_EINVAL, "%ld is a thread of process %ld: give that number",
                      pid, (long)p->group);
    }
    if (p->state == 'Z' || p->state == 'X') {
        return REFUSE(ML_EUNSUPPORTED, "process %ld (%s) has ended: it is a zombie",
                      pid, p->name);
    }
    if (p->kernel && !p->hidden) {
        return REFUSE(ML_EUNSUPPORTED, "process %ld (%s) is a thread of the kernel",
                      pid, p->name);
    }
    return ML_OK;
}

/* -- access ------------------------------------------------------------------------ */

static bool
may_trace(uint64_t capabilities)
{
    return (capabilities & (uint64_t)1 << CAP_SYS_PTRACE) != 0;
}

static int
refuse_other_user(const struct ml_process *p, struct ml_error *err)
{
    const struct passwd *user = p->hidden ? NULL : getpwuid(p->uid[1]);
    char number[32] = "another user";
    if (!p->hidden) {
        snprintf(number, sizeof(number), "user %ld", (long)p->uid[1]);
    }
    return REFUSE(ML_EPERM,
                  "process %ld belongs to %s: run this as that user or as root",
                  (long)p->pid, user != NULL ? user->pw_name : number);
}

static bool
all_ids_are(const struct ml_process *p, uid_t uid)
{
    return p->uid[0] == uid && p->uid[1] == uid && p->uid[2] == uid;
}

static int
refuse_by_yama(const struct ml_process *p, int scope, struct ml_error *err)
{
    if (scope >= 3) {
        return REFUSE(ML_EPERM,
                      "no process may be traced on this machine until it is started "
                      "anew: the sysctl kernel.yama.ptrace_scope is %d",
                      scope);
    }
    if (scope == 2) {
        return REFUSE(ML_EPERM,
                      "tracing process %ld needs CAP_SYS_PTRACE (the sysctl "
                      "kernel.yama.ptrace_scope is 2): run this as root",
                      (long)p->pid);
    }
    return REFUSE(
        ML_EPERM,
        "process %ld may be traced by its parents only: run this as root or "
        "with CAP_SYS_PTRACE, or allow it (sysctl kernel.yama.ptrace_scope=0)",
        (long)p->pid);
}

/* Neither user nor capabilities explain it. */
static int
refuse_unexplained(const struct ml_process *p, const struct ml_powers *own, int number,
                   struct ml_error *err)
{
    if (own->seccomp) {
        return REFUSE(ML_EPERM,
                      "this container's system call filter (seccomp) forbids ptrace: "
                      "start it with the capability SYS_PTRACE (docker: "
                      "--cap-add=SYS_PTRACE)");
    }
    return REFUSE(
        ML_EPERM,
        "the kernel does not let process %ld be traced (%s): a security module "
        "(SELinux, AppArmor) or another user namespace stands before it",
        (long)p->pid, strerror(number));
}

int
ml_refusal_of_access(const struct ml_process *p, const struct ml_powers *own,
                     struct ml_error *err)
{
    bool powerful = may_trace(own->capabilities);
    if (!p->hidden && own->memory == 0) {
        return ML_OK;
    }
    if (p->hidden || (!powerful && !all_ids_are(p, own->uid))) {
        return refuse_other_user(p, err);
    }
    if (own->yama >= 3) {
        return refuse_by_yama(p, own->yama, err);
    }
    if (!powerful && !p->dumpable) {
        return REFUSE(
            ML_EPERM,
            "process %ld does not let itself be traced (PR_SET_DUMPABLE is 0, "
            "or it changed its user): run this as root or with CAP_SYS_PTRACE",
            (long)p->pid);
    }
    if (!powerful && own->yama > 0) {
        return refuse_by_yama(p, own->yama, err);
    }
    if (!powerful && (p->capabilities & ~own->capabilities) != 0) {
        return REFUSE(
            ML_EPERM,
            "process %ld has capabilities that you have not: run this as root "
            "or with CAP_SYS_PTRACE",
            (long)p->pid);
    }
    return refuse_unexplained(p, own, own->memory, err);
}

/* -- its Python -------------------------------------------------------------------- */

static int
refuse_no_python(const struct ml_process *p, const struct ml_interpreter *python,
                 struct ml_error *err)
{
    long pid = p->pid;
    if (python->replaced[0] != '\0') {
        return REFUSE(
            ML_EUNSUPPORTED,
            "process %ld: %s cannot be read, it was replaced or removed since "
            "the process started; run this as root, or start the process anew",
            pid, python->replaced);
    }
    if (strncmp(last_part(python->program), "python", 6) == 0) {
        return REFUSE(
            ML_EUNSUPPORTED,
            "process %ld: %s has no symbols (it is stripped) or is older than "
            "3.7: its CPython cannot be found",
            pid, python->program);
    }
    return REFUSE(ML_EUNSUPPORTED, "process %ld is not a Python: it runs %s", pid,
                  python->program[0] != '\0' ? python->program : p->name);
}

static int
refuse_version(const struct ml_process *p, const struct ml_interpreter *python,
               struct ml_error *err)
{
    long pid = p->pid;
    if (python->minor < 0) {
        return REFUSE(
            ML_EUNSUPPORTED,
            "process %ld runs a CPython older than 3.%d (%s): agents are made "
            "for 3.%d to 3.%d",
            pid, ML_OLDEST_MINOR, python->path, ML_OLDEST_MINOR, ML_NEWEST_MINOR);
    }
    return REFUSE(
        ML_EUNSUPPORTED,
        "process %ld runs CPython %d.%d (%s): agents are made for 3.%d to 3.%d", pid,
        python->major, python->minor, python->path, ML_OLDEST_MINOR, ML_NEWEST_MINOR);
}

static int
refuse_build(const struct ml_process *p, const struct ml_interpreter *python,
             struct ml_error *err)
{
    long pid = p->pid;
    if (python->bits != (int)sizeof(void *) * 8 ||
        python->machine != ml_elf_own_machine()) {
        return REFUSE(ML_EUNSUPPORTED,
                      "process %ld is a %d-bit program for another kind of processor "
                      "than memalotctl (%s)",
                      pid, python->bits, python->program);
    }
    if (python->loader[0] == '\0') {
        return REFUSE(ML_EUNSUPPORTED,
                      "process %ld is linked statically (%s): no library can be loaded "
                      "into it",
                      pid, python->program);
    }
    if (strncmp(last_part(python->loader), "ld-musl", 7) == 0) {
        return REFUSE(ML_EUNSUPPORTED,
                      "process %ld uses the C library musl (Alpine Linux): agents are "
                      "made for glibc",
                      pid);
    }
    return ML_OK;
}

static bool
is_supported(const struct ml_interpreter *python)
{
    return python->major == 3 && python->minor >= ML_OLDEST_MINOR &&
           python->minor <= ML_NEWEST_MINOR;
}

static int
refuse_details(const struct ml_process *p, const struct ml_interpreter *python,
               const struct ml_powers *own, struct ml_error *err)
{
    if (python->free_threaded) {
        return REFUSE(ML_EUNSUPPORTED,
                      "process %ld runs a free-threaded CPython %d.%d: agents are made "
                      "for builds with a GIL",
                      (long)p->pid, python->major, python->minor);
    }
    if (python->runtime == 0 || !python->exports) {
        return REFUSE(ML_EUNSUPPORTED,
                      "process %ld: %s does not export CPython's functions (static or "
                      "stripped): an agent could not use them",
                      (long)p->pid, python->path);
    }
    if (own->trace != 0 && python->minor < 14) {
        return refuse_unexplained(p, own, own->trace, err);
    }
    return ML_OK;
}

int
ml_refusal_of_python(const struct ml_process *p, const struct ml_interpreter *python,
                     const struct ml_powers *own, struct ml_error *err)
{
    if (python->pypy) {
        return REFUSE(ML_EUNSUPPORTED,
                      "process %ld runs PyPy (%s): agents are made for CPython",
                      (long)p->pid, python->program);
    }
    if (python->path[0] == '\0') {
        return refuse_no_python(p, python, err);
    }
    int rc = refuse_build(p, python, err);
    if (rc < 0) {
        return rc;
    }
    return is_supported(python) ? refuse_details(p, python, own, err)
                                : refuse_version(p, python, err);
}

/* -- now --------------------------------------------------------------------------- */

int
ml_refusal_of_state(const struct ml_process *p, const char *tracer,
                    struct ml_error *err)
{
    if (p->tracer != 0) {
        return REFUSE(ML_ESTATE, "process %ld is being traced by process %ld (%s)",
                      (long)p->pid, (long)p->tracer, tracer);
    }
    if (p->in_vfork) { /* a thread in it would be one in its parent */
        return REFUSE(ML_ESTATE,
                      "process %ld is about to start another program (vfork): its "
                      "memory is still that of process %ld",
                      (long)p->pid, (long)p->parent);
    }
    if (p->state == 'T' || p->state == 't') {
        return REFUSE(
            ML_ESTATE,
            "process %ld is stopped (SIGSTOP): let it go on first (kill -CONT "
            "%ld)",
            (long)p->pid, (long)p->pid);
    }
    return ML_OK;
}
