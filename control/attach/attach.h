/* SPDX-License-Identifier: MIT
 *
 * Bringing the agent into a process that runs already, as `memalotctl attach` does:
 *
 *   inspect ── what is it, may we, can we: every refusal, before anything is touched
 *      │
 *      ├── remote    CPython 3.14 and later: the interpreter's own door (PEP 768), by
 *      │             writing to memory; nothing is stopped
 *      └── inject    any version: one thread is stopped (ptrace) where it holds no lock
 *                    of libc's, loads the agent's library, and goes on
 *
 * Either way no Python of ours runs where the program was interrupted: the agent's
 * library starts a thread that asks for the GIL like any other. How and why it is
 * sound: docs/internals/attach.md.
 *
 * Thread: one. Nothing here is called inside the program.
 */
#ifndef ML_CONTROL_ATTACH_H
#define ML_CONTROL_ATTACH_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

/* What inspect finds out about a process. Paths without `root` are as the process
 * itself sees them (its own mount namespace). */
struct ml_attach_target {
    pid_t pid;       /* as we see it */
    pid_t inner_pid; /* as it sees itself (its own pid namespace) */
    uint64_t started; /* when, by its clock: tells it from another of that number */
    uid_t uid;
    int major, minor, micro;   /* of its CPython */
    bool other_mounts;         /* its mount namespace is not ours */
    char root[64];             /* "" or "/proc/PID/root": before a path of its, to
                                  reach it from here */
    char python[PATH_MAX];     /* the file that holds CPython: executable or libpython */
    uint64_t python_base;      /* load address of that file (bias for its symbols) */
    uint64_t runtime;          /* address of _PyRuntime */
};

/* Looks, touches nothing. An error's message is the one line for the user; its code
 * tells refused (permission) from failed. */
int ml_attach_inspect(pid_t pid, struct ml_attach_target *out, struct ml_error *err);

/* How the agent is told what to do: passed on as one text, lines "key=value". */
struct ml_attach_order {
    char library[PATH_MAX]; /* the agent's _agent*.so, as the process sees it */
    char config[PATH_MAX];  /* YAML, as the process sees it, or "" */
    char writer[PATH_MAX];  /* memalotctl as the process sees it, or "" */
    uint32_t id;            /* comes back in the outcome; not 0 */
    double timeout;         /* seconds for all of it */
};

/* Each brings the library in and has it start the agent; done when the agent has said
 * that it runs, or why not. On an error the process is as it was, save that the library
 * may stay loaded. ML_EUNSUPPORTED (remote only): this way is not open (before 3.14,
 * switched off, or nobody came by in time); try the other. */
int ml_attach_remote(const struct ml_attach_target *target,
                     const struct ml_attach_order *order, struct ml_error *err);
int ml_attach_inject(const struct ml_attach_target *target,
                     const struct ml_attach_order *order, struct ml_error *err);

#endif
