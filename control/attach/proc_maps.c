/* SPDX-License-Identifier: MIT
 *
 * See proc_maps.h.
 */
#define _GNU_SOURCE
#include "proc_maps.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

#define DELETED " (deleted)"

/* False: not a line of a file. */
static bool
parse(char *line, struct ml_proc_map *out)
{
    int path = 0;
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %n", &out->start,
               &out->end, out->mode, &out->offset, &path) != 4 ||
        path == 0 || line[path] != '/' || strlen(line + path) >= sizeof(out->path)) {
        return false;
    }
    strcpy(out->path, line + path);
    size_t len = strlen(out->path), tail = strlen(DELETED);
    out->deleted = len > tail && strcmp(out->path + len - tail, DELETED) == 0;
    if (out->deleted) {
        out->path[len - tail] = '\0';
    }
    return true;
}

int
ml_proc_maps_find(pid_t pid, bool (*see)(const struct ml_proc_map *map, void *ctx),
                  void *ctx, struct ml_error *err)
{
    char name[64], root[PATH_MAX], *line = NULL;
    struct ml_proc_map map;
    size_t cap = 0;
    int found = 0;
    snprintf(name, sizeof(name), "/proc/%ld/maps", (long)pid);
    FILE *f = fopen(name, "re");
    if (f == NULL) {
        int code = errno == EACCES || errno == EPERM ? ML_EPERM : ML_ENOTFOUND;
        return ml_error_set(err, code, "cannot read %s: %s", name, strerror(errno));
    }
    ml_process_link(pid, "root", root, sizeof(root));
    while (!found && getline(&line, &cap, f) > 0) {
        if (parse(line, &map)) {
            ml_process_inside(root, map.path);
            found = see(&map, ctx);
        }
    }
    /* The file opens for everybody and only then refuses to be read, on old kernels. */
    bool refused = !found && ferror(f) && (errno == EACCES || errno == EPERM);
    free(line);
    fclose(f);
    return refused ? ml_error_set(err, ML_EPERM, "cannot read %s", name) : found;
}

int
ml_proc_maps_open(pid_t pid, const struct ml_proc_map *map)
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof(path), "/proc/%ld/map_files/%" PRIx64 "-%" PRIx64, (long)pid,
             map->start, map->end);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && !map->deleted) {
        snprintf(path, sizeof(path), "/proc/%ld/root%s", (long)pid, map->path);
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    return fd;
}
