/* SPDX-License-Identifier: MIT
 *
 * See process.h.
 */
#define _GNU_SOURCE
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* -- its status -------------------------------------------------------------------- */

static void
take_line(struct ml_process *p, const char *line)
{
    long a, b, c;
    const char *last;
    if (sscanf(line, "Uid: %ld %ld %ld", &a, &b, &c) == 3) {
        p->uid[0] = (uid_t)a;
        p->uid[1] = (uid_t)b;
        p->uid[2] = (uid_t)c;
    }
    else if (sscanf(line, "Gid: %ld %ld %ld", &a, &b, &c) == 3) {
        p->gid[0] = (gid_t)a;
        p->gid[1] = (gid_t)b;
        p->gid[2] = (gid_t)c;
    }
    else if (sscanf(line, "Tgid: %ld", &a) == 1) {
        p->group = (pid_t)a;
    }
    else if (sscanf(line, "PPid: %ld", &a) == 1) {
        p->parent = (pid_t)a;
    }
    else if (sscanf(line, "TracerPid: %ld", &a) == 1) {
        p->tracer = (pid_t)a;
    }
    else if (strncmp(line, "NStgid:", 7) == 0 && (last = strrchr(line, '\t')) != NULL) {
        p->inner_pid = (pid_t)atol(last);
    }
    else if (strncmp(line, "VmSize:", 7) == 0) {
        p->kernel = false;
    }
    (void)sscanf(line, "State: %c", &p->state);
    (void)sscanf(line, "Name: %63[^\n]", p->name);
    (void)sscanf(line, "CapPrm: %" SCNx64, &p->capabilities);
}

static int
not_there(pid_t pid, struct ml_process *out, struct ml_error *err)
{
    if (pid > 0 && kill(pid, 0) < 0 && errno == EPERM) {
        out->hidden = true;
        return ML_OK;
    }
    return ml_error_set(err, ML_ENOTFOUND, "there is no process %ld", (long)pid);
}

int
ml_process_read(pid_t pid, struct ml_process *out, struct ml_error *err)
{
    char path[64], *line = NULL;
    size_t cap = 0;
    struct stat st;
    *out = (struct ml_process){
        .pid = pid, .group = pid, .inner_pid = pid, .state = '?', .kernel = true};
    snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        return not_there(pid, out, err);
    }
    while (getline(&line, &cap, f) > 0) {
        take_line(out, line);
    }
    free(line);
    fclose(f);
    out->kernel = out->kernel && out->state != 'Z' && out->state != 'X';
    /* The files of a process that must not be looked into are root's. */
    snprintf(path, sizeof(path), "/proc/%ld/environ", (long)pid);
    out->dumpable = stat(path, &st) == 0 && st.st_uid == out->uid[1];
    out->in_vfork =
        out->parent > 0 && syscall(SYS_kcmp, pid, out->parent, KCMP_VM, 0, 0) == 0;
    return ML_OK;
}

uint64_t
ml_process_started(pid_t pid)
{
    char path[64], text[1024] = "";
    unsigned long long started = 0;
    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        return 0;
    }
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = '\0';
    const char *rest = strrchr(text, ')'); /* its name is anything */
    for (int field = 2; rest != NULL && field < 22; field++) {
        rest = strchr(rest + 1, ' ');
    }
    return rest != NULL && sscanf(rest, "%llu", &started) == 1 ? started : 0;
}

void
ml_process_name(pid_t pid, char *out, size_t cap)
{
    char path[64];
    snprintf(out, cap, "?");
    snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
    FILE *f = fopen(path, "re");
    if (f != NULL) {
        if (fgets(out, (int)cap, f) != NULL) {
            out[strcspn(out, "\n")] = '\0';
        }
        fclose(f);
    }
}

/* -- what it sees ------------------------------------------------------------------ */

bool
ml_process_link(pid_t pid, const char *what, char *out, size_t cap)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, what);
    ssize_t n = readlink(path, out, cap - 1);
    out[n > 0 ? n : 0] = '\0';
    return n > 0;
}

