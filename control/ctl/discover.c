/* SPDX-License-Identifier: MIT
 *
 * See discover.h.
 */
#define _GNU_SOURCE
#include "discover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "discover_inside.h"
#include "print.h"
#include "socket_dir.h"
#include "clock.h"

#define STATUS_TIMEOUT_MS 2000
#define MAX_FOUND 4096
#define RETRY_FOR_MS 300
#define RETRY_EVERY_MS 50

/* -- looking around ---------------------------------------------------------------- */

static bool
known_already(const struct ml_discovery *d, const char *path)
{
    struct stat new, old;
    if (stat(path, &new) < 0) {
        return true;
    }
    for (size_t i = 0; i < d->count; i++) {
        if (stat(d->agent[i].path, &old) == 0 && old.st_ino == new.st_ino &&
            old.st_dev == new.st_dev) {
            return true;
        }
    }
    return false;
}

static void
try_socket(struct ml_discovery *d, const char *path, const char *name)
{
    struct ml_error err;
    struct ml_agent_found found = {0};
    if (strlen(path) >= sizeof(found.path) || d->count == MAX_FOUND ||
        known_already(d, path)) {
        return;
    }
    int rc = ml_client_connect(path, &found.client, &err);
    if (rc == ML_EPERM) {
        snprintf(d->refused, sizeof(d->refused), "%.150s", err.message);
    }
    if (rc == ML_ESTATE) {
        snprintf(found.trouble, sizeof(found.trouble), "%.150s", err.message);
    }
    else if (rc < 0) {
        return; /* left behind, most likely */
    }
    void *more = realloc(d->agent, (d->count + 1) * sizeof(*d->agent));
    if (more == NULL) {
        ml_client_free(found.client);
        return;
    }
    strcpy(found.path, path);
    found.pid = found.client != NULL ? ml_client_pid(found.client) : 0;
    found.here = found.pid > 0;
    if (found.pid == 0) {
        found.pid = strtol(name, NULL, 10);
    }
    d->agent = more;
    d->agent[d->count++] = found;
}

/* Other users' directories are theirs to tidy. */
static void
tidy(const char *directory)
{
    int dir;
    if (ml_socket_dir_open(directory, &dir, NULL) == ML_OK) {
        if (ml_socket_dir_lock(dir)) {
            ml_socket_dir_clean(dir, directory, ML_SOCKET_DIR_USUAL);
            ml_socket_dir_unlock(dir);
        }
        close(dir);
    }
}

