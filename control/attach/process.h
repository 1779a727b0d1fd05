/* SPDX-License-Identifier: MIT
 *
 * What /proc says about a process before anything of it is touched, and about what we
 * ourselves may do to it. Facts only; what follows from them is refusal.h's.
 */
#ifndef ML_ATTACH_PROCESS_H
#define ML_ATTACH_PROCESS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

struct ml_process {
    pid_t pid;
    pid_t inner_pid; /* as it sees itself */
    pid_t group;     /* the process, when `pid` is one of its threads; else `pid` */
    pid_t tracer;    /* 0: nobody */
    pid_t parent;
    uid_t uid[3];    /* real, effective, saved */
    gid_t gid[3];
    uint64_t capabilities; /* permitted ones */
    char state;            /* as in ps: R, S, T, Z, ... */
    char name[64];         /* of the thread that is the process */
    bool kernel;           /* a thread of the kernel */
    bool dumpable;         /* PR_SET_DUMPABLE; not so after setuid, or a change of user */
    bool in_vfork;         /* its memory is its parent's: it has yet to call execve */
    bool hidden;           /* it exists, /proc does not show it */
};

/* ML_ENOTFOUND: there is no such process. */
int ml_process_read(pid_t pid, struct ml_process *out, struct ml_error *err);

/* When it was started, in the kernel's ticks; 0: there is none. */
uint64_t ml_process_started(pid_t pid);

/* Another process's name, for messages: "gdb", "?" when it has gone. */
void ml_process_name(pid_t pid, char *out, size_t cap);

/* What matters for looking into another process. */
struct ml_powers {
    uid_t uid;
    uint64_t capabilities; /* effective ones */
    int yama;              /* kernel.yama.ptrace_scope, -1: the kernel has none */
    bool seccomp;          /* our system calls are filtered */
    int memory;            /* 0, or the errno that its memory may not be read for */
    int trace;             /* 0, or the errno that ptrace is refused with at all */
};

/* Asks the kernel about `pid` without touching it: the right to read its memory is
 * tried on an address that is never mapped. */
void ml_powers_read(pid_t pid, struct ml_powers *out);

/* Where a link of /proc/PID leads, "" when unknown. */
bool ml_process_link(pid_t pid, const char *what, char *out, size_t cap);

/* /proc tells paths of a process that lives in a chroot from outside: takes the part
 * away that leads to `root` (its link of that name). */
void ml_process_inside(const char *root, char *path);

/* The program it runs, as it sees it; "" when unknown. */
void ml_process_program(pid_t pid, char out[PATH_MAX]);

/* "" when it sees the same files as we do, or we may not know, else "/proc/PID/root"
 * (put before a path of its). `*other_mounts`: by another mount namespace, not only by
 * chroot. */
void ml_process_root(pid_t pid, char *out, size_t cap, bool *other_mounts);

/* How a user of ours is called in its user namespace. */
uid_t ml_process_inner_uid(pid_t pid, uid_t uid);

/* A thread of it has that name. */
bool ml_process_has_thread(pid_t pid, const char *name);

#endif
