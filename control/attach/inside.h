/* SPDX-License-Identifier: MIT
 *
 * Files where the process can see them: a directory of ours in its own file system,
 * which for one in a container is reached through /proc/PID/root. Nothing a container
 * or another user has put in the way (links, foreign directories) leads elsewhere:
 * paths are resolved as the process would, and what we make is new or known to be ours.
 */
#ifndef ML_ATTACH_INSIDE_H
#define ML_ATTACH_INSIDE_H

#include <stdbool.h>

#include "attach.h"

struct ml_inside_dir {
    int fd;
    int parent;
    char name[64];       /* in its parent */
    char path[PATH_MAX]; /* as the process sees it */
};

/* openat2 with the process's root as root; -1 and errno. */
int ml_inside_open(const struct ml_attach_target *target, const char *path, int flags);

/* A new directory, 0700, in the first of its /tmp, /dev/shm, /var/tmp that takes one.
 * ML_EUNSUPPORTED: none does. */
int ml_inside_temp(const struct ml_attach_target *target, struct ml_inside_dir *out,
                   struct ml_error *err);

/* A new file in it, mode as given, that is the process's user's. */
int ml_inside_write(const struct ml_attach_target *target,
                    const struct ml_inside_dir *dir, const char *name, mode_t mode,
                    const void *data, size_t len, struct ml_error *err);

/* Gives the directory itself to the process's user: it is complete. */
int ml_inside_hand_over(const struct ml_attach_target *target,
                        const struct ml_inside_dir *dir, struct ml_error *err);

/* Removes the directory with all the files in it. */
void ml_inside_remove(struct ml_inside_dir *dir);
/* Only lets go of it. */
void ml_inside_close(struct ml_inside_dir *dir);

#endif
