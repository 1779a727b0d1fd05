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

/* Opens a file to read it. One that is no regular file is not opened: a device may do
 * something then, and a pipe not come back. -1 and errno. */
int ml_inside_open_file(const struct ml_attach_target *target, const char *path);

/* Makes a directory, 0700, the process's user's, and opens it. It is made with that
 * user's rights where they suffice, so that it is nobody else's at any time: given away
 * afterwards it could be another one of ours, which somebody has moved there since.
 * EEXIST: `name` is there. -1 and errno. */
int ml_inside_make_dir(const struct ml_attach_target *target, int parent,
                       const char *name);
/* Opens one; EPERM: it is not the process's user's, or others may write to it. */
int ml_inside_open_dir(const struct ml_attach_target *target, int parent,
                       const char *name);

/* A new directory, 0700, in the first of its /tmp, /dev/shm, /var/tmp that takes one.
 * ML_EUNSUPPORTED: none does. */
int ml_inside_temp(const struct ml_attach_target *target, struct ml_inside_dir *out,
                   struct ml_error *err);

/* A new file in it, mode as given, that is the process's user's. */
int ml_inside_write(const struct ml_attach_target *target,
                    const struct ml_inside_dir *dir, const char *name, mode_t mode,
                    const void *data, size_t len, struct ml_error *err);

/* Removes the directory with all the files in it. */
void ml_inside_remove(struct ml_inside_dir *dir);
/* Only lets go of it. */
void ml_inside_close(struct ml_inside_dir *dir);

#endif