/* `owner` is whose directory it must be. */
static void
look_into(struct ml_discovery *d, const char *directory, uid_t owner)
{
    struct stat st;
    struct dirent *de;
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != owner) {
        if (fd < 0 && errno == EACCES) {
            snprintf(d->refused, sizeof(d->refused), "%.150s", directory);
        }
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    if (d->tidy && owner == geteuid()) {
        tidy(directory);
    }
    DIR *dir = fdopendir(fd);
    while (dir != NULL && (de = readdir(dir)) != NULL) {
        char path[PATH_MAX];
        if (de->d_name[0] != '.' && /* not yet, or no more, an agent's */
            fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISSOCK(st.st_mode) &&
            snprintf(path, sizeof(path), "%s/%s", directory, de->d_name) <
                (int)sizeof(path)) {
            try_socket(d, path, de->d_name);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

/* Calls look_into for every `parent`/`prefix`UID`suffix`. */
static void
look_at_everybody(struct ml_discovery *d, const char *parent, const char *prefix,
                  const char *suffix)
{
    DIR *dir = opendir(parent);
    struct dirent *de;
    while (dir != NULL && (de = readdir(dir)) != NULL) {
        char path[PATH_MAX], *end;
        if (strncmp(de->d_name, prefix, strlen(prefix)) != 0) {
            continue;
        }
        const char *digits = de->d_name + strlen(prefix);
        unsigned long uid = strtoul(digits, &end, 10);
        if (end != digits && *end == '\0' &&
            snprintf(path, sizeof(path), "%s/%s%s", parent, de->d_name, suffix) <
                (int)sizeof(path)) {
            look_into(d, path, (uid_t)uid);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

static void
try_inside(const char *path, const char *name, void *ctx)
{
    try_socket(ctx, path, name);
}

static int
by_pid(const void *a, const void *b)
{
    const struct ml_agent_found *x = a, *y = b;
    return x->pid != y->pid ? (x->pid > y->pid) - (x->pid < y->pid)
                            : strcmp(x->path, y->path);
}

static void
look_around(struct ml_discovery *d)
{
    char path[PATH_MAX];
    uid_t uid = geteuid();
    const char *only = getenv("MEMALOT_RUNTIME_DIR");
    const char *runtime = only != NULL ? only : getenv("XDG_RUNTIME_DIR");
    if (runtime != NULL && runtime[0] == '/' &&
        snprintf(path, sizeof(path), "%s/memalot", runtime) < (int)sizeof(path)) {
        look_into(d, path, uid);
    }
    if (only != NULL) {
        /* the agents meant are in that directory, and no others */
    }
    else if (uid == 0) {
        look_at_everybody(d, "/run/user", "", "/memalot");
        look_at_everybody(d, "/tmp", "memalot-", "");
    }
    else {
        snprintf(path, sizeof(path), "/run/user/%ld/memalot", (long)uid);
        look_into(d, path, uid);
        snprintf(path, sizeof(path), "/tmp/memalot-%ld", (long)uid);
        look_into(d, path, uid);
    }
    ml_discover_inside(only, try_inside, d);
    if (d->count > 1) {
        qsort(d->agent, d->count, sizeof(d->agent[0]), by_pid);
    }
}

void
ml_discover(struct ml_discovery *d)
{
    *d = (struct ml_discovery){0};
    look_around(d);
}

void
ml_discover_and_tidy(struct ml_discovery *d)
{
    *d = (struct ml_discovery){.tidy = true};
    look_around(d);
}

void
ml_discovery_fini(struct ml_discovery *d)
{
    for (size_t i = 0; i < d->count; i++) {
        ml_client_free(d->agent[i].client);
        json_decref(d->agent[i].status);
    }
    free(d->agent);
    memset(d, 0, sizeof(*d));
}

const json_t *
ml_discover_status(struct ml_agent_found *a)
{
    struct ml_error err;
    if (a->status == NULL && a->trouble[0] == '\0' && a->client != NULL &&
        ml_client_call(a->client, "status", NULL, NULL, STATUS_TIMEOUT_MS, &a->status,
                       &err) < 0) {
        snprintf(a->trouble, sizeof(a->trouble), "%.150s", err.message);
    }
    return a->status;
}

const char *
ml_discover_label(struct ml_agent_found *a, char *out, size_t cap)
{
    const json_t *status = ml_discover_status(a);
    const char *name = json_string_value(json_object_get(status, "name"));
    snprintf(out, cap, "%ld  %s", a->pid, name != NULL ? name : "(does not answer)");
    for (char *p = out; *p != '\0'; p++) {
        *p = (unsigned char)*p < 0x20 || *p == 0x7F ? '?' : *p;
    }
    return out;
}

/* -- choosing ---------------------------------------------------------------------- */

static int
list_and_refuse(struct ml_discovery *d, const char *why)
{
    char label[300];
    ml_print_note("%s", why);
    for (size_t i = 0; i < d->count; i++) {
        ml_discover_label(&d->agent[i], label, sizeof(label));
        fprintf(stderr, "  %s  %s\n", label, d->agent[i].path);
    }
    return ML_EXIT_NO_AGENT;
}

static int
nobody(const struct ml_discovery *d)
{
    if (d->refused[0] != '\0') {
        return ml_print_fail(ML_EXIT_REFUSED, "no agent that you may ask: %s",
                             d->refused);
    }
    return ml_print_fail(ML_EXIT_NO_AGENT,
                         "no agent found: start the program with '%s run python ...'",
                         program_invocation_short_name);
}

static int
no_such_pid(const char *target)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%.20s", target);
    if (access(path, F_OK) < 0) {
        return ml_print_fail(ML_EXIT_NO_AGENT, "there is no process %s", target);
    }
    return ml_print_fail(ML_EXIT_NO_AGENT,
                         "no agent in process %s: it was not started with '%s run', or "
                         "its socket is elsewhere (give the socket's path)",
                         target, program_invocation_short_name);
}

/* In another pid namespace the kernel's pid and the process's own differ: either is
 * good, but for containers that we look into from outside, each of which has a 1. */
static bool
has_pid(struct ml_agent_found *a, long pid)
{
    if (a->pid == pid) {
        return true;
    }
    if (strncmp(a->path, "/proc/", 6) == 0) {
        return false;
    }
    const char *slash = strrchr(a->path, '/');
    return slash != NULL && strtol(slash + 1, NULL, 10) == pid;
}

static bool
has_name(struct ml_agent_found *a, const char *name)
{
    const char *own = json_string_value(json_object_get(ml_discover_status(a), "name"));
    return own != NULL && strcmp(own, name) == 0;
}

static bool
is_number(const char *target)
{
    return target != NULL && strspn(target, "0123456789") == strlen(target);
}

/* How many agents TARGET means; `*first` is the first of them. */
static size_t
match(struct ml_discovery *d, const char *target, struct ml_agent_found **first)
{
    size_t matches = 0;
    for (size_t i = 0; i < d->count; i++) {
        struct ml_agent_found *a = &d->agent[i];
        if (target == NULL || (is_number(target) ? has_pid(a, atol(target))
                                                 : has_name(a, target))) {
            *first = matches == 0 ? a : *first;
            matches++;
        }
    }
    return matches;
}

static int
pick(struct ml_discovery *d, const char *target, struct ml_client **out)
{
    struct ml_agent_found *only = NULL;
    size_t matches = match(d, target, &only);
    if (matches > 1) {
        return list_and_refuse(
            d, target == NULL ? "several agents, say which one (PID or name), or "
                                "--all where the command has it:"
                              : "several agents are called so, say which one (PID):");
    }
    if (matches == 1 && only->client == NULL) {
        return ml_print_fail(ML_EXIT_FAILED, "%s", only->trouble);
    }
    if (matches == 1) {
        *out = only->client;
        only->client = NULL;
        return ML_EXIT_DONE;
    }
    if (is_number(target)) {
        return no_such_pid(target);
    }
    if (target == NULL || d->count == 0) {
        return nobody(d);
    }
    return list_and_refuse(d, "no agent has that name; there are:");
}

/* -- once more --------------------------------------------------------------------- */

/* Sleeps a little; false when the time for further tries is over. */
static bool
once_more(int64_t started)
{
    if (ml_clock_ms() - started >= RETRY_FOR_MS) {
        return false;
    }
    nanosleep(&(struct timespec){.tv_nsec = RETRY_EVERY_MS * 1000000L}, NULL);
    return true;
}

static bool
may_appear(const char *target)
{
    return !is_number(target) || kill((pid_t)atol(target), 0) == 0 || errno == EPERM;
}

static int
connect_to_path(const char *path, struct ml_client **out)
{
    struct ml_error err;
    int64_t started = ml_clock_ms();
    int rc;
    do {
        rc = ml_client_connect(path, out, &err);
    } while (rc == ML_ENOTFOUND && once_more(started));
    return rc == ML_ENOTFOUND ? ml_print_fail(ML_EXIT_NO_AGENT, "%s", err.message)
           : rc < 0           ? ml_print_error(&err)
                              : ML_EXIT_DONE;
}

int
ml_discover_target(const char *target, struct ml_client **out)
{
    struct ml_discovery d;
    struct ml_agent_found *found;
    int64_t started = ml_clock_ms();
    if (target != NULL && strchr(target, '/') != NULL) {
        return connect_to_path(target, out);
    }
    ml_discover(&d);
    while (match(&d, target, &found) == 0 && d.refused[0] == '\0' &&
           may_appear(target) && once_more(started)) {
        ml_discovery_fini(&d);
        ml_discover(&d);
    }
    int code = pick(&d, target, out);
    ml_discovery_fini(&d);
    return code;
}
