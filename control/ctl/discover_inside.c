/* SPDX-License-Identifier: MIT
 *
 * See discover_inside.h. A socket is named after the pid that the process has itself,
 * and lies where its own environment and user say (control/socket_dir.h).
 */
#define _GNU_SOURCE
#include "discover_inside.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/process.h"

#define ENVIRONMENT_MAX 65536

struct look {
    struct ml_process process;
    uid_t uid; /* inside */
    char root[64];
    void (*see)(const char *path, const char *name, void *ctx);
    void *ctx;
};

static void
try_directory(const struct look *l, const char *directory)
{
    char path[PATH_MAX], name[32];
    snprintf(name, sizeof(name), "%ld.sock", (long)l->process.inner_pid);
    int n = snprintf(path, sizeof(path), "%s%s/%s", l->root, directory, name);
    if (n < (int)sizeof(path) && access(path, F_OK) == 0) {
        l->see(path, name, l->ctx);
    }
}

/* A variable of its environment at its start; NULL: not there, or not for us to see. */
static const char *
variable(const struct look *l, const char *name, char *room, size_t cap)
{
    char path[64];
    size_t len = strlen(name), size = 0;
    ssize_t n;
    snprintf(path, sizeof(path), "/proc/%ld/environ", (long)l->process.pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    while (size < cap - 1 && (n = read(fd, room + size, cap - 1 - size)) > 0) {
        size += (size_t)n;
    }
    close(fd);
    room[size] = '\0';
    for (const char *at = room; at < room + size; at += strlen(at) + 1) {
        if (strncmp(at, name, len) == 0 && at[len] == '=') {
            return at + len + 1;
        }
    }
    return NULL;
}

static void
try_variable(const struct look *l, const char *name, const char *only)
{
    static char room[ENVIRONMENT_MAX];
    char directory[PATH_MAX];
    const char *value = variable(l, name, room, sizeof(room));
    if (value != NULL && value[0] == '/' &&
        (only == NULL || strcmp(value, only) == 0) &&
        snprintf(directory, sizeof(directory), "%s/memalot", value) <
            (int)sizeof(directory)) {
        try_directory(l, directory);
    }
}

static void
look_into(struct look *l, const char *only)
{
    char directory[64];
    try_variable(l, "MEMALOT_RUNTIME_DIR", only);
    if (only != NULL) {
        return;
    }
    l->uid = ml_process_inner_uid(l->process.pid, l->process.uid[1]);
    try_variable(l, "XDG_RUNTIME_DIR", NULL);
    snprintf(directory, sizeof(directory), "/run/user/%ld/memalot", (long)l->uid);
    try_directory(l, directory);
    snprintf(directory, sizeof(directory), "/tmp/memalot-%ld", (long)l->uid);
    try_directory(l, directory);
}

void
ml_discover_inside(const char *only,
                   void (*see)(const char *path, const char *name, void *ctx),
                   void *ctx)
{
    DIR *dir = opendir("/proc");
    const struct dirent *de;
    bool other_mounts;
    struct look l = {.see = see, .ctx = ctx};
    while (dir != NULL && (de = readdir(dir)) != NULL) {
        pid_t pid = (pid_t)atol(de->d_name);
        if (pid <= 0) {
            continue;
        }
        ml_process_root(pid, l.root, sizeof(l.root), &other_mounts);
        if (l.root[0] != '\0' && ml_process_read(pid, &l.process, NULL) == 0) {
            look_into(&l, only);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
}
