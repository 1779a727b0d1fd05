/* SPDX-License-Identifier: MIT
 *
 * See cgroup.h. In a container the path of /proc/self/cgroup may be the host's, which is
 * not mounted here; going up from it ends at the mount's root, and that is the
 * container's own group.
 */
#include "cgroup.h"
#include "small_file.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h> /* snprintf of strings only */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 1024
#define UNLIMITED ((uint64_t)1 << 60) /* version 1 writes a number near 2^63 */

/* Where a version keeps its figures. */
struct version {
    const char *mount, *limit, *used, *inactive;
};

static const struct version version_1 = {
    "/memory", "/memory.limit_in_bytes", "/memory.usage_in_bytes",
    "\ntotal_inactive_file "};
static const struct version version_2 = {"", "/memory.max", "/memory.current",
                                         "\ninactive_file "};

/* 0 when the file is not there, is empty or says "max". */
static uint64_t
number_in(const char *directory, const char *file)
{
    char path[PATH_SIZE + 64], text[64];
    snprintf(path, sizeof(path), "%s%s", directory, file);
    ml_small_file_read(path, text, sizeof(text));
    return strtoull(text, NULL, 10);
}

static uint64_t
inactive_in(const char *directory, const struct version *v)
{
    char path[PATH_SIZE + 64], text[4096];
    snprintf(path, sizeof(path), "%s/memory.stat", directory);
    ml_small_file_read(path, text, sizeof(text));
    const char *at = strstr(text, v->inactive);
    return at != NULL ? strtoull(at + strlen(v->inactive), NULL, 10) : 0;
}

/* Takes a group's figures if it is nearer to its limit than what `out` has. */
static void
consider(const char *directory, const struct version *v, struct ml_cgroup_memory *out)
{
    uint64_t limit = number_in(directory, v->limit);
    if (limit == 0 || limit >= UNLIMITED) {
        return;
    }
    uint64_t used = number_in(directory, v->used), inactive = inactive_in(directory, v);
    used -= inactive < used ? inactive : used;
    if (out->limit == 0 ||
        (double)used / (double)limit > (double)out->used / (double)out->limit) {
        out->limit = limit;
        out->used = used;
    }
}

static void
climb(const char *root, const struct version *v, const char *group, size_t len,
      struct ml_cgroup_memory *out)
{
    char directory[PATH_SIZE];
    int top = snprintf(directory, sizeof(directory), "%s%s", root, v->mount);
    if (top < 0 || (size_t)top + len >= sizeof(directory)) {
        return;
    }
    memcpy(directory + top, group, len);
    directory[(size_t)top + len] = '\0';
    for (;;) {
        consider(directory, v, out);
        char *slash = strrchr(directory + top, '/');
        if (slash == NULL) {
            return;
        }
        *slash = '\0';
    }
}

static bool
has_controller(const char *names, const char *end, const char *wanted)
{
    size_t len = strlen(wanted);
    for (const char *at = names; at + len <= end; at++) {
        bool from = at == names || at[-1] == ',';
        bool to = at + len == end || at[len] == ',';
        if (from && to && strncmp(at, wanted, len) == 0) {
            return true;
        }
    }
    return false;
}

/* One line: "0::/path", or "4:memory:/path" of version 1. */
static void
take_line(const char *line, size_t len, const char *root, struct ml_cgroup_memory *out)
{
    const char *end = line + len;
    const char *names = memchr(line, ':', len);
    const char *group = names != NULL
                            ? memchr(names + 1, ':', (size_t)(end - names - 1))
                            : NULL;
    if (group == NULL) {
        return;
    }
    names++;
    if (names == group) {
        climb(root, &version_2, group + 1, (size_t)(end - group - 1), out);
    }
    else if (has_controller(names, group, "memory")) {
        climb(root, &version_1, group + 1, (size_t)(end - group - 1), out);
    }
}

void
ml_cgroup_memory_at(const char *proc, const char *root, struct ml_cgroup_memory *out)
{
    char text[4096];
    *out = (struct ml_cgroup_memory){0};
    ml_small_file_read(proc, text, sizeof(text));
    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        take_line(line, len, root, out);
        line += len + (line[len] == '\n');
    }
}

void
ml_cgroup_memory(struct ml_cgroup_memory *out)
{
    ml_cgroup_memory_at("/proc/self/cgroup", "/sys/fs/cgroup", out);
}
