/* SPDX-License-Identifier: MIT
 *
 * The files that a process has mapped, from /proc/PID/maps, in the order of addresses.
 */
#ifndef ML_ATTACH_PROC_MAPS_H
#define ML_ATTACH_PROC_MAPS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

struct ml_proc_map {
    uint64_t start, end;
    uint64_t offset;     /* in the file */
    char mode[5];        /* "r-xp" */
    bool deleted;        /* the file has been removed or replaced since */
    char path[PATH_MAX]; /* as the process sees it */
};

/* Calls `see` for every mapping of a file until it returns true; returns whether one
 * did, or a negative enum ml_err (ML_EPERM: we may not look). */
int ml_proc_maps_find(pid_t pid, bool (*see)(const struct ml_proc_map *map, void *ctx),
                      void *ctx, struct ml_error *err);

/* Opens the file that was mapped, also one that has been replaced on disk since where
 * we may (the kernel's own links are root's). -1 and errno: no way. */
int ml_proc_maps_open(pid_t pid, const struct ml_proc_map *map);

#endif