void
ml_process_inside(const char *root, char *path)
{
    size_t len = strlen(root);
    if (len > 1 && strncmp(path, root, len) == 0 && path[len] == '/') {
        memmove(path, path + len, strlen(path + len) + 1);
    }
}

void
ml_process_program(pid_t pid, char out[PATH_MAX])
{
    static const char deleted[] = " (deleted)";
    char root[PATH_MAX];
    ml_process_link(pid, "exe", out, PATH_MAX);
    size_t len = strlen(out), tail = sizeof(deleted) - 1;
    if (len > tail && strcmp(out + len - tail, deleted) == 0) {
        out[len - tail] = '\0';
    }
    ml_process_link(pid, "root", root, sizeof(root));
    ml_process_inside(root, out);
}

void
ml_process_root(pid_t pid, char *out, size_t cap, bool *other_mounts)
{
    char own[64], its[64], path[64];
    struct stat here, there;
    *other_mounts = ml_process_link(getpid(), "ns/mnt", own, sizeof(own)) &&
                    ml_process_link(pid, "ns/mnt", its, sizeof(its)) &&
                    strcmp(own, its) != 0;
    snprintf(path, sizeof(path), "/proc/%ld/root", (long)pid);
    bool other = stat("/", &here) == 0 && stat(path, &there) == 0 &&
                 (here.st_dev != there.st_dev || here.st_ino != there.st_ino);
    snprintf(out, cap, "%s", *other_mounts || other ? path : "");
}

uid_t
ml_process_inner_uid(pid_t pid, uid_t uid)
{
    char path[64];
    unsigned long inner, outer, count, own = uid;
    snprintf(path, sizeof(path), "/proc/%ld/uid_map", (long)pid);
    FILE *f = fopen(path, "re");
    while (f != NULL && fscanf(f, "%lu %lu %lu", &inner, &outer, &count) == 3) {
        if (uid >= outer && uid - outer < count) {
            own = inner + (uid - outer);
        }
    }
    if (f != NULL) {
        fclose(f);
    }
    return (uid_t)own;
}

bool
ml_process_has_thread(pid_t pid, const char *name)
{
    char path[64], own[64];
    const struct dirent *de;
    bool found = false;
    snprintf(path, sizeof(path), "/proc/%ld/task", (long)pid);
    DIR *dir = opendir(path);
    while (dir != NULL && !found && (de = readdir(dir)) != NULL) {
        pid_t tid = (pid_t)atol(de->d_name);
        if (tid > 0) { /* every thread is found under /proc by its own number too */
            ml_process_name(tid, own, sizeof(own));
            found = strcmp(own, name) == 0;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return found;
}

/* -- what we may ------------------------------------------------------------------- */

static long
read_number(const char *path, long otherwise)
{
    long value = otherwise;
    FILE *f = fopen(path, "re");
    if (f != NULL) {
        if (fscanf(f, "%ld", &value) != 1) {
            value = otherwise;
        }
        fclose(f);
    }
    return value;
}

static void
read_own_status(struct ml_powers *out)
{
    char *line = NULL;
    size_t cap = 0;
    int mode = 0;
    FILE *f = fopen("/proc/self/status", "re");
    while (f != NULL && getline(&line, &cap, f) > 0) {
        (void)sscanf(line, "CapEff: %" SCNx64, &out->capabilities);
        (void)sscanf(line, "Seccomp: %d", &mode);
    }
    out->seccomp = mode != 0;
    free(line);
    if (f != NULL) {
        fclose(f);
    }
}

void
ml_powers_read(pid_t pid, struct ml_powers *out)
{
    char byte;
    struct iovec ours = {&byte, 1}, theirs = {NULL, 1};
    *out = (struct ml_powers){.uid = geteuid()};
    out->yama = (int)read_number("/proc/sys/kernel/yama/ptrace_scope", -1);
    read_own_status(out);
    if (process_vm_readv(pid, &ours, 1, &theirs, 1, 0) < 0 && errno != EFAULT) {
        out->memory = errno;
    }
    /* We trace nobody, so that this finds nobody; where ptrace is filtered it says so.
     */
    if (ptrace(PTRACE_DETACH, pid, NULL, NULL) < 0 && errno != ESRCH) {
        out->trace = errno;
    }
}
